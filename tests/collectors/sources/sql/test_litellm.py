from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import CollectorContext, Result, SourceState, UsageRow
from leverwatch.collectors.sources.files.collector import FilesCollector
from leverwatch.collectors.sources.files.config import FilesConfig
from tests.collectors.sources.sql.logs import COUNTS
from tests.collectors.sources.sql.producers.filling import asked, explained, filled, insert
from tests.collectors.sources.sql.producers.litellm_rows import cases, row
from tests.collectors.sources.sql.tables import NOW, Database, days, sums

WEEK = days("2026-11-16", "2026-11-22")
TOKENS = (
    "inferences",
    "errors",
    "attempts",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "unknown_input",
)


def of_a_log(rows: list[dict[str, Any]], folder: Path) -> list[UsageRow]:
    (folder / "spend.jsonl").write_text("".join(json.dumps(it) + "\n" for it in rows))
    config = FilesConfig.model_validate({
        "name": "log", "type": "files", "path": str(folder / "spend.jsonl"), "format": "litellm",
        "system": "{team_id}", "quiet_after": "0s",
    })  # fmt: skip
    reader = FilesCollector(config, CollectorContext(folder, folder, lambda: NOW))
    return [it for batch in reader.collect(SourceState(0, dict)) for it in batch.usage]


@pytest.fixture
def spend_logs(postgres: Database) -> Database:
    """A database of LiteLLM, empty."""
    return filled(postgres, "litellm", {})


def test_a_row_of_the_spend_log_counts_as_it_does_in_a_log(spend_logs: Database, tmp_path: Path) -> None:
    rows = [{**it, "team_id": case} for case, it in cases().items()]
    insert(spend_logs, "LiteLLM_SpendLogs", rows)

    found = asked(spend_logs, "litellm-spend-logs", WEEK, system="{team_id}")

    assert sums(found.usage, *COUNTS) == sums(of_a_log(rows, tmp_path), *COUNTS)
    assert found.tallies[Result.UNKNOWN_OPERATION] == 1


def test_the_spend_log_is_counted_by_hand_by_the_team_or_else_the_key(spend_logs: Database) -> None:
    named = {"user_api_key_team_alias": "Search"}
    rows = [
        row(meta=named),
        row(meta=named | {"attempted_retries": 1}, at="2026-11-20T23:59:59.999"),
        row(meta=named, at="2026-11-21T00:00:00.000", status="failure"),
        row(team=None),
        row(team=None, metadata=[]),
    ]
    insert(spend_logs, "LiteLLM_SpendLogs", rows)

    found = asked(spend_logs, "litellm-spend-logs", WEEK)

    assert sums(found.usage, *TOKENS) == {
        ("Search", "gpt-4o-mini", "generation", "2026-11-20"): (2, 1, 3, 200, 0, 40, 0),
        ("Search", "gpt-4o-mini", "generation", "2026-11-21"): (0, 1, 1, 0, 0, 0, 0),
        ("kiosk", "gpt-4o-mini", "generation", "2026-11-20"): (1, 0, 1, 100, 0, 20, 0),
        ("litellm", "gpt-4o-mini", "generation", "2026-11-20"): (1, 0, 1, 100, 0, 20, 0),
    }
    assert found.tallies == {Result.COUNTED: len({(it.system, it.day) for it in found.usage})}
    by_tag = asked(spend_logs, "litellm-spend-logs", WEEK, system="{tag}")
    assert {it.system for it in by_tag.usage} == {"kiosk-eu"}


def test_a_row_that_is_changed_later_changes_its_day_alone(spend_logs: Database) -> None:
    insert(spend_logs, "LiteLLM_SpendLogs", [row(), row(at="2026-11-21T10:00:00.250")])
    before = asked(spend_logs, "litellm-spend-logs", WEEK)
    spend_logs.run(
        """UPDATE "LiteLLM_SpendLogs" SET prompt_tokens = 250 WHERE "startTime" >= '2026-11-21'""",
        """INSERT INTO "LiteLLM_SpendLogs" SELECT (jsonb_populate_record(s, '{"request_id": "late"}')).*
           FROM "LiteLLM_SpendLogs" s WHERE s."startTime" >= '2026-11-21'""",
    )

    after = asked(spend_logs, "litellm-spend-logs", WEEK)

    assert [(f"{it.day}", it.inferences, it.input_tokens) for it in before.usage] == [
        ("2026-11-20", 1, 100),
        ("2026-11-21", 1, 100),
    ]
    assert [(f"{it.day}", it.inferences, it.input_tokens) for it in after.usage] == [
        ("2026-11-20", 1, 100),
        ("2026-11-21", 2, 500),
    ]


def test_the_days_of_a_spend_log_are_found_by_its_index(spend_logs: Database) -> None:
    plan = explained(spend_logs, "litellm-spend-logs", WEEK)

    assert "LiteLLM_SpendLogs_startTime" in plan
    assert "Seq Scan" not in plan


def daily(
    date: str, user: str | None, key: str, model: str, calls: int, failures: int, **given: Any
) -> dict[str, Any]:
    return {
        "id": f"{date}{user}{key}{model}{given.get('endpoint')}", "date": date, "user_id": user, "api_key": key,
        "model": model, "model_group": model, "custom_llm_provider": "openai", "endpoint": "/chat/completions",
        "mcp_namespaced_tool_name": "", "api_requests": calls, "successful_requests": calls - failures,
        "failed_requests": failures, "prompt_tokens": 1000 * calls, "completion_tokens": 10 * calls,
        "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "spend": 0.5, **given,
    }  # fmt: skip


def test_daily_sums_count_each_request_once_for_the_team_of_its_key(postgres: Database) -> None:
    rows = [
        daily("2026-11-20", "u-1", "k1", "openai/gpt-4o", 40, 4, cache_read_input_tokens=600),
        daily("2026-11-20", None, "k1", "gpt-4o", 10, 0),
        daily("2026-11-20", "u-1", "k2", "gpt-4o", 5, 0, endpoint=None, spend=0.0),
        daily("2026-11-20", "u-1", "gone", "gpt-4o", 2, 0, prompt_tokens=0, completion_tokens=0),
        daily("2026-11-20", "u-1", "k1", "text-embedding-3-small", 7, 0, endpoint="/embeddings"),
        daily("2026-11-20", "u-1", "k1", "", 9, 0, mcp_namespaced_tool_name="files-read", endpoint=""),
        daily("2026-11-20", "u-1", "k1", "gpt-4o", 3, 0, endpoint="/containers"),
        daily("2026-11-21", "u-1", "k1", "gpt-4o", 1, 1, prompt_tokens=0, completion_tokens=0),
    ]
    tables: dict[str, Any] = {
        "LiteLLM_DailyUserSpend": rows,
        "LiteLLM_TeamTable": [{"team_id": "t1", "team_alias": "Search"}],
        "LiteLLM_VerificationToken": [
            {"token": "k1", "team_id": "t1", "key_alias": "one"},
            {"token": "k2", "team_id": None, "key_alias": "two"},
        ],
    }
    database = filled(postgres, "litellm", tables)

    found = asked(database, "litellm-daily", WEEK)

    assert sums(found.usage, *TOKENS, "unpriced") == {
        ("Search", "gpt-4o", "generation", "2026-11-20"): (46, 4, 50, 50_000, 600, 500, 0, 0),
        ("two", "gpt-4o", "generation", "2026-11-20"): (5, 0, 5, 5000, 0, 50, 0, 5),
        ("litellm", "gpt-4o", "generation", "2026-11-20"): (2, 0, 2, 0, 0, 0, 2, 0),
        ("Search", "text-embedding-3-small", "embedding", "2026-11-20"): (7, 0, 7, 7000, 0, 70, 0, 0),
        ("Search", "gpt-4o", "generation", "2026-11-21"): (0, 1, 1, 0, 0, 0, 0, 0),
    }
    assert Result.BAD_TIME not in found.tallies


def test_a_document_is_taken_apart_a_few_times_a_row_and_not_once_for_each_mention(spend_logs: Database) -> None:
    plan = explained(spend_logs, "litellm-spend-logs", WEEK)

    assert 0 < plan.count("cached_tokens") <= 12

"""The calls of each version of a prompt are counted once, by day, and no text of a prompt gets out."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import MOST_PROMPTS, OTHER_PROMPTS
from leverwatch.collectors.prompt_counts import bounded
from leverwatch.collectors.records.fields import parse_template
from leverwatch.collectors.records.prompt_text import version_of
from tests.collectors.sources.files.logs import FIELDS, config, count, record

CANARY = "Zanzibar-heliotrope is the secret of this prompt, and nobody but the model may ever read it."
SETTINGS = config(prompt="{prompt}")


def version(text: str) -> str:
    found = version_of(parse_template("{prompt}"), (text,))
    assert found is not None
    return found


def by_version(counted: Counted) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in counted.prompts:
        found[row.version] = found.get(row.version, 0) + row.inferences
    return found


def test_calls_are_counted_by_version_and_all_of_them_as_before() -> None:
    lines = record(prompt=CANARY) + record(prompt=[{"text": CANARY}]) + record(prompt="v2") + record()

    counted = count(lines, SETTINGS)

    assert by_version(counted) == {version(CANARY): 2, version("v2"): 1}
    assert [row.inferences for row in counted.usage] == [4]
    assert {row.inferences for row in count(lines, config()).usage} == {4}


def test_a_record_that_comes_again_serves_once_even_with_another_prompt() -> None:
    lines = record(id="r-1", prompt="v1") + record(id="r-1", prompt="v1") + record(id="r-1", prompt="v2")

    assert by_version(count(lines, SETTINGS)) == {version("v1"): 1}


def test_a_sample_counts_for_all_its_calls_and_failures_and_other_operations_for_none() -> None:
    lines = record(prompt="v1", rate=0.25) + record(prompt="v1", status="error")

    assert by_version(count(lines, SETTINGS)) == {version("v1"): 4}


def test_versions_of_a_call_serve_once_and_with_the_prompt_of_the_last_one() -> None:
    fields = {"type": "jsonl", "fields": FIELDS, "repeats": "versions"}
    lines = record(id="r-1", prompt="v1") + record(id="r-1", prompt="v2")

    counted = count(lines, config(prompt="{prompt}", format=fields))

    assert {name: number for name, number in by_version(counted).items() if number} == {version("v2"): 1}


def test_without_the_setting_nothing_is_counted_by_version() -> None:
    assert count(record(prompt=CANARY), config()).prompts == ()


def test_a_prompt_is_in_no_value_that_is_stored() -> None:
    fields = {"type": "jsonl", "fields": FIELDS, "repeats": "versions"}
    for settings in (SETTINGS, config(prompt="{prompt}", format=fields)):
        counted = count(record(id="r-1", prompt=CANARY) + record(prompt={"text": CANARY}), settings)

        assert "Zanzibar" not in repr(counted)


@pytest.mark.parametrize(
    ("name", "prompt", "line"),
    [
        ("openai", "{request.messages}", {"request": {"messages": [{"role": "system", "content": CANARY}]}}),
        ("anthropic", "{request.system}", {"request": {"system": [{"type": "text", "text": CANARY}]}}),
    ],
)
def test_the_prompt_of_a_named_format_may_be_messages_or_blocks(
    name: str, prompt: str, line: dict[str, Any]
) -> None:
    answers: dict[str, dict[str, Any]] = {
        "openai": {
            "id": "chatcmpl-41", "object": "chat.completion", "created": 1930000000, "model": "gpt-6",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "y"}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
        },
        "anthropic": {
            "id": "msg_41", "type": "message", "role": "assistant", "model": "claude-9", "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": 1}, "timestamp": "2026-03-01T08:00:00Z",
        },
    }  # fmt: skip
    lines = json.dumps({**answers[name], **line}).encode() + b"\n"

    parsed = Ingest(config(format=name, system="bot", prompt=prompt), _late)
    parsed.add(Lines(lines, "log", 1))
    counted = parsed.drain()

    assert by_version(counted) == {version(CANARY): 1}


def _late() -> Any:
    from datetime import UTC, datetime

    return datetime(2040, 1, 1, tzinfo=UTC)


def test_of_many_versions_the_heaviest_are_told_apart_and_the_others_only_added_up() -> None:
    many = {f"v{number}": float(number) for number in range(1, 101)}

    kept = bounded(many | {OTHER_PROMPTS: 7.0})

    assert len(kept) == MOST_PROMPTS + 1
    assert kept["v100"] == 100
    assert sum(kept.values()) == sum(many.values()) + 7


def test_the_day_of_a_version_is_that_of_the_record() -> None:
    (row,) = count(record(ts="2026-02-11T23:59:00Z", prompt="v1"), SETTINGS).prompts

    assert row.day == date(2026, 2, 11)

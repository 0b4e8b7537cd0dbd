"""A month of traffic leads to the same days and the same verdict, whatever holds it."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import select

from leverwatch.agent.cli.main import main
from leverwatch.agent.store.schema import source_days, usage_daily
from leverwatch.agent.store.store import Store
from tests.collectors.sources.cloudwatch.amazon import ALONE, KEYS, client, moto
from tests.collectors.sources.prometheus.conftest import serving
from tests.collectors.sources.sql.conftest import database, mariadb_url, postgres, shard_urls, shards
from tests.collectors.sources.sql.tables import Database
from tests.days import midnight
from tests.e2e.test_prometheus_source import scraped

__all__ = ["database", "mariadb_url", "postgres", "shard_urls", "shards"]


ZONES = (timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=30)))
COLUMNS = {"at": "text", "model": "text", "fresh": "int", "out": "int", "ok": "text", "app": "text", "id": "text"}
FIELDS = {
    "time": "at", "model": "model", "input_tokens": "fresh", "output_tokens": "out", "status": "ok",
    "request_id": "id",
}  # fmt: skip
Call = dict[str, Any]


def calls(chance: random.Random, number: int) -> list[Call]:
    """Calls of a month, some of which failed, some of unknown size; every twelfth one stands twice."""

    def one(at: int) -> Call:
        moment = midnight() - timedelta(days=chance.randrange(1, 31), seconds=chance.randrange(86_400))
        return {
            "at": moment.astimezone(chance.choice(ZONES)).isoformat(timespec="seconds"),
            "model": chance.choice(["gpt-4o", "text-embedding-3-small", None]),
            "fresh": chance.choice([None, 10, 500, 40_000]),
            "out": chance.choice([None, 3, 70]),
            "ok": chance.choice(["ok", "ok", "error"]),
            "app": chance.choice(["bot", "search"]),
            "id": f"r-{at}",
        }

    found = [one(at) for at in range(number)]
    return sorted([*found, *found[::12]], key=lambda call: datetime.fromisoformat(call["at"]))


class Company:
    """A month of traffic in one place, read into a store of its own."""

    def __init__(self, folder: Path, source: dict[str, Any]) -> None:
        folder.mkdir()
        self._folder, self._source = folder, source

    def run(self, *arguments: str) -> str:
        path = self._folder / "leverwatch.yaml"
        systems = {name: {"declared_strategy": "hybrid"} for name in ("bot", "search")}
        source = {"name": "usage", "system": "{app}", **self._source}
        path.write_text(
            yaml.safe_dump({"store": {"url": "sqlite:///store.db"}, "sources": [source], "systems": systems})
        )
        result = CliRunner().invoke(main, [*arguments, "--config", str(path)])
        assert result.exit_code == 0, result.output
        return result.stdout

    def stored(self) -> tuple[list[Any], list[Any]]:
        self.run("collect")
        store = Store(f"sqlite:///{self._folder / 'store.db'}")
        with store.reading() as connection:
            usage = connection.execute(select(usage_daily)).all()
            days = connection.execute(select(source_days.c.day)).all()
        store.close()
        return sorted(map(tuple, usage)), sorted(map(tuple, days))

    def verdicts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("evaluate", "--format", "json"))
        return [{name: told for name, told in it.items() if name != "evaluated_at"} for it in found]


def test_a_month_in_a_log_and_in_a_table_leads_to_the_same_days_and_the_same_verdict(
    database: Database, tmp_path: Path
) -> None:
    log = tmp_path / "calls.jsonl"
    found = calls(random.Random(11), 1500)
    late = [
        {**call, "id": f"late-{at}", "at": (midnight() - timedelta(days=2, hours=at)).isoformat()}
        for at, call in enumerate(found[:9])
    ]
    form = {"type": "jsonl", "fields": FIELDS}
    told = {"type": "files", "path": str(log), "format": form, "quiet_after": "0s"}
    table = {
        "type": "sql", "url": database.url, "table": "calls", "time_is": "text", "fields": FIELDS,
        "distinct": True, "ready_after": "0s",
    }  # fmt: skip
    in_log, in_table = Company(tmp_path / "log", told), Company(tmp_path / "table", table)
    for rows in (found, [*found, *late]):
        log.write_text("".join(json.dumps(call) + "\n" for call in rows))
        database.write(COLUMNS, rows)

        assert in_table.stored() == in_log.stored()

    verdicts = in_table.verdicts()
    assert verdicts == in_log.verdicts()
    assert {it["system"]: it["strategy"] for it in verdicts} == dict.fromkeys(
        ("bot", "search"), "prompt_engineering"
    )


MODELS = {"bot": "anthropic.claude-3-haiku-20240307-v1:0", "search": "amazon.nova-lite-v1:0"}


def in_cloudwatch(url: str, found: list[Call]) -> None:
    """Write what Bedrock writes of calls: each app calls through an inference profile of its own name."""
    samples: list[dict[str, Any]] = []
    for call in found:
        failed = call["ok"] != "ok"
        told = {
            "Invocations": 1,
            "InvocationServerErrors": 1 if failed else None,
            "InputTokenCount": None if failed else call["fresh"],
            "OutputTokenCount": None if failed else call["out"],
        }
        of = [{"Name": "ModelId", "Value": call["app"]}]
        samples += [
            {"MetricName": name, "Dimensions": of, "Timestamp": datetime.fromisoformat(call["at"]), "Value": value}
            for name, value in told.items()
            if value is not None
        ]
    cloud = client(url)
    for start in range(0, len(samples), 500):
        cloud.put_metric_data(Namespace="AWS/Bedrock", MetricData=samples[start : start + 500])


def test_a_month_in_a_log_in_a_cloud_and_in_counters_leads_to_the_same_days_and_the_same_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is added up already is exact; it knows of no call what a record alone could tell."""
    for name, value in {**KEYS, **ALONE}.items():
        monkeypatch.setenv(name, value)
    found = [
        {
            **call,
            "at": (datetime.fromisoformat(call["at"]) + timedelta(days=1)).isoformat(),
            "model": MODELS[call["app"]],
            "fresh": call["fresh"] or 70,
            "out": call["out"] or 5,
        }
        for call in {call["id"]: call for call in calls(random.Random(13), 900)}.values()
    ]
    (tmp_path / "calls.jsonl").write_text("".join(json.dumps(call) + "\n" for call in found))
    form = {"type": "jsonl", "fields": FIELDS}
    told = {"type": "files", "path": str(tmp_path / "calls.jsonl"), "format": form, "quiet_after": "0s"}
    scrapes = scraped([{**call, "in": call["fresh"], "usd": 0.0} for call in found])
    with moto() as url, serving("prometheus", tmp_path / "prometheus", scrapes) as counters:
        in_cloudwatch(url, found)
        cloud = {
            "type": "cloudwatch", "regions": ["us-east-1"], "url": url, "system": "{ModelId}", "profiles": MODELS,
            "ready_after": "0s",
        }  # fmt: skip
        metrics = {"inferences": "calls_total", "input_tokens": "in_total", "output_tokens": "out_total"}
        counted = {
            "type": "prometheus", "url": counters, "gap_after": "20m", "model": "model", "failed": {"code": "5.."},
            "history": "30d", "metrics": metrics, "ready_after": "0s",
        }  # fmt: skip
        kinds = {"log": told, "cloud": cloud, "counters": counted}
        companies = {name: Company(tmp_path / name, source) for name, source in kinds.items()}
        stored = {name: company.stored() for name, company in companies.items()}

        assert len(stored["log"][1]) == 30
        assert stored["cloud"] == stored["log"]
        usage, days = stored["counters"]
        # The last scrape, at midnight, is known to be of the present day as well, which is not over.
        assert (usage, [it for it in days if it[0] < midnight().date()]) == stored["log"]

    verdicts = {name: company.verdicts() for name, company in companies.items()}
    assert verdicts["cloud"] == verdicts["log"]
    assert verdicts["counters"] == verdicts["log"]
    assert {it["system"]: it["strategy"] for it in verdicts["log"]} == dict.fromkeys(MODELS, "prompt_engineering")

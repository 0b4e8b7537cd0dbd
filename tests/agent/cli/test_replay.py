from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main
from tests.days import day, midnight

FORMAT = {"type": "jsonl", "fields": {"time": "ts", "inferences": "n", "request_id": "id"}}
CONFIG = {
    "store": {"url": "sqlite:///store.db"},
    "sources": [
        {
            "name": "gateway",
            "type": "files",
            "path": "*.jsonl",
            "format": FORMAT,
            "system": "{app}",
        }
    ],
    "systems": {"bot": {"declared_strategy": "prompt_engineering"}},
}


def back(days: int) -> str:
    return str(day(days))


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture(autouse=True)
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty days of `bot`: 15M a month, and 2,130M from ten days ago on. `side` joins five days ago."""
    lines = []
    for age in range(40, 0, -1):
        at = midnight(age).isoformat()
        lines.append({"ts": at, "app": "bot", "n": 500_000 if age > 10 else 70_000_000, "id": age})
        if age <= 5:
            lines.append({"ts": at, "app": "side", "n": 5, "id": f"s{age}"})
    (tmp_path / "usage.jsonl").write_text(
        "".join(json.dumps({**line, "id": str(line["id"])}) + "\n" for line in lines)
    )
    (tmp_path / "leverwatch.yaml").write_text(yaml.safe_dump(CONFIG))
    monkeypatch.chdir(tmp_path)
    assert call("collect").exit_code == 0
    return tmp_path


def test_the_table_shows_when_each_verdict_changed_and_why() -> None:
    done = call("replay", "--since", back(40), "--system", "bot")

    assert (done.exit_code, done.stderr) == (0, "")
    header, *rows = done.stdout.splitlines()
    assert header.split()[:2] == ["DAY", "SYSTEM"]
    # 20 days with 0.5M, then 70M a day: 2 such days make 1.09 x (26 x 0.5M + 2 x 70M) = 166M, above 100M; the
    # seventh day in a row that is above settles it. That is day 10 - 1 - 6 = 3 days ago.
    assert [tuple(re.split("  +", row)[:3:2]) for row in rows] == [
        (back(40), "- -> -"),
        (back(20), "- -> prompt engineering"),
        (back(3), "prompt engineering -> hybrid"),
    ]
    assert "volume_mid" in rows[-1]
    assert "at or above the hybrid threshold of 100M" in rows[-1]


def test_json_has_the_same_changes_with_whole_verdicts() -> None:
    found = json.loads(call("replay", "--since", back(5), "--format", "json").stdout)

    assert [(row["day"], row["system"], row["from"], row["to"]) for row in found] == [
        (back(5), "bot", None, "prompt_engineering"),
        (back(5), "side", None, None),
        (back(3), "bot", "prompt_engineering", "hybrid"),
    ]
    assert found[-1]["verdict"]["changed_on"] == back(3)


def test_a_replayed_day_is_what_evaluate_says_of_it() -> None:
    (verdict,) = (
        one
        for one in json.loads(call("evaluate", "--as-of", back(3), "--format", "json").stdout)
        if one["system"] == "bot"
    )
    replayed = json.loads(call("replay", "--since", back(40), "--format", "json").stdout)[-1]["verdict"]

    different = {key for key in verdict if verdict[key] != replayed[key]}
    assert different <= {"changed_on"}  # a single day knows of no day before


def test_what_a_silent_source_leaves_is_the_same_in_every_command(company: Path) -> None:
    lines = [
        {"ts": f"{back(age)}T09:00:00Z", "app": "bot", "n": 12_000_000, "id": f"q{age}"}
        for age in range(70, 12, -1)
    ]
    (company / "quiet.log").write_text("".join(json.dumps(line) + "\n" for line in lines))
    source = {"name": "quiet", "type": "files", "path": "quiet.log", "system": "{app}", "format": FORMAT}
    (company / "leverwatch.yaml").write_text(
        yaml.safe_dump({**CONFIG, "store": {"url": "sqlite:///quiet.db"}, "sources": [source]})
    )
    assert call("collect").exit_code == 0
    on = back(4)

    (evaluated,) = json.loads(call("evaluate", "--as-of", on, "--format", "json").output)
    explained = json.loads(call("explain", "bot", "--as-of", on, "--format", "json").output)
    *_, long = json.loads(call("replay", "--since", back(60), "--until", on, "--format", "json").output)
    (short,) = json.loads(call("replay", "--since", on, "--until", on, "--format", "json").output)
    (now,) = json.loads(call("evaluate", "--format", "json").output)

    said = ["strategy", "status", "rule", "held", "changed_on"]
    told = [[one[name] for name in said] for one in (evaluated, explained, long["verdict"], short["verdict"], now)]
    assert told == [["hybrid", "decided", "volume_mid", True, evaluated["changed_on"]]] * 5
    assert 'leverwatch_verdict_status{status="decided",system="bot"} 1.0' in call("metrics").output


def test_the_last_day_can_be_set_and_later_days_have_no_say() -> None:
    found = json.loads(call("replay", "--since", back(40), "--until", back(6), "--format", "json").stdout)

    assert {row["system"] for row in found} == {"bot"}
    assert {row["to"] for row in found} == {None, "prompt_engineering"}


def test_nothing_is_written_to_the_store(company: Path) -> None:
    def dump() -> list[str]:
        with closing(sqlite3.connect("store.db")) as connection:
            return list(connection.iterdump())

    before = dump()
    call("replay", "--since", back(40), "--format", "openmetrics", "--output", "past.om", "--step", "1d")

    assert dump() == before
    assert sorted(path.name for path in company.iterdir() if "store" not in path.name) == [
        "leverwatch.yaml",
        "past.om",
        "usage.jsonl",
    ]


def test_openmetrics_has_counters_as_they_stood_at_the_end_of_each_day() -> None:
    done = call(
        "replay", "--since", back(4), "--until", back(3), "--format", "openmetrics", "--step", "12h",
        "--label", "job=leverwatch",
    )  # fmt: skip

    def moment(days: int, hour: int) -> int:
        return int((midnight(days) + timedelta(hours=hour)).timestamp())

    lines = [line for line in done.stdout.splitlines() if line.startswith("leverwatch_inferences_total{")]
    series = 'leverwatch_inferences_total{job="leverwatch",model="unknown",system="side"}'
    assert [line for line in lines if '"side"' in line] == [
        f"{series} 10.0 {moment(3, 0)}",
        f"{series} 10.0 {moment(3, 12)}",
        f"{series} 15.0 {moment(2, 0)}",
        f"{series} 15.0 {moment(2, 12)}",
    ]
    assert done.stdout.endswith("# EOF\n")
    samples = sum(not line.startswith("#") for line in done.stdout.splitlines())
    assert f" series, {samples} samples" in done.stderr


def test_an_undeclared_system_that_has_no_series_today_has_no_past_either(company: Path) -> None:
    (company / "leverwatch.yaml").write_text(yaml.safe_dump({**CONFIG, "limits": {"undeclared_systems": 0}}))

    lines = call("replay", "--since", back(7), "--format", "openmetrics", "--step", "1d").stdout.splitlines()

    assert not [line for line in lines if 'system="side"' in line]
    # `side` was first seen five days ago; the last day's moment may lie in the margin that is left out.
    dropped = [line.split()[1] for line in lines if line.startswith("leverwatch_undeclared_systems_dropped ")]
    assert dropped[:6] == ["0.0", "0.0", "1.0", "1.0", "1.0", "1.0"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--since", "{0}"), 1, "this day is after the last one to decide"),
        (("--since", "{9}", "--until", "{0}"), 1, "--until {0}: this day is not over yet in UTC"),
        (("--since", "{9}", "--until", "{10}"), 1, "--since {9}: this day is after the last one"),
        (("--since", "yesterday"), 2, "Invalid value for '--since'"),
        ((), 2, "Missing option '--since'"),
        (("--since", "{9}", "--system", "bto"), 1, "no system named bto is declared or was seen; systems: bot,"),
        (("--since", "{9}", "--step", "5"), 2, "a duration needs a unit"),
        (("--since", "{9}", "--step", "2d"), 2, "from 1s to 1d"),
        (("--since", "{9}", "--step", "1500ms"), 2, "whole seconds"),
        (("--since", "{9}", "--label", "job"), 2, "write a label as NAME=VALUE"),
        (("--since", "{9}", "--label", "system=x"), 1, "--label system: the metrics have a label"),
        (("--since", "{9}", "--output", "no/such/folder"), 1, "--output no/such/folder: No such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(arguments: tuple[str, ...], code: int, message: str) -> None:
    days = [back(ago) for ago in range(11)]

    done = call("replay", *(it.format(*days) for it in arguments))

    assert done.exit_code == code
    assert message.format(*days) in done.stderr


def test_openmetrics_into_a_folder_that_does_not_exist_is_refused() -> None:
    done = call("replay", "--since", back(9), "--format", "openmetrics", "--output", "no/such/folder")

    assert done.exit_code == 1
    assert "--output no/such/folder: " in done.stderr


def test_nothing_to_replay_is_said(company: Path) -> None:
    (company / "leverwatch.yaml").write_text("store: {url: 'sqlite:///empty.db'}")

    assert call("replay", "--since", back(9)).stdout == "no system is declared, and none was seen in a source\n"

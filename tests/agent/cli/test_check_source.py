from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from leverwatch.agent.cli.main import main
from leverwatch.agent.cli.told_source import usage_table
from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.interface import Operation, UsageRow
from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.sql.collector import Table
from tests.days import day


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    database = sqlite3.connect(tmp_path / "usage.db")
    database.execute("CREATE TABLE calls (at TEXT, model TEXT, tokens INT, team TEXT)")
    rows = [("a", 100, "search"), ("a", 50, "search"), ("b", 7, "ads")]
    database.executemany("INSERT INTO calls VALUES (?, ?, ?, ?)", [(f"{day(1)}T10:00:00Z", *row) for row in rows])
    database.commit()
    database.close()
    return tmp_path


def date_of_now() -> date:
    return datetime.now(UTC).date()


def check(folder: Path, *arguments: str, **settings: Any) -> Result:
    source = {
        "name": "db", "type": "sql", "url": "sqlite:///usage.db", "table": "calls", "time_is": "text",
        "fields": {"time": "at", "model": "model", "input_tokens": "tokens"}, "system": "{team}",
        "ready_after": "0s", **settings,
    }  # fmt: skip
    log = {
        "name": "log", "type": "files", "path": "*.jsonl", "system": [{"is": "bot", "where": {"key": "key_a"}}],
        "format": {"type": "jsonl", "fields": {"time": "at", "model": "model", "input_tokens": "in"}},
    }  # fmt: skip
    lists = {"name": "lists", "type": "models", "url": "http://127.0.0.1:9/models"}
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump({"store": {"url": "sqlite:///store.db"}, "sources": [source, log, lists]}))
    return CliRunner().invoke(main, ["check-source", *arguments, "--config", str(path)])


def check_one(folder: Path, source: dict[str, Any]) -> Result:
    path = folder / "leverwatch.yaml"
    path.write_text(yaml.safe_dump({"store": {"url": "sqlite:///store.db"}, "sources": [source]}))
    return CliRunner().invoke(main, ["check-source", source["name"], "--config", str(path)])


def test_a_source_is_asked_for_yesterday_and_nothing_is_stored(folder: Path) -> None:
    result = check(folder, "db")

    assert result.exit_code == 0, result.output
    first, *lines = result.stdout.splitlines()
    assert first.startswith(f"db, {day(1)}: complete; 2 rows moved in ")
    assert 'FROM "calls"' in result.stdout
    table = next(at for at, line in enumerate(lines) if line.startswith("SYSTEM"))
    assert [line.split() for line in lines[table + 1 : table + 3]] == [
        ["search", "a", "generation", "2", "0", "150", "?", "?"],
        ["ads", "b", "generation", "1", "0", "7", "?", "?"],
    ]
    assert not (folder / "store.db").exists()


def test_the_answer_is_there_for_programs(folder: Path) -> None:
    found = json.loads(check(folder, "db", "--format", "json", "--day", f"{day(1)}").stdout)

    assert (found["source"], found["day"], found["state"], found["rows"]) == ("db", f"{day(1)}", "complete", 2)
    assert found["usage"][0] == {
        "system": "search", "model": "a", "operation": "generation", "inferences": 2, "errors": 0,
        "input_tokens": 150, "output_tokens": None, "cost_usd": None,
    }  # fmt: skip
    assert found["problems"] == []


def test_a_day_without_rows_needs_attention(folder: Path) -> None:
    result = check(folder, "db", "--day", "2026-01-01")

    assert result.exit_code == 1
    assert "2026-01-01: unknown; 0 rows moved" in result.stdout
    assert (
        "nothing would be counted\nthere is nothing of this day that the settings leave: try another"
        in result.stdout
    )
    assert "look at the column of the time, `only` and `not`; whether it is a true zero, the days" in result.stdout


def rows_of(folder: Path, *statements: tuple[str, str]) -> None:
    with closing(sqlite3.connect(folder / "usage.db")) as database, database:
        for statement, value in statements:
            database.execute(statement, (value,))


def test_a_day_is_what_the_store_knows_it_as(folder: Path) -> None:
    older, idle = day(3), day(2)
    rows_of(folder, ("INSERT INTO calls VALUES (?, 'a', 1, 'search')", f"{older}T10:00:00Z"))
    before = check(folder, "db", "--day", f"{idle}")
    assert collected(folder).exit_code == 0

    after = check(folder, "db", "--day", f"{idle}")
    found = json.loads(check(folder, "db", "--day", f"{idle}", "--format", "json").stdout)

    assert f"db, {idle}: unknown; 0 rows moved" in before.stdout
    assert f"db, {idle}: empty; 0 rows moved" in after.stdout
    assert "nothing would be counted\nit has no row, and there are rows before and after it" in after.stdout
    assert "try another --day" not in after.stdout
    assert (found["state"], found["why"].partition(",")[0]) == ("empty", "it has no row")


def test_a_day_that_lost_its_rows_says_how_many_calls_it_had_and_when_that_was_noticed(folder: Path) -> None:
    older = day(3)
    rows_of(folder, ("INSERT INTO calls VALUES (?, 'a', 1, 'search')", f"{older}T10:00:00Z"))
    check(folder, "db")
    assert collected(folder).exit_code == 0
    rows_of(folder, ("DELETE FROM calls WHERE at > ?", f"{day(1)}"))
    gone = f"its rows are gone: it had 3 calls, which are taken back; that was noticed on {date_of_now()}"

    unseen = check(folder, "db", "--day", f"{day(1)}").stdout
    assert collected(folder).exit_code == 0
    seen = check(folder, "db", "--day", f"{day(1)}").stdout

    assert f"nothing would be counted\n{gone}" in unseen
    assert f"nothing would be counted\n{gone}" in seen
    assert f"  {day(1)} (1 day): empty: {gone}" in seen.partition("Stored:")[2]


def test_what_may_be_missing_is_said_as_a_doubt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Table, "doubts", lambda _: ("rows may be hidden",))

    result = check(folder, "db")
    found = json.loads(check(folder, "db", "--format", "json").stdout)

    assert "\ndoubt: rows may be hidden\n" in result.stdout
    assert (result.exit_code, found["doubts"]) == (0, ["rows may be hidden"])


def test_every_source_that_is_asked_for_days_says_what_of_its_own_to_look_at() -> None:
    configs = [it.config for it in source_types().values() if issubclass(it.config, DailyConfig)]

    assert len(configs) >= 7
    for config in configs:
        named = set(re.findall(r"`(\w+)`", config.LOOK_AT))
        known = {field.alias or name for name, field in config.model_fields.items()}
        assert named, config
        assert named <= known, config


def test_a_long_question_leaves_room_for_what_it_counts(folder: Path) -> None:
    lines = ["SELECT at, model, tokens,", *(f"-- line {number}" for number in range(40)), "team FROM calls"]
    given = {"table": None, "statement": "\n".join(lines)}

    shown = check(folder, "db", **given).stdout
    whole = json.loads(check(folder, "db", "--format", "json", **given).stdout)["question"]

    assert "-- line 30\n" not in shown
    assert f"... {len(whole.splitlines()) - 20} more lines, which --format json has ...\n" in shown
    assert "-- line 30\n" in whole


def test_a_cost_is_told_to_the_cent() -> None:
    row = UsageRow("bot", "a", Operation.GENERATION, date(2026, 11, 2), inferences=3, cost_usd=0.35848)

    assert usage_table([row]).splitlines()[1].split()[-1] == "0.36"


def test_what_cannot_be_counted_is_said(folder: Path) -> None:
    result = check(folder, "db", fields={"time": "at", "status": "model"})

    assert result.exit_code == 1
    assert "unknown_status: source db: calls: neither a success nor an error: 3 calls" in result.stdout


def test_a_column_that_is_not_there_is_named(folder: Path) -> None:
    result = check(folder, "db", fields={"time": "at", "model": "engine"})

    assert result.exit_code == 1
    assert "schema: source db: " in result.stderr
    assert "usage.db: engine: there is no such column; check `fields`, `only`, `not` and `system`" in result.stderr


def test_a_source_of_another_kind_is_pointed_elsewhere(folder: Path) -> None:
    result = check(folder, "lists")

    assert result.exit_code == 1
    assert "lists is of the type models, which counts no calls" in result.stderr


def test_a_source_that_is_not_configured_is_said(folder: Path) -> None:
    result = check(folder, "gateway")

    assert result.exit_code == 2
    assert "no source named gateway; there are: db, log, lists" in result.stderr


def test_a_run_that_could_not_attribute_most_calls_says_so_however_few_sums_they_are(folder: Path) -> None:
    database = sqlite3.connect(folder / "usage.db")
    lost = [(f"{day(1)}T11:00:00Z", "a", 1, None)] * 50
    database.executemany("INSERT INTO calls VALUES (?, ?, ?, ?)", lost)
    database.commit()
    database.close()
    check(folder, "db")

    result = CliRunner().invoke(main, ["collect", "--config", str(folder / "leverwatch.yaml"), "--source", "db"])

    assert result.exit_code == 1
    assert "most of what this run read was refused or names no system, 50 of 53 records: 50 un" in result.output
    assert "names no system: 50 calls" in result.output


def collected(folder: Path, *arguments: str) -> Result:
    path = folder / "leverwatch.yaml"
    return CliRunner().invoke(main, ["collect", "--config", str(path), "--source", "db", *arguments])


def test_a_run_whose_questions_of_the_hour_are_used_up_waits_and_has_not_failed(folder: Path) -> None:
    check(folder, "db", queries_per_hour=1)
    assert collected(folder).exit_code == 0

    result = collected(folder)
    backfill = CliRunner().invoke(main, ["backfill", "db", "--config", str(folder / "leverwatch.yaml")])

    said = (
        r"db: waits: its questions of this hour are used up \(1, `queries_per_hour`\); it goes on at \d\d:\d\d UTC"
    )
    assert result.exit_code == 0, result.output
    assert re.search(said, result.stderr)
    assert "failed" not in result.output
    assert (backfill.exit_code, bool(re.search(said, backfill.stderr))) == (1, True)


def test_the_summary_of_a_run_tells_what_is_unattributed_by_source(folder: Path) -> None:
    rules = [{"is": "search", "where": {"team": "search", "model": "a"}}]
    check(folder, "db", system=rules)

    text = collected(folder).output
    (found,) = json.loads(collected(folder, "--format", "json").stdout)

    assert "db: unattributed: model: b, team: ads: 1 call\n" in text
    assert found["unattributed_values"] == [{"values": "model: b, team: ads", "calls": 1}]
    assert found["unattributed_rest"] == 0


def test_a_run_that_no_rule_fits_says_so(folder: Path) -> None:
    check(folder, "db", system=[{"is": "search", "where": {"team": "nobody"}}])

    result = collected(folder)

    assert result.exit_code == 1
    assert "(unattributed: no rule of `system` fits them)" in result.output


def test_what_a_source_can_tell_and_what_stays_unattributed_is_said(folder: Path) -> None:
    rules = [{"is": "search", "where": {"team": "search"}}]
    lines = check(folder, "db", system=rules).stdout.splitlines()
    found = json.loads(check(folder, "db", "--format", "json", system=rules).stdout)

    at = lines.index("Unattributed:")
    assert lines[at + 1] == "  team: ads: 1 call"
    assert "  system is   by 1 rule over team" in lines
    assert "  permission  SELECT on calls" in lines
    assert "What it cannot tell: cached, errors, latency, cost" in lines
    assert found["unattributed_values"] == [{"values": "team: ads", "calls": 1}]
    assert (found["tells"]["tokens"], found["cannot_tell"]) == ("input", ["cached", "errors", "latency", "cost"])


def lines_of(day: str, key: str, number: int) -> str:
    return "".join(
        json.dumps({"at": f"{day}T10:00:00Z", "model": "m", "key": key, "in": 3}) + "\n" for _ in range(number)
    )


def test_of_files_the_newest_is_read_and_nothing_is_counted(folder: Path) -> None:
    (folder / "a.jsonl").write_text(lines_of("2026-03-01", "key_a", 9))
    os.utime(folder / "a.jsonl", (1, 1))
    rest = (
        lines_of("2026-03-02", "key_a", 2) + lines_of("2026-03-03", "key_a", 3) + lines_of("2026-03-03", "k-9", 4)
    )
    (folder / "b.jsonl").write_text(rest + lines_of("2026-03-03", "sk-canary", 1).rstrip())

    result = check(folder, "log")
    first, results, _, head, *lines = result.stdout.splitlines()

    assert result.exit_code == 1, result.output
    assert first.startswith(f"log: all of it of {folder}/b.jsonl, the newest of 2 files; 10 records read in ")
    assert results == "counted 5, unattributed 5"
    assert head.split()[:2] == ["DAY", "SYSTEM"]
    assert [line.split()[:5] for line in lines[:2]] == [
        ["2026-03-03", "bot", "m", "generation", "3"],
        ["2026-03-02", "bot", "m", "generation", "2"],
    ]
    assert "  key: k-9: 4 records" in lines
    assert "  permission  to read the files and list their folders" in lines
    assert "canary" not in result.output
    assert not (folder / "store.db").exists()


def test_a_path_that_matches_nothing_is_said_and_fails_where_nothing_else_is_told(folder: Path) -> None:
    rows_of(folder, ("UPDATE calls SET team = ?", '{"usage": {"total": 7, "in": 3}}'))
    (folder / "calls.csv").write_text("at,model,in,out\n2026-11-26T08:00:00Z,a,,\n2026-11-26T09:00:00Z,a,,4\n")
    lost, kept = {"time": "at", "input_tokens": "team.usage.inn"}, {"output_tokens": "team.usage.total"}
    said = "input_tokens: `team.usage.inn` told nothing in any of the 3 calls that were counted"

    none = check(folder, "db", fields=lost, system="web")
    some = check(folder, "db", fields=lost | kept, system="web")
    found = json.loads(check(folder, "db", "--format", "json", fields=lost, system="web").stdout)
    csv = {"type": "csv", "fields": {"time": "at", "model": "model", "input_tokens": "in", "output_tokens": "out"}}
    log = {"name": "db", "type": "files", "path": "*.csv", "system": "bot", "format": csv}
    of_files = check_one(folder, log)
    csv["fields"] = {"time": "at", "model": "model", "input_tokens": "in"}
    of_no_use = check_one(folder, log)

    assert (none.exit_code, said in none.stdout) == (1, True), none.output
    assert (some.exit_code, said in some.stdout, "output_tokens: `" in some.stdout) == (0, True, False)
    assert found["untold"] == {"input_tokens": ["team.usage.inn"]}
    told = "input_tokens: `in` told nothing in any of the 2 calls that were counted"
    assert (of_files.exit_code, told in of_files.stdout) == (0, True), of_files.output
    assert (of_no_use.exit_code, told in of_no_use.stdout) == (1, True), of_no_use.output


def test_of_files_a_program_gets_one_day_as_well(folder: Path) -> None:
    (folder / "b.jsonl").write_text(lines_of("2026-03-02", "key_a", 2) + lines_of("2026-03-03", "key_a", 3))

    result = check(folder, "log", "--format", "json", "--day", "2026-03-02")
    found = json.loads(result.stdout)

    assert result.exit_code == 0
    assert [(it["day"], it["system"], it["inferences"], it["input_tokens"]) for it in found["usage"]] == [
        ("2026-03-02", "bot", 2, 6)
    ]
    assert (found["files"], found["part"], found["records"]) == (1, "all of it", {"counted": 5})


def test_a_path_that_matches_nothing_is_said(folder: Path) -> None:
    result = check(folder, "log")

    assert result.exit_code == 1
    assert "source log: nothing matches its path" in result.stderr


def test_a_key_in_the_place_of_a_system_is_in_no_output_log_or_store_and_an_id_in_the_summary_alone(
    folder: Path,
) -> None:
    (folder / "b.jsonl").write_text(lines_of("2026-03-03", "k-9", 2) + lines_of("2026-03-03", "sk-canary", 1))
    check(folder, "log")
    path = folder / "leverwatch.yaml"

    result = CliRunner().invoke(main, ["collect", "--config", str(path), "--source", "log"])

    stored = b"".join(file.read_bytes() for file in folder.glob("store.db*"))
    assert "log: unattributed: key: k-9: 2 records; key: (hash " in result.stdout
    assert "canary" not in result.output
    assert "k-9" not in result.stderr
    assert stored
    assert b"canary" not in stored
    assert b"k-9" not in stored

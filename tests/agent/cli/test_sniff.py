from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from leverwatch.agent.cli.main import main
from leverwatch.agent.config import load_config
from tests.collectors.records.formats.setups import SETUPS
from tests.collectors.records.formats.span_records import export, span
from tests.collectors.records.formats.spans import FRAMEWORK, LIBRARY, call, document

LINES: list[dict[str, Any]] = [
    {"id": "a", "object": "chat.completion", "created": 1773129600, "model": "m", "choices": [],
     "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    {"id": "a", "object": "chat.completion", "created": 1773129600, "model": "m", "choices": [{"index": 0}],
     "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    {"id": "r", "object": "response", "created_at": 1773129600, "model": "m", "status": "failed",
     "error": {"message": "canary"}},
    {"id": "f", "object": "file", "created_at": 1773129600},
    {"id": "b", "object": "chat.completion", "created": "canary", "choices": [{"message": {"content": "canary"}}]},
]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(map(json.dumps, LINES)))
    return path


def test_the_whole_file_in_numbers_reconciles(log: Path) -> None:
    result = CliRunner().invoke(main, ["sniff", str(log), "--format", "json"])

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "format": "openai", "records": 5, "inferences": 1, "errors": 1, "other_operations": 0,
        "skipped": {"bad_time": 1, "duplicate": 1, "not_a_call": 1}, "input_tokens": 3, "output_tokens": 2,
    }  # fmt: skip


def test_tokens_that_nothing_tells_are_null(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(json.dumps({name: LINES[0][name] for name in LINES[0] if name != "usage"}))
    result = CliRunner().invoke(main, ["sniff", str(tmp_path / "a"), "--format", "json"])

    facts = json.loads(result.stdout)
    assert (facts["inferences"], facts["input_tokens"], facts["output_tokens"]) == (1, None, None)


def test_ids_that_a_server_uses_again_are_said(tmp_path: Path) -> None:
    lines = [{**LINES[0], "id": f"static-{number % 2}", "created": 1773129600 + number} for number in range(6)]
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(map(json.dumps, [*lines, lines[0], {**lines[0], "id": ""}])))
    result = CliRunner().invoke(main, ["sniff", str(path)])

    assert "    # request ids repeat with other content: 4 of 7; these count as separate calls\n" in result.output
    (tmp_path / "leverwatch.yaml").write_text("sources:\n" + result.output.partition("Source:\n")[2])
    load_config(tmp_path / "leverwatch.yaml", {})
    facts = json.loads(CliRunner().invoke(main, ["sniff", str(path), "--format", "json"]).stdout)
    assert (facts["inferences"], facts["skipped"]) == (7, {"duplicate": 1})


def test_people_see_what_was_understood_and_a_source_that_loads(log: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["sniff", str(log)])

    assert result.exit_code == 0
    assert "canary" not in result.output
    assert "calls.jsonl:5: bad_time" in result.output
    assert "repeat" not in result.output
    source = result.output.partition("Source:\n")[2]
    (tmp_path / "leverwatch.yaml").write_text("sources:\n" + source)
    (loaded,) = load_config(tmp_path / "leverwatch.yaml", {}).config.sources
    assert loaded.name == "usage"
    assert yaml.safe_load(source)[0]["format"] == "openai"


def test_instrumentations_are_named_with_what_they_saw_and_what_was_joined(tmp_path: Path) -> None:
    path = tmp_path / "traces.json"
    pair, _ = SETUPS["both tell the tokens, one the id and the dated model"]
    path.write_bytes(document(*pair) + document(call(LIBRARY, "z", 7, 7, trace="t9", at=900)))
    result = CliRunner().invoke(main, ["sniff", str(path), "--format", "json"])

    facts = json.loads(result.stdout)
    assert facts["inferences"] == 2
    assert facts["seen_by"] == {LIBRARY: 2, FRAMEWORK: 1}
    assert facts["seen_by_several"] == [{"instrumentations": [FRAMEWORK, LIBRARY], "calls": 1}]

    shown = CliRunner().invoke(main, ["sniff", str(path)]).output
    assert f"  {LIBRARY} saw 2 calls\n" in shown
    assert f"  1 call was seen by {FRAMEWORK} and {LIBRARY}, and counts once\n" in shown


def test_a_name_that_cannot_be_shown_is_not(tmp_path: Path) -> None:
    path = tmp_path / "traces.json"
    path.write_bytes(document(call("\x1b[31mred", "a", 7, 7), call("", "b", 7, 7)))
    shown = CliRunner().invoke(main, ["sniff", str(path)]).output

    assert "red" not in shown
    assert "  ? saw 1 call\n" in shown
    assert "  unnamed saw 1 call\n" in shown


OWN = [
    {
        "ended_at": f"2026-03-10T08:00:0{n}", "ts": f"2026-03-10T08:00:0{n}", "svc": {"on": n}, "id": f"r{n}",
        "app": "a", "model": "m", "prompt": "canary", "tokens": {"in": n, "out": 2}, "duration": 1.5,
        "status": "ok",
    }
    for n in range(5)
]  # fmt: skip


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_a_log_that_only_its_application_knows_gets_a_map_that_loads_and_counts(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"calls.{kind}"
    if kind == "jsonl":
        path.write_text("\n".join(map(json.dumps, [*OWN, OWN[0]])))
    else:
        flat = [{**record, "tokens.in": record["tokens"]["in"], "tokens.out": 2} for record in OWN]  # type: ignore[index]
        names = [name for name in flat[0] if name not in ("tokens", "svc")]
        rows = [names, *([str(record[name]) for name in names] for record in [*flat, flat[0]])]
        path.write_text("\n".join(map(",".join, rows)))
    counted = CliRunner().invoke(main, ["sniff", str(path), "--format", "json"])
    shown = CliRunner().invoke(main, ["sniff", str(path)])

    assert counted.exit_code == shown.exit_code == 0, counted.output + shown.output
    facts = json.loads(counted.stdout)
    (day,) = facts.pop("by_day")
    assert (day["day"], day["model"], day["inferences"], day["output_tokens"]) == ("2026-03-10", "m", 5, 10)
    assert "time: has no zone; set timezone unless it is UTC" in facts.pop("doubts")
    assert facts.pop("source_format")["fields"]["input_tokens"] == "tokens.in"
    assert len(facts.pop("unmapped")) == (kind == "jsonl")
    assert facts == {
        "format": kind, "records": 6 + (kind == "csv"), "inferences": 5, "errors": 0, "other_operations": 0,
        "skipped": {"duplicate": 1, **({"ignored": 1} if kind == "csv" else {})},
        "input_tokens": 10, "output_tokens": 10,
    }  # fmt: skip
    assert "canary" not in shown.output
    for said in (
        "time: ts  # or: ended_at",
        "# time: has no zone; set timezone unless it is UTC",
        "2026-03-10  m               5",
        'system: NAME_OF_THE_SYSTEM  # or of every record: "{app}"',
        "by a guessed field map",
    ):
        assert said in shown.output
    (tmp_path / "leverwatch.yaml").write_text("sources:\n" + shown.output.partition("Source:\n")[2])
    loaded = load_config(tmp_path / "leverwatch.yaml", {})
    assert loaded.config.sources[0].format.fields.input_tokens == "tokens.in"  # type: ignore[attr-defined]


def test_an_unknown_format_says_what_was_tried(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello\n")
    result = CliRunner().invoke(main, ["sniff", str(tmp_path / "a")])

    assert result.exit_code == 1
    assert "no known format; tried formats: " in result.stderr
    assert CliRunner().invoke(main, ["sniff", str(tmp_path / "none")]).exit_code == 1


def test_spans_without_a_call_to_a_model_are_named_with_what_recorded_them(tmp_path: Path) -> None:
    agent = span({"gen_ai.operation.name": "invoke_agent"})
    path = tmp_path / "spans.json"
    path.write_text(json.dumps(export("only.agents", agent, span({"gen_ai.operation.name": "execute_tool"}))))
    result = CliRunner().invoke(main, ["sniff", str(path)])

    assert "No span is a call to a model: spans of only.agents." in result.output
    path.write_text(json.dumps(export("the.client", span({"gen_ai.operation.name": "chat"}))))
    facts = json.loads(CliRunner().invoke(main, ["sniff", str(path), "--format", "json"]).stdout)
    assert (facts["inferences"], facts["instrumentations"]) == (1, {"the.client": 1})
    assert "No span" not in CliRunner().invoke(main, ["sniff", str(path)]).output


def test_doubts_unmapped_numbers_and_evidence_are_printed(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text("\n".join(json.dumps({**record, "temperature": 0.5}) for record in OWN))
    plain = CliRunner().invoke(main, ["sniff", str(path)])
    explained = CliRunner().invoke(main, ["sniff", str(path), "--explain"])

    assert "# numbers that are not mapped: svc.on (0 to 4), temperature (0.5)" in plain.output
    assert "Evidence:" not in plain.output
    evidence = explained.output.partition("Evidence:\n")[2]
    assert "  input_tokens: tokens.in in 100% of the records, by its name and values\n" in evidence
    facts = json.loads(CliRunner().invoke(main, ["sniff", str(path), "--explain", "--format", "json"]).stdout)
    assert facts["evidence"][0] == "5 records looked at, 5 of them calls"


def test_a_refused_log_is_told_with_what_was_found_in_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(json.dumps({"ts": "2026-03-10T08:00:00Z", "text": "canary"}))
    result = CliRunner().invoke(main, ["sniff", str(tmp_path / "a")])

    assert result.exit_code == 1
    assert "time found in ts; no model, no tokens" in result.stderr
    assert "canary" not in result.stderr


def test_a_table_that_no_source_reads_is_told_by_its_path_alone(tmp_path: Path) -> None:
    log = tmp_path / "a.csv"
    rows = "".join(f"2026-03-10T08:00:{n},m,{n},7,1\n" for n in range(10, 60))
    log.write_bytes(b"time,model,input_tokens,output_tokens,x\x85y\n" + rows.encode())
    result = CliRunner().invoke(main, ["sniff", str(log)])

    assert result.exit_code == 1
    assert result.stderr == f"leverwatch: {log}:1: the first line is no header\n"

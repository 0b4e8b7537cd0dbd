"""Tables as people and their tools write them: details behind outcomes, dashes, totals, names twice, objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.sniff import config_of, guess, summarise

DAYS = range(10, 22)


def fields(text: str, *, of: str = "csv") -> FieldGuess:
    found = guess(text.encode(), "plain")
    assert found is not None
    assert found.fields is not None
    assert found.format == of
    return found.fields


def rows(header: str, row: str, **last: Any) -> str:
    """A table with a row a day, `row` with the day and two numbers, and the rows in `last` behind it."""
    body = [row.format(day=day, n=1200 + day * 37, m=40 + day * 7 % 23) for day in DAYS]
    return "\n".join([header, *body, *last.values()]) + "\n"


def test_a_table_with_a_header_is_no_log_of_lines_that_a_pattern_fits() -> None:
    found = fields(
        rows(
            "Date/Time,Person,Model,Input Tokens,Output Tokens,Cost,Result",
            '11/{day}/2025 9:49 AM,ann,gpt-4.1-mini,"{n:,}",{m},$0.0011,Success',
            failed="11/22/2025 1:00 PM,ann,gpt-4.1-mini,-,-,-,Failed (429)",
            total='TOTAL,,13 requests,"17,112",600,$0.0132,',
        )
    )

    assert found.fields["input_tokens"] == {"path": "Input Tokens", "thousands": ","}
    assert found.fields["status"] == {"path": "Result", "success": ["Success"], "error": {"present": True}}
    assert found.excluded == {"Date/Time": ["TOTAL"]}
    assert any(
        note.startswith("status: 1 records whose Result begins with a word of failure") for note in found.notes
    )


def test_an_error_that_is_no_in_another_language_is_none() -> None:
    found = fields(
        rows(
            "Date\tHeure\tMod\u00e8le\tJetons entr\u00e9e\tJetons sortie\tErreur",
            "{day}/09/2025\t08:04:28\tmistral-large-latest\t{n}\t{m}\tnon",
            failed="22/09/2025\t09:00:00\tmistral-large-latest\t\t\toui (500)",
        )
    )

    assert found.fields["status"] == {"path": "Erreur", "success": ["non"], "error": {"present": True}}


def test_tokens_of_a_cache_need_no_word_of_tokens_where_the_input_is_never_below_them() -> None:
    table = rows(
        "Datum;Modell;Eingabe-Token;davon aus Cache;Ausgabe-Token", "{day}.10.2025 10:30;gpt-4o;{n};1024;{m}"
    )
    hits = table.replace("davon aus Cache", "Cache Hits")

    assert fields(table).fields["cached_input_tokens"] == "davon aus Cache"
    assert "cached_input_tokens" not in fields(hits).fields


def test_columns_of_one_name_are_looked_at_by_their_numbers() -> None:
    found = fields(
        rows(
            "id,created_at,model,id,created_at,input_tokens,output_tokens",
            "5{day},2025-08-{day} 08:38:11,mistral-small-latest,22{day},2025-08-{day} 08:38:17,{n},{m}",
        )
    )

    assert found.fields["time"] == "created_at#1"
    assert "columns: 2 are named created_at, and called created_at#1 and so on" in found.notes


def test_texts_among_objects_in_a_column_are_left_out_and_said() -> None:
    lines = ["@timestamp,@message"]
    for day in DAYS:
        call = json.dumps(
            {"level": "INFO", "model_id": "nova-micro", "input_tokens": 700 + day, "output_tokens": day}
        )
        quoted = call.replace('"', '""')
        lines.append(f'2025-07-{day} 18:54:16.269,"{quoted}"')
        lines.append(f"2025-07-{day} 18:54:16.270,REPORT Duration: 3083.00 ms")

    found = fields("\n".join(lines) + "\n")

    assert found.fields["input_tokens"] == "@message.input_tokens"
    assert found.only == {"@message.level": {"present": True}}
    assert (
        "only: 12 records whose @message is no object are left out; were they calls, there would be 12 more"
        in (note.removesuffix(" inferences") for note in found.notes)
    )


def test_tokens_within_an_object_in_a_cell_of_a_drawn_table_are_found() -> None:
    lines = [
        "| id | model | datetime_utc | input_tokens | output_tokens | token_details |",
        "|---|---|---|---|---|---|",
    ]
    for day in DAYS:
        details = '{"prompt_tokens_details": {"cached_tokens": 512}}' if day % 3 else ""
        lines.append(f"| r{day} | gpt-4o-mini | 2025-05-{day}T07:50:47 | {900 + day} | {day} | {details} |")

    found = fields("\n".join(lines) + "\n", of="lines")

    assert found.fields["cached_input_tokens"] == "prompt_tokens_details_cached_tokens"


def test_rows_under_a_header_of_other_columns_are_named_by_the_shapes_of_their_values() -> None:
    wide = [
        f"2026-05-{day}T19:25:51Z,deepseek/deepseek-chat,T-{day},part,{3000 + day},{100 + day},{3100 + 2 * day},"
        f"{8000 + day * 3},0.000{day}"
        for day in DAYS
    ]
    found = fields(
        "timestamp,bucket,model,tokens_estimate,cost_usd,purpose\n"
        "2026-04-28T18:00:00Z,authoring,qwen/qwen3-235b,12000,0.06,first seeds\n"
        "2026-04-28T19:30:00Z,authoring,qwen/qwen3-235b,8500,0.04,judging all\n" + "\n".join(wide) + "\n"
    )

    assert found.fields["model"] == "model"
    assert found.fields["input_tokens"] == "input_tokens"
    assert found.extras["columns"][-2:] == ["input_tokens", "output_tokens"]
    assert found.extras["other_columns"][0][:2] == ["timestamp", "model"]


def test_texts_in_an_export_of_the_journal_are_read() -> None:
    entries = [
        {"__REALTIME_TIMESTAMP": f"17574947672{day}790", "_PID": "8", "MESSAGE": message}
        for day in DAYS
        for message in (f"llm ok model=gpt-5-mini in={900 + day} out={day}", "sleeping 60s")
    ]
    found = guess("".join(f"{json.dumps(it)}\n" for it in entries).encode(), "plain")

    assert found is not None
    assert (found.format, found.wrap) == ("logfmt", ("journald",))


def test_records_without_a_model_that_a_number_tells_from_all_others_are_no_calls() -> None:
    records = [
        {"at": f"2026-10-{day}T09:00:00Z", "type": 2, "model": "m-large", "prompt_tokens": 900 + day,
         "completion_tokens": day}
        for day in DAYS
    ]  # fmt: skip
    records.insert(
        3, {"at": "2026-10-12T10:00:00Z", "type": 1, "model": "", "prompt_tokens": 0, "completion_tokens": 0}
    )
    found = guess("".join(f"{json.dumps(it)}\n" for it in records).encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.excluded == {"type": [1]}


def test_a_message_that_a_program_seldom_writes_tells_failed_calls() -> None:
    done = "Completion from {Model}: {In} in, {Out} out"
    records: list[dict[str, Any]] = []
    for day in (*DAYS, *DAYS):
        records.append({"@t": f"2026-10-{day}T09:00:00Z", "@mt": "Sending prompt to {Model}", "Model": "m-large"})
        usage = {"InputTokens": 900 + day, "OutputTokens": day}
        records.append({"@t": f"2026-10-{day}T09:00:09Z", "@mt": done, "Model": "m-large", **usage})
    failed = "Completion from {Model} failed with {Code}"
    records.append({"@t": "2026-10-22T09:00:00Z", "@mt": failed, "Model": "m-large", "Code": 429})
    found = guess("".join(f"{json.dumps(it)}\n" for it in records).encode(), "plain")

    assert found is not None
    assert found.fields is not None
    assert found.fields.only == {"@mt": [done, failed]}
    assert found.fields.fields["status"] == {"path": "@mt", "success": [done], "error": [failed]}


@pytest.mark.parametrize(
    ("header", "row", "failed"),
    [
        (
            "Day\tModel\tTokens (in/out)\tUSD",
            "{day}/11/2025 09:41\tgpt-4o\t{n}/{m}\t0.0{day}",
            "22/11/2025 10:00\tgpt-4o\t\t",
        ),
        (
            "Day\tTokens (in/out)\tModel\tOK?",
            "{day}/11/2025 09:41\t{n}/{m}\tgpt-4o\tyes",
            "22/11/2025 10:00\t\tgpt-4o\tno",
        ),
        (
            "at,model,prompt+completion,said",
            '2025-11-{day}T09:41:00Z,gpt-4o,{n} + {m},"so, ""well"""',
            "2025-11-22T10:00:00Z,gpt-4o,-,late",
        ),
        ("At;Modell;Eingabe → Ausgabe", "2025-11-{day} 09:41;gpt-4o;{n} → {m}", "2025-11-22 10:00;gpt-4o;n/a"),
        ("at,model,out/in tokens", "2025-11-{day} 09:41,gpt-4o,{m}/{n}", "2025-11-22 10:00,gpt-4o,"),
        (
            "at,model,tokens (input / output / total),note",
            '2025-11-{day} 09:41,gpt-4o,{n} / {m} / 0,"ok"',
            '2025-11-22 10:00,gpt-4o,,"?"',
        ),
        ("at,model,tokens,note", '2025-11-{day} 09:41,gpt-4o,{n}/{m},"ok"', "2025-11-22 10:00,gpt-4o,,odd"),
    ],
)
def test_both_sides_of_a_call_may_stand_in_one_cell(tmp_path: Path, header: str, row: str, failed: str) -> None:
    path = tmp_path / "kept.csv"
    path.write_text(rows(header, row, failed=failed))
    found = fields(path.read_text(), of="lines")
    summary = summarise(config_of(path, {"type": "lines", **found.settings}))

    told = [summary.add(name, bool) for name in ("inferences", "errors", "input_tokens", "output_tokens")]
    assert told[0] + told[1] == len(DAYS) + 1
    assert told[2:] == [sum(1200 + day * 37 for day in DAYS), sum(40 + day * 7 % 23 for day in DAYS)]
    assert any("no name tells" in it for it in found.notes) == (header == "at,model,tokens,note")


@pytest.mark.parametrize("name", ["score", "day/night", "batch"])
def test_two_numbers_in_a_cell_that_is_of_no_tokens_are_none(name: str) -> None:
    found = fields(rows(f"at,model,tokens_in,tokens_out,{name}", "2025-11-{day} 09:41,gpt-4o,{n},{m},3/4"))

    assert (found.fields["input_tokens"], found.fields["output_tokens"]) == ("tokens_in", "tokens_out")

"""Lines of text that a program writes in one form, and drawn tables: the pattern that is proposed for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from leverwatch.collectors.sniffing.line_tokens import parts_of, tells
from leverwatch.collectors.sniffing.sniff import Guess, config_of, guess, summarise
from tests.collectors.sniffing.proposed import of_text
from tests.collectors.sources.files.logs import sums

NUMBER = 12
COUNT = range(NUMBER)
Line = Callable[[int], str]
IN, OUT = sum(1100 + n for n in range(NUMBER)), sum(20 + n for n in range(NUMBER))
AT = "2026-03-10 08:{:02}:07"


def told(n: int) -> dict[str, Any]:
    return {"at": AT.format(n), "i": 1100 + n, "o": 20 + n, "m": ("gpt-4o", "claude-sonnet-4-5")[n % 2]}


FORMS: dict[str, str] = {
    "a model and two words": "[{at}] {m} in={i} out={o} $0.0012",
    "an arrow of words": "{at},123 INFO llm: model={m} tokens: {i} in / {o} out",
    "a sum in parentheses": "{at} | INFO | {m} | Tokens used: {i:,} (prompt: {i:,}, completion: {o})",
    "a sentence": "{at} [llm] {m} answered in 1.23s: {i} prompt tokens, {o} completion tokens",
    "padded columns": "{at} | acme      | {m:24} | in= {i:6} out= {o:5} | OK |",
    "numbers right behind a colon": "{at} [{m}] in:{i} out:{o}",
    "estimated numbers": "{at} - STEP: sort | MODEL: {m} | INPUT_TOKENS: ~{i} | OUTPUT_TOKENS: ~{o}",
    "a plus between": "{at} [bot] info: used {i}+{o} tokens with {m}",
    "trays": "{at} 🤖 {m} 📥 {i} 📤 {o} ⏱ 1.2s",
    "signs of full width": "{at} - 模型 {m} 调用完成，输入 {i} tokens，输出 {o} tokens",  # noqa: RUF001
    "names with a colon of full width": "{at} 模型：{m}；输入token：{i}；输出token：{o}",  # noqa: RUF001
    "Markdown": "- **{at}** `{m}`: {i} in / {o} out",
    "a dictionary of Python": "{at},118 - INFO - {m} usage: {{'prompt_tokens': {i}, 'completion_tokens': {o}}}",
    "an object of Java": "{at} reply by {m}: DefaultUsage{{promptTokens={i}, completionTokens={o}}}",
    "an arrow of two signs": "{at} LLM[{m}] tok {i}->{o}",
    "a model in a sentence": "{at} host1 bot[71]: answered with {m}, {i} input tokens, {o} output tokens",
    "free text between": "{at} - Model: {m} - Input tokens: {i} - Output tokens: {o} - asked by user {at}",
}


def sniffed(tmp_path: Path, lines: list[str]) -> tuple[Guess, Any]:
    path = tmp_path / "app.log"
    path.write_text("".join(f"{line}\n" for line in lines))
    found = guess(path.read_bytes(), "plain")
    assert found is not None
    return found, summarise(config_of(path, found.settings))


@pytest.mark.parametrize("name", FORMS)
def test_lines_of_one_form_are_read_by_a_pattern_or_as_pairs(tmp_path: Path, name: str) -> None:
    lines = [FORMS[name].format(**told(n)) for n in range(NUMBER)]
    found, summary = sniffed(tmp_path, [*lines[:4], "2026-03-10 08:04:00 server started", "", *lines[4:]])

    assert found.format in {"lines", "logfmt"}
    assert summary.tallies[Result.COUNTED] == NUMBER
    counted = sums(summary.usage)
    assert (counted["input_tokens"], counted["output_tokens"]) == (IN, OUT)
    assert {row.model for row in summary.usage} == {"gpt-4o", "claude-sonnet-4-5"}


@pytest.mark.parametrize(
    "at",
    [
        "{:%d-%b-%Y %H:%M:%S}",
        "{:%Y%m%dT%H%M%SZ}",
        "[{:%Y-%m-%d}][{:%H:%M:%S}]",
        "{:%Y/%m/%d %H:%M:%S}",
        "{:%s}123",
    ],
)
def test_the_times_of_other_loggers_are_read(tmp_path: Path, at: str) -> None:
    start = datetime(2026, 3, 10, 8, 0, 7, tzinfo=UTC)
    times = [start + timedelta(minutes=n) for n in range(NUMBER)]
    stamps = [at.replace("{:%s}", str(int(it.timestamp()))).format(it, it) for it in times]
    form = "[{m}] in:{i} out:{o}"
    lines = [f"{it} {form}".format(**told(n)) for n, it in enumerate(stamps)]
    found, summary = sniffed(tmp_path, lines)

    assert found.format == "lines"
    assert summary.tallies[Result.COUNTED] == NUMBER
    assert {row.day for row in summary.usage} == {start.date()}


def test_columns_of_blanks_alone_are_named_by_their_values_with_a_doubt(tmp_path: Path) -> None:
    found, summary = sniffed(
        tmp_path, ["{at}   {m:20} {i:6} {o:5}   0.0012".format(**told(n)) for n in range(NUMBER)]
    )

    assert (sums(summary.usage)["input_tokens"], sums(summary.usage)["output_tokens"]) == (IN, OUT)
    assert "first line is no header" in notes(found, "columns")


def test_a_table_of_html_with_a_line_for_each_row_is_read(tmp_path: Path) -> None:
    head = "<tr><th>Time</th><th>Model</th><th>Prompt tokens</th><th>Completion tokens</th></tr>"
    row = "<tr><td>{at}</td><td><code>{m}</code></td><td>{i}</td><td class='n'>{o}</td></tr>"
    _, summary = sniffed(tmp_path, ["<table>", head, *(row.format(**told(n)) for n in range(NUMBER)), "</table>"])

    assert (sums(summary.usage)["input_tokens"], sums(summary.usage)["output_tokens"]) == (IN, OUT)
    assert {row.model for row in summary.usage} == {"gpt-4o", "claude-sonnet-4-5"}


@pytest.mark.parametrize(("name", "cell"), [("Tokens", "{i} / {o}"), ("tokens (out/in)", "{o}/{i}")])
def test_two_numbers_of_tokens_in_a_cell_are_input_and_output(tmp_path: Path, name: str, cell: str) -> None:
    rows = [f"| {{at}} | {{m}} | {cell} |".format(**told(n)) for n in range(NUMBER)]
    found, summary = sniffed(tmp_path, [f"| Time | Model | {name} |", "|---|---|---|", *rows])

    assert (sums(summary.usage)["input_tokens"], sums(summary.usage)["output_tokens"]) == (IN, OUT)
    assert "written as one are taken as input and output" in notes(found, "input_tokens")


def test_attributes_of_xml_are_pairs(tmp_path: Path) -> None:
    form = '  <call time="{at}" model="{m}" inputTokens="{i}" outputTokens="{o}"/>'
    found, summary = sniffed(tmp_path, ["<calls>", *(form.format(**told(n)) for n in range(NUMBER)), "</calls>"])

    assert found.format == "logfmt"
    assert (sums(summary.usage)["input_tokens"], sums(summary.usage)["output_tokens"]) == (IN, OUT)


def test_a_cost_may_be_in_cents_by_its_sign() -> None:
    lines = [f"2026-03-10 08:{n:02}:07 gpt-4o in {310 + n} out {20 + n} cost 0.{n + 11}¢" for n in range(5)]

    assert of_text("\n".join([*lines, ""])).fields["cost_usd"] == {"path": "cost_cents", "unit": "cents"}


def test_words_of_a_language_say_that_days_stand_before_months() -> None:
    lines = [f"[04/03/2026 08:0{n}:07] Modelo: gpt-4o - Tokens de entrada: {310 + n} - Tokens de salida: {20 + n}"
             for n in range(5)]  # fmt: skip

    assert of_text("\n".join([*lines, ""])).fields["time"] == {"path": "time", "format": "%d/%m/%Y %H:%M:%S"}


def notes(found: Guess, start: str) -> str:
    assert found.fields is not None
    return "\n".join(note for note in found.fields.notes if note.startswith(start))


def test_totals_alone_count_and_are_asked_about(tmp_path: Path) -> None:
    found, summary = sniffed(
        tmp_path, [f"2026-03-10T08:{n:02}:07.5Z - Tokens used: {90 + n}" for n in range(NUMBER)]
    )

    assert found.format == "lines"
    assert summary.tallies == {Result.COUNTED: NUMBER}
    assert "Is each of them one call of a model?" in notes(found, "inferences")


def test_other_lines_that_speak_of_tokens_or_errors_are_told(tmp_path: Path) -> None:
    lines = [f"{AT.format(n)} gpt-4o took {n} tokens in and gave 7 tokens out" for n in range(NUMBER)]
    others = [f"{AT.format(40)} budget: 900 tokens left", f"{AT.format(41)} upstream failed with a timeout"]
    found, _ = sniffed(tmp_path, [*lines, *others])

    assert "1 other lines speak of tokens" in notes(found, "inferences")
    assert "1 other lines tell of an error" in notes(found, "status")


def test_a_word_behind_the_time_may_be_its_zone(tmp_path: Path) -> None:
    lines = [
        f"[{AT.format(n)} IST] gpt-4o took {n + 5} prompt tokens, {n + 2} output tokens" for n in range(NUMBER)
    ]
    found, _ = sniffed(tmp_path, lines)

    assert "IST is said beside it" in notes(found, "time")


def test_lines_that_failed_count_where_they_name_no_model(tmp_path: Path) -> None:
    lines = [
        f"{AT.format(n)} | acme | gpt-4o | in={n + 40:5} out=    7 all={n + 47:5} | OK" for n in range(NUMBER)
    ]
    lines[5] = f"{AT.format(5)} | acme | ?      | in=    0 out=    0 all=    0 | FAIL | 429 too many requests"
    _, summary = sniffed(tmp_path, lines)

    assert (sums(summary.usage)["inferences"], sums(summary.usage)["errors"]) == (NUMBER - 1, 1)
    assert {row.model for row in summary.usage if row.errors} == {"unknown"}


def test_what_follows_the_last_number_may_be_anything_in_later_lines(tmp_path: Path) -> None:
    lines = [f"{AT.format(n)} | gpt-4o | in: {n} tokens | out: 7 | said 'how are you'" for n in range(NUMBER)]
    found, _ = sniffed(tmp_path, lines)

    assert found.fields is not None
    if found.format == "lines":
        assert re.search(found.fields.extras["pattern"], lines[0].replace("how are you", "good bye")) is not None


TABLES: dict[str, tuple[str, str, str]] = {
    "markdown": (
        "# Use\n\n| # | Time | Model | Prompt Tokens | Output Tokens | Cost (USD) |\n|---|:---|---|--:|--:|---|\n",
        "| 1 | {at} UTC | {m} | {i:,} | {o} | $0.0123 |\n",
        "\n## Totals\n\n| Metric | Value |\n|---|---|\n| Total prompt tokens | 99,999 |\n",
    ),
    "psql": (
        " ts | model | prompt_tokens | completion_tokens\n----+-------+---------------+------------------\n",
        " {at} | {m:17} | {i:13} | {o:16}\n",
        "(12 rows)\n",
    ),
    "mysql": (
        "+-----+-----+-----+-----+\n| ts  | model | input_tokens | output_tokens |\n+-----+-----+-----+-----+\n",
        "| {at} | {m} | {i} | {o} |\n",
        "+-----+-----+-----+-----+\n12 rows in set (0.00 sec)\n",
    ),
    "boxes": (
        "┌─────┬─────┬─────┬─────┐\n│ ts  │ model │ input_tokens │ output_tokens │\n├─────┼─────┼─────┼─────┤\n",
        "│ {at} │ {m} │ {i} │ {o} │\n",
        "└─────┴─────┴─────┴─────┘\n",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_drawn_table_is_read_without_its_rules_and_what_is_around_it(tmp_path: Path, name: str) -> None:
    before, row, behind = TABLES[name]
    text = before + "".join(row.format(**told(n)) for n in range(NUMBER)) + behind
    found, summary = sniffed(tmp_path, text.splitlines())

    assert summary.tallies[Result.COUNTED] == NUMBER
    assert set(summary.tallies) == {Result.COUNTED, Result.IGNORED}
    counted = sums(summary.usage)
    assert (counted["input_tokens"], counted["output_tokens"]) == (IN, OUT)
    assert {row.model for row in summary.usage} == {"gpt-4o", "claude-sonnet-4-5"}
    assert found.format == "lines"


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-10 08:00:07 GET /cart 200 in 12ms",
        "2026-03-10 08:00:07 INFO worker 3 finished 12 jobs",
        "2026-03-10 08:00:07 | odds: 2.5 in / 3.1 for team 7",
        "2026-03-10 08:00:07 disk usage: 81% of 200 GB",
    ],
)
def test_lines_of_other_numbers_are_refused(line: str) -> None:
    assert guess(f"{line}\n".encode() * NUMBER, "plain") is None


def test_a_number_has_the_name_that_stands_nearest_to_it() -> None:
    assert tells(parts_of("10:00 used 1,234 tokens (1,000 prompt + 234 completion), cost $0.01")) == (
        "tokens", "tokens prompt", "tokens completion", "cost",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("in 7 out 2 cost 0.5¢", ("in", "out", "cost cents")),
        ("prompt 7 completion 2 tokens", ("tokens prompt", "tokens completion")),
        ("7 in 2 out", ("in", "out")),
        ("7 tokens in 2 tokens out 3 s", ("tokens in", "tokens out", "s")),
        ("in 7 tokens, out 2 tokens", ("tokens in", "tokens out")),
    ],
)
def test_words_that_alternate_with_numbers_name_those_before_or_behind_them(
    line: str, names: tuple[str, ...]
) -> None:
    assert tuple(it.name for it in parts_of(f"2026-03-10 08:00:07 {line}") if it.kind == "number") == names


def test_lines_of_pairs_that_speak_of_an_error_beside_them_are_doubted(tmp_path: Path) -> None:
    form = "{at},123 {level} shop.llm: completion model={m} in={i} out={o} dt=0.5s{end}"
    ends = {3: ("ERROR", ""), 5: ("INFO", " FAILED timeout")}

    def lines(ends: dict[int, tuple[str, str]]) -> list[str]:
        told_ends = [ends.get(n, ("INFO", "")) for n in COUNT]
        return [form.format(**told(n), level=level, end=end) for n, (level, end) in enumerate(told_ends)]

    found, _ = sniffed(tmp_path, lines(ends))
    fine, _ = sniffed(tmp_path, lines({}))

    assert found.format == "logfmt"
    assert "2 lines of calls speak of an error beside their pairs" in notes(found, "inferences:")
    assert "speak of an error" not in notes(fine, "inferences:")


CALLED: dict[str, Line] = {
    "a line that says which model is called": lambda n: (
        f"{AT.format(n)} INFO desk: Calling gpt-4o with {n} tools\n{AT.format(n)} INFO desk: saved"
    ),
    "a cost and a sum so far": lambda n: (
        f"{AT.format(n)} - cost: $0.00{n + 11} - so far: ${n * 0.01:.3f} - gpt-4o"
    ),
    "the beginning and the end, which has a duration": lambda n: (
        f"{AT.format(n)},11 INFO desk - Sending request model=gpt-4o chars={n}\n"
        f"{AT.format(n)},92 INFO desk - Got response model=gpt-4o chars=9 took=0.8s"
    ),
}


@pytest.mark.parametrize("name", CALLED)
def test_lines_that_name_a_model_and_no_tokens_are_calls(tmp_path: Path, name: str) -> None:
    found, summary = sniffed(tmp_path, "\n".join(map(CALLED[name], COUNT)).split("\n"))

    assert found.fields is not None
    assert {(row.model, row.inferences) for row in summary.usage} == {("gpt-4o", NUMBER)}


def test_a_beginning_that_nothing_tells_from_its_end_is_doubted(tmp_path: Path) -> None:
    form = "{at},11 INFO Sending request model=gpt-4o chars=5\n{at},92 INFO Got response model=gpt-4o chars=9"
    found, _ = sniffed(tmp_path, "\n".join(form.format(at=AT.format(n)) for n in COUNT).split("\n"))

    assert "there are 12 fewer" in notes(found, "inferences")


@pytest.mark.parametrize("form", ["downloading llama-3.{n} weights in 3.1s", "loaded model gpt-4o config"])
def test_lines_of_something_else_with_a_model_are_none(form: str) -> None:
    assert guess("\n".join(f"{AT.format(n)} INFO {form.format(n=n)}" for n in COUNT).encode(), "plain") is None


@pytest.mark.parametrize(("sign", "between"), [("=", "/"), (": ", " -> "), (":", "+")])
def test_two_numbers_behind_a_name_that_sums_the_others_are_input_and_output(sign: str, between: str) -> None:
    def line(n: int) -> str:
        parts = [(700 + n * 31, 40 + n * 7), (9000 + n * 13, 300 + n)]
        parts.append((sum(it[0] for it in parts), sum(it[1] for it in parts)))
        named = zip(("plan", "talk", "whole"), parts, strict=True)
        told = " | ".join(f"{name}{sign}{one}{between}{other}" for name, (one, other) in named)
        return f"2026-05-1{n} | {told} | outcome=success | A title"

    found = of_text("\n".join([*map(line, range(5)), ""]))
    match = re.search(str(found.extras["pattern"]), line(2))

    assert match is not None
    assert (match["input_tokens"], match["output_tokens"]) == ("9788", "356")
    assert any("Is that right?" in it for it in found.notes if it.startswith("input_tokens"))


def test_pairs_of_numbers_of_anything_else_are_no_tokens() -> None:
    lines = "\n".join(f"2026-05-1{n} | home={n}/3 | away={n + 1}/4 | both={2 * n}/9" for n in range(6))

    assert guess(f"{lines}\n".encode(), "plain") is None


def test_lines_of_a_logger_named_as_who_serves_models_may_differ_in_one_word() -> None:
    tones = ("formal", "plain", "funny")
    lines = [f"2026-05-0{n} 10:00:07,118 - gemini - INFO - Mail generated successfully in {tones[n % 3]} tone"
             for n in range(1, 8)]  # fmt: skip

    assert of_text("\n".join([*lines, ""])).fields == {"time": "time", "status": "status"}


@pytest.mark.parametrize(
    "form", ["{at} {m} in {i} tokens, out {o} tokens", "{at} | {m} | Tokens: {i} sent, {o} received"]
)
def test_thousands_may_be_written_with_a_letter(tmp_path: Path, form: str) -> None:
    some = [("1.2k", "940"), ("3k", "87"), ("1.2M", "1.1k"), ("310", "20")]
    told = (form.format(at=AT.format(n), m="gpt-4o", i=i, o=o) for n, (i, o) in enumerate(some))
    found, summary = sniffed(tmp_path, [*told])

    assert sums(summary.usage)["input_tokens"] == 1_204_510
    assert sums(summary.usage)["output_tokens"] == 2147
    assert "rounded" in notes(found, "input_tokens")


@pytest.mark.parametrize("told", ["9 of them cached", "cached: 9", "9 are from cache"])
def test_cached_tokens_that_some_lines_tell_are_read_of_these(told: str) -> None:
    lines = [
        f"2026-03-05 09:{n:02}:11 gpt-4o: {40 + n * 7} in {f'({told}) ' if n % 5 == 2 else ''}/ {9 + n} out"
        for n in range(20)
    ]
    found = of_text("\n".join(lines) + "\n")

    assert found.fields["cached_input_tokens"] == "cached_tokens"
    matches = [re.search(found.extras["pattern"], line) for line in lines]
    assert [it and it["cached_tokens"] for it in matches] == ["9" if n % 5 == 2 else None for n in range(20)]

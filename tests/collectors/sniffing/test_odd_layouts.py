"""Tables below titles and with padded columns, documents with their columns one by one, and times of Serilog."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from leverwatch.collectors.sniffing.sniff import Guess, config_of, guess, refusal, summarise
from tests.collectors.sources.files.logs import sums

NUMBER = 10
ROWS = [(f"2026-03-10 08:{n:02}:07", ("gpt-4o", "o3-mini")[n % 2], 210 + n, 30 + n, 0.02) for n in range(NUMBER)]
IN, OUT = sum(row[2] for row in ROWS), sum(row[3] for row in ROWS)


def sniffed(tmp_path: Path, text: str) -> tuple[Guess, Any]:
    path = tmp_path / "usage.txt"
    path.write_text(text)
    found = guess(text.encode(), "plain")
    assert found is not None
    return found, summarise(config_of(path, found.settings))


CELLS = "".join(f"{','.join(map(str, row))}\n" for row in ROWS)
TABLES: dict[str, tuple[str, str]] = {
    "titles": ("Use of models,,,,\nTeam: desk,,,,\n,,,,\nDate,Model,Input tokens,Output tokens,Cost (USD)\n", ""),
    "groups of columns": (",,Tokens,,Cost\nTime,Model,Input,Output,USD\n", ""),
    "titles and a total": (
        "Use of models,,,,\nDate,Model,Input tokens,Output tokens,USD\n",
        f",Total,{IN},{OUT},0.2\n",
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_header_below_titles_is_found_and_what_is_above_it_is_left_out(tmp_path: Path, name: str) -> None:
    before, behind = TABLES[name]
    found, summary = sniffed(tmp_path, before + CELLS + behind)

    assert summary.tallies[Result.COUNTED] == NUMBER
    assert (sums(summary.usage)["input_tokens"], sums(summary.usage)["output_tokens"]) == (IN, OUT)
    assert not summary.tallies[Result.MISSING_FIELD]
    assert found.fields is not None
    assert any("the header is row" in note for note in found.fields.notes)


def test_titles_above_a_table_of_something_else_are_no_usage() -> None:
    rows = "".join(f"2026-03-{n + 1:02},lamp,{n}\n" for n in range(9))

    assert guess(f"Sales,,\nDate,Item,Pieces\n{rows}".encode(), "plain") is None


def test_columns_that_are_padded_are_told_apart_by_their_blanks(tmp_path: Path) -> None:
    rows = "".join(f"{at:20} {model:12} {taken:6} {given:8}\n" for at, model, taken, given, _ in ROWS)
    found, summary = sniffed(tmp_path, f"TIME                 MODEL        INPUT    OUTPUT\n{rows}")

    assert found.format == "lines"
    assert summary.tallies == {Result.COUNTED: NUMBER, Result.IGNORED: 1}
    assert (sums(summary.usage)["input_tokens"], sums(summary.usage)["output_tokens"]) == (IN, OUT)


NAMES = ("time", "model", "input_tokens", "output_tokens")
COLUMNS = dict(zip(NAMES, zip(*(row[:4] for row in ROWS), strict=True), strict=True))


@pytest.mark.parametrize(
    "document", [COLUMNS, {name: {str(at): it for at, it in enumerate(cells)} for name, cells in COLUMNS.items()}]
)
def test_columns_one_by_one_are_read_and_refused_with_what_to_do_without_a_time(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    found, summary = sniffed(tmp_path, json.dumps(document))
    timeless = json.dumps({name: it for name, it in document.items() if name != "time"}).encode()

    assert found.wrap == ("columns",)
    assert summary.tallies == {Result.COUNTED: NUMBER}
    assert (sums(summary.usage)["input_tokens"], sums(summary.usage)["output_tokens"]) == (IN, OUT)
    assert guess(timeless, "plain") is None
    assert "columns one by one (model, input_tokens, output_tokens)" in refusal(timeless)


def test_a_call_with_lists_of_words_is_none_of_columns() -> None:
    call = {
        "time": "2026-03-10T08:00:07Z",
        "model": "gpt-4o",
        "input_tokens": 7,
        "tags": ["a", "b"],
        "to": ["c", "d"],
    }

    assert guess(json.dumps(call).encode(), "plain") is not None


def test_the_times_of_serilog_are_read(tmp_path: Path) -> None:
    text = "".join(
        f"{at}.123 +02:00 [INF] Call to {model} took {taken} prompt tokens and {given} output tokens in 812 ms\n"
        for at, model, taken, given, _ in ROWS
    )
    found, summary = sniffed(tmp_path, text)

    assert found.fields is not None
    assert found.fields.fields["latency_ms"] is not None
    assert summary.tallies == {Result.COUNTED: NUMBER}
    assert {row.model for row in summary.usage} == {"gpt-4o", "o3-mini"}


@pytest.mark.parametrize("form", ["{},\n", "{} // fine\n"])
def test_objects_with_a_comma_or_a_comment_too_many_are_read(tmp_path: Path, form: str) -> None:
    calls = [json.dumps(dict(zip(NAMES, row[:4], strict=True))).replace("}", ",}") for row in ROWS]
    found, summary = sniffed(tmp_path, "[\n" + "".join(map(form.format, calls)) + "]\n")

    assert found.wrap == ("python",)
    assert summary.tallies[Result.COUNTED] == NUMBER
    assert sums(summary.usage)["input_tokens"] == IN

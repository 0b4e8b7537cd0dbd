"""Tables as spreadsheets, databases and programs write them."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config, sums
from tests.collectors.sources.files.tailing import Bench, append

FIELDS = {"time": "ts", "model": "model", "input_tokens": "in", "output_tokens": "out", "cost_usd": "usd"}
HEADER = "ts,model,in,out,usd"
TIME = "2026-03-10T08:00:0"


def table(
    tmp_path: Any, *lines: str, fields: dict[str, str] = FIELDS, system: str = "bot", **format_: Any
) -> Bench:
    """A file of these lines, counted."""
    made = {"type": "csv", "fields": fields, **format_}
    bench = Bench(tmp_path, config(path="*.csv", format=made, system=system))
    append(tmp_path / "a.csv", "".join(f"{line}\n" for line in lines).encode())
    bench.collect()
    bench.settle()
    return bench


def told(bench: Bench) -> dict[str, float]:
    return sums(row for batch in bench.store.batches for row in batch.usage)


def models(bench: Bench) -> set[str]:
    return {row.model for batch in bench.store.batches for row in batch.usage}


def test_a_value_with_line_breaks_delimiters_and_quotes_is_one_value(tmp_path: Any) -> None:
    text = '"first, ""second""\n\nthird\r\n2026,m,1"'
    bench = table(tmp_path, f"{HEADER},said", f"{TIME}1,m,5,6,0.5,{text}", f"{TIME}2,m,7,8,0.5,x", f"{TIME}3,m,x")

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 2, Result.INVALID_LINE: 1}
    assert told(bench)["input_tokens"] == 12
    assert [problem.place[-7:] for problem in bench.store.problems] == ["a.csv:7"]


def test_a_value_of_a_hundred_thousand_words_is_read(tmp_path: Any) -> None:
    bench = table(tmp_path, f"{HEADER},said", f'{TIME}1,m,5,6,0.5,"{"word, " * 100_000}"')

    assert told(bench)["inferences"] == 1


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "]", "\\", "¦", " "])
@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_any_delimiter_and_quote_can_be_read(tmp_path: Any, delimiter: str, quote: str) -> None:
    names = delimiter.join(f"{quote}{name}{quote}" for name in FIELDS.values())
    row = delimiter.join(f"{quote}{value}{quote}" for value in (f"{TIME}1", "m", 5, 6, 0.5))
    bench = table(tmp_path, f"\ufeff{names}", row, row.replace(":01", ":02"), delimiter=delimiter, quote=quote)

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 2}
    assert (told(bench)["input_tokens"], models(bench)) == (10, {"m"})


def test_comments_blank_lines_and_a_note_on_the_delimiter_may_stand_before_the_header(tmp_path: Any) -> None:
    before = ("\ufeffsep=,", "# ts, model: usage of March 2026", "", "# ts")
    bench = table(
        tmp_path, *before, f"# {HEADER}", f"{TIME}1,m,5,6,0.5", "# checked, by hand", ",,,,", f"{TIME}2,m,7,8,0.5"
    )

    assert bench.store.tallies == {Result.IGNORED: 7, Result.COUNTED: 2}
    assert told(bench)["input_tokens"] == 12


def test_lines_that_end_with_carriage_returns_alone_are_refused_once(tmp_path: Any) -> None:
    bench = Bench(tmp_path, config(path="*.csv", format={"type": "csv", "fields": FIELDS}, system="bot"))
    append(tmp_path / "a.csv", f"{HEADER}\r{TIME}1,m,5,6,0.5\r".encode())
    bench.settle()
    bench.settle()

    assert bench.store.tallies == {Result.INVALID_LINE: 1}
    assert [problem.detail for problem in bench.store.problems] == ["its lines end with carriage returns alone"]


def test_files_that_begin_with_the_same_notes_and_header_are_different_files(tmp_path: Any) -> None:
    bench = table(tmp_path, "# a note that every export has, of some length", HEADER, f"{TIME}1,m,5,6,0.5")
    other = f"# a note that every export has, of some length\n{HEADER}\n{TIME}2,m,7,8,0.5\n"
    append(tmp_path / "b.csv", other.encode())

    assert bench.settle() == {"bot": 2}
    assert not any(b64encode(b"# a note that ever") in value for value in bench.store.state.values())


def test_a_header_that_is_repeated_is_no_record(tmp_path: Any) -> None:
    bench = table(
        tmp_path, HEADER, f"{TIME}1,m,5,6,0.5", HEADER, f"{TIME}2,m,7,8,0.5", f"\ufeff{HEADER}", f"{TIME}3,m,1,1,0"
    )

    assert bench.store.tallies == {Result.IGNORED: 3, Result.COUNTED: 3}
    assert told(bench)["input_tokens"] == 13


def test_after_a_header_with_other_columns_rows_are_read_by_it(tmp_path: Any) -> None:
    lines = (
        HEADER,
        f"{TIME}1,m,5,6,0.5",
        "ts,usd,out,in,model",
        f"{TIME}2,0.25,8,7,n",
        f"{HEADER},user",
        f"{TIME}3,m,9,1,0.5,u",
    )
    bench = table(tmp_path, *lines)

    assert bench.store.tallies == {Result.IGNORED: 3, Result.COUNTED: 3}
    assert (told(bench)["input_tokens"], told(bench)["output_tokens"], told(bench)["cost_usd"]) == (21, 15, 1.25)
    assert models(bench) == {"m", "n"}


def test_the_header_that_holds_is_known_after_a_restart_and_where_a_record_is_read_again(tmp_path: Any) -> None:
    bench = table(
        tmp_path, HEADER, f"{TIME}1,m,5,6,0.5", "usd,out,in,model,ts", f"0.5,1,2,m,{TIME}2", f"0.5,1,2,m,{TIME}9x"
    )
    bench.restart()
    append(tmp_path / "a.csv", f"0.25,8,7,n,{TIME}3\n".encode())
    bench.settle()

    assert bench.store.tallies == {Result.IGNORED: 2, Result.COUNTED: 3, Result.BAD_TIME: 1}
    assert told(bench)["input_tokens"] == 14
    bench.settings = config(
        path="*.csv",
        format={"type": "csv", "fields": {**FIELDS, "time": "ts"}},
        system="bot",
        timezone="Europe/Berlin",
    )
    bench.restart()
    bench.settle()
    assert told(bench)["inferences"] == 3


def test_a_later_header_without_a_mapped_column_ends_the_run_and_says_where(tmp_path: Any) -> None:
    with pytest.raises(Exception, match=r"a\.csv:3: no column usd"):
        table(tmp_path, HEADER, f"{TIME}1,m,5,6,0.5", "ts,model,in,out,eur", f"{TIME}2,m,5,6,0.5")


def test_a_mapped_column_that_a_header_lacks_may_be_unknown(tmp_path: Any) -> None:
    lines = ("ts,model,in,out", f"{TIME}1,m,5,6", HEADER, f"{TIME}2,m,7,8,0.5")
    bench = table(tmp_path, *lines, missing_columns="unknown")

    assert bench.store.tallies == {Result.IGNORED: 2, Result.COUNTED: 2}
    assert (told(bench)["cost_usd"], told(bench)["unpriced"]) == (0.5, 1)


def test_rows_that_grew_without_a_header_are_read_by_the_names_that_the_settings_give(tmp_path: Any) -> None:
    lines = ("ts,model,in,out", f"{TIME}1,m,5,6", f"{TIME}2,m,7,8,0.5", f"{TIME}3,m,7,8,0.5,x")
    bench = table(tmp_path, *lines, columns=HEADER.split(","))

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 2, Result.INVALID_LINE: 1}
    assert (told(bench)["cost_usd"], told(bench)["unpriced"]) == (0.5, 1)


def test_rows_with_a_column_between_the_others_are_read_by_names_of_their_own(tmp_path: Any) -> None:
    lines = (HEADER, f"{TIME}1,m,5,6,0.5", f'{TIME}2,m,"why,\nhm",7,8,0.5', f"{TIME}3,m,9", f"{TIME}4,a,b,c,d,e,f")
    wider = [["ts", "model", "asked", "in", "out", "usd"]]
    bench = table(tmp_path, *lines, columns=HEADER.split(","), other_columns=wider)

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 3, Result.INVALID_LINE: 1}
    assert [told(bench)[name] for name in ("input_tokens", "cost_usd", "unpriced")] == [21, 1.0, 1]


def test_a_header_that_contradicts_the_names_in_the_settings_ends_the_run(tmp_path: Any) -> None:
    with pytest.raises(Exception, match=r"a\.csv:2: a header with other names than those in columns"):
        table(tmp_path, f"{TIME}1,m,5,6,0.5", "ts,model,out,in,usd", columns=HEADER.split(","))


def test_a_table_without_a_header_is_read_by_the_names_that_the_settings_give(tmp_path: Any) -> None:
    bench = table(tmp_path, f"{TIME}1,m,5,6,0.5", f"{TIME}2,m,7,8,0.5", columns=HEADER.split(","))

    assert bench.store.tallies == {Result.COUNTED: 2}
    assert told(bench)["input_tokens"] == 12


def test_columns_with_one_name_are_told_apart_by_their_number(tmp_path: Any) -> None:
    fields = {"time": "ts", "input_tokens": "tokens#1", "output_tokens": "tokens#2"}
    bench = table(tmp_path, "ts,tokens,tokens", f"{TIME}1,5,6", "ts,tokens,tokens", f"{TIME}2,7,8", fields=fields)

    assert (told(bench)["input_tokens"], told(bench)["output_tokens"]) == (12, 14)
    with pytest.raises(Exception, match=r"column tokens twice; the first is written tokens#1"):
        table(tmp_path, "ts,tokens,tokens", f"{TIME}3,5,6", fields={"time": "ts", "input_tokens": "tokens"})


@pytest.mark.parametrize("nothing", ["", r"\N", "NULL", " ", "-", "--", "N/A", "n/a", "NaN", "nan", "None"])
def test_what_a_database_writes_for_no_value_is_unknown_in_every_column(tmp_path: Any, nothing: str) -> None:
    bench = table(
        tmp_path,
        f"{HEADER},team",
        f"{TIME}1,{nothing},5,{nothing},{nothing},a",
        f"{TIME}2,m,5,6,1,{nothing}",
        system="{team}",
    )
    (row,) = (row for batch in bench.store.batches for row in batch.usage)

    assert bench.store.tallies == {Result.IGNORED: 1, Result.COUNTED: 1, Result.UNATTRIBUTED: 1}
    assert (row.system, row.model, row.unknown_output, row.unpriced) == ("a", "unknown", 1, 1)
    assert not any(batch.unreadable for batch in bench.store.batches)


@pytest.mark.parametrize(
    ("decimal", "thousands", "tokens", "cost", "right"),
    [
        (",", ".", "1.234", "1.234,5", (1234, 1234.5)),
        (",", "", "1234", "0,25", (1234, 0.25)),
        (".", ",", '"1,234,567"', '"1,234.5"', (1234567, 1234.5)),
        (",", " ", "1\u202f234", "1\u00a0234,5", (1234, 1234.5)),
        (".", "'", "1'234", "1\u2019234.5", (1234, 1234.5)),
        (",", ".", "12.34", "1.5", (None, None)),
        (",", "", "1.234", "0.5", (None, None)),
        (".", "", "1.234", "0,5", (None, None)),
        (".", ",", '"12,34"', '"1,5"', (None, None)),
        (",", ".", "1.234,5", "1.234.5", (None, None)),
    ],
)
def test_numbers_are_read_as_the_source_writes_them_or_not_at_all(
    tmp_path: Any, decimal: str, thousands: str, tokens: str, cost: str, right: tuple[float | None, float | None]
) -> None:
    row = f"{TIME}1;m;{tokens};1;{cost}"
    bench = table(tmp_path, HEADER.replace(",", ";"), row, delimiter=";", decimal=decimal, thousands=thousands)
    found = told(bench)

    assert (found.get("input_tokens"), found.get("cost_usd")) == right
    unreadable = sum(sum(batch.unreadable.values()) for batch in bench.store.batches)
    assert unreadable == right.count(None)


def test_rounded_numbers_and_multiples_have_the_signs_of_the_table(tmp_path: Any) -> None:
    fields: Any = {
        "time": "ts",
        "input_tokens": {"path": "in", "rounded": True},
        "output_tokens": {"path": "out", "multiples": True},
    }
    rows = [f"{TIME}1;m;1.500;1,5k;", f"{TIME}2;m;2,6;1.500k;", f"{TIME}3;m;1.5;1.5k;"]
    header = HEADER.replace(",", ";")
    bench = table(tmp_path, header, *rows, fields=fields, delimiter=";", decimal=",", thousands=".")

    assert (told(bench)["input_tokens"], told(bench)["output_tokens"]) == (1503, 1501500)
    assert sum(sum(batch.unreadable.values()) for batch in bench.store.batches) == 2


def test_settings_of_a_table_that_cannot_be_meant_are_refused() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"delimiter": '"'}, "delimiter and quote are the same"),
        ({"delimiter": "\n"}, "cannot be a line break"),
        ({"thousands": "."}, "thousands cannot be"),
        ({"thousands": "5"}, "thousands cannot be"),
        ({"columns": ["ts", "ts"]}, "columns has ts twice"),
        ({"other_columns": [["ts", "a"]]}, "other_columns needs columns"),
        ({"columns": ["ts"], "other_columns": [["a"]]}, "lists of the same length"),
        ({"columns": ["ts"], "other_columns": [["a", "a"]]}, "other_columns has a twice"),
    ]
    for settings, message in wrong:
        with pytest.raises(ValueError, match=message):
            config(format={"type": "csv", "fields": {"time": "ts"}, **settings})


def test_a_column_that_the_settings_no_longer_find_ends_the_run(tmp_path: Any) -> None:
    bench = table(tmp_path, HEADER, f"{TIME}1,m,5,6,0.5")
    bench.settings = config(
        path="*.csv", format={"type": "csv", "fields": {**FIELDS, "model": "engine"}}, system="bot"
    )
    bench.restart()
    append(tmp_path / "a.csv", f"{TIME}2,m,5,6,0.5\n".encode())

    with pytest.raises(Exception, match="no column engine"):
        bench.collect()

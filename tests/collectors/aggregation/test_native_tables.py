"""The compiled helper counts the rows of tables that Python counts, and sees the same rows in any data."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import _native, known_records
from leverwatch.collectors.aggregation.day_filter import Days
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.known_records import KnownRecords
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.table_header import Dialect, Header
from leverwatch.collectors.records.framing.quoted import QuotedFraming
from tests.collectors.aggregation.test_native_counter import outcome
from tests.collectors.sources.files.logs import config, ingest

FIELDS: dict[str, Any] = {
    "time": "ts", "model": "model", "request_id": "id", "status": "status", "input_tokens": "in",
    "cached_input_tokens": "cached", "output_tokens": "out", "cost_usd": "usd", "latency_ms": "ms",
    "trace_id": "trace", "tier": "tier", "finish_reason": "why",
}  # fmt: skip
RICH = {name: path for name, path in FIELDS.items() if name != "latency_ms"} | {
    "input_tokens": ["in", "+cached"],
    "model": ["model", "why"],
    "request_id": ["id", "trace"],
    "latency": {"path": "ms", "unit": "s"},
    "status": {"path": "status", "success": ["success", "fine"]},
}
MAPS = st.sampled_from(
    [
        FIELDS,
        {"time": "ts"},
        {"time": "ts", "input_tokens": "in", "output_tokens": "out"},
        {**FIELDS, "inferences": "n"},
    ]
)
COLUMNS = (
    "ts", "app", "id", "model", "status", "in", "cached", "out", "usd", "ms", "trace", "tier", "why", "n", "said",
)  # fmt: skip
NUMBERS = [
    "7", "0", "12345", "", "7.0", "7.5", "1e3", " 8", "007", "+7", "-1", "1,5", "1.500", r"\N", "NULL",
    "-", "--", "NaN", "N/A", "None", "x", "1_0",
    "9007199254740993", "0.25", "nan", "\u0667",
]  # fmt: skip
VALUES = {
    "ts": [
        "2026-03-10T08:00:00Z", "2026-03-10 08:01:00", "2026-03-10 08:00:03.9799600",
        "2026-03-10 08:02:00.009930+00", "2026-03-10 08:02:00.009930 UTC", "2026-03-10 08:00:01 +01:00",
        "2026-03-10T08:00:00+0130", "1773129600", "1773129600.25", "1773129600123", " 2026-03-10 08:00:01",
        "10.03.2026", "", r"\N", "ts", "2026-03-11T08:00:00Z", "2026-03-10T08:00:61Z",
        "2026-03-10 08:00:00.1234567891 UTC", "2026-03-10T08:00:00+01", "2026-02-30 08:00:00",
    ],
    "id": ["r1", "r2", "r3", "", "None", "NULL", " r1 ", "\u00e9", "4", "a\u00a0", "r\x1f"],
    "status": ["success", "error", "200", "500", "", "maybe", "fine"],
    "model": ["a", "b", "", "NULL", "-", "n/a", "\u00f6", "model", "a "],
    "tier": ["batch", "", "default"],
    "why": ["stop", "length", ""],
    "app": ["x", "y", "", "\u00fc", "x "],
    "n": ["1", "2", "", "0.5", "3.0"],
    "said": ["", "hello", "a, b", "two\nlines", "ts", "x\ny\nz", "\r", "it's", "# no", "\u201cyes\u201d", "\0"],
}  # fmt: skip
ROWS = st.fixed_dictionaries({name: st.sampled_from(VALUES.get(name, NUMBERS)) for name in COLUMNS})
PLAIN_ROWS = st.fixed_dictionaries({name: st.sampled_from(VALUES.get(name, NUMBERS)[:4]) for name in COLUMNS})
ODD = [
    "", "# a comment", ",,,", "2026-03-10 08:00:00,x", 'a,"b', '"', "\ufeff", "\0\0", "\u00e9",
    ",".join(COLUMNS), ",".join(reversed(COLUMNS)), ",".join(COLUMNS[:3]), '# "quoted', " , ", '"open\nand',
    "ts,\r,x",
]  # fmt: skip


def cell(value: str, delimiter: str, quote: str, style: int) -> str:
    """A cell as a writer that quotes nothing, what has to be, or everything has it."""
    must = any(sign in value for sign in (delimiter, quote or delimiter, "\n", "\r"))
    if not quote or style == 0 or (style == 1 and not must):
        return value if style == 0 or not must else "x"
    return f"{' ' * (style == 3)}{quote}{value.replace(quote, 2 * quote)}{quote}"


def text(rows: list[tuple[dict[str, str] | str, int, int]], delimiter: str, quote: str, ending: str) -> bytes:
    made = []
    for row, style, seed in rows:
        if isinstance(row, str):
            line = row.replace(",", delimiter).replace('"', quote or '"')
        else:
            line = delimiter.join(cell(row[name], delimiter, quote, style) for name in COLUMNS)
        made.append(_damaged(line.encode(), seed, delimiter, quote) + ending.encode())
    return b"".join(made)


def _damaged(line: bytes, seed: int, delimiter: str, quote: str) -> bytes:
    chance, changed = random.Random(seed), bytearray(line)
    for _ in range(seed % 3 if seed > 8 else 0):
        at = chance.randrange(len(changed) + 1)
        sign = chance.choice(["", quote, delimiter, "\n", "\r", "\0", " ", "0", "#"]).encode() or b"\xff"
        changed[at : at + chance.randrange(3)] = sign
    return bytes(changed)


TABLES = st.lists(
    st.tuples(st.one_of(PLAIN_ROWS, ROWS, st.sampled_from(ODD)), st.integers(0, 3), st.integers(0, 14)),
    max_size=12,
)
SIGNS = st.sampled_from([(",", '"'), (";", '"'), ("\t", "'"), ("|", ""), (" ", '"')])
SPANS: st.SearchStrategy[Days | None] = st.sampled_from(
    [None, None, ((date(2026, 3, 10).toordinal(), date(2026, 3, 10).toordinal()),)]
)
FILTERS = st.sampled_from(
    [{}, {}, {"only": {"status": ["success", "error", "\u00f6"]}}, {"not": {"said": {"prefix": "h"}}},
     {"only": {"id": {"present": True}}, "not": {"app": "x"}}]
)  # fmt: skip


def both(format_: dict[str, Any], days: Days | None = None, system: str = "{app}") -> tuple[Ingest, Ingest]:
    made = config(format={"type": "csv", **format_}, system=system)
    helped, alone = ingest(made), ingest(made, compiled=False)
    for one in (helped, alone):
        one.keep(days)
        one.known = KnownRecords()
    assert helped.takes_views
    assert not alone.takes_views
    return helped, alone


def counted(one: Ingest, data: bytes, header: bytes) -> tuple[Any, ...]:
    """Everything that is counted of rows below a header, as they are cut from what was read so far."""
    pending, line, known = b"", 1, one.known
    for start in range(0, len(data), 700):
        pending += data[start : start + 700]
        end = one.framing.complete(pending, final=False)
        for _, later in one.headers.among(pending[:end], header):
            header = later if b"app" in later and b"why" in later else header
        if end:
            one.add(Lines(pending[:end], "t.csv", line, header))
        line += one.framing.count(pending[:end])
        pending = pending[end:]
    if pending:
        one.add(Lines(pending, "t.csv", line, header), may_go_on=True)
    window = None if one.window is None else one.window.take()
    assert known is not None
    return outcome(one.drain()), window, known.stored()


@settings(max_examples=80)
@given(st.one_of(MAPS, st.just(RICH)), SIGNS, st.sampled_from(["\n", "\r\n"]), SPANS, FILTERS, TABLES)
def test_the_helper_counts_the_rows_that_python_counts(
    fields: dict[str, Any],
    signs: tuple[str, str],
    ending: str,
    days: Days | None,
    chosen: dict[str, Any],
    rows: list[tuple[dict[str, str] | str, int, int]],
) -> None:
    decimal = "," if signs[0] == ";" else "."
    data, header = text(rows, *signs, ending), signs[0].join(COLUMNS).encode()
    helped, alone = both(
        {"fields": fields, "delimiter": signs[0], "quote": signs[1], "decimal": decimal, **chosen}, days
    )

    assert counted(helped, data, header) == counted(alone, data, header)


@settings(max_examples=100)
@given(SIGNS, TABLES, st.integers(0, 400), st.binary(max_size=20))
@example((",", '"'), [], 0, b'a,"b\n2026-03-10,x\n2026-03-10,y\n2026-03-10,z\n')
@example((",", '"'), [], 0, b'2026-03-10,"b\n2026-03-11,"c\n')
@example((",", '"'), [], 0, b'a,"b""\n""c"\r\r\n\0\xef\xbb\xbf "d"\n')
@example((",", '"'), [], 0, b'2026-03-10,"' + (b"x" * 1000 + b"\n") * 1048 + b'"\na,b\n')
def test_the_helper_finds_the_rows_that_python_finds(
    signs: tuple[str, str], rows: list[tuple[dict[str, str] | str, int, int]], cut: int, more: bytes
) -> None:
    data = text(rows, *signs, "\n")
    data = data[: max(0, len(data) - cut)] + more
    framing = QuotedFraming(*signs)

    assert _native.complete_rows(data, *(sign.encode() for sign in signs)) == framing.complete(data, final=False)


PARTS = st.sampled_from(["t", "ts", "time of day", ",", '"', "\n", "\r", " ", "\t", "#", "\ufeff", "x", "\u00e9"])


@given(SIGNS, st.sampled_from(["t", "ts", "time of day"]), st.lists(PARTS, max_size=40))
def test_the_helper_finds_names_of_columns_where_python_does(
    signs: tuple[str, str], name: str, parts: list[str]
) -> None:
    data = "".join(parts).replace(",", signs[0]).replace('"', signs[1] or '"').encode()
    header = Header(Dialect(*signs), [name], QuotedFraming(*signs).split)

    found = any(_native.may_name(data, it, header.edges) for it in header.times)
    assert found == header.may_repeat(data)


@pytest.mark.parametrize(
    "odd",
    [
        "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\x80", "\0",
    ],
)  # fmt: skip
def test_a_row_that_is_no_text_is_refused_wherever_that_is(odd: str) -> None:
    helped, alone = both({"fields": {"time": "ts", "model": "model"}}, system="bot")
    told = [
        f"2026-03-10T08:00:0{at},{said},m".encode("latin-1") for at, said in enumerate(["a", odd, "b\xc3\xa9"])
    ]
    for one in (helped, alone):
        one.add(Lines(b"\n".join([*told, b""]), "t.csv", 2, b"ts,said,model"))
    counted = helped.drain()

    assert counted.tallies[Result.COUNTED] == 2 + (odd == "\0")
    assert [problem.place for problem in counted.problems] == ([] if odd == "\0" else ["t.csv:3"])
    assert outcome(counted) == outcome(alone.drain())


TIMES = [
    "2024-05-10 00:00:00.009930", "2024-05-10T00:00:00Z", "2024-05-10 00:00:00.0099301",
    "2024-05-10 00:00:00+00:00",
    "2024-05-10 00:00:00.009930+00", "2024-05-10 00:00:00+0200", "2024-05-10 00:00:00.009930 UTC", "1715299200",
    "1715299200.25", "1715299200123", '"2024-05-10 00:00:00"', " 2024-05-10 00:00:00 ",
]  # fmt: skip


@pytest.mark.parametrize("time", TIMES)
def test_times_of_spreadsheets_and_databases_are_asked_once_a_minute(
    time: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    helped, alone = both({"fields": {"time": "ts", "input_tokens": "in"}}, system="bot")
    lines = Lines(f"{time},7\n{time},8.0\n".encode(), "t.csv", 2, b"ts,in")
    alone.add(lines)
    left: list[bytes] = []
    monkeypatch.setattr(Ingest, "_count_rows", lambda _, *given: left.append(given[0]))
    helped.add(lines)

    assert left == []
    assert outcome(helped.drain()) == outcome(alone.drain())


def test_rows_of_exports_count_where_names_decide_what_they_are() -> None:
    header = b"start_time,end_time,num_model_requests,model,input_tokens,output_tokens,batch,service_tier"
    rows = [
        b"1773129600,1773129660,3,gpt-4o,70,7,false,default", b"1773129600,1773129660,2,gpt-4o,5,5,true,",
        b"1773129660,1773129720,,,,,,",
    ]  # fmt: skip
    made = config(format={"type": "openai-usage"}, system="bot")
    helped, alone = ingest(made), ingest(made, compiled=False)
    for one in (helped, alone):
        one.add(Lines(b"\n".join([*rows, b""]), "t.csv", 2, header))
    counted = helped.drain()

    assert helped.takes_views
    assert counted.tallies == {Result.COUNTED: 2, Result.NOT_A_CALL: 1}
    assert {tier.tier for tier in counted.tiers} == {"batch"}
    assert outcome(counted) == outcome(alone.drain())


def test_the_columns_are_those_of_the_header_above() -> None:
    helped, alone = both({"fields": {"time": "ts", "input_tokens": "in"}}, system="bot")
    for one in (helped, alone):
        one.add(Lines(b"2026-03-10T08:00:00,7,1\n", "t.csv", 2, b"ts,in,out"))
        one.add(Lines(b"2,2026-03-10T08:00:00,8\n", "t.csv", 4, b"out,ts,in"))
        one.add(Lines(b"2026-03-10T08:00:00,x\nin,ts\n8,2026-03-10T08:00:00\n", "t.csv", 6, b"ts,in"))

    assert outcome(helped.drain()) == outcome(alone.drain())


def _rows(number: int, odd: int) -> bytes:
    """Rows of two lines each, of which every so many is not plain."""
    return b"".join(
        b'%s,%d,"two\nlines"\n' % (b"10.03.2026" if odd and at % odd == 0 else b"2026-03-10 08:00:00", at)
        for at in range(number)
    )


@pytest.mark.parametrize("odd", [0, 7, 50])
def test_the_same_rows_are_known_of_a_long_table(monkeypatch: pytest.MonkeyPatch, odd: int) -> None:
    monkeypatch.setattr(known_records, "MOST", 100)
    monkeypatch.setattr(known_records, "SAMPLE", 8)
    helped, alone = both({"fields": {"time": "ts", "input_tokens": "in"}}, system="bot")

    assert counted(helped, _rows(150, odd), b"ts,in,said") == counted(alone, _rows(150, odd), b"ts,in,said")


def test_rows_that_are_mostly_odd_are_left_to_python_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    helped, alone = both({"fields": {"time": "ts", "input_tokens": "in"}}, system="bot")
    asked, rows = [0], Ingest._count_rows

    def counting(one: Ingest, data: bytes, header: bytes | None) -> Any:
        asked[0] += one is helped
        return rows(one, data, header)

    monkeypatch.setattr(Ingest, "_count_rows", counting)
    for one in (helped, alone):
        for at in range(4):
            one.add(Lines(_rows(1000, 2), "t.csv", 2 + 2000 * at, b"ts,in,said"))

    assert asked[0] < 50
    assert outcome(helped.drain()) == outcome(alone.drain())


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"only": {"why": "-"}}, (1, 0)),
        ({"only": {"why": {"prefix": "N"}}}, (2, 0)),
        ({"not": {"why": ["None", "-"]}}, (3, 0)),
        ({"only": {"why": {"present": True}}}, (1, 0)),
        ({"only": {"why": {"present": False}}}, (4, 0)),
        ({"fields": {"time": "ts", "status": {"path": "why", "error": ["none", "stop"]}}}, (3, 2)),
        (
            {"fields": {"time": "ts", "status": {"path": "why", "error": {"prefix": "n"}, "success": "stop"}}},
            (3, 2),
        ),
    ],
)
def test_what_the_settings_look_for_is_there_even_where_it_means_nothing_elsewhere(
    changes: dict[str, Any], expected: tuple[float, ...], *, compiled: bool
) -> None:
    settings = config(format={"type": "csv", "fields": {"time": "ts"}, **changes}, system="bot")
    rows = [f"2026-03-10T08:00:0{at}Z,{why}\n" for at, why in enumerate(("-", "None", "", "stop", "N/A"))]
    made = ingest(settings, compiled=compiled)
    made.add(Lines("".join(rows).encode(), "a.csv", 2, b"ts,why"))
    usage = made.drain().usage

    assert (sum(row.inferences for row in usage), sum(row.errors for row in usage)) == expected

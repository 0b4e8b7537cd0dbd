"""A log is looked at from its start to its end, and what cannot be read is refused with what was found."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import Operation, Result, UsageRow
from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.sniffing import reading
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.loading import loadable
from leverwatch.collectors.sniffing.reading import read_sample, spread
from leverwatch.collectors.sniffing.sniff import guess, refusal
from leverwatch.collectors.sniffing.tables import table_of
from leverwatch.collectors.sniffing.whole import by_day, doubts_of_whole, shortened


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("WHOLE_BYTES", 4000), ("START_BYTES", 1000), ("BLOCK_BYTES", 100), ("BLOCKS", 7)):
        monkeypatch.setattr(reading, name, number)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("packed", [False, True])
def test_a_sample_of_a_long_file_has_whole_lines_from_all_of_it(tmp_path: Path, packed: bool) -> None:
    text = b"".join(b"line %06d\n" % number for number in range(5000))
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(text) if packed else text)
    data, compression = read_sample(path)

    lines = data.decode().splitlines()
    assert compression == ("gzip" if packed else "plain")
    assert set(lines) <= set(text.decode().splitlines())
    assert (lines[0], lines[-1]) == ("line 000000", "line 004999")
    numbers = [int(line[5:]) for line in lines]
    assert numbers == sorted(numbers)
    assert all(any(low <= number < low + 1250 for number in numbers) for low in range(0, 5000, 1250))
    assert len(data) < 12_000


@pytest.mark.usefixtures("small_blocks")
def test_of_json_over_several_lines_no_piece_from_the_middle_is_taken(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(json.dumps([{"a": number} for number in range(2000)], indent=1))

    assert read_sample(tmp_path / "log")[0] == (tmp_path / "log").read_bytes()[:4000]


def test_keys_that_are_values_are_no_fields_but_lead_to_records() -> None:
    records = [
        {"ts": "2026-03-10T08:00:00Z", "model": "m", "usage": {f"u{n}": {"input_tokens": n}}} for n in range(400)
    ]
    found = guess(lines(*records), "plain")

    assert found is not None
    assert found.settings == {
        "type": "jsonl",
        "records": "usage.*",
        "fields": {"time": "ts", "model": "model", "input_tokens": "usage.*.input_tokens"},
    }
    assert found.fields is not None
    assert any("may be the sum of several" in note for note in found.fields.notes)


def test_a_short_file_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"a\nb")

    assert read_sample(tmp_path / "log") == (b"a\nb", "plain")


def test_of_many_records_the_first_and_the_last_are_taken_in_runs() -> None:
    chosen = spread(range(100_000), 2000)

    assert len(chosen) <= 2000
    assert (chosen[0], chosen[1], chosen[-1]) == (0, 1, 99_999)
    assert spread(range(5), 2000) == list(range(5))


def lines(*records: Any) -> bytes:
    return "".join(f"{it if isinstance(it, str) else json.dumps(it)}\n" for it in records).encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lines({"ts": "2026-03-10T08:00:00Z", "text": "canary"}), "time found in ts; no model, no tokens"),
        (lines({"name": "a", "calls": [{"in_tokens": 1, "out_tokens": 2}] * 3}),
         "calls has 3 items with tokens in 1 records, which `records: calls` would make calls"),
        (lines({"llm": "gpt-9", "usage": {"prompt_tokens": 3}}),
         "model found in llm; tokens found in usage.prompt_tokens; no time"),
        (lines("2026-03-10T08:00:00Z,gpt-9,12", "2026-03-10T09:00:00Z,gpt-9,15"), "the first line is no header"),
        (lines("date,calls", "2026-03-10,7"), "time found in date; no model, no tokens"),
        (b"hello\n", "no records of JSON, no table, and no lines of text that have a time"),
        (b"at: 2026-03-10 08:00:01\npath: /home\ncode: 12\n\n" * 9, "nor blocks of lines that begin alike"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_was_found_and_what_is_missing(data: bytes, words: str) -> None:
    assert guess(data, "plain") is None
    assert words in refusal(data)
    assert "canary" not in refusal(data)


def test_the_text_before_a_record_gives_its_time() -> None:
    data = lines(*(f'2026-03-10 08:00:0{n},125 INFO llm {{"model": "m", "prompt_tokens": {n}}}' for n in range(3)))
    found = guess(data, "plain")

    assert found is not None
    assert found.settings == {
        "type": "jsonl",
        "fields": {"time": "time", "model": "model", "input_tokens": "prompt_tokens"},
        "wrap": "prefix",
    }


def test_lines_of_more_columns_than_the_header_are_said() -> None:
    table = ["at,model,in_tokens", *(["2026-03-10T08:00:00Z,m,3", "2026-03-10T08:00:00Z,m,3,x"] * 4)]
    found = guess(lines(*table), "plain")

    assert found is not None
    assert found.fields is not None
    assert (
        "4 of 8 lines have not the 3 columns of the header, from line 3 of the sample on some"
        in found.fields.notes
    )


@pytest.mark.parametrize("before", [[], ["sep=,"], ["# written by hand", "# and by others"]])
def test_columns_that_are_added_at_the_end_get_names_and_what_stands_before_a_header_is_passed_over(
    before: list[str],
) -> None:
    found = table_of([*before, "at,model", "1,a", "2,b", "3,c,x", "4,d,y"])

    assert found is not None
    assert found.columns == ("at", "model", "column3")
    assert [record["at",] for record in found.records] == ["1", "2", "3", "4"]
    assert found.notes[0].startswith("columns: from line 4 of the sample on rows have 3 values")


def test_a_value_in_quotes_may_have_line_breaks() -> None:
    found = table_of(["at,text,model", '1,"two', 'lines, and ""more""",a', "2,x,b"])

    assert found is not None
    assert [record["model",] for record in found.records] == ["a", "b"]
    assert found.notes == ()


def test_what_the_configuration_does_not_take_is_left_out_and_said() -> None:
    fields = {"time": "ts", "model": "m", "cost_usd": {"path": "c", "zzz": 1}}
    found = loadable(FieldGuess(fields, {}, (), ()), {"type": "jsonl"})

    assert found is not None
    assert found.fields == {"time": "ts", "model": "m"}
    assert found.notes == ("cost_usd: not mapped, as the configuration does not take what was found",)
    assert loadable(FieldGuess({"time": {"path": "c", "zzz": 1}}, {}, (), ()), {"type": "jsonl"}) is None


def row(day: int, model: str, **more: float) -> UsageRow:
    return UsageRow(system="s", model=model, operation=Operation.GENERATION, day=date(2026, 3, day), **more)


def test_what_would_be_counted_is_told_by_day_and_model() -> None:
    usage = [
        row(2, "b", inferences=3, input_tokens=30, unknown_output=3, unpriced=3),
        row(1, "a", inferences=2, input_tokens=5, output_tokens=4, cost_usd=0.5, errors=1),
        row(2, "b", inferences=1, input_tokens=1, unknown_output=1, unpriced=1),
    ]
    first, second = by_day(usage)

    assert (first.day, first.model, first.inferences, first.errors, first.cost_usd) == (
        "2026-03-01",
        "a",
        2,
        1,
        0.5,
    )
    assert (second.inferences, second.input_tokens, second.output_tokens) == (4, 31, None)
    some, last, between = shortened([first] * 30)
    assert (len(some), len(last), between) == (7, 7, 16)


def test_what_a_map_made_nothing_of_is_said_of_the_whole_file() -> None:
    tallies = Counter({Result.COUNTED: 7, Result.BAD_TIME: 2, Result.DUPLICATE: 1})
    usage = [row(1, "a", inferences=5, input_tokens=9, unknown_input=2), row(1, "unknown", inferences=1)]

    assert doubts_of_whole(tallies, usage, {"cost_usd": 3}) == (
        "refused: 2 of 10 records are not counted: 2 bad_time",
        "cost_usd: 3 values cannot be read and stay unknown",
        "input_tokens: unknown for 2 of 6 inferences of the whole file",
        "model: unknown for 1 of 6 calls of the whole file",
        "request_id: 1 records say the same as an earlier one with their id, and do not count again",
    )
    assert doubts_of_whole({Result.COUNTED: 7}, usage[:0], {}) == ()


COPIED = "".join(f"{n}\t2026-02-0{n + 1} 04:10:00\tm\t{n * 7 + 3}\t{n + 1}\n" for n in range(8))


@pytest.mark.parametrize(
    "dump",
    [
        "-- a dump\nCREATE TABLE `uses` (`at` datetime);\n",
        "INSERT INTO uses VALUES ('2026-02-01 04:10:00','canary',31,4);\n" * 5,
        "insert into uses (at, model)\nvalues\n ('2026-02-01', 'canary'),\n ('2026-02-02', 'canary');\n",
        f"COPY public.uses (id, at, model, input_tokens, output_tokens) FROM stdin;\n{COPIED}\\.\n",
    ],
)  # fmt: skip
def test_a_dump_of_a_database_is_refused_with_what_to_do(dump: str) -> None:
    said = refusal(dump.encode())

    assert guess(dump.encode(), "plain") is None
    assert "export the rows of the table as CSV with a header, or as JSON lines" in said
    assert "a source of type sql" in said
    assert "canary" not in said


def exchanges(*, joined: bool) -> str:
    """Requests that name the model, and responses with tokens: with the same ids, or with ids of their own."""
    lines = []
    for n in range(20):
        call = {"call_id": f"c{n}", "time": f"2026-02-03T11:{n:02}:00Z"}
        back = call if joined else {**call, "call_id": f"d{n * 7919 % 97}"}
        lines.append({**call, "way": "out", "request": {"model": "m-9"}})
        lines.append({**back, "way": "back", "used": {"tokens_in": 50 + n * 7 % 31, "tokens_out": 9 + n}})
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def test_a_model_that_only_the_request_names_is_joined_by_the_id() -> None:
    found = guess(exchanges(joined=True).encode(), "plain")
    assert found is not None
    assert found.fields is not None

    assert found.fields.repeats is Repeats.VERSIONS
    assert found.fields.fields["model"] == "request.model"
    assert not found.fields.only


def test_a_model_that_only_the_request_names_needs_a_join_and_that_is_said() -> None:
    found = guess(exchanges(joined=False).encode(), "plain")
    assert found is not None
    assert found.fields is not None
    (note,) = (note for note in found.fields.notes if note.startswith("model:"))

    assert "only records that are left out name one, in request.model" in note
    assert "No id joins them" in note

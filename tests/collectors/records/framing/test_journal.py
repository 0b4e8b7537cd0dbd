"""Entries of systemd's journal, as journalctl exports them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.fields import FIELDS
from leverwatch.collectors.records.format_config import JsonlFormat
from leverwatch.collectors.records.formats.interface import Parsed
from leverwatch.collectors.records.framing.journal import Journal, journal_fields
from tests.collectors.records.framing.chunks import cut, records

MICROSECONDS = 1773129600000000


def entry(message: Any, **more: Any) -> bytes:
    values = {
        "__CURSOR": "s=1f;i=3",
        "__REALTIME_TIMESTAMP": str(MICROSECONDS),
        "_SYSTEMD_UNIT": "chat.service",
        "_STREAM_ID": "a1",
        "MESSAGE": message,
        **more,
    }
    return json.dumps(values).encode() + b"\n"


def read(data: bytes, *template: str, wrap: Any = "journald", **fields: str) -> Parsed:
    settings = JsonlFormat.model_validate({"type": "jsonl", "wrap": wrap, "fields": {"time": "ts", **fields}})
    return build_format(settings, template).parse(data, None)


def test_an_entry_gives_the_text_its_time_and_what_the_journal_knows() -> None:
    parsed = read(entry('{"model":"m"}'), "journal.unit", r"journal._SYSTEMD_UNIT", request_id="journal.__CURSOR")

    (row,) = parsed.rows
    assert row[FIELDS.index("time")] == str(MICROSECONDS)
    assert row[FIELDS.index("request_id")] == "s=1f;i=3"
    assert row[len(FIELDS) :] == ("chat", "chat.service")


def test_the_service_of_a_user_is_named_by_its_own_unit() -> None:
    data = entry("{}", _SYSTEMD_UNIT="user@1000.service", _SYSTEMD_USER_UNIT="notes.service")

    assert read(data, "journal.unit").rows[0][-1] == "notes"


def test_a_record_cannot_say_that_it_is_of_another_service() -> None:
    for text in ('{"journal":{"unit":"other"}}', '{"journal":7}', '{"journal":{"unit":"other"} , "x":{}}  '):
        assert read(entry(text), "journal.unit").rows[0][-1] == "chat"


@pytest.mark.parametrize(
    ("message", "result"),
    [
        ([0x7B, 0x7D], "counted"),
        ("Started chat.service.", "ignored"),
        ("", "ignored"),
        (None, Result.INVALID_LINE),
        (["one", "two"], Result.INVALID_LINE),
        ([300], Result.INVALID_LINE),
        ('{"ts":', Result.INVALID_LINE),
    ],
)
def test_what_becomes_of_a_message(message: object, result: object) -> None:
    parsed = read(entry(message), "journal.unit")

    found = [*["counted"] * len(parsed.rows), *["ignored"] * parsed.ignored, *(it[1] for it in parsed.refused)]
    assert found == [result]


def test_what_no_journalctl_wrote_is_refused() -> None:
    refused = read(b'-- No entries --\n"x"\n[1]\n' + entry("{}"), "journal.unit").refused

    assert [(line, result) for line, result, _ in refused] == [(at, Result.INVALID_LINE) for at in range(3)]


def test_text_around_records_can_be_removed_by_another_wrapper() -> None:
    parsed = read(entry('INFO {"model":"m"}') + entry("no record"), "journal.unit", wrap=["journald", "prefix"])

    assert [row[-1] for row in parsed.rows] == ["chat"]
    assert parsed.ignored == 1


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.text(max_size=30), st.integers(1, 4)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.data(),
)
def test_lines_that_journald_split_are_joined_whatever_comes_between(
    said: list[tuple[str, str, int]], random: Any, data: st.DataObject
) -> None:
    streams: dict[str, list[bytes]] = {}
    for stream, text, parts in said:
        record = json.dumps({"text": text}, ensure_ascii=False).encode()
        cuts = sorted(random.randrange(1, len(record)) for _ in range(parts - 1))
        pieces = [record[start:end] for start, end in zip([0, *cuts], [*cuts, len(record)], strict=True)]
        for at, piece in enumerate(pieces):
            more = {"_LINE_BREAK": "line-max"} if at + 1 < len(pieces) else {}
            streams.setdefault(stream, []).append(entry(list(piece), _STREAM_ID=stream, **more))
    lines: list[bytes] = []
    while any(streams.values()):
        lines.append(streams[random.choice([name for name, rest in streams.items() if rest])].pop(0))

    whole = b"".join(lines)
    places = data.draw(st.lists(st.integers(0, len(whole)), max_size=5))
    units, _, refused, _ = records(Journal(("unit",)), cut(whole, sorted(places)))

    wanted = [{"text": text, "journal": {"unit": "chat"}} for _, text, _ in said]
    assert refused == 0
    assert sorted(map(str, map(json.loads, units))) == sorted(map(str, wanted))


def test_a_line_of_exactly_the_longest_length_is_not_joined_with_the_next_one() -> None:
    data = entry('{"n":1}', _LINE_BREAK="line-max") + entry('{"n":2}')

    assert read(data, "n").rows == read(entry('{"n":1}') + entry('{"n":2}'), "n").rows
    assert Journal().complete(entry('{"n":1}', _LINE_BREAK="line-max"), final=False) > 0


def test_only_fields_that_are_asked_for_are_put_into_records() -> None:
    assert journal_fields(["app", "journal._COMM", r"journal\.x", "journal._COMM", "journal"]) == ("_COMM",)
    assert Journal().split(entry('{"a":1}')).units == [b'{"a":1}']

"""What is remembered of a document is the same whoever counted its records."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leverwatch.collectors.aggregation import _native, known_records, noted_lines
from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.known_records import KnownRecords, StoredRecords
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.interface import Result
from tests.collectors.aggregation.test_native_declared import expected, told
from tests.collectors.sources.files.logs import config, ingest

ARN = "arn:aws:sts::1:assumed-role"


def call(number: int, **changes: Any) -> bytes:
    """A line of Bedrock's log."""
    values = {
        "schemaType": "ModelInvocationLog", "timestamp": "2026-03-10T08:00:00Z", "requestId": f"r{number}",
        "operation": "Converse", "modelId": "anthropic.claude", "identity": {"arn": f"{ARN}/bot/i-{number}"},
        "input": {"inputTokenCount": 10 + number},
        "output": {"outputTokenCount": 5, "outputBodyJson": {"stopReason": "end_turn", "usage": {}}},
    }  # fmt: skip
    return json.dumps(values | changes).encode() + b"\n"


CALLS = [
    call(0),
    call(1),
    call(2, output={"outputBodyJson": None}),  # is left to Python
    call(1),  # was seen
    call(3, operation="CountTokens"),  # is none
    call(4, modelId=None),
    call(5, timestamp="some day"),
    *map(call, range(6, 30)),
    call(30, schemaType="Other"),
    call(31),
]


def counted(*chunks: list[bytes], compiled: bool) -> tuple[Ingest, StoredRecords]:
    made = ingest(config(format={"type": "bedrock"}, system="{identity}"), compiled=compiled)
    made.known = KnownRecords()
    line = 1
    for chunk in chunks:
        made.add(Lines(b"".join(chunk), "calls.jsonl", line))
        line += len(chunk)
    return made, made.known.stored()


@pytest.mark.parametrize(("most", "short"), [(5000, 600), (20, 600), (20, 0)])
@pytest.mark.parametrize("cut", [1, 3, 7, len(CALLS)])
def test_the_same_records_are_known_with_and_without_the_helper(
    monkeypatch: pytest.MonkeyPatch, most: int, short: int, cut: int
) -> None:
    monkeypatch.setattr(known_records, "MOST", most)
    monkeypatch.setattr(known_records, "SAMPLE", 8)
    monkeypatch.setattr(noted_lines, "_SHORT", short)
    chunks = CALLS[:cut], CALLS[cut:] or [call(99)]
    (helped, known), (alone, wanted) = (counted(*chunks, compiled=it) for it in (True, False))
    assert known == wanted
    assert known.many is (most == 20)
    assert helped.drain().tallies == alone.drain().tallies


def test_few_records_of_a_long_document_are_read_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_records, "MOST", 100)
    monkeypatch.setattr(known_records, "SAMPLE", 10)
    made = ingest(config(format={"type": "bedrock"}, system="bot"))
    made.known = KnownRecords()
    parsed, parse = [0], made._format.parse

    def counting(data: bytes, header: bytes | None) -> Any:
        parsed[0] += data.count(b"\n")
        return parse(data, header)

    monkeypatch.setattr(made._format, "parse", counting)
    made.add(Lines(b"".join(map(call, range(500))), "calls.jsonl", 1))
    assert len(made.known.stored().own) == 80
    assert parsed == [10]


def test_a_rewritten_document_that_the_helper_counted_counts_only_what_is_new() -> None:
    made, _ = counted(CALLS[:3], compiled=True)
    assert made.known is not None
    made.known = made.known.next_version()
    made.drain()
    made.add(Lines(b"".join([*CALLS[:3], call(90)]), "calls.jsonl", 1))
    assert made.drain().tallies == {Result.COUNTED: 1, Result.DUPLICATE: 3}


@pytest.mark.parametrize(
    "arn",
    [
        f"{ARN}/a/session", f"{ARN}/a/b:c/d", f"{ARN}/a", f"{ARN}/a/", "arn:aws:iam::1:user/team/a", "a",
        "x:assumed-role/a/b:assumed-role/c/d", ":assumed-role/", f"{ARN}/a\\u002fb/c", "",
    ],
)  # fmt: skip
def test_the_session_of_a_role_is_no_part_of_its_name(arn: str) -> None:
    identity = {"arn": arn}
    lines = [
        call(0),
        call(1, identity=identity).replace(b"\\\\u", b"\\u"),
        call(2, identity={"arn": f"{ARN}/a/z"}),
    ]
    helped, alone = (counted(lines, compiled=it)[0].drain() for it in (True, False))
    assert told(helped) == expected(alone)


@pytest.mark.parametrize("before", [0, 1, 15, 16, 17, 40])
@pytest.mark.parametrize("behind", [0, 1, 30])
def test_a_text_is_found_wherever_it_is(before: int, behind: int) -> None:
    text = b'"a mark"'
    data = b'"a mar"' * 9
    assert _native.holds(data[:before] + text + data[:behind], text)
    assert not _native.holds(data[:before] + text[:-1] + b"'" + data[:behind], text)

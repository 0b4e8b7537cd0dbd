from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from typing import Any

import pytest

from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Operation, Result, UsageRow
from tests.collectors.sources.files.logs import config, count, csv_config, ingest, record, sums

UNKNOWN = {"unknown_input": 1, "unknown_cached": 1, "unknown_output": 1, "unpriced": 1, "unknown_latency": 1}
ONE = {"inferences": 1, "attempts": 1, **UNKNOWN}
FULL = {
    "model": "ignored",
    "response": {"model": "gpt-4o"},
    "usage": {"prompt_tokens": 70, "completion_tokens": 5, "details": {"cached": 40}},
    "cost": 0.25,
    "ms": 120,
}


def test_the_columns_of_a_cell_are_the_counts_of_a_usage_row() -> None:
    assert tuple(field.name for field in fields(UsageRow))[4:] == COLUMNS


def test_a_full_record_is_one_inference_with_everything_known() -> None:
    counted = count(record(**FULL))

    assert counted.usage == (
        UsageRow(
            "bot", "gpt-4o", Operation.GENERATION, date(2026, 3, 10), inferences=1, attempts=1, input_tokens=70,
            cached_input_tokens=40, output_tokens=5, cost_usd=0.25, latency_ms=120, costed_input_tokens=70,
            costed_cached_input_tokens=40, costed_output_tokens=5,
        ),
    )  # fmt: skip
    assert counted.tallies == {Result.COUNTED: 1}
    assert counted.days_seen == {date(2026, 3, 10)}
    assert counted.newest_record is not None
    assert counted.newest_record.hour == 8


def test_what_a_record_lacks_is_unknown_and_not_zero() -> None:
    (row,) = count(record()).usage

    assert row.model == "unknown"
    assert sums([row]) == ONE


def test_null_and_missing_are_the_same_on_every_level() -> None:
    lines = record(usage=None, response=None) + record(usage={"details": None}) + record(cost=None)

    assert sums(count(lines).usage) == {name: 3 * value for name, value in ONE.items()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"status": "failure"}, {"errors": 1, "attempts": 1}, id="an error is no inference"),
        pytest.param(
            {"status": 503, "cost": 0.5}, {"errors": 1, "attempts": 1, "cost_usd": 0.5}, id="errors may cost"
        ),
        pytest.param({"status": "200"}, ONE, id="an HTTP status as text"),
        pytest.param({"status": 499}, {"errors": 1, "attempts": 1}, id="a client that closed"),
        pytest.param({"status": True}, ONE, id="a boolean status"),
        pytest.param({"status": False}, {"errors": 1, "attempts": 1}, id="a false status"),
        pytest.param({"hit": True, **FULL}, {"cache_hits": 1}, id="a gateway cache hit replays tokens"),
        pytest.param({"hit": "True"}, {"cache_hits": 1}, id="a cache hit as text"),
        pytest.param({"hit": "None"}, ONE, id="no cache hit as text"),
        pytest.param(
            {"hit": True, "status": "error"}, {"errors": 1, "attempts": 1}, id="a failed hit is an error"
        ),
        pytest.param({"tries": 3}, {**ONE, "attempts": 3}, id="attempts beside one inference"),
        pytest.param({"usage": {"prompt_tokens": "7"}}, {**ONE, "input_tokens": 7, "unknown_input": 0}, id="text"),
        pytest.param(
            {"usage": {"prompt_tokens": 7.0}}, {**ONE, "input_tokens": 7, "unknown_input": 0}, id="float"
        ),
        pytest.param(
            {"usage": {"prompt_tokens": 0}}, {**ONE, "unknown_input": 0}, id="a zero that is known is not unknown"
        ),
        pytest.param({"n": 0}, {}, id="a summed line of nothing"),
    ],
)
def test_a_record_counts_by_its_outcome(values: dict[str, Any], expected: dict[str, float]) -> None:
    counted = count(record(**values))

    assert sums(counted.usage) == {name: value for name, value in expected.items() if value}
    assert counted.tallies == {Result.COUNTED: 1}


def test_a_summed_line_stands_for_many_and_its_tokens_are_sums() -> None:
    counted = count(record(n=1000, usage={"prompt_tokens": 70_000}))

    expected = {name: 1000 * value for name, value in ONE.items() if name != "unknown_input"}
    assert sums(counted.usage) == {**expected, "input_tokens": 70_000}


def test_a_sampled_record_is_divided_by_its_rate() -> None:
    counted = count(record(rate=0.1, n=2, usage={"prompt_tokens": 70}, cost=0.5))

    totals = sums(counted.usage)
    assert (totals["inferences"], totals["input_tokens"], totals["cost_usd"]) == (20, 700, 5)
    assert totals["unknown_output"] == 20


SAMPLED = [
    # Rate, inferences, attempts, status; inferences, errors and attempts that they make.
    (0.25, None, 3, "success", (4, 0, 12)),
    (0.25, 2, 3, "success", (8, 0, 12)),
    (0.25, 2, None, "success", (8, 0, 8)),
    (0.5, None, 3, "error", (0, 2, 6)),
    (0.5, None, 0, "success", (2, 0, 0)),
    (0.5, 2, 3, "success", (4, 0, 6)),
]


@pytest.mark.parametrize(("rate", "number", "tries", "status", "expected"), SAMPLED)
def test_the_attempts_of_a_sampled_record_are_divided_by_its_rate_and_not_multiplied_by_its_calls(
    rate: float, number: int | None, tries: int | None, status: str, expected: tuple[float, ...]
) -> None:
    fields = {"time": "ts", "inferences": "n", "sample_rate": "rate", "attempts": "tries", "status": "status"}
    columns = csv_config(format={"type": "csv", "fields": fields})
    cells = (rate, number, tries, status)
    line = ",".join("" if cell is None else str(cell) for cell in ("2026-03-10", *cells)).encode() + b"\n"

    for counted in (
        count(record(rate=rate, n=number, tries=tries, status=status)),
        count(line, columns, b"ts,rate,n,tries,status"),
    ):
        (row,) = counted.usage
        assert (row.inferences, row.errors, row.attempts) == expected


@pytest.mark.parametrize(
    ("rate", "failed", "status", "expected"),
    [
        # Of a record: inferences, errors and attempts.
        (None, 2, "success", (1, 2, 3)),
        (None, None, "success", (1, 0, 3)),
        (0.5, 2, "success", (2, 4, 6)),
        (None, 2, "error", (0, 2, 3)),
        (None, None, "error", (0, 1, 3)),
        (None, 0, "error", (0, 0, 3)),
        (None, 2, "hit", (0, 0, 0)),
    ],
)
def test_a_record_may_tell_the_failed_attempts_beside_the_inference_that_it_is(
    rate: float | None, failed: int | None, status: str, expected: tuple[float, ...]
) -> None:
    fields = {"time": "ts", "sample_rate": "rate", "errors": "failed", "attempts": "tries", "status": "status"}
    fields["cache_hit"] = "hit"
    outcome = {"status": "success" if status == "hit" else status, "hit": status == "hit"}
    plain = {"ts": "2026-03-10T08:00:00Z", "failed": failed, "tries": 3, "rate": rate, **outcome}
    line = ",".join("" if cell is None else str(cell) for cell in plain.values()).encode() + b"\n"

    for counted in (
        count(
            json.dumps(plain).encode() + b"\n", config(format={"type": "jsonl", "fields": fields}, system="bot")
        ),
        count(
            line,
            csv_config(format={"type": "csv", "fields": fields}, system="bot"),
            b"ts,failed,tries,rate,status,hit",
        ),
    ):
        (row,) = counted.usage
        assert (row.inferences, row.errors, row.attempts) == expected


@pytest.mark.parametrize(
    ("line", "result", "detail"),
    [
        (b"{not json}\n", Result.INVALID_LINE, "not one JSON object"),
        (b'{"ts": 1}{"ts": 2}\n', Result.INVALID_LINE, "not one JSON object"),
        (b"[1]\n", Result.INVALID_LINE, "not one JSON object"),
        (b'{"app": "\xff"}\n', Result.INVALID_LINE, "not one JSON object"),
        (b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", Result.INVALID_LINE, "not one JSON object"),
        (b'{"app": "bot"}\n', Result.MISSING_FIELD, "no time"),
        (record(n=-1), Result.MISTYPED_FIELD, "n: expected"),
        (record(rate=0), Result.MISTYPED_FIELD, "rate: expected"),
        (record(rate=1.5), Result.MISTYPED_FIELD, "rate: expected"),
        (record(ts="yesterday"), Result.BAD_TIME, "not a time"),
        (record(ts=0), Result.BAD_TIME, "not a time"),
        (record(ts="2026-03-10T12:10:01Z"), Result.FUTURE, "later than the clock"),
        (record(op="teleport"), Result.UNKNOWN_OPERATION, "no known kind"),
        (record(status="maybe"), Result.UNKNOWN_STATUS, "neither"),
        (record(status=700), Result.UNKNOWN_STATUS, "neither"),
        (record(app=None), Result.UNATTRIBUTED, "names no system"),
        (record(app="x" * 300), Result.UNATTRIBUTED, "names no system"),
    ],
)
def test_a_bad_line_costs_only_itself_and_is_named(line: bytes, result: Result, detail: str) -> None:
    counted = count(record() + line + record())

    assert counted.tallies == {Result.COUNTED: 2, result: 1}
    assert sums(counted.usage)["inferences"] == 2
    (problem,) = counted.problems
    assert (problem.place, problem.reason) == ("app.jsonl:2", result)
    assert detail in problem.detail


def test_a_few_problems_of_each_reason_are_told_however_many_of_another_come_first() -> None:
    rare = record(ts="yesterday") + record(status="maybe")
    counted = count(record(app=None) * 40 + rare + record(op="teleport") * 40)

    told = [(problem.reason, problem.place) for problem in counted.problems]
    assert told == [
        *((Result.UNATTRIBUTED, f"app.jsonl:{number}") for number in range(1, 6)),
        (Result.BAD_TIME, "app.jsonl:41"),
        (Result.UNKNOWN_STATUS, "app.jsonl:42"),
        *((Result.UNKNOWN_OPERATION, f"app.jsonl:{number}") for number in range(43, 48)),
    ]


def test_a_record_just_within_the_drift_of_clocks_counts() -> None:
    assert count(record(ts="2026-03-10T12:10:00Z")).tallies == {Result.COUNTED: 1}


def test_blank_lines_a_byte_order_mark_and_a_hole_of_nuls_are_no_records() -> None:
    data = b"\xef\xbb\xbf" + record() + b"\n  \r\n" + b"\0" * 100 + record()[:-1] + b"\r\n"

    assert count(data).tallies == {Result.COUNTED: 2, Result.IGNORED: 2}


def test_no_problem_shows_a_value_of_the_record() -> None:
    canary = "canary-7f3a"
    lines = [
        record(status=canary), record(op=canary), record(ts=canary), record(n=canary), record(usage=canary),
        record(usage={"prompt_tokens": canary}), f"{{{canary}".encode() + b"\n", record(app=canary * 40),
    ]  # fmt: skip
    counted = count(b"".join(lines))

    assert {problem.place for problem in counted.problems} == {f"app.jsonl:{at + 1}" for at in range(len(lines))}
    assert canary not in repr(counted.problems)


def test_other_operations_are_counted_apart() -> None:
    rows = count(record(op="aembedding") + record(op="chat") + record(op="")).usage

    assert {row.operation: row.inferences for row in rows} == {Operation.EMBEDDING: 1, Operation.GENERATION: 2}


def test_days_are_utc_days_and_belong_to_every_readable_record() -> None:
    counted = count(
        record(ts="2026-03-08T23:59:59.999999Z")
        + record(ts="2026-03-09T01:30:00+02:00")
        + record(ts="2026-03-09T00:00:00Z", op="teleport")
    )

    assert {row.day: row.inferences for row in counted.usage} == {date(2026, 3, 8): 2}
    assert counted.days_seen == {date(2026, 3, 8), date(2026, 3, 9)}


class TestDuplicates:
    def test_the_same_request_counts_once_across_chunks(self) -> None:
        made = ingest()
        for _ in range(3):
            made.add(Lines(record(id="r1"), "app.jsonl", 1))
        counted = made.drain()

        assert counted.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 2}
        assert counted.problems == ()

    def test_a_failed_attempt_and_its_retry_may_share_an_id(self) -> None:
        counted = count(record(id="r1", status="error") + record(id="r1"))

        assert sums(counted.usage)["inferences"] == 1
        assert sums(counted.usage)["errors"] == 1

    def test_two_systems_may_share_an_id(self) -> None:
        assert count(record(id=1) + record(id=1, app="other")).tallies == {Result.COUNTED: 2}

    def test_an_id_that_is_none_is_no_id(self) -> None:
        lines = (record(id=None) + record(id="") + record(id="None")) * 2

        assert count(lines).tallies == {Result.COUNTED: 6}

    def test_an_id_counts_again_after_the_window(self) -> None:
        lines = record(id="r1", ts="2026-03-10T08:00:00Z") + record(id="r1", ts="2026-03-10T09:59:00Z")

        assert count(lines).tallies == {Result.COUNTED: 2}

    def test_a_window_of_zero_turns_it_off(self) -> None:
        assert count(record(id="r1") * 2, config(dedupe_window="0s")).tallies == {Result.COUNTED: 2}

    def test_an_id_is_known_after_a_restart(self) -> None:
        first = ingest()
        first.add(Lines(record(id="r1"), "app.jsonl", 1))
        state = {key: value for key, value in first.drain().state.items() if value is not None}
        second = ingest()
        second.load(state)
        second.add(Lines(record(id="r1"), "app.jsonl", 1))

        assert second.drain().tallies == {Result.DUPLICATE: 1}


class TestRetract:
    PARTIAL = record(id="r1", **FULL)[:-1]

    def test_add_and_retract_leave_no_usage_and_free_the_id(self) -> None:
        made = ingest()
        lines = Lines(self.PARTIAL, "app.jsonl", 5)
        made.add(lines)
        made.retract(lines)
        made.add(Lines(self.PARTIAL + b"\n", "app.jsonl", 5))

        assert sums(made.drain().usage)["inferences"] == 1

    def test_it_works_after_a_restart(self) -> None:
        first, lines = ingest(), Lines(self.PARTIAL, "app.jsonl", 5)
        first.add(lines)
        before = first.drain()
        second = ingest()
        second.load({key: value for key, value in before.state.items() if value is not None})
        second.retract(lines)
        after = second.drain()

        assert sums(before.usage + after.usage) == {}
        assert after.tallies == {}

    def test_a_line_that_was_not_counted_takes_nothing_back(self) -> None:
        made = ingest()
        made.add(Lines(record(id="r1", **FULL), "app.jsonl", 1))
        made.add(Lines(self.PARTIAL, "app.jsonl", 5))
        made.retract(Lines(self.PARTIAL, "app.jsonl", 5))
        counted = made.drain()

        assert sums(counted.usage)["inferences"] == 1
        assert counted.tallies == {Result.COUNTED: 1, Result.DUPLICATE: 1}


class TestCsv:
    HEADER = b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n"

    def test_columns_are_found_by_name(self) -> None:
        counted = count(b"2023-11-16 18:17:03.9799600,4808,10\r\n", csv_config(), self.HEADER)

        (row,) = counted.usage
        assert (row.system, row.day) == ("code", date(2023, 11, 16))
        assert (row.inferences, row.input_tokens, row.output_tokens) == (1, 4808, 10)

    @pytest.mark.parametrize(
        ("line", "result"),
        [
            (b"2023-11-16 18:17:03,4808\n", Result.INVALID_LINE),
            (b"2023-11-16 18:17:03,1,2,3\n", Result.INVALID_LINE),
            (b'2023-11-16 18:17:03,"1,2\n', Result.INVALID_LINE),
            (b"\xff,1,2\n", Result.INVALID_LINE),
            (b",1,2\n", Result.MISSING_FIELD),
            (b"later,1,2\n", Result.BAD_TIME),
        ],
    )
    def test_a_bad_line_costs_only_itself(self, line: bytes, result: Result) -> None:
        good = b"2023-11-16 18:17:03,1,2\n"
        counted = count(good + line + good, csv_config(), self.HEADER)

        assert counted.tallies == {Result.COUNTED: 2, result: 1}
        assert counted.problems[0].place == "app.jsonl:2"

    def test_an_empty_cell_is_unknown(self) -> None:
        totals = sums(count(b"2023-11-16,,2\n", csv_config(), self.HEADER).usage)

        assert (totals["unknown_input"], totals["output_tokens"]) == (1, 2)

    @pytest.mark.parametrize(
        ("header", "reason"),
        [
            (b"TIMESTAMP,ContextTokens\n", "no column GeneratedTokens"),
            (b"TIMESTAMP,ContextTokens,GeneratedTokens,TIMESTAMP\n", "column TIMESTAMP twice"),
            (b"\xff\n", "no header"),
        ],
    )
    def test_a_header_that_lacks_a_column_is_refused(self, header: bytes, reason: str) -> None:
        with pytest.raises(SourceRefused, match=rf"source gateway: a.csv:1: .*{reason}"):
            ingest(csv_config()).headers.check(header, "a.csv")

    def test_a_header_with_a_byte_order_mark_is_accepted(self) -> None:
        ingest(csv_config()).headers.check(b"\xef\xbb\xbf" + self.HEADER, "a.csv")

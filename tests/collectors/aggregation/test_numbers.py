"""Numbers of a record: each has its bound, on every path, and no sum stops being a number."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from leverwatch.collectors.aggregation.ingest import Counted
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.interface import MAX_AMOUNT, MAX_COUNT, MIN_RATE
from leverwatch.collectors.records.lenient import OPTIONAL
from tests.collectors.records.formats.reading import counted as named
from tests.collectors.sources.files.logs import FIELDS, config, ingest

MAPPED = {**FIELDS, "cache_write_tokens": "cw", "reasoning_tokens": "rt", "static_input_tokens": "st"}
COUNTS = ("input_tokens", "cached_input_tokens", "output_tokens", "cache_write_tokens", "reasoning_tokens",
          "static_input_tokens")  # fmt: skip
AMOUNTS = ("cost_usd", "latency_ms", "inferences", "attempts")
BOUNDS = [
    *((name, most, wrong) for name in COUNTS for most, wrong in [(MAX_COUNT, MAX_COUNT + 2), (0, -1)]),
    *((name, most, wrong) for name in AMOUNTS for most, wrong in [(MAX_AMOUNT, 1.1e15), (0.0, -0.1)]),
    ("sample_rate", MIN_RATE, MIN_RATE / 2),
    ("sample_rate", 1.0, 1.1),
]
HOSTILE = [
    -1,
    1e308,
    -1e308,
    5e-324,
    1e-300,
    10**400,
    2**64,
    "NaN",
    "inf",
    "-inf",
    "1e999",
    "9" * 5000,
    True,
    [],
    {},
]


def read(name: str, *values: object, compiled: bool, csv: bool = False) -> Counted:
    """One record for each value of a field."""
    fields = {"time": "ts", name: "x"}
    made = ingest(
        config(format={"type": "csv" if csv else "jsonl", "fields": fields}, system="b"), compiled=compiled
    )
    if csv:
        data = "".join(f"2026-03-10T08:00:00Z,{value}\n" for value in values)
    else:
        data = "".join(json.dumps({"ts": "2026-03-10T08:00:00Z", "x": value}) + "\n" for value in values)
    made.add(Lines(data.encode(), "a.log", 1, b"ts,x" if csv else None))
    return made.drain()


@pytest.mark.parametrize(("compiled", "csv"), [(True, False), (False, False), (False, True)])
@pytest.mark.parametrize(("name", "most", "wrong"), BOUNDS)
def test_the_bound_of_a_number_is_the_same_on_every_path(
    name: str, most: Any, wrong: Any, compiled: bool, csv: bool
) -> None:
    found = read(name, most, wrong, most, compiled=compiled, csv=csv)

    if name in OPTIONAL:
        assert (found.tallies, found.unreadable) == ({Result.COUNTED: 3}, {name: 1})
    else:
        assert (found.tallies, found.unreadable) == ({Result.COUNTED: 2, Result.MISTYPED_FIELD: 1}, {})
    assert [problem.place for problem in found.problems] == ["a.log:2"]


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", [*COUNTS, *AMOUNTS, "sample_rate"])
def test_a_number_of_any_kind_costs_its_record_alone_and_no_sum_overflows(name: str, compiled: bool) -> None:
    for value in HOSTILE:
        found = read(name, 1, value, 1, compiled=compiled)

        assert sum(found.tallies.values()) == 3
        assert found.tallies[Result.COUNTED] >= 2
        assert all(math.isfinite(getattr(row, column)) for row in found.usage for column in COLUMNS)


@pytest.mark.parametrize("compiled", [True, False])
def test_the_largest_numbers_of_all_fields_at_once_add_up_to_a_number(compiled: bool) -> None:
    usage = {"prompt_tokens": MAX_COUNT, "completion_tokens": MAX_COUNT, "details": {"cached": MAX_COUNT}}
    record = {
        "ts": "2026-03-10T08:00:00Z", "app": "bot", "rate": MIN_RATE, "trace": "t", "usage": usage,
        **dict.fromkeys(("n", "cost", "ms", "tries"), MAX_AMOUNT), **dict.fromkeys(("cw", "rt", "st"), MAX_COUNT),
    }  # fmt: skip
    made = ingest(config(format={"type": "jsonl", "fields": MAPPED}), compiled=compiled)
    made.add(Lines((json.dumps(record).encode() + b"\n") * 1000, "a.log", 1))
    (row,) = made.drain().usage

    assert row.inferences == pytest.approx(1e24)
    # Both parts of the input together are more than it: it holds them too.
    assert row.input_tokens == pytest.approx(3 * 1000 * MAX_COUNT / MIN_RATE)
    assert all(math.isfinite(getattr(row, column)) for column in COLUMNS)


def test_a_trace_state_that_claims_hardly_any_sampling_refuses_its_span() -> None:
    def span(state: str, number: int) -> dict[str, Any]:
        return {
            "traceId": "a" * 32, "spanId": f"{number:016x}", "name": "x", "traceState": state,
            "startTimeUnixNano": "1773129600000000000",
            "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                           {"key": "gen_ai.request.model", "value": {"stringValue": "m"}}],
        }  # fmt: skip

    spans = [span(state, number) for number, state in enumerate(("ot=th:8", "ot=th:ffffffffffffff"))]
    found = named("otlp", {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})

    assert found.tallies == {Result.COUNTED: 1, Result.MISTYPED_FIELD: 1}
    assert [row.inferences for row in found.usage] == [2]


@pytest.mark.parametrize("compiled", [True, False])
def test_lines_too_short_to_be_records_count_as_they_would_one_by_one(compiled: bool) -> None:
    good = json.dumps({"ts": "2026-03-10T08:00:00Z", "app": "bot"}).encode() + b"\n"
    blank = b"".join(b"\n" * 100 + b" \r\n" * 50 + b"{}\n" for _ in range(1000))
    made = ingest(compiled=compiled)
    made.add(Lines(b"\n" * 200 + good + b"\n" * 70_000 + blank + good + b"x\n" + b"\n" * 300 + b"\t", "a.log", 11))
    found = made.drain()

    blanks = 200 + 70_000 + 150 * 1000 + 300 + 1
    assert found.tallies == {
        Result.COUNTED: 2, Result.IGNORED: blanks, Result.MISSING_FIELD: 1000, Result.INVALID_LINE: 1,
    }  # fmt: skip
    assert found.read == sum(found.tallies.values())
    assert found.problems[0].place == f"a.log:{11 + 200 + 1 + 70_000 + 150}"


@pytest.mark.parametrize("wrap", ["docker", "cri"])
def test_blank_lines_of_a_container_log_are_ignored_each(wrap: str) -> None:
    made = ingest(config(format={"type": "openai", "wrap": wrap}, system="bot"))
    made.add(Lines(b"\n" * 500 + b"\r\n", "a.log", 1))

    assert made.drain().tallies == {Result.IGNORED: 501}


@pytest.mark.parametrize(("compiled", "csv"), [(True, False), (False, False), (False, True)])
@pytest.mark.parametrize("name", [*COUNTS, "inferences", "attempts", "errors"])
def test_a_fraction_of_a_call_or_of_a_token_is_no_count_on_any_path(name: str, compiled: bool, csv: bool) -> None:
    found = read(name, 8, 8.954, 8.0, "8", "8.5", 0.5, compiled=compiled, csv=csv)

    if name in OPTIONAL:
        assert (found.tallies, found.unreadable) == ({Result.COUNTED: 6}, {name: 3})
    else:
        assert (found.tallies, found.unreadable) == ({Result.COUNTED: 3, Result.MISTYPED_FIELD: 3}, {})
    assert [problem.place for problem in found.problems] == [f"a.log:{line}" for line in (2, 5, 6)]
    (row,) = found.usage
    column = {"static_input_tokens": "static_tokens"}.get(name, name)
    assert getattr(row, column) == 24


@pytest.mark.parametrize(("compiled", "csv"), [(True, False), (False, False), (False, True)])
def test_a_sample_may_stand_for_a_fraction_of_a_call_as_its_rate_says_so(compiled: bool, csv: bool) -> None:
    (row,) = read("sample_rate", 0.3, 0.7, compiled=compiled, csv=csv).usage

    assert row.inferences == pytest.approx(1 / 0.3 + 1 / 0.7)

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.daily.sums import Group, added_up
from leverwatch.collectors.interface import Operation, Result
from leverwatch.collectors.records.fields import parse_template, system_lookup

DAY = date(2026, 3, 1)
FIELDS = ("inferences", "model", "operation", "status", "input_tokens", "output_tokens", "cost_usd", "tier")


def group(day: date = DAY, system: object = "bot", size: int = 0, **values: Any) -> Group:
    return Group(day, values, (system,), size)


def sums(*groups: Group) -> Any:
    return added_up(groups, FIELDS, lambda values: str(values[0]) if values[0] else None)


def row(found: Any) -> Mapping[str, float]:
    (only,) = found.usage
    return {name: getattr(only, name) for name in ("inferences", "errors", "input_tokens", "unknown_input")}


def test_groups_of_one_day_and_system_are_one_row() -> None:
    found = sums(
        group(inferences=10, model="m", input_tokens=500),
        group(inferences=3, model="m"),
        group(inferences=2, model="m", status="error"),
    )

    assert row(found) == {"inferences": 13, "errors": 2, "input_tokens": 500, "unknown_input": 3}
    assert found.tallies == {Result.COUNTED: 3}


def test_days_systems_models_and_operations_are_told_apart() -> None:
    found = sums(
        group(inferences=1, model="a"),
        group(inferences=2, model="b"),
        group(inferences=3, model="a", operation="embedding"),
        group(inferences=4, model="a", system="other"),
        group(date(2026, 3, 2), inferences=5, model="a"),
    )

    assert {(it.system, it.model, it.operation, it.day.day, it.inferences) for it in found.usage} == {
        ("bot", "a", Operation.GENERATION, 1, 1),
        ("bot", "b", Operation.GENERATION, 1, 2),
        ("bot", "a", Operation.EMBEDDING, 1, 3),
        ("other", "a", Operation.GENERATION, 1, 4),
        ("bot", "a", Operation.GENERATION, 2, 5),
    }


def test_a_group_that_cannot_be_counted_is_tallied_and_said_without_its_value() -> None:
    found = sums(
        group(inferences=1_200, model="a", status="weird-word"),
        group(inferences=34, model="b", status="other-word"),
        group(inferences=1, model="a", operation="weird-word"),
        group(inferences=1, model="a", system=None),
        group(inferences=1, model="a"),
    )

    assert found.tallies == {
        Result.UNKNOWN_STATUS: 2, Result.UNKNOWN_OPERATION: 1, Result.UNATTRIBUTED: 1, Result.COUNTED: 1,
    }  # fmt: skip
    assert "weird-word" not in repr(found.problems)
    assert len(found.problems) == 3
    assert ("unknown_status", "neither a success nor an error: 1,234 calls") in found.problems
    assert ("unattributed", "names no system: 1 call") in found.problems


def test_the_tokens_of_another_tier_and_of_long_inputs_are_told_apart() -> None:
    found = sums(
        group(inferences=10, model="m", input_tokens=1000, output_tokens=10, tier="batch"),
        group(inferences=1, model="m", input_tokens=300_000, output_tokens=5, size=5),
        group(inferences=5, model="m", input_tokens=500, output_tokens=5),
    )

    assert {(it.tier, it.inferences, it.input_tokens) for it in found.tiers} == {
        ("batch", 10, 1000), (">200000", 1, 300_000),
    }  # fmt: skip
    assert row(found)["input_tokens"] == 301_500


@given(st.lists(st.tuples(st.integers(1, 50), st.one_of(st.none(), st.integers(0, 500)), st.booleans())))
def test_no_call_and_no_token_is_lost(calls: list[tuple[int, int | None, bool]]) -> None:
    found = sums(
        *(
            group(
                inferences=number,
                model="m",
                status="ok" if good else "error",
                input_tokens=tokens,
            )
            for number, tokens, good in calls
        )
    )

    assert sum(it.inferences + it.errors for it in found.usage) == sum(number for number, _, _ in calls)
    assert sum(it.input_tokens for it in found.usage) == sum(tokens or 0 for _, tokens, good in calls if good)
    assert sum(it.unknown_input for it in found.usage) == sum(
        number for number, tokens, good in calls if good and tokens is None
    )


def test_calls_without_a_system_are_told_by_their_values() -> None:
    lookup = system_lookup(parse_template("{team}"))
    groups = [
        Group(DAY, {"inferences": 5, "model": "a"}, ("ads",)),
        Group(DAY, {"inferences": 7, "model": "a"}, (None,)),
        Group(DAY, {"inferences": 2, "model": "b"}, (None,)),
        Group(DAY, {"inferences": 1, "model": "b"}, ("x" * 300,)),
    ]

    found = added_up(groups, FIELDS, lookup)

    assert found.unattributed["team: (none)"] == 9
    assert sum(found.unattributed.values()) == found.calls[Result.UNATTRIBUTED] == 10
    assert found.problems == (("unattributed", "names no system: 10 calls"),)


def test_what_is_no_sum_is_unknown_and_what_is_no_number_of_calls_is_refused() -> None:
    found = sums(
        group(inferences=10, model="m", input_tokens=-5, output_tokens=7),
        group(inferences=3, model="m", input_tokens=float("nan")),
        group(inferences=2, model={"a": 1}, input_tokens=4),
        *(group(inferences=odd, model="m") for odd in (float("nan"), float("inf"), -1, 1e30)),
    )

    amounts = {row.model: (row.inferences, row.input_tokens, row.unknown_input) for row in found.usage}
    assert amounts == {"m": (13, 0, 13), "unknown": (2, 4, 0)}
    assert found.tallies[Result.MISTYPED_FIELD] == 4
    assert [detail for _, detail in found.problems] == [
        "input_tokens: negative or no number, and so unknown: 13 calls",
        "model: no text, and so unknown: 2 calls",
        "inferences: 4 sums are no number of calls",
    ]


def test_names_that_are_equal_and_written_otherwise_are_not_taken_for_each_other() -> None:
    found = sums(
        group(inferences=1, model="m", status=True),
        group(inferences=2, model="m", status=False),
        group(inferences=4, model="m", status=0),
        group(inferences=8, model="m", status=200),
        group(inferences=16, model="m", status=200.0),
        group(inferences=32, model="m", system=1),
        group(inferences=64, model="m", system=1.0),
        group(inferences=128, model="m", system=True),
    )

    assert {(it.system, it.inferences, it.errors) for it in found.usage} == {
        ("bot", 9, 2), ("1", 32, 0), ("1.0", 64, 0), ("True", 128, 0),
    }  # fmt: skip
    assert found.calls[Result.UNKNOWN_STATUS] == 4 + 16


def test_a_name_that_is_no_key_is_looked_at_each_time() -> None:
    found = sums(group(inferences=1, model="m", system=["a"]), group(inferences=2, model="m", system=["a"]))

    assert [it.inferences for it in found.usage] == [3]

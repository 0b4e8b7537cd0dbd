"""With and without the compiled helper everything comes to the same, in every digit."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from math import fsum
from types import ModuleType
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent import framework
from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.daily_usage import (
    SUMMED,
    DailyUsage,
    pick,
    prompt_moments,
    recent_uses,
    traffic_of,
)
from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.assess import assess_economics
from leverwatch.agent.framework.economics.model import EconomicsFacts
from leverwatch.agent.framework.forecast.forecast import forecast
from leverwatch.agent.framework.forecast.model import Direction, Target
from leverwatch.agent.framework.model import Boundary, Strategy
from leverwatch.agent.framework.volume import volume_state
from tests.agent.framework.economics.test_properties import FACTS
from tests.agent.framework.facts import AS_OF, SMALL, ago

T = TypeVar("T")
FEW = settings(max_examples=30)
COUNTS = st.one_of(st.floats(0, 2e6), st.integers(0, 2_000_000).map(float), st.sampled_from([0.0, 16_000.0, 1e-9]))


@contextmanager
def without_helper() -> Iterator[None]:
    native, compiled.native = compiled.native, None
    try:
        yield
    finally:
        compiled.native = native


def in_python(work: Callable[[], T]) -> T:
    with without_helper():
        return work()


def outcome(work: Callable[[], object]) -> object:
    """What a function returns, or the kind of its error."""
    try:
        return work()
    except ArithmeticError as error:
        return type(error)


def a_range(*ends: float) -> Amount:
    low, likely, high = sorted(ends)
    return Amount(low, likely, high, Origin.CONFIGURED)


def test_the_helper_is_built_where_the_tests_run() -> None:
    assert compiled.native is not None
    assert in_python(lambda: compiled.native) is None


@pytest.mark.parametrize("version", [0, None])
def test_a_helper_of_another_version_is_not_used(version: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ModuleType("leverwatch.agent.framework._native")
    other.__dict__.update({} if version is None else {"VERSION": version})
    monkeypatch.setitem(sys.modules, other.__name__, other)
    monkeypatch.setattr(framework, "_native", other, raising=False)
    assert importlib.reload(compiled).native is None
    monkeypatch.undo()
    assert importlib.reload(compiled).native is not None


@FEW
@given(
    FACTS,
    st.sampled_from([None, *Strategy]),
    st.sampled_from([None, *Strategy]),
    st.dictionaries(
        st.sampled_from(["tuned_attempts", "minimum_instances", "static_share", "operations_usd_per_month"]),
        st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    ),
)
def test_the_economics_are_the_same(
    now: EconomicsFacts,
    declared: Strategy | None,
    recommended: Strategy | None,
    changed: dict[str, tuple[float, float, float]],
) -> None:
    inputs = {**(now.inputs or {}), **{name: a_range(*ends) for name, ends in changed.items()}}
    now = replace(now, declared=declared, recommended=recommended, inputs=inputs)

    assert assess_economics(now) == in_python(lambda: assess_economics(now))


@pytest.mark.parametrize("name", ["life_months", "tokens_per_second", "gpu_hour_usd", "data_usd"])
@pytest.mark.parametrize("value", [0.0, 5e-324, 1e308])
@given(now=FACTS)
@settings(max_examples=3)
def test_what_python_refuses_is_refused(name: str, value: float, now: EconomicsFacts) -> None:
    now = replace(now, inputs={**now.inputs, name: Amount.exactly(value, Origin.CONFIGURED)})

    assert outcome(lambda: assess_economics(now)) == outcome(lambda: in_python(lambda: assess_economics(now)))


@FEW
@given(st.lists(COUNTS, min_size=1, max_size=250), st.sampled_from([1.0, 1.0, 1e300, 1e-300]), st.integers(1, 900))
def test_forecasts_are_the_same(counts: list[float], unit: float, jump: int) -> None:
    half = len(counts) // 2
    daily = {
        ago(len(counts) - 1 - index): count * unit * (jump / 100 if index > half else 1)
        for index, count in enumerate(counts)
    }
    aims = [Target(Boundary.HYBRID, Direction.UP, 487_000.0), Target(Boundary.FINE_TUNING, Direction.DOWN, 9e5)]

    def work() -> object:
        return forecast(daily, AS_OF, aims)

    assert outcome(work) == outcome(lambda: in_python(work))


@FEW
@given(
    st.lists(st.none() | COUNTS | COUNTS | COUNTS | COUNTS | COUNTS | COUNTS, min_size=1, max_size=90)
    | st.lists(COUNTS, min_size=20, max_size=90)
    | st.lists(st.sampled_from([14_000.0, 14_400.0, 16_000.0, 160_000.0, 160_001.0]), min_size=20, max_size=90),
    st.integers(0, 30),
    st.integers(0, 3),
    st.lists(st.integers(0, 90), max_size=1),
)
def test_bands_settle_in_the_same_way(
    counts: list[float | None], minimum: int, late: int, incomplete: list[int]
) -> None:
    daily = {ago(len(counts) - 1 - index): count for index, count in enumerate(counts) if count is not None}
    chosen = replace(SMALL, minimum_days=minimum)
    as_of = AS_OF + timedelta(days=late)

    def work() -> object:
        return volume_state(daily, as_of, chosen, as_of, [ago(age) for age in incomplete])

    assert work() == in_python(work)


def rows(cells: list[tuple[int, str, list[float]]]) -> list[DailyUsage]:
    return [DailyUsage(ago(age), model, *numbers) for age, model, numbers in cells]


@FEW
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from(["a", "b", "ä"]),
            st.lists(COUNTS, min_size=len(SUMMED), max_size=len(SUMMED)),
        ),
        max_size=20,
    ).map(rows),
    st.sets(st.integers(0, 40)),
)
def test_rows_add_up_to_the_same(found: list[DailyUsage], uncovered: set[int]) -> None:
    covered: set[date] = {ago(age) for age in range(41)} - {ago(age) for age in uncovered}

    def work() -> tuple[Any, ...]:
        return traffic_of(found, covered, ago(2)), prompt_moments(found, None, AS_OF), recent_uses(found, AS_OF)

    assert work() == in_python(work)


@FEW
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 5), st.just("m"), COUNTS)))
def test_rows_come_to_the_same_systems(found: list[tuple[Any, ...]]) -> None:
    counted = {"a": frozenset("x"), "b": frozenset("xy")}

    def work() -> dict[str, list[DailyUsage]]:
        by_system: dict[str, list[DailyUsage]] = {}
        if found:
            pick(found, counted, by_system, ago)
        return by_system

    assert work() == in_python(work)
    assert list(work()) == list(in_python(work))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, max_value=1e306, min_value=-1e306), max_size=28))
def test_a_sum_is_rounded_once(values: list[float]) -> None:
    assert compiled.native is not None
    days = [*values, *[0.0] * (28 - len(values))]
    found = compiled.native.walk(days, 28, 1, 1.0, 2.0, 0.5, 1.5)

    if found is not None:
        assert found[0] == fsum(days) * 487 / 448


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add_up", ([(1, "m", 2.0)], {1: 0}, True, 2)),
        ("add_up", ([(1, "m", "two")], {1: 0}, True, 1)),
        ("add_up", ([], {}, True, 33)),
        ("pick", ([("a", "x")], {"a": ("x",)}, {}, ago, DailyUsage)),
        ("recent", ([(1, "m", 1.0)], {1: 0}, 3, tuple)),
        ("recent", ([(1, "m", 1.0, "two", 0.0, 0.0, 0.0)], {1: 0}, 3, tuple)),
        ("mixes", ([(1, [])], {}, {})),
        ("forecast", ([1.0], 7, [], (1.0,), "13", 0.8, 16, 12)),
        (
            "drawn",
            (((0.0,) * 4,) * 7, 1, 1, 1.0, (True, False, False, False, 0.0, 0.0, 1.0, 1.0), (1.0,), 0, 0, 0.0),
        ),
        ("swings", ((0.0,) * 6, (True, False, False, False, 0.0, 0.0, 1.0, 1.0), 1.0, (1.0,), [])),
    ],
)
def test_what_the_helper_cannot_take_is_an_error(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, ValueError)):
        getattr(compiled.native, name)(*arguments)

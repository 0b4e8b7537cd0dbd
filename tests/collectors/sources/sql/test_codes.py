from __future__ import annotations

import math
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.records.service_tiers import BOUNDS
from leverwatch.collectors.sources.sql.codes import CALLS, CODE, LENGTH, Codes, code, known, length, size
from leverwatch.collectors.sources.sql.unbranched import Unbranched

TOKENS = (
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "cost_usd",
    "cache_write_tokens",
    "reasoning_tokens",
)
Row = dict[str, float | None]
ENGINE = sa.create_engine("sqlite://")


@sa.event.listens_for(ENGINE, "connect")
def _floor_of_nothing(driver: Any, _: Any) -> None:
    """SQLAlchemy gives SQLite a floor that fails where there is no number; servers have none of none."""
    driver.create_function("floor", 1, lambda number: None if number is None else math.floor(number))


def number_of(codes: Codes, row: Row) -> int:
    """The code that a database gives a row."""
    with ENGINE.connect() as connection:
        values: dict[str, Any] = {name: sa.literal(row.get(name), sa.Float) for name in (*codes.amounts, CALLS)}
        whole = length(codes, values)
        told = code(codes, values if whole is None else {**values, LENGTH: whole})
        assert told is not None
        return int(connection.scalar(sa.select(told)) or 0)


def told(row: Row, names: tuple[str, ...] = TOKENS, *, has_calls: bool = False) -> dict[str, float | None]:
    """What is known of a row, in which a field that is not given is unknown."""
    codes = Codes(names, has_calls)
    whole = {name: row.get(name) for name in (*names, CALLS)}
    return known(codes, number_of(codes, whole), {CALLS: 1.0, **whole} if has_calls else {**whole, CALLS: 1.0})


PLAIN: Row = {
    "input_tokens": 900, "cached_input_tokens": 300, "output_tokens": 40, "cost_usd": 0.5,
    "cache_write_tokens": 600, "reasoning_tokens": 40,
}  # fmt: skip


def test_a_plain_row_has_the_code_zero_and_is_taken_as_it_is() -> None:
    assert number_of(Codes(TOKENS), PLAIN) == 0
    assert told(PLAIN) == {**PLAIN, CALLS: 1}


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("value", [None, -1.0, 1e17])
def test_an_amount_that_is_none_is_unknown_and_costs_the_others_nothing(name: str, value: float | None) -> None:
    found = told({**PLAIN, name: value})

    assert found[name] is None
    assert {other for other in TOKENS if found[other] is None} == {name}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"cached_input_tokens": 301}, {"input_tokens": 900 + 301 + 600}),
        (
            {"cached_input_tokens": 901, "cache_write_tokens": None},
            {"input_tokens": 1801, "cache_write_tokens": None},
        ),
        ({"cached_input_tokens": 901, "input_tokens": None}, {"input_tokens": None}),
        ({"reasoning_tokens": 41}, {"output_tokens": 81}),
        ({"cost_usd": 0}, {"cost_usd": None}),
        (dict.fromkeys(TOKENS, 0), {"cost_usd": 0}),
        (dict.fromkeys(TOKENS, None) | {"cost_usd": 0}, {"cost_usd": 0}),
    ],
)
def test_parts_above_their_whole_are_beside_it_and_a_cost_of_zero_beside_tokens_is_unknown(
    changed: Row, expected: Row
) -> None:
    assert told({**PLAIN, **changed}) == {**PLAIN, **changed, **expected, CALLS: 1}


@pytest.mark.parametrize(
    ("row", "calls", "attempts"),
    [
        ({CALLS: 9, "errors": 2}, 7, 9),
        ({CALLS: 9, "errors": 9}, 0, 9),
        ({CALLS: 9, "errors": None}, 9, None),
        ({CALLS: 9, "errors": -1}, 9, None),
        ({CALLS: 9, "errors": 10}, None, 9),
        ({CALLS: 9, "errors": 0.5}, None, 9),
        ({CALLS: 0.5, "errors": 0}, None, None),
        ({CALLS: None, "errors": 0}, None, None),
        ({CALLS: -1, "errors": None}, None, None),
    ],
)
def test_calls_that_failed_are_not_among_the_inferences_and_no_more_than_all(
    row: Row, calls: float | None, attempts: float | None
) -> None:
    found = told(row, ("errors",), has_calls=True)

    assert (found[CALLS], found["attempts"]) == (calls, attempts)


def test_attempts_that_a_row_says_come_before_the_number_of_its_calls() -> None:
    found = told({CALLS: 9, "errors": 2, "attempts": 30}, ("errors", "attempts"), has_calls=True)

    assert found == {CALLS: 7, "errors": 2, "attempts": 30}


@pytest.mark.parametrize("taken", [0, *BOUNDS, *(bound + 1 for bound in BOUNDS)])
def test_the_size_is_how_many_bounds_the_input_is_beyond(taken: float) -> None:
    codes = Codes(("input_tokens",))

    assert size(codes, number_of(codes, {"input_tokens": taken})) == sum(taken > bound for bound in BOUNDS)


def test_the_size_is_that_of_the_whole_input_and_unknown_input_has_none() -> None:
    codes = Codes(("input_tokens", "cached_input_tokens"))

    assert size(codes, number_of(codes, {"input_tokens": 1, "cached_input_tokens": BOUNDS[0]})) == 1
    assert size(codes, number_of(codes, {"input_tokens": None, "cached_input_tokens": BOUNDS[0]})) == 0
    assert size(Codes(("input_tokens",), has_calls=True), 0) == 0


amounts = st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 0.5, 1.0, 40_000.0, 600_000.0, 1e15, 1e17]))


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(TOKENS, amounts)), min_size=1, max_size=4))
def test_the_sums_of_rows_of_one_code_are_the_sums_of_what_each_row_says(rows: list[Row]) -> None:
    codes = Codes(TOKENS)
    grouped: dict[int, list[Row]] = {}
    for row in rows:
        grouped.setdefault(number_of(codes, row), []).append(row)
    for number, group in grouped.items():
        sums: dict[str, Any] = {
            name: None if all(row[name] is None for row in group) else sum(row[name] or 0.0 for row in group)
            for name in TOKENS
        }
        each = [told(row) for row in group]

        found = known(codes, number, {**sums, CALLS: float(len(group))})

        for name in (*TOKENS, CALLS):
            values = [row[name] for row in each]
            assert found[name] == (None if None in values else pytest.approx(sum(it or 0.0 for it in values)))


class _Plainly:
    """Compares numbers as they are."""

    def stored(self, number: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return number

    def is_within(self, number: sa.ColumnElement[Any], most: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return number.between(0, most)


def number_without_branches(codes: Codes, row: Row, kind: type[sa.types.TypeEngine[Any]]) -> int:
    """The code that a database gives a row where conditions are added up."""
    columns = [sa.literal(row.get(name), kind).label(name) for name in (*codes.amounts, CALLS)]
    rows = sa.select(*columns).subquery()
    for name, made_of in Unbranched(codes, _Plainly()).steps():
        made = made_of(dict(rows.c.items()))
        rows = sa.select(*rows.c, *(it.label(label) for label, it in made.items())).subquery(name)
    with ENGINE.connect() as connection:
        return int(connection.scalar(sa.select(rows.c[CODE])) or 0)


ALL = (*TOKENS, "errors", "attempts", "latency_ms")


@given(
    st.fixed_dictionaries(dict.fromkeys((*ALL, CALLS), amounts)),
    st.lists(st.sampled_from(ALL), unique=True, min_size=1),
    st.booleans(),
    st.sampled_from([sa.Float, sa.BigInteger]),
)
def test_conditions_that_are_added_up_say_what_branches_say(
    row: Row, names: list[str], has_calls: bool, kind: type[sa.types.TypeEngine[Any]]
) -> None:
    if kind is sa.BigInteger:
        row = {name: None if it is None else float(int(it)) for name, it in row.items()}
    codes = Codes(tuple(names), has_calls)
    one, other = number_of(codes, row), number_without_branches(codes, row, kind)

    whole = {name: row[name] for name in (*names, CALLS)} | ({} if has_calls else {CALLS: 1.0})
    assert known(codes, one, whole) == known(codes, other, whole)
    assert size(codes, one) == size(codes, other)

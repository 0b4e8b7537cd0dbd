"""What is read only where something was written comes to what reading all of it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from leverwatch.agent.store import counted_days
from leverwatch.agent.store.counted_days import CountedDays, Run
from leverwatch.agent.store.plain_rows import plain_rows
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.agent.store.written_days import Written, WrittenDays
from leverwatch.collectors.interface import Batch, Operation, UsageRow

MONDAY = date(2026, 3, 2)
SCOPE = Scope()
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["written", "elsewhere", "replaced"]),
        st.sampled_from(["gateway", "other"]),
        st.lists(st.tuples(st.sampled_from(["bot", "faq"]), st.integers(0, 12), st.integers(0, 9)), max_size=3),
        st.integers(0, 12),
    ),
    max_size=8,
)


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def row(system: str, offset: int, number: float) -> UsageRow:
    return UsageRow(system, "m", Operation.GENERATION, day(offset), inferences=number)


def put(store: Store, source: str, *rows: UsageRow, replaces: frozenset[date] = frozenset()) -> None:
    seen = frozenset(one.day for one in rows)
    batch = Batch(state={}, usage=rows, days_seen=seen, replaces=replaces)
    store.apply(source, store.source_state(source).revision, batch)


@given(steps=STEPS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_kept_is_what_is_stored(
    store_file: Path, steps: list[tuple[str, str, list[tuple[str, int, int]], int]]
) -> None:
    url = f"sqlite:///{store_file}"
    store, elsewhere, counted = Store(url), Store(url), CountedDays()
    for how, source, cells, as_of in steps:
        rows = [row(*cell) for cell in {cell[:2]: cell for cell in cells}.values()]
        days = frozenset(one.day for one in rows) if how == "replaced" else frozenset()
        put(elsewhere if how == "elsewhere" else store, source, *rows, replaces=days)
        assert store.timelines(day(as_of), SCOPE, counted) == store.timelines(day(as_of), SCOPE)
    store.close()
    elsewhere.close()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of rows of each query for counts."""
    found: list[int] = []

    def counted(connection: Connection, query: object) -> Iterator[tuple[object, ...]]:
        rows = list(plain_rows(connection, query))  # type: ignore[arg-type]  # as it came
        found.append(len(rows))
        return iter(rows)

    monkeypatch.setattr(counted_days, "plain_rows", counted)
    return found


def test_only_days_that_were_written_are_read_again(store: Store, read: list[int]) -> None:
    counted = CountedDays()
    put(store, "gateway", *(row(system, offset, 5) for system in ("bot", "faq") for offset in range(20)))
    put(store, "other", row("bot", 3, 1))
    store.timelines(day(18), SCOPE, counted)
    assert read == [39]
    read.clear()

    put(store, "gateway", row("bot", 20, 2))
    store.timelines(day(18), SCOPE, counted)
    assert read == []

    put(store, "other", row("bot", 4, 2))
    store.timelines(day(18), SCOPE, counted)
    assert read == [1]
    read.clear()

    store.timelines(day(19), SCOPE, counted)
    assert sorted(read) == [0, 2]
    assert store.timelines(day(19), SCOPE, counted) == store.timelines(day(19), SCOPE)


@pytest.mark.parametrize("changed", ["earlier", "systems"])
def test_another_question_is_read_from_the_beginning(changed: str, store: Store) -> None:
    counted = CountedDays()
    put(store, "gateway", row("bot", 1, 5), row("faq", 2, 6))
    store.timelines(day(9), Scope(systems=frozenset({"bot"})), counted)
    until, scope = (day(1), Scope(systems=frozenset({"bot"}))) if changed == "earlier" else (day(9), SCOPE)

    assert store.timelines(until, scope, counted) == store.timelines(until, scope)


RUNS = st.lists(
    st.tuples(st.booleans(), st.integers(700_000, 700_040) | st.sampled_from([1, 3_000_000]), st.floats(0, 9))
)


@given(RUNS)
def test_a_run_holds_what_was_put_into_it(steps: list[tuple[bool, int, float]]) -> None:
    run, held = Run(), dict[int, float]()
    for is_put, ordinal, count in steps:
        if is_put:
            run.put(ordinal, count)
            held[ordinal] = count
        else:
            run.drop(ordinal)
            held.pop(ordinal, None)
        assert list(run.days().items()) == [(date.fromordinal(on), held[on]) for on in sorted(held)]


DAYS = frozenset({day(1)})
FIRST, OTHER = Written(DAYS), Written(frozenset({day(2)}), more=True)


@pytest.mark.parametrize(
    ("notes", "life", "then", "now", "found"),
    [
        ([], -1, 5, 5, Written()),
        ([], -1, 5, 6, None),
        ([(5, FIRST)], -1, 5, 6, FIRST),
        ([(5, FIRST)], -1, 5, 5, FIRST),
        ([(5, FIRST)], -1, 4, 6, None),
        # The database went back to an earlier state, and on.
        ([(4, FIRST)], -1, 5, 5, None),
        ([(5, FIRST), (6, OTHER)], 0, 6, 7, OTHER),
        ([(5, FIRST), (6, OTHER)], 0, 5, 7, Written(FIRST.days | OTHER.days, more=True)),
        ([(5, FIRST), (6, OTHER)], 0, 7, 7, Written()),
        ([(5, FIRST), (6, OTHER)], 0, 7, 8, None),
        # Something else wrote revision 7.
        ([(5, FIRST), (7, OTHER)], 0, 6, 8, None),
        ([(5, FIRST), (7, OTHER)], 1, 7, 8, OTHER),
        ([(5, FIRST), (7, OTHER)], -1, 5, 8, None),
        ([(5, Written(frozenset(map(day, range(1_001)))))], -1, 5, 6, None),
        ([(5, Written(frozenset(map(day, range(1_001))))), (6, FIRST)], 0, 6, 7, FIRST),
    ],
)
def test_only_what_follows_on_what_is_known_is_believed(
    notes: list[tuple[int, Written]], life: int, then: int, now: int, found: Written | None
) -> None:
    written = WrittenDays()
    for revision, what in notes:
        written.note("gateway", revision, what)

    assert written.between("gateway", life, then, now) == found

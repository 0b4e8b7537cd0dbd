"""Batches that add, take back and replace, in any order, with restarts and cuts, beside a plain model of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from leverwatch.agent.store.schema import metadata, source_days, usage_daily, usage_totals
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow
from tests.agent.store.counters import exported
from tests.e2e.databases import database_of
from tests.examples import examples

FIRST = date(2026, 3, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(3)]
SYSTEMS, MODELS = ("bot", "hr"), ("m", "n")
OPERATIONS = (Operation.GENERATION, Operation.EMBEDDING)
SOURCES = ("bills", "gateway")
COLUMNS = ("inferences", "errors", "input_tokens", "unknown_input", "cost_usd", "unpriced")
"""Some of each kind. What is counted comes in quarters, so that every sum is exact."""
NOTHING = (0.0,) * len(COLUMNS)
Counts = tuple[float, ...]
Cell = tuple[str, str, Operation, date]
Key = tuple[str, str, str, Operation]
counts_of = attrgetter(*COLUMNS)
EXPORTED = {
    "inferences": ("leverwatch_inferences_total", OPERATIONS[0]),
    "errors": ("leverwatch_inference_errors_total", OPERATIONS[0]),
    "unpriced": ("leverwatch_inferences_unpriced_total", OPERATIONS[0]),
    "unknown_input": ("leverwatch_inferences_unknown_input_tokens_total", OPERATIONS[0]),
}

quarters = st.integers(0, 12).map(lambda number: number / 4)
counts = st.tuples(*(quarters for _ in COLUMNS))
cells = st.tuples(
    st.sampled_from(SYSTEMS), st.sampled_from(MODELS), st.sampled_from(OPERATIONS), st.sampled_from(DAYS)
)
rows = st.lists(st.tuples(cells, counts), max_size=5)
sources = st.sampled_from(SOURCES)
steps = st.one_of(
    st.tuples(st.just("add"), sources, rows),
    st.tuples(st.just("take back"), sources, st.integers(0, 99)),
    st.tuples(st.just("replace"), sources, st.sets(st.sampled_from(DAYS), min_size=1), rows),
    st.tuples(st.just("cut"), sources, st.integers(0, 8), st.sets(st.sampled_from(DAYS), min_size=1), rows),
    st.tuples(st.just("restart")),
)


class Model:
    """What a store has to hold, worked out from everything that ever happened, the plain way."""

    def __init__(self) -> None:
        self.cells: dict[str, dict[Cell, Counts]] = {source: {} for source in SOURCES}
        self.seen: dict[str, set[date]] = {source: set() for source in SOURCES}
        self.committed: dict[Key, list[Counts]] = defaultdict(list)
        """The totals of each key after each batch."""
        self.restated: dict[str, float] = dict.fromkeys(SOURCES, 0.0)

    def add(self, source: str, given: list[tuple[Cell, Counts]]) -> None:
        known = self.cells[source]
        for cell, more in given:
            before = known.get(cell, NOTHING)
            known[cell] = tuple(a + b for a, b in zip(before, more, strict=True))
        self._commit()

    def replace(self, source: str, days: set[date], given: list[tuple[Cell, Counts]]) -> None:
        before = {cell: known for cell, known in self.cells[source].items() if cell[3] in days}
        for cell in before:
            del self.cells[source][cell]
        self.seen[source] |= days
        self.add(source, [one for one in given if one[0][3] in days])
        for cell, known in before.items():
            after = self.cells[source].get(cell, (0.0,))
            if cell[2] is Operation.GENERATION:
                self.restated[source] += max(0.0, known[0] - after[0])

    def _commit(self) -> None:
        totals = self.totals()
        for key in {*self.committed, *totals}:
            self.committed[key].append(totals.get(key, NOTHING))

    def totals(self) -> dict[Key, Counts]:
        found: dict[Key, Counts] = {}
        for source, known in self.cells.items():
            for (system, model, operation, _), more in known.items():
                key = (source, system, model, operation)
                before = found.get(key, NOTHING)
                found[key] = tuple(a + b for a, b in zip(before, more, strict=True))
        return found

    def highest(self, column: str, system: str, model: str | None, operation: Operation) -> float:
        """The running maximum of every source, together."""
        at = COLUMNS.index(column)
        return sum(
            max(total[at] for total in totals)
            for (_, *named, kind), totals in self.committed.items()
            if kind is operation and named[0] == system and model in (None, named[1])
        )

    @property
    def first(self) -> dict[tuple[str, str], date]:
        """The first day that a source has anything of a system; a source that took all back feeds it no more."""
        found: dict[tuple[str, str], date] = {}
        for source, known in self.cells.items():
            for system, _, _, day in known:
                found[source, system] = min(day, found.get((source, system), day))
        return found

    def daily(self, system: str) -> dict[date, float]:
        """Inferences by day; a day that a source saw, from the first day of the system on, is a true zero."""
        found: dict[date, float] = {}
        for source, known in self.cells.items():
            for day in self.seen[source]:
                if (source, system) in self.first and day >= self.first[source, system]:
                    found.setdefault(day, 0.0)
            for (name, _, operation, day), more in known.items():
                if name == system and operation is Operation.GENERATION:
                    found[day] = found.get(day, 0.0) + more[0]
        return found


class PowerCut(BaseException):
    """What no code expects."""


@contextmanager
def cut_at(store: Store, statement: int) -> Iterator[None]:
    left = [statement]

    def cut(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise PowerCut

    event.listen(store._engine, "before_cursor_execute", cut)
    try:
        yield
    finally:
        event.remove(store._engine, "before_cursor_execute", cut)


def usage(given: list[tuple[Cell, Counts]]) -> tuple[UsageRow, ...]:
    return tuple(replace(UsageRow(*cell), **dict(zip(COLUMNS, more, strict=True))) for cell, more in given)  # type: ignore[arg-type]  # counts by their names


class Trial:
    """A store and the model beside it."""

    def __init__(self, url: str) -> None:
        self._url, self.store, self.model = url, Store(url), Model()
        self.revisions = dict.fromkeys(SOURCES, 0)
        self.shown: list[dict[tuple[str, ...], float]] = []

    def step(self, kind: str, *of: Any) -> None:
        if kind == "restart":
            self.store.close()
            self.store = Store(self._url)
        elif kind == "add":
            self.apply(of[0], usage(of[1]))
            self.model.add(of[0], of[1])
        elif kind == "take back":
            self.take_back(*of)
        else:
            source, days, given = of[0], of[-2], [one for one in of[-1] if one[0][3] in of[-2]]
            if kind == "cut":
                with cut_at(self.store, of[1]):
                    try:
                        self.apply(source, usage(given), frozenset(days))
                    except PowerCut:
                        return
            else:
                self.apply(source, usage(given), frozenset(days))
            self.model.replace(source, days, given)

    def take_back(self, source: str, chosen: int) -> None:
        """What an add or a replace gave is taken back, as a line that was read half is."""
        known = sorted(self.model.cells[source].items())
        if known:
            cell, more = known[chosen % len(known)]
            less = [(cell, tuple(-number for number in more))]
            self.apply(source, usage(less))
            self.model.add(source, less)

    def apply(self, source: str, given: tuple[UsageRow, ...], replaces: frozenset[date] = frozenset()) -> None:
        state = {"at": str(self.revisions[source] + 1).encode()}
        self.store.apply(source, self.revisions[source], Batch(state=state, usage=given, replaces=replaces))
        self.revisions[source] += 1

    def check(self) -> None:
        """Every cell, every total, every day, every counter."""
        with self.store.reading() as connection:
            daily = connection.execute(select(usage_daily)).all()
            totals = connection.execute(select(usage_totals)).all()
            seen = connection.execute(select(source_days)).all()
        found = {
            (row.source, row.system, row.model, row.operation, row.day): tuple(
                getattr(row, name) for name in COLUMNS
            )
            for row in daily
        }
        assert found == {
            (source, *cell): more for source, known in self.model.cells.items() for cell, more in known.items()
        }
        assert {(row.source, row.system, row.model, row.operation): counts_of(row) for row in totals} == {
            key: self.model.totals().get(key, NOTHING) for key in self.model.committed
        }
        assert {(row.source, row.day) for row in seen} == {
            (source, day) for source, days in self.model.seen.items() for day in days
        }
        facts = self.store.facts(DAYS[-1], Scope())
        assert {system: dict(one.usage.daily) for system, one in facts.items()} == {
            system: self.model.daily(system) for _, system, *_ in self.model.committed
        }
        times = self.store.source_times()
        for source in SOURCES:
            state = self.store.source_state(source)
            assert state.revision == self.revisions[source]
            assert state.load().get("at", b"0") == str(state.revision).encode()
            assert (times[source].restated_inferences if source in times else 0) == self.model.restated[source]
        self.check_counters()

    def check_counters(self) -> None:
        shown = exported(self.store)
        self.shown.append(shown)
        for column, (family, operation) in EXPORTED.items():
            for system in {system for _, system, _, kind in self.model.committed if kind is operation}:
                for model in {key[2] for key in self.model.committed if key[1] == system and key[3] is operation}:
                    expected = self.model.highest(column, system, model, operation)
                    assert shown[family, system, model] == expected
        for system in {key[1] for key in self.model.committed if key[3] is Operation.EMBEDDING}:
            expected = self.model.highest("inferences", system, None, Operation.EMBEDDING)
            assert shown["leverwatch_other_operations_total", system, "embedding"] == expected


def run(url: str, given: list[tuple[Any, ...]]) -> None:
    store = Store(url)
    with store.writing() as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    store.close()
    trial = Trial(url)
    try:
        for step in given:
            trial.step(*step)
            trial.check()
        for before, after in pairwise(trial.shown):
            # One that is gone was a zero of which nothing is known any more.
            assert not {one: value for one, value in before.items() if value > after.get(one, 0.0)}
    finally:
        trial.store.close()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    return migrated(f"sqlite:///{tmp_path_factory.mktemp('model') / 'store.db'}")


@pytest.fixture(scope="module")
def on_postgresql(postgres_url: str) -> Iterator[str]:
    with database_of(postgres_url) as url:
        yield migrated(url.render_as_string(hide_password=False))


def migrated(url: str) -> str:
    store = Store(url)
    store.migrate()
    store.close()
    return url


@settings(max_examples=examples(60))
@given(st.lists(steps, max_size=8))
def test_a_store_holds_what_a_plain_model_holds_on_sqlite(on_sqlite: str, given: list[tuple[Any, ...]]) -> None:
    run(on_sqlite, given)


@settings(max_examples=examples(10))
@given(st.lists(steps, max_size=8))
def test_a_store_holds_what_a_plain_model_holds_on_postgresql(
    on_postgresql: str, given: list[tuple[Any, ...]]
) -> None:
    run(on_postgresql, given)

"""One hostile value costs its own record, in every place of every format, with both stores and with any reader."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settled
from hypothesis import strategies as st
from sqlalchemy import func, select

from leverwatch.agent.store.schema import usage_daily
from leverwatch.agent.store.store import Store
from leverwatch.collectors.aggregation.ingest import Counted, Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Batch, Result
from leverwatch.collectors.records.names import is_usable
from tests.collectors.sources.files.logs import NOW, config
from tests.examples import examples
from tests.fuzz.fuzz import available
from tests.fuzz.poison import NUMBERS, POISONS, TIMES, poisoned, put
from tests.fuzz.records import HEADER, TOKENS, WITHOUT_TOKENS, record, settings

_PER_CHUNK = 200
_PER_INGEST = 60


def lines_of(name: str, poisons: tuple[bytes, ...]) -> Iterator[bytes]:
    """Every record of a format with every poison in every place, each with an id of its own."""
    for number, line in enumerate(put(it, poison) for it in poisoned(name, "bad") for poison in poisons):
        yield line.replace(b"bad", f"bad{number}".encode())


def chunks(name: str, poisons: tuple[bytes, ...]) -> Iterator[tuple[int, bytes]]:
    """The same in chunks, each record behind a whole one; how many of these there are, and all as lines."""
    lines: list[bytes] = []
    for number, line in enumerate(lines_of(name, poisons)):
        lines += [record(name, f"n{number}", "neighbour"), line]
        if len(lines) == 2 * _PER_CHUNK:
            yield _PER_CHUNK, b"\n".join([*lines, b""])
            lines = []
    yield len(lines) // 2, b"\n".join([*lines, b""])


def batch(counted: Counted) -> Batch:
    return Batch(
        counted.state, counted.usage, counted.tallies, counted.read,
        days_seen=counted.days_seen, newest_record=counted.newest_record, problems=counted.problems,
    )  # fmt: skip


def check(name: str, counted: Counted, whole: int) -> None:
    near = [row for row in counted.usage if "neighbour" in (row.model, row.system)]
    assert sum(row.inferences for row in near) == whole, name
    if name not in WITHOUT_TOKENS:
        assert sum(row.input_tokens for row in near) == whole * TOKENS, name
    assert sum(counted.tallies.values()) == counted.read, name
    for row in counted.usage:
        assert is_usable(row.system), name
        assert is_usable(row.model), name
        assert all(math.isfinite(getattr(row, column)) for column in COLUMNS), (name, row)
    shown = repr(counted.problems)
    assert all(it not in shown for it in ("x" * 100, "DROP", "\\x1b", "\\x00")), name


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[list[Store]]:
    """One of each kind, for all formats."""
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://", 1)
    made = [Store(f"sqlite:///{tmp_path_factory.mktemp('poison') / 'store.db'}"), Store(url)]
    for store in made:
        store.migrate()
    yield made
    for store in made:
        store.close()


def stored(store: Store, source: str) -> float:
    """Inferences of the neighbours of a source."""
    column = usage_daily.c
    wanted = (column.source == source) & ((column.model == "neighbour") | (column.system == "neighbour"))
    with store.reading() as connection:
        return float(connection.execute(select(func.sum(column.inferences)).where(wanted)).scalar_one())


CASES = [
    (name, compiled, "bot") for name in available() for compiled in ((True, False) if name == "jsonl" else (True,))
]
CASES += [("jsonl", compiled, "{model}") for compiled in (True, False)] + [("csv", True, "{model}")]


@pytest.mark.parametrize(("name", "compiled", "system"), CASES)
def test_a_poison_anywhere_costs_no_neighbour_and_no_batch(
    name: str, compiled: bool, system: str, stores: list[Store]
) -> None:
    source = f"{name} {compiled} {system}"
    made = Ingest(config(format=settings(name), system=system), lambda: NOW, compiled=compiled)
    made.load({})
    total, results = 0, Counter[Result]()
    for revision, (whole, data) in enumerate(chunks(name, POISONS)):
        made.add(Lines(data, "a.log", 1, HEADER if name == "csv" else None))
        counted = made.drain()
        check(name, counted, whole)
        total += whole
        results.update(counted.tallies)
        for store in stores:
            store.apply(source, revision, batch(counted))

    assert results[Result.COUNTED] >= total > 0
    assert results[Result.BAD_TIME] > 0
    assert results[Result.MISTYPED_FIELD] > 0
    for store in stores:
        assert stored(store, source) == total


@pytest.mark.parametrize("name", available())
def test_a_poison_that_is_read_alone_raises_nothing(name: str) -> None:
    """Values that are all of one kind take other ways than those of many."""
    source = config(format=settings(name), system="bot")
    for number, line in enumerate(lines_of(name, (*NUMBERS, *TIMES))):
        # What it keeps of whole traces is written with each batch, so one that saw every line would be slow.
        if number % _PER_INGEST == 0:
            made = Ingest(source, lambda: NOW, compiled=False)
            made.load({})
        made.add(Lines(line + b"\n", "a.log", 1, HEADER if name == "csv" else None))
        counted = made.drain()
        assert sum(counted.tallies.values()) == counted.read
        assert all(math.isfinite(getattr(row, column)) for row in counted.usage for column in COLUMNS)


TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=260)
SCALAR = st.one_of(
    TEXT,
    st.integers(),
    st.integers(-(10**400), 10**400),
    st.floats(),
    st.none(),
    st.booleans(),
    st.datetimes().map(str),
)


@pytest.mark.parametrize("name", available())
@given(values=st.lists(SCALAR, min_size=1, max_size=3))
@settled(max_examples=examples(8))
def test_any_value_anywhere_costs_no_neighbour(name: str, values: list[Any]) -> None:
    made = Ingest(config(format=settings(name), system="bot"), lambda: NOW)
    made.load({})
    poisons = tuple(json.dumps(value).encode() for value in values)
    for whole, data in chunks(name, poisons):
        made.add(Lines(data, "a.log", 1, HEADER if name == "csv" else None))
        check(name, made.drain(), whole)

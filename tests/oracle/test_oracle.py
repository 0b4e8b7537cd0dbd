"""A short run of the oracle; `make fuzz` has the long one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from leverwatch.collectors import counted_fields
from tests.collectors.sources.files.tailing import Store
from tests.oracle.counter import COLUMNS
from tests.oracle.history import history
from tests.oracle.producers.registry import PRODUCERS
from tests.oracle.run import differences, explained, shrunk

HISTORIES = 25
"""Of each producer."""


@pytest.mark.parametrize("name", PRODUCERS)
def test_whatever_happens_to_the_logs_of_a_producer_the_counts_are_those_of_the_plain_counter(name: str) -> None:
    for seed in range(1_000_000, 1_000_000 + HISTORIES):
        made = history(name, seed)
        found = differences(made)
        assert not found, explained(made, found)


def test_the_plain_counter_knows_every_counted_field() -> None:
    assert set(COLUMNS) == set(counted_fields.COLUMNS)


def test_the_plain_counter_and_what_it_is_told_share_no_code_with_the_product() -> None:
    here = Path(__file__).parent
    files = [
        here / "calls.py",
        here / "counter.py",
        here / "history.py",
        here / "steps.py",
        *here.glob("producers/*.py"),
    ]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [it.name for it in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("leverwatch") for name in names), file


@pytest.mark.parametrize("times", [0, 2])
def test_a_batch_that_is_lost_or_counted_twice_is_a_difference_of_which_the_shortest_history_is_shown(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = Store.apply

    def changed(store: Store, batch: object) -> None:
        apply(store, batch)  # type: ignore[arg-type]
        if store.batches[-1].usage:
            store.batches[-1:] = store.batches[-1:] * times

    monkeypatch.setattr(Store, "apply", changed)
    made = next(it for seed in range(100) if len((it := history("jsonl", seed)).steps) > 10)

    found = differences(made)
    small = shrunk(made, lambda other: bool(differences(other)))

    assert found
    assert small.records == 1
    assert "shortest" in explained(made, found)

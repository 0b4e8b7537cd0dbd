"""The rule that adds a record up and takes it back: what was added and taken back was never there."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.rollup import Rollup
from leverwatch.collectors.counted_fields import COLUMNS, COUNTED, Adds, amounts
from leverwatch.collectors.records.fields import (
    ALL_FIELDS,
    EXTENDED_FIELDS,
    FIELDS,
    parse_template,
    system_lookup,
)
from leverwatch.collectors.records.formats.interface import Row
from leverwatch.collectors.records.formats.registry import NAMED
from tests.collectors.aggregation.test_batch_counter import TOLERANCE
from tests.collectors.sources.files.logs import NOW
from tests.examples import examples

AMOUNTS = frozenset({Adds.AMOUNT, Adds.AMOUNT_OR_WEIGHT, Adds.AMOUNT_OR_FAILURE})
STAYS = frozenset(line.name for line in COUNTED if line.adds is Adds.FIRST)
SHAPES = {
    "jsonl or csv, all fields": (ALL_FIELDS, True),
    "jsonl or csv, common fields": (frozenset(FIELDS), False),
    "jsonl or csv, only the time": (frozenset({"time"}), False),
    **{
        name: (reader.known | {"sample_rate"}, reader.has_extended)
        for name, format_ in NAMED.items()
        for reader in (format_.build(()),)
    },
}
"""What the rows of each format may tell, and whether they are long."""
# Their sums are exact in any order, so that nothing is left of one that is taken back, and not almost nothing.
EXACT = st.one_of(st.none(), st.integers(0, 9), st.sampled_from([0.25, 2.5, 200_001]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("inferences", "attempts", "errors", *amounts()), EXACT),
    "time": st.sampled_from(["2026-03-10T08:00:00Z", "2026-03-10T00:01:00Z", "2026-03-09T23:59:00Z"]),
    "model": st.sampled_from(["a", "b", None]),
    "request_id": st.sampled_from(["r1", "r2", "r3", 4, "", None]),
    "operation": st.sampled_from(["chat", "embedding", None]),
    "status": st.sampled_from(["success", "error", 200, 500, None]),
    "trace_id": st.sampled_from(["t1", "t2", None]),
    "sample_rate": st.sampled_from([0.5, 0.25, None]),
    "cache_hit": st.sampled_from(["hit", None]),
    "tier": st.sampled_from(["batch", "priority", "default", None]),
    "valid": st.sampled_from([True, False, None]),
    "schema_mode": st.sampled_from(["json_schema", "text", None]),
    "finish_reason": st.sampled_from(["stop", "length", None]),
}


def rows(known: frozenset[str], *, has_extended: bool) -> st.SearchStrategy[list[Row]]:
    def values(names: tuple[str, ...]) -> list[st.SearchStrategy[Any]]:
        return [VALUES[name] if name in known else st.none() for name in names]

    system = st.sampled_from(["x", "y"])
    row = st.tuples(*values(FIELDS), system, *(values(EXTENDED_FIELDS) if has_extended else ()))
    return st.lists(row, max_size=12)


def rollup(known: frozenset[str], *, has_extended: bool) -> Rollup:
    return Rollup(
        system_lookup(parse_template("{system}")), ZoneInfo("UTC"), lambda: NOW, TOLERANCE, SeenIds(86400 * 2),
        SeenIds(86400 * 2, "calls/"), has_extended, known,
    )  # fmt: skip


def cells(made: Rollup) -> dict[tuple[Any, ...], dict[str, float]]:
    """What is counted now, but for what nothing takes back."""
    made._bulk.settle()
    return {
        key: {name: count for name, count in zip(COLUMNS, cell, strict=True) if count and name not in STAYS}
        for key, cell in made.cells.items()
        if any(cell)
    }


@pytest.mark.parametrize(("known", "has_extended"), SHAPES.values(), ids=SHAPES)
@settings(max_examples=examples(60))
@given(data=st.data())
def test_what_is_added_and_taken_back_in_any_order_leaves_nothing(
    known: frozenset[str], has_extended: bool, data: st.DataObject
) -> None:
    made = rollup(known, has_extended=has_extended)
    found = data.draw(rows(known, has_extended=has_extended))
    at_once = data.draw(st.booleans())
    counted, others = made.add(found) if at_once else made.add_each(found)
    before = cells(made)
    refused = {index for index, _, _ in others}
    kept = [row for index, row in enumerate(found) if index not in refused]
    for row in data.draw(st.permutations(kept)):
        made.take_back(row)

    assert counted == len(kept)
    assert all(not cell for cell in cells(made).values())
    # Nor is it remembered: it counts again, and as it did.
    assert made.add(kept) == (counted, [])
    assert cells(made) == before


@pytest.mark.parametrize("line", [line for line in COUNTED if line.name not in STAYS], ids=lambda line: line.name)
def test_every_counted_field_is_added_to_and_taken_back(line: Any) -> None:
    of_failures = {"status": "error"} if line.on_failure and not line.on_success else {}
    of_hits = {"cache_hit": True} if line.on_cache_hit else {}
    told = {"valid": False, "schema_mode": True, "finish_reason": "length", "trace_id": "t"}
    value = None if line.adds is Adds.UNKNOWN else told.get(line.of, 3)
    values = {"time": "2026-03-10T08:00:00Z", **of_failures, **of_hits}
    if line.of is not None:
        values[line.of] = value
    if line.given is not None:
        values[line.given] = 2
    row = (*map(values.get, FIELDS), "x", *map(values.get, EXTENDED_FIELDS))
    made = rollup(ALL_FIELDS, has_extended=True)

    made.add([row])
    ((cell),) = cells(made).values()
    assert cell[line.name] == (3 if line.adds in AMOUNTS else 1)
    made.take_back(row)
    assert [cell for cell in cells(made).values() if cell] == []

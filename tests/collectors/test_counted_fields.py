from __future__ import annotations

from dataclasses import fields

import pytest

from leverwatch.agent.snapshot import ModelTotals
from leverwatch.agent.store.schema import COUNTS
from leverwatch.collectors.counted_fields import COLUMNS, COUNTED, Adds, CountedField, counted_field, told_together
from leverwatch.collectors.interface import UsageRow
from leverwatch.collectors.records.fields import ALL_FIELDS

EVERY = pytest.mark.parametrize("line", COUNTED, ids=COLUMNS)


def test_rows_totals_and_the_store_have_the_counts_of_the_table_in_its_order() -> None:
    assert tuple(field.name for field in fields(UsageRow)) == ("system", "model", "operation", "day", *COLUMNS)
    assert tuple(field.name for field in fields(ModelTotals)) == ("model", *COLUMNS)
    assert COUNTS == COLUMNS


@EVERY
def test_what_a_record_adds_is_told_by_a_field_of_a_record(line: CountedField) -> None:
    assert (line.of is None) == (line.adds is Adds.WEIGHT)
    assert line.of is None or line.of in ALL_FIELDS


@EVERY
def test_every_count_is_added_to_by_some_call(line: CountedField) -> None:
    assert line.on_success or line.on_failure or line.on_cache_hit


@EVERY
def test_the_count_of_unknown_values_is_that_of_the_same_field(line: CountedField) -> None:
    if line.unknown is not None:
        unknown = counted_field(line.unknown)
        assert (unknown.adds, unknown.of, unknown.unit) == (Adds.UNKNOWN, line.of, "calls")
        assert (unknown.on_success, unknown.on_failure, unknown.on_cache_hit) == (True, False, False)


@EVERY
def test_a_meaning_is_a_sentence(line: CountedField) -> None:
    assert line.meaning[0].isupper()
    assert line.meaning.endswith(".")


def test_what_parts_of_a_call_tell_is_told_once() -> None:
    told = [name for together in told_together().values() for name in together]

    assert len(told) == len(set(told))
    # They are part of the ids under which a store remembers streamed calls.
    assert set(told_together()) == {"usage", "latency", "output", "finish"}

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.id_table import Ids, PythonIds, pack, unpack

SPAN = 3
KEYS = st.one_of(st.integers(0, 12).map(lambda key: key << 10), st.integers(0, 3), st.integers(0, 2**64 - 1))
"""Many of them have the same home in a small table."""
SLOTS = st.integers(-2, 12)


class BothIds(RuleBasedStateMachine):
    """The compiled table and the dictionary under the same calls."""

    def __init__(self) -> None:
        super().__init__()
        self.both: tuple[Ids, Ids] = (_native.Ids(SPAN), PythonIds(SPAN))

    def same(self, name: str, *values: Any) -> None:
        one, other = (getattr(ids, name)(*values) for ids in self.both)
        assert one == other

    @rule(key=KEYS, slot=SLOTS)
    def add(self, key: int, slot: int) -> None:
        self.same("add", key, slot)

    @rule(given=st.lists(st.tuples(st.one_of(st.none(), KEYS), SLOTS)))
    def add_all(self, given: list[tuple[int | None, int]]) -> None:
        self.same("add_all", [key for key, _ in given], [slot for _, slot in given])

    @rule(key=KEYS, slot=SLOTS)
    def hold(self, key: int, slot: int) -> None:
        self.same("holds", key, slot)

    @rule(start=st.integers(0, 2**63), slot=SLOTS)
    def add_many(self, start: int, slot: int) -> None:
        for key in range(start, start + 700):
            self.same("add", key, slot)

    @rule(keys=st.lists(KEYS), slot=SLOTS)
    def restore(self, keys: list[int], slot: int) -> None:
        self.same("restore", slot, pack(keys))

    @rule(key=KEYS)
    def remove(self, key: int) -> None:
        self.same("remove", key)

    @rule()
    def take(self) -> None:
        self.same("take")

    @rule(slots=st.sets(SLOTS))
    def drop(self, slots: set[int]) -> None:
        self.same("take")
        self.same("drop", tuple(slots))

    @rule(span=st.integers(0, 8))
    def reach(self, span: int) -> None:
        self.same("reach", span)

    @rule()
    def clear(self) -> None:
        self.same("clear")

    @invariant()
    def hold_as_many(self) -> None:
        self.same("__len__")


TestBothIds = BothIds.TestCase


def test_keys_survive_being_packed() -> None:
    keys = [0, 1, 2**64 - 1]
    assert list(unpack(pack(keys))) == keys
    ids = _native.Ids(SPAN)
    for key in keys:
        ids.add(key, 5)
    assert ids.take() == {5: pack(keys)}


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError):
        _native.Ids(SPAN).add(None, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "slots", "error"),
    [
        ([1, 2], [0], ValueError), ([1], [2**40], OverflowError), ([-1], [0], OverflowError),
        (["1"], [0], TypeError), ([1], ["0"], TypeError), ((1,), (0,), TypeError),
    ],
)  # fmt: skip
def test_lists_that_are_no_keys_and_slots_are_refused(keys: Any, slots: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        _native.Ids(SPAN).add_all(keys, slots)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.id_table import Ids, PythonIds
from leverwatch.collectors.aggregation.stored_ids import KeyOf

HOUR = 3600.0
Make = Callable[[int], Ids]

pytestmark = pytest.mark.parametrize("make", [PythonIds, _native.Ids])


def apply(state: dict[str, bytes], changes: dict[str, bytes | None]) -> None:
    for key, value in changes.items():
        if value is None:
            state.pop(key)
        else:
            state[key] = value


def test_an_id_is_new_once_within_the_window(make: Make) -> None:
    seen = SeenIds(HOUR, make=make)

    assert seen.slot_seconds == 900
    assert seen.add(7, 100)
    assert not seen.add(7, 100)
    assert not seen.add(7, 104)
    assert not seen.add(7, 96)
    assert seen.add(8, 100)


def test_an_id_is_new_again_after_the_window(make: Make) -> None:
    seen = SeenIds(HOUR, make=make)
    seen.add(7, 100)

    assert seen.add(7, 105)
    assert not seen.add(7, 106)


def test_a_much_older_record_with_the_same_id_does_not_make_the_newer_one_forgotten(make: Make) -> None:
    seen = SeenIds(HOUR, make=make)
    seen.add(7, 200)

    assert seen.add(7, 100)
    assert not seen.add(7, 200)


def test_an_id_is_remembered_for_late_duplicates_of_records_that_were_late_themselves(make: Make) -> None:
    seen = SeenIds(HOUR, make=make)
    seen.add(7, 100)
    seen.changes()
    seen.add(8, 108)
    seen.changes()

    assert not seen.add(7, 104)


def test_a_short_window_has_slots_of_a_minute(make: Make) -> None:
    seen = SeenIds(90, make=make)

    assert (seen.slot_seconds, seen.span) == (60, 2)


def test_a_forgotten_id_is_new_also_after_a_restart(make: Make) -> None:
    first, state = SeenIds(HOUR, make=make), dict[str, bytes]()
    first.add(7, 100)
    apply(state, first.changes())
    first.forget(7)
    apply(state, first.changes())

    second = SeenIds(HOUR, make=make)
    second.load(state, "gateway")

    assert second.add(7, 100)


def test_an_id_forgotten_and_added_again_before_it_was_written_is_remembered(make: Make) -> None:
    first, state = SeenIds(HOUR, make=make), dict[str, bytes]()
    first.add(7, 100)
    first.forget(7)
    first.add(7, 100)
    apply(state, first.changes())

    second = SeenIds(HOUR, make=make)
    second.load(state, "gateway")

    assert not second.add(7, 100)


def test_old_slots_leave_the_state_and_the_memory(make: Make) -> None:
    seen, state = SeenIds(HOUR, make=make, room=0), dict[str, bytes]()
    for slot in range(1000, 1100):
        seen.add(slot, slot)
        apply(state, seen.changes())

    assert len(state) <= 2 * seen.span + 3
    assert seen.add(1000, 1000)


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(50, 62), st.sampled_from(["add", "forget", "save"])), max_size=60
    )
)
def test_a_restart_at_any_moment_changes_no_answer(make: Make, steps: list[tuple[int, int, str]]) -> None:
    kept, restarted, state = SeenIds(HOUR, make=make), SeenIds(HOUR, make=make), dict[str, bytes]()
    for identity, slot, action in steps:
        if action == "forget":
            kept.forget(identity)
            restarted.forget(identity)
        else:
            assert kept.add(identity, slot) == restarted.add(identity, slot)
        kept.changes()
        apply(state, restarted.changes())
        if action == "save":
            restarted = SeenIds(HOUR, make=make)
            restarted.load(state, "gateway")


def restored(state: dict[str, bytes], make: Make, window: float = HOUR, **settings: Any) -> SeenIds:
    seen = SeenIds(window, make=make, **settings)
    seen.load(state, "gateway")
    return seen


def test_the_newest_ids_are_kept_however_old_they_get(make: Make) -> None:
    seen, state = SeenIds(HOUR, make=make, room=300), dict[str, bytes]()
    for slot in range(1000, 1100):
        for identity in range(4):
            seen.add(slot << 8 | identity, slot)
        apply(state, seen.changes())

    # A state key costs as much as 16 ids, so that there is room for 15 slots with four of them.
    for again in (seen, restored(state, make, room=300)):
        known = [slot for slot in range(1000, 1100) if again.holds(slot << 8, slot)]
        assert known == list(range(1085, 1100))
        assert len(again.ids) == 4 * 15
    assert len(state) == 15


def test_ids_of_the_window_stay_whatever_the_room(make: Make) -> None:
    seen, state = SeenIds(HOUR, make=make, room=0), dict[str, bytes]()
    for slot in range(100, 110):
        seen.add(slot, slot)
        apply(state, seen.changes())

    assert [slot for slot in range(100, 110) if restored(state, make).holds(slot, slot)] == list(range(100, 110))


def test_pinned_ids_stay_however_old_they_get(make: Make) -> None:
    seen, state = SeenIds(HOUR, make=make, room=0), dict[str, bytes]()
    seen.pin([100 * 900])
    for slot in (100, 200, 300, 400):
        seen.add(slot, slot)
        apply(state, seen.changes())

    assert [seen.holds(slot, slot) for slot in (100, 200, 400)] == [True, False, True]


@pytest.mark.parametrize("window", [600, 3 * HOUR, 24 * HOUR])
@given(st.dictionaries(st.integers(1, 2**64 - 1), st.integers(0, 400), min_size=1, max_size=20))
def test_another_window_loses_no_id_and_drops_each_in_its_time(
    make: Make, window: float, ids: dict[int, int]
) -> None:
    first, state = SeenIds(HOUR, make=make, key_of=KeyOf.RECORD), dict[str, bytes]()
    for identity, slot in ids.items():
        first.add(identity, slot)
    apply(state, first.changes())
    other = restored(state, make, window, key_of=KeyOf.RECORD, room=0)

    for identity, slot in ids.items():
        # The record has the same time; its slot is one of those that the old one overlaps.
        for seconds in (slot * 900, slot * 900 + 899):
            assert not other.add(identity, seconds // other.slot_seconds)
    apply(state, other.changes())
    other.add(0, 10**6)
    apply(state, other.changes())
    assert len(other.ids) == 1
    assert list(state) == [key for key in state if key.startswith("seen/1000000/")]


@pytest.mark.parametrize("window", [HOUR, 600, 3 * HOUR])
def test_ids_of_an_older_version_are_known_in_their_slot_until_they_are_older_than_the_window(
    make: Make, window: float
) -> None:
    old, state = SeenIds(HOUR, make=make), dict[str, bytes]()
    for identity, slot in ((7, 100), (8, 100), (7, 110)):
        assert old.add(identity, slot)
        apply(state, old.changes())
    seen = restored(state, make, window, key_of=KeyOf.RECORD)

    def known(identity: int, slot: int) -> bool:
        return seen.held_before(identity, (slot * 900 + 450) // seen.slot_seconds)

    assert [known(7, 100), known(8, 100), known(7, 110), known(8, 110)] == [True, True, True, False]
    assert len(seen.ids) == 0
    seen.forget_before(8, 100 * 900 // seen.slot_seconds)
    apply(state, seen.changes())
    seen = restored(state, make, window, key_of=KeyOf.RECORD)
    assert not seen.held_before(8, 100 * 900 // seen.slot_seconds)
    assert known(7, 110)

    seen.add(1, 10**6)
    apply(state, seen.changes())
    assert seen.before is None
    assert list(state) == [key for key in state if key.startswith("seen/1000000/")]


def test_many_keys_are_dropped_a_part_at_a_time(make: Make) -> None:
    seen, state = SeenIds(HOUR, make=make, room=0), dict[str, bytes]()
    for at in range(30):
        for slot in range(1000):
            seen.add(at << 32 | slot, slot)
        apply(state, seen.changes())
    seen.add(1, 1_000_000)
    sizes = []
    for _ in range(5):
        apply(state, seen.changes())
        sizes.append(len(state))

    assert sizes == sorted(sizes, reverse=True)
    assert 15_000 < sizes[0] < 20_010
    assert sizes[-1] == 1
    assert len(seen.ids) == 1

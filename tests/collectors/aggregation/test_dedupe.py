from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.collectors.aggregation import _native
from leverwatch.collectors.aggregation.dedupe import SeenIds
from leverwatch.collectors.aggregation.id_table import Ids, PythonIds

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

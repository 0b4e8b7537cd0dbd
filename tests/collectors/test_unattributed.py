from __future__ import annotations

from leverwatch.collectors.unattributed import MOST, REST, SHOWN, Tally, Unattributed, heaviest_of, lines_of


def test_the_heaviest_values_come_first_and_all_others_are_the_rest() -> None:
    calls = {f"key: k{number}": number for number in range(1, SHOWN + 4)} | {REST: 5, "key: gone": 0}

    found = heaviest_of(calls)

    assert found.heaviest[0] == (f"key: k{SHOWN + 3}", SHOWN + 3)
    assert len(found.heaviest) == SHOWN
    assert found.rest == 1 + 2 + 3 + 5
    assert lines_of(found)[-1] == "other values: 11 calls"


def test_nothing_is_said_where_all_calls_name_a_system() -> None:
    assert heaviest_of({}) == Unattributed()
    assert lines_of(Unattributed()) == []


def test_of_more_values_than_are_told_apart_the_rarest_are_the_rest_and_none_is_lost() -> None:
    tally = Tally()
    tally.add({"heavy": 50})
    for number in range(3 * MOST):
        tally.add({f"{number}": 1})

    taken = tally.take()

    assert taken["heavy"] == 50
    assert sum(taken.values()) == 50 + 3 * MOST
    assert len(taken) <= 2 * MOST + 1
    assert tally.take() == {}

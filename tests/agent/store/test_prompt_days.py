"""Calls by version of a prompt, on every kind of store: added up, bounded, replaced, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.exporter.families import SYSTEMS
from leverwatch.agent.framework.model import PromptOrigin
from leverwatch.agent.store.facts import read_served
from leverwatch.agent.store.history_reader import PromptLanding
from leverwatch.agent.store.prompt_days import read_prompt_days
from leverwatch.agent.store.prompt_totals import hold
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import (
    MOST_PROMPTS,
    OTHER_PROMPTS,
    Batch,
    ChangeKind,
    PromptChange,
    PromptCount,
)

DAY = date(2027, 6, 7)
TOLD = Scope(telling=frozenset({"gateway"}))


def on(number: int) -> date:
    return DAY + timedelta(days=number)


def count(version: str, number: float, day: int = 0, system: str = "clerk") -> PromptCount:
    return PromptCount(system, on(day), version, number)


def write(store: Store, revision: int, *counts: PromptCount, replaces: frozenset[date] = frozenset()) -> None:
    store.apply("gateway", revision, Batch(state={}, prompt_counts=counts, replaces=replaces))


def stored(store: Store, system: str = "clerk") -> dict[date, dict[str, float]]:
    with store.reading() as connection:
        found = read_prompt_days(connection, date.max, None).get(system, {}).get("gateway", {})
    return {day: dict(versions) for day, versions in found.items()}


def test_counts_of_several_batches_are_added_and_what_is_taken_back_is_gone(store: Store) -> None:
    write(store, 0, count("a", 5), count("b", 2), count("a", 1, 3), count("a", 4, system="porter"))
    write(store, 1, count("a", 3), count("b", -2))

    assert stored(store) == {on(0): {"a": 8.0}, on(3): {"a": 1.0}}
    assert stored(store, "porter") == {on(0): {"a": 4.0}}


def test_a_day_that_is_replaced_has_the_new_counts_alone(store: Store) -> None:
    write(store, 0, count("a", 5), count("a", 7, 1))
    write(store, 1, count("b", 2), replaces=frozenset({on(0)}))

    assert stored(store) == {on(0): {"b": 2.0}, on(1): {"a": 7.0}}


def test_of_too_many_versions_the_heaviest_are_kept_and_no_call_is_lost(store: Store) -> None:
    versions = [f"v{number:03}" for number in range(3 * MOST_PROMPTS)]
    for revision in range(3):
        part = versions[revision * MOST_PROMPTS : (revision + 1) * MOST_PROMPTS]
        write(store, revision, *(count(version, revision + 1.0) for version in part))

    (found,) = stored(store).values()
    assert len(found) == MOST_PROMPTS + 1
    assert sum(found.values()) == 6 * MOST_PROMPTS
    assert found.keys() - {OTHER_PROMPTS} == set(versions[2 * MOST_PROMPTS :])


def days(*served: str) -> tuple[PromptCount, ...]:
    return tuple(count(version, 90, number) for number, version in enumerate(served))


def exported(store: Store, day: int, scope: Scope = TOLD) -> dict[str, float]:
    now = datetime.combine(on(day), time(6), UTC)
    snapshot = evaluate(store, Plan(scope=scope), now)
    (family,) = [one for one in SYSTEMS if one.name == "leverwatch_prompt_changes_total"]
    return {labels[1]: number for labels, number in family.samples(snapshot) if number}


def test_late_records_that_move_a_change_lower_no_counter(open_store: Callable[[], Store]) -> None:
    store = open_store()
    write(store, 0, *days("a", "a", "b", "a", "b"))
    assert exported(store, 5) == {"modified": 1, "reverted": 2}

    # The file of the last two days was read again, and both versions had served all along.
    write(
        store, 1, *(count("a", 90, number) for number in (2, 4)), *(count("b", 90, number) for number in (0, 1, 3))
    )
    with store.reading() as connection:
        assert read_served(connection, on(4), TOLD)["clerk"].changes == {}
    assert exported(store, 5) == {"modified": 1, "reverted": 2}
    assert exported(open_store(), 5) == {"modified": 1, "reverted": 2}

    write(store, 2, *(count(version, 90, 5 + number) for number, version in enumerate("cdef")))
    assert exported(store, 9) == {"modified": 4, "reverted": 2}


def test_the_day_that_is_not_over_is_not_counted(store: Store) -> None:
    write(store, 0, *days("a", "a", "b"))

    assert exported(store, 2) == {}
    assert exported(store, 3) == {"modified": 1}


def test_a_branch_that_is_written_anew_lowers_no_counter(store: Store) -> None:
    watched = Scope(watched=frozenset({"clerk"}))
    noon = datetime.combine(DAY, time(12), UTC)
    changes = tuple(PromptChange("clerk", f"c{number}", noon, ChangeKind.MODIFIED, 1) for number in range(3))
    store.apply("prompts", 0, Batch(state={}, prompt_changes=changes))
    assert exported(store, 2, watched) == {"modified": 3}

    store.apply("prompts", 1, Batch(state={}, prompt_changes=changes[:1], replace_prompt_changes=True))

    assert exported(store, 2, watched) == {"modified": 3}
    assert store.prompt_totals(watched)["clerk"].by_kind == {ChangeKind.MODIFIED: 1}


def test_where_traffic_counts_landings_of_a_source_that_is_gone_do_not(store: Store) -> None:
    noon = datetime.combine(DAY, time(12), UTC)
    landed = PromptChange("clerk", "c1", noon, ChangeKind.ADDED, 1)
    store.apply("prompts", 0, Batch(state={}, prompt_changes=(landed,)))
    write(store, 0, *days("a", "a", "a"))

    assert store.prompt_totals(TOLD)["clerk"].by_kind == {}
    assert exported(store, 3) == {}


def test_a_replay_reads_the_changes_that_traffic_shows(store: Store) -> None:
    write(store, 0, *days("a", "b", "b", "a"))

    with store.past(on(3), TOLD, 20) as past:
        timeline, found = past.timelines["clerk"], past.landings({"clerk"})

    assert timeline.facts.prompts.origin is PromptOrigin.TRAFFIC
    assert found == {
        "clerk": [
            PromptLanding(datetime.combine(on(1), time(), UTC), ChangeKind.MODIFIED),
            PromptLanding(datetime.combine(on(3), time(), UTC), ChangeKind.REVERTED),
        ]
    }


def test_of_two_agents_the_higher_number_is_held(store: Store) -> None:
    for number in (3, 2):
        with store.writing() as connection:
            hold(connection, [{"system": "clerk", "kind": "modified", "number": number}])

    assert store.prompt_totals(TOLD)["clerk"].highest == {ChangeKind.MODIFIED: 3}

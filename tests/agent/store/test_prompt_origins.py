"""Of git and a registry that both tell the prompts of a system, one counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from leverwatch.agent.framework.model import Declaration, PromptDivergence, PromptFacts, PromptOrigin
from leverwatch.agent.framework.timeline import facts_as_of
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import OF_LABEL, Batch, ChangeKind, PromptChange, PromptCount

FIRST = date(2026, 3, 2)
TODAY = FIRST + timedelta(days=60)
BOT = frozenset({"bot"})
LABELLED = Scope(watched=BOT, labelled=BOT)
BOTH = Scope(watched=BOT, both=BOT)
GIT = Scope(watched=BOT)
MODIFIED, FIRST_SEEN = ChangeKind.MODIFIED, ChangeKind.FIRST_SEEN


def on(number: int) -> date:
    return FIRST + timedelta(days=number)


def tell(store: Store, source: str, changes: dict[int, ChangeKind], prefix: str = "") -> None:
    told = tuple(
        PromptChange("bot", f"{prefix}{number}", datetime.combine(on(number), time(9), UTC), kind, 1)
        for number, kind in changes.items()
    )
    store.apply(source, 0, Batch(state={}, prompt_changes=told))


def labels(store: Store) -> None:
    tell(store, "registry", {10: FIRST_SEEN, 20: MODIFIED, 30: ChangeKind.REVERTED}, OF_LABEL)


def landings(store: Store) -> None:
    tell(store, "prompts", {0: ChangeKind.ADDED, 18: MODIFIED, 40: MODIFIED})


def prompts(store: Store, scope: Scope) -> PromptFacts:
    return store.facts(TODAY, scope)["bot"].prompts


def test_the_first_look_of_a_registry_begins_the_history_and_is_no_active_day(store: Store) -> None:
    labels(store)

    assert prompts(store, LABELLED) == PromptFacts(
        True, on(10), frozenset({on(20), on(30)}), PromptOrigin.REGISTRY
    )
    totals = store.prompt_totals(LABELLED)["bot"]
    assert totals.last == datetime.combine(on(30), time(9), UTC)


def test_before_the_first_look_nothing_is_known(store: Store) -> None:
    landings(store)

    declared = Scope({"bot": Declaration()}, watched=BOT, labelled=BOT)
    assert prompts(store, declared) == PromptFacts(watched=True, origin=PromptOrigin.REGISTRY)
    assert store.prompt_totals(LABELLED) == {}


def test_one_look_alone_is_no_last_change(store: Store) -> None:
    tell(store, "registry", {10: FIRST_SEEN}, OF_LABEL)

    assert prompts(store, LABELLED).first_change == on(10)
    assert store.prompt_totals(LABELLED)["bot"].last is None


def test_where_git_tracks_the_prompts_too_it_counts_alone_and_the_registry_is_compared(store: Store) -> None:
    labels(store)
    landings(store)

    found = prompts(store, BOTH)

    assert (found.origin, found.active_days) == (PromptOrigin.GIT, frozenset({on(0), on(18), on(40)}))
    # The landing of day 18 served on day 20; that of day 40 never did, and the rollback of day 30 never landed.
    assert found.divergence == PromptDivergence((on(40),), (on(30),), PromptOrigin.REGISTRY)
    assert sum(store.prompt_totals(BOTH)["bot"].by_kind.values()) == 3


def test_what_a_registry_told_before_it_was_taken_out_is_not_added_to_git(store: Store) -> None:
    labels(store)
    landings(store)

    assert prompts(store, GIT) == PromptFacts(True, on(0), frozenset({on(0), on(18), on(40)}))


@pytest.mark.parametrize("scope", [Scope(telling=frozenset({"log"})), LABELLED, BOTH])
def test_what_records_tell_counts_only_where_no_source_tracks_the_prompts(store: Store, scope: Scope) -> None:
    labels(store)
    landings(store)
    counts = tuple(PromptCount("bot", on(day), "a" if day < 35 else "b", 100.0) for day in range(60))
    store.apply("log", 0, Batch(state={}, prompt_counts=counts))
    told = Scope(watched=scope.watched, labelled=scope.labelled, both=scope.both, telling=frozenset({"log"}))

    found = prompts(store, told)

    origins = {"": PromptOrigin.TRAFFIC, "labelled": PromptOrigin.REGISTRY, "both": PromptOrigin.GIT}
    which = "labelled" if scope.labelled else "both" if scope.both else ""
    assert found.origin is origins[which]
    if which == "labelled":
        assert found.divergence == PromptDivergence((on(20),))
    assert (found.active_days == {on(35)}) is (which == "")


@pytest.mark.parametrize("scope", [LABELLED, BOTH, GIT])
def test_an_earlier_day_knows_what_was_told_by_then(store: Store, scope: Scope) -> None:
    labels(store)
    landings(store)
    with store.past(TODAY, scope, 20) as past:
        timeline = past.timelines["bot"]
        shown = past.landings(BOT)["bot"]

    assert len(shown) == 3
    for age in range(0, 60, 3):
        day = TODAY - timedelta(days=age)
        cut, read = facts_as_of(timeline, day), store.facts(day, scope).get("bot")
        assert (cut and cut.prompts) == (read and read.prompts)

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from leverwatch.agent.framework.model import Declaration, PromptOrigin, Strategy
from leverwatch.agent.framework.timeline import facts_as_of
from leverwatch.agent.snapshot import ModelTotals
from leverwatch.agent.store.history_reader import PromptLanding, UsageDay
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, ChangeKind, Operation, PromptChange, PromptCount, UsageRow

FIRST = date(2026, 1, 5)
DAYS = 60
LAST = FIRST + timedelta(days=DAYS - 1)
SYSTEMS = ("declared", "found", "silent")


def fill(store: Store, seed: int) -> None:
    """Two sources that come and go, and prompts that change now and then."""
    rng = random.Random(seed)
    for source in ("a", "b"):
        rows = tuple(
            UsageRow(
                system,
                rng.choice(("m", "n")),
                rng.choice((Operation.GENERATION, Operation.EMBEDDING)),
                FIRST + timedelta(days=rng.randrange(DAYS)),
                inferences=rng.choice((0, 5, 9)),
            )
            for system in SYSTEMS[:2]
            for _ in range(25)
        )
        unique = {(row.system, row.model, row.operation, row.day): row for row in rows}
        seen = frozenset(row.day for row in rows)
        store.apply(source, 0, Batch(state={}, usage=tuple(unique.values()), days_seen=seen))
    changes = tuple(
        PromptChange(
            system,
            f"{system}{number}",
            datetime(FIRST.year, FIRST.month, FIRST.day, 23, 59, tzinfo=UTC) + timedelta(days=rng.randrange(DAYS)),
            rng.choice(tuple(ChangeKind)),
            1,
        )
        for system in SYSTEMS[1:]
        for number in range(6)
    )
    store.apply("prompts", 0, Batch(state={}, prompt_changes=changes))
    told = {
        (system, FIRST + timedelta(days=rng.randrange(20, DAYS)), version): rng.choice((1.0, 4.0, 60.0))
        for system in SYSTEMS
        for version in ("v1", "v2", "v3", *(f"each{number}" for number in range(40)))
        for _ in range(15 if version < "v" else 12)
    }
    counts = tuple(PromptCount(*key, number) for key, number in told.items() if key[0] != "silent" or number < 4)
    store.apply("told", 0, Batch(state={}, prompt_counts=counts))


def test_cutting_the_last_day_gives_what_reading_each_day_gives(store: Store) -> None:
    fill(store, 3)
    scope = Scope({"declared": Declaration(Strategy.HYBRID)}, frozenset({"found"}), frozenset({"told"}))
    with store.past(LAST, scope, 20) as past:
        timelines = past.timelines
    assert timelines["found"].facts.prompts.divergence
    assert timelines["declared"].facts.prompts.origin is PromptOrigin.TRAFFIC
    assert set(timelines) == set(SYSTEMS)
    assert any(len(timeline.overlapping_days) for timeline in timelines.values())

    compared = 0
    for age in range(0, DAYS + 5, 4):
        day = LAST - timedelta(days=age)
        read = store.facts(day, scope)
        for system, timeline in timelines.items():
            cut = facts_as_of(timeline, day)
            if cut is not None:
                assert cut == read[system], (system, day)
                compared += 1
            elif system in read:  # usage of later days alone made it known
                assert read[system].usage.daily == {}
    assert compared > DAYS / 4 * 2


def test_usage_comes_by_day_and_only_from_the_sources_that_count(store: Store) -> None:
    for source, inferences in (("a", 1.0), ("b", 100.0)):
        rows = tuple(
            UsageRow("bot", model, Operation.GENERATION, FIRST + timedelta(days=offset), inferences=inferences)
            for offset, model in ((2, "second"), (0, "first"), (9, "late"))
        )
        batch = Batch(state={}, usage=rows, days_seen=frozenset(row.day for row in rows))
        store.apply(source, 0, batch)

    with store.past(FIRST + timedelta(days=5), Scope(authoritative=frozenset({"a"})), 20) as past:
        usage = past.usage("bot")

    assert usage == [
        UsageDay(FIRST, Operation.GENERATION, ModelTotals("first", inferences=1.0)),
        UsageDay(FIRST + timedelta(days=2), Operation.GENERATION, ModelTotals("second", inferences=1.0)),
    ]


def test_models_beyond_the_cap_have_the_name_they_have_today(store: Store) -> None:
    for offset, model in enumerate(("first", "second", "third")):
        row = UsageRow("bot", model, Operation.GENERATION, FIRST + timedelta(days=offset), inferences=1)
        batch = Batch(state={}, usage=(row,), days_seen=frozenset({row.day}))
        store.apply("a", offset, batch)

    with store.past(LAST, Scope(), 1) as past:
        shown = [day.counts.model for day in past.usage("bot")]
        today = {one.model for one in past.totals["bot"].models}

    assert sorted(shown) == ["first", "other", "other"]
    assert today == set(shown)


def test_landings_come_in_order_and_end_with_the_last_day(store: Store) -> None:
    end = datetime(2026, 1, 7, tzinfo=UTC)
    moments = (end - timedelta(seconds=1), end - timedelta(days=1), end)
    changes = tuple(PromptChange("bot", str(at), at, ChangeKind.MODIFIED, 1) for at in moments)
    store.apply("prompts", 0, Batch(state={}, prompt_changes=changes))

    with store.past(date(2026, 1, 6), Scope(), 20) as past:
        found = past.landings({"bot"})
        nothing = past.landings({"other"})

    assert found == {
        "bot": [
            PromptLanding(end - timedelta(days=1), ChangeKind.MODIFIED),
            PromptLanding(end - timedelta(seconds=1), ChangeKind.MODIFIED),
        ]
    }
    assert nothing == {}

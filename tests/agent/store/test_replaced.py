"""A source that is asked for whole days replaces them: late rows, restated bills, and what was never so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec import structs
from sqlalchemy import func, select

from leverwatch.agent.errors import InternalError, StoreConflict
from leverwatch.agent.evaluation.assessor import Assessor
from leverwatch.agent.evaluation.decide import Plan
from leverwatch.agent.evaluation.evaluate import evaluate
from leverwatch.agent.framework.model import Strategy
from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.store.names import OTHER_MODELS, OVERFLOW_SYSTEM, NameLimits
from leverwatch.agent.store.replaced import Replaced
from leverwatch.agent.store.schema import usage_daily, usage_totals
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, Result, UsageRow
from tests.agent.store.counters import exported, fallen

DAY = date(2026, 3, 1)
NEXT = date(2026, 3, 2)
AS_OF = date(2026, 3, 28)


def row(
    system: str = "bot", model: str = "m", day: date = DAY, inferences: float = 1, **counts: float
) -> UsageRow:
    return UsageRow(system, model, Operation.GENERATION, day, inferences, **counts)


def whole(days: set[date], *rows: UsageRow, state: dict[str, bytes | None] | None = None) -> Batch:
    return Batch(state={} if state is None else state, usage=rows, replaces=frozenset(days))


def cells(store: Store, source: str = "bills") -> dict[tuple[str, str, date], float]:
    """Inferences by system, model and day; the totals must come to the same."""
    with store.reading() as connection:
        daily = connection.execute(select(usage_daily).where(usage_daily.c.source == source)).all()
        totals = connection.execute(select(usage_totals).where(usage_totals.c.source == source)).all()
    for total in totals:
        days = [one for one in daily if one[:4] == total[:4]]
        assert total.inferences == sum(one.inferences for one in days)
        assert total.cost_usd == sum(one.cost_usd for one in days)
    return {(one.system, one.model, one.day): one.inferences for one in daily}


def days_of(store: Store, system: str = "bot") -> dict[date, float]:
    return dict(store.facts(AS_OF, Scope())[system].usage.daily)


def test_a_day_that_is_given_again_is_replaced_and_others_stay(store: Store) -> None:
    store.apply("bills", 0, Batch(state={}, usage=(row(inferences=5), row(day=NEXT, inferences=7))))

    changed = store.apply("bills", 1, whole({DAY}, row(inferences=3, cost_usd=2), row(model="n", inferences=4)))

    assert cells(store) == {("bot", "m", DAY): 3, ("bot", "n", DAY): 4, ("bot", "m", NEXT): 7}
    assert changed == Replaced(added=4, taken_back=2)


def test_a_day_without_rows_is_a_true_zero(store: Store) -> None:
    third = NEXT + timedelta(days=1)
    store.apply("bills", 0, whole({DAY, NEXT}, row(inferences=5), row(day=NEXT, inferences=7)))
    store.apply("bills", 1, whole({NEXT, third}))

    assert days_of(store) == {DAY: 5, NEXT: 0, third: 0}


def test_only_what_the_source_itself_said_is_replaced(store: Store) -> None:
    store.apply("gateway", 0, Batch(state={}, usage=(row(inferences=5),)))
    store.apply("bills", 0, whole({DAY}, row(inferences=3)))
    store.apply("bills", 1, whole({DAY}))

    assert cells(store, "gateway") == {("bot", "m", DAY): 5}
    assert cells(store) == {}


def test_other_operations_are_replaced_with_the_day_and_are_no_restated_inferences(store: Store) -> None:
    embedded = UsageRow("bot", "e", Operation.EMBEDDING, DAY, 9)
    store.apply("bills", 0, whole({DAY}, embedded, row()))

    assert store.apply("bills", 1, whole({DAY}, row())) == Replaced(0, 0)
    assert cells(store) == {("bot", "m", DAY): 1}
    assert exported(store)["leverwatch_other_operations_total", "bot", "embedding"] == 9


def test_what_went_under_another_name_for_want_of_room_leaves_with_its_day(store: Store) -> None:
    store.limits = NameLimits(systems=1, models=1)
    rows = [row(system, model, inferences=4) for system in ("bot", "beyond") for model in ("m", "n")]
    store.apply("bills", 0, whole({DAY}, *rows))
    assert cells(store) == {
        ("bot", "m", DAY): 4, ("bot", OTHER_MODELS, DAY): 4,
        (OVERFLOW_SYSTEM, "m", DAY): 4, (OVERFLOW_SYSTEM, OTHER_MODELS, DAY): 4,
    }  # fmt: skip

    assert store.apply("bills", 1, whole({DAY}, *rows)) == Replaced(0, 0)
    assert sum(cells(store).values()) == 16

    # There is room now: the same calls have their own names from this day on, and none of them counts twice.
    store.limits = NameLimits()
    store.apply("bills", 2, whole({DAY}, *rows))
    assert cells(store) == {(one.system, one.model, DAY): 4 for one in rows}


def test_names_that_have_left_still_take_their_room(store: Store) -> None:
    store.limits = NameLimits(systems=1, models=1)
    store.apply("bills", 0, whole({DAY}, row("bot", "m")))
    store.apply("bills", 1, whole({DAY}, row("other", "n"), row("bot", "n")))

    assert set(cells(store)) == {("bot", OTHER_MODELS, DAY), (OVERFLOW_SYSTEM, "n", DAY)}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row(day=NEXT), "has rows of 1 others, the first of them 2026-03-02"),
        (row(inferences=-1), "takes"),
        # Left out, it would leave a day that is known to have less than it has.
        (row(model="n", input_tokens=float("nan")), "cannot be stored"),
        (row("bot\0"), "cannot be stored"),
    ],
)
def test_a_batch_that_contradicts_itself_is_refused_whole(store: Store, bad: UsageRow, reason: str) -> None:
    store.apply("bills", 0, whole({DAY}, row(inferences=5)))

    with pytest.raises(InternalError, match=reason):
        store.apply("bills", 1, whole({DAY}, row(inferences=3), bad, state={"at": b"2"}))

    assert cells(store) == {("bot", "m", DAY): 5}
    assert (store.source_state("bills").revision, store.source_state("bills").load()) == (1, {})


def test_who_comes_second_with_a_revision_replaces_nothing(store: Store) -> None:
    store.apply("bills", 0, whole({DAY}, row(inferences=5)))

    with pytest.raises(StoreConflict):
        store.apply("bills", 0, whole({DAY}, row(inferences=3)))

    assert cells(store) == {("bot", "m", DAY): 5}
    assert store.source_times()["bills"].restated_inferences == 0


def test_what_was_taken_back_is_added_up_and_kept(open_store: Callable[[], Store]) -> None:
    store = open_store()
    for revision, inferences in enumerate((10, 4, 9, 9, 1)):
        store.apply("bills", revision, whole({DAY}, row(inferences=inferences)))

    assert open_store().source_times()["bills"].restated_inferences == 6 + 8
    # A counter holds what it was, until there is more.
    assert exported(store)["leverwatch_inferences_total", "bot", "m"] == 10


def test_more_days_are_replaced_at_once_than_a_statement_holds_values(store: Store) -> None:
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(1200)]
    store.apply("bills", 0, whole({*days}, *(row(day=day, inferences=2) for day in days)))

    changed = store.apply("bills", 1, whole({*days}, *(row(day=day, inferences=1) for day in days)))

    assert changed == Replaced(0, 1200)
    assert set(cells(store).values()) == {1}


MONTH = [AS_OF - timedelta(days=age) for age in range(28)]


def view(store: Store, assessor: Assessor) -> SystemView:
    (shown,) = evaluate(store, Plan(), datetime(2026, 3, 29, 12, tzinfo=UTC), assessor).systems
    return shown


def test_the_monthly_figure_and_the_verdict_follow_and_no_counter_falls(store: Store) -> None:
    # The same agent goes on: what it remembers of an evaluation must not outlive the days.
    assessor = Assessor()
    store.apply("bills", 0, whole({*MONTH}, *(row(day=day, inferences=50_000_000) for day in MONTH)))
    before, counters = view(store, assessor), exported(store)
    assert (before.verdict.strategy, before.verdict.volume.monthly_inferences) == (
        Strategy.FINE_TUNING, 28 * 50_000_000 * 487 / 448,
    )  # fmt: skip

    store.apply("bills", 1, whole({*MONTH}, *(row(day=day, inferences=1_000_000) for day in MONTH)))
    after = view(store, assessor)

    assert (after.verdict.strategy, after.verdict.volume.monthly_inferences) == (
        Strategy.PROMPT_ENGINEERING, 28 * 1_000_000 * 487 / 448,
    )  # fmt: skip
    assert after.models[0].inferences == 28 * 1_000_000
    assert after.assessment is not None
    assert after.assessment != before.assessment
    assert fallen(counters, exported(store)) == {}


def test_a_replaced_day_costs_nothing_of_what_else_the_batch_says(store: Store) -> None:
    store.apply("bills", 0, structs.replace(whole({DAY}, row()), tallies={Result.COUNTED: 1}))
    store.apply("bills", 1, structs.replace(whole({DAY}, row(), state={"at": b"2"}), tallies={Result.COUNTED: 1}))

    assert store.tallies() == {"bills": {Result.COUNTED: 2}}
    assert store.source_state("bills").load() == {"at": b"2"}
    with store.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(usage_daily)) == 1


def test_the_first_day_of_a_system_follows_what_is_left_of_it(store: Store) -> None:
    month = [DAY + timedelta(days=at) for at in range(30)]
    store.apply("bills", 0, whole(set(month), *(row(day=day) for day in month)))
    store.apply("bills", 1, whole(set(month), *(row(day=day) for day in month[27:])))

    # Days before the first one of a system are unknown, and not zero.
    assert set(store.facts(month[-1], Scope())["bot"].usage.daily) == set(month[27:])
    store.apply("bills", 2, whole({month[3]}, row(day=month[3])))
    assert min(store.facts(month[-1], Scope())["bot"].usage.daily) == month[3]


def test_an_authoritative_source_that_took_everything_back_leaves_the_system_to_the_others(store: Store) -> None:
    scope = Scope(authoritative=frozenset({"bills"}))
    store.apply("gateway", 0, Batch({}, (row(inferences=30),), days_seen=frozenset({DAY})))
    store.apply("bills", 0, whole({DAY}, row(inferences=5)))
    assert store.facts(DAY, scope)["bot"].usage.daily == {DAY: 5}

    store.apply("bills", 1, whole({DAY}, row("other", inferences=5)))

    facts = store.facts(DAY, scope)
    assert (facts["bot"].usage.daily, facts["bot"].usage.sources) == ({DAY: 30}, ("gateway",))
    totals = store.totals(scope, 10)["bot"]
    # The counter showed 5, and goes on from there.
    assert (totals.models[0].inferences, totals.highest["m"].inferences) == (30, 35)

"""Two sources see one system: one counts, the other compares, and only over days that both know whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from leverwatch.agent.framework.cross_check import ComparedDay, CrossCheck, CrossCheckSettings
from leverwatch.agent.store.names import NameLimits
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.daily.answers import Known
from leverwatch.collectors.daily.known_days import DAYS
from leverwatch.collectors.daily.window import Days, spans_of
from leverwatch.collectors.interface import Batch, Operation, UsageRow

MONDAY = date(2026, 3, 2)
SETTINGS = CrossCheckSettings()
DATABASE = Scope(authoritative=frozenset({"database"}))
BOTH = frozenset({"gateway", "database"})


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def rows(numbers: Mapping[int, float], system: str = "bot") -> tuple[UsageRow, ...]:
    return tuple(UsageRow(system, "m", Operation.GENERATION, day(at), number) for at, number in numbers.items())


def log(store: Store, numbers: Mapping[int, float], source: str = "gateway", system: str = "bot") -> None:
    """Records that are followed."""
    batch = Batch(state={}, usage=rows(numbers, system), days_seen=frozenset(map(day, numbers)))
    store.apply(source, store.source_state(source).revision, batch)


def answer(
    store: Store, numbers: Mapping[int, float], known: Known | None = None, source: str = "database"
) -> None:
    """Whole days that were asked for."""
    days = frozenset(map(day, numbers))
    if known is None:
        before = store.source_state(source).load().get(DAYS.key)
        earlier = DAYS.loads(source, before).asked if before else ()
        spans = spans_of([*(one for span in earlier for one in span), *days])
        known = Known(spans, spans)
    batch = Batch(state={DAYS.key: DAYS.dumps(known)}, usage=rows(numbers), replaces=days)
    store.apply(source, store.source_state(source).revision, batch)


def checks(
    store: Store, scope: Scope = DATABASE, configured: frozenset[str] | None = BOTH, as_of: int = 20
) -> tuple[CrossCheck, ...]:
    return store.cross_checks(day(as_of), scope, configured, SETTINGS).get("bot", ())


def compared(store: Store, scope: Scope = DATABASE) -> list[tuple[int, float, float]]:
    (check,) = checks(store, scope)
    return [((one.day - MONDAY).days, one.compared, one.authoritative) for one in check.days]


def counted(store: Store, scope: Scope = DATABASE) -> dict[int, float]:
    daily = store.facts(day(20), scope)["bot"].usage.daily
    return {(at - MONDAY).days: number for at, number in daily.items()}


def test_the_other_source_compares_and_adds_nothing(store: Store) -> None:
    log(store, {0: 50, 1: 102, 2: 103, 3: 9})
    answer(store, {0: 97, 1: 98, 2: 99, 3: 100})

    (check,) = checks(store)
    assert (check.source, check.authoritative) == ("gateway", ("database",))
    # The log may have begun within its first day, and may go on within its last one.
    assert check.days == (ComparedDay(day(1), 102, 98), ComparedDay(day(2), 103, 99))
    assert counted(store) == {0: 97, 1: 98, 2: 99, 3: 100}
    (models,) = store.totals(DATABASE, 20)["bot"].models
    assert models.inferences == 394


def test_what_was_counted_moves_by_whole_days_when_the_other_source_becomes_authoritative(store: Store) -> None:
    log(store, {0: 50, 1: 102, 2: 103})
    answer(store, {1: 98, 2: 99, 3: 100})
    gateway = Scope(authoritative=frozenset({"gateway"}))

    assert counted(store, gateway) == {0: 50, 1: 102, 2: 103}
    assert compared(store, gateway) == [(1, 98, 102)]
    assert checks(store, gateway)[0].source == "database"
    assert counted(store, DATABASE) == {1: 98, 2: 99, 3: 100}


def test_late_rows_change_the_comparison(store: Store) -> None:
    log(store, {0: 10, 1: 100, 2: 100, 3: 1})
    answer(store, {1: 80, 2: 100})
    assert compared(store) == [(1, 100, 80), (2, 100, 100)]

    answer(store, {1: 100, 2: 100})
    log(store, {2: 7})

    assert compared(store) == [(1, 100, 100), (2, 107, 100)]


def test_nothing_is_known_of_a_system_before_its_first_day_in_a_table(store: Store) -> None:
    log(store, dict.fromkeys(range(9), 100))
    known = (Days(day(0), day(8)),)
    other = Batch(
        state={DAYS.key: DAYS.dumps(Known(known, known))},
        usage=rows(dict.fromkeys(range(9), 5), "other"),
        replaces=frozenset(map(day, range(9))),
    )
    store.apply("database", 0, other)
    answer(store, {6: 60, 7: 100, 8: 100})

    assert compared(store) == [(6, 100, 60), (7, 100, 100)]


def test_a_day_that_was_asked_for_and_is_not_whole_is_no_divergence(store: Store) -> None:
    log(store, dict.fromkeys(range(8), 100))
    asked = (Days(day(1), day(4)),)
    answer(store, {2: 100, 4: 100, 5: 3}, Known(asked, (Days(day(2), day(5)),), bare=(Days(day(1), day(1)),)))

    # Day 1 is before the first row, day 3 is a true zero, and day 5 is not over in the table.
    assert compared(store) == [(2, 100, 100), (3, 100, 0), (4, 100, 100)]


def test_days_that_are_to_be_asked_for_again_are_not_compared(store: Store) -> None:
    log(store, dict.fromkeys(range(8), 100))
    answer(store, dict.fromkeys(range(1, 6), 50))
    assert len(compared(store)) == 5

    answer(store, {}, Known((), (Days(day(1), day(5)),), settings="other"))

    assert compared(store) == []


def test_a_system_is_compared_from_the_day_after_records_first_name_it(store: Store) -> None:
    log(store, dict.fromkeys(range(8), 1), system="other")
    log(store, {3: 10, 4: 100, 5: 100, 6: 1})
    answer(store, dict.fromkeys(range(6), 100))

    # It came through the gateway from the middle of day 3 on.
    assert compared(store) == [(4, 100, 100), (5, 100, 100)]


def test_records_of_other_systems_make_a_day_without_any_of_this_one_a_zero(store: Store) -> None:
    log(store, dict.fromkeys(range(8), 1), system="other")
    log(store, {0: 10, 1: 100})
    answer(store, dict.fromkeys(range(4), 100))

    assert compared(store) == [(1, 100, 100), (2, 0, 100), (3, 0, 100)]


def test_a_source_that_stopped_is_no_divergence(store: Store) -> None:
    log(store, {0: 10, 1: 100, 2: 100})
    answer(store, dict.fromkeys(range(9), 100))

    assert compared(store) == [(1, 100, 100)]


def test_every_part_of_a_source_must_know_a_day_until_it_is_gone_for_a_week(store: Store) -> None:
    log(store, dict.fromkeys(range(12), 60), source="gateway@a")
    log(store, {0: 40, 1: 40, 2: 40}, source="gateway@b")
    answer(store, dict.fromkeys(range(11), 100))

    assert [at for at, *_ in compared(store)] == list(range(1, 11))
    log(store, {5: 40}, source="gateway@b")

    # Until day 11 only one of them has told of the days after the fifth, and the other one has none for two days.
    assert compared(store) == [(1, 100, 100), (2, 100, 100)]


def test_a_source_that_is_configured_no_longer_compares_nothing(store: Store) -> None:
    log(store, dict.fromkeys(range(8), 50))
    answer(store, dict.fromkeys(range(8), 100))

    assert checks(store, configured=frozenset({"database"})) == ()
    assert len(checks(store, configured=None)) == 1


def test_without_an_authoritative_source_nothing_is_compared(store: Store) -> None:
    log(store, dict.fromkeys(range(8), 50))
    answer(store, dict.fromkeys(range(8), 100))

    assert checks(store, Scope()) == ()


def test_a_source_compares_even_before_the_authoritative_one_that_names_the_system_has_answered(
    store: Store,
) -> None:
    named = Scope(
        authoritative=frozenset({"database"}),
        counting={"database": frozenset({"bot"}), "gateway": frozenset({"bot"})},
    )
    log(store, {0: 50, 1: 100})
    usage = store.facts(day(20), named)["bot"].usage

    assert usage.daily == {}
    assert usage.unseen == "source database has found nothing to read"
    assert store.totals(named, 20)["bot"].models == ()
    assert checks(store, named) == ()

    answer(store, {0: 97, 1: 98})
    assert counted(store, named) == {0: 97, 1: 98}


def test_an_authoritative_source_whose_records_name_systems_leaves_the_others_to_the_other_source(
    store: Store,
) -> None:
    scope = Scope(
        authoritative=frozenset({"database"}), counting={"database": frozenset(), "gateway": frozenset()}
    )
    log(store, {0: 50, 1: 100}, system="chat")
    answer(store, {0: 97, 1: 98})

    assert sum(store.facts(day(20), scope)["chat"].usage.daily.values()) == 150


def test_state_that_cannot_be_read_is_no_known_day(store: Store) -> None:
    log(store, dict.fromkeys(range(8), 50))
    answer(store, dict.fromkeys(range(8), 100))
    state = store.source_state("database")
    store.apply("database", state.revision, Batch(state={DAYS.key: b'{"version":99}'}))

    assert checks(store)[0].days == ()


def test_a_source_that_compares_adds_nothing_to_the_systems_without_a_name_of_their_own_either(
    store: Store,
) -> None:
    store.limits = NameLimits(systems=0)
    log(store, {0: 50, 1: 100})
    answer(store, {0: 97, 1: 98})

    assert store.overflow(DATABASE) == 195
    assert store.overflow(Scope(authoritative=frozenset({"gateway"}))) == 150
    assert store.overflow() == 345

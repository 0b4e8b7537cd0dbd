from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from leverwatch.agent.framework.model import Declaration, PromptFacts, Strategy, UsageFacts
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, ChangeKind, Operation, PromptChange, UsageRow

MONDAY = date(2026, 3, 2)


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def row(system: str, offset: int, inferences: float = 10, **changes: object) -> UsageRow:
    made = UsageRow(system, "m", Operation.GENERATION, day(offset), inferences=inferences)
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's shorthand


def put(store: Store, source: str, *rows: UsageRow, days: tuple[int, ...] = ()) -> None:
    batch = Batch(
        state={}, usage=rows, days_seen=frozenset({*(row.day for row in rows), *(day(offset) for offset in days)})
    )
    store.apply(source, store.source_state(source).revision, batch)


def usage(store: Store, system: str, offset: int = 27, scope: Scope | None = None) -> UsageFacts:
    return store.facts(day(offset), scope or Scope())[system].usage


def test_a_day_on_which_the_source_saw_other_systems_is_a_true_zero(store: Store) -> None:
    put(store, "gateway", row("bot", 0), row("faq", 1), row("bot", 2))

    assert usage(store, "bot").daily == {day(0): 10, day(1): 0, day(2): 10}


def test_days_before_a_system_was_first_seen_and_days_without_any_record_are_unknown(store: Store) -> None:
    put(store, "gateway", row("old", 0), row("new", 2), row("old", 4))

    assert usage(store, "new").daily == {day(2): 10, day(4): 0}


def test_a_late_first_record_moves_the_first_day_back(store: Store) -> None:
    put(store, "gateway", row("bot", 3), row("faq", 2))
    put(store, "gateway", row("bot", 1))

    assert usage(store, "bot").daily == {day(1): 10, day(2): 0, day(3): 10}


def test_days_after_the_day_asked_for_do_not_exist_yet(store: Store) -> None:
    put(store, "gateway", row("bot", 0), row("bot", 5))

    assert usage(store, "bot", offset=4).daily == {day(0): 10}


def test_only_generations_are_volume_and_other_operations_still_cover_their_day(store: Store) -> None:
    put(store, "gateway", row("bot", 0), row("bot", 1, operation=Operation.EMBEDDING))

    assert usage(store, "bot").daily == {day(0): 10, day(1): 0}


def test_models_add_up_and_so_do_sources_that_follow_each_other(store: Store) -> None:
    put(store, "a", row("bot", 0), row("bot", 0, model="n"))
    put(store, "b", row("bot", 1))

    facts = usage(store, "bot")
    assert facts.daily == {day(0): 20, day(1): 10}
    assert facts.sources == ("a", "b")
    assert not facts.overlapping


def test_two_sources_on_the_same_day_overlap(store: Store) -> None:
    put(store, "a", row("bot", 0))
    put(store, "b", row("bot", 0))

    assert usage(store, "bot").overlapping
    assert not usage(store, "bot", offset=40).overlapping


def test_an_authoritative_source_counts_alone(store: Store) -> None:
    put(store, "a", row("bot", 0))
    put(store, "b", row("bot", 0, inferences=99), row("faq", 0))
    scope = Scope(authoritative=frozenset({"a"}))

    assert usage(store, "bot", scope=scope) == UsageFacts(
        {day(0): 10}, ("a",), overlapping=False, alive_until=day(0)
    )
    assert usage(store, "faq", scope=scope).sources == ("b",)


def test_prompt_changes_that_count_make_active_days_and_all_make_history(store: Store) -> None:
    def change(identity: str, offset: int, kind: ChangeKind) -> PromptChange:
        landed = datetime(2026, 3, 2, 23, 59, tzinfo=UTC) + timedelta(days=offset)
        return PromptChange("bot", identity, landed, kind, 1)

    changes = (
        change("1", 0, ChangeKind.RENAMED),
        change("2", 2, ChangeKind.MODIFIED),
        change("3", 2, ChangeKind.REVERTED),
        change("4", 3, ChangeKind.FORMATTING),
        change("5", 9, ChangeKind.ADDED),
    )
    store.apply("prompts", 0, Batch(state={}, prompt_changes=changes))
    scope = Scope(watched=frozenset({"bot", "silent"}), declarations={"silent": Declaration()})

    facts = store.facts(day(8), scope)
    assert facts["bot"].prompts == PromptFacts(True, day(0), frozenset({day(2)}))
    assert facts["silent"].prompts == PromptFacts(watched=True)


def test_a_declared_system_has_facts_before_anything_was_seen(store: Store) -> None:
    declaration = Declaration(Strategy.HYBRID)
    facts = store.facts(MONDAY, Scope(declarations={"bot": declaration}))

    assert facts["bot"].usage == UsageFacts()
    assert facts["bot"].declaration == declaration


def test_a_prompt_change_at_midnight_belongs_to_the_day_that_begins(store: Store) -> None:
    first, midnight = datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)
    changes = [PromptChange("bot", str(at), at, ChangeKind.MODIFIED, 1) for at in (first, midnight)]
    store.apply("prompts", 0, Batch(state={}, prompt_changes=tuple(changes)))

    assert store.facts(day(1), Scope())["bot"].prompts.active_days == {day(0)}
    assert store.facts(day(2), Scope())["bot"].prompts.active_days == {day(0), day(2)}


def test_parts_of_one_source_add_up_and_do_not_overlap(store: Store) -> None:
    put(store, "pods@node-a", row("bot", 0), row("bot", 1), row("bot", 8))
    put(store, "pods@node-b", row("bot", 0), row("bot", 1), row("bot", 8))

    facts = usage(store, "bot")
    assert facts.daily == {day(0): 20, day(1): 20, day(8): 20}
    assert not facts.overlapping


def test_a_part_and_another_source_overlap(store: Store) -> None:
    put(store, "pods@node-a", row("bot", 0))
    put(store, "podium@node-a", row("bot", 0))

    assert usage(store, "bot").overlapping


def test_a_source_that_is_authoritative_is_it_in_all_its_parts(store: Store) -> None:
    put(store, "pods@node-a", row("bot", 0))
    put(store, "pods@node-b", row("bot", 0))
    put(store, "gateway", row("bot", 0, inferences=1000))

    assert usage(store, "bot", scope=Scope(authoritative=frozenset({"pods@node-b"}))).daily == {day(0): 20}


def test_a_part_that_is_gone_is_not_missed_as_long_as_another_one_is_read(store: Store) -> None:
    put(store, "pods@node-a", row("bot", 0), row("bot", 7), row("bot", 15))
    put(store, "pods@node-b", row("bot", 0), row("bot", 14), row("bot", 15))
    put(store, "pods@node-c", row("bot", 0))

    facts = usage(store, "bot", offset=15)
    assert facts.incomplete == {}
    assert facts.alive_until == day(15)

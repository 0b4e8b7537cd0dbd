"""A system without usage says why, as far as the configuration and the records tell."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from leverwatch.agent.framework.model import Declaration
from leverwatch.agent.store.facts import MOST_COMPARED
from leverwatch.agent.store.scope import Scope
from leverwatch.agent.store.store import Store
from leverwatch.agent.store.unseen import why_unseen
from leverwatch.collectors.interface import Batch, Operation, Result, UsageRow

BOT = frozenset({"bot"})
ANY: frozenset[str] = frozenset()
COUNTED = {Result.COUNTED: 7, Result.MISSING_FIELD: 900}
REFUSED = {Result.MISSING_FIELD: 9, Result.INVALID_LINE: 1, Result.IGNORED: 3}


@pytest.mark.parametrize(
    ("counting", "records", "text"),
    [
        ({"a": frozenset({"aid"})}, {}, "no source counts this system"),
        ({"a": BOT}, {}, "source a has found nothing to read"),
        ({"a": BOT}, {"a": {Result.IGNORED: 5}}, "source a has found nothing to read"),
        ({"a": BOT}, {"a": REFUSED}, "nothing that source a read could be counted (invalid_line, missing_field)"),
        ({"a": BOT}, {"a": COUNTED}, "what source a counted is of other systems"),
        ({"a": ANY}, {"a": COUNTED}, "no record that source a counted names it"),
        (
            {"a": ANY},
            {"a": {Result.UNATTRIBUTED: 4}},
            "nothing that source a read could be counted (unattributed)",
        ),
        ({"a": ANY, "b": BOT}, {"a": COUNTED}, "source b has found nothing to read"),
        ({"a@here": BOT}, {"a@there": REFUSED | COUNTED}, "what source a counted is of other systems"),
        (
            {"a": ANY, "b": ANY, "c": ANY, "d": ANY},
            {"a": COUNTED},
            (
                "no record that source a counted names it; source b has found nothing to read;"
                " source c has found nothing to read; and 1 more source"
            ),
        ),
    ],
)
def test_the_reason_is_what_became_of_the_sources_that_could_feed_it(
    counting: dict[str, frozenset[str]], records: dict[str, dict[Result, int]], text: str
) -> None:
    assert why_unseen("bot", counting, records, ["something-else"]) == text


@pytest.mark.parametrize("counting", [{"a": frozenset({"support-bot"})}, {"a": ANY}])
def test_a_system_with_nearly_the_same_name_is_named(counting: dict[str, frozenset[str]]) -> None:
    found = why_unseen("suport-bot", counting, {"a": COUNTED}, ["bot", "support-bot"])

    assert found.endswith('; did you mean "support-bot"?')


def test_facts_tell_it_of_every_system_without_usage_and_of_no_other(store: Store) -> None:
    row = UsageRow("support-bot", "m", Operation.GENERATION, date(2026, 3, 9), inferences=1)
    store.apply("a", 0, Batch({}, usage=(row,), tallies={Result.COUNTED: 1}, days_seen=frozenset({row.day})))
    store.mark_success("a", datetime(2026, 3, 10, tzinfo=UTC))
    declared = {"suport-bot": Declaration(), "support-bot": Declaration()}

    found = store.facts(date(2026, 3, 9), Scope(declarations=declared, counting={"a": ANY}))
    unknown = store.facts(date(2026, 3, 9), Scope(declarations=declared))

    assert {name: facts.usage.unseen for name, facts in found.items()} == {
        "support-bot": "",
        "suport-bot": 'no record that source a counted names it; did you mean "support-bot"?',
    }
    assert {facts.usage.unseen for facts in unknown.values()} == {""}


def test_names_are_not_compared_when_there_are_very_many(store: Store) -> None:
    row = UsageRow("bot-0", "m", Operation.GENERATION, date(2026, 3, 9), inferences=1)
    store.apply("a", 0, Batch({}, usage=(row,), tallies={Result.COUNTED: 1}, days_seen=frozenset({row.day})))
    declared = {f"bot-{number}": Declaration() for number in range(1, MOST_COMPARED + 2)}

    found = store.facts(date(2026, 3, 9), Scope(declarations=declared, counting={"a": ANY}))

    assert found["bot-1"].usage.unseen == "no record that source a counted names it"


def test_a_source_that_names_some_systems_and_takes_others_from_records_may_feed_any() -> None:
    counting = {"a": frozenset({"search"})}

    assert why_unseen("bot", counting, {"a": COUNTED}, [], {"a"}) == "no record that source a counted names it"
    assert why_unseen("bot", counting, {"a": COUNTED}, []) == "no source counts this system"

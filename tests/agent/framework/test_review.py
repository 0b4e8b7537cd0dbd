from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from leverwatch.agent.framework.mistakes import ReviewSettings
from leverwatch.agent.framework.model import Declaration, Rule, Strategy
from leverwatch.agent.framework.review import (
    PastVerdict,
    Review,
    ReviewCode,
    changed_rules,
    review,
)
from leverwatch.agent.framework.shutdowns import shutdowns
from tests.agent.framework.evals import counts
from tests.agent.framework.facts import (
    AS_OF,
    HIGH,
    LOW,
    PE,
    QUIET,
    UNWATCHED,
    ago,
    constant,
    facts,
    prompts,
    verdict,
)

QUIET_RULES: dict[Rule, bool | None] = {rule: rule is Rule.VOLUME_LOW for rule in Rule}


def past(
    age: int = 0,
    rules: dict[Rule, bool | None] | None = None,
    rule: Rule | None = Rule.VOLUME_LOW,
    strategy: Strategy | None = PE,
    mismatch: bool | None = False,
) -> PastVerdict:
    return PastVerdict(ago(age), strategy, rule, QUIET_RULES | (rules or {}), mismatch)


def declared(age: int | None) -> Declaration:
    return Declaration(PE, None if age is None else ago(age))


def codes(judged: Review) -> list[str]:
    return [reason.code for reason in judged.reasons]


@pytest.mark.parametrize(("age", "due"), [(0, False), (89, False), (90, True), (400, True)])
def test_a_decision_is_due_for_review_at_ninety_days(age: int, due: bool) -> None:
    judged = review(past(), declared(age), past(age))

    assert (judged.due, judged.age_days, judged.due_on) == (due, age, ago(age) + timedelta(days=90))
    assert codes(judged) == ([ReviewCode.TOO_OLD] if due else [])


def test_the_age_is_a_setting() -> None:
    assert review(past(), declared(30), past(30), settings=ReviewSettings(30)).due


def test_a_declaration_without_a_review_date_is_due_at_once() -> None:
    judged = review(past(), declared(None), None)

    assert (judged.due, judged.age_days, judged.due_on) == (True, None, None)
    assert codes(judged) == [ReviewCode.NEVER_REVIEWED]


@pytest.mark.parametrize("declaration", [None, Declaration(None, ago(400))])
def test_where_nothing_is_declared_nothing_is_due(declaration: Declaration | None) -> None:
    judged = review(past(), declaration, past(400))

    assert (judged.due, judged.reasons) == (None, ())


def test_a_review_date_ahead_of_the_day_is_of_today() -> None:
    assert review(past(), Declaration(PE, AS_OF + timedelta(days=2)), None).age_days == 0


def test_a_rule_that_changed_since_makes_a_review_due_at_once() -> None:
    now = past(rules={Rule.FREQUENT_CHANGES: True}, rule=Rule.FREQUENT_CHANGES)
    judged = review(now, declared(3), past(3))

    assert (judged.due, judged.changed_rules, judged.deciding_rule_changed) == (
        True,
        (Rule.FREQUENT_CHANGES,),
        True,
    )
    assert judged.compared_with == ago(3)
    assert judged.reasons[0].text == (
        "since the review (2026-10-01): frequent_changes is active; frequent_changes decides where volume_low did"
    )


def test_the_conflict_of_both_rules_is_a_decision_of_its_own() -> None:
    both = past(rules={Rule.LOCKED_IN_BEHAVIOR: True}, rule=None, strategy=Strategy.HYBRID)
    judged = review(past(), declared(3), both)

    assert judged.deciding_rule_changed
    assert "volume_low decides where the conflict of both operational rules did" in judged.reasons[0].text
    assert "locked_in_behavior is no longer active" in judged.reasons[0].text


@pytest.mark.parametrize(
    ("then", "now", "changed"),
    [
        (False, True, True),
        (True, False, True),
        (None, True, True),
        (None, False, False),
        (True, None, False),
        (False, False, False),
        (True, True, False),
        (None, None, False),
    ],
)
def test_what_is_unknown_has_not_changed(then: bool | None, now: bool | None, changed: bool) -> None:
    found = changed_rules(past(rules={Rule.FREQUENT_CHANGES: then}), past(rules={Rule.FREQUENT_CHANGES: now}))

    assert found == ((Rule.FREQUENT_CHANGES,) if changed else ())


def test_an_undecided_verdict_changed_no_deciding_rule() -> None:
    undecided = past(strategy=None, rule=None)

    assert not review(past(), declared(3), undecided).due
    assert not review(undecided, declared(3), past(3)).due


def test_without_a_stored_verdict_of_the_review_age_alone_decides() -> None:
    judged = review(past(), declared(3), None)

    assert (judged.due, judged.compared_with, judged.changed_rules) == (False, None, ())


def test_real_verdicts_show_that_volume_changed_the_rule() -> None:
    then = PastVerdict.of(verdict(facts(constant(LOW, until=ago(40)), QUIET, declared=PE, as_of=ago(40))))
    now = PastVerdict.of(verdict(facts(constant(HIGH), UNWATCHED, declared=PE)))
    judged = review(now, declared(40), then)

    assert judged.changed_rules == (Rule.VOLUME_LOW, Rule.VOLUME_HIGH)
    assert judged.deciding_rule_changed
    assert judged.due


def test_real_verdicts_of_the_same_circumstances_differ_in_nothing() -> None:
    then = PastVerdict.of(verdict(facts(constant(LOW, until=ago(10)), prompts(0), declared=PE, as_of=ago(10))))
    now = PastVerdict.of(verdict(facts(constant(LOW), prompts(0), declared=PE)))

    assert review(now, declared(10), then).due is False


def test_a_model_that_ends_soon_makes_a_review_due() -> None:
    ends = {"soon": AS_OF + timedelta(days=60), "later": AS_OF + timedelta(days=200)}
    found = shutdowns({"soon": counts(5, 5), "later": counts(5, 5)}, AS_OF, ends, {})
    judged = review(past(), declared(1), past(1), shutdowns=found)

    assert (judged.due, codes(judged), len(judged.shutdowns)) == (True, [ReviewCode.MODEL_SHUTDOWN], 2)
    assert not review(past(), declared(1), past(1), shutdowns=found[1:]).due


@pytest.mark.parametrize(
    ("mismatch", "changed_on", "declared_on", "since"),
    [
        (False, ago(2), None, None),
        (False, ago(2), ago(1), None),
        (None, ago(2), None, None),
        (True, ago(2), None, ago(2)),
        (True, ago(0), None, ago(0)),
        (True, ago(2), ago(9), ago(2)),
        (True, ago(9), ago(2), ago(2)),
        (True, ago(9), ago(-1), ago(-1)),
    ],
)
def test_a_difference_begins_when_the_later_one_of_recommendation_and_declaration_does(
    mismatch: bool | None, changed_on: date, declared_on: date | None, since: date | None
) -> None:
    current = replace(past(mismatch=mismatch), changed_on=changed_on, declared_on=declared_on)
    judged = review(current, declared(0), None)

    assert judged.differing_since == since
    assert judged.differing_days == (None if since is None else (AS_OF - since).days + 1)

"""Whether a decision is due for review: by its age, because a rule changed, or because a model ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct

from leverwatch.agent.framework.humanise import days as days_text
from leverwatch.agent.framework.mistakes import ReviewSettings
from leverwatch.agent.framework.model import Declaration, Reason, Rule, Strategy, Verdict
from leverwatch.agent.framework.shutdowns import Shutdown, Urgency


class PastVerdict(Struct, frozen=True):
    """The part of a stored verdict that reviews compare."""

    as_of: date
    strategy: Strategy | None
    rule: Rule | None
    active: Mapping[Rule, bool | None]
    mismatch: bool | None
    changed_on: date | None = None
    """The first day of the recommendation; None when there is none."""
    declared_on: date | None = None
    """The day on which the declaration was first seen after another one; None: no other one is known."""

    @classmethod
    def of(cls, verdict: Verdict) -> PastVerdict:
        """Take that part from a whole verdict."""
        active = {evidence.rule: evidence.active for evidence in verdict.evidence}
        return cls(
            verdict.as_of,
            verdict.strategy,
            verdict.rule,
            active,
            verdict.mismatch,
            verdict.changed_on,
            verdict.declared_on,
        )


class ReviewCode(StrEnum):
    """Every code that a `Reason` of a review can have."""

    NEVER_REVIEWED = "review_never"
    TOO_OLD = "review_too_old"
    RULE_CHANGED = "review_rule_changed"
    MODEL_SHUTDOWN = "review_model_shutdown"


class Review(Struct, frozen=True):
    """The age of a declaration, and whether its review is due."""

    due: bool | None
    """None: no strategy is declared, so there is no decision to review."""
    reviewed: date | None
    age_days: int | None
    """Days since the last review; None without a review date."""
    review_after_days: int
    due_on: date | None
    """The day from which a review is due because of the age alone."""
    changed_rules: tuple[Rule, ...]
    """Rules that are active now and were not at the review, or the other way round."""
    deciding_rule_changed: bool
    compared_with: date | None
    """Day of the stored verdict that the present one is compared with; None when there is none."""
    differing_since: date | None
    """Day since which the present recommendation and the present declaration have stood against each other: the
    later one of their first days. Where no other declaration is known, the present one counts as declared all
    along. None when they do not differ."""
    differing_days: int | None
    """Days since `differing_since`; None when recommendation and declaration do not differ now."""
    shutdowns: tuple[Shutdown, ...]
    """Shutdowns of models that the system used in the trailing 28 days, the nearest day first."""
    reasons: tuple[Reason, ...]
    """Why a review is due; empty when it is not."""


def review(
    current: PastVerdict,
    declaration: Declaration | None,
    at_review: PastVerdict | None,
    shutdowns: tuple[Shutdown, ...] = (),
    settings: ReviewSettings | None = None,
) -> Review:
    """Return whether a review of the declaration is due on the day of `current`, and why.

    Args:
        current: the verdict of today.
        declaration: what the team declares.
        at_review: the stored verdict of the day of the review, or the first one after it when the store does not
            go back so far.
        shutdowns: last days of the models in use.
        settings: thresholds; the defaults when left out.
    """
    chosen = settings or ReviewSettings()
    as_of = current.as_of
    reviewed = declaration.reviewed if declaration else None
    declared = declaration is not None and declaration.strategy is not None
    age = None if reviewed is None else max(0, (as_of - reviewed).days)
    compared = at_review if reviewed is not None else None
    changed = changed_rules(compared, current) if compared else ()
    moved = compared is not None and _decided_otherwise(compared, current)
    since = _differing_since(current) if current.mismatch else None
    reasons = tuple(_reasons(age, reviewed, compared, current, changed, moved, shutdowns, chosen))
    return Review(
        due=bool(reasons) if declared else None,
        reviewed=reviewed,
        age_days=age,
        review_after_days=chosen.review_after_days,
        due_on=None if reviewed is None else reviewed + timedelta(days=chosen.review_after_days),
        changed_rules=changed,
        deciding_rule_changed=moved,
        compared_with=compared.as_of if compared else None,
        differing_since=since,
        differing_days=None if since is None else (as_of - since).days + 1,
        shutdowns=shutdowns,
        reasons=reasons if declared else (),
    )


def _differing_since(current: PastVerdict) -> date:
    recommended = current.changed_on or current.as_of
    return recommended if current.declared_on is None else max(recommended, current.declared_on)


def changed_rules(then: PastVerdict, now: PastVerdict) -> tuple[Rule, ...]:
    """The rules whose activity differs between two verdicts.

    A rule that is unknown now counts as unchanged; one that was unknown then as changed if it is active now.
    """
    return tuple(
        rule
        for rule in Rule
        if now.active.get(rule) is not None and bool(then.active.get(rule)) is not now.active[rule]
    )


def _decided_otherwise(then: PastVerdict, now: PastVerdict) -> bool:
    # A verdict without a strategy decided nothing, so there is no deciding rule to compare.
    return then.strategy is not None and now.strategy is not None and then.rule is not now.rule


def _reasons(
    age: int | None,
    reviewed: date | None,
    compared: PastVerdict | None,
    current: PastVerdict,
    changed: tuple[Rule, ...],
    moved: bool,
    ending: tuple[Shutdown, ...],
    settings: ReviewSettings,
) -> Iterable[Reason]:
    if age is None:
        yield Reason(ReviewCode.NEVER_REVIEWED.value, "the declaration has no review date")
    if compared is not None and (changed or moved):
        parts = [f"{rule} is {'active' if current.active[rule] else 'no longer active'}" for rule in changed]
        if moved:
            parts.append(f"{_deciding(current)} decides where {_deciding(compared)} did")
        text = f"since the review ({compared.as_of}): {'; '.join(parts)}"
        yield Reason(ReviewCode.RULE_CHANGED.value, text)
    if age is not None and age >= settings.review_after_days:
        text = (
            f"the last review, on {reviewed}, was {days_text(age)} ago ({settings.review_after_days} are allowed)"
        )
        yield Reason(ReviewCode.TOO_OLD.value, text)
    for item in ending:
        if item.urgency is not Urgency.AHEAD:
            yield Reason(ReviewCode.MODEL_SHUTDOWN.value, item.text)


def _deciding(verdict: PastVerdict) -> str:
    return str(verdict.rule) if verdict.rule else "the conflict of both operational rules"

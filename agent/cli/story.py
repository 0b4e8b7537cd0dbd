"""The full explanation of one verdict, as text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import inf
from typing import TypeVar

from leverwatch.agent.cli.output import spoken, table
from leverwatch.agent.cli.phrases import declared, when
from leverwatch.agent.framework.assessment import Assessment, PromptJudgement, Unavailable
from leverwatch.agent.framework.baselines import Baseline
from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.model import Economics, StrategyCost
from leverwatch.agent.framework.economics.words import bill_text, change_notes, change_text
from leverwatch.agent.framework.forecast.model import Forecast, Outlook
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.locked_in import LockedIn, Standing
from leverwatch.agent.framework.model import Facts, Verdict
from leverwatch.agent.framework.review import Review
from leverwatch.agent.framework.shutdowns import Shutdown
from leverwatch.agent.framework.would_change import WouldChange
from leverwatch.collectors.interface import EvalResult

_MARKS = {True: "yes", False: "no", None: "?"}

_STANDINGS = {
    Standing.DECLARED_SUPPORTED: "declared, and measurements support it",
    Standing.DECLARED_UNSUPPORTED: "declared, and what was measured does not support it",
    Standing.DECLARED_UNMEASURED: "declared; nothing was measured",
    Standing.SUPPORTED_UNDECLARED: "measured, and not declared",
    Standing.NOT_SUPPORTED: "not declared, and what was measured does not support it",
    Standing.UNMEASURED: "not declared; nothing was measured",
}

_MOST_REFUSED = 20
_COSTS = ("STRATEGY", "USD A MONTH", "TOKENS", "PEOPLE", "TRAINING", "HOSTING", "USD FOR 1,000")

Part = TypeVar("Part")


def story(facts: Facts, verdict: Verdict, beside: Assessment, refused: Mapping[str, str]) -> str:
    """Return a verdict in words: reasons, all rules with their figures, what would change it, and all that is
    beside it; `refused` is why files of eval results, by their path, did not count."""
    return "\n".join((*_verdict(facts, verdict), *_beside(beside), *_refused(refused)))


def _refused(refused: Mapping[str, str]) -> Iterator[str]:
    """Why files of eval results did not count, as many as are looked at one by one."""
    if refused:
        shown = sorted(refused.items())[:_MOST_REFUSED]
        yield from ("", "Result files that were refused:", *(f"  {_safe(path)}: {why}" for path, why in shown))
        if len(refused) > len(shown):
            yield f"  and {len(refused) - len(shown)} more"


def _safe(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode() if path.isprintable() else repr(path)


def _verdict(facts: Facts, verdict: Verdict) -> Iterator[str]:
    yield f"{verdict.system}: {spoken(verdict.strategy)} ({verdict.status}{', held' if verdict.held else ''})"
    yield f"  as of {verdict.as_of}; {declared(verdict)}"
    if verdict.changed_on is not None:
        yield f"  recommended since {verdict.changed_on}"
    if facts.usage.sources:
        yield f"  usage from {', '.join(facts.usage.sources)}, newest day {verdict.volume.newest_day}"
    if facts.prompts.watched or facts.prompts.scattered:
        first = facts.prompts.first_change
        since = "none seen yet" if first is None else f"first seen {first}"
        yield f"  prompt changes from {facts.prompts.origin}, {since}"
    yield from ("", "Why:", *(f"  - {reason.text}" for reason in verdict.reasons), "", "Rules:")
    for evidence in verdict.evidence:
        yield f"  {_MARKS[evidence.active]:<3}  {evidence.rule:<19} {evidence.text}"
    if verdict.volume.crossings:
        yield from ("", "Crossings:")
        yield from (f"  {one.day}  {one.previous} -> {one.band}" for one in verdict.volume.crossings)
    if verdict.frequency.crossings:
        yield from ("", "Prompt changes became:")
        words = {True: "frequent", False: "no longer frequent"}
        yield from (f"  {one.day}  {words[one.frequent]}" for one in verdict.frequency.crossings)


def _beside(beside: Assessment) -> Iterator[str]:
    yield from _section("What would change it", beside.would_change, _changes)
    yield from _section(
        "Economics", beside.economics, lambda found: _economics(found, beside.agreement.replace("_", " "))
    )
    yield from _section("Outlook", beside.outlook, _outlook)
    if beside.baseline is not None:
        yield from _section("Baseline of the fine-tuned model", beside.baseline, _baseline)
    if beside.evaluations:
        yield from ("", "Newest evaluations:", *(f"  {line}" for line in _evaluations(beside.evaluations)))
    yield from _section("Prompt", beside.prompts, _prompts)
    yield from _section("Review", beside.review, _review)
    if beside.shutdowns:
        yield from _section("Models that end", beside.shutdowns, _shutdowns)
    yield from _section("Evidence of locked-in behaviour", beside.locked_in, _locked_in)


def _section(title: str, part: Part | Unavailable, lines: Callable[[Part], Iterable[str]]) -> Iterator[str]:
    yield from ("", f"{title}:")
    found = (f"unknown: {part.reason}",) if isinstance(part, Unavailable) else lines(part)
    yield from (f"  {line}" for line in found)


def _changes(found: tuple[WouldChange, ...]) -> Iterator[str]:
    return (f"- {change.text}" for change in found)


def _economics(found: Economics, agreement: str) -> Iterator[str]:
    if found.probability is None:
        yield from (f"unknown: {unknown.text}" for unknown in found.unknown)
    else:
        outcome = found.outcome.replace("_", " ")
        yield f"fine-tuning: {outcome} (probability {found.probability:.0%}); with the verdict: {agreement}"
        yield from filter(None, (change_text(found), *change_notes(found), bill_text(found)))
        yield from table(_COSTS, [_cost(cost) for cost in found.costs]).splitlines()
        yield _break_even(found)
        for driver in found.drivers:
            ends = f"{figure(driver.low)} to {figure(driver.high)}"
            yield f"driver: {driver.name} ({driver.origin}) moves the saving from {ends} USD a month"
        for origin in Origin:
            named = [
                f"{name} {_range(amount)}"
                for name, amount in (found.inputs or {}).items()
                if amount.origin is origin
            ]
            if named:
                yield f"{origin}: {', '.join(named)}"


def _cost(cost: StrategyCost) -> tuple[str, ...]:
    split = cost.split
    return (
        spoken(cost.strategy),
        figure(cost.monthly),
        *map(figure, (split.tokens, split.people, split.training, split.hosting)),
        "?" if cost.per_thousand is None else figure(cost.per_thousand),
    )


def _range(amount: Amount) -> str:
    if amount.low == amount.high:
        return figure(amount.likely)
    return f"{figure(amount.likely)} ({figure(amount.low)} to {figure(amount.high)})"


def _break_even(found: Economics) -> str:
    low, high = found.break_even_range
    median = found.break_even_median
    volume = "never" if median is None else f"{humanise(median)} inferences a month"
    return f"break-even: {volume} (10% to 90%: {_volume(low)} to {_volume(high)}){_at_likely(found)}"


def _at_likely(found: Economics) -> str:
    """The break-even with every input at its likely value, where that lies outside of the interval."""
    likely = found.break_even.always_from if found.break_even else None
    low, high = (inf if volume is None else volume for volume in found.break_even_range)
    if low <= (inf if likely is None else likely) <= high:
        return ""
    return f"; {_volume(likely)} with every input at its likely value, as inputs reach farther to one side"


def _volume(value: float | None) -> str:
    return "never" if value is None else humanise(value)


def figure(value: float) -> str:
    """Return a number as text: rounded to a whole one from 100 on, else with four digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def _outlook(found: Forecast) -> Iterator[str]:
    if not found.volumes:
        yield f"unknown: {found.weeks} complete weeks of usage are known, and four with traffic are needed"
        return
    yield (
        f"by {found.method}, from {found.weeks} complete weeks; "
        f"in {len(found.volumes) - 1} weeks {humanise(found.volumes[-1])} inferences a month"
    )
    for outlook in found.outlooks:
        yield f"{outlook.target.boundary.replace('_', '-')} boundary ({_target(outlook)}): {when(outlook)}"
    scores = [f"{score.method} {score.mase:.2f}" for score in found.scores if score.mase is not None]
    yield f"scaled error (below 1 is better than the last week repeated): {', '.join(scores) or 'unknown'}"
    covered = "unknown" if found.coverage is None else f"{found.coverage:.0%} of {found.coverage_origins}"
    yield f"past forecasts with a known outcome: {found.known_origins}; within their interval: {covered}"
    if found.level_shift is not None:
        yield f"the level jumped in the week of {found.level_shift}; the trend starts there"


def _target(outlook: Outlook) -> str:
    return f"{outlook.target.direction} to {humanise(outlook.target.volume)}"


def _baseline(found: Baseline) -> Iterator[str]:
    stale = ", stale" if found.stale else ""
    yield f"{found.outcome.replace('_', ' ')}{stale}: {found.tuned.model}, adopted {found.tuned.adopted_on}"
    yield from (f"- {reason.text}" for reason in found.reasons)


def _evaluations(found: tuple[EvalResult, ...]) -> list[str]:
    heads = ("DAY", "MODEL", "PROMPT", "SUITE", "METRIC", "SCORE", "CASES", "ERRORS")
    rows = [
        (
            *(str(one.at.date()), one.model, one.prompt_version or "-", one.suite, one.metric),
            *(f"{one.value:.4g}", str(one.n), str(one.errored)),
        )
        for one in found
    ]
    return [*table(heads, rows).splitlines(), "A result counts from the day after its own."]


def _prompts(found: PromptJudgement) -> Iterator[str]:
    verdict = found.verdict
    answer = {True: "looks over-engineered", False: "no sign of over-engineering", None: "unknown"}[
        verdict.flagged
    ]
    if verdict.flagged is False and verdict.active:
        answer = "not flagged"
    yield f"{answer}: {verdict.active} of {verdict.known} known signs, and {verdict.agree} must agree"
    for evidence in verdict.evidence:
        yield f"{_MARKS[evidence.active]:<3}  {evidence.sign:<12} {evidence.text}"
    yield from (f"try: {advice.text}" for advice in verdict.advice)


def _review(found: Review) -> Iterator[str]:
    if found.due is None:
        yield "no strategy is declared, so there is nothing to review"
        return
    reviewed = (
        "never reviewed" if found.reviewed is None else f"reviewed {found.reviewed}, {_days(found.age_days)} ago"
    )
    next_one = "" if found.due_on is None else f"; by age due on {found.due_on}"
    yield f"{'due' if found.due else 'not due'}: {reviewed}{next_one}"
    yield from (f"- {reason.text}" for reason in found.reasons)
    if found.differing_since is not None:
        days = f" ({_days(found.differing_days)})" if found.differing_days else ""
        yield f"the recommendation has differed since {found.differing_since}{days}"


def _days(number: int | None) -> str:
    return "1 day" if number == 1 else f"{number:,} days"


def _shutdowns(found: tuple[Shutdown, ...]) -> Iterator[str]:
    return (f"{ending.urgency}: {ending.text}" for ending in found)


def _locked_in(found: LockedIn) -> Iterator[str]:
    yield _STANDINGS[found.standing]
    for evidence in found.evidence:
        yield f"{_MARKS[evidence.active]:<3}  {evidence.support:<19} {evidence.text}"
    yield from (f"advice: {advice.text}" for advice in found.advice)

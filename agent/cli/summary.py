"""A verdict on one screen: what is recommended, why, the money, what changes next, and what is doubtful."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from math import inf
from shlex import quote

from leverwatch.agent.cli.output import WIDTH, plain, spoken
from leverwatch.agent.cli.phrases import declared, when
from leverwatch.agent.framework.assessment import Assessment, Unavailable
from leverwatch.agent.framework.cross_check import CrossCheck
from leverwatch.agent.framework.economics.model import Agreement, CostSplit, Economics
from leverwatch.agent.framework.economics.words import bill_text, change_notes, change_text, usd
from leverwatch.agent.framework.forecast.model import Forecast, Outlook
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import Status, Verdict
from leverwatch.agent.framework.reasons import ReasonCode

LINES = 24
_LABEL = 10
_ROOM = 6
"""Lines that are left to what is doubtful before anything else is cut."""
_ALL = 1_000
"""More lines than any text has."""
_DOUBTFUL = frozenset(
    {
        ReasonCode.OVERLAPPING_SOURCES,
        ReasonCode.PARTIAL_WINDOW,
        ReasonCode.IDLE_DAYS,
        ReasonCode.PROMPT_HISTORY_SHORT,
        ReasonCode.PROMPTS_NOT_WATCHED,
        ReasonCode.PROMPTS_SCATTERED,
        ReasonCode.PROMPTS_DIVERGE,
        ReasonCode.UNDECLARED,
    }
)
"""Reasons that say what a verdict does not know. What is under way is told as what changes next."""


def summary(
    verdict: Verdict,
    beside: Assessment,
    refused: int = 0,
    width: int = WIDTH,
    checks: Sequence[CrossCheck] = (),
) -> str:
    """Return the most important parts of a verdict and its assessment, at most 24 lines of `width` characters.

    `refused` is how many files of eval results did not count; `checks` is what sources that compare say.

    What is doubtful is told whole: what does not fit is left out whole, and its number is said. Other texts are
    cut off with an ellipsis only where they would leave too few lines to that.
    """
    lines = _told(verdict, beside, width, _ALL)
    for most in (4, 3):
        if len(lines) + 1 + _ROOM > LINES:
            lines = _told(verdict, beside, width, most)
    more = labelled("more", f"leverwatch explain {quote(verdict.system)} --all", 1, width)
    room = LINES - len(lines) - len(more)
    return "\n".join((*lines, *_doubts(verdict, beside, refused, room, width, checks), *more))


def _told(verdict: Verdict, beside: Assessment, width: int, most: int) -> list[str]:
    """The lines before what is doubtful: of the longest texts `most` lines, and of others one less."""
    return [
        *_head(verdict, width),
        *labelled("why", verdict.reasons[0].text, most, width),
        *_money(beside, width, most),
        *_next(verdict, beside, width, most - 1),
    ]


def _head(verdict: Verdict, width: int) -> Iterator[str]:
    held = ", held" if verdict.held else ""
    tail = f": {spoken(verdict.strategy)} ({verdict.status}{held})"
    yield shortened(verdict.system, width - len(tail)) + tail
    since = "" if verdict.changed_on is None else f"; recommended since {verdict.changed_on}"
    text = f"as of {verdict.as_of}; {declared(verdict)}{since}"
    yield from textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")


def _money(beside: Assessment, width: int, most: int) -> Iterator[str]:
    found = beside.economics
    if isinstance(found, Unavailable):
        yield from labelled("money", f"unknown: {found.reason}", most - 2, width)
        return
    if found.probability is None:
        why = found.unknown[0].text if found.unknown else "nothing was worked out"
        yield from labelled("money", f"unknown: {why}", most - 1, width)
        return
    yield from labelled("money", change_text(found), most, width)
    if found.change is not None and not found.change.same:
        yield from labelled("", f"of which {split_text(found.change.split)}", most - 1, width)
    yield from labelled("", bill_text(found) or _fine_tuning(found), most - 1, width)


def split_text(split: CostSplit) -> str:
    """Return what a saving is made of, such as `tokens 7,860 less, people 800 more`."""
    parts = (
        ("tokens", split.tokens),
        ("people", split.people),
        ("training", split.training),
        ("hosting", split.hosting),
    )
    told = [
        f"{name} {usd(abs(amount))} {'less' if amount > 0 else 'more'}"
        for name, amount in parts
        if usd(abs(amount)) != "0.00"
    ]
    return ", ".join(told) or "nothing"


def _fine_tuning(found: Economics) -> str:
    return f"fine-tuning: {found.outcome.replace('_', ' ')} (probability {found.probability:.0%})"


def _next(verdict: Verdict, beside: Assessment, width: int, most: int) -> Iterator[str]:
    label = "next"
    if isinstance(beside.would_change, Unavailable):
        yield from labelled(label, f"unknown: {beside.would_change.reason}", most - 1, width)
        label = ""
    else:
        changing = [change for change in beside.would_change if change.strategy is not verdict.strategy]
        if changing:
            nearest = min(changing, key=lambda change: inf if change.distance is None else change.distance)
            yield from labelled(label, nearest.text, most, width)
        else:
            yield from labelled(label, "no single rule would change the recommendation", 1, width)
        label = ""
    if isinstance(beside.outlook, Forecast):
        soonest = min(beside.outlook.outlooks, key=_expected, default=None)
        if soonest is not None:
            boundary = soonest.target.boundary.replace("_", "-")
            aim = f"{soonest.target.direction} to {humanise(soonest.target.volume)}"
            yield from labelled(label, f"forecast: {boundary} boundary ({aim}) {when(soonest)}", most, width)


def _expected(outlook: Outlook) -> str:
    return str(outlook.expected or outlook.earliest or "later")


def _doubts(
    verdict: Verdict, beside: Assessment, refused: int, room: int, width: int, checks: Sequence[CrossCheck]
) -> Iterator[str]:
    doubts = [*(check.text for check in checks if check.divergence), *_doubt_texts(verdict, beside)]
    if refused:
        doubts.append(f"{refused} file{'s' * (refused > 1)} of eval results refused; --all says which and why")
    wrapped = [labelled("", text, _ALL, width) for text in doubts]
    # A line is kept for the number of those that do not fit.
    room -= sum(map(len, wrapped)) > room
    shown: list[str] = []
    left = 0
    for lines in wrapped:
        if len(shown) + len(lines) > room:
            left += 1
        else:
            shown += lines
    if left:
        others = f"and {left} more" if shown else f"{left} thing{'s' * (left > 1)} too long for this screen"
        shown += labelled("", f"{others}; --all tells all" if shown else others, 1, width)
    for index, line in enumerate(shown):
        yield f"{'doubtful' if index == 0 else '':<{_LABEL}}{line[_LABEL:]}"


def _doubt_texts(verdict: Verdict, beside: Assessment) -> Iterator[str]:
    if verdict.conflict:
        yield "two rules pull in opposite directions: frequent changes and locked-in behaviour"
    yield from (reason.text for reason in verdict.reasons[1:] if reason.code in _DOUBTFUL)
    if verdict.status is Status.PROVISIONAL:
        yield "provisional: what is missing could overturn it, so it raises no alert"
    if beside.agreement in (Agreement.DISAGREES, Agreement.OUTRANKED):
        against = "cost speaks against the recommended strategy"
        yield against + (
            ", and an operational rule outranks it" if beside.agreement == Agreement.OUTRANKED else ""
        )
    economics = beside.economics
    if isinstance(economics, Economics):
        yield from (f"economics: {unknown.text}" for unknown in economics.unknown[1:])
        if economics.change is not None and economics.change.lopsided:
            yield from change_notes(economics)[:1]
    yield from _beside(beside)


def _beside(beside: Assessment) -> Iterator[str]:
    for part in (
        beside.outlook,
        beside.baseline,
        beside.prompts,
        beside.shutdowns,
        beside.review,
        beside.locked_in,
    ):
        if isinstance(part, Unavailable):
            yield f"unknown: {part.reason}"
            break
    if not isinstance(beside.shutdowns, Unavailable):
        yield from (f"model: {ending.text}" for ending in beside.shutdowns)
    baseline = beside.baseline
    if baseline is not None and not isinstance(baseline, Unavailable) and baseline.reasons:
        yield f"baseline: {baseline.reasons[0].text}"
    if not isinstance(beside.prompts, Unavailable) and beside.prompts.verdict.flagged:
        signs = beside.prompts.verdict
        yield f"the prompt looks over-engineered ({signs.active} of {signs.known} known signs)"
    if not isinstance(beside.review, Unavailable) and beside.review.due and beside.review.reasons:
        yield f"review due: {beside.review.reasons[0].text}"


def labelled(label: str, text: str, most: int, width: int = WIDTH) -> list[str]:
    """Return a text beside a label, in at most so many lines of `width` characters; nothing for an empty text."""
    lines = textwrap.wrap(plain(text), width - _LABEL, max_lines=most, placeholder=" …", break_on_hyphens=False)
    return [f"{label if index == 0 else '':<{_LABEL}}{line}" for index, line in enumerate(lines)]


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where its end is missing."""
    return text if len(text) <= most else text[: most - 1] + "…"

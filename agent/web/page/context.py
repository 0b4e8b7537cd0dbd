"""A summary of a system's assessment, in one line for each part that has something to say."""

from __future__ import annotations

from collections.abc import Iterator

from leverwatch.agent.framework.baselines import Baseline
from leverwatch.agent.framework.economics.model import CostOutcome, Economics
from leverwatch.agent.framework.economics.words import change_notes, change_text
from leverwatch.agent.framework.model import Settings
from leverwatch.agent.framework.review import Review
from leverwatch.agent.snapshot import SystemView
from leverwatch.agent.web.page.labels import volume_text
from leverwatch.collectors.interface import EvalResult

_COST = {
    CostOutcome.CHEAPER: "fine-tuning is cheaper",
    CostOutcome.NOT_CHEAPER: "fine-tuning is not cheaper",
    CostOutcome.CANNOT_TELL: "cannot tell whether fine-tuning is cheaper",
}


_MOST_RESULTS = 3
"""How many eval results are named; the others are counted."""


def context(view: SystemView, settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return pairs of a part's name and its line. Unknown parts are left out; `leverwatch explain` says why."""
    return tuple(_lines(view, settings))


def _lines(view: SystemView, settings: Settings) -> Iterator[tuple[str, str]]:
    yield from (("Cross-check", check.text) for check in view.cross_checks)
    found = view.assessment
    if found is None:
        return
    if isinstance(found.economics, Economics) and found.economics.probability is not None:
        yield "Cost", _cost(found.economics, settings)
        money = change_text(found.economics)
        if money:
            yield "Money", "; ".join((money, *change_notes(found.economics)))
    if isinstance(found.baseline, Baseline):
        texts = [reason.text for reason in found.baseline.reasons] or [
            str(found.baseline.outcome).replace("_", " ")
        ]
        yield "Baseline", "; ".join(texts)
    if found.evaluations:
        yield "Newest evaluations", _evals(found.evaluations)
    judged = getattr(found.prompts, "verdict", None)
    if judged is not None and judged.flagged:
        # The first advice alone: the others may be needless once it is followed.
        yield "Prompt", "; ".join(reason.text for reason in (*judged.reasons, *judged.advice[:1]))
    if isinstance(found.review, Review) and found.review.reasons:
        yield "Review", "; ".join(reason.text for reason in found.review.reasons)


def _cost(economics: Economics, settings: Settings) -> str:
    text = f"{_COST[economics.outcome]} (probability {economics.probability:.0%})"
    volume = economics.break_even_median
    if volume is None:
        return text
    if volume == 0:
        return f"{text}, at every volume"
    return f"{text}, break-even at {volume_text(volume, settings)} inferences a month"


def _evals(results: tuple[EvalResult, ...]) -> str:
    texts = [
        f"{one.suite}, {one.metric} of {one.model}: {one.value:.4g}"
        f" ({one.n} case{'' if one.n == 1 else 's'}, {one.at.date()})"
        for one in results[:_MOST_RESULTS]
    ]
    more = len(results) - len(texts)
    return "; ".join((*texts, f"and {more} more") if more else texts)

"""What is beside what would be: a verdict and its money, real and supposed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leverwatch.agent.cli.output import spoken
from leverwatch.agent.cli.summary import labelled, shortened
from leverwatch.agent.framework.assessment import Assessment
from leverwatch.agent.framework.economics.model import Economics
from leverwatch.agent.framework.economics.words import change_text, usd
from leverwatch.agent.framework.humanise import humanise
from leverwatch.agent.framework.model import Strategy, Verdict

_NAME, _COLUMN = 26, 25
Judged = tuple[Verdict, Assessment]


def compared(pairs: Mapping[str, str], before: Judged, after: Judged) -> str:
    """Return both side by side, in lines of 80 characters, with the reason and the money of what is supposed."""
    return "\n".join(_lines(pairs, before, after))


def _lines(pairs: Mapping[str, str], before: Judged, after: Judged) -> Iterator[str]:
    yield shortened(before[0].system, 50) + f" as of {before[0].as_of}: what if?"
    yield from labelled("supposed", ", ".join(f"{key}={value}" for key, value in pairs.items()), 4)
    yield from labelled("", "Hypothetical: nothing is stored, and no metric changes.", 1)
    yield ""
    yield _row("", "NOW", "SUPPOSED")
    was, would = _facts(*before), _facts(*after)
    yield from (_row(name, was[name], would[name]) for name in was)
    yield ""
    yield from labelled("why", after[0].reasons[0].text, 3)
    economics = after[1].economics
    if isinstance(economics, Economics):
        missing = f"unknown: {economics.unknown[0].text}" if economics.unknown else ""
        yield from labelled("money", missing or change_text(economics), 3)
    else:
        yield from labelled("money", f"unknown: {economics.reason}", 2)


def _row(name: str, was: str, would: str) -> str:
    mark = "*" if was != would and name else " "
    return f"{name:<{_NAME}}{was:<{_COLUMN}}{mark} {would}".rstrip()


def _facts(verdict: Verdict, beside: Assessment) -> dict[str, str]:
    rate = verdict.frequency.per_week
    monthly = verdict.volume.monthly_inferences
    rule = "both operational rules" if verdict.conflict else verdict.rule
    found = {
        "verdict": f"{spoken(verdict.strategy)}",
        "status": verdict.status + (", held" if verdict.held else ""),
        "rule": str(rule or "-"),
        "declared": spoken(verdict.declared),
        "volume a month": "unknown" if monthly is None else humanise(monthly),
        "prompt changes a week": "unknown" if rate is None else f"{rate:.3g}",
    }
    return found | _money(beside.economics if isinstance(beside.economics, Economics) else None)


def _money(found: Economics | None) -> dict[str, str]:
    costs = {cost.strategy: cost.monthly for cost in found.costs} if found else {}
    money = {
        f"{spoken(strategy)}": f"{usd(costs[strategy])} USD a month" if strategy in costs else "unknown"
        for strategy in Strategy
    }
    change = None if found is None else found.change
    if change is None:
        saving = sure = "unknown"
    else:
        saving = f"{usd(change.saving)} USD a month" if change.saving else "0 USD a month"
        sure = "-" if change.probability is None else f"{change.probability:.0%}"
    tuning = "unknown" if found is None or found.probability is None else f"{found.probability:.0%}"
    even = "unknown" if found is None or found.probability is None else _even(found.break_even_median)
    return money | {
        "saving of the verdict": saving,
        "probability that it saves": sure,
        "fine-tuning is cheaper": tuning,
        "break-even a month": even,
    }


def _even(volume: float | None) -> str:
    return "never" if volume is None else humanise(volume)

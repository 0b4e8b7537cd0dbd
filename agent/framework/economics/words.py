"""The money a month in words, the same wherever it is shown."""

from __future__ import annotations

from leverwatch.agent.framework.economics.amounts import Origin
from leverwatch.agent.framework.economics.model import CostOfChange, Economics
from leverwatch.agent.framework.model import Strategy


def change_text(economics: Economics) -> str:
    """Return in one line what the recommended strategy saves or costs against the declared one; empty when the
    economics are unknown."""
    change = economics.change
    if change is None:
        return f"nothing is compared: {economics.not_compared}" if economics.not_compared else ""
    if change.same:
        return f"{_name(change.after)} is declared and recommended: nothing changes, 0 USD a month by definition"
    if change.saving:
        verb, more = ("saves", "") if change.saving > 0 else ("costs", " more")
        amount = f"{verb} {usd(abs(change.saving))} USD a month{more}"
    else:
        amount = "costs the same"
    sure = f"10% to 90%: {_between(change)}; probability that it saves: {change.probability:.0%}"
    return f"{_name(change.after)} instead of {_name(change.before)}: {amount} ({sure})"


def change_notes(economics: Economics) -> tuple[str, ...]:
    """Return what has to be known to read the line right, such as why an interval misses the likely value."""
    change = economics.change
    if change is None or change.same:
        return ()
    notes = []
    if change.lopsided:
        notes.append(
            "the likely amount lies outside of 10% to 90%, as inputs reach much farther to one side of their"
            " likely values than to the other"
        )
    if change.before is not Strategy.PROMPT_ENGINEERING:
        notes.append(
            f"{_name(change.before)} is declared, and today's models are priced as those of prompt engineering"
        )
    return tuple(notes)


def bill_text(economics: Economics) -> str:
    """Return in one line what today's tokens cost, to compare with an invoice; empty when that is unknown."""
    if economics.bill is None:
        return ""
    assumed = "" if economics.bill_origin is Origin.MEASURED else f", cached share {economics.bill_origin}"
    return f"tokens of today's bill (measured{assumed}): {usd(economics.bill)} USD a month"


def usd(amount: float) -> str:
    """Return US dollars as text: whole ones from 100 on, else with cents."""
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:.2f}"


def _between(change: CostOfChange) -> str:
    low, high = change.low, change.high
    if low < 0 < high:
        return f"{usd(-low)} more to {usd(high)} less"
    ends, word = ((-high, -low), "more") if high <= 0 else ((low, high), "less")
    return f"{usd(ends[0])} to {usd(ends[1])} {word}"


def _name(strategy: Strategy) -> str:
    return strategy.value.replace("fine_tuning", "fine-tuning").replace("_", " ")

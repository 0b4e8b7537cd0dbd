"""The page for people: every system's verdict, what needs attention first, and how the sources are doing."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from agent.framework.humanise import humanise
from agent.framework.model import Rule, RuleEvidence, Settings, Status, Strategy, Verdict
from agent.framework.reasons import marks
from agent.framework.volume import WINDOW_DAYS
from agent.snapshot import AgentSnapshot, SourceView, SystemsSnapshot, SystemView
from collectors.interface import MALFORMED, Result

STRATEGY_NAMES = {
    Strategy.PROMPT_ENGINEERING: "Prompt engineering",
    Strategy.HYBRID: "Hybrid",
    Strategy.FINE_TUNING: "Fine-tuning",
}
"""The strategies as people write them."""

RULE_NAMES = {
    Rule.VOLUME_LOW: "Low volume",
    Rule.VOLUME_MID: "Medium volume",
    Rule.VOLUME_HIGH: "High volume",
    Rule.FREQUENT_CHANGES: "Frequent changes",
    Rule.LOCKED_IN_BEHAVIOR: "Locked-in behaviour",
}
"""The rules as people say them."""


class Attention(IntEnum):
    """Why a system deserves a look, most pressing first."""

    MISMATCH = 0
    CONFLICT = 1
    HELD = 2
    PROVISIONAL = 3
    UNDECIDED = 4
    NONE = 5


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing to know about a system: a word, and the sign that says it without colour."""

    kind: str
    sign: str
    word: str


_FLAGS = {
    Attention.MISMATCH: Flag("mismatch", "≠", "Differs"),
    Attention.CONFLICT: Flag("conflict", "⇄", "Conflict"),
    Attention.HELD: Flag("held", "‖", "Held"),
    Attention.PROVISIONAL: Flag("provisional", "~", "Provisional"),
    Attention.UNDECIDED: Flag("undecided", "?", "Undecided"),
}
_AGREES = Flag("agrees", "✓", "As declared")
_DECIDED = Flag("decided", "✓", "Decided")


@dataclass(frozen=True, slots=True)
class Bar:
    """A volume on a logarithmic scale, in percent of its width; the ticks are the two thresholds."""

    length: float
    hybrid: float
    fine_tuning: float


def causes(verdict: Verdict) -> tuple[Attention, ...]:
    """Every reason to look at a system, most pressing first; empty when there is none."""
    found = {
        Attention.MISMATCH: bool(verdict.mismatch),
        Attention.CONFLICT: verdict.conflict,
        Attention.HELD: verdict.held,
        Attention.PROVISIONAL: verdict.status is Status.PROVISIONAL,
        Attention.UNDECIDED: verdict.status is Status.UNDECIDED,
    }
    return tuple(attention for attention, present in found.items() if present)


def flags(verdict: Verdict) -> tuple[Flag, ...]:
    """What the status cell of a system says; never empty."""
    present = tuple(_FLAGS[attention] for attention in causes(verdict))
    if present:
        return present
    return (_AGREES,) if verdict.mismatch is False else (_DECIDED,)


def by_attention(systems: Iterable[SystemView]) -> list[SystemView]:
    """The systems in the order in which a person should look at them."""
    return sorted(systems, key=lambda view: (min(causes(view.verdict), default=Attention.NONE), view.system))


def headline(snapshot: SystemsSnapshot | None) -> str:
    """The page in one sentence."""
    if snapshot is None:
        return "No evaluation has finished yet"
    total = len(snapshot.systems)
    if total == 0:
        return "No system has been seen or declared yet"
    systems = f"{total} system{'' if total == 1 else 's'}"
    differing = [view.verdict for view in snapshot.systems if view.verdict.mismatch]
    if not differing:
        return f"None of {systems} differs from its declared strategy"
    verb, whose = ("differs", "its") if len(differing) == 1 else ("differ", "their")
    sentence = f"{len(differing)} of {systems} {verb} from {whose} declared strategy"
    provisional = sum(verdict.status is Status.PROVISIONAL for verdict in differing)
    return f"{sentence} ({provisional} provisionally)" if provisional else sentence


def volume_bar(volume: float, settings: Settings) -> Bar:
    """Place a monthly volume between a hundredth of the lower threshold and ten times the upper one."""
    low, high = settings.hybrid_from / 100, settings.fine_tuning_above * 10

    def place(value: float) -> float:
        share = math.log(max(value, low) / low) / math.log(high / low)
        return round(100 * min(share, 1.0), 2)

    return Bar(place(volume), place(settings.hybrid_from), place(settings.fine_tuning_above))


def volume_text(volume: float, settings: Settings) -> str:
    """A monthly volume in a few digits, on the true side of every threshold."""
    return humanise(volume, marks(settings))


def full(number: float) -> str:
    """A count with all its digits, grouped; a fraction of an inference is cut."""
    return f"{math.floor(number + 1e-6):,}"


def decimal(number: float) -> str:
    """A small figure without needless zeros."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def evidence_value(evidence: RuleEvidence) -> str:
    """The number a rule saw, in words a person can compare with the threshold."""
    return "unknown" if evidence.value is None else _quantity(evidence.value)


def _quantity(number: float) -> str:
    return full(number) if abs(number) >= 1000 else decimal(number)


def since(view: SystemView) -> date | None:
    """The first day of the present recommendation."""
    if view.verdict.changed_on is not None:
        return view.verdict.changed_on
    return None if view.recommendation_changed is None else view.recommendation_changed.date()


def clock(moment: datetime) -> Markup:
    """A time element, to the minute, in UTC."""
    moment = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), f"{moment:%Y-%m-%d %H:%M}"
    )


def malformed(source: SourceView) -> int:
    """How many records of the source were bad input."""
    return sum(source.records.get(result, 0) for result in MALFORMED)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("agent"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        full=full, decimal=decimal, clock=clock, evidence_value=evidence_value, quantity=_quantity
    )
    environment.globals.update(
        strategies=STRATEGY_NAMES,
        rules=RULE_NAMES,
        flags=flags,
        since=since,
        malformed=malformed,
        volume_bar=volume_bar,
        volume_text=volume_text,
        window_days=WINDOW_DAYS,
        counted=Result.COUNTED,
    )
    return environment


_ENVIRONMENT = _environment()
_PAGE = _ENVIRONMENT.get_template("status.html.j2")
_STYLE = _ENVIRONMENT.get_template("status.css").render()

STYLE_SOURCE = "'sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode() + "'"
"""The Content-Security-Policy source that allows the style sheet of the page, and nothing else."""


def render(systems: SystemsSnapshot | None, agent: AgentSnapshot | None) -> str:
    """The page as HTML. It needs no script, and shows times as they are, so it only changes with a snapshot."""
    return _PAGE.render(
        headline=headline(systems),
        snapshot=systems,
        systems=[] if systems is None else by_attention(systems.systems),
        agent=agent,
        style=Markup(_STYLE),  # noqa: S704 - the package's own style sheet, not input
    )

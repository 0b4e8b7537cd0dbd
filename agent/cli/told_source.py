"""What a source can tell with its settings, and what stays unattributed, as `check-source` prints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import asdict

from leverwatch.agent.cli.output import count, table
from leverwatch.collectors.billed import UncountedTokens
from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.interface import UsageRow
from leverwatch.collectors.records.systems import SystemRules, parse_template
from leverwatch.collectors.tells import LABELS, Tells, unknown_to
from leverwatch.collectors.unattributed import heaviest_of, lines_of

SHOWN = ("inferences", "errors", "input_tokens", "output_tokens", "cost_usd")
_UNKNOWN = {"input_tokens": "unknown_input", "output_tokens": "unknown_output", "cost_usd": "unpriced"}
"""What counts the calls of which a sum knows nothing."""
_MOST_ROWS = 60
_HEADER = ("SYSTEM", "MODEL", "OPERATION", "CALLS", "ERRORS", "INPUT", "OUTPUT", "COST")


def told_lines(config: SourceConfig, *, cannot: bool = True) -> Iterator[str]:
    """Yield what a source can tell with its settings, and what it cannot; nothing when it counts no calls."""
    told = config.tells()
    if told is None:
        return
    yield from ("", "What it can tell:")
    width = max(map(len, LABELS.values()))
    system = getattr(config, "system", None)
    if isinstance(system, str):
        yield f"  {'system is':{width}}  {_system_of(system)}"
    yield from (f"  {label:{width}}  {getattr(told, name)}" for name, label in LABELS.items())
    lacking = list(unknown_to(told))
    if cannot and lacking:
        yield f"What it cannot tell: {', '.join(lacking)}"


def _system_of(system: str) -> str:
    if not isinstance(system, SystemRules):
        return system
    template, number = parse_template(system), len(system.rules)
    return f"by {number} rule{'' if number == 1 else 's'} over {', '.join(template.paths) or 'nothing'}"


def told_json(config: SourceConfig) -> dict[str, Any]:
    """Return the same as values of JSON."""
    told: Tells | None = config.tells()
    return {} if told is None else {"tells": asdict(told), "cannot_tell": list(unknown_to(told))}


def unattributed_lines(calls: Mapping[str, int], what: str) -> Iterator[str]:
    """Yield what calls have that name no system, the most frequent first; nothing when all name one."""
    lines = lines_of(heaviest_of(calls), what)
    if lines:
        yield from ("", "Unattributed:", *(f"  {line}" for line in lines))


def usage_table(rows: Iterable[UsageRow], *, by_day: bool = False) -> str:
    """Return usage by system, model and operation, the most calls first; also by day, the newest first."""
    ordered = sorted(rows, key=_by_calls)
    if by_day:
        ordered.sort(key=lambda it: it.day, reverse=True)
    cells = [
        (
            *([f"{it.day}"] if by_day else []),
            it.system,
            it.model,
            it.operation.value,
            *map(_cell, SHOWN, counts(it)),
        )
        for it in ordered[:_MOST_ROWS]
    ]
    more = len(ordered) - _MOST_ROWS
    text = table((*(["DAY"] if by_day else []), *_HEADER), cells)
    return f"{text}\n... {more} more ..." if more > 0 else text


def tokens_table(rows: Iterable[UncountedTokens]) -> str:
    """Return tokens of calls whose number is not told."""
    cells = [(it.system, it.model, "?", _shown(it.input_tokens), _shown(it.output_tokens)) for it in rows]
    return table(("SYSTEM", "MODEL", "CALLS", "INPUT", "OUTPUT"), cells)


def usage_json(rows: Sequence[UsageRow], *, by_day: bool = False) -> list[dict[str, Any]]:
    """Return the same as values of JSON."""
    return [
        {
            **({"day": f"{it.day}"} if by_day else {}),
            "system": it.system,
            "model": it.model,
            "operation": it.operation.value,
            **dict(zip(SHOWN, counts(it), strict=True)),
        }
        for it in sorted(rows, key=_by_calls)
    ]


def counts(row: UsageRow) -> list[float | None]:
    """Return what is shown of a row; None is unknown."""
    return [None if _is_unknown(row, name) else getattr(row, name) for name in SHOWN]


def _shown(number: float | None) -> str:
    return "?" if number is None else count(number)


def _cell(name: str, number: float | None) -> str:
    if name != "cost_usd" or number is None:
        return _shown(number)
    # The cost of a few calls is much less than a dollar, and not zero.
    return f"{number:.2g}" if 0 < number < 0.1 else f"{number:,.2f}"


def _is_unknown(row: UsageRow, name: str) -> bool:
    """Return whether no call told what the sum is of; then it is no zero."""
    lacking = _UNKNOWN.get(name)
    return lacking is not None and not getattr(row, name) and getattr(row, lacking) >= row.inferences


def _by_calls(row: UsageRow) -> tuple[Any, ...]:
    return (-row.inferences, row.system, row.model, row.operation)

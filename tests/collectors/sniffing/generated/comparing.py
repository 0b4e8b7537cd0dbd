"""What a store has of a log, beside the truth about it."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import closing
from math import isclose
from pathlib import Path

from .style import AMOUNTS, Cell, Key, Truth

_COLUMNS = {
    "input": ("input_tokens", "unknown_input"),
    "cached": ("cached_input_tokens", "unknown_cached"),
    "output": ("output_tokens", "unknown_output"),
    "cost": ("cost_usd", "unpriced"),
    "ms": ("latency_ms", "unknown_latency"),
}


def stored(path: Path) -> Truth:
    """Return what the store of a run has counted, over all systems."""
    names = [name for pair in _COLUMNS.values() for name in pair]
    cells: Truth = defaultdict(Cell)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(
            f"SELECT day, model, operation, inferences, errors, {', '.join(names)} FROM usage_daily"  # noqa: S608
        ).fetchall()
    for day, model, operation, calls, errors, *amounts in rows:
        if operation in ("agent", "tool") or not (calls or errors):
            continue  # what an agent or a tool did is stored, and is no call of a model
        cell = cells[day, model, operation]
        cell.calls += calls
        cell.errors += errors
        for index, name in enumerate(_COLUMNS):
            cell.sums[name] += amounts[2 * index]
            cell.unknown[name] += amounts[2 * index + 1]
    return dict(cells)


def differences(counted: Truth, true: Truth) -> dict[str, str]:
    """Return what differs, and how: calls, errors, day, model, operation, input, cached, output, cost, ms.

    What follows from another difference is none of its own: failed calls that are taken for successes are errors,
    and while the calls differ only sums over all days and models are compared, without those of the latency.
    """
    found = _different_calls(counted, true)
    for name in AMOUNTS:
        if found and name == "ms":
            continue
        keys: Iterable[Key | None] = [None] if found else [key for key in true if _compared(name, key)]
        pairs = [(_amount(counted, name, key), _amount(true, name, key)) for key in keys]
        wrong = [pair for pair in pairs if not _same(*pair, whole=not found)]
        if wrong:
            (has, _), (should, _) = _amount(counted, name, None), _amount(true, name, None)
            lacking = all(total == 0 and unknown for (total, unknown), _ in wrong)
            found_as = "unknown" if lacking else f"{has:.10g} for {should:.10g}"
            found = {**found, name: found_as}
    return found


def _different_calls(counted: Truth, true: Truth) -> dict[str, str]:
    calls = _by(counted, _calls), _by(true, _calls)
    errors = _by(counted, _errors), _by(true, _errors)
    if calls[0] == calls[1] and errors[0] == errors[1]:
        return {}
    if calls[0] == calls[1]:
        return {"errors": f"{_sum(errors[0])} for {_sum(errors[1])}"}
    all_ = _by(counted, _attempts), _by(true, _attempts)
    text = f"{_sum(calls[0])} for {_sum(calls[1])}"
    failed = {"errors": f"{_sum(errors[0])} for {_sum(errors[1])}"} if errors[0] != errors[1] else {}
    if all_[0] == all_[1]:
        return failed
    if _sum(all_[0]) != _sum(all_[1]):
        return {"calls": text, **failed}
    parts = [
        name
        for index, name in enumerate(("day", "model", "operation"))
        if _by(counted, _attempts, index) != _by(true, _attempts, index)
    ]
    return dict.fromkeys(parts, text) | (failed if _sum(errors[0]) != _sum(errors[1]) else {})


def _calls(cell: Cell) -> float:
    return cell.calls


def _errors(cell: Cell) -> float:
    return cell.errors


def _attempts(cell: Cell) -> float:
    return cell.calls + cell.errors


def _by(cells: Truth, what: Callable[[Cell], float], part: int | None = None) -> dict[object, float]:
    sums: dict[object, float] = defaultdict(float)
    for key, cell in cells.items():
        sums[key if part is None else key[part]] += what(cell)
    return {key: round(value, 6) for key, value in sums.items() if value}


def _sum(numbers: dict[object, float]) -> str:
    return f"{sum(numbers.values()):.10g}"


def _compared(name: str, key: Key) -> bool:
    """Of calls that are no generations, only what they are paid for is compared."""
    return key[2] == "generation" or name in ("input", "cost")


def _amount(cells: Truth, name: str, key: Key | None) -> tuple[float, float]:
    chosen = [cell for at, cell in cells.items() if (_compared(name, at) if key is None else at == key)]
    return sum(cell.sums[name] for cell in chosen), sum(cell.unknown[name] for cell in chosen)


def _same(has: tuple[float, float], should: tuple[float, float], *, whole: bool) -> bool:
    """Tell whether two sums are the same, and both unknown or known of all calls where the calls are the same."""
    return isclose(has[0], should[0], rel_tol=1e-6, abs_tol=1e-7) and (
        not whole or bool(has[1]) == bool(should[1])
    )

"""Turns daily sums into the means and shares that the economics, the signs and the evidence need. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache, reduce
from operator import add, attrgetter, itemgetter
from typing import Any, NamedTuple

from leverwatch.agent.framework import compiled
from leverwatch.agent.framework.economics.doubts import doubt
from leverwatch.agent.framework.economics.traffic import (
    WEEKS,
    Calls,
    DayCalls,
    TrafficMoments,
    blocks,
    traffic_moments,
    weeks_of,
)
from leverwatch.agent.framework.fine_tuned_models import RECENT_DAYS
from leverwatch.agent.framework.locked_in import OutputChecks
from leverwatch.agent.framework.overengineering import PromptMoments

GROWTH_WEEKS = 13
"""Weeks from the end of the earlier 28-day window to the end of the present one, for the growth of prompts."""
_DAY = timedelta(days=1)
_LEAST_KNOWN = 0.5
"""A mean is unknown when fewer than this share of the inferences have a known value."""


class DailyUsage(NamedTuple):
    """Sums over the generations of one model on one UTC day; the names mean what they mean in `UsageRow`."""

    day: date
    model: str
    inferences: float
    attempts: float
    input_tokens: float
    cached_input_tokens: float
    cache_write_tokens: float
    output_tokens: float
    unknown_input: float
    unknown_cached: float
    unknown_output: float
    static_tokens: float
    static_known: float
    traced: float
    traces: float
    checked: float
    invalid: float
    schema_checked: float
    schema_mode: float
    uncosted_write_1h_tokens: float = 0.0


SUMMED = tuple(name for name in DailyUsage._fields if name not in {"day", "model"})
"""The fields of `DailyUsage` that can be added up."""
_sums = attrgetter(*SUMMED)
_checks = itemgetter(
    *map(DailyUsage._fields.index, ("day", "checked", "invalid", "schema_checked", "schema_mode"))
)
_CHECKED = DailyUsage._fields.index("checked")
"""The place of the first of the four fields that `OutputChecks` has."""
_first_three = itemgetter(0, 1, 2)
_calls = attrgetter(*Calls._fields)
_OF_CALLS = tuple(SUMMED.index(name) for name in Calls._fields[1:])


class PromptSums(NamedTuple):
    """Sums over 28 days, from which the mean length of a prompt is computed."""

    inferences: float
    input_tokens: float
    unknown_input: float
    static_tokens: float
    static_known: float


def day_calls(rows: Iterable[DailyUsage]) -> Iterator[DayCalls]:
    """Yield for each row the sums that the economics use."""
    return (DayCalls(row.day, Calls._make(_calls(row))) for row in rows)


def traffic_of(rows: Sequence[DailyUsage], covered: Collection[date], newest: date) -> TrafficMoments:
    """Return the `traffic_moments` of rows, in every digit: by the compiled helper where there is one."""
    if compiled.native is None:
        return traffic_moments(day_calls(rows), covered, newest)
    week_of = weeks_of(covered, newest)
    sums: list[dict[str, Calls]] = [{} for _ in range(WEEKS)]
    for week, model, numbers in compiled.native.add_up(list(rows), week_of, True, len(SUMMED)):
        sums[week][model] = Calls._make((model, *map(numbers.__getitem__, _OF_CALLS)))
    return blocks(week_of, sums)


def pick(
    rows: Sequence[tuple[Any, ...]],
    counted: dict[str, frozenset[str]],
    found: dict[str, list[DailyUsage]],
    day_from: Callable[[Any], date],
) -> None:
    """Put rows into the lists of their systems, in order; those of sources that do not count are left out.

    Args:
        rows: a system, a source, a day, and the other fields of `DailyUsage`.
        counted: the sources that count, by system.
        found: the lists by system, to which is added.
        day_from: makes a day of the value of a row.
    """
    if compiled.native is not None and type(rows) is list and type(rows[0]) is tuple:
        compiled.native.pick(rows, counted, found, day_from, DailyUsage)
        return
    make = tuple.__new__
    for row in rows:
        if row[1] in counted[row[0]]:
            # As `_make` does, without its call and its count of the columns that the query itself chose.
            found.setdefault(row[0], []).append(make(DailyUsage, (day_from(row[2]), *row[3:])))


def recent_uses(
    rows: Sequence[DailyUsage], as_of: date
) -> tuple[Mapping[str, Mapping[date, float]], Mapping[date, OutputChecks]]:
    """Return the `recent_models` and the `output_checks` of rows: by the compiled helper where there is one."""
    if compiled.native is None:
        return recent_models(rows, as_of), output_checks(rows)
    return compiled.native.recent(list(rows), _last_days(as_of), _CHECKED, OutputChecks)  # type: ignore[no-any-return]  # its declaration says what it is


def output_checks(rows: Iterable[DailyUsage]) -> dict[date, OutputChecks]:
    """Output validation by day, over all models. Days without any checked output or known mode are left out."""
    found: dict[date, OutputChecks] = {}
    for day, checked, invalid, known, mode in map(_checks, rows):
        if checked or known:
            before = found.get(day)
            if before is None:
                found[day] = OutputChecks(checked, invalid, known, mode)
                continue
            found[day] = OutputChecks(
                checked=before.checked + checked,
                invalid=before.invalid + invalid,
                schema_known=before.schema_known + known,
                schema_mode=before.schema_mode + mode,
            )
    return found


def recent_models(rows: Iterable[DailyUsage], as_of: date) -> dict[str, dict[date, float]]:
    """Inferences by model and day over the trailing 28 days."""
    found: dict[str, dict[date, float]] = {}
    since = as_of - (RECENT_DAYS - 1) * _DAY
    for day, model, inferences in map(_first_three, rows):
        if since <= day <= as_of:
            days = found.get(model)
            if days is None:
                days = found[model] = {}
            days[day] = days.get(day, 0.0) + inferences
    return found


def prompt_moments(
    rows: Sequence[DailyUsage], earlier: PromptSums | None, as_of: date, *, eval_gain: bool | None = None
) -> PromptMoments:
    """Means over the trailing 28 days. A mean is None when it is known for fewer than half of the inferences.

    Args:
        rows: sums by day and model; days outside the window are left out.
        earlier: sums over the 28 days that ended 13 weeks earlier; None when they are unknown.
        as_of: the last day of the window.
        eval_gain: whether an eval result got better over these 13 weeks; None when that is unknown.
    """
    sums = _recent_sums(rows, as_of)
    if sums is None:
        return PromptMoments(eval_gain=eval_gain)
    total = DailyUsage(as_of, "", **dict(zip(SUMMED, sums, strict=True)))
    number = total.inferences
    long_ago = earlier or PromptSums(0.0, 0.0, 0.0, 0.0, 0.0)
    return PromptMoments(
        input_tokens=_mean(total.input_tokens, number - total.unknown_input, number),
        output_tokens=_mean(total.output_tokens, number - total.unknown_output, number),
        static_tokens=_mean(total.static_tokens, total.static_known, number),
        cached_tokens=_mean(total.cached_input_tokens, number - total.unknown_cached, number),
        calls_per_trace=max(total.traced / total.traces, 1.0) if total.traces > 0 else None,
        # Below one for an inference, they were evidently not recorded.
        attempts=total.attempts / number if 0 < number <= total.attempts else None,
        earlier_input_tokens=_mean(
            long_ago.input_tokens, long_ago.inferences - long_ago.unknown_input, long_ago.inferences
        ),
        earlier_static_tokens=_mean(long_ago.static_tokens, long_ago.static_known, long_ago.inferences),
        eval_gain=eval_gain,
    )


@lru_cache(maxsize=4)
def _last_days(as_of: date) -> dict[date, int]:
    """The trailing 28 days, each with a 0; not to be changed."""
    return dict.fromkeys((as_of - age * _DAY for age in range(RECENT_DAYS)), 0)


def _recent_sums(rows: Sequence[DailyUsage], as_of: date) -> Sequence[float] | None:
    """The sums over the trailing 28 days, in the order of `SUMMED`; None without any row."""
    if compiled.native is None:
        within = [_sums(row) for row in rows if 0 <= (as_of - row.day).days < RECENT_DAYS]
        # One after the other: `sum` corrects its rounding in some versions of Python and not in others.
        return [reduce(add, column) for column in zip(*within, strict=True)] or None
    for _, _, sums in compiled.native.add_up(list(rows), _last_days(as_of), False, len(SUMMED)):
        return sums  # type: ignore[no-any-return]  # its declaration says what it is
    return None


def measured_shares(totals: Mapping[str, Calls]) -> dict[str, float]:
    """Inputs of the economics that are measured: shares of the input tokens, 0 to 1, by the name of the input.

    A share that is unknown for any model is left out, so that the assumption is used for it. None is given where
    the sums of a model contradict themselves: a share above 1 is a mistake of the records, and never cut to 1.
    """
    used = [calls for calls in totals.values() if calls.inferences > 0]
    if any(doubt(calls) is not None for calls in totals.values()):
        return {}
    entered = sum(calls.input_tokens for calls in used)
    if not used or entered <= 0 or any(calls.unknown_input >= calls.inferences for calls in used):
        return {}
    found = {}
    if all(calls.static_known > 0 for calls in used):
        static = sum(
            (calls.inferences - calls.unknown_input) * calls.static_tokens / calls.static_known for calls in used
        )
        found["static_share"] = static / entered
    if all(calls.unknown_cached <= (1 - _LEAST_KNOWN) * calls.inferences for calls in used):
        cached = sum(
            (calls.inferences - calls.unknown_input)
            * calls.cached_input_tokens
            / (calls.inferences - calls.unknown_cached)
            for calls in used
        )
        found["cached_share"] = cached / entered
    return found


def _mean(total: float, known: float, number: float) -> float | None:
    # A hair below half is half: weights of sampled records are fractions.
    return total / known if number > 0 and known > 0 and known >= _LEAST_KNOWN * number * (1 - 1e-9) else None

"""The flag of a source, and what it says of bad input: places and reasons, never content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

from leverwatch.agent.source_view import SourceView
from leverwatch.agent.web.page.attention import Flag
from leverwatch.collectors.daily.day_states import lines
from leverwatch.collectors.interface import MALFORMED, Problem, Result
from leverwatch.collectors.unattributed import lines_of

_NOT_YET = Flag("", "…", "Not yet")
_FAILED = Flag("failed", "✗", "Failed", "LeverwatchCollectorFailing")
_WAITS = Flag("", "…", "Waits")
_SUCCEEDED = Flag("ok", "✓", "Succeeded")
_ONCE_REFUSED = Flag("", "✓", "Succeeded")
"""The same in no colour, as the row counts bad input: green would say that all of it was read."""
_REFUSES = Flag("held", "!", "Refuses records")
_REFUSES_MANY = Flag("held", "!", "Refuses records", "LeverwatchRecordsUnreadable")
_MANY, _FEW = 0.01, 10
"""The share of a day, and the number of records, above which that alert fires."""
_NOTHING = Flag("failed", "∅", "Nothing counted", "LeverwatchNothingCounted")
_CONCERNS = {
    "nothing_counted": _NOTHING,
    "most_refused": Flag("failed", "✗", "Mostly refused", "LeverwatchSourceMostlyUnreadable"),
    "matches_nothing": Flag("failed", "∅", "Matches nothing", "LeverwatchSourceMatchesNothing"),
}
"""The flag of each concern of `leverwatch.agent.scheduling.nothing_counted`, the most urgent first."""


def source_flag(source: SourceView) -> Flag:
    """Return the flag in the row of a source: the most urgent thing that is wrong, or that nothing is."""
    if source.success is None:
        return _NOT_YET if source.waits is None else _WAITS
    if not source.success:
        return _FAILED
    found = next((flag for concern, flag in _CONCERNS.items() if concern in source.concerns), None)
    if found is not None:
        return found
    if source.waits is not None:
        return _WAITS
    return _read(source) if source.records.get(Result.COUNTED, 0) else _NOTHING


def _read(source: SourceView) -> Flag:
    """The flag of a source that counts, by what else it read."""
    refused = sum(count for _, count in refusals(source))
    if source.unreadable_share:
        return _REFUSES_MANY if source.unreadable_share > _MANY and refused > _FEW else _REFUSES
    return _ONCE_REFUSED if refused else _SUCCEEDED


def source_alerts(sources: Iterable[SourceView]) -> tuple[tuple[Flag, int], ...]:
    """Return each flag of sources that an alert stands behind with how many have it."""
    counts = Counter(flag for flag in map(source_flag, sources) if flag.alert is not None)
    return tuple(counts.items())


def refusals(source: SourceView) -> tuple[tuple[str, int], ...]:
    """Return why records of a source were refused and how many since the store exists, the most frequent first."""
    counts = ((str(result), source.records.get(result, 0)) for result in MALFORMED)
    return tuple(sorted((one for one in counts if one[1]), key=lambda one: (-one[1], one[0])))


def days(source: SourceView) -> tuple[str, ...]:
    """Return what is known of the days of a source that is asked for days, with the evidence; else nothing."""
    return () if source.days is None else tuple(lines(source.days))


def unattributed(source: SourceView) -> tuple[str, ...]:
    """Return what calls of a source have where their system would be, the most frequent first; nothing when all
    name one."""
    return tuple(lines_of(source.unattributed, "record" if source.days is None else "call"))


def samples(problems: Iterable[Problem]) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return each reason with its places, and with what is wrong at each of them."""
    ordered = sorted(problems, key=lambda problem: str(problem.reason))
    return tuple(
        (reason, tuple((problem.place, problem.detail) for problem in same))
        for reason, same in groupby(ordered, key=lambda problem: str(problem.reason))
    )

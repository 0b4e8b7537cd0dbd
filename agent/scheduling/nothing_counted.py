"""Says when a source ran without an error and little or nothing counts, which looks like success and is none.

Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from leverwatch.collectors.interface import MALFORMED, Matched, Result

REFUSED = MALFORMED | {Result.UNATTRIBUTED}
"""The results of records that should have counted and do not."""
MOST = 0.5
"""The share of refused records above which it is said, as in the alert LeverwatchSourceMostlyUnreadable."""
_SETTLED = (
    Result.COUNTED, Result.DUPLICATE, Result.PART, Result.NOT_A_CALL, Result.FILTERED, Result.OUT_OF_RANGE,
)  # fmt: skip
_NO_FILES = "nothing was found to count, now or before: do its paths or patterns match anything?"
_NO_ROWS = (
    "no row was found on the days that were asked for, now or before: do its settings name what is there?"
    " `leverwatch check-source` shows what is asked, and which settings choose it"
)


class Concern(StrEnum):
    """What is wrong with a source that does not fail; the name of the event in the log, and of the key in JSON."""

    NOTHING_COUNTED = "nothing_counted"
    MATCHES_NOTHING = "matches_nothing"
    MOST_REFUSED = "most_refused"


def concerns(
    read: Mapping[Result, int], ever: Mapping[Result, int], matched: Matched | None, when: str = "this run"
) -> Mapping[Concern, str]:
    """Return what is wrong with a source, each in words; empty when it counts, or when there was nothing new.

    Args:
        read: the records of one run, or of some time, by result.
        ever: the records of all runs since the store exists, these included.
        matched: what its globs or patterns match; None when it has none.
        when: `this run`, or what else `read` is of.
    """
    found = {}
    nothing = nothing_counted(read, ever, matched, when)
    if nothing is not None:
        found[Concern.NOTHING_COUNTED] = nothing
    if matched is not None and matched.nothing:
        found[Concern.MATCHES_NOTHING] = f"nothing matches {', '.join(matched.nothing)}"
    share = unreadable_share(read)
    if nothing is None and share is not None and share > MOST:
        refused = {result: read[result] for result in REFUSED if read.get(result, 0)}
        found[Concern.MOST_REFUSED] = (
            f"most of what {when} read was refused or names no system, {sum(refused.values()):,} of"
            f" {_records(read):,} records: {_listed(refused)}"
        )
    return found


def nothing_counted(
    read: Mapping[Result, int], ever: Mapping[Result, int], matched: Matched | None, when: str = "this run"
) -> str | None:
    """Return why nothing of a source counts, in words; None when something does, or when there was nothing new.

    The arguments are those of `concerns`.
    """
    if not ever.get(Result.COUNTED, 0):
        known: dict[Result, int] = {
            result: number for result, number in ever.items() if number and result is not Result.IGNORED
        }
        if not known:
            return _NO_ROWS if matched is None else _NO_FILES
        if filtered := known.get(Result.FILTERED, 0):
            share = f"{filtered:,} of {sum(known.values()):,}"
            rest: dict[Result, int] = {
                result: number for result, number in known.items() if result is not Result.FILTERED
            }
            others = f", and of the others nothing could be counted: {_listed(rest)}" if rest else ""
            return f"only and not of its format left out {share} records that were ever read of it{others}"
        return f"nothing that was ever read of it could be counted: {_listed(known)}"
    refused = {result: read[result] for result in REFUSED if read.get(result, 0)}
    if refused and not any(read.get(result, 0) for result in _SETTLED):
        return f"nothing that {when} read could be counted: {_listed(refused)}"
    return None


def unreadable_share(read: Mapping[Result, int]) -> float | None:
    """Return the share of records that were refused or name no system, from 0 to 1; None when none was read."""
    records = _records(read)
    return sum(read.get(result, 0) for result in REFUSED) / records if records else None


def unattributed_share(read: Mapping[Result, int]) -> float | None:
    """Return the share of records that name no system, from 0 to 1; None when none was read."""
    records = _records(read)
    return read.get(Result.UNATTRIBUTED, 0) / records if records else None


def _records(read: Mapping[Result, int]) -> int:
    # What is no record by design, and what a filter left out, would hide how much of the rest is refused.
    return sum(number for result, number in read.items() if result not in (Result.IGNORED, Result.FILTERED))


def _listed(numbers: Mapping[Result, int]) -> str:
    ordered = sorted((-number, str(result)) for result, number in numbers.items())
    return ", ".join(f"{-number:,} {result}" for number, result in ordered)

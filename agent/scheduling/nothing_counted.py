"""Says when a source ran without an error and nothing of it counts, which looks like success and is none."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.interface import MALFORMED, Result

REFUSED = MALFORMED | {Result.UNATTRIBUTED}
"""The results of records that should have counted and do not."""
_SETTLED = (
    Result.COUNTED, Result.DUPLICATE, Result.PART, Result.NOT_A_CALL, Result.FILTERED, Result.OUT_OF_RANGE,
)  # fmt: skip


def nothing_counted(run: Mapping[Result, int], ever: Mapping[Result, int]) -> str | None:
    """Return why nothing of a source counts, in words; None when something does, or when there was nothing new.

    Args:
        run: the records of one run, by result.
        ever: the records of all runs since the store exists, this one included.
    """
    if not ever.get(Result.COUNTED, 0):
        read: dict[Result, int] = {
            result: number for result, number in ever.items() if number and result is not Result.IGNORED
        }
        if not read:
            return "nothing was found to count, now or before: do its paths or patterns match anything?"
        if filtered := read.get(Result.FILTERED, 0):
            share = f"{filtered:,} of {sum(read.values()):,}"
            rest: dict[Result, int] = {
                result: number for result, number in read.items() if result is not Result.FILTERED
            }
            others = f", and of the others nothing could be counted: {_listed(rest)}" if rest else ""
            return f"only and not of its format left out {share} records that were ever read of it{others}"
        return f"nothing that was ever read of it could be counted: {_listed(read)}"
    refused = {result: run[result] for result in REFUSED if run.get(result, 0)}
    if refused and not any(run.get(result, 0) for result in _SETTLED):
        return f"nothing that this run read could be counted: {_listed(refused)}"
    return None


def _listed(numbers: Mapping[Result, int]) -> str:
    ordered = sorted((-number, str(result)) for result, number in numbers.items())
    return ", ".join(f"{-number:,} {result}" for number, result in ordered)

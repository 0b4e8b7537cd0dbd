"""Says where the field that tells how calls ended contradicts other fields, and does without it where it is of
something else. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.vocabulary import CallStatus, is_truncated
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.failures import code_text, failure_paths, real_failures, with_output
from leverwatch.collectors.sniffing.verdicts import keep_answered
from leverwatch.collectors.sniffing.words import outcome_of


def doubt_contradictions(draft: Draft) -> None:
    """Say where records that succeed by their status tell of an error."""
    path = draft.paths["status"][0]
    setting = draft.settings["status"]
    bad = set(map(str, setting.get("error", ()))) if isinstance(setting, Mapping) else set()
    failed = {
        at
        for at, value in draft.columns.of[path].by_record.items()
        if str(value) in bad or outcome_of(value) is CallStatus.ERROR
    }
    told = failed & with_output(draft)
    if told and "inferences" in draft.paths and _several(draft, failed):
        _leave_out_runs(draft, path, len(failed))
        return
    if failed and failed == told and failed <= _cut_off(draft):
        _leave_out(draft, path, len(failed))
        return
    if keep_answered(draft, path, failed):
        return
    if told:
        draft.doubt(
            "status",
            f"{len(told)} of {len(failed)} records that failed by {draft.spell(path)} have output tokens,"
            " which do not count",
        )
    else:
        _doubt_spent(draft, path, failed)
    for other in failure_paths(draft):
        draft.settled.add(other)
        real = set(real_failures(draft.columns.of[other])) - failed
        if real:
            draft.doubt(
                "status",
                f"taken from {draft.spell(path)}; {len(real)} records that succeed by it have"
                f" {draft.spell(other)}, and would be errors by that",
            )
            return


def _several(draft: Draft, failed: set[int]) -> bool:
    """Whether the records that failed stand for several calls each, mostly."""
    column, status = draft.column("inferences"), draft.column("status")
    if status is not None and any(code_text(value) for value in status.values):
        return False  # what a server answered to one request
    several = 0 if column is None else sum(column.counts.get(at, 0) > 1 for at in failed)
    return 2 * several > len(failed)


def _leave_out_runs(draft: Draft, path: Path, number: int) -> None:
    """Take no outcome from a field that says how runs of several calls ended, whose calls were answered."""
    calls = draft.columns.of[draft.paths["inferences"][0]].counts
    _unmap(draft, path)
    draft.doubt(
        "status",
        f"{number} records that failed by {draft.spell(path)} are runs of several calls with output tokens: not"
        f" mapped, and all of the {sum(calls.values()):,.0f} calls of the sample count as inferences; the last one"
        f" of each such run may have failed, which would be {number} fewer inferences and as many errors",
    )


def _doubt_spent(draft: Draft, path: Path, failed: set[int]) -> None:
    """Say what calls that failed without an output took all the same, which does not count as that of others."""
    taken = draft.column("input_tokens")
    spent = {} if taken is None else {at: taken.counts[at] for at in failed if taken.counts.get(at, 0) > 0}
    if spent:
        draft.doubt(
            "status",
            f"{len(spent)} of {len(failed)} records that failed by {draft.spell(path)} have input tokens,"
            f" {sum(spent.values()):,.0f} together, which do not count; were they spent, input_tokens of the"
            " sample would be as many more",
        )


def _cut_off(draft: Draft) -> set[int]:
    """Return the records whose answers ended at a limit of length, by the reason that they give."""
    found = [path for path in draft.named("finish_reason") if draft.fits("finish_reason", path)]
    column = draft.columns.of[found[0]] if found else None
    return set() if column is None else {at for at, it in column.by_record.items() if is_truncated(str(it))}


def _leave_out(draft: Draft, path: Path, number: int) -> None:
    """Take no outcome from a field that only calls failures what was answered up to a limit."""
    _unmap(draft, path)
    draft.doubt(
        "status",
        f"{number} records that failed by {draft.spell(path)} have output tokens, up to a limit of length by the"
        f" reason that they give: not mapped, and they count; were they errors, there would be {number} fewer"
        " inferences and as many errors",
    )


def _unmap(draft: Draft, path: Path) -> None:
    del draft.settings["status"], draft.paths["status"]
    draft.settled.update([path, *failure_paths(draft)])

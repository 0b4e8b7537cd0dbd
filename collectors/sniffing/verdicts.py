"""Tells what a grader or validator says of an answer from how a call ended. Pure.

A call whose answer is judged later was served and paid for, whatever the verdict: it counts with its tokens.
"""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.failures import failure_paths, real_failures
from leverwatch.collectors.sniffing.field_names import KNOWN
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar

_GOOD_NAMES = word_set(
    "ok success succeeded successful erfolg erfolgreich exito sucesso successo sukces succes reussi"
)
_FLAGS = word_set("true false 0 1 yes no y n ja nein oui non si ok ko")
_PASSED = word_set("pass passed correct right valid accepted approved")
_REFUTED = word_set("fail failed incorrect wrong invalid rejected unparseable mismatch")


def is_verdict(path: Path, values: set[Scalar]) -> bool:
    """Whether a field says yes or no to whether something succeeded, or has the words of who judges answers."""
    words = {str(it).strip().lower() for it in values}
    if not _GOOD_NAMES.isdisjoint(words_of(path[-1])) and words <= _FLAGS:
        return True
    return words <= _PASSED | _REFUTED and bool(words & _PASSED)


def keep_answered(draft: Draft, path: Path, failed: set[int]) -> bool:
    """Let calls count that failed by a verdict and have output tokens. Returns whether it did.

    Args:
        draft: the field map, in which the status is mapped.
        path: the verdict, from which the status is taken.
        failed: the records that failed by it.
    """
    output = draft.column("output_tokens")
    column = draft.columns.of[path]
    if output is None or not is_verdict(path, set(column.values)):
        return False
    told = {at for at in failed if output.counts.get(at, 0) > 0}
    if not told:
        return False
    spelled, rest = draft.spell(path), failed - told
    others = failure_paths(draft)
    named = any(not told.isdisjoint(real_failures(draft.columns.of[it])) for it in others)
    why = ", and other fields tell of an error," if named else ""
    if rest:
        if not _by_output(draft, path, failed):
            return False
        draft.settled.update(others)
        draft.doubt(
            "status",
            f"{len(told)} of {len(failed)} records that failed by {spelled} have output tokens{why} and count as"
            f" calls that were answered and judged later; were they errors, there would be {len(told)} fewer"
            " inferences and as many errors",
        )
        return True
    del draft.settings["status"], draft.paths["status"]
    draft.settled.update([path, *others])
    if named or is_bare(path):
        draft.doubt(
            "status",
            f"all of the {len(told)} records that failed by {spelled} have output tokens{why} and count as calls"
            f" that were answered: not mapped; were they errors, there would be {len(told)} fewer inferences and"
            " as many errors",
        )
    if not named:
        _set_valid(draft, path, {column.by_record[at] for at in told})
    return True


def is_bare(path: Path) -> bool:
    """Whether a name only says that something succeeded, be it the call or what was made of it."""
    return _GOOD_NAMES.issuperset(words_of(path[-1]))


def _by_output(draft: Draft, path: Path, failed: set[int]) -> bool:
    """Map the output before the verdict, so that what has some succeeds; not where a success has none."""
    output, setting = draft.column("output_tokens"), draft.settings["output_tokens"]
    if output is None or not isinstance(setting, str):
        return False
    empty = {at for at, number in output.counts.items() if number <= 0}
    if empty - failed:
        return False
    column = draft.columns.of[path]
    values = (*(output.by_record[at] for at in sorted(empty)), *(column.by_record[at] for at in sorted(failed)))
    bad = list({str(it): it for it in values}.values())  # 0 is as good as False in a set
    setting = {"path": [setting, draft.spell(path)], "success": {"present": True}, "error": bad}
    draft.set("status", setting, path)
    return True


def _set_valid(draft: Draft, path: Path, bad: set[Scalar]) -> None:
    """Map a verdict as whether the output passed a check, where no other field has a name of that."""
    if any(draft.fits("valid", it) for it in draft.named("valid")):
        return
    values = dict.fromkeys(draft.columns.of[path].values)
    if all(map(KNOWN["valid"].fits, values)):
        draft.set("valid", draft.spell(path), path)
        return
    good, spelled = [it for it in values if it not in bad], draft.spell(path)
    draft.set("valid", {"path": spelled, **({"valid": good} if good else {}), "invalid": list(bad)}, path)

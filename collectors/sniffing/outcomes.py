"""Finds the field that tells whether a call failed, and what its words mean. Pure."""

from __future__ import annotations

import re
from http import HTTPStatus

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.vocabulary import CallStatus, status_of
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.contradictions import doubt_contradictions
from leverwatch.collectors.sniffing.detailed import set_detailed
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.failure_fields import by_failures
from leverwatch.collectors.sniffing.failures import code_text, failure_paths, real_failures, with_output
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.indirect_outcomes import (
    are_words,
    by_fallback_reason,
    by_finish_reason,
    by_level,
)
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.presummed import counts_calls
from leverwatch.collectors.sniffing.words import NO, YES, Kind, kind_of, outcome_of

_SURE_NAMES = 1
"""The rank of the last of the names that hardly mean anything else."""
_USUAL = 7
_SHORT = (
    "resultcode",
    "returncode",
    "exitcode",
    "exitstatus",
    "exit",
    "rc",
    "ret",
    "retcode",
    "res",
    "verdict",
    "st",
    "disposition",
)
"""Names of an outcome that are names of other things as well."""
_SURELY = ("resultcode", "returncode", "rc", "ret", "retcode")
"""Those of them that are of the call, whatever it answered."""
_CALLS, _OTHERS = 0.8, 0.1
_MOST_ANSWERED = 0.5
_NAMED_GOOD = word_set(
    "ok success succeeded successful erfolg erfolgreich exito sucesso successo sukces succes reussi"
)
_NO_CALLS = frozenset({Kind.PENDING, Kind.RETRY, Kind.CACHED, Kind.PART})
_FIRST_FAULT, _LAST_FAULT = 300, 599
_FIRST_CODE = 200
_CODES = frozenset(
    {*HTTPStatus, 419, 420, 430, 440, 444, 449, 450, 460, 463, 464, 509, 529, 530, 540, 561, 598, 599}
) | {*range(494, 500), *range(520, 528)}
"""The codes of HTTP, and those that servers and clouds have added."""


def set_status(draft: Draft) -> dict[Path, list[Scalar]]:
    """Map the outcome of a call. Returns what a call must not say, as some words mean that there was none."""
    excluded: dict[Path, list[Scalar]] = {}
    for path in draft.named("status"):
        column = draft.columns.of[path]
        if not are_words(column):
            usual = (rank("status", path) or 0) <= _USUAL and any(isinstance(it, str) for it in column.values)
            if usual and set_detailed(draft, path, column):
                break
            if usual:
                draft.doubt("status", f"{draft.spell(path)} may tell it, with texts or too many words: not mapped")
            continue
        if counts_calls(draft, path):
            continue
        if not _are_codes(column):
            draft.doubt("status", f"{draft.spell(path)} has numbers that are no codes of outcomes: not mapped")
            continue
        unusual = (rank("status", path) or 0) > _USUAL and not any(
            outcome_of(it) is not None or kind_of(it) in _NO_CALLS for it in column.values
        )
        if is_called(_SHORT, path[-1:]):
            if not _says_outcomes(draft, column):
                continue
        elif unusual and not all(
            outcome_of(it) is not None or _says_yes(path, it) is not None for it in column.values
        ):
            continue
        found = _by_words(draft, path, column)
        if found is None:
            continue
        excluded = found
        break
    if "status" not in draft.paths:
        _by_codes(draft)
    if "status" in draft.paths:
        doubt_contradictions(draft)
    else:
        by_failures(draft)
        if "status" not in draft.paths:
            by_level(draft)
        if "status" not in draft.paths:
            by_finish_reason(draft)
        if "status" not in draft.paths:
            by_fallback_reason(draft)
    return excluded


def _by_codes(draft: Draft) -> None:
    """Map a column of any name with codes of HTTP, good and bad ones, of which the bad ones have no output."""
    answered = with_output(draft)
    for path, column in draft.columns.of.items():
        if not draft.is_free(path) or not are_words(column):
            continue
        codes = {at: int(text) for at, value in column.by_record.items() if (text := code_text(value))}
        bad = {at for at, code in codes.items() if code >= _FIRST_FAULT}
        known = set(codes.values()) <= _CODES and len(codes) == len(column.values)
        if not known or not bad or len(bad) == len(codes) or not min(codes.values()) < _FIRST_FAULT:
            continue
        if answered and len(bad & answered) <= _OTHERS * len(bad) and set(codes) - bad <= answered:
            draft.set("status", draft.spell(path), path)
            draft.prove("status", f"{draft.spell(path)} has codes of HTTP, and {len(bad)} bad ones have no output")
            return
        if len(bad & answered) <= _OTHERS * len(bad):
            draft.doubt(
                "status",
                f"{draft.spell(path)} has numbers like codes of HTTP, by which {len(bad)} records would be failed"
                " calls: not mapped",
            )
            return


def _are_codes(column: Column) -> bool:
    """Whether most of the numbers that would be read as codes are in use as such: counts are others."""
    read = {int(it) for it in map(code_text, column.values) if it and _FIRST_CODE <= int(it) <= _LAST_FAULT}
    return not read or 2 * len(read & _CODES) >= len(read)


def _says_outcomes(draft: Draft, column: Column) -> bool:
    """Whether values are outcomes of calls: words or codes, and those that failed hardly have output."""
    values = set(column.values)
    bad: set[Scalar]
    if all(outcome_of(value) is not None for value in values):
        bad = {value for value in values if outcome_of(value) is CallStatus.ERROR}
    elif all(_is_code(value) for value in values):
        # Codes of exit: 0 is a success.
        bad = {value for value in values if int(value) != 0}
        if not bad or bad == values:
            return False
    else:
        return False
    failed = {at for at, value in column.by_record.items() if value in bad}
    # A verdict may be one on what was answered.
    if is_called(_SURELY, column.path[-1:]):
        return True
    return len(failed & with_output(draft)) <= _MOST_ANSWERED * len(failed)


def _is_code(value: Scalar) -> bool:
    return not isinstance(value, bool | float) and re.fullmatch(r"-?\d{1,5}", str(value), re.ASCII) is not None


def _by_words(draft: Draft, path: Path, column: Column) -> dict[Path, list[Scalar]] | None:
    values = list(dict.fromkeys(column.values))
    spelled = draft.spell(path)
    if all(_is_read(value) for value in values):
        draft.set("status", spelled, path)
        return {}
    if _are_flags(path, values):
        return _by_numbers(draft, path, column)
    good: list[Scalar] = []
    bad: list[Scalar] = []
    out: list[Scalar] = []
    strange: list[Scalar] = []
    answered = with_output(draft)
    for value in values:
        at = {index for index, it in column.by_record.items() if it == value}
        share = len(at & answered) / len(at)
        outcome, kind = outcome_of(value), kind_of(value)
        said = _says_yes(path, value)
        if said is not None:
            (good if said else bad).append(value)
        elif outcome is not None:
            (good if outcome is CallStatus.SUCCESS else bad).append(value)
        elif kind is Kind.RETRY and share <= _OTHERS and at <= _telling_errors(draft, path):
            bad.append(value)
            draft.doubt(
                "status",
                f"{len(at)} records whose {spelled} is {value} tell of an error, and are taken for failed calls;"
                f" were no requests sent for them, there would be {len(at)} fewer errors",
            )
        elif kind in _NO_CALLS and (share <= _OTHERS or kind is Kind.CACHED):
            out.append(value)
            draft.doubt(
                "not",
                f"{len(at)} records whose {spelled} is {value} are left out as {kind}; were they calls, there"
                " would"
                f" be {len(at)} more inferences",
            )
        else:
            strange.append(value)
            is_good = share >= _CALLS or not answered
            (good if is_good else bad).append(value)
            said_by = "success, as nothing says that they failed"
            if answered:
                said_by = "success, as most of them have" if is_good else "an error, as few of them have"
                said_by += " output tokens"
            draft.doubt(
                "status",
                f"{spelled} has a word of no known meaning, {value}, in {len(at)} records; taken for {said_by}",
            )
    # Of words that are all unknown, only two kinds of records tell anything.
    if len(strange) == len(values) and not (good and bad):
        draft.notes = [note for note in draft.notes if not note.startswith(f"status: {spelled} has a word")]
        draft.doubt("status", f"{spelled} has values of no known meaning, and is not mapped: all records succeed")
        return None
    setting = {"path": spelled, **({"success": good} if good else {}), **({"error": bad} if bad else {})}
    draft.set("status", setting, path)
    return {path: out} if out else {}


def _says_yes(path: Path, value: Scalar) -> bool | None:
    """Return what a word answers to whether a call succeeded, where a name asks for it; None where none does."""
    word = str(value).strip().lower()
    if _NAMED_GOOD.isdisjoint(words_of(path[-1])) or not isinstance(value, str):
        return None
    return True if word in YES else False if word in NO else None


def _is_read(value: Scalar) -> bool:
    return not isinstance(value, float) and status_of(value) is not None


def _are_flags(path: Path, values: list[Scalar]) -> bool:
    """Whether values are 0 and 1, which tables write as texts under a name of success."""
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return set(values) <= {0, 1}
    return not _NAMED_GOOD.isdisjoint(words_of(path[-1])) and set(map(str, values)) == {"0", "1"}


def _by_numbers(draft: Draft, path: Path, column: Column) -> dict[Path, list[Scalar]] | None:
    """Map a field of 0 and 1: 1 is a success, or 0 is, as an exit code is."""
    answered = with_output(draft)
    shares = {}
    for value in (0, 1):
        at = {index for index, it in column.by_record.items() if str(it) == str(value)}
        shares[value] = len(at & answered) / len(at) if at else None
    named_good = not _NAMED_GOOD.isdisjoint(words_of(path[-1]))
    zero, one = shares[0], shares[1]
    if named_good:
        good = 1
    elif zero is not None and one is not None and abs(zero - one) > _CALLS:
        good = 1 if one > zero else 0
    else:
        draft.doubt(
            "status", f"{draft.spell(path)} is 0 or 1, and nothing tells which one is a success: not mapped"
        )
        return None
    sides = [
        [it for it in dict.fromkeys(column.values) if str(it) == str(side)] or [side] for side in (good, 1 - good)
    ]
    draft.set("status", {"path": draft.spell(path), "success": sides[0], "error": sides[1]}, path)
    return {}


def _telling_errors(draft: Draft, path: Path) -> set[int]:
    """Return the records in which a field beside one tells of an error."""
    return {at for it in failure_paths(draft) if it != path for at in real_failures(draft.columns.of[it])}

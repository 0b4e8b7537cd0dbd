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
from leverwatch.collectors.sniffing.failures import (
    code_text,
    failure_paths,
    is_nothing,
    real_failures,
    with_output,
)
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.presummed import counts_calls
from leverwatch.collectors.sniffing.words import NO, YES, Kind, is_word, kind_of, outcome_of

_MOST_WORDS = 24
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
_FALLBACKS = ("fallbackreason", "fallbackcause", "degradedreason", "skipreason")
_LEVELS = ("level", "loglevel", "severity", "lvl", "levelname")
_SEVERE = word_set("error err fatal critical severe alert emergency 50 60")
_MILD = word_set("info debug trace notice warn warning verbose 10 20 30 40")
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
        if not _are_words(column):
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
        _by_failures(draft)
        if "status" not in draft.paths:
            _by_level(draft)
        if "status" not in draft.paths:
            _by_finish_reason(draft)
        if "status" not in draft.paths:
            _by_fallback_reason(draft)
    return excluded


def _by_level(draft: Draft) -> None:
    """Map how severe a logger says that a record is, where the worst ones have no output: these calls failed."""
    answered = with_output(draft)
    for path, column in draft.columns.of.items():
        if not is_called(_LEVELS, path) or not draft.is_free(path) or not _are_words(column):
            continue
        bad = [it for it in dict.fromkeys(column.values) if str(it).strip().lower() in _SEVERE]
        good = [it for it in dict.fromkeys(column.values) if it not in bad]
        failed = {at for at, value in column.by_record.items() if value in bad}
        if not bad or not all(str(it).strip().lower() in _MILD for it in good) or failed & answered:
            continue
        if not good or 2 * len(failed) > len(column.at):
            continue
        draft.set("status", {"path": draft.spell(path), "success": good, "error": bad}, path)
        draft.doubt(
            "status",
            f"{len(failed)} records whose {draft.spell(path)} is {', '.join(map(str, bad))} are taken for failed"
            f" calls; if they succeeded, there are {len(failed)} more inferences",
        )
        return


def _by_fallback_reason(draft: Draft) -> None:
    """Map why something else answered, where that is a failure and the records have no output."""
    answered = with_output(draft)
    for path, column in draft.columns.of.items():
        if not is_called(_FALLBACKS, path[-1:]) or not draft.is_free(path) or not _are_words(column):
            continue
        bad = [it for it in dict.fromkeys(column.values) if kind_of(it) is Kind.BAD]
        failed = {at for at, value in column.by_record.items() if value in bad}
        if not failed or failed & answered:
            continue
        draft.set("status", {"path": draft.spell(path), "error": bad}, path)
        draft.doubt(
            "status",
            f"{len(failed)} records whose {draft.spell(path)} is {', '.join(map(str, bad))} are taken for failed"
            f" calls; if they succeeded, there are {len(failed)} more inferences",
        )
        return


def _by_finish_reason(draft: Draft) -> None:
    """Map why an answer ended, where some ended in an error, and just these have no output: these calls failed."""
    answered = with_output(draft)
    for path in draft.named("finish_reason"):
        column = draft.columns.of[path]
        bad = [it for it in dict.fromkeys(column.values) if kind_of(it) is Kind.BAD]
        failed = {at for at, value in column.by_record.items() if value in bad}
        if not bad or not answered or failed & answered or not _are_words(column):
            continue
        good = [it for it in dict.fromkeys(column.values) if it not in bad]
        draft.settings["status"] = {"path": draft.spell(path), "success": good, "error": bad}
        draft.settings["finish_reason"] = draft.spell(path)
        draft.paths["status"] = draft.paths["finish_reason"] = (path,)
        draft.doubt(
            "status",
            f"{len(failed)} records whose {draft.spell(path)} is {', '.join(map(str, bad))} have no output, and"
            f" are taken for failed calls; if they succeeded, there are {len(failed)} more inferences",
        )
        return


def _by_codes(draft: Draft) -> None:
    """Map a column of any name with codes of HTTP, good and bad ones, of which the bad ones have no output."""
    answered = with_output(draft)
    for path, column in draft.columns.of.items():
        if not draft.is_free(path) or not _are_words(column):
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


def _are_words(column: Column) -> bool:
    return all(map(is_word, column.values)) and len(set(map(str, column.values))) <= _MOST_WORDS


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


def _counts(draft: Draft, path: Path) -> bool:
    """Whether values are numbers of failures, of which there may be several in a record; if so, that is said."""
    column = draft.columns.of[path]
    several = _how(column) != "codes" and any(number > 1 for number in column.numbers.values())
    if several:
        draft.settled.add(path)
        draft.doubt(
            "status", f"{draft.spell(path)} counts failures, and no field says of how many calls: not mapped"
        )
    return several


def _by_failures(draft: Draft) -> None:
    found = [
        (path, real_failures(draft.columns.of[path])) for path in failure_paths(draft) if not _counts(draft, path)
    ]
    failures = [(path, real) for path, real in found if real]
    if not failures:
        for path, _ in found:
            draft.settled.add(path)
        return
    # Words are better than texts, and a field that more of the failures have is better.
    failures.sort(key=lambda it: (_how(draft.columns.of[it[0]]) == "text", -len(it[1])))
    path, real = failures[0]
    spelled = draft.spell(path)
    draft.settled.update(it for it, _ in failures)
    how = _how(draft.columns.of[path])
    answered = with_output(draft)
    told_output = sum(at in answered for at in real)
    if len(real) == told_output == len(draft.columns) and len(real) > 1:
        draft.doubt(
            "status",
            f"all records have {spelled} and output tokens, so that it is no outcome of a call: not mapped",
        )
        return
    if how == "codes":
        draft.set("status", spelled, path)
    elif how == "flag":
        values = list(dict.fromkeys(draft.columns.of[path].values))
        good = [value for value in values if is_nothing(value)]
        bad = [value for value in values if value not in good]
        draft.set("status", {"path": spelled, **({"success": good} if good else {}), "error": bad}, path)
    else:
        good = [value for value in dict.fromkeys(draft.columns.of[path].values) if is_nothing(value)]
        setting = {"path": spelled, **({"success": good} if good else {}), "error": {"present": True}}
        draft.set("status", setting, path)
        draft.doubt(
            "status",
            f"{len(real)} of {len(draft.columns)} records have {spelled}, and are taken for failed calls; the"
            " others"
            " for successes",
        )
    if told_output > 0.5 * len(real):
        draft.doubt(
            "status", f"{told_output} of the {len(real)} records with {spelled} have output tokens all the same"
        )


def _how(column: Column) -> str:
    real = real_failures(column)
    values = set(real.values())
    if all(
        value is True or value == 1 or str(value).lower() in {"true", "1", "yes", "ja", "oui"} for value in values
    ):
        return "flag"
    codes = [_code(value) for value in column.values]
    if all(code is not None for code in codes):
        return "codes"
    return "words" if all(map(is_word, values)) and not any(isinstance(it, float) for it in values) else "text"


def _code(value: Scalar) -> int | None:
    text = str(value).strip()
    return int(text) if text.isdecimal() and _FIRST_FAULT <= int(text) <= _LAST_FAULT else None

"""Finds what the records of a log say of failures, and which of them were answered. Pure."""

from __future__ import annotations

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import FAILURES, is_called
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import NO

_NOTHING = frozenset(
    {"none", "null", "-", "n/a", "na", "nan", "no", "false", "0", "nil", "undefined", "keine", "ok"}
)
_OF_ERRORS = word_set("error exception err failure fehler")


def with_output(draft: Draft) -> set[int]:
    """Return the records with output tokens; of logs without any, those with input."""
    column = draft.column("output_tokens") or draft.column("input_tokens")
    return set() if column is None else {at for at, number in column.counts.items() if number > 0}


def failure_paths(draft: Draft) -> list[Path]:
    """Return the free paths that tell of errors."""
    found = [path for path in draft.columns.of if is_called(FAILURES, path) and draft.is_free(path)]
    return found or _failures_of_steps(draft)


def _failures_of_steps(draft: Draft) -> list[Path]:
    """Return the path with the errors of one step of several, which only records without output have: such a step
    is the call of the model."""
    answered = with_output(draft)
    if 2 * len(answered) < len(draft.columns):
        return []
    found = {
        path: real
        for path, column in draft.columns.of.items()
        if _OF_ERRORS.intersection(words_of(path[-1])[-1:])
        and draft.is_free(path)
        and not column.is_numeric
        and (real := set(real_failures(column)))
        and not real & answered
    }
    return [max(found, key=lambda path: len(found[path]))] if found else []


def real_failures(column: Column) -> dict[int, Scalar]:
    """Return the values that tell of a failure, by record."""
    return {at: value for at, value in column.by_record.items() if not is_nothing(value)}


def is_nothing(value: Scalar) -> bool:
    """Whether a value tells of no failure."""
    return value is False or value == 0 or str(value).strip().lower() in _NOTHING | NO


def code_text(value: Scalar) -> str:
    """Return a value as the digits of a code; an empty text where it is none."""
    text = "" if isinstance(value, bool | float) else str(value).strip()
    return text if text.isdecimal() and text.isascii() and len(text) < 10 else ""

"""Finds what tells an outcome where no field is made for it: how severe a record is, why an answer ended. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.failures import with_output
from leverwatch.collectors.sniffing.field_names import is_called
from leverwatch.collectors.sniffing.name_words import word_set
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of

_MOST_WORDS = 24
_FALLBACKS = ("fallbackreason", "fallbackcause", "degradedreason", "skipreason")
_LEVELS = ("level", "loglevel", "severity", "lvl", "levelname")
_SEVERE = word_set("error err fatal critical severe alert emergency 50 60")
_MILD = word_set("info debug trace notice warn warning verbose 10 20 30 40")


def by_level(draft: Draft) -> None:
    """Map how severe a logger says that a record is, where the worst ones have no output: these calls failed."""
    answered = with_output(draft)
    for path, column in draft.columns.of.items():
        if not is_called(_LEVELS, path) or not draft.is_free(path) or not are_words(column):
            continue
        bad = [it for it in dict.fromkeys(column.values) if str(it).strip().lower() in _SEVERE]
        good = [it for it in dict.fromkeys(column.values) if it not in bad]
        failed = {at for at, value in column.by_record.items() if value in bad}
        if not bad or not all(str(it).strip().lower() in _MILD for it in good) or failed & answered:
            continue
        if not good or 2 * len(failed) > len(column.at):
            continue
        draft.set("status", {"path": draft.spell(path), "success": good, "error": bad}, path)
        _doubt_failed(draft, path, bad, len(failed))
        return


def _doubt_failed(draft: Draft, path: Path, bad: Sequence[Scalar], number: int) -> None:
    draft.doubt(
        "status",
        f"{number} records whose {draft.spell(path)} is {', '.join(map(str, bad))} are taken for failed"
        f" calls; if they succeeded, there are {number} more inferences",
    )


def by_fallback_reason(draft: Draft) -> None:
    """Map why something else answered, where that is a failure and the records have no output."""
    answered = with_output(draft)
    for path, column in draft.columns.of.items():
        if not is_called(_FALLBACKS, path[-1:]) or not draft.is_free(path) or not are_words(column):
            continue
        bad = [it for it in dict.fromkeys(column.values) if kind_of(it) is Kind.BAD]
        failed = {at for at, value in column.by_record.items() if value in bad}
        if not failed or failed & answered:
            continue
        draft.set("status", {"path": draft.spell(path), "error": bad}, path)
        _doubt_failed(draft, path, bad, len(failed))
        return


def by_finish_reason(draft: Draft) -> None:
    """Map why an answer ended, where some ended in an error, and just these have no output: these calls failed."""
    answered = with_output(draft)
    for path in draft.named("finish_reason"):
        column = draft.columns.of[path]
        bad = [it for it in dict.fromkeys(column.values) if kind_of(it) is Kind.BAD]
        failed = {at for at, value in column.by_record.items() if value in bad}
        if not bad or not answered or failed & answered or not are_words(column):
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


def are_words(column: Column) -> bool:
    """Whether all values of a column are words, and few different ones."""
    return all(map(is_word, column.values)) and len(set(map(str, column.values))) <= _MOST_WORDS

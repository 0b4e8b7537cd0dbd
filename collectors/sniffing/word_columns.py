"""Finds an outcome among columns of few words that no name and no word explains, in whatever language. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Column
from leverwatch.collectors.sniffing.draft import Draft
from leverwatch.collectors.sniffing.field_names import SYSTEMS, is_called
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.words import Kind, is_word, kind_of, operation_named

_FEWEST_WORDS, _MOST_WORDS = 2, 6
_LONGEST = 32
_FEWEST = 2
"""Records without tokens, from which on it is no chance that they have a word of their own."""
_IDS = word_set("id ids key uuid hash url")
_REASONS = ("message", "msg", "detail", "details", "reason", "description")
"""Names of what a program says of a failure, where it says it of one record alone."""
_ALL, _NONE = 0.8, 0.1
_OTHER = frozenset({Kind.CACHED, Kind.PENDING, Kind.RETRY, Kind.DERIVED, Kind.PART, Kind.ASKED})
_ABOUT_OTHERS = word_set(
    "provider vendor region zone country user users customer tenant team org organization env environment host"
    " version language lang locale currency source origin cache tier plan role name app application service"
    " product project client channel platform device operation endpoint route type kind"
    " action task step stage phase"
)


def set_status_by_gaps(draft: Draft) -> None:
    """Map a column of few words as the outcome where some of them stand just where tokens and cost are missing."""
    if "status" in draft.paths:
        return
    told = _told(draft)
    missing = set(range(len(draft.columns))) - told
    if not told or not missing:
        return
    if _set_by_presence(draft, missing) or len(missing) < _FEWEST:
        return
    for path, column in _few_words(draft):
        words = _split(column, missing)
        if words is None or path in draft.settled:
            continue
        good, bad = words
        if any(kind_of(it) is Kind.GOOD for it in bad) and any(kind_of(it) is Kind.BAD for it in good):
            continue  # what they say is the opposite
        number = sum(value in bad for value in column.values)
        spelled, listed = draft.spell(path), ", ".join(map(str, bad))
        if _tells_something_else(draft, path, bad):
            draft.doubt(
                "status",
                f"{number} records whose {spelled} is {listed} have no tokens or cost, and count as calls that"
                f" succeeded; if the word means a failure, there are {number} fewer",
            )
            continue
        draft.notes = [it for it in draft.notes if not it.startswith(f"status: {spelled} has values of no known")]
        draft.set("status", {"path": spelled, "success": good, "error": bad}, path)
        draft.doubt(
            "status",
            f"{spelled} is taken for it, as the {number} records with {listed} have no tokens or cost: they are"
            f" failed calls; no known word tells, and were they none, there would be {number} more inferences",
        )
        return


def _set_by_presence(draft: Draft, missing: set[int]) -> bool:
    """Map a text that just those records have that lack tokens or cost, as that of an error. Returns whether."""
    for path, column in draft.columns.of.items():
        are_texts = all(isinstance(it, str) and not it.strip().isdecimal() for it in column.values)
        are_texts = are_texts and not _is_setting(path, column) and _IDS.isdisjoint(words_of(path[-1]))
        # Where as many records lack tokens as have them, these may be the beginnings of calls.
        usual = _FEWEST <= len(missing) < len(draft.columns) / 2
        few = not usual and not _speaks_of_failure(path)
        if draft.is_free(path) and set(column.at) == missing and are_texts and not few:
            spelled, number = draft.spell(path), len(missing)
            draft.set("status", {"path": spelled, "error": {"present": True}}, path)
            draft.doubt(
                "status",
                f"only the {number} records without tokens or cost have {spelled}, and are taken for failed calls;"
                f" were they none, there would be {number} more inferences",
            )
            return True
    return False


def _speaks_of_failure(path: Path) -> bool:
    return is_called(_REASONS, path[-1:]) or any(kind_of(it) is Kind.BAD for it in words_of(path[-1]))


def _is_setting(path: Path, column: Column) -> bool:
    """Whether a text is one word that is the same in all records, and neither it nor its name speak of a failure:
    a setting, as of a stage that calls no model."""
    words = set(map(str, column.values))
    said = [*words, *path]
    return len(words) == 1 and all(map(is_word, words)) and not any(kind_of(it) is Kind.BAD for it in said)


def _told(draft: Draft) -> set[int]:
    """Return the records with some tokens or a cost, and those of models that need have none."""
    told = {
        at
        for name in ("input_tokens", "output_tokens", "cost_usd")
        for path in draft.paths.get(name, ())
        if path in draft.columns.of
        for at, number in draft.columns.of[path].numbers.items()
        if number > 0
    }
    models = draft.column("model")
    if not told or models is None:
        return told
    return told | {at for at, model in models.by_record.items() if operation_named(model) is not None}


def words_not_mapped(draft: Draft) -> tuple[str, ...]:
    """Return the columns of few words that nothing is made of, each with the number of its words."""
    return tuple(
        f"{draft.spell(path)} ({len(set(column.values))} words)"
        for path, column in _few_words(draft)
        if path not in draft.settled and not is_called(SYSTEMS, path)
    )


def _few_words(draft: Draft) -> Iterator[tuple[Path, Column]]:
    for path, column in list(draft.columns.of.items()):
        if not draft.is_free(path) or column.is_numeric:
            continue
        different = set(column.values)
        words = all(map(_is_term, different))
        if words and _FEWEST_WORDS <= len(different) <= _MOST_WORDS and len(column.values) >= 2 * len(different):
            yield path, column


def _is_term(value: Scalar) -> bool:
    """Whether it is a word or two, as for an outcome in any language, and no text of a call."""
    return isinstance(value, str) and len(value) <= _LONGEST and value.isprintable() and len(value.split()) <= 2


def _split(column: Column, missing: set[int]) -> tuple[list[Scalar], list[Scalar]] | None:
    """Return the words of calls that tell amounts, and of calls that do not; None where words tell nothing."""
    good: list[Scalar] = []
    bad: list[Scalar] = []
    for value in dict.fromkeys(column.values):
        at = {index for index, it in column.by_record.items() if it == value}
        share = len(at & missing) / len(at)
        if kind_of(value) in _OTHER or _NONE < share < _ALL:
            return None
        (bad if share >= _ALL else good).append(value)
    covered = {index for index, value in column.by_record.items() if value in bad}
    return (good, bad) if good and bad and len(covered & missing) >= _ALL * len(missing) else None


def _tells_something_else(draft: Draft, path: Path, bad: list[Scalar]) -> bool:
    """Whether the name is of something else, or the calls without tokens are all of models of their own."""
    if not _ABOUT_OTHERS.isdisjoint(words_of(path[-1])) or is_called(SYSTEMS, path):
        return True
    models = draft.column("model")
    if models is None:
        return False
    outcome = draft.columns.of[path].by_record
    failed = {model for at, model in models.by_record.items() if outcome.get(at) in bad}
    fine = {model for at, model in models.by_record.items() if at in outcome and outcome[at] not in bad}
    return bool(failed) and failed.isdisjoint(fine)

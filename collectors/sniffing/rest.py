"""Leaves out records that have nothing of a call, beside those that have. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.field_names import FAILURES, is_called, rank
from leverwatch.collectors.sniffing.kept import TELLING_NOTHING, Kinds
from leverwatch.collectors.sniffing.name_words import LATENCY, TOKEN, words_of
from leverwatch.collectors.sniffing.numerals import Scalar
from leverwatch.collectors.sniffing.questions import answer_of, generated_in
from leverwatch.collectors.sniffing.words import is_word, outcome_of

_COMMON = 3
"""How many ids there must be before they tell calls apart."""
_MOST, _FEW = 0.97, 8
_TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens")


def without_rest(
    found: Kinds, columns: Columns, calls: set[int], models: set[Path], spell: Callable[[Path], str]
) -> Kinds:
    """Leave out records that have neither tokens nor a model nor an error."""
    failed = failures_of(columns)
    by_kind = _failed_by_kind(found, columns)
    failed |= by_kind
    named = columns.covered(models)
    ids = ids_of(columns)
    told = [{values[at] for at in calls if at in values} for values in ids]
    parts = {at for it, known in zip(ids, told, strict=True) for at, id_ in it.items() if id_ in known} - calls
    # An error of something else, such as a database, names no model and has no id of a call.
    known = named | {at for values in ids for at in values}
    others = failed - known - by_kind if named else set()
    rest = [
        at
        for at in found.kept
        if at not in calls and (at in others or (at not in failed and (at not in named or at in parts)))
    ]
    alike, rest = _like_calls(found, rest, columns)
    if alike:
        note = (
            f"inferences: {alike} records without tokens took as long as calls and say of all else what these say,"
            f" and count as calls; were they none, there would be {alike} fewer"
        )
        found = replace(found, notes=(*found.notes, note))
    said, rest = _answered(found, rest, columns)
    if said:
        note = (
            f"inferences: {said} records without a model have an answer, and count as calls; were they none, there"
            f" would be {said} fewer"
        )
        found = replace(found, notes=(*found.notes, note))
    if not rest:
        return found
    by, kept = _only_in(found.kept, rest, columns)
    if by is None:
        note = f"{len(rest)} {TELLING_NOTHING}"
        return Kinds(found.kept, found.only, found.excluded, found.status, (*found.notes, note))
    out = len(found.kept) - len(kept)
    more = f" ({out - len(rest)} of them have other signs of a call)" if out > len(rest) else ""
    note = (
        f"only: {out} records without {spell(by)} are left out{more}; were they calls, there would be {out} more"
        " inferences"
    )
    only = {**found.only, by: {"present": True}}
    return Kinds(kept, only, found.excluded, found.status, (*found.notes, note))


def _like_calls(found: Kinds, rest: list[int], columns: Columns) -> tuple[int, list[int]]:
    """Return how many of the records without tokens took as long as calls and have what nearly all of these have,
    with no other word, and the other ones."""
    calls = set(found.kept) - set(rest)
    tokens = {path for path in columns.of if any(rank(it, path) is not None for it in _TOKENS) or _is_total(path)}
    took = [
        path
        for path in columns.of
        if rank("latency_ms", path) is not None or not LATENCY.isdisjoint(words_of(path[-1]))
    ]
    if not calls or not took:
        return 0, rest
    often = {path: it for path, it in columns.of.items() if len(calls.intersection(it.at)) >= _MOST * len(calls)}
    words = {
        path: {value for at, value in it.by_record.items() if at in calls} for path, it in often.items()
        if path not in tokens and all(map(is_word, it.values))
    }  # fmt: skip
    times = [often[path].numbers for path in took if path in often]
    alike = {
        at for at in rest
        if all(at in it.by_record for path, it in often.items() if path not in tokens)
        and all(columns.of[path].by_record[at] in said for path, said in words.items() if len(said) <= _FEW)
        and any(0 < _least(it, calls) <= it.get(at, 0.0) for it in times)
    }  # fmt: skip
    return len(alike), [at for at in rest if at not in alike]


def _least(numbers: Mapping[int, float], at: set[int]) -> float:
    return min((number for it, number in numbers.items() if it in at), default=0.0)


def _is_total(path: Path) -> bool:
    return not TOKEN.isdisjoint(words_of(path[-1]))


def _answered(found: Kinds, rest: list[int], columns: Columns) -> tuple[int, list[int]]:
    """Return how many of the records without a model and tokens have the text of an answer as nearly all calls
    have, and the other ones."""
    path = answer_of(columns) if rest else None
    took = generated_in(columns) if rest else None
    if path is None and took is not None:
        others = [at for at in rest if not columns.of[took].numbers.get(at)]
        return len(rest) - len(others), others
    if path is None or path in found.only:
        return 0, rest
    with_answer = set(columns.of[path].at)
    calls = set(found.kept) - set(rest)
    if len(with_answer & calls) < _MOST * len(calls):
        return 0, rest
    others = [at for at in rest if at not in with_answer]
    return len(rest) - len(others), others


def without_unanswered(found: Kinds, columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Leave out questions for which generating took no time, and that tell no tokens: nothing was sent."""
    path = generated_in(columns)
    if path is None or path in found.only or path in found.excluded:
        return found
    numbers = columns.of[path].numbers
    told = {at for name in ("input_tokens", "output_tokens") for it in columns.of if rank(name, it) is not None
            for at, number in columns.of[it].counts.items() if number}  # fmt: skip
    none = [at for at in found.kept if numbers.get(at) == 0 and at not in told]
    if not none or 2 * len(none) > len(found.kept):
        return found
    note = (
        f"not: {len(none)} records whose {spell(path)} is 0 are left out, as no model was asked; were they calls,"
        f" there would be {len(none)} more inferences"
    )
    out = set(none)
    kept = [at for at in found.kept if at not in out]
    values = list(dict.fromkeys(columns.of[path].by_record[at] for at in none))
    return replace(found, kept=kept, excluded={**found.excluded, path: values}, notes=(*found.notes, note))


def failures_of(columns: Columns) -> set[int]:
    """Return the records that say of themselves that something failed."""
    failures = {path for path in columns.of if is_called(FAILURES, path)}
    return columns.covered(failures) | {
        at
        for path, column in columns.of.items()
        if rank("status", path) is not None
        for at, value in column.by_record.items()
        if outcome_of(value) is CallStatus.ERROR
    }


def _failed_by_kind(found: Kinds, columns: Columns) -> set[int]:
    """Return the records that are failed calls by what tells the kinds apart."""
    if found.status is None:
        return set()
    path, words = found.status
    return {at for at, value in columns.of[path].by_record.items() if value in words["error"]}


def _only_in(records: Sequence[int], rest: Sequence[int], columns: Columns) -> tuple[Path | None, Sequence[int]]:
    """Return a path that calls have and the rest has not, of a model or of tokens, and the records with it."""
    inside, outside = set(records) - set(rest), set(rest)
    best: tuple[Path | None, Sequence[int]] = (None, [])
    for wanted in ("model", "output_tokens", "input_tokens"):
        for path, column in columns.of.items():
            at = set(column.at) if rank(wanted, path) is not None else set()
            kept = sorted(at & inside)
            if not at & outside and len(kept) > len(best[1]) and len(kept) >= _MOST * len(inside):
                best = (path, kept)
    return best


def ids_of(columns: Columns) -> list[dict[int, Scalar]]:
    """Return the values of ids of calls, by record."""
    return [
        column.by_record
        for path, column in columns.of.items()
        if rank("request_id", path) is not None and len(set(map(str, column.values))) > _COMMON
    ]

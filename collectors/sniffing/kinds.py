"""Tells which records of a log are calls, where it has records of several kinds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.answered_by import answered_by
from leverwatch.collectors.sniffing.begun import without_begun
from leverwatch.collectors.sniffing.called_events import called_events_of
from leverwatch.collectors.sniffing.calls_alone import answers_only, are_totals, have_tokens
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.ended import ended_of
from leverwatch.collectors.sniffing.endpoints import endpoints_of
from leverwatch.collectors.sniffing.exchanges import exchanges_of
from leverwatch.collectors.sniffing.feedback import without_feedback
from leverwatch.collectors.sniffing.field_names import rank
from leverwatch.collectors.sniffing.joined import with_beginnings
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.kind_fields import by_kind_field
from leverwatch.collectors.sniffing.models import is_vendor, looks_like_model, looks_like_models, models_elsewhere
from leverwatch.collectors.sniffing.name_words import bare_field, sides_of_cache
from leverwatch.collectors.sniffing.nameless import without_nameless
from leverwatch.collectors.sniffing.other_services import without_other_services
from leverwatch.collectors.sniffing.paid import paid
from leverwatch.collectors.sniffing.questions import has_sentences
from leverwatch.collectors.sniffing.rest import without_rest, without_unanswered
from leverwatch.collectors.sniffing.started import started_of
from leverwatch.collectors.sniffing.summaries import summaries_of
from leverwatch.collectors.sniffing.web_requests import no_calls
from leverwatch.collectors.sniffing.words import operation_named


def kinds_of(columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Return which records are calls, by a field that tells kinds apart or by what only calls have."""
    found = without_unanswered(_kinds_of(columns, spell), columns, spell)
    return without_feedback(found, columns, spell)


def _kinds_of(columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    every = range(len(columns))
    answers = _told(columns, ("output_tokens",))
    tokens = answers | _told(columns, ("input_tokens",))
    if not tokens:
        answers, tokens = _by_sides(columns)
    own = set(tokens)
    tokens |= paid(columns) if tokens else set()
    models = _named_models(columns) or {
        path for path, column in columns.of.items() if looks_like_models(column) and not is_vendor(column)
    }
    models.update(models_elsewhere(columns, models))
    if answers:
        tokens |= _of_other_models(columns, models)
    calls = tokens or columns.covered(models) or are_totals(columns) or have_tokens(columns)
    if not calls:
        return _answers(columns, spell)
    written = _written(columns, tokens, models, spell)
    if written is not None:
        return written
    joined = None if tokens else ended_of(columns, models, spell)
    if joined is not None:
        return joined
    found = by_kind_field(columns, calls, answers or calls, spell) or Kinds(every)
    found = _without_requests(found, columns, spell)
    if own and not models:
        found = without_other_services(found, columns, own, spell)
    found = without_rest(_without_sums(found, columns, spell), columns, calls, models, spell)
    found = without_nameless(without_begun(found, columns, spell), columns, models, spell)
    found = with_beginnings(found, columns, models, own, spell)
    started = None if tokens else started_of(columns, columns.covered(models), spell)
    # What tells the calls from the rest already is not told again.
    told = {*found.only, *found.excluded}
    return found if started is None or told.intersection(started.sign or ()) else started


def _named_models(columns: Columns) -> set[Path]:
    """Return the columns that are called like a model, without those of numbers where others have names: these say
    how many models there are."""
    named = {path for path in columns.of if rank("model", path) is not None}
    return {path for path in named if not columns.of[path].is_numeric} or named


def _answers(columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Return all records; of messages of a conversation, those that a model wrote, and of events the answers."""
    found = answers_only(columns, spell)
    if found is None:
        return (
            exchanges_of(columns, spell)
            or started_of(columns, set(), spell)
            or called_events_of(columns, spell)
            or answered_by(columns, spell)
            or endpoints_of(columns, spell)
            or Kinds(range(len(columns)))
        )
    path, words, note = found
    said = set(map(str, words))
    kept = [at for at, value in columns.of[path].by_record.items() if str(value) in said]
    return Kinds(kept, {path: words[0] if len(words) == 1 else words}, notes=(note,))


def _written(columns: Columns, tokens: set[int], models: set[Path], spell: Callable[[Path], str]) -> Kinds | None:
    """Return the messages that a model wrote, where that of all stands around them and others tell no tokens."""
    if not columns.covered(models) or not has_sentences(columns):
        return None
    found = _answers(columns, spell)
    kept = set(found.kept)
    if len(kept) == len(columns) or tokens - kept:
        return None
    # Messages that name a model of their own are told apart by that.
    if any(not kept.isdisjoint(at) and len(set(at) - kept) == 0 for at in (columns.of[it].at for it in models)):
        return None
    return found if found.sign is None else None


def _without_requests(found: Kinds, columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Leave out requests that ask no model, or say that some may be such."""
    for none in no_calls(columns, found.kept):
        words, name = ", ".join(map(str, none.values)), spell(none.path)
        if not none.is_proven or none.path in found.only or none.path in found.excluded:
            note = (
                f"inferences: {len(none.at)} records whose {name} is {words} count as calls; if these requests ask"
                f" no model, there are {len(none.at)} fewer"
            )
            return replace(found, notes=(*found.notes, note))
        note = (
            f"not: {len(none.at)} records whose {name} is {words}, which have neither a model nor tokens, are left"
            f" out; were they calls, there would be {len(none.at)} more"
        )
        kept = [at for at in found.kept if at not in none.at]
        excluded = {**found.excluded, none.path: list(none.values)}
        return replace(found, kept=kept, excluded=excluded, notes=(*found.notes, note))
    return found


def _without_sums(found: Kinds, columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Leave out records that repeat or sum the tokens of others, or say that they may."""
    sums = summaries_of(columns, found.kept)
    if sums is None:
        return found
    notes = (*found.notes, sums.note(spell))
    if not sums.is_proven:
        return replace(found, notes=notes)
    path, only, excluded = sums.path, dict(found.only), dict(found.excluded)
    kept = [at for at in found.kept if at not in sums.at]
    values = columns.of[path].by_record
    rest = list(dict.fromkeys(values[at] for at in kept if at in values))
    if sums.value is None:
        excluded[path] = {"present": True}
    elif path in only or (len(rest) == 1 and all(at in values for at in kept)):
        only[path] = rest[0] if len(rest) == 1 else rest
    else:
        before = excluded.get(path, [])
        excluded[path] = [*(before if isinstance(before, list) else [before]), sums.value]
    status = found.status
    if status is not None and status[0] == path:
        words = {name: [it for it in said if it != sums.value] for name, said in status[1].items()}
        status = (path, {name: said for name, said in words.items() if said})
    return Kinds(kept, only, excluded, status, notes)


def _told(columns: Columns, fields: Sequence[str]) -> set[int]:
    return {
        at
        for path, column in columns.of.items()
        if any(rank(field, path) is not None for field in fields) and len(column.counts) >= len(column.values) / 2
        for at in column.counts
    }


def _of_other_models(columns: Columns, models: set[Path]) -> set[int]:
    """Return the records of models that need tell no tokens, as those of embeddings."""
    return {
        at
        for path in models
        for at, value in columns.of[path].by_record.items()
        if operation_named(value) is not None and looks_like_model(value)
    }


def _by_sides(columns: Columns) -> tuple[set[int], set[int]]:
    """Return the records with output, and with any tokens, by names that only say the side: `in` beside `out`."""
    sides = {path: bare_field(path) for path, it in columns.of.items() if it.is_numeric}
    sides |= dict.fromkeys((miss for _, miss in sides_of_cache(sides)), "input_tokens")
    for given, side in sides.items():
        for taken, other in sides.items():
            if (side, other) == ("output_tokens", "input_tokens") and given[:-1] == taken[:-1]:
                answers = set(columns.of[given].counts)
                return answers, answers | set(columns.of[taken].counts)
    return set(), set()

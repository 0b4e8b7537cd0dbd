"""Leaves out what people said of answers, which a log may have among the calls that gave these. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from leverwatch.collectors.records.fields import Path
from leverwatch.collectors.sniffing.columns import Columns
from leverwatch.collectors.sniffing.field_names import is_called, rank
from leverwatch.collectors.sniffing.kept import Kinds
from leverwatch.collectors.sniffing.name_words import word_set, words_of
from leverwatch.collectors.sniffing.questions import asked_and_answered
from leverwatch.collectors.sniffing.words import is_word

_FEEDBACK = word_set(
    "feedback rating ratings rated vote votes voted upvote downvote thumb thumbs thumbsup thumbsdown reaction"
    " reacted like liked dislike disliked bewertung rueckmeldung valoracion valutazione"
)
_KINDS = ("type", "kind", "event", "eventtype", "eventname", "recordtype", "entrytype", "action", "art", "typ")
_OF_CALLS = ("model", "input_tokens", "output_tokens", "cost_usd")
_MOSTLY = 0.8


def without_feedback(found: Kinds, columns: Columns, spell: Callable[[Path], str]) -> Kinds:
    """Leave out records whose kind is a word for what people say of an answer, and that have nothing of a call:
    where they have the ids of other records; else it is said that they may be none."""
    told = {at for name in _OF_CALLS for path in columns.of if rank(name, path) is not None
            for at in columns.of[path].at}  # fmt: skip
    told |= {at for path in asked_and_answered(columns) or () for at in columns.of[path].at}
    for path, column in columns.of.items():
        if not is_called(_KINDS, path) or path in found.only or path in found.excluded:
            continue
        words = [it for it in dict.fromkeys(column.values) if isinstance(it, str) and is_word(it)]
        words = [it for it in words if not _FEEDBACK.isdisjoint(words_of(it))]
        said = [at for at in found.kept if column.by_record.get(at) in words]
        rest = [at for at in found.kept if at not in set(said)]
        if not said or not rest or told & set(said):
            continue
        name, number = f"{spell(path)} is {', '.join(words)}", len(said)
        if not _are_of(columns, said, rest):
            note = (
                f"inferences: {number} records whose {name} count as calls; if they are what people said of"
                f" answers, there are {number} fewer"
            )
            return replace(found, notes=(*found.notes, note))
        note = (
            f"not: {number} records whose {name}, with the ids of others, are left out as what people said of"
            f" answers; were they calls, there would be {number} more"
        )
        return replace(found, kept=rest, excluded={**found.excluded, path: words}, notes=(*found.notes, note))
    return found


def _are_of(columns: Columns, said: list[int], rest: list[int]) -> bool:
    """Whether nearly all of some records have the id of one of the others, which have one of their own each."""
    for path, column in columns.of.items():
        if rank("request_id", path) is None and words_of(path[-1])[-1:] != ("id",):
            continue
        values = column.by_record
        own = [values[at] for at in rest if at in values]
        known = set(own)
        again = sum(at in values and values[at] in known for at in said)
        if len(known) == len(own) and again >= _MOSTLY * len(said):
            return True
    return False

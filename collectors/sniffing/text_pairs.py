"""Proposes a field map for lines of `key=value` pairs. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from leverwatch.collectors.records.formats.interface import Repeats, Units
from leverwatch.collectors.records.framing.wrappers import time_before
from leverwatch.collectors.records.shapes.inner_units import BLANK
from leverwatch.collectors.records.shapes.logfmt import BadPairs, named_pairs_of, pairs_of
from leverwatch.collectors.sniffing.api_lines import notes_on_requests
from leverwatch.collectors.sniffing.columns import dotted, leaves
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.reading import spread
from leverwatch.collectors.sniffing.text_turns import turns_of
from leverwatch.collectors.sniffing.words import Kind, kind_of

BARE = "lines have nothing but the model"
"""Said of lines that begin a call, or say that one failed."""
_FEWEST_PAIRS = 2
_ENOUGH = 0.2
"""The share of the lines that have pairs in a log of them: a service logs much else."""
_OF_A_CALL = ("model", "input_tokens", "output_tokens")
_TOKENS = frozenset({"input_tokens", "output_tokens"})
_WORD = re.compile(r"(?<![\w.-])[A-Za-z]+(?![\w-])")
_LONGEST = 300


def pairs_in(units: Units) -> FieldGuess | None:
    """Return a field map for the lines among texts that have pairs; None where they are no such log."""
    found = _pairs_by(units, "=")
    if found is not None:
        return found
    found = _pairs_by(units, ":")
    return None if found is None else replace(found, extras={"sign": ":", **found.extras})


def _pairs_by(units: Units, sign: str) -> FieldGuess | None:
    texts, records, said, clock = spread(units.units), [], [], None
    for text in texts:
        found, before = _pairs(text, sign)
        if len(found) >= _FEWEST_PAIRS:
            records.append(found)
            said.append(before)
            clock = clock or time_before(before.encode())
    clock = clock or next((time for time in units.times or () if time), None)
    if not records or len(records) < _ENOUGH * sum(bool(text.strip(BLANK)) for text in texts):
        return None
    turns = turns_of(said, records)
    kept = records if turns is None or turns.key is None else [it for it in records if turns.key in it]
    fields = propose([leaves(it) for it in kept], clock=clock, day_first=False)
    if fields is None:
        return None
    if turns is not None and not _TOKENS & fields.fields.keys():
        only = {dotted((turns.key,)): {"present": True}} if turns.key is not None else {}
        fields = replace(fields, only={**only, **fields.only}, notes=(turns.note, *fields.notes))
    elif len(kept) < len(records):
        fields = propose([leaves(it) for it in records], clock=clock, day_first=False) or fields
    if fields.repeats is Repeats.VERSIONS:
        return fields  # of the lines of one call, each tells a part
    fields = _with_bare_models(_with_requests(fields, texts, records), texts, sign)
    return _with_failures(_with_repetitions(_with_nameless(fields), texts, sign), texts, sign)


def _with_requests(fields: FieldGuess, texts: Sequence[bytes], records: Sequence[dict[str, Any]]) -> FieldGuess:
    """Say that more lines tell of requests to the API of a model than tell of tokens."""
    paths = {path for name in _TOKENS if isinstance(path := fields.fields.get(name), str)}
    if not paths:
        return fields
    counted = sum(not paths.isdisjoint(it) for it in records)
    notes = notes_on_requests([text.decode(errors="replace").strip() for text in texts], counted)
    return replace(fields, notes=(*notes, *fields.notes))


def _with_bare_models(fields: FieldGuess, texts: Sequence[bytes], sign: str) -> FieldGuess:
    """Say how many lines have nothing but a model, as those that begin a call or say that one failed."""
    model = fields.fields.get("model")
    bare = sum(list(_pairs(text, sign)[0]) == [model] for text in texts) if isinstance(model, str) else 0
    if not bare or not _TOKENS & fields.fields.keys():
        return fields
    note = (
        f"inferences: {bare} {BARE}, and count as calls too; if they begin one that another line ends, there are"
        f" {bare} fewer"
    )
    return replace(fields, notes=(note, *fields.notes))


def _with_nameless(fields: FieldGuess) -> FieldGuess:
    """Say that lines without a model are left out, where nothing but the model tells calls from other lines."""
    model = fields.fields.get("model")
    if not isinstance(model, str) or fields.only.get(model) != {"present": True}:
        return fields
    note = f"model: lines of pairs without {model} are left out, and may be calls whose model is not logged"
    return replace(fields, notes=(*fields.notes, note))


def _with_failures(fields: FieldGuess, texts: Sequence[bytes], sign: str) -> FieldGuess:
    """Say how many lines of calls speak of an error beside their pairs, where no field tells how a call ended."""
    called = {path for name in _OF_A_CALL if isinstance(path := fields.fields.get(name), str)}
    if "status" in fields.fields or not called:
        return fields
    failed = 0
    for text in texts:
        found, before = _pairs(text, sign)
        if len(found) >= _FEWEST_PAIRS and called & found.keys():
            # Behind the last pair, and not within a quoted value.
            _, _, after = text.decode(errors="replace").rpartition(sign)[2].partition(" ")
            said = before if '"' in after else f"{before} {after}"
            failed += any(kind_of(word) is Kind.BAD for word in _WORD.findall(said[:_LONGEST]))
    if not failed:
        return fields
    note = (
        f"inferences: {failed} lines of calls speak of an error beside their pairs, and count as calls that"
        f" succeeded; if these failed, there are {failed} fewer"
    )
    return replace(fields, notes=(note, *fields.notes))


def _pairs(text: bytes, sign: str) -> tuple[dict[str, Any], str]:
    try:
        line = text.strip(BLANK).decode()
        return pairs_of(line) if sign == "=" else named_pairs_of(line)
    except (UnicodeDecodeError, BadPairs):
        return {}, ""


def _with_repetitions(fields: FieldGuess, texts: Sequence[bytes], sign: str) -> FieldGuess:
    """Say how many lines are the same as another one, where no id tells whether they are another call."""
    twice = sum(
        number - 1 for text, number in Counter(texts).items() if number > 1 and len(_pairs(text, sign)[0]) > 1
    )
    if not twice or "request_id" in fields.fields:
        return fields
    note = (
        f"inferences: {twice} of {len(texts)} lines of the sample repeat another one to the letter, and count as"
        " calls of their own; a logger with two handlers writes each line twice"
    )
    return replace(fields, notes=(note, *fields.notes))

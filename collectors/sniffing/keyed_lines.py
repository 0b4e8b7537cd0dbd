"""Reads lines with named values whose failures stand in words beside these, or that begin calls too. Pure.

A pattern with one look ahead for each name takes the values of a line in whatever order they are written, without
those that a line has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leverwatch.collectors.records.formats.interface import Repeats
from leverwatch.collectors.records.vocabulary import CallStatus
from leverwatch.collectors.sniffing.columns import leaves
from leverwatch.collectors.sniffing.failed_lines import FAILED
from leverwatch.collectors.sniffing.guess import FieldGuess, propose
from leverwatch.collectors.sniffing.line_tokens import NUMBER, TIMES, USUAL_TIME
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.started import in_turn
from leverwatch.collectors.sniffing.words import outcome_of

_TOKENS = ("output_tokens", "input_tokens")
_NUMBERS = frozenset({
    "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd",
    "latency_ms", "inferences",
})  # fmt: skip
_MAIN = frozenset({"model", "input_tokens", "output_tokens", "cost_usd", "inferences"})
_FEWEST, _ALIKE, _MOST, _FAR = 3, 0.75, 0.5, 300
_WORD = r"[^\s,;|()\[\]{}\"'<>&]*[^\s,;|()\[\]{}\"'<>&.:-]"
_ANY_PAIR = re.compile(r"(?<![\w.-])([^\W\d][\w.-]{0,60})=[\"']?([^\s,;|()\[\]{}\"'<>&]+)")
_TIME = r"^[^\n]{0,80}?(?<![\d.])"


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines by what they tell of calls."""

    answered: list[int]
    failed: list[int]
    begun: list[int]


def keyed_within(texts: Sequence[str]) -> FieldGuess | None:
    """Return a field map of lines that have pairs among other text, within quotes too; None where these tell no
    model, or no tokens."""
    records = [{k: v for k, v in _ANY_PAIR.findall(text) if any(map(str.isalnum, v))} for text in texts]
    form = next((it for it in (USUAL_TIME, *TIMES) if _mostly(it, texts)), None)
    moment = None if form is None else next((it[0] for text in texts if (it := re.search(form, text))), None)
    told = [leaves(it) for it in records if it]
    fields = None if moment is None else propose(told, clock=moment, day_first=False)
    return None if fields is None else keyed(texts, replace(fields, only={}), "=", always=True)


def keyed(texts: Sequence[str], fields: FieldGuess, sign: str, *, always: bool = False) -> FieldGuess | None:
    """Return a field map of the calls that were answered, and of those that failed by other lines with a model.

    None where all lines with a model tell tokens, a field tells how calls ended, or lines with neither tokens nor
    a failure do not stand before others as the beginnings of calls would.

    Args:
        texts: all lines.
        fields: the map by which lines of pairs, or of objects in text, are read.
        sign: what stands between a name and its value.
        always: whether lines are read where all that name a model tell tokens, too.
    """
    status = fields.fields.get("status")
    if (isinstance(status, Mapping) and "error" in status) or isinstance(status, list) or fields.excluded:
        return None
    if fields.repeats is Repeats.VERSIONS:
        return None  # the lines that begin a call tell what those that end it do not
    names = dict(_names(fields))
    good = names.pop("status", None)
    if status is not None and (
        good is None or any(map(_is_bad, _found(texts, _value(good, sign, _WORD), names, sign)))
    ):
        return None
    lost = _MAIN & fields.fields.keys() - names.keys()
    if "model" not in names or lost or len(set(names.values())) < len(names):
        return None
    answer = next(it for it in _TOKENS if it in names) if names.keys() & set(_TOKENS) else None
    time = None if "time" in names else next((it for it in (USUAL_TIME, *TIMES) if _mostly(it, texts)), None)
    if answer is None or (time is None and "time" not in names):
        return None
    pattern = _pattern(names, answer, time, sign)
    try:
        search, model = re.compile(pattern).search, re.compile(_value(names["model"], sign, _WORD)).search
    except re.error:
        return None
    found = [search(text) for text in texts]
    said = [model(text) for text in texts]
    lines = _Lines(
        [at for at, it in enumerate(found) if it is not None and it["error"] is None],
        [at for at, it in enumerate(found) if it is not None and it["error"] is not None],
        [at for at, it in enumerate(found) if it is None and (named := said[at]) and looks_like_model(named[1])],
    )
    if not _are_calls(lines) and not (always and not lines.failed and not lines.begun and lines.answered):
        return None
    return _proposed([it.groupdict() for it in found if it is not None], lines, pattern, names)


def _found(texts: Sequence[str], expression: str, names: Mapping[str, str], sign: str) -> Iterator[str]:
    """Yield what an expression finds in the lines that tell tokens."""
    told = [re.compile(_value(names[it], sign, NUMBER)).search for it in _TOKENS if it in names]
    for text in texts:
        match = re.search(expression, text)
        if match is not None and any(search(text) for search in told):
            yield match[1]


def _is_bad(word: str) -> bool:
    return outcome_of(int(word) if word.isdecimal() else word) is CallStatus.ERROR


def _names(fields: FieldGuess) -> Iterator[tuple[str, str]]:
    """Yield the fields with the name of the value of each, as far as a single one tells them."""
    for field, setting in fields.fields.items():
        first = setting[0] if isinstance(setting, list) and field == "model" and setting else setting
        path = first.get("path") if isinstance(first, Mapping) else first
        name = path.rpartition(".")[2] if isinstance(path, str) else ""
        if re.fullmatch(r"[^\W\d][\w-]*", name) and not (field == "time" and name == "time"):
            yield field, name


def _mostly(time: str, texts: Sequence[str]) -> bool:
    search = re.compile(rf"{_TIME}(?:{time})").search
    return 2 * sum(search(text) is not None for text in texts) > len(texts)


def _pattern(names: Mapping[str, str], answer: str, time: str | None, sign: str) -> str:
    clock = "" if time is None else rf"{_TIME}(?P<time>{time})"
    parts = [
        rf"(?=(?:[^\n]*?{_value(name, sign, NUMBER if field in _NUMBERS else _WORD, _group(field, name))})?)"
        for field, name in names.items()
    ]
    why = rf"(?=[^\n]{{0,{_FAR}}}?(?<![^\W_])(?P<error>{FAILED})(?![^\W_]))"
    fails = f"(?({_group('model', names['model'])}){why}|(?!))"
    return f"{clock or '^'}{''.join(parts)}(?({_group(answer, names[answer])})|{fails})"


def _group(field: str, name: str) -> str:
    return "time" if field == "time" else re.sub(r"\W", "_", name)


def _value(name: str, sign: str, value: str, group: str = "") -> str:
    """Return the expression of a named value, in quotes or bare."""
    before = r"(?<![\w.-])" if sign == "=" else r"[\"']"
    between = "=" if sign == "=" else r"[\"']\s*:\s*"
    named = f"?P<{group}>" if group else ""
    return rf"{before}{re.escape(name)}{between}[\"']?({named}{value})"


def _are_calls(lines: _Lines) -> bool:
    ended = sorted(lines.answered + lines.failed)
    if len(lines.answered) < _FEWEST or not (lines.failed or lines.begun):
        return False
    if len(lines.failed) > _MOST * len(ended):
        return False
    begun = len(lines.begun)
    return not begun or (_ALIKE <= begun / len(ended) <= 1 / _ALIKE and in_turn(lines.begun, ended))


def _proposed(
    records: Sequence[Mapping[str, Any]], lines: _Lines, pattern: str, names: Mapping[str, str]
) -> FieldGuess | None:
    good = [leaves({k: v for k, v in it.items() if v and k != "error"}) for it in records if not it["error"]]
    found = propose(good, day_first=False)
    if found is None or not _MAIN & names.keys() <= found.fields.keys() or found.excluded:
        return None
    number = len(lines.answered) + len(lines.failed)
    notes = [f"inferences: each of the {number} lines of the sample that the pattern fits counts as one call"]
    if "inferences" in found.fields:
        notes = []
    if lines.failed:
        notes.append(
            f"status: {len(lines.failed)} other lines that name a model and tell of an error are taken for failed"
            f" calls; were they none, there would be {len(lines.failed)} fewer errors"
        )
    if lines.begun:
        notes.append(
            f"inferences: {len(lines.begun)} lines that name a model, and tell neither tokens nor an error, are"
            " left out as the beginnings of calls that others end; were they calls, there would be"
            f" {len(lines.begun)} more"
        )
    status = {"status": {"path": "error", "error": {"present": True}}} if lines.failed else {}
    return replace(
        found,
        fields={**found.fields, **status},
        only={},
        notes=(*notes, *found.notes),
        extras={"pattern": pattern},
    )

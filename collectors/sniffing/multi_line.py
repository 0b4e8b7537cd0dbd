"""Proposes where records of text begin that go on over several lines, and their field map. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leverwatch.collectors.records.formats.interface import Units
from leverwatch.collectors.records.framing.blocks import SEPARATOR, Blocks, plain_line
from leverwatch.collectors.records.shapes.logfmt import BadPairs, named_pairs_of, pairs_of
from leverwatch.collectors.sniffing.guess import FieldGuess
from leverwatch.collectors.sniffing.line_tokens import LEVELS, TIME, TIMES
from leverwatch.collectors.sniffing.long_blocks import long_blocks_in
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.text_lines import lines_in, tells_more
from leverwatch.collectors.sniffing.text_pairs import pairs_in

_KEY = re.compile(r"(?P<key>[^\W\d][\w./()-]*(?: [\w(][\w./()-]*){0,3})(?=:(?:\s|$))")
_FIRST = re.compile(r"\s*[^\W\d_]{2,}(?=\s)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_LABEL = re.compile(
    r"(?:[-:\])|>]|\b[A-Z]{4,8})\s+(?P<label>[^\W\d][\w/-]*(?: [^\W\d][\w/-]*){0,3}(?=:)|[^\W\d][\w/-]*)"
)
_DATED = re.compile(rf"^(?P<before>.{{0,40}}?)(?<!\d)(?:{TIME})")
_PROMPT = re.compile(r"\| (?:\w{1,12} )?(?:[Pp]rompt|PROMPT)s?(?: \([^()|]{0,30}\))?: ?[^\W\d]")
_DRAWN = r"\W{0,40}"
_FEWEST, _MOSTLY, _ALIKE = 2, 0.9, 0.25
_MOST_TITLES, _MOST_LINES, _LONGEST_FORM, _LONGEST_LABELS = 12, 200_000, 600, 120
_TOKENS = frozenset({"input_tokens", "output_tokens"})
_MAIN = frozenset({"model", "input_tokens", "output_tokens", "cost_usd"})


@dataclass(frozen=True, slots=True)
class InBlocks:
    """A field map of records over several lines."""

    format: str
    """`logfmt` or `lines`."""
    fields: FieldGuess
    names_models: bool
    """Whether what is taken for the model is like the name of one in most records."""
    asks: bool
    """Whether records tell what a model was asked."""


def in_blocks(data: bytes, other: FieldGuess | None) -> InBlocks | None:
    """Return the field map of records over several lines; None where there are none, or single lines tell as much.

    Args:
        data: the log.
        other: the field map by which single lines are records, if there is one.
    """
    lines = data.decode(errors="replace").split("\n")[:_MOST_LINES]
    said = [(plain_line(line), line.strip("\0\r \t\ufeff")) for line in lines]
    said = [(text, line) for text, line in said if text]
    dated = sum(_begins_dated(text) for text, _ in said)
    if dated < _FEWEST:
        return None
    every = dated >= _MOSTLY * len(said)
    if not every and dated * 2 > len(said):
        return None
    for begins in dict.fromkeys(_labels(said) if every else _beginnings(said)):
        found = _proposed(data, begins, 0 if every else dated)
        if found is None and other is None and not every:
            found = _among_others(data, begins)
        if found is None or not (
            found.names_models or _TOKENS & found.fields.fields.keys() or (other is None and found.asks)
        ):
            continue
        if other is None or _MAIN & found.fields.fields.keys() > _MAIN & other.fields.keys():
            return found
    return None


def _asks(fields: FieldGuess, texts: Sequence[str]) -> bool:
    """Whether records tell what was asked and answered, by names for both, or a prompt."""
    names = [[key for part in text.split(SEPARATOR) if (key := _key(part))] for text in texts]
    if any(len(set(it)) < len(it) for it in names):
        return False  # several questions, each with an answer
    if any(note.startswith("inferences:") and "Is each of them one call" in note for note in fields.notes):
        return True
    return sum(_PROMPT.search(text) is not None for text in texts) >= _MOSTLY * len(texts)


def _begins_dated(text: str) -> bool:
    """Whether a line has a time at its start, or as the value of its first name."""
    match = _DATED.match(text)
    return match is not None and not re.search(r"\w\W+\w+\W+\w+\W+\w", match["before"])


def _beginnings(said: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield expressions of the lines at which records may begin: those that are like one of the first ones."""
    keys = Counter(key for text, _ in said if (key := _key(text)))
    above: set[str] = set()
    for text, line in said[:_MOST_TITLES]:
        key, dated = _key(text), _DATED.match(text)
        # What stands above the first beginning is of no record.
        if any(keys[it] >= _FEWEST for it in above):
            return
        if dated is not None and not re.search(r"\w", dated["before"]):
            yield rf"{_DRAWN}(?:{TIME})"
        elif key:
            yield (
                rf"{_DRAWN}{re.escape(key)}\W{{0,12}}(?<=[:=*])(?:\W|$)"
                if ":" in line
                else rf"{_DRAWN}{re.escape(key)}\s*="
            )
        elif word := _WORD.search(text):
            yield rf"{_DRAWN}{re.escape(word[0])}\b"
            if dated is not None:
                # Another line of a record may begin with that word.
                time = next(it for it in TIMES if re.search(rf"(?<!\d)(?:{it})", text))
                yield rf"{_DRAWN}{re.escape(word[0])}\b[^\n]{{0,40}}?(?<!\d)(?:{time})"
        if key:
            above.add(key)


def _labels(said: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the same where each line has a time: expressions of what stands behind it in one of the first ones."""
    for text, _ in said[:_MOST_TITLES]:
        for label in _labels_of(text):
            yield rf"{_DRAWN}(?:{TIME})[^\n]{{0,80}}?(?<!\w){re.escape(label)}(?!\w)"


def _labels_of(text: str) -> list[str]:
    """Return what may begin the message of a line: the first words behind a sign."""
    found = (match["label"] for match in _LABEL.finditer(text[:_LONGEST_LABELS]))
    return [it for it in found if it.lower() not in LEVELS]


def _key(text: str) -> str:
    match = _KEY.match(text)
    return "" if match is None else match["key"]


def _proposed(data: bytes, begins: str, dated: int) -> InBlocks | None:
    units = Blocks(begins).split(data)
    texts = [unit.decode() for unit in units.units]
    several = [text for text in texts if SEPARATOR in text]
    if len(texts) < _FEWEST or len(several) < _MOSTLY * len(texts):
        return None
    if not dated:
        # Each has as many lines.
        widths = Counter(text.count(SEPARATOR) for text in texts)
        if max(widths.values()) < _MOSTLY * len(texts) or sum(map(_is_of_one, texts)) < _MOSTLY * len(texts):
            return None
    # Each has a time of its own, and one alone.
    elif not _alike(len(texts), dated) or sum(_times(text) == 1 for text in texts) < _MOSTLY * len(texts):
        return None
    made = Units([*units.units])
    pairs = pairs_in(made)
    lines = lines_in(made) if _are_short(texts) else None
    if lines is None and (pairs is None or not _TOKENS & pairs.fields.keys()):
        lines = long_blocks_in(texts)
    if lines is not None and (pairs is None or tells_more(lines, pairs)):
        return InBlocks("lines", _noted(lines, begins, texts), _names_models(lines, texts), _asks(lines, texts))
    if pairs is None:
        return None
    pairs = replace(pairs, notes=(*_mixed(pairs, texts), *pairs.notes))
    return InBlocks("logfmt", _noted(pairs, begins, texts), _names_models(pairs, texts), _asks(pairs, texts))


def _mixed(pairs: FieldGuess, texts: Sequence[str]) -> list[str]:
    """Say that lines of several calls may stand in one record, where few of them tell two ids."""
    sign = named_pairs_of if pairs.extras.get("sign") == ":" else pairs_of
    notes = []
    for key in dict.fromkeys(key for text in texts[:_MOST_TITLES] for key in _told(sign, text)):
        if "id" not in words_of(key):
            continue
        values = [told[key] for text in texts if key in (told := _told(sign, text))]
        two = sum(it is None for it in values)
        if 0 < two < len(values) / 2:
            notes.append(
                f"model: {two} records tell two values of {key}, as lines of calls at the same time are mixed; the"
                " model and the tokens of these may be those of two calls"
            )
    return notes


def _told(pairs: Callable[[str], tuple[dict[str, Any], str]], text: str) -> dict[str, Any]:
    try:
        return pairs(text)[0]
    except BadPairs:
        return {}


def _among_others(data: bytes, begins: str) -> InBlocks | None:
    """Return the field map of records of which some go on over several lines and tell a model and tokens, among
    single lines, such as those of a server."""
    texts = [unit.decode() for unit in Blocks(begins).split(data).units]
    several = [text for text in texts if SEPARATOR in text]
    if len(several) < _FEWEST or any(_times(text) != 1 for text in texts):
        return None
    lines = lines_in(Units([text.encode() for text in texts])) if _are_short(several) else None
    if lines is None or not lines.fields.keys() >= _TOKENS or not _names_models(lines, texts, several):
        return None
    note = (
        f"inferences: {len(several)} records of the sample begin at a line as block has it, and go on over the"
        " next ones"
    )
    noted = replace(lines, notes=(note, *lines.notes), extras={"block": begins, **lines.extras})
    return InBlocks("lines", noted, names_models=True, asks=False)


def _are_short(texts: Sequence[str]) -> bool:
    return sum(map(len, texts)) <= _LONGEST_FORM * len(texts)


def _names_models(fields: FieldGuess, texts: Sequence[str], of: Sequence[str] = ()) -> bool:
    """Whether most of some texts name a model, which are all texts unless others are told."""
    path, pattern = fields.fields.get("model"), fields.extras.get("pattern")
    if isinstance(path, list) and of:
        path = path[0]  # the others are those of failed calls
    if not isinstance(path, str):
        return False
    if pattern is not None:
        found = (re.search(pattern, text) for text in texts)
        return 2 * sum(looks_like_model(match[path] or "") for match in found if match is not None) > len(
            of or texts
        )
    sign = named_pairs_of if fields.extras.get("sign") == ":" else pairs_of
    return 2 * sum(looks_like_model(_value(sign, text, path)) for text in texts) > len(texts)


def _value(pairs: Callable[[str], tuple[dict[str, Any], str]], text: str, path: str) -> Any:
    return _told(pairs, text).get(path)


def _is_of_one(text: str) -> bool:
    """Whether no two lines of a record say the same of it, as they would of two calls."""
    last = []
    for part in text.split(SEPARATOR):
        before, _, behind = part.partition(": ")
        word = _FIRST.match(behind)
        last += [(labels[-1], "" if word is None else word[0]) for labels in [_labels_of(before)] if labels]
    return len(set(last)) == len(last)


def _alike(one: int, other: int) -> bool:
    return abs(one - other) <= _ALIKE * max(one, other)


def _times(text: str) -> int:
    return sum(map(_begins_dated, text.split(SEPARATOR)))


def _noted(fields: FieldGuess, begins: str, texts: Sequence[str]) -> FieldGuess:
    note = (
        f"inferences: each of the {len(texts)} records of the sample begins at a line as block has it, and goes on"
        " over the next ones; each counts as one call"
    )
    return replace(fields, notes=(note, *fields.notes), extras={"block": begins, **fields.extras})

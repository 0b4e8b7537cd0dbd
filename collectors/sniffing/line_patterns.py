"""Makes a pattern of lines of one form: of what is the same in them, and what differs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from leverwatch.collectors.sniffing.line_tokens import NUMBER, TIME, TIMES, USUAL_TIME, WORD, Kind, Part
from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import words_of
from leverwatch.collectors.sniffing.words import outcome_of

_MOST_MERGED = 300
_NAMED = frozenset({Kind.NUMBER, Kind.VALUE, Kind.TEXT})
_ENDS = "|│;,)]}\"'>"
"""Signs up to which a text of any words goes."""
_GAP = None
_Element = Part | None
"""A part that all lines have, or None: something else in each of them."""


def pattern_of_lines(lines: Sequence[Sequence[Part]], *, timed: bool = False) -> str | None:
    """Return the pattern that fits lines of one form; None when they have no time of their own, unless what is
    around them is `timed`, or nothing that stays the same around their numbers."""
    form = _form_of(lines)
    if form is None or not (timed or any(it is not None and it.kind is Kind.TIME for it in form)):
        return None
    numbers = [at for at, it in enumerate(form) if it is not None and it.kind is Kind.NUMBER]
    if not numbers:
        return None
    times = [it.text for line in lines for it in line if it.kind is Kind.TIME]
    usual = all(re.fullmatch(USUAL_TIME, it) for it in times)
    known = (it for it in TIMES if all(re.fullmatch(it, time) for time in times))
    time = USUAL_TIME if usual else next(known, TIME)
    pattern = _Written(form, time).pattern()
    texts = ["".join(it.text for it in line) for line in lines[:_MOST_MERGED]]
    fitting = _fitting(pattern, texts)
    if fitting == len(texts):
        return pattern
    # Between what all lines have, some have more than a sign goes over, such as a pair of their own.
    wide = _Written(form, time, over_signs=True).pattern()
    return wide if _fitting(wide, texts) > fitting else pattern


def _fitting(pattern: str, texts: Sequence[str]) -> int:
    search = re.compile(pattern).search
    return sum(search(text) is not None for text in texts)


def _form_of(lines: Sequence[Sequence[Part]]) -> list[_Element] | None:
    """Return what all of the lines have, in its order, with None for what only some of them have."""
    chosen = list(lines[: _MOST_MERGED // 2]) + list(lines[_MOST_MERGED // 2 :][-_MOST_MERGED // 2 :])
    form: list[_Element] = _solid(chosen[0])
    for line in chosen[1:]:
        form = _merged(form, _solid(line))
        if sum(it is not None for it in form) < 2:
            return None
    return form


def _solid(line: Sequence[Part]) -> list[_Element]:
    return [it for it in line if it.kind is not Kind.BLANK]


def _merged(form: Sequence[_Element], line: Sequence[_Element]) -> list[_Element]:
    keys = [_key(it) for it in form], [_key(it) for it in line]
    if keys[0] == keys[1]:
        return list(form)
    merged: list[_Element] = []
    for what, begin, end, _, _ in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if what == "equal":
            merged += form[begin:end]
        elif not merged or merged[-1] is not _GAP:
            merged.append(_GAP)
    return [it for at, it in enumerate(merged) if it is not _GAP or at == 0 or merged[at - 1] is not _GAP]


def _is_needed(part: Part) -> bool:
    """Whether a part may tell something of a call."""
    if part.kind is Kind.VALUE:
        return looks_like_model(part.text) or outcome_of(part.text) is not None
    return part.kind in {Kind.NUMBER, Kind.TIME}


def _key(part: _Element) -> tuple[str, str]:
    if part is None:
        return ("gap", "")
    # A number is the same one in other lines where it has the same name.
    return (part.kind, part.name) if part.kind in _NAMED else part.key


class _Written:
    """Writes a form as a regular expression, whose time to search a line grows with its length alone."""

    def __init__(self, form: Sequence[_Element], time: str, *, over_signs: bool = False) -> None:
        # What stands at the end behind all that is needed may be anything in other lines.
        first = next(at for at, it in enumerate(form) if it is not None)
        last = max(at for at, it in enumerate(form) if it is not None and _is_needed(it))
        self._time, self._over = time, over_signs
        self._form, self._starts = list(form[first : last + 1]), first == 0
        self._names: set[str] = set()
        self._gap_name = ""

    def pattern(self) -> str:
        """Return the expression."""
        begins = self._form[0]
        # A value of any letters begins where a word does, and is not tried at each of its letters.
        is_value = begins is not None and begins.kind is Kind.VALUE
        start = "^" if self._starts else r"(?<!\S)" if is_value else ""
        return start + "".join(self._written())

    def _written(self) -> Iterator[str]:
        before: _Element = None
        for at, it in enumerate(self._form):
            if it is None:
                following = self._form[at + 1]
                yield self._gap(at, "" if following is None else following.text[:1], following)
            else:
                yield self._between(before, it) if at and before is not None else ""
                yield self._part(it)
            before = it

    def _between(self, before: Part, it: Part) -> str:
        """Return what may be between two parts: some blank between words, none or any beside signs."""
        solid = {Kind.WORD, Kind.NUMBER, Kind.VALUE, Kind.TIME}
        # A unit may stand directly behind its number.
        apart = before.kind in solid and it.kind in solid and before.kind is not Kind.NUMBER
        # Possessive, so that no blank is tried in two places.
        return r"\s++" if apart else r"\s*+"

    def _part(self, it: Part) -> str:
        if it.kind is Kind.TIME:
            name = self._name("time")
            return f"(?P<{name}>{self._time})" if name == "time" else f"(?:{self._time})"
        if it.kind is Kind.NUMBER:
            number = NUMBER if it.text[0] in "$€£" else NUMBER.removeprefix("[$€£]?")
            return f"(?P<{self._name(it.name or 'number')}>{number})"
        if it.kind is Kind.TEXT:
            return self._quoted(it) if it.text[0] in "\"'" else rf"(?P<{self._name(it.name)}>[^|│;,)\]]*)"
        if it.kind is Kind.VALUE:
            return f"(?P<{self._name(it.name or 'word')}>{WORD})"
        return re.escape(it.text)

    def _quoted(self, it: Part) -> str:
        return f"{it.text[0]}(?P<{self._name(it.name or 'text')}>[^{it.text[0]}]*){it.text[0]}"

    def _gap(self, at: int, sign: str, following: _Element) -> str:
        label = self._label(at)
        name = self._name(label or "text")
        if sign and sign in _ENDS and self._over and (further := self._further(at)):
            return rf"(?>(?P<{name}>.*?)(?={further}))"
        if sign and sign in _ENDS:
            return rf"(?P<{name}>[^{re.escape(sign)}]*)"
        if following is not None and following.kind in {Kind.NUMBER, Kind.TIME}:
            return rf"(?P<{name}>\D*)"
        # It ends at the first place where what follows does, and no other is tried.
        ahead = re.escape(following.text) if following is not None and following.kind is not Kind.VALUE else ""
        return rf"(?>(?P<{name}>.*?)(?={ahead}))" if ahead else rf"\s*(?P<{name}>\S*)\s*"

    def _further(self, at: int) -> str:
        """Return what follows a gap, up to a word that all lines have; empty where a sign alone follows."""
        found = ""
        for it in self._form[at + 1 : at + 4]:
            if it is None or it.kind not in {Kind.SIGN, Kind.WORD}:
                break
            found += re.escape(it.text)
            if it.kind is Kind.WORD:
                return found
            found += r"\s*+"
        return ""

    def _label(self, at: int) -> str:
        """Return the words before a text, as in `Question: how are you`."""
        words: list[str] = []
        for it in reversed(self._form[:at]):
            if it is not None and it.kind is Kind.SIGN and it.text in ":=" and not words:
                continue
            if it is None or it.kind is not Kind.WORD or len(words) == 3:
                break
            words.insert(0, it.text)
        return " ".join(words)

    def _name(self, text: str) -> str:
        """Return a name for a group that no other one has."""
        base = "_".join(re.sub(r"\W", "", word) for word in text.lower().split()) or "text"
        base = base.strip("_") or "text"
        if not base.isidentifier():
            base = "_".join(words_of(text)) if "_".join(words_of(text)).isidentifier() else f"n{base}"
        if not base.isidentifier():
            base = "text"
        name, number = base, 1
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        self._names.add(name)
        return name

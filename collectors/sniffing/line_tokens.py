"""Takes a line of text apart: times, numbers, words and signs, with the names of numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from leverwatch.collectors.sniffing.models import looks_like_model
from leverwatch.collectors.sniffing.name_words import TOKEN, bare_field, token_field, words_of
from leverwatch.collectors.sniffing.words import outcome_of

TIMES = (
    r"\d{4}[-/.]\d\d[-/.]\d\d(?:[T ]|, )\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?: ?(?:Z\b|UTC\b|[+-]\d\d:?\d\d))?",
    r"\d\d?[./]\d\d?[./]\d{4},? \d\d?:\d\d(?::\d\d)?(?: ?[AP]M\b)?",
    r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}",
    r"(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}\d{1,2},? \d{4},? \d\d:\d\d(?::\d\d)?(?: ?[AP]M\b)?",
    r"(?:[A-Z][a-z]{2},? )?\d{1,2} [A-Z][a-z]{2} \d{4},? \d\d:\d\d(?::\d\d)?(?: (?:UTC|GMT|[+-]\d{4})\b)?",
    r"[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?: UTC| GMT)? \d{4}",
    r"\d\d?-[A-Z][a-z]{2}-\d{4},? \d\d:\d\d(?::\d\d)?(?:[.,]\d{1,6})?",
    r"\d{8}T\d{6}(?:Z|[+-]\d{4})?",
    r"\d{4}-\d\d-\d\d\] ?\[\d\d:\d\d:\d\d(?:[.,]\d{1,6})?",
    r"^1[5-9]\d{8}(?:\d{3}|\.\d{1,6})?(?=\s)",
)
"""Forms of times in lines of text."""
TIME = "|".join(TIMES)
USUAL_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
"""The times that most programs write, which are searched for faster than the others."""
AT_FIRST = rf"^\W{{0,3}}(?P<time>{USUAL_TIME})(?!\d)"
"""A line that begins with one of them."""
NUMBER = r"[$€£]?\d+(?:[.,]\d+)*(?:[kKM](?!\w))?"
WORD = r"[^\s|,;=()\[\]{}\"'`*<>│，；（）【】]+"  # noqa: RUF001
_APART = r"\s|,;=()\[\]{}\"'`*<>│，；（）【】"  # noqa: RUF001
_COLON = "："  # noqa: RUF001
_PART = re.compile(
    rf"(?P<time>{TIME})|(?P<number>(?<![\w.$-]){NUMBER}(?![\w.-]*(?:-(?!>)|_)|[.]?\d))(?=[A-Za-zµ%]{{0,8}}(?![\w]))"
    # A word ends before a colon with a blank or a number behind it, as in `in:120`; `~120` is a sign and a number.
    rf"|(?P<word>(?![~≈↑↓⬆⬇→➜⟶]\d|(?<=\d)[/+]\d|[-=]>)[^{_APART}:{_COLON}][^{_APART}{_COLON}]*?"
    rf"(?=[:{_COLON}](?:\s|$)|(?<![\d.:-])[:{_COLON}]~?{NUMBER}(?:[{_APART}]|$)|[{_APART}{_COLON}]|$))"
    r"|(?P<blank>\s+)|(?P<sign>[-=]>|.)"
)
LEVELS = frozenset({
    "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal", "trace", "success", "ok", "fail",
    "failed", "done", "err", "severe",
})  # fmt: skip
_ENDS = frozenset("|│;[]{}\"'<>；【】")  # noqa: RUF001
"""Signs over which no name of a number goes."""
_CLOSING = "|│;,)]，；）】"  # noqa: RUF001
_NAMING = f":={_COLON}"
_ABOUT = "~≈\ufe0f"
"""Signs before a number that is estimated."""
_ARROWS = {
    "↑": "tokens_in", "⬆": "tokens_in", "📥": "tokens_in",
    "↓": "tokens_out", "⬇": "tokens_out", "📤": "tokens_out",
}  # fmt: skip
"""Signs right before a number of tokens that go up to a model, and come down from it."""
_TRAYS = "📥📤"
"""Those of them that may have a blank behind them."""
PAIR = "pair tokens"
"""How the two numbers of tokens that are written as one are called."""
_BETWEEN, _LIMIT = ("/", "+", "→", "➜", "⟶", ">", "->", "=>"), 1000
_MOST_WORDS = 3
_LONGEST = 4000
_UNITS = frozenset({"ms", "s", "sec", "secs", "seconds", "usd", "tokens", "token", "tok", "msec", "us", "calls"})
_COSTS = frozenset({"cost", "costs", "usd", "price", "spend", "spent", "total_cost"})
_OF = frozenset({"en", "de", "di", "da", "do"})
"""Words between a word for tokens and what they are of, as in `7 tokens de entrada`."""
_CENTS = frozenset({"cent", "cents", "¢"})
_OF_CALLS = frozenset({"call", "usage", "llm", "used", "request", "api"})
"""Words before a sign and a number, whose side is told behind it, as in `call: 7 in, 2 out`."""
_SPANS = frozenset({"latency", "duration", "elapsed", "took", "time", "ms"})


class Kind(StrEnum):
    """What a part of a line is."""

    TIME = "time"
    NUMBER = "number"
    VALUE = "value"
    """A word that stands for a value, such as a model, a level, or what follows a name and a sign."""
    TEXT = "text"
    """Any words, in quotes or behind a name."""
    WORD = "word"
    SIGN = "sign"
    BLANK = "blank"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line."""

    kind: Kind
    text: str
    name: str = ""
    """The name of a number or a value, as far as the words around it tell one."""

    @property
    def key(self) -> tuple[str, str]:
        """What is the same of this part in other lines of the same form."""
        return (self.kind, self.text if self.kind in {Kind.WORD, Kind.SIGN} else "")


def parts_of(line: str) -> list[Part]:
    """Return the parts of a line, with names of its numbers and values."""
    found = [_part(match) for match in _PART.finditer(line[:_LONGEST])]
    found = list(_with_texts([_valued(found, at) for at in range(len(found))]))
    led = _led(found)
    named = _with_pairs(_with_sides([_named(found, at, is_led=at in led) for at in range(len(found))]))
    words = [word for it in named if it.kind is not Kind.TIME for word in words_of(it.text)]
    if TOKEN.isdisjoint(words):
        return named
    return [
        Part(it.kind, it.text, f"tokens {it.name}") if it.kind is Kind.NUMBER and bare_field((it.name,)) else it
        for it in named
    ]


def _with_sides(parts: list[Part]) -> list[Part]:
    """Return the parts with names for what went in and came out, where a word before or behind each number of
    tokens says it: `in 7 tokens, out 2 tokens`, `7 tokens in, 2 tokens out`."""
    sides = {
        at: side
        for at, it in enumerate(parts)
        if it.kind is Kind.NUMBER and it.name.lower() in TOKEN and (side := _side(parts, at)) is not None
    }
    if len({bare_field((it,)) for it in sides.values()}) != len(sides) or len(sides) != 2:
        return parts
    return [Part(it.kind, it.text, f"{it.name} {sides[at]}") if at in sides else it for at, it in enumerate(parts)]


def _side(parts: Sequence[Part], at: int) -> str | None:
    before, behind = _before(parts, at)[0][-1:], _behind(parts, at)[1:2]
    return next((it for it in (*before, *behind) if bare_field((it,)) is not None), None)


def _with_pairs(parts: list[Part]) -> list[Part]:
    """Return the parts with names for what went in and came out, where tokens are written as `7/2` or `7→2`."""
    solid = [at for at, it in enumerate(parts) if it.kind is not Kind.BLANK]
    for first, sign, second in zip(solid, solid[1:], solid[2:], strict=False):
        one, other = parts[first], parts[second]
        if parts[sign].text not in _BETWEEN or one.kind is not Kind.NUMBER or other.kind is not Kind.NUMBER:
            continue
        names = [it.name for it in (one, other) if it.name]
        if len(names) != 1 or not TOKEN.issuperset(words_of(names[0])) or _may_be_limit(other.text):
            continue
        parts[first] = Part(one.kind, one.text, f"{PAIR} in")
        parts[second] = Part(other.kind, other.text, f"{PAIR} out")
    return parts


def _may_be_limit(number: str) -> bool:
    """Whether a number is round, as that of a window or a budget is of which something was used."""
    digits = re.sub(r"[.,]", "", number)
    value = int(digits) if digits.isdecimal() else 0
    return value >= _LIMIT and (value % _LIMIT == 0 or value & (value - 1) == 0)


def _part(match: re.Match[str]) -> Part:
    kind = Kind(match.lastgroup or "sign")
    if kind is Kind.WORD and not any(map(str.isalnum, match[0])):
        kind = Kind.SIGN
    return Part(kind, match[0])


def tells(parts: Sequence[Part]) -> tuple[str, ...]:
    """Return the names of numbers that may be tokens, cost or duration of a call, in their order."""
    numbers = [it.name for it in parts if it.kind is Kind.NUMBER]
    sides = {field for field in (bare_field((name,)) for name in numbers if name) if field}
    both = len(sides) == 2
    return tuple(it for it in numbers if it and (is_amount(it) or (both and bare_field((it,)) is not None)))


def speaks_of_tokens(parts: Sequence[Part]) -> bool:
    """Whether a number of a line is one of tokens by its name."""
    told = tells(parts)
    return any(it.kind is Kind.NUMBER and it.name in told and not _is_cost(it.name) for it in parts)


def is_amount(name: str) -> bool:
    """Whether a number with this name may be tokens, cost or duration of a call."""
    return _is_token(name) or _is_cost(name)


def _is_cost(name: str) -> bool:
    """Whether the name is that of a cost or a duration."""
    return not (frozenset(words_of(name)) | {name}).isdisjoint(_COSTS | _SPANS)


def _is_token(name: str) -> bool:
    return bool(name) and (not TOKEN.isdisjoint(words_of(name)) or token_field((name,)) is not None)


def _valued(parts: Sequence[Part], at: int) -> Part:
    """Return a word as a value, where it stands for one."""
    part = parts[at]
    if part.kind is not Kind.WORD:
        return part
    before = next((it for it in reversed(parts[:at]) if it.kind is not Kind.BLANK), None)
    behind = next((it for it in parts[at + 1 :] if it.kind is not Kind.BLANK), None)
    further = [it for it in parts[at + 1 : at + 5] if it.kind is not Kind.BLANK]
    if [it.text for it in further[:2]] in (['"', ":"], ["'", ":"]) and before is not None and before.text in "\"'":
        return part  # a name in quotes, as in a dictionary of Python
    names_another = (
        behind is not None
        and behind.kind is Kind.SIGN
        and (
            behind.text == "="
            or (behind.text in f":{_COLON}" and len(further) > 1 and further[1].kind is Kind.NUMBER)
        )
    )
    after_name = not names_another and before is not None and before.kind is Kind.SIGN and before.text in _NAMING
    alone = (before is None or before.text in _ENDS or before.kind is Kind.TIME) and (
        behind is None or behind.text in _ENDS
    )
    is_value = (
        after_name or alone or looks_like_model(part.text) or part.text.lower() in LEVELS
        or (part.text.isupper() and outcome_of(part.text) is not None)
    )  # fmt: skip
    return Part(Kind.VALUE, part.text) if is_value else part


def _with_texts(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts, with what is in quotes, and the words behind a name, as one text each."""
    at = 0
    while at < len(parts):
        end = _end_of_text(parts, at)
        if _is_name(parts, at):
            yield from parts[at : at + 3]
            at += 3
        elif end is None:
            yield parts[at]
            at += 1
        else:
            yield Part(Kind.TEXT, "".join(it.text for it in parts[at:end]))
            at = end


def _is_name(parts: Sequence[Part], at: int) -> bool:
    """Whether a name in quotes begins there, as in a dictionary of Python."""
    told = [it.text for it in parts[at : at + 4]]
    return (
        told[:1] == told[2:3]
        and told[:1] in (['"'], ["'"])
        and told[3:] == [":"]
        and parts[at + 1].kind is Kind.WORD
    )


def _end_of_text(parts: Sequence[Part], at: int) -> int | None:
    """Return where a text of several words ends that begins there; None when none does."""
    begins = parts[at]
    if begins.kind is Kind.SIGN and begins.text in "\"'":
        closing = next((end for end in range(at + 1, len(parts)) if parts[end].text == begins.text), None)
        return None if closing is None else closing + 1
    before = next((it for it in reversed(parts[:at]) if it.kind is not Kind.BLANK), None)
    if begins.kind is not Kind.VALUE or before is None or before.text not in f":{_COLON}":
        return None
    end = at
    while end < len(parts) and parts[end].kind in {Kind.WORD, Kind.VALUE, Kind.BLANK}:
        end += 1
    words = sum(it.kind is not Kind.BLANK for it in parts[at:end])
    closed = end == len(parts) or parts[end].text in _CLOSING
    # A model in a sentence is a value of its own.
    named = any(it.kind is Kind.VALUE and looks_like_model(it.text) for it in parts[at + 1 : end])
    return end if words > 1 and closed and not named else None


def _led(parts: Sequence[Part]) -> set[int]:
    """Return the numbers whose names stand before them, as in `in 7 out 2`: those that alternate with words, of
    which the first one has a name before it, and the last one none behind it."""
    solid = [at for at, it in enumerate(parts) if it.kind is not Kind.BLANK]
    kinds = [parts[at].kind for at in solid]
    found: set[int] = set()
    start = 0
    while start < len(solid) - 3:
        end = start
        while kinds[end : end + 2] == [Kind.WORD, Kind.NUMBER]:
            end += 2
        names = [parts[solid[at]].text for at in range(start, end, 2)]
        behind = parts[solid[end]] if end < len(solid) else None
        ends = behind is None or behind.kind is not Kind.WORD or behind.text.lower() in TOKEN | _UNITS
        if len(names) > 1 and ends and all(bare_field((it,)) or is_amount(it) for it in names):
            found.update(solid[start + 1 : end : 2])
        start = max(end, start + 1)
    return found


def _named(parts: Sequence[Part], at: int, *, is_led: bool = False) -> Part:
    part = parts[at]
    if part.kind not in {Kind.NUMBER, Kind.VALUE, Kind.TEXT}:
        return part
    before, by_sign = _before(parts, at)
    name = " ".join(before)
    if part.kind is Kind.NUMBER:
        behind = _behind(parts, at)
        if is_led:
            before = [next(it.text for it in reversed(parts[:at]) if it.kind is not Kind.BLANK)]
            behind = [it for it in behind[:1] if it in _CENTS or (it in _UNITS and it not in TOKEN)]
        name = _of_number(before, by_sign, behind, in_dollars=part.text[:1] == "$")
    return Part(part.kind, part.text, name)


def _of_number(before: Sequence[str], by_sign: bool, behind: Sequence[str], *, in_dollars: bool) -> str:
    """Return the name of a number by the words before and behind it."""
    name = " ".join(before)
    if (not by_sign or not before) and behind:
        near = behind[0] if bare_field((behind[0],)) or behind[0].lower() in TOKEN else " ".join(behind)
        if bare_field((near,)) or not TOKEN.isdisjoint(words_of(near)) or not name:
            return near if not before or not TOKEN.isdisjoint(words_of(near)) or bare_field((near,)) else name
    elif behind and bare_field((behind[0],)):
        return behind[0] if _OF_CALLS.issuperset(map(str.lower, before)) else f"{name} {behind[0]}"
    if name and token_field((name,)) is None and before[-1].lower() in _SPANS | _COSTS:
        name = before[-1]
    if behind and behind[0] in _UNITS and behind[0] not in words_of(name):
        name = f"{name} {behind[0]}".strip()
    if _is_cost(name) and behind and behind[0].lower() in _CENTS:
        name = f"{name} cents"
    if in_dollars and not _is_cost(name):
        name = f"{name} cost usd".strip()
    return name


def _before(parts: Sequence[Part], at: int) -> tuple[list[str], bool]:
    """Return the words before a part, and whether a sign ends them, as in `tokens: 7` or `tokens=7`."""
    words: list[str] = []
    by_sign = False
    for place in range(at - 1, -1, -1):
        it = parts[place]
        if it.kind is Kind.BLANK or (it.kind is Kind.SIGN and it.text in _ABOUT and not words and not by_sign):
            continue
        if it.kind is Kind.SIGN and it.text in _ARROWS and not words and (place == at - 1 or it.text in _TRAYS):
            return [_ARROWS[it.text]], True
        if it.kind is Kind.WORD and place and parts[place - 1].kind is Kind.NUMBER:
            return words, by_sign and bool(words)  # the unit of another number
        if it.kind is Kind.SIGN and it.text in _NAMING and not words:
            by_sign = True
        elif it.kind is Kind.SIGN and it.text in "\"'" and by_sign and not words:
            pass  # around a name
        elif it.kind is Kind.SIGN and it.text in ";|" and not words and not by_sign:
            pass  # a name in a column of its own
        elif it.kind is Kind.VALUE and not words and not TOKEN.isdisjoint(words_of(it.text)):
            return [it.text], True
        elif it.kind is Kind.WORD and len(words) < _MOST_WORDS:
            words.insert(0, it.text)
        else:
            return (words if by_sign or it.kind is not Kind.NUMBER else _unclaimed(words)), by_sign
    return words, by_sign


def _unclaimed(words: list[str]) -> list[str]:
    """Return the words between two numbers without those that name the first one: `7 output tokens in 3 ms`."""
    while words and (words[0].lower() in TOKEN or bare_field((words[0],)) or words[0] in _UNITS):
        words = words[1:]
    return words


def _behind(parts: Sequence[Part], at: int) -> list[str]:
    """Return the words behind a number, which may be in parentheses, without the name of what follows."""
    words: list[str] = []
    opened = False
    for place, it in enumerate(parts[at + 1 :], at + 1):
        if it.kind is Kind.BLANK or (it.kind is Kind.SIGN and it.text == "(" and not words):
            opened = opened or it.kind is Kind.SIGN
            continue
        if opened and it.kind is Kind.NUMBER:
            return []  # words in parentheses are of the number behind them, as in `9 (in 7 / out 2)`
        if it.text == "¢" and not words:
            return [it.text]
        following = next((other for other in parts[place + 1 :] if other.kind is not Kind.BLANK), None)
        if place > at + 1 and following is not None and following.kind is Kind.SIGN and following.text in _NAMING:
            break
        if it.kind is Kind.WORD and it.text.lower() in _OF and words and words[-1].lower() in TOKEN:
            of_what = following is not None and following.kind is Kind.WORD and bare_field((following.text,))
            if of_what and following is not None:
                return [f"{words[-1]} {following.text}"]
        if it.kind is not Kind.WORD or len(words) == 2 or not it.text[:1].isalpha():
            break
        words.append(it.text)
    return words

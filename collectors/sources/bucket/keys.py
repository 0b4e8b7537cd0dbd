"""Which keys of a bucket are logs: a glob with dates in it, and the prefix of each day that is listed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from msgspec import Struct

_DATE = re.compile(r"\{date:([^{}]*)\}")
_DIRECTIVE = re.compile(r"%(.)")
_OF_A_DAY = {"Y": "%Y", "m": "%m", "d": "%d", "j": "%j"}
_WITHIN_A_DAY = {"H": "[0-2][0-9]", "M": "[0-5][0-9]"}
"""What is below the day in a path is no prefix of its own: it is listed with the day."""
_WILD = re.compile(r"[*?\[]")
_DIGIT = "\0"
"""Stands for any digit of a date; no key has it."""


class KeyPattern(Struct, frozen=True):
    """A glob for keys, perhaps with dates in it: `logs/{date:%Y/%m/%d}/*.jsonl.gz`."""

    text: str
    dated: bool

    def on(self, day: date) -> str:
        """Return the glob of one day."""
        return _DATE.sub(lambda found: _of_day(found[1], day), self.text)

    def prefix(self, day: date) -> str:
        """Return what every key of one day begins with; of a pattern without dates, what every key does."""
        return _fixed(self.on(day))

    @property
    def template(self) -> str:
        """What stands for all prefixes of the pattern, by which it is remembered what was read of it: equal for
        patterns that list the same, as `%Y/%m/%d` with each `%` of a key doubled."""

        def dates(found: re.Match[str]) -> str:
            return _DIRECTIVE.sub(lambda one: f"\0{one[1]}" if one[1] in _OF_A_DAY else "[", found[1])

        return _fixed(_DATE.sub(dates, self.text)).replace("%", "%%").replace("\0", "%")


def overlap(one: str, other: str) -> bool:
    """Whether two templates may list the same key: a prefix of one begins with a prefix of the other."""
    return all(
        mine == its or (mine.isdigit() and its == _DIGIT) or (its.isdigit() and mine == _DIGIT)
        for mine, its in zip(_spread(one), _spread(other), strict=False)
    )


def _spread(template: str) -> str:
    """Return a template with a mark for each digit of its dates."""
    return re.sub(
        r"%(.)", lambda found: {"%": "%", "Y": 4 * _DIGIT, "j": 3 * _DIGIT}.get(found[1], 2 * _DIGIT), template
    )


def parse_pattern(text: str) -> KeyPattern:
    """Read a glob for keys; one that ends in a slash is for everything below it.

    Raises:
        ValueError: it is no glob, or its dates do not tell a day, or come behind a wildcard.
    """
    if not text or text.startswith("/") or "\0" in text or "//" in text:
        raise ValueError("is a key or a glob for keys, without a slash at its start, and without two in a row")
    if text.endswith("/"):
        text += "**"
    told: set[str] = set()
    for found in _DATE.finditer(text):
        names = _DIRECTIVE.findall(found[1])
        if not names or any(name not in _OF_A_DAY and name not in _WITHIN_A_DAY for name in names):
            raise ValueError(f"{found[0]}: dates are made of %Y, %m, %d, %j, %H and %M")
        told.update(names)
    bare = _DATE.sub("", text)
    if "{" in bare or "}" in bare:
        raise ValueError("has braces that are no date; one is written {date:%Y/%m/%d}")
    if told and not ("Y" in told and ({"m", "d"} <= told or "j" in told)):
        raise ValueError("has dates that do not tell the day: %Y, %m and %d are needed")
    pattern = KeyPattern(text, bool(told))
    one, other = (pattern.prefix(date(2001, 1, 1)), pattern.prefix(date(2012, 10, 31)))
    if told and (one == other or not _tells(pattern)):
        raise ValueError(
            "has a wildcard before its date, so that every run would list the whole bucket: name each folder"
        )
    matcher((text,), date(2001, 1, 1))
    return pattern


def _tells(pattern: KeyPattern) -> bool:
    days = [date(2001, 1, 1) + timedelta(days=number) for number in (*range(60), 365)]
    return len({pattern.prefix(day) for day in days}) == len(days)


def _of_day(dates: str, day: date) -> str:
    def one(found: re.Match[str]) -> str:
        name = found[1]
        return day.strftime(_OF_A_DAY[name]) if name in _OF_A_DAY else _WITHIN_A_DAY[name]

    return _DIRECTIVE.sub(one, dates)


def _fixed(glob: str) -> str:
    found = _WILD.search(glob)
    return glob if found is None else glob[: found.start()]


def matcher(patterns: Iterable[str], day: date) -> re.Pattern[str]:
    """Return what fully matches the keys of one day.

    Raises:
        ValueError: a glob has a bracket without its end.
    """
    globs = (KeyPattern(text, dated=True).on(day) for text in patterns)
    return re.compile("|".join(f"(?:{_translated(glob)})" for glob in globs), re.DOTALL)


def _translated(glob: str) -> str:
    expression, at = "", 0
    while at < len(glob):
        if glob.startswith("**/", at):
            expression, at = expression + "(?:.+/)?", at + 3
        elif glob.startswith("**", at):
            expression, at = expression + ".+", at + 2
        elif glob[at] == "*":
            expression, at = expression + "[^/]*", at + 1
        elif glob[at] == "?":
            expression, at = expression + "[^/]", at + 1
        elif glob[at] == "[":
            end = glob.find("]", at + 2)
            if end < 0:
                raise ValueError('has a "[" without its "]"')
            inner = glob[at + 1 : end].replace("\\", "\\\\").replace("[", "\\[")
            expression += f"(?!/)[^{inner[1:]}]" if inner[0] in "!^" else f"(?!/)[{inner}]"
            at = end + 1
        else:
            expression, at = expression + re.escape(glob[at]), at + 1
    return expression

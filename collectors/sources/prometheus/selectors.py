"""Selectors of counters in the notation of Prometheus: read, narrowed and written again. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from msgspec import Struct

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_MATCHER = re.compile(r"""\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*")\s*(,|$)""")
NAME = "__name__"


class Selector(Struct, frozen=True):
    """One metric, and what its labels must be."""

    name: str
    matchers: tuple[tuple[str, str, str], ...] = ()
    """Label, operator and value of each."""

    def __str__(self) -> str:
        plain = _NAME.fullmatch(self.name)
        named = () if plain else ((NAME, "=", self.name),)
        inner = ",".join(f"{label}{sign}{quoted(value)}" for label, sign, value in (*named, *self.matchers))
        return f"{self.name if plain else ''}{{{inner}}}" if inner else self.name

    def narrowed(self, more: Iterable[tuple[str, str, str]]) -> Selector:
        """Return the same with more matchers."""
        return Selector(self.name, (*self.matchers, *more))


def quoted(text: str) -> str:
    """Return a text as PromQL has it between quotes."""
    return json.dumps(text, ensure_ascii=False)


def parse_matchers(text: str) -> tuple[tuple[str, str, str], ...]:
    """Read what stands between the braces of a selector.

    Raises:
        ValueError: it is no list of matchers.
    """
    found: list[tuple[str, str, str]] = []
    at, rest = 0, text.strip()
    while at < len(rest):
        part = _MATCHER.match(rest, at)
        if part is None:
            raise ValueError('is no list of label="value", label=~"pattern" and the like')
        label, sign, value, _ = part.groups()
        try:
            found.append((label, sign, json.loads(value)))
        except ValueError:
            raise ValueError(f"the value of {label} has a backslash that cannot be read") from None
        at = part.end()
    return tuple(found)


def parse_selector(text: str) -> Selector:
    """Read `name`, `name{label="value"}` or `{__name__="a.name", label="value"}`.

    Functions are refused: only of a counter itself can the increase be told exactly.

    Raises:
        ValueError: it is no selector of one metric.
    """
    whole = text.strip()
    name, brace, inner = whole.partition("{")
    if brace and not inner.endswith("}"):
        raise ValueError('must be one selector, such as name{label="value"}, without functions or ranges')
    matchers = parse_matchers(inner[:-1]) if brace else ()
    names = [value for label, sign, value in matchers if label == NAME and sign == "="]
    others = tuple(it for it in matchers if it[0] != NAME)
    if len(others) + len(names) < len(matchers):
        raise ValueError("must name one metric: a pattern of names would mix counters")
    name = name.strip()
    if name and not _NAME.fullmatch(name):
        raise ValueError('must be one selector, such as name{label="value"}, without functions or ranges')
    if len(names) + bool(name) != 1:
        raise ValueError("must name one metric")
    return Selector(name or names[0], others)


def among(
    series: Iterable[Mapping[str, str]], labels: Iterable[str], longest: int = 30_000
) -> list[tuple[str, str, str]]:
    """Return matchers that hold for all of these series, and for few others: the values of each label.

    A label whose values take more than `longest` characters is left out.
    """
    known = list(series)
    found = []
    for label in labels:
        values = sorted({one.get(label, "") for one in known})
        pattern = "|".join(re.escape(value).replace(r"\-", "-") for value in values)
        if known and len(pattern) <= longest:
            found.append((label, "=", values[0]) if len(values) == 1 else (label, "=~", pattern))
    return found

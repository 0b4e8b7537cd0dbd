"""The setting `system`: a text, or a list of rules of which the first that fits names the system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import PlainValidator, WithJsonSchema

from leverwatch.collectors.records.filter_config import ENTRY_SCHEMA, sound_entry, test_of
from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.shown_values import shown_value
from leverwatch.collectors.records.systems import Rule, SystemRules, parse_template

MOST_RULES = 1000
_KEYS = frozenset({"is", "where"})


def _setting(given: Any) -> str:
    """Return the setting as it is used.

    Raises:
        ValueError: it is none; the message says which rule is wrong, and why.
    """
    if isinstance(given, str):
        parse_template(given)
        return given
    if not isinstance(given, list | tuple):
        raise ValueError("must be a text, or a list of rules")  # noqa: TRY004 pydantic takes it for the message
    if not given:
        raise ValueError("is an empty list, which names no system")
    if len(given) > MOST_RULES:
        raise ValueError(f"has more than {MOST_RULES:_} rules; a template may stand for many of them")
    rules = []
    for number, entry in enumerate(given, 1):
        try:
            rules.append(_rule(entry))
        except ValueError as error:
            raise ValueError(f"rule {number}: {error}") from error
    return SystemRules.of(rules)


def _rule(entry: Any) -> Rule:
    if isinstance(entry, str):
        return Rule(parse_template(entry))
    if not isinstance(entry, Mapping):
        raise ValueError("is neither a text nor a mapping with `is` and `where`")  # noqa: TRY004 as above
    if unknown := sorted(str(key) for key in entry if key not in _KEYS):
        raise ValueError(f"has {', '.join(unknown)}; a rule has `is` and `where`")
    name, where = entry.get("is"), entry.get("where")
    if not isinstance(name, str):
        raise ValueError("`is` must be a text: the system, or a template")  # noqa: TRY004 as above
    if "where" in entry and (not isinstance(where, Mapping) or not where):
        raise ValueError("`where` must map a path to what is there; without it the rule is for the rest")
    tests = []
    for path, value in (where or {}).items():
        if not isinstance(path, str) or not path.strip():
            raise ValueError("a path in `where` must be a text")
        try:
            tests.append((path, test_of(sound_entry(value))))
        except ValueError as error:
            raise ValueError(f"where {path}: {error}") from error
    return Rule(parse_template(name), tuple(tests))


_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_RULES,
            "items": {
                "anyOf": [
                    {"type": "string"},
                    {
                        "type": "object",
                        "properties": {
                            "is": {"type": "string", "description": "The system: a constant, or a template."},
                            "where": {
                                "type": "object",
                                "minProperties": 1,
                                "additionalProperties": ENTRY_SCHEMA,
                                "description": "Which records it is of, written as in `only`; without it, all that"
                                " no rule before it names.",
                            },
                        },
                        "required": ["is"],
                        "additionalProperties": False,
                    },
                ]
            },
        },
    ]
}
System = Annotated[str, PlainValidator(_setting), WithJsonSchema(_SCHEMA)]
"""A text, or a list of rules as `SystemRules`."""


def declared_by(system: str) -> frozenset[str]:
    """Return the systems that a setting names as they are."""
    return parse_template(system).systems


def names_others(system: str) -> bool:
    """Return whether by a setting records may name other systems."""
    return parse_template(system).names_others


def doubts_of(system: str) -> Iterator[str]:
    """Yield what in the rules of a setting has no effect, as a rule before it takes all that it could."""
    if isinstance(system, SystemRules):
        taken = _Taken()
        for number, rule in enumerate(system.rules, 1):
            yield from (f"rule {number} {why}" for why in taken.of(rule))
            taken.add(number, rule)


class _Taken:
    """What the rules until now leave nothing of."""

    def __init__(self) -> None:
        self._all: int | None = None
        self._same: dict[frozenset[tuple[str, ValueTest]], int] = {}
        self._texts: dict[tuple[str, str], int] = {}
        self._prefixes: dict[str, list[tuple[str, int]]] = {}
        self._present: dict[str, int] = {}

    def add(self, number: int, rule: Rule) -> None:
        """Take what a rule does; one whose name needs other values than it asks for may leave any record."""
        known = {path for path, test in rule.where if test.present is not False}
        if not known.issuperset(rule.name.paths):
            return
        self._same.setdefault(frozenset(rule.where), number)
        if not rule.where and self._all is None:
            self._all = number
        if len(rule.where) != 1:
            return
        ((path, test),) = rule.where
        if test.present:
            self._present.setdefault(path, number)
        for text in test.texts:
            self._texts.setdefault((path, text), number)
        if test.prefix:
            self._prefixes.setdefault(path, []).append((test.prefix, number))

    def of(self, rule: Rule) -> Iterator[str]:
        """Yield why a rule, or a part of it, can never fit."""
        if self._all is not None:
            yield f"can never fit: rule {self._all} takes all that comes to it"
            return
        if (same := self._same.get(frozenset(rule.where))) is not None:
            yield f"can never fit: rule {same} has the same `where`"
            return
        for path, test in rule.where:
            if test.present is not False and path in self._present:
                yield f"can never fit: rule {self._present[path]} takes all that has {path}"
                return
            if (by := self._by_prefix(path, test.prefix)) is not None:
                yield f"can never fit: rule {by} takes all that begins so"
                return
            by_text = {text: self._of_text(path, text) for text in sorted(test.texts)}
            before = {text: number for text, number in by_text.items() if number is not None}
            if before and len(before) == len(by_text):
                rules = ", ".join(map(str, sorted(set(before.values()))))
                yield f"can never fit: what it has for {path} is taken by rule {rules}"
                return
            for text, number in before.items():
                yield f"never gets {path} {shown_value(text)}: rule {number} takes it"

    def _of_text(self, path: str, text: str) -> int | None:
        found = self._texts.get((path, text))
        return self._by_prefix(path, text) if found is None else found

    def _by_prefix(self, path: str, text: str) -> int | None:
        taken = self._prefixes.get(path, ()) if text else ()
        return next((number for prefix, number in taken if text.startswith(prefix)), None)

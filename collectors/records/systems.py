"""What names the system of a record: a template, or rules of which the first that fits does. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Self

from msgspec import Struct

from leverwatch.collectors.records.filters import ValueTest
from leverwatch.collectors.records.names import is_usable
from leverwatch.collectors.records.shown_values import shown_value
from leverwatch.collectors.records.texts import elements_of, text_of

NO_SYSTEM = "names no system"
_MOST_NAMES = 20_000
"""Remembered at a time."""
_MOST_UNNAMED = 2_000
"""The same, of what names no system, which is said in words."""
_MOST_PATHS = 12
"""As many paths are said of what names no system."""
_LONGEST_VALUE = 1000
"""Characters of a value that is remembered."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class Template(Struct, frozen=True):
    """The name of a record's system: literal parts with field paths between them."""

    literals: tuple[str, ...]
    """One more than `paths`."""
    paths: tuple[str, ...]
    """As written; the format decides what a path means."""

    @property
    def constant(self) -> str | None:
        """The system of every record, when it depends on none."""
        return self.literals[0] if not self.paths else None

    @property
    def systems(self) -> frozenset[str]:
        """The systems that are named as they are."""
        return frozenset() if self.constant is None else frozenset({self.constant})

    @property
    def names_others(self) -> bool:
        """Whether records may name other systems than these."""
        return bool(self.paths)

    @property
    def only_tested(self) -> Mapping[str, tuple[ValueTest, ...]]:
        """The tests of each path whose value is in no name; none has tests."""
        return {}

    def fill(self, values: tuple[object, ...]) -> str | None:
        """The system of a record with these values; None when one is missing or the name is unusable."""
        parts = [self.literals[0]]
        for value, literal in zip(values, self.literals[1:], strict=True):
            text = text_of(value)
            if not text:
                return None
            parts += (text, literal)
        name = "".join(parts)
        return name if is_usable(name) else None


class Rule(Struct, frozen=True):
    """Names the system of the records that pass all tests and have every value that the name needs."""

    name: Template
    where: tuple[tuple[str, ValueTest], ...] = ()
    """Paths as written, each with the test of its value; none: any record passes."""


class SystemRules(str):
    """The setting `system` that is a list of rules: the text of the list, which is the same for the same rules."""

    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> SystemRules:
        """Return the setting that has these rules."""
        made = cls(json.dumps([_plain(rule) for rule in rules], ensure_ascii=False))
        made.rules = tuple(rules)
        return made


def _plain(rule: Rule) -> dict[str, object]:
    literals, paths = rule.name.literals, rule.name.paths
    name = literals[0] + "".join(f"{{{path}}}{literal}" for path, literal in zip(paths, literals[1:], strict=True))
    return {"is": name, "where": {path: _entry(test) for path, test in sorted(rule.where, key=lambda it: it[0])}}


def _entry(test: ValueTest) -> object:
    if test.present is not None:
        return {"present": test.present}
    return {"prefix": test.prefix} if test.prefix else sorted(test.texts)


class ListPath(str):
    """A path whose value may be an array, of which one element has to pass a test."""

    __slots__ = ()


class Ruled(Template, frozen=True):
    """The system by rules, under the interface of a template: `paths` are all that the rules look at."""

    rules: tuple[Rule, ...] = ()
    steps: tuple[tuple[tuple[tuple[int, ValueTest], ...], tuple[int, ...], Template], ...] = ()
    """Of each rule its tests and the parts of its name, by the places of their values, and its name."""

    @property
    def constant(self) -> str | None:
        """The system of every record, when it depends on none."""
        return self.rules[0].name.constant if not self.paths else None

    @property
    def systems(self) -> frozenset[str]:
        """The systems that rules name as they are."""
        return frozenset().union(*(rule.name.systems for rule in self.rules))

    @property
    def names_others(self) -> bool:
        """Whether records may name other systems than these."""
        return any(rule.name.names_others for rule in self.rules)

    @property
    def only_tested(self) -> Mapping[str, tuple[ValueTest, ...]]:
        """The tests of each path whose value is in no name: what else it says does not matter."""
        named = {path for rule in self.rules for path in rule.name.paths}
        tests: dict[str, tuple[ValueTest, ...]] = {}
        for rule in self.rules:
            for path, test in rule.where:
                if path not in named:
                    tests[path] = (*tests.get(path, ()), test)
        return tests

    def fill(self, values: tuple[object, ...]) -> str | None:
        """The system of a record with these values: that of the first rule whose tests it passes, and for whose
        name it has the values; None when there is none, or when the name is unusable."""
        values = tuple(map(_comparable, values))
        has_lists = any(isinstance(value, list) for value in values)
        for tests, parts, name in self.steps:
            found = _picked(tests, values) if has_lists else values
            for at, test in tests:
                if not test.holds(found[at]):
                    break
            else:
                given = tuple(found[at] for at in parts)
                if all(_is_one(it) for it in given):
                    return name.fill(given)
        return None


def _picked(tests: tuple[tuple[int, ValueTest], ...], values: tuple[object, ...]) -> tuple[object, ...]:
    """Return the values with one element of each array: the first that passes the test of its place, else the only
    one."""
    found = list(values)
    of_place = dict(tests)
    for at, value in enumerate(values):
        if isinstance(value, list):
            test = of_place.get(at)
            passing = [it for it in value if test is not None and test.present is None and test.holds(it)]
            found[at] = passing[0] if passing else value[0] if len(value) == 1 else value or None
    return tuple(found)


def _is_one(value: object) -> bool:
    return not isinstance(value, list) and bool(text_of(value))


def _comparable(value: object) -> object:
    """Return a value as tests compare it: numbers of a database are texts, and an array that is a text is one."""
    if isinstance(value, str):
        elements = elements_of(value)
        return value if elements is None else elements
    return value if value is None or isinstance(value, bool | int | float) else text_of(value)


def parse_template(text: str) -> Template:
    """Read a system name such as `search` or `{team}-{app}`, or rules.

    Raises:
        ValueError: unbalanced braces, an empty placeholder, or an unusable constant name.
    """
    if isinstance(text, SystemRules):
        paths = (
            path for rule in text.rules for path in (*(ListPath(it) for it, _ in rule.where), *rule.name.paths)
        )
        at = {path: place for place, path in enumerate(dict.fromkeys(paths))}
        steps = (
            (
                tuple((at[path], test) for path, test in rule.where),
                tuple(map(at.__getitem__, rule.name.paths)),
                rule.name,
            )
            for rule in text.rules
        )
        return Ruled((), tuple(at), text.rules, tuple(steps))
    literals = tuple(_PLACEHOLDER.split(text)[::2])
    paths_ = tuple(_PLACEHOLDER.findall(text))
    if any("{" in part or "}" in part for part in literals):
        raise ValueError("unbalanced braces in the system template")
    if not all(path.strip() for path in paths_):
        raise ValueError("{} names no field in the system template")
    if not paths_ and not is_usable(text):
        raise ValueError("a system needs a name of 1 to 200 printable characters")
    return Template(literals, paths_)


class NoSystem(str):
    """Why a record is unattributed, which is the same of all, and what it has where its system would be."""

    values: str
    """Paths with their values, as far as these may be shown, on one line."""

    def __new__(cls, values: Mapping[str, str]) -> Self:
        """Return it for shown values by path."""
        made = super().__new__(cls, NO_SYSTEM)
        shown = [f"{path}: {value}" for path, value in list(values.items())[:_MOST_PATHS]]
        more = len(values) - len(shown)
        made.values = ", ".join([*shown, *([f"and {more} more"] if more else [])])
        return made


class SystemLookup:
    """`Template.fill` with a memory, since a log names few systems many times."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._known: dict[tuple[object, ...], str | None] = {}
        self._unnamed: dict[tuple[object, ...], NoSystem] = {}

    def __call__(self, values: tuple[object, ...]) -> str | None:
        """Return the system of a record with these values; None: they name none."""
        key = _key(values)
        if key is None:
            return self._template.fill(values)
        try:
            return self._known[key]
        except KeyError:
            if len(self._known) > _MOST_NAMES:
                self._known.clear()
            return self._known.setdefault(key, self._template.fill(values))

    def unnamed(self, values: tuple[object, ...]) -> NoSystem:
        """Return what is said of records with these values, which name no system. There may be more values behind
        those of the template."""
        values = values[: len(self._template.paths)]
        key = _key(values)
        found = None if key is None else self._unnamed.get(key)
        if found is None:
            of = dict(zip(self._template.paths, map(shown_value, values), strict=True))
            found = NoSystem(of)
            if len(self._unnamed) > _MOST_UNNAMED:
                self._unnamed.clear()
            if key is not None:
                self._unnamed[key] = found
        return found


def _key(values: tuple[object, ...]) -> tuple[object, ...] | None:
    """Return the values as they are remembered by; None: they are too long for that."""
    if any(isinstance(value, str) and len(value) > _LONGEST_VALUE for value in values):
        return None
    # 1, 1.0 and True are equal as keys and differ as text.
    return tuple((type(value), value) for value in values)


def system_lookup(template: Template) -> SystemLookup:
    """Return what finds the system of a record by the values of the template."""
    return SystemLookup(template)

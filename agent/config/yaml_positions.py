"""Parses YAML text into plain values and the line of each.

It uses the events of PyYAML's safe loader: the loader itself drops line numbers, keeps the last of two equal keys,
and lets aliases multiply without bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from msgspec import Struct

from leverwatch.agent.config.comma import NO_COMMA, is_broken_off, read_comma
from leverwatch.agent.config.problem import ABSENT, Problem, Steps

_DEEPEST = 40
_MOST_ALIASED = 10_000
"""The largest number of values that may come from aliases in one document."""
_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"


class BrokenText(ValueError):
    """The text is not YAML, or uses features that a configuration may not use."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Document(Struct, frozen=True):
    """A parsed file."""

    data: Any
    """Mappings (with text keys), lists and scalars; None for an empty file."""
    lines: Mapping[Steps, int]
    problems: tuple[Problem, ...]
    """Problems of single values, which `data` does not contain."""

    def line_of(self, steps: Steps) -> int:
        """Return the line (counted from 1) of a value, or of the nearest value that contains it."""
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)


class _Anchor(Struct):
    value: Any = None
    size: int = 0
    complete: bool = False


class _Scalars(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """Resolves scalars by the rules of YAML 1.1."""

    def __init__(self) -> None:
        yaml.constructor.SafeConstructor.__init__(self)
        yaml.resolver.Resolver.__init__(self)

    def value(self, event: yaml.ScalarEvent) -> Any:
        """Return the value of a scalar.

        Raises:
            ValueError: it is not valid for its tag, or the tag is not allowed.
        """
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]  # a gap of the stubs
        kind = tag.removeprefix(_TAG)
        node = yaml.ScalarNode(tag, event.value)
        if kind in {"str", "value", "merge"}:
            return event.value
        if kind == "null":
            return None
        if kind == "bool":
            if event.value.lower() not in self.bool_values:
                raise ValueError("must be true or false")
            return self.construct_yaml_bool(node)
        if kind == "int":
            return _number(self.construct_yaml_int, node)
        if kind == "float":
            return _number(self.construct_yaml_float, node)
        if kind == "timestamp":
            return self._timestamp(node)
        raise ValueError("has a YAML tag that a configuration cannot use")

    def _timestamp(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except (ValueError, AttributeError, OverflowError) as error:
            raise ValueError("is not a day of the calendar") from error


def _number(construct: Any, node: yaml.ScalarNode) -> Any:
    try:
        return construct(node)
    except (ValueError, IndexError, OverflowError) as error:
        raise ValueError("is not a number that can be read") from error


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _goes_on(number: yaml.ScalarEvent, key: yaml.ScalarEvent, value: yaml.Event) -> bool:
    """Whether a key without a value is what stands behind the comma of a number, with no space between."""
    if not isinstance(value, yaml.ScalarEvent) or value.value or not value.implicit[0] or not key.implicit[0]:
        return False
    if number.end_mark is None or key.start_mark is None or number.end_mark.index + 1 != key.start_mark.index:
        return False
    return is_broken_off(number.value, key.value)


class _Builder:
    """Builds values from events; `build` calls itself for each level of nesting."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self.events = events
        self.scalars = _Scalars()
        self.lines: dict[Steps, int] = {}
        self.problems: list[Problem] = []
        self.anchors: dict[str, _Anchor] = {}
        self.aliased = 0

    def build(self, event: Any, steps: Steps) -> tuple[Any, int]:
        """Return the value that starts with `event`, and the number of values in it.

        Raises:
            BrokenText: it is nested too deeply, or has too many values from aliases.
        """
        line = _line(event)
        self.lines.setdefault(steps, line)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, steps, line)
        if len(steps) > _DEEPEST:
            raise BrokenText(line, f"is nested more than {_DEEPEST} levels deep")
        anchor = _Anchor()
        if event.anchor:
            self.anchors[event.anchor] = anchor
        value: Any
        if isinstance(event, yaml.SequenceStartEvent):
            value, size = self._sequence(event, steps)
        elif isinstance(event, yaml.MappingStartEvent):
            value, size = self._mapping(event, steps)
        else:
            value, size = self._scalar(event, steps, line), 1
        anchor.value, anchor.size, anchor.complete = value, size, True
        return value, size

    def _alias(self, event: yaml.AliasEvent, steps: Steps, line: int) -> tuple[Any, int]:
        anchor = self.anchors.get(str(event.anchor))
        if anchor is None:
            raise BrokenText(
                line, "an alias (*name) has no anchor (&name) before it; quote a text that starts with *"
            )
        if not anchor.complete:
            self.problems.append(Problem(steps, "an alias inside the value that it repeats", line=line))
            return None, 1
        self.aliased += anchor.size
        if self.aliased > _MOST_ALIASED:
            raise BrokenText(line, f"aliases repeat more than {_MOST_ALIASED} values")
        return anchor.value, anchor.size

    def _scalar(self, event: yaml.ScalarEvent, steps: Steps, line: int) -> Any:
        try:
            return self.scalars.value(event)
        except ValueError as error:
            self.problems.append(Problem(steps, str(error), event.value or ABSENT, line=line))
            return None

    def _check_tag(self, event: yaml.CollectionStartEvent, kind: str, steps: Steps) -> None:
        if event.tag not in {None, "!", _TAG + kind}:
            reason = "has a YAML tag that a configuration cannot use"
            self.problems.append(Problem(steps, reason, line=_line(event)))

    def _sequence(self, event: yaml.SequenceStartEvent, steps: Steps) -> tuple[list[Any], int]:
        self._check_tag(event, "seq", steps)
        values: list[Any] = []
        total = 1
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            value, size = self.build(item, (*steps, len(values)))
            values.append(value)
            total += size
        return values, total

    def _mapping(self, event: yaml.MappingStartEvent, steps: Steps) -> tuple[dict[str, Any], int]:
        self._check_tag(event, "map", steps)
        values: dict[str, Any] = {}
        merged: list[Any] = []
        total = 1
        number: yaml.ScalarEvent | None = None
        written = last = ""
        while not isinstance(item := next(self.events), yaml.MappingEndEvent):
            line = _line(item)
            if not isinstance(item, yaml.ScalarEvent) or item.value == "":
                raise BrokenText(line, "a key must be a text")
            key = item.value
            start = next(self.events)
            if number is not None and _goes_on(number, item, start):
                # Several commas make one number, with one problem.
                written, number = f"{written},{key}", item
                values[last] = self._with_comma((*steps, last), written)
                total += 2
                continue
            number, written, last = None, "", key
            if isinstance(start, yaml.ScalarEvent) and start.implicit[0] and not start.anchor:
                number, written = start, start.value
            if item.anchor:
                self.anchors[item.anchor] = _Anchor(key, 1, complete=True)
            path = (*steps, key)
            merging = key == _MERGE and item.implicit[0]
            if key in values:
                self.problems.append(Problem(path, f"the key is already on line {self.lines[path]}", line=line))
                # The second value is read for its own problems, and its lines are kept out of the first one's.
                kept, self.lines = self.lines, {}
                total += self.build(start, path)[1]
                self.lines, number = kept, None
                continue
            self.lines.setdefault(path, line)
            value, size = self.build(start, path)
            total += size
            if merging:
                merged += value if isinstance(value, list) else [value]
            else:
                values[key] = value
        return self._merge(values, merged, steps), total

    def _with_comma(self, steps: Steps, text: str) -> Any:
        """Report a number with a comma between { and }, and return what is meant: so no other problem follows."""
        found = read_comma(text)
        self.problems = [problem for problem in self.problems if problem.steps != steps]
        self.problems.append(Problem(steps, NO_COMMA, text, line=self.lines[steps]))
        if found is None:
            return text
        plain = yaml.ScalarEvent(None, None, (True, False), found.meant)
        return self.scalars.value(plain)

    def _merge(self, values: dict[str, Any], merged: list[Any], steps: Steps) -> dict[str, Any]:
        for part in merged:
            if isinstance(part, dict):
                values = {**part, **values}
            else:
                self.problems.append(Problem((*steps, _MERGE), "can only merge mappings", part))
        return values


def _syntax_problem(error: yaml.YAMLError, text: str) -> BrokenText:
    if isinstance(error, yaml.reader.ReaderError):
        position = error.position if isinstance(error.position, int) else 0
        return BrokenText(text.count("\n", 0, position) + 1, "has a character that YAML does not allow")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    at = mark.buffer[mark.pointer : mark.pointer + 1] if mark and mark.buffer is not None else ""
    context, problem = getattr(error, "context", None) or "", getattr(error, "problem", None) or "cannot be read"
    if at == "\t" or "'\\t'" in problem:
        return BrokenText(line, "a tab cannot indent or separate; use spaces")
    if at in {"%", "@", "`"}:
        return BrokenText(line, f"quote a text that starts with {at}")
    where = f" {context}" if context else ""
    hint = "; quote a text that holds ${NAME}, {, [, : or #" if "flow" in context else ""
    return BrokenText(line, f"is not YAML: {problem}{where}{hint}")


def parse_document(text: str) -> Document:
    """Read one YAML document (YAML 1.1, as PyYAML's safe loader).

    Keys are the text as written, so a system may be called `no` or `2024`.

    Raises:
        BrokenText: the text cannot be read any further; the first such place.
    """
    try:
        return _read(iter(yaml.parse(text, Loader=yaml.SafeLoader)))
    except yaml.YAMLError as error:
        raise _syntax_problem(error, text) from error


def _read(events: Iterator[yaml.Event]) -> Document:
    builder = _Builder(events)
    data: Any = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise BrokenText(_line(event), "a second YAML document (---) starts; there can be one")
            data, _ = builder.build(next(events), ())
    builder.lines[()] = 1
    return Document(data, builder.lines, tuple(builder.problems))

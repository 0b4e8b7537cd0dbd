"""Builds functions over records from lines of Python; every function that is generated is made here.

A loop over records in Python costs as much as its lines: one that reads no more than what is there takes a
fraction of the time of one that asks what it has to read.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from typing import Any

from leverwatch.collectors.records.layout import Way


class _Empty:
    """Stands for an object that a record has as null: all that would be in it is unknown."""

    def __getattr__(self, name: str) -> None:
        return None


_EMPTY = _Empty()
_files: dict[str, str] = {}
"""The names of the files of all that was generated, by source: the same source is one file, however often made."""


class Code:
    """Lines of functions that read values of a record `r`.

    `stand_in` gives what stands for the object at some steps where a record has null: all it holds is unknown.
    """

    def __init__(self, stand_in: Callable[[Way], Any] = lambda _: _EMPTY) -> None:
        self._stand_in = stand_in
        self._objects: dict[Way, str] = {}
        self.lines: list[str] = []
        self.scope: dict[str, Any] = {}
        """What the lines may name, beside builtins."""

    def add(self, depth: int, *lines: str) -> None:
        """Append lines, indented."""
        self.lines += ["    " * depth + line for line in lines]

    def value(self, depth: int, steps: Way, objects: dict[Way, str] | None = None) -> str:
        """Append what reads a value safely; returns the expression for it.

        `objects` are the names of those on the way that were read before, and are added to; a branch has its own.
        """
        objects = self._objects if objects is None else objects
        parent = "r"
        for end in range(1, len(steps)):
            path = steps[:end]
            if path not in objects:
                objects[path] = name = "_".join(("o", *map(str, path)))
                self.scope[f"no_{name}"] = self._stand_in(path)
                self.add(depth, f"{name} = {parent}{_step(path[-1])}", f"if {name} is None: {name} = no_{name}")
            parent = objects[path]
        return parent + _step(steps[-1])

    @property
    def objects(self) -> dict[Way, str]:
        """A copy of the names of the objects that were read outside of branches."""
        return dict(self._objects)

    def compile(self, name: str, scope: Mapping[str, Any] | None = None) -> Any:
        """Returns the function of this name. A traceback through it shows its lines."""
        source = "\n".join(self.lines) + "\n"
        file = _files.setdefault(source, f"<generated {name} {len(_files)}>")
        # Without a time of change, an entry stays when files are looked at for changes.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        names = {**self.scope, **(scope or {})}
        # Attribute names and indices come from the makers of record types and tables: no text of a configuration
        # is among the lines.
        exec(compile(source, file, "exec"), names)  # noqa: S102 - see above
        return names[name]


def _step(step: str | int) -> str:
    return f".{step}" if isinstance(step, str) else f"[{step}]"

"""A format whose records are first made into JSON objects that a declaration reads: text, or documents of many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.declared import Declaration, Declared
from leverwatch.collectors.records.formats.interface import Framing, Parsed, Reader


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text is no record."""

    result: Result
    detail: str
    """Shows nothing of the content."""


BOM = b"\xef\xbb\xbf"
Rewrite = Callable[[bytes], Sequence[bytes] | Refusal]
"""The JSON objects that a text holds, itself when it is one. Never fails: what it cannot read it gives back."""


@dataclass(frozen=True)
class Rewritten:
    """A named format: a declaration, and what makes its records of the producer's text."""

    declaration: Declaration
    rewrite: Rewrite
    reads_text: bool = False
    """Its records may be text that is no JSON."""

    @property
    def name(self) -> str:
        """What `format` says."""
        return self.declaration.name

    @property
    def recognise(self) -> Callable[[Any], int]:
        """How sure it is that a record is one of its own."""
        return self.declaration.recognise

    @property
    def framing(self) -> Framing:
        """Where its records end."""
        return self.declaration.framing

    def build(self, template: Sequence[str]) -> Reader:
        """Its reader. Raises ValueError for a template part that is no path."""
        return _Rewriting(Declared(self.declaration, template), self.rewrite, self.reads_text)


class _Rewriting:
    def __init__(self, reader: Declared, rewrite: Rewrite, reads_text: bool) -> None:
        self._reader, self._rewrite, self.reads_text = reader, rewrite, reads_text
        self.framing, self.has_extended, self.known = reader.framing, reader.has_extended, reader.known

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read the records inside each text; each gets the line of its text."""
        plain = self._reader.decode(units) if self._reader.has_documents else None
        if plain is not None:
            return self._reader.rows(plain)
        records: list[bytes] = []
        lines: list[int] = []
        refused: list[tuple[int, Result, str]] = []
        for line, unit in enumerate(units):
            found = self._rewrite(unit.removeprefix(BOM).strip(b"\0 \t\r\n"))
            if isinstance(found, Refusal):
                refused.append((line, found.result, found.detail))
            else:
                records += found
                lines += [line] * len(found)
        parsed = self._reader.read(records)
        parsed.lines = lines if parsed.lines is None else [lines[index] for index in parsed.lines]
        parsed.refused = [*refused, *((lines[index], result, detail) for index, result, detail in parsed.refused)]
        return parsed


def with_keys(record: bytes, values: Mapping[str, bytes]) -> bytes:
    """A JSON object with more keys in front, which keys of the same names in the object override."""
    inner = record.strip()[1:]
    separator = b"" if inner.lstrip().startswith(b"}") else b","
    front = b",".join(b"%b:%b" % (msgspec.json.encode(key), value) for key, value in values.items())
    return b"{" + front + separator + inner

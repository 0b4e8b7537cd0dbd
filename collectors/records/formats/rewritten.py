"""Formats whose records (text, or documents of many records) are first rewritten as JSON for a declaration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.formats.declared import Declaration, Declared
from leverwatch.collectors.records.formats.interface import Framing, Parsed, Reader
from leverwatch.collectors.records.formats.line_layout import Lines
from leverwatch.collectors.records.lenient import sound


class Refusal(Struct, frozen=True):
    """The reason why a text is not a record."""

    result: Result
    detail: str
    """The reason in words, without any of the content."""


_AT_START = tuple(b" \t\r\n\v\f}"[at : at + 1] for at in range(7))
BOM = b"\xef\xbb\xbf"
Rewrite = Callable[[bytes], Sequence[bytes | Refusal] | Refusal | None]
"""Returns the JSON objects that a text contains, and why others or all of them are none. Raises nothing: JSON that
it does not know is returned unchanged. None for what it cannot read: it is asked again without what JSON has not,
which producers write."""


class Rewritten(Struct, frozen=True):
    """A named format: a declaration, and a function that rewrites the producer's text for it."""

    declaration: Declaration
    rewrite: Rewrite
    reads_text: bool = False
    """Whether its records may be text other than JSON."""
    keeps_json: bool = False
    """Whether a JSON object is returned unchanged."""
    lines: Lines | None = None
    """How the lines are built that the compiled helper may count; None: it counts none."""

    @property
    def name(self) -> str:
        """The value of `format` in the configuration."""
        return self.declaration.name

    @property
    def recognise(self) -> Callable[[Any], int]:
        """A function that returns how likely a record is one of this format, 0 to 100."""
        return self.declaration.recognise

    @property
    def framing(self) -> Framing:
        """The framing of its records."""
        return self.declaration.framing

    def build(self, template: Sequence[str]) -> Reader:
        """Return a reader.

        Raises:
            ValueError: a placeholder of the system template is not a valid path.
        """
        reader = Declared(self.declaration, template)
        return Rewriting(reader, self.rewrite, self.reads_text, self.keeps_json, self.lines)


class Rewriting:
    """Reads texts by what a function makes of each of them."""

    def __init__(
        self,
        reader: Declared,
        rewrite: Rewrite,
        reads_text: bool,
        keeps_json: bool = False,
        lines: Lines | None = None,
    ) -> None:
        self.declared, self._rewrite, self.reads_text, self.lines = reader, rewrite, reads_text, lines
        self._may_be_plain = keeps_json or reader.has_documents
        self.framing, self.has_extended, self.known = reader.framing, reader.has_extended, reader.known
        self.repeats = reader.repeats

    def read(self, units: Sequence[bytes]) -> Parsed:
        """Read the records inside each text; all of them have the line of that text."""
        plain = self.declared.decode(units) if self._may_be_plain else None
        if plain is not None:
            return self.declared.rows(plain)
        records: list[bytes] = []
        lines: list[int] = []
        refused: list[tuple[int, Result, str]] = []
        for line, unit in enumerate(units):
            text = unit.removeprefix(BOM).strip(b"\0 \t\r\n")
            found = self._rewrite(text)
            if found is None:
                mended = sound(text)
                found = self._rewrite(mended) or (mended,)
            for record in (found,) if isinstance(found, Refusal) else found:
                if isinstance(record, Refusal):
                    refused.append((line, record.result, record.detail))
                else:
                    records.append(record)
                    lines.append(line)
        parsed = self.declared.read(records)
        parsed.lines = lines if parsed.lines is None else [lines[index] for index in parsed.lines]
        parsed.refused = [*refused, *((lines[index], result, detail) for index, result, detail in parsed.refused)]
        return parsed


def with_keys(record: bytes, values: Mapping[str, bytes]) -> bytes:
    """Return a JSON object with further keys at its front; keys of the same names in the object override them."""
    inner = record.strip()[1:]
    is_empty = inner.startswith(_AT_START) and inner.lstrip().startswith(b"}")
    front = [b"%b:%b" % (_key(key), value) for key, value in values.items()]
    return b"".join((b"{", b",".join(front), b"" if is_empty else b",", inner))


@lru_cache(maxsize=64)
def _key(key: str) -> bytes:
    return msgspec.json.encode(key)

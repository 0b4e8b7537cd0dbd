"""A format whose rows have the version of the prompt in place of the prompt."""

from __future__ import annotations

from leverwatch.collectors.records.fields import FIELDS, Template
from leverwatch.collectors.records.formats.interface import Format, Parsed, Row, table_of
from leverwatch.collectors.records.prompt_text import Versions


class PromptVersions:
    """Another format with the values of the prompt hashed, before anything remembers or stores a row.

    The values of `prompt` follow those of the system template, of which there are `behind`. The version is in the
    place of the first one, and the others are empty.
    """

    def __init__(self, inner: Format, prompt: Template, behind: int) -> None:
        self._inner, self._versions = inner, Versions(prompt)
        self._start = len(FIELDS) + behind
        self._end = self._start + len(prompt.paths)
        self._rest = (None,) * (len(prompt.paths) - 1)
        self.wants_header, self.framing = inner.wants_header, inner.framing
        self.has_extended, self.known, self.repeats = inner.has_extended, inner.known, inner.repeats
        self.table = table_of(inner)

    def check_header(self, line: bytes) -> tuple[str, ...]:
        """As the other format."""
        return self._inner.check_header(line)

    def parse(self, data: bytes, header: bytes | None) -> Parsed:
        """As the other format, without the text of a prompt in any row."""
        parsed = self._inner.parse(data, header)
        parsed.rows = [self._hashed(row) for row in parsed.rows]
        return parsed

    def _hashed(self, row: Row) -> Row:
        version = self._versions.of(row[self._start : self._end])
        return (*row[: self._start], version, *self._rest, *row[self._end :])

"""Determines the format of a file by its name and its top-level keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, decode
from leverwatch.collectors.records.outline import Mark, outline
from leverwatch.collectors.sources.evals.formats import inspect_log, lm_eval, own, promptfoo
from leverwatch.collectors.sources.evals.formats.interface import Entry, NotFinished, Parser

PARSERS: Mapping[str, Parser] = {
    "own": own.parse,
    "promptfoo": promptfoo.parse,
    "inspect": inspect_log.parse,
    "lm-eval": lm_eval.parse,
}
_LINES = frozenset({".jsonl", ".ndjson"})
_LONGEST_LINE = 16 << 20


class _Known(Exception):
    """Raised to stop reading when the keys read so far determine the format."""


def is_lines(path: str, wanted: str, file: BinaryIO | None = None) -> bool:
    """Whether a file has one result on each line, and may grow; `file` is left at its beginning."""
    if wanted == "own":
        return True
    if wanted != "auto" or PurePath(path).suffix not in _LINES:
        return False
    return file is None or _first_line(file) is own.parse


def parser_of(path: str, wanted: str, data: BinaryIO) -> Parser:
    """Return the parser for a file, reading only as much of it as necessary.

    Raises:
        BadInput: it is a file of no known format.
        NotFinished: it is what a tool writes beside its results.
    """
    suffix = PurePath(path).suffix
    if suffix == ".eval" and wanted in {"auto", "inspect"}:
        return inspect_log.parse_packed
    if suffix in _LINES and wanted in {"auto", "promptfoo"}:
        return _first_line(data) if wanted == "auto" else promptfoo.parse_lines
    if wanted != "auto":
        return PARSERS[wanted]
    return PARSERS[_name(data)]


def _first_line(data: BinaryIO) -> Parser:
    """The parser of a file of lines, from the keys of its first one; `own` when they tell nothing."""
    line = data.readline(_LONGEST_LINE)
    data.seek(0)
    try:
        keys = decode(line, dict[str, msgspec.Raw]).keys()
    except BadInput:
        return own.parse
    if keys >= {"doc_id", "doc_hash"} or keys >= {"doc_id", "filtered_resps"}:
        return _samples
    if "ts" not in keys and keys >= {"provider", "success", "score"}:
        return promptfoo.parse_lines
    return own.parse


def _samples(_: BinaryIO) -> Iterator[Entry]:
    raise NotFinished("it has the samples of lm-eval, whose results are in another file")


def _name(data: BinaryIO) -> str:
    seen: set[str] = set()

    def mark(key: str) -> Mark:
        return Mark(lambda: _see(seen, key))

    results = {"version": mark("results.version"), "results": mark("results.results")}
    top = {key: mark(key) for key in ("eval", "status", "n-samples", "versions")}
    try:
        found = outline(data, {**top, "results": results})
    except _Known as known:
        return str(known)
    if isinstance(found, dict) and "results" in found and seen & {"n-samples", "versions"}:
        return "lm-eval"
    raise BadInput(Result.INVALID_LINE, "is no result file of promptfoo, Inspect or lm-eval")


def _see(seen: set[str], key: str) -> None:
    seen.add(key)
    if {"eval", "status"} <= seen:
        raise _Known("inspect")
    if {"results.version", "results.results"} <= seen:
        raise _Known("promptfoo")

"""Determines the format of a file by its name and its top-level keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import BinaryIO

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.records.outline import Mark, outline
from leverwatch.collectors.sources.evals.formats import inspect_log, lm_eval, own, promptfoo
from leverwatch.collectors.sources.evals.formats.interface import Parser

PARSERS: Mapping[str, Parser] = {
    "own": own.parse,
    "promptfoo": promptfoo.parse,
    "inspect": inspect_log.parse,
    "lm-eval": lm_eval.parse,
}
_LINES = frozenset({".jsonl", ".ndjson"})


class _Known(Exception):
    """Raised to stop reading when the keys read so far determine the format."""


def is_lines(path: str, wanted: str) -> bool:
    """Whether a file has one result on each line, and may grow."""
    return wanted == "own" or (wanted == "auto" and PurePath(path).suffix in _LINES)


def parser_of(path: str, wanted: str, data: BinaryIO) -> Parser:
    """Return the parser for a file, reading only as much of it as necessary.

    Raises:
        BadInput: it is a file of no known format.
    """
    if wanted != "auto":
        return PARSERS[wanted]
    if PurePath(path).suffix == ".eval":
        raise BadInput(Result.INVALID_LINE, "is a packed Inspect log; run Inspect with --log-format json")
    return PARSERS[_name(data)]


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

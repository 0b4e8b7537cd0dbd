"""Which format a file has, by its name and the keys at its top."""

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
    """The keys so far tell the format."""


def is_lines(path: str, wanted: str) -> bool:
    """Whether a file holds one result a line, and may grow."""
    return wanted == "own" or (wanted == "auto" and PurePath(path).suffix in _LINES)


def parser_of(path: str, wanted: str, data: BinaryIO) -> Parser:
    """The parser of a file. Reads no more of it than it takes to tell.

    Raises:
        BadInput: no format has such a file.
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

"""Determines the format of a file by its name and its top-level keys."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath
from typing import BinaryIO

import msgspec

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput, decode
from leverwatch.collectors.records.outline import Mark, outline
from leverwatch.collectors.regular import open_regular
from leverwatch.collectors.sources.evals.formats import (
    deepeval,
    inspect_log,
    lm_eval,
    own,
    promptfoo,
    promptfoo_table,
    scored_table,
    table,
    yaml_text,
)
from leverwatch.collectors.sources.evals.formats.interface import Entry, NotFinished, Parser

PARSERS: Mapping[str, Parser] = {
    "own": own.parse,
    "promptfoo": promptfoo.parse,
    "inspect": inspect_log.parse,
    "lm-eval": lm_eval.parse,
    "deepeval": deepeval.parse,
}
_TABLES = frozenset({"ragas", "mlflow"})
_YAML = frozenset({".yaml", ".yml"})
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


def parser_of(path: str, wanted: str, data: BinaryIO, scores: Collection[str] = ()) -> Parser:
    """Return the parser for a file, reading only as much of it as necessary; `scores` are columns of tables.

    Raises:
        BadInput: it is a file of no known format.
        NotFinished: it is what a tool writes beside its results.
    """
    suffix = PurePath(path).suffix
    if suffix == ".eval" and wanted in {"auto", "inspect"}:
        return inspect_log.parse_packed
    if wanted in _TABLES:
        return scored_table.parser(wanted, scores)  # type: ignore[no-any-return]
    if suffix == ".csv" and wanted in {"auto", "promptfoo"}:
        return _of_table(table.header(data), scores)
    if suffix in _LINES and wanted in {"auto", "promptfoo"}:
        return _first_line(data, scores) if wanted == "auto" else promptfoo.parse_lines
    if suffix in _YAML and wanted in {"auto", "promptfoo"}:
        return _yaml
    if wanted != "auto":
        return PARSERS[wanted]
    name = _name(data, scores)
    return PARSERS[name] if isinstance(name, str) else name


def is_newly_read(path: str, wanted: str) -> bool:
    """Whether a file is of a format that was not read before there were tables, YAML and deepeval."""
    suffix = PurePath(path).suffix
    if wanted not in {"auto", "promptfoo"} or suffix in _YAML or suffix == ".csv":
        return suffix in _YAML or suffix == ".csv"
    try:
        with open_regular(path) as file:
            return parser_of(path, wanted, file) not in _EARLIER
    except (BadInput, NotFinished, OSError):
        return False


def _of_table(names: Collection[str], scores: Collection[str]) -> Parser:
    if promptfoo_table.is_table(names):
        return promptfoo_table.parse
    if scored_table.is_scored(names) or not {*scores}.isdisjoint(names):
        tool = "mlflow" if "trace_id" in names or scored_table.is_of_mlflow(names) else "ragas"
        return scored_table.parser(tool, scores)  # type: ignore[no-any-return]
    raise BadInput(Result.INVALID_LINE, "is no table of promptfoo, ragas or MLflow")


def _yaml(data: BinaryIO) -> Iterator[Entry]:
    """Results in YAML, which only promptfoo writes."""
    text = yaml_text.as_json(data)
    seen: set[str] = set()
    top = {key: Mark(lambda key=key: seen.add(key)) for key in ("results", "providers", "prompts", "targets")}  # type: ignore[misc]
    outline(text, top)
    if "results" not in seen and seen:
        raise NotFinished("it is the configuration of promptfoo, whose results are in another file")
    text.seek(0)
    yield from promptfoo.parse(text)


def _first_line(data: BinaryIO, scores: Collection[str] = ()) -> Parser:
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
    if "ts" not in keys and not keys >= {"suite", "metric"} and scored_table.is_scored(keys):
        return _of_table(keys, scores)
    return own.parse


def _samples(_: BinaryIO) -> Iterator[Entry]:
    raise NotFinished("it has the samples of lm-eval, whose results are in another file")


def _name(data: BinaryIO, scores: Collection[str] = ()) -> str | Parser:
    """The name of a format, or the parser of a table."""
    seen: set[str] = set()

    def mark(key: str) -> Mark:
        return Mark(lambda: _see(seen, key))

    results = {"version": mark("results.version"), "results": mark("results.results")}
    top = {key: mark(key) for key in ("eval", "status", "n-samples", "versions", *_OF_DEEPEVAL)}
    try:
        found = outline(data, {**top, "results": results})
    except _Known as known:
        return str(known)
    if isinstance(found, dict) and "results" in found and seen & {"n-samples", "versions"}:
        return "lm-eval"
    data.seek(0)
    first = None if isinstance(found, dict) and "results" in found else table.first_row(data)
    if first is not None and (scored_table.is_scored(first) or not {*scores}.isdisjoint(first)):
        return _of_table(first, scores)
    raise BadInput(Result.INVALID_LINE, f"is no result file of {', '.join(_TOOLS)}")


_OF_DEEPEVAL = frozenset({"testCases", "metricsScores", "testRunData", "test_cases_lookup_map"})
_TOOLS = ("promptfoo", "Inspect", "lm-eval", "deepeval", "ragas or MLflow")


def _see(seen: set[str], key: str) -> None:
    seen.add(key)
    if key == "test_cases_lookup_map":
        raise NotFinished("it is the cache of deepeval, whose results are in another file")
    if {"eval", "status"} <= seen:
        raise _Known("inspect")
    if {"results.version", "results.results"} <= seen:
        raise _Known("promptfoo")
    if key == "testRunData" or {"testCases", "metricsScores"} <= seen:
        raise _Known("deepeval")


_EARLIER = (
    own.parse,
    promptfoo.parse,
    inspect_log.parse,
    lm_eval.parse,
    promptfoo.parse_lines,
    inspect_log.parse_packed,
    _samples,
)

"""Which format a file has, by its name and the keys at its top."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import msgspec

from collectors.evals.formats import inspect_log, lm_eval, own, promptfoo
from collectors.evals.formats.interface import BadInput, Parser, decode
from collectors.interface import Result

PARSERS: Mapping[str, Parser] = {
    "own": own.parse,
    "promptfoo": promptfoo.parse,
    "inspect": inspect_log.parse,
    "lm-eval": lm_eval.parse,
}
_NOTHING = msgspec.Raw()
_LINES = frozenset({".jsonl", ".ndjson"})


class _Keys(msgspec.Struct):
    """The top of a file; what is in it is not looked at."""

    eval: msgspec.Raw = _NOTHING
    status: msgspec.Raw = _NOTHING
    results: msgspec.Raw = _NOTHING
    samples: msgspec.Raw = msgspec.field(name="n-samples", default=_NOTHING)
    versions: msgspec.Raw = _NOTHING


class _Rows(msgspec.Struct):
    version: int
    results: msgspec.Raw


def is_lines(path: str, wanted: str) -> bool:
    """Whether a file holds one result a line, and may grow."""
    return wanted == "own" or (wanted == "auto" and PurePath(path).suffix in _LINES)


def parser_of(path: str, wanted: str, data: bytes) -> Parser:
    """The parser of a file.

    Raises:
        BadInput: no format has such a file.
    """
    if wanted != "auto":
        return PARSERS[wanted]
    if PurePath(path).suffix == ".eval":
        raise BadInput(Result.INVALID_LINE, "is a packed Inspect log; run Inspect with --log-format json")
    return PARSERS[_name(data)]


def _name(data: bytes) -> str:
    try:
        keys = msgspec.json.decode(data, type=_Keys)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Decoded whole, because of NaN; written anew, each NaN is a null.
        whole = {key: value for key, value in decode(data, dict[str, Any]).items() if value is not None}
        keys = msgspec.json.decode(msgspec.json.encode(whole), type=_Keys)
    if keys.eval and keys.status:
        return "inspect"
    if keys.results:
        if keys.samples or keys.versions:
            return "lm-eval"
        try:
            msgspec.json.decode(keys.results, type=_Rows)
        except msgspec.DecodeError:
            pass
        else:
            return "promptfoo"
    raise BadInput(Result.INVALID_LINE, "is no result file of promptfoo, Inspect or lm-eval")

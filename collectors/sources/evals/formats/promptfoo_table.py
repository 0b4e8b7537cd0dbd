"""The table of promptfoo (`promptfoo eval -o results.csv`): one case a line, some columns an output."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decode import BadInput
from leverwatch.collectors.sources.evals.formats.interface import Entry
from leverwatch.collectors.sources.evals.formats.promptfoo import Rows, results_of
from leverwatch.collectors.sources.evals.formats.table import csv_rows

_OUTPUT = re.compile(r"\[([^\]]*)\] (.*)", re.DOTALL)
_STATUS, _SCORE, _METRIC = "Status", "Score", "Metric: "
_OUTCOMES = {"PASS": 0, "FAIL": 1, "ERROR": 2}


@dataclass(frozen=True, slots=True)
class _Output:
    """Where the columns of one provider and prompt are."""

    provider: str
    label: str
    status: int
    score: int
    named: dict[str, int]


def is_table(names: Collection[str]) -> bool:
    """Whether a table with these columns is one of promptfoo."""
    return _STATUS in names and _SCORE in names and any(map(_OUTPUT.fullmatch, names))


def parse(data: BinaryIO) -> Iterator[Entry]:
    """Yield the same results as of the rows; a table tells no time, and of a case only its variables.

    Raises:
        BadInput: it is no such table, or one of its rows is invalid.
    """
    lines = csv_rows(data)
    names = next(lines, [])
    outputs = _outputs(names)
    if not outputs:
        raise BadInput(Result.MISSING_FIELD, "has no column of an output with its status")
    before = next(at for at, name in enumerate(names) if _OUTPUT.fullmatch(name))
    found, number = Rows(), 0
    for line in lines:
        if len(line) != len(names):
            raise BadInput(Result.INVALID_LINE, "one of its rows has another number of columns than the first")
        variables = dict(zip(names[:before], line, strict=False))
        for output in outputs:
            found.add(number, _row(output, line, variables))
            number += 1
    if not number:
        raise BadInput(Result.MISSING_FIELD, "has no rows")
    yield from results_of(found, "", None)


def _outputs(names: Sequence[str]) -> list[_Output]:
    starts = [at for at, name in enumerate(names[:-1]) if _OUTPUT.fullmatch(name) and names[at + 1] == _STATUS]
    outputs = []
    for start, end in zip(starts, [*starts[1:], len(names)], strict=True):
        own = {name: at for at, name in enumerate(names[start:end], start)}
        heading = _OUTPUT.fullmatch(names[start])
        if heading is not None and _SCORE in own:
            named = {name.removeprefix(_METRIC): at for name, at in own.items() if name.startswith(_METRIC)}
            outputs.append(_Output(heading[1], heading[2], own[_STATUS], own[_SCORE], named))
    return outputs


def _row(output: _Output, line: Sequence[str], variables: dict[str, str]) -> bytes:
    outcome = _OUTCOMES.get(line[output.status])
    if outcome is None:
        raise BadInput(Result.MISTYPED_FIELD, "a status must be PASS, FAIL or ERROR")
    try:
        score = float(line[output.score])
        named = {name: float(line[at]) for name, at in output.named.items() if line[at]}
    except ValueError:
        raise BadInput(Result.MISTYPED_FIELD, "a score is no number") from None
    return json.dumps({
        "provider": output.provider,
        "success": outcome == 0,
        "score": score,
        "namedScores": named,
        "failureReason": outcome,
        # The id of a prompt is the hash of its label in the other files, too.
        "promptId": sha256(output.label.encode()).hexdigest(),
        "vars": variables,
    }).encode()  # fmt: skip

"""Damaged lines between whole ones, in every format: nothing crashes, no neighbour is lost, everything adds up.

Run as `python -m tests.fuzz.fuzz --lines 1000000`. A tenth as many lines are also followed in files.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from leverwatch.collectors.aggregation.ingest import Ingest
from leverwatch.collectors.aggregation.lines import Lines
from leverwatch.collectors.counted_fields import COLUMNS
from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.decoder import build_format
from leverwatch.collectors.records.formats.registry import NAMED
from leverwatch.collectors.records.framing.quoted import QuotedFraming
from leverwatch.collectors.records.framing.values import ValueFraming
from tests.collectors.sources.files.logs import NOW, config
from tests.fuzz.followed import follow
from tests.fuzz.mutations import mutate
from tests.fuzz.records import CANARY, HEADER, TEXTS, TOKENS, WITHOUT_TOKENS, record, settings

_PER_CHUNK = 40
_PER_FILE = 500
_ROUNDING = 1e-6
_NESTED = frozenset({"azure-apim", "azure-openai", "langfuse", "mlflow", "kong", "otlp"})
"""Formats one of whose records may hold several, or none."""


@dataclass
class Report:
    """What a run did."""

    lines: int = 0
    neighbours: int = 0
    tallies: Counter[Result] = field(default_factory=Counter)


def run(name: str, lines: int, seed: int) -> Report:
    """Read `lines` damaged lines of one format, each between two whole ones.

    Raises:
        AssertionError: a neighbour is lost, counts do not add up, or a text shows. It names seed and chunk.
    """
    chance = random.Random(f"{name} {seed}")
    report, totals = Report(), Counter[str]()
    settings_ = config(format=settings(name), system="bot")
    ingest = Ingest(settings_, lambda: NOW)
    ingest.load({})
    framing = build_format(settings_.format, ()).framing
    values = NAMED[name].framing if name in NAMED else framing
    header = HEADER if name == "csv" else None
    while report.lines < lines:
        number = min(_PER_CHUNK, lines - report.lines)
        where = f"{name}, seed {seed}, from line {report.lines}"
        parts = []
        for index in range(report.lines, report.lines + number):
            whole, other = (record(name, f"m{which}{index}", "mutant") for which in "ab")
            parts += [record(name, f"n{index}", "neighbour"), mutate(chance, whole, other)]
        data = b"\n".join([*parts, record(name, f"last{report.lines}", "neighbour"), b""])
        assert framing.complete(data, final=False) == len(data), where
        ingest.add(Lines(data, "a.log", 1, header))
        counted = ingest.drain()
        near = [row for row in counted.usage if row.model == "neighbour"]
        assert sum(row.inferences for row in near) == number + 1, where
        if name not in WITHOUT_TOKENS:
            assert sum(row.input_tokens for row in near) == (number + 1) * TOKENS, where
        for row in counted.usage:
            numbers = {it: getattr(row, it) for it in COLUMNS}
            totals.update(numbers)
            # A part of a call that an earlier chunk counted takes back what was unknown of it.
            assert Result.PART in counted.tallies or min(numbers.values()) >= 0, where
        assert all(math.isfinite(number) and number >= -_ROUNDING for number in totals.values()), where
        total, possible = sum(counted.tallies.values()), _records(values, data)
        assert total >= min(possible) if name in _NESTED else total in possible, (where, total, possible)
        assert CANARY not in str(counted.problems), where
        report.lines += number
        report.neighbours += number + 1
        report.tallies.update(counted.tallies)
    return report


def _records(framing: object, data: bytes) -> set[int]:
    """How many records a chunk may be taken for: by lines, by objects when it is read by values, by quotes."""
    counts = {len(data.split(b"\n")) - 1}
    if isinstance(framing, ValueFraming):
        units = framing.split_values(data)
        counts.add(len(units.units) + len(units.refused) + units.ignored)
    elif isinstance(framing, QuotedFraming):
        units = framing.split(data)
        counts = {len(units.units) + len(units.refused)}
    return counts


def main() -> None:
    """Fuzz every format and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000, help="damaged lines over all formats")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(TEXTS), nargs="*", default=available())
    options = parser.parse_args()
    started = time.monotonic()
    each = -(-options.lines // len(options.only))
    total = Report()
    for name in options.only:
        report = run(name, each, options.seed)
        for number in range(max(1, each // 10 // _PER_FILE)):
            report.neighbours += follow(name, _PER_FILE, options.seed + number)
            report.lines += _PER_FILE
        total.lines += report.lines
        total.neighbours += report.neighbours
        total.tallies.update(report.tallies)
        results = ", ".join(f"{result} {number}" for result, number in sorted(report.tallies.items()))
        print(f"{name:18} {report.lines:8} damaged lines: {results}", flush=True)
    seconds = time.monotonic() - started
    print(f"{total.lines} damaged lines, {total.neighbours} neighbours all counted, {seconds:.0f} s")


def available() -> list[str]:
    """The formats there are."""
    return ["jsonl", "csv", *NAMED]


if __name__ == "__main__":
    main()

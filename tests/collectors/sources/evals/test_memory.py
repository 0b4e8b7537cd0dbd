"""The memory that a large file takes, measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.collectors.sources.evals import samples

_LARGE = 64 << 20
_MOST_MIB = 40
_PROGRAM = """
import resource, sys
from pathlib import Path
from leverwatch.collectors.sources.evals.collector import EvalsCollector
from leverwatch.collectors.sources.evals.config import EvalsConfig
from leverwatch.collectors.interface import SourceState, CollectorContext

folder = Path(sys.argv[1])
config = EvalsConfig.model_validate({"name": "evals", "path": "*", "system": "bot"})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
results = 0
tallies = {}
for batch in EvalsCollector(config, CollectorContext(folder, folder)).collect(SourceState(0, dict)):
    results += len(batch.eval_results)
    for name, number in batch.tallies.items():
        tallies[str(name)] = tallies.get(str(name), 0) + number
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(results, grown // 1024, *sorted(tallies))
"""
_TEXT = "What is asked, and what was answered. " * 50


def _around(document: object, unit: bytes) -> tuple[bytes, bytes, bytes]:
    """A document before and behind its large list, and what is in that list again and again."""
    text = json.dumps(document).encode()
    head, _, tail = text.partition(b'["LARGE"]')
    return head + b"[" + unit, b"," + unit, b"]" + tail


def _promptfoo() -> tuple[bytes, bytes, bytes]:
    row = samples.promptfoo_row(True, 1.0) | {"response": {"output": _TEXT, "rows": [{"a": 1}] * 20}}
    document = samples.promptfoo([])
    document["results"]["results"] = ["LARGE"]
    return _around(document, json.dumps(row).encode())


def _promptfoo_2() -> tuple[bytes, bytes, bytes]:
    document = samples.promptfoo([samples.promptfoo_row(True, 1.0)], 2)
    document["results"]["table"]["body"] = ["LARGE"]
    return _around(document, json.dumps({"outputs": [{"text": _TEXT, "pass": True}]}).encode())


def _inspect() -> tuple[bytes, bytes, bytes]:
    sample = {"messages": [{"content": _TEXT, "score": float("nan")}] * 3}
    return _around(samples.inspect_log(samples=["LARGE"]), json.dumps(sample).encode())


def _lm_eval() -> tuple[bytes, bytes, bytes]:
    return _around(samples.lm_eval(samples=["LARGE"]), json.dumps({"doc": _TEXT, "resps": [["a"]] * 9}).encode())


def _hostile_row() -> tuple[bytes, bytes, bytes]:
    """Rows that take many times their size once they are unpacked."""
    row = samples.promptfoo_row(True, 1.0) | {"testCase": {"vars": "LARGE"}}
    document = samples.promptfoo([])
    document["results"]["results"] = ["LARGE"]
    return _around(document, json.dumps(row).encode().replace(b'"LARGE"', b"[" + b"[]," * (1 << 20) + b"1]"))


def _hostile_values() -> tuple[bytes, bytes, bytes]:
    """Tasks whose values take many times their size once they are unpacked."""
    text = json.dumps(samples.lm_eval(results={"answers": {"acc,none": 1}, "x": "LARGE"})).encode()
    head, _, tail = text.partition(b'"x": "LARGE"')
    task = b'"x": {"acc,none": [' + b"[]," * 300_000 + b"1]}"
    return head + task, b"," + task, tail


def _hostile_scores() -> tuple[bytes, bytes, bytes]:
    """Scorers with long names."""
    log = samples.inspect_log()
    scorer = log["results"]["scores"][0] | {"name": "n" * 1_000_000}
    log["results"]["scores"] = ["LARGE"]
    return _around(log, json.dumps(scorer).encode())


def _own() -> tuple[bytes, bytes, bytes]:
    line = samples.lines(samples.own(note=_TEXT))
    return line, line, line


def _one_line() -> tuple[bytes, bytes, bytes]:
    return b'{"model": "', _TEXT.encode(), b'"}\n' + samples.lines(samples.own())


@pytest.mark.parametrize(
    ("make", "name", "results"),
    [
        (_promptfoo, "a.json", 3),
        (_promptfoo_2, "a.json", 3),
        (_inspect, "a.json", 2),
        (_lm_eval, "a.json", 2),
        (_hostile_row, "a.json", 3),
        (_hostile_values, "a.json", 1),
        (_hostile_scores, "a.json", 0),
        (_own, "a.jsonl", 4),
        (_one_line, "a.jsonl", 1),
    ],
)
def test_a_file_of_64_mib_is_read_within_a_small_part_of_it(
    tmp_path: Path, make: Callable[[], tuple[bytes, bytes, bytes]], name: str, results: int
) -> None:
    head, unit, tail = make()
    piece = unit * max((1 << 20) // len(unit), 1)
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(head)
        while file.tell() < _LARGE:
            file.write(piece)
        file.write(tail)
    os.utime(path, (samples.NOW.timestamp(),) * 2)

    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path)],
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    found, grown, *tallies = done.stdout.split()
    assert int(found) == results
    assert tallies
    assert int(grown) < _MOST_MIB

"""Runs histories and shrinks the ones in which the product differs from the oracle.

Run as `python -m tests.oracle.run --histories 3000`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.oracle.history import History, history
from tests.oracle.producers.interface import Record
from tests.oracle.producers.registry import PRODUCERS
from tests.oracle.steps import Step, Write
from tests.oracle.world import World

_MOST_TRIES = 400


def differences(made: History) -> list[str]:
    """What the product counts in a history, and should not; an error of the product is one."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), made)
        try:
            return world.run()
        except Exception as error:  # noqa: BLE001  a history must end without one, whatever it is
            return [f"{type(error).__name__}: {error}"]


def shrunk(made: History, fails: Callable[[History], bool]) -> History:
    """A history with as few steps and records as still fail."""
    tries = 0
    size = max(1, len(made.steps) // 2)
    while size and tries < _MOST_TRIES:
        start = 0
        while start < len(made.steps) and tries < _MOST_TRIES:
            tries += 1
            fewer = made.but((*made.steps[:start], *made.steps[start + size :]))
            if fails(fewer):
                made = fewer
            else:
                start += size
        size //= 2
    changed = True
    while changed and tries < 2 * _MOST_TRIES:
        changed = False
        for index in range(len(made.steps)):
            for simpler in _simpler(made.steps[index]):
                tries += 1
                other = made.but((*made.steps[:index], simpler, *made.steps[index + 1 :]))
                if simpler != made.steps[index] and fails(other):
                    made, changed = other, True
                    break
    return made


def _simpler(step: Step) -> list[Step]:
    if not isinstance(step, Write):
        return []
    found: list[Step] = [replace(step, cut=None), replace(step, ended=True), replace(step, shuffled=None)]
    keys = dict.fromkeys(_key(line) for line in step.lines)
    for key in keys:
        kept = tuple(line for line in step.lines if _key(line) != key)
        found.append(replace(step, lines=kept))
        found.append(replace(step, cut=None, lines=kept))
    return found


def _key(line: Sequence[Record]) -> str:
    """What a line is of: the records of a call may need each other."""
    return " ".join(record.told.call.key if record.told.call else str(id(record)) for record in line)


def explained(made: History, found: list[str]) -> str:
    """A difference with the shortest history that shows it."""
    small = shrunk(made, lambda other: bool(differences(other)))
    lines = [f"{made.name}, seed {made.seed}:", *(f"  {one}" for one in found[:8]), f"  glob {small.glob}"]
    lines += [f"  shortest: {one}" for one in differences(small)[:8]]
    for step in small.steps:
        if not isinstance(step, Write):
            lines.append(f"    {step}")
            continue
        lines.append(f"    {replace(step, lines=())}")
        lines += [f"      {small.producer.line(line)!r}" for line in step.lines]
    return "\n".join(lines)


def main() -> None:
    """Run histories of every producer and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=3000, help="over all producers")
    parser.add_argument("--seed", type=int, default=1, help="the first one")
    parser.add_argument("--only", choices=sorted(PRODUCERS), nargs="*", default=list(PRODUCERS))
    parser.add_argument("--stop", type=int, default=3, help="after so many differences of one producer")
    options = parser.parse_args()
    started, total, records, wrong = time.monotonic(), 0, 0, 0
    for name in options.only:
        read = bad = number = 0
        for seed in range(options.seed, options.seed + -(-options.histories // len(options.only))):
            made = history(name, seed)
            found = differences(made)
            number += 1
            read += made.records
            if found:
                bad += 1
                print(explained(made, found), flush=True)
                if bad >= options.stop:
                    break
        print(f"{name:18} {number:6} histories, {read:8} records, {bad} differences", flush=True)
        total, records, wrong = total + number, records + read, wrong + bad
    print(f"{total} histories, {records} records, {wrong} differences, {time.monotonic() - started:.0f} s")
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main()

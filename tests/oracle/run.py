"""Runs histories and shrinks the ones in which the product differs from the oracle.

Run as `python -m tests.oracle.run --histories 3000`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
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
    """A history with as few steps and calls as still fail. All records of a call stay or go together."""
    tries, changed = 0, True
    while changed:
        changed = False
        for fewer in _fewer(made):
            tries += 1
            if tries > _MOST_TRIES:
                return made
            if fails(fewer):
                made, changed = fewer, True
                break
    return made


def _fewer(made: History) -> Iterator[History]:
    """Histories that are a little simpler, the simplest first."""
    keys = list(dict.fromkeys(_key(line) for step in made.steps if isinstance(step, Write) for line in step.lines))
    for gone in _pieces(len(keys)):
        left = {key for index, key in enumerate(keys) if index not in gone}
        steps = [_only(step, left) for step in made.steps]
        yield made.but(tuple(step for step in steps if step is not None))
    moves = [index for index, step in enumerate(made.steps) if not isinstance(step, Write)]
    for gone in _pieces(len(moves)):
        out = {moves[index] for index in gone}
        yield made.but(tuple(step for index, step in enumerate(made.steps) if index not in out))
    for index, step in enumerate(made.steps):
        if isinstance(step, Write):
            for plain in (
                replace(step, cut=None),
                replace(step, turn=None),
                replace(step, ended=True),
                replace(step, shuffled=None),
            ):
                if plain != step:
                    yield made.but((*made.steps[:index], plain, *made.steps[index + 1 :]))


def _pieces(number: int) -> Iterator[range]:
    """What may be left out of so many things: halves, then quarters, down to single ones."""
    size = number
    while size:
        for start in range(0, number, size):
            yield range(start, min(number, start + size))
        size //= 2


def _only(step: Step, keys: set[str]) -> Step | None:
    if not isinstance(step, Write):
        return step
    kept = tuple(line for line in step.lines if _key(line) in keys)
    return replace(step, lines=kept) if kept else None


def _key(line: Sequence[Record]) -> str:
    """What a line is of."""
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

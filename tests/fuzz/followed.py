"""The same damaged lines in a file that grows in pieces, is compressed and is read by an agent that dies."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, append, compress, compress_zstd
from tests.fuzz.mutations import mutate
from tests.fuzz.records import CANARY, HEADER, TOKENS, WITHOUT_TOKENS, record, settings

PACKS = (None, compress, compress_zstd)


def follow(name: str, lines: int, seed: int) -> int:
    """Follow a file of `lines` damaged lines of one format, each between two whole ones; gives the whole ones.

    Raises:
        AssertionError: a neighbour is lost or counted twice, or a text shows. It names format and seed.
    """
    chance = random.Random(f"{name} {seed} followed")
    where = f"{name}, seed {seed}, followed"
    parts = [HEADER] if name == "csv" else []
    for index in range(lines):
        whole, other = (record(name, f"m{which}{index}", "mutant") for which in "ab")
        parts += [record(name, f"n{index}", "neighbour"), mutate(chance, whole, other)]
    data = b"\n".join([*parts, record(name, "last", "neighbour"), b""])
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), config(path="*.log*", format=settings(name), system="bot"))
        log = Path(folder, "a.log")
        start = 0
        for end in [*sorted(chance.sample(range(len(data)), min(12, lines))), len(data)]:
            append(log, data[start:end])
            start = end
            if chance.random() < 0.4:
                bench.crash(1, committed=chance.random() < 0.5)
            else:
                bench.collect()
        pack = chance.choice(PACKS)
        if pack is not None:
            pack(log)
        bench.settle()
        near = [row for batch in bench.store.batches for row in batch.usage if row.model == "neighbour"]
        assert sum(row.inferences for row in near) == lines + 1, where
        if name not in WITHOUT_TOKENS:
            assert sum(row.input_tokens for row in near) == (lines + 1) * TOKENS, where
        assert bench.store.tallies[Result.COUNTED] >= lines + 1, where
        assert CANARY not in str(bench.store.problems), where
        assert all(CANARY.encode() not in value for value in bench.store.state.values()), where
    return lines + 1

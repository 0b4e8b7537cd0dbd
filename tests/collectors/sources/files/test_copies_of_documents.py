"""Copies of documents whose records have no id, while the original is written anew."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.collectors.sources.files.logs import config
from tests.collectors.sources.files.tailing import Bench, copytruncate
from tests.collectors.sources.files.test_rewritten import table


def records(numbers: Sequence[int]) -> list[dict[str, Any]]:
    return [{"ts": f"2026-03-{10 + n // 20}T{n % 20:02}:00:00Z", "n": 10, "app": f"r{n}"} for n in numbers]


def array(numbers: Sequence[int], version: int) -> bytes:
    return json.dumps(records(numbers), indent=[None, 1, 2][version]).encode()


def objects(numbers: Sequence[int], version: int) -> bytes:
    return b"".join(json.dumps(it, indent=1 + version).encode() + b"\n" for it in records(numbers))


def rows(numbers: Sequence[int], version: int) -> bytes:
    return table(records(numbers), [["ts", "n", "app"], ["a", "ts", "n", "app"], ["ts", "n", "app", "z"]][version])


Write = Callable[[Sequence[int], int], bytes]
SHAPES = pytest.mark.parametrize("write", [array, objects, rows])


def bench(folder: Path, write: Write) -> Bench:
    kind = {"type": "csv"} if write is rows else {"type": "jsonl", "framing": "json"}
    settings = kind | {"fields": {"time": "ts", "input_tokens": "n"}}
    return Bench(folder, config(path="*", format=settings, system="{app}"))


def once(numbers: Sequence[int]) -> dict[str, int]:
    return {f"r{number}": 1 for number in numbers}


def packed(one: Path, other: Path) -> None:
    other.write_bytes(gzip.compress(one.read_bytes()))


BACKUPS = pytest.mark.parametrize(
    ("name", "copy"),
    [("calls.1", shutil.copyfile), ("copy", shutil.copyfile), ("calls.1.gz", packed)],
    ids=["rotated", "beside", "compressed"],
)


@SHAPES
@BACKUPS
@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("number", [1, 3, 100])
def test_a_document_that_is_backed_up_before_each_change_counts_what_is_new_in_it(
    tmp_path: Path, write: Write, name: str, copy: Callable[[Path, Path], None], seen: bool, number: int
) -> None:
    made, path = bench(tmp_path, write), tmp_path / "calls"
    numbers = list(range(number))
    path.write_bytes(write(numbers, 0))
    for version, new in ((1, 201), (2, 202)):
        made.collect()
        copy(path, tmp_path / name)
        if seen:
            made.collect()
            made.restart()
        numbers.insert(0, new)
        path.write_bytes(write(numbers, version))

    made.collect()
    assert made.settle() == once(numbers)


@SHAPES
@pytest.mark.parametrize("name", ["calls.1", "copy"])
@pytest.mark.parametrize("replaced", [False, True])
def test_a_copy_of_a_document_that_only_grows_counts_nothing_again(
    tmp_path: Path, write: Write, name: str, replaced: bool
) -> None:
    made, path = bench(tmp_path, write), tmp_path / "calls"
    path.write_bytes(write([1, 2, 3], 0))
    made.collect()
    shutil.copyfile(path, tmp_path / name)
    for end in (5, 6):
        target = tmp_path / ".next" if replaced else path
        target.write_bytes(write(range(1, end), 0))
        target.replace(path)
        made.collect()
        made.restart()

    assert made.settle() == once(range(1, 6))


@SHAPES
def test_the_next_document_after_a_rotation_counts_also_what_says_the_same_as_before(
    tmp_path: Path, write: Write
) -> None:
    made, path = bench(tmp_path, write), tmp_path / "calls"
    path.write_bytes(write([1, 2, 3], 0))
    made.collect()
    copytruncate(path, tmp_path / "calls.1")
    path.write_bytes(write([3, 4, 5], 0))

    made.collect()
    assert made.settle() == once([1, 2, 4, 5]) | {"r3": 2}


@SHAPES
@pytest.mark.parametrize("committed", [False, True])
def test_a_run_that_dies_between_a_backup_and_its_original_counts_nothing_again(
    tmp_path: Path, write: Write, committed: bool
) -> None:
    made, path = bench(tmp_path, write), tmp_path / "calls"
    made.monotonic = itertools.count(0.0, 60.0).__next__  # each piece that is read is a batch
    path.write_bytes(write([1, 2, 3], 0))
    made.collect()
    shutil.copy2(path, tmp_path / "calls.1")
    path.write_bytes(write([0, 1, 2, 3], 1))
    made.crash(1, committed)

    made.collect()
    assert made.settle() == once(range(4))

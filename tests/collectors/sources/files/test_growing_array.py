"""A log that is kept as one JSON array: each write replaces the end of the one before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from leverwatch.collectors.interface import Result
from leverwatch.collectors.records.framing.values import element_end, separates, starts_array
from tests.collectors.sources.files.logs import FIELDS, config
from tests.collectors.sources.files.tailing import Bench, line
from tests.examples import examples

SETTINGS = config(path="*.json", format={"type": "jsonl", "fields": FIELDS, "framing": "json"}, system="{app}")
RECORDS = [json.loads(line(f"app{number}", pad="x" * number)) for number in range(12)]
LAYOUTS: dict[str, Callable[[list[Any]], bytes]] = {
    "compact": lambda records: json.dumps(records).encode(),
    "compact with a newline": lambda records: json.dumps(records).encode() + b"\n",
    "pretty": lambda records: json.dumps(records, indent=2).encode(),
    "pretty with a newline": lambda records: json.dumps(records, indent=4).encode() + b"\n",
    "one a line": lambda records: b"[\n" + b",\n".join(json.dumps(it).encode() for it in records) + b"\n]\n",
    "comma first": lambda records: b"[ " + b"\n, ".join(json.dumps(it).encode() for it in records) + b"\n]\n",
    "windows lines": lambda records: json.dumps(records, indent=1).replace("\n", "\r\n").encode() + b"\r\n",
    "after a mark": lambda records: b"\xef\xbb\xbf" + json.dumps(records, indent=2).encode() + b"\n",
}
LAYOUT = pytest.mark.parametrize("layout", LAYOUTS)


def in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def renamed(path: Path, data: bytes) -> None:
    (path.parent / "new.part").write_bytes(data)
    (path.parent / "new.part").rename(path)


def overwritten(path: Path, data: bytes) -> None:
    """Only the end is written, over what closed the array."""
    before = path.read_bytes() if path.exists() else b""
    same = next((at for at, (one, two) in enumerate(zip(before, data, strict=False)) if one != two), len(before))
    with path.open("r+b" if before else "wb") as file:
        file.seek(same)
        file.write(data[same:])


@LAYOUT
@pytest.mark.parametrize("write", [in_place, renamed, overwritten])
@pytest.mark.parametrize("quiet", [0, 600], ids=["busy", "quiet in between"])
def test_an_array_that_is_rewritten_as_it_grows_counts_every_element_once(
    tmp_path: Path, layout: str, write: Callable[[Path, bytes], None], quiet: int
) -> None:
    bench = Bench(tmp_path, SETTINGS)
    for number in range(len(RECORDS) + 1):
        write(tmp_path / "calls.json", LAYOUTS[layout](RECORDS[:number]))
        bench.wait(quiet)
        bench.collect()
        bench.restart()

    assert bench.settle() == {record["app"]: 1 for record in RECORDS}
    assert bench.store.tallies == {Result.COUNTED: len(RECORDS)}


@LAYOUT
@given(cuts=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2000)), max_size=6))
@hypothesis_settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_array_that_is_seen_half_written_counts_every_element_once(
    tmp_path_factory: pytest.TempPathFactory, layout: str, cuts: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("array")
    bench = Bench(folder, SETTINGS)
    write = LAYOUTS[layout]
    for number, cut in sorted(cuts):
        data = write(RECORDS[:number])
        (folder / "calls.json").write_bytes(data[: cut % (len(data) + 1)])
        bench.collect()
        (folder / "calls.json").write_bytes(data)
        bench.collect()
        bench.restart()
    (folder / "calls.json").write_bytes(write(RECORDS))

    assert bench.settle() == {record["app"]: 1 for record in RECORDS}
    # What is too short to show what it is the beginning of is read, and found to be counted.
    assert bench.store.tallies[Result.COUNTED] == len(RECORDS)


@LAYOUT
def test_an_array_that_does_not_change_is_not_opened_again(tmp_path: Path, layout: str) -> None:
    bench = Bench(tmp_path, SETTINGS)
    (tmp_path / "calls.json").write_bytes(LAYOUTS[layout](RECORDS))
    bench.collect()
    bench.settle()
    batches = len(bench.store.batches)
    bench.settle()

    assert len(bench.store.batches) == batches


def test_problems_name_the_lines_of_elements_that_came_with_later_writes(tmp_path: Path) -> None:
    bench = Bench(tmp_path, SETTINGS)
    for number in (1, 2):
        records = [*RECORDS[:number], {"app": "timeless"}] if number == 2 else RECORDS[:1]
        (tmp_path / "calls.json").write_bytes(json.dumps(records, indent=1).encode() + b"\n")
        bench.collect()

    found = json.dumps([*RECORDS[:2], {"app": "timeless"}], indent=1).split("\n")
    number = next(at for at, text in enumerate(found, 1) if "timeless" in text) - 1
    assert [problem.place.rpartition(":")[2] for problem in bench.store.problems] == [str(number)]


@pytest.mark.parametrize(
    ("data", "in_array", "end"),
    [
        (b'{"a": 1}\n', False, 9),
        (b'{"a": 1}\n', True, 8),
        (b'{"a": 1}\n]\n', False, 8),
        (b'{"a": 1},\n', False, 8),
        (b'[\n{"a": 1}' + b" " * 5000 + b"]", False, 10),
        (b"[\n ", True, 0),
    ],
)
def test_what_the_next_write_replaces_does_not_belong_to_an_element(data: bytes, in_array: bool, end: int) -> None:
    assert element_end(data, len(data), in_array) == end
    assert separates(data[end:])
    assert starts_array(data) == data.startswith(b"[")


@LAYOUT
@pytest.mark.parametrize("chunk", [60, 97, 256])
def test_an_array_that_is_read_in_small_pieces_counts_every_element_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, chunk: int
) -> None:
    monkeypatch.setattr("leverwatch.collectors.sources.files.read_context.CHUNK", chunk)
    bench = Bench(tmp_path, SETTINGS)
    for number in range(1, len(RECORDS) + 1, 2):
        (tmp_path / "calls.json").write_bytes(LAYOUTS[layout](RECORDS[:number]))
        bench.collect()
        bench.restart()

    assert bench.settle() == {record["app"]: 1 for record in RECORDS[:11]}
    assert bench.store.tallies == {Result.COUNTED: 11}

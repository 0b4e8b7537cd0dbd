"""Documents that are written anew as they grow: each version counts only what is new in it."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.aggregation import known_records
from leverwatch.collectors.errors import SourceIncomplete
from leverwatch.collectors.interface import Result
from tests.collectors.sources.files.logs import config, csv_config
from tests.collectors.sources.files.tailing import Bench, append, copytruncate

CALLS: list[dict[str, Any]] = [
    {
        "TIMESTAMP": f"2026-03-10T0{number % 10}:00:0{number % 7}Z",
        "ContextTokens": 10 + number,
        "GeneratedTokens": 5,
    }
    for number in range(20)
]


def table(records: list[Any], columns: list[str], **style: Any) -> bytes:
    made = io.StringIO()
    writer = csv.writer(made, **style)
    writer.writerow(columns)
    writer.writerows([[record.get(column, "x") for column in columns] for record in records])
    return made.getvalue().encode()


COLUMNS = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"]
VERSIONS: list[tuple[list[str], dict[str, Any]]] = [
    (COLUMNS, {}),
    ([*COLUMNS, "note"], {}),
    (["note", *COLUMNS, "more"], {}),
    (["note", *COLUMNS], {"lineterminator": "\n"}),
    (COLUMNS, {"quoting": csv.QUOTE_ALL}),
]


@pytest.mark.parametrize("renamed", [True, False])
@pytest.mark.parametrize("crash", [None, True, False], ids=["whole runs", "killed after", "killed before"])
def test_a_csv_file_that_gains_columns_counts_every_row_once(
    tmp_path: Path, renamed: bool, crash: bool | None
) -> None:
    bench, path = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "calls.csv"
    for number, (columns, style) in enumerate(VERSIONS, start=1):
        target = tmp_path / "next" if renamed else path
        target.write_bytes(table(CALLS[: 4 * number], columns, **style))
        target.rename(path)
        if crash is not None:
            bench.crash(1, crash)
        bench.collect()
        bench.restart()

    assert bench.settle() == {"code": 20}
    assert bench.store.input_tokens == sum(record["ContextTokens"] for record in CALLS)


def test_rows_that_say_the_same_count_as_often_as_a_version_has_them(tmp_path: Path) -> None:
    bench, path = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "calls.csv"
    path.write_bytes(table([CALLS[0]] * 3, COLUMNS))
    bench.collect()
    path.write_bytes(table([CALLS[0]] * 5, ["note", *COLUMNS]))

    assert bench.collect() == {"code": 5}


@pytest.mark.parametrize("columns", [COLUMNS, ["note", *COLUMNS]])
def test_a_csv_file_whose_last_row_had_no_end_counts_it_once_when_it_is_rewritten(
    tmp_path: Path, columns: list[str]
) -> None:
    bench, path = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "calls.csv"
    path.write_bytes(table(CALLS[:3], COLUMNS).rstrip())
    bench.collect()
    bench.settle()
    path.write_bytes(table(CALLS[:5], columns))
    bench.collect()

    assert bench.settle() == {"code": 5}


def test_a_csv_log_that_is_copied_and_truncated_counts_rows_that_say_the_same_again(tmp_path: Path) -> None:
    bench, path = Bench(tmp_path, csv_config(path="calls.csv")), tmp_path / "calls.csv"
    path.write_bytes(table(CALLS[:3], COLUMNS))
    bench.collect()
    copytruncate(path, tmp_path / "calls.csv.1")
    append(path, table([*CALLS[1:3], *CALLS[4:6]], COLUMNS))

    assert bench.collect() == {"code": 7}


EXPORT = config(
    path="*.json",
    format={"type": "jsonl", "fields": {"time": "ts", "input_tokens": "n"}, "framing": "json"},
    system="s",
)
RECORDS: list[dict[str, Any]] = [
    {"ts": f"2026-03-10T0{number % 10}:00:00Z", "n": 100 + number} for number in range(12)
]


def dumped(records: list[Any], indent: int | None = 2) -> bytes:
    return json.dumps(records, indent=indent).encode()


Rewrite = Callable[[int], bytes]
WAYS: dict[str, Rewrite] = {
    "newest first": lambda number: dumped(RECORDS[:number][::-1]),
    "another layout each time": lambda number: dumped(RECORDS[:number], number % 5 or None),
    "the last five only": lambda number: dumped(RECORDS[max(0, number - 5) : number]),
    "another field in front": lambda number: dumped(
        [{"version": number, **record} for record in RECORDS[:number]]
    ),
    "objects without an array": lambda number: b"\n".join(
        json.dumps({"of": number, **record}, indent=1).encode() for record in RECORDS[:number]
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_export_that_is_written_anew_counts_what_is_new_in_it(tmp_path: Path, way: str) -> None:
    bench, path = Bench(tmp_path, EXPORT), tmp_path / "export.json"
    for number in range(1, len(RECORDS) + 1):
        data = WAYS[way](number)
        path.write_bytes(data[: len(data) * 2 // 3])
        bench.collect()
        path.write_bytes(b"")
        bench.collect()
        path.write_bytes(data)
        bench.collect()
        bench.restart()

    assert bench.settle() == {"s": 12}
    assert bench.store.input_tokens == sum(record["n"] for record in RECORDS)


@pytest.mark.parametrize("indent", [2, None])
def test_a_record_at_the_end_of_an_array_that_grows_itself_is_put_right(
    tmp_path: Path, indent: int | None
) -> None:
    bench, path = Bench(tmp_path, EXPORT), tmp_path / "export.json"
    records: list[Any] = []
    for record in RECORDS:
        for tokens in (1, 7, record["n"]):
            path.write_bytes(dumped([*records, {**record, "n": tokens}], indent))
            bench.collect()
            bench.restart()
        records.append(record)

    assert bench.settle() == {"s": 12}
    assert bench.store.input_tokens == sum(record["n"] for record in RECORDS)


def test_a_file_of_one_record_that_is_written_anew_counts_each_call_once(tmp_path: Path) -> None:
    bench, path = Bench(tmp_path, EXPORT), tmp_path / "last.json"
    for record in RECORDS[:4]:
        for tokens in (1, record["n"]):
            path.write_bytes(json.dumps({**record, "n": tokens, "pad": "x" * tokens}).encode())
            bench.collect()
            bench.restart()

    assert bench.settle() == {"s": 4}
    assert bench.store.input_tokens == sum(record["n"] for record in RECORDS[:4])


def document(number: int) -> bytes:
    traces = [
        {
            "id": f"t{at}",
            "timestamp": f"2026-03-{1 + at:02d}T08:00:00Z",
            "observations": [
                {
                    "id": f"o{at}",
                    "traceId": f"t{at}",
                    "type": "GENERATION",
                    "startTime": f"2026-03-{1 + at:02d}T08:00:00Z",
                    "endTime": f"2026-03-{1 + at:02d}T08:00:01Z",
                    "model": "gpt-4o",
                    "usage": {"input": 10, "output": 5, "unit": "TOKENS"},
                }
            ],
        }
        for at in range(number)
    ]
    observations = [one for trace in traces for one in trace["observations"]]
    return json.dumps({"meta": {"totalItems": number}, "data": observations}, indent=1).encode()


def test_an_object_around_the_records_that_is_rewritten_counts_each_of_them_once(tmp_path: Path) -> None:
    bench, path = Bench(tmp_path, config(path="*.json", format="langfuse", system="s")), tmp_path / "export.json"
    for number in range(1, 9):
        path.write_bytes(document(number))
        bench.collect()
        bench.restart()

    assert bench.settle() == {"s": 8}


def test_a_large_document_that_is_rewritten_is_refused_by_name_and_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_records, "MOST", 10)
    bench, path = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "calls.csv"
    path.write_bytes(table(CALLS[:15], COLUMNS))
    bench.collect()
    append(path, table(CALLS[15:16], COLUMNS).split(b"\r\n", 1)[1])
    assert bench.collect() == {"code": 16}
    path.write_bytes(table(CALLS, ["note", *COLUMNS]))
    for _ in range(2):
        with pytest.raises(SourceIncomplete, match=r"calls\.csv: .*was rewritten"):
            bench.collect()
        bench.restart()
    assert bench.store.counted() == {"code": 16}
    path.write_bytes(table(CALLS[17:], ["note", *COLUMNS]))
    with suppress(SourceIncomplete):  # it has nothing of what it had before
        bench.collect()

    assert bench.collect() == {"code": 19}


def test_what_is_known_of_documents_is_bounded_and_goes_with_them(tmp_path: Path) -> None:
    bench, path = Bench(tmp_path, csv_config(path="*.csv")), tmp_path / "calls.csv"
    rows = [{**CALLS[0], "ContextTokens": number} for number in range(known_records.MOST + 2000)]
    path.write_bytes(table(rows, COLUMNS))
    bench.collect()
    (value,) = (value for key, value in bench.store.state.items() if key.startswith("version/"))
    assert len(value) < 8 * known_records.SAMPLE * 4 // 3 + 200
    path.rename(tmp_path / "calls.csv.1")
    bench.collect()

    assert not [key for key in bench.store.state if key.startswith("version/")]
    assert bench.store.tallies[Result.COUNTED] == len(rows)


def test_a_record_that_was_refused_counts_when_a_later_version_has_it_and_it_can_be_read(tmp_path: Path) -> None:
    bench, path = Bench(tmp_path, EXPORT), tmp_path / "export.json"
    bench.offset = -3 * 86400.0
    ahead = {"ts": datetime.fromtimestamp(bench.now().timestamp() + 86400, UTC).isoformat(), "n": 5}
    path.write_bytes(dumped([RECORDS[0], ahead]))
    assert bench.collect() == {"s": 1}
    assert bench.store.tallies[Result.FUTURE] == 1
    bench.wait(2 * 86400)
    path.write_bytes(dumped([ahead, RECORDS[0]]))

    assert bench.collect() == {"s": 2}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_compressed_document_that_is_written_anew_counts_each_record_once(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "export.json.packed"
    bench = Bench(tmp_path, EXPORT.model_copy(update={"path": "*.packed"}))
    for number in range(1, len(RECORDS) + 1):
        for way in ("another layout each time", "newest first" if number % 3 == 0 else "another layout each time"):
            path.write_bytes(pack(WAYS[way](number)))
            bench.collect()
            bench.restart()

    assert bench.settle() == {"s": 12}


WITH_IDS = config(
    path="*.json",
    format={
        "type": "jsonl",
        "fields": {"time": "ts", "input_tokens": "n", "request_id": "id"},
        "framing": "json",
    },
    system="s",
)


@pytest.mark.parametrize("order", list(itertools.permutations((0, 1, 2))))
@pytest.mark.parametrize("restarts", [False, True])
def test_a_document_that_began_as_another_one_does_counts_each_record_once_when_it_is_written_anew(
    tmp_path: Path, order: tuple[int, ...], restarts: bool
) -> None:
    bench = Bench(tmp_path, WITH_IDS)
    records = [{**RECORDS[0], "id": "first"}, *RECORDS[1:3]]
    values = [json.dumps(record, indent=1).encode() + b"\n" for record in records]
    (tmp_path / "day.json").write_bytes(values[0])
    (tmp_path / "week.json").write_bytes(values[0] + values[1])
    assert bench.settle() == {"s": 2}
    if restarts:
        bench.restart()
    (tmp_path / "week.json").write_bytes(b"".join(values[number] for number in order))

    bench.collect()
    assert bench.settle() == {"s": 3}
    assert bench.store.input_tokens == sum(record["n"] for record in RECORDS[:3])


def test_a_document_that_was_moved_counts_what_is_new_in_it_and_the_next_one_at_its_old_path_all(
    tmp_path: Path,
) -> None:
    bench, path, moved = Bench(tmp_path, EXPORT), tmp_path / "export.json", tmp_path / "march.json"
    path.write_bytes(dumped(RECORDS[:4]))
    bench.collect()
    path.rename(moved)
    bench.collect()
    bench.restart()
    moved.write_bytes(dumped(RECORDS[:6][::-1]))
    assert bench.collect() == {"s": 6}
    path.write_bytes(dumped(RECORDS[6:]))

    assert bench.settle() == {"s": 12}


def test_a_log_that_began_as_another_one_does_and_is_rotated_is_not_said_to_be_replaced(tmp_path: Path) -> None:
    bench = Bench(tmp_path, WITH_IDS.model_copy(update={"path": "*.log"}))
    lines = [json.dumps({"id": f"id-{record['n']}", **record}).encode() + b"\n" for record in RECORDS]
    append(tmp_path / "one.log", lines[0])
    append(tmp_path / "two.log", lines[0] + lines[1] + lines[2])
    bench.settle()
    copytruncate(tmp_path / "two.log", tmp_path / "two.log.1")
    append(tmp_path / "two.log", lines[3] + lines[4])

    assert bench.settle() == {"s": 5}

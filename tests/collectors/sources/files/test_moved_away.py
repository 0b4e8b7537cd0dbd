"""Logs that rotation moves into another folder, or gives a name without a number."""

from __future__ import annotations

import bz2
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from leverwatch.collectors.errors import SourceIncomplete
from tests.collectors.sources.files.logs import FIELDS
from tests.collectors.sources.files.tailing import Bench, append, line
from tests.collectors.sources.files.test_rotation import all_once, many


@pytest.mark.parametrize(
    "name", ["app.jsonl.old", "old/app.jsonl.1", "archive/app-20260310.jsonl", "../old/app.jsonl.1"]
)
def test_a_log_that_was_moved_with_unread_lines_is_finished_there(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    bench, log = Bench(folder), folder / "app.jsonl"
    append(log, many("a", 5))
    bench.collect()
    append(log, many("b", 5))
    (folder / name).parent.mkdir(exist_ok=True)
    log.rename(folder / name)
    append(log, many("c", 5))

    assert bench.collect() == all_once(a=5, b=5, c=5)
    append(folder / name, many("d", 1))
    bench.restart()
    assert bench.settle() == all_once(a=5, b=5, c=5, d=1)


@pytest.mark.parametrize("change", ["moved", "truncated", "deleted"])
@pytest.mark.parametrize("framing", ["lines", "json"])
def test_a_log_that_was_replaced_and_is_nowhere_else_is_named_once(
    tmp_path: Path, change: str, framing: str
) -> None:
    format_ = {"type": "jsonl", "fields": FIELDS, "framing": framing}
    bench, log = Bench(tmp_path, format=format_), tmp_path / "app.jsonl"
    append(log, many("a", 5))
    bench.collect()
    append(log, many("b", 5))
    if change == "moved":
        (tmp_path / "elsewhere").mkdir()
        log.rename(tmp_path / "elsewhere" / "app.jsonl.1")
    elif change == "truncated":
        os.truncate(log, 0)
    else:
        log.unlink()
    append(log, many("c", 5))

    with pytest.raises(SourceIncomplete, match=r"app\.jsonl: it was replaced or truncated"):
        bench.collect()
    bench.restart()
    assert bench.settle() == all_once(a=5, c=5)


@pytest.mark.parametrize("framing", ["lines", "json"])
def test_a_log_that_is_deleted_is_not_named(tmp_path: Path, framing: str) -> None:
    format_ = {"type": "jsonl", "fields": FIELDS, "framing": framing}
    bench, log = Bench(tmp_path, format=format_), tmp_path / "app.jsonl"
    append(log, many("a", 5))
    bench.collect()
    log.unlink()
    append(tmp_path / "next.jsonl", many("b", 5))

    assert bench.collect() == all_once(a=5, b=5)


def test_logs_of_others_in_a_folder_of_old_logs_are_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (tmp_path / "old").mkdir()
    bench, log = Bench(folder), folder / "app.jsonl"
    append(log, many("a", 5))
    bench.collect()
    append(tmp_path / "old" / "app.jsonl.2", many("x", 5))
    log.rename(tmp_path / "old" / "app.jsonl.1")
    append(log, many("c", 5))

    assert bench.collect() == all_once(a=5, c=5)


@pytest.mark.parametrize(("pack", "end"), [(bz2.compress, ".bz2"), (lzma.compress, ".xz")])
def test_an_archive_of_any_kind_is_read_as_it_arrives_in_pieces_of_several_members(
    tmp_path: Path, pack: Callable[[bytes], bytes], end: str
) -> None:
    bench, log = Bench(tmp_path, path="*.jsonl*"), tmp_path / f"app.jsonl{end}"
    data = pack(many("a", 3000)) + pack(many("b", 3))
    for cut in (1, 8, len(data) // 2, len(data) - 3, len(data)):
        log.write_bytes(data[:cut])
        bench.collect()
        bench.restart()
    append(log, pack(many("c", 2)))

    assert bench.settle() == all_once(a=3000, b=3, c=2)


@pytest.mark.parametrize(("pack", "end"), [(bz2.compress, ".bz2"), (lzma.compress, ".xz")])
def test_damage_in_an_archive_of_any_kind_is_one_torn_line(
    tmp_path: Path, pack: Callable[[bytes], bytes], end: str
) -> None:
    bench, log = Bench(tmp_path, path="*.jsonl*"), tmp_path / f"app.jsonl{end}"
    data = pack(line("a"))
    log.write_bytes(data + data[: len(data) // 2] + b"x" * 60)
    bench.collect()

    assert bench.settle() == {"a": 1}
    assert {str(result): number for result, number in bench.store.tallies.items()} == {
        "counted": 1,
        "torn_line": 1,
    }


def test_xz_that_asks_for_too_much_memory_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leverwatch.collectors.content.reader.MOST_XZ_MEMORY", 1 << 16)
    bench = Bench(tmp_path, path="*.jsonl*")
    (tmp_path / "app.jsonl.xz").write_bytes(lzma.compress(line("a")))

    with pytest.raises(Exception, match=r"app\.jsonl\.xz: needs more than .* MiB of memory"):
        bench.collect()

"""A part of the newest file is read as the whole of it would be, and nothing is counted."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext, Result
from leverwatch.collectors.sampled import Sampled
from leverwatch.collectors.sources.files import sample
from leverwatch.collectors.sources.files.collector import FilesCollector
from tests.collectors.sources.files.logs import NOW, config, csv_config, record

CSV = b"TIMESTAMP,ContextTokens,GeneratedTokens\n" + b"2026-03-10 08:00:00,3,4\n" * 3


def sampled(folder: Path, **settings: Any) -> Sampled:
    made = settings.pop("made", config)(path="*.log*", **settings)
    return FilesCollector(made, CollectorContext(folder, folder, lambda: NOW)).sample()


def calls(found: Sampled) -> dict[str, float]:
    return {row.system: row.inferences for row in found.usage}


@pytest.mark.parametrize("ending", [b"\n", b""], ids=["a last line with its end", "without"])
def test_a_short_file_is_read_as_a_whole(tmp_path: Path, ending: bytes) -> None:
    (tmp_path / "a.log").write_bytes((record() * 4).rstrip() + ending)

    found = sampled(tmp_path)

    assert (calls(found), found.part, found.tallies) == ({"bot": 4}, "all of it", {Result.COUNTED: 4})


def test_of_a_long_log_the_end_is_read_and_of_a_table_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "MOST_BYTES", 1 << 20)
    one = record(app="new", pad="x" * 1000)
    (tmp_path / "a.log").write_bytes(record(app="old") * 20_000 + one * 2000)
    log = sampled(tmp_path)
    (tmp_path / "a.log").unlink()
    (tmp_path / "b.log").write_bytes(CSV + b"2026-03-10 08:00:00,3,4\n" * 60_000)
    table = sampled(tmp_path, made=csv_config)

    assert log.part == "the last 1 MiB"
    assert calls(log) == {"new": (1 << 20) // len(one)}
    assert log.problems == ()
    assert table.part == "the first 1 MiB"
    assert calls(table) == {"code": ((1 << 20) - CSV.index(b"2026")) // 24}


def test_a_packed_file_and_objects_over_several_lines_are_read(tmp_path: Path) -> None:
    text = b'{\n  "ts": "2026-03-10T08:00:00Z",\n  "app": "bot"\n}\n'
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(text * 3))
    form = {"type": "jsonl", "framing": "json", "fields": {"time": "ts"}}

    assert calls(sampled(tmp_path, format=form)) == {"bot": 3}


def test_the_folder_of_the_file_names_its_system(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(record())

    assert calls(sampled(tmp_path, system="{path.parent}")) == {tmp_path.name: 1}


def test_why_there_is_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="nothing matches its path"):
        sampled(tmp_path)
    (tmp_path / "a.log").write_bytes(b"when,what\n1,2\n")
    with pytest.raises(SourceRefused, match=r"a\.log:1: no column"):
        sampled(tmp_path, made=csv_config)


def test_a_source_counts_all_of_it_after_a_look(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(record(id="r") + record())
    collector = FilesCollector(config(path="*.log"), CollectorContext(tmp_path, tmp_path, lambda: NOW))

    assert calls(collector.sample()) == calls(collector.sample()) == {"bot": 2}

"""What the globs of a source match, and which of them matched nothing although they should."""

from __future__ import annotations

from pathlib import Path

from leverwatch.collectors.interface import Matched
from tests.collectors.sources.files.tailing import Bench, append, line


def test_globs_are_looked_at_by_each_run(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path=("a/*.jsonl", "b/*.jsonl"))
    assert bench.collector.matched() is None, "it has not looked yet"
    (tmp_path / "a").mkdir()
    append(tmp_path / "a/one.jsonl", line("bot"))
    append(tmp_path / "a/two.jsonl", line("bot"))

    bench.collect()
    first = bench.collector.matched()
    (tmp_path / "b").mkdir()
    append(tmp_path / "b/one.jsonl", line("bot"))
    bench.collect()

    assert first == Matched(2, ("b/*.jsonl",))
    assert bench.collector.matched() == Matched(3)


def test_a_glob_whose_files_were_rotated_away_is_none_without_a_file_until_they_are_gone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, path="./logs/*.jsonl")
    (tmp_path / "logs").mkdir()
    append(tmp_path / "logs/app.jsonl", line("bot"))
    bench.collect()

    (tmp_path / "logs/app.jsonl").rename(tmp_path / "logs/app.jsonl.1")
    bench.collect()
    rotated = bench.collector.matched()
    (tmp_path / "logs/app.jsonl.1").unlink()
    bench.collect()

    assert rotated == Matched(0)
    assert bench.collector.matched() == Matched(0, ("./logs/*.jsonl",))

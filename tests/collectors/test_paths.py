from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest

from leverwatch.collectors.content.reader import FileReader, Moved
from leverwatch.collectors.errors import SourceIncomplete, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.listing import MOST_LEVELS
from leverwatch.collectors.paths import discover, is_rotated, live_path, look
from leverwatch.collectors.sniffing.sniff import read_sample
from leverwatch.collectors.sources.files.collector import FilesCollector
from tests.collectors.sources.files.tailing import Bench, append, line


@pytest.mark.parametrize(
    "name",
    [
        "app.log.1",
        "app.log.10.gz",
        "app.log.gz",
        "app.log-20261123",
        "app.log-20261123.zst",
        "app.log.2026-11-23T08:00",
        "app-20261123.log",
        "app-2026-11-23.log.gz",
        "app.1.log",
        "app.log.old",
        "app.log.old.gz",
        "app.log.1.bz2",
        "app.log-20261123.xz",
    ],
)
def test_what_rotation_makes_of_a_name_is_a_rotated_part(name: str) -> None:
    assert is_rotated("app.log", name)


@pytest.mark.parametrize(
    "name",
    ["app.log", "app-2.log", "app-12345.log", "app.log.bak", "app.log2", "apple.log", "other.log.1", "app-.log"],
)
def test_another_log_is_no_rotated_part(name: str) -> None:
    assert not is_rotated("app.log", name)


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("app.log", "app.log"),
        ("app.log.1", "app.log"),
        ("app.log.12.gz", "app.log"),
        ("app.log.old", "app.log"),
        ("app.log-20260310.xz", "app.log"),
        ("app-20260310.log", "app.log"),
        ("app-2.log", "app-2.log"),
        ("part-0001.log.3", "part-0001.log"),
    ],
)
def test_the_name_of_a_rotated_part_says_of_which_log_it_is(name: str, live: str) -> None:
    assert live_path(f"/logs/{name}") == f"/logs/{live}"


def test_a_file_that_was_replaced_since_it_was_found_is_not_read_as_the_one_found(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text("old")
    found = look(str(path))
    assert found is not None
    (tmp_path / "new").write_text("new")
    (tmp_path / "new").replace(path)

    with pytest.raises(Moved):
        FileReader(found)


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


NAMES = (
    "a.jsonl",
    "b.log",
    ".hidden.jsonl",
    "sub/c.jsonl",
    "sub/.d/e.jsonl",
    "sub/deep/f.jsonl",
    "x[1].jsonl",
    "s*/g.jsonl",
)
PATTERNS = (
    "*.jsonl", "**/*.jsonl", "**", "sub/**", "*/*.jsonl", "**/deep/*", "sub/**/*.jsonl", "**/**/*.jsonl",
    "missing/*.jsonl", ".*", "x[[]1].jsonl", "s[*]/g.jsonl", "[ab].*", "sub/./c.jsonl", "sub/../a.jsonl",
    "a.jsonl", "sub//c.jsonl", "**/.d/*", "sub/.d/*", "a.jsonl/*", "*/", "?.jsonl", "link/*", "*/f.jsonl",
    "sub/*/../c.jsonl",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("absolute", [True, False])
def test_a_pattern_finds_the_files_that_the_globs_of_python_find(
    tmp_path: Path, pattern: str, absolute: bool
) -> None:
    base = tmp_path / "ba[s]e"
    for name in NAMES:
        write(base / name)
    (base / "link").symlink_to("sub/deep")
    full = f"{glob.escape(str(base))}/{pattern}"

    found = discover([full if absolute else pattern], base)

    expected = {Path(path).resolve() for path in glob.iglob(full, recursive=True)}  # noqa: PTH207 - what it is judged by
    assert {it.path for it in found.files} == {str(path) for path in expected if path.is_file()}
    assert not found.failures


def test_links_to_folders_are_not_followed_by_two_stars_and_are_by_a_level_of_a_pattern(tmp_path: Path) -> None:
    real = write(tmp_path / "elsewhere/a.jsonl")
    write(tmp_path / "logs/b.jsonl")
    (tmp_path / "logs/link").symlink_to(real.parent)

    assert [Path(it.path).name for it in discover(["logs/**/*.jsonl"], tmp_path).files] == ["b.jsonl"]
    assert [Path(it.path).name for it in discover(["logs/*/*.jsonl"], tmp_path).files] == ["a.jsonl"]
    assert [Path(it.path).name for it in discover(["logs/link/**"], tmp_path).files] == ["a.jsonl"]


@pytest.mark.parametrize("pattern", ["**", "**/*.jsonl", "**/**/*.jsonl", "**/deep/**/*.jsonl"])
def test_links_in_a_circle_end(tmp_path: Path, pattern: str) -> None:
    path = write(tmp_path / "deep/a.jsonl")
    for name in ("one", "two", "three"):
        (tmp_path / name).symlink_to(".")
        (tmp_path / "deep" / name).symlink_to("..")

    assert [it.path for it in discover([pattern], tmp_path).files] == [str(path)]


def test_each_folder_is_listed_once_by_two_stars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        write(tmp_path / f"d{number}/e/f/a.jsonl")
    listed: list[str] = []
    real = os.scandir

    def scandir(folder: str) -> object:
        listed.append(folder)
        return real(folder)

    monkeypatch.setattr(os, "scandir", scandir)

    assert len(discover(["**"], tmp_path).files) == 20
    assert len(listed) == len(set(listed)) == 61


def test_folders_too_far_below_are_named_and_the_others_are_read(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * MOST_LEVELS)
    write(deep / "a.jsonl")
    write(deep / "d/b.jsonl")
    found = discover(["**/*.jsonl"], tmp_path)

    assert [it.path for it in found.files] == [str(deep / "a.jsonl")]
    assert found.failures == {str(deep / "d"): f"more than {MOST_LEVELS} folders below {tmp_path}"}


BAD = (
    b"a\xff.jsonl",
    b"a\nb.jsonl",
    b"a\x1b[31m.jsonl",
    b"a\x7f.jsonl",
    "a\u2028.jsonl".encode(),
    "a\x85.jsonl".encode(),
)


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_cannot_be_stored_is_refused_by_its_escaped_name_and_all_others_are_read(
    tmp_path: Path, name: bytes
) -> None:
    bad = tmp_path / os.fsdecode(name)
    append(bad, line("bad"))
    write(tmp_path / os.fsdecode(b"in" + name) / "x.jsonl", line("bad").decode())
    append(tmp_path / "good.jsonl", line("good"))
    append(tmp_path / "Köln 日志.jsonl", line("other"))
    (tmp_path / "link.jsonl").symlink_to(bad)
    bench = Bench(tmp_path, path="**/*.jsonl")

    for _ in range(2):
        with pytest.raises(SourceIncomplete) as error:
            bench.collect()
        assert bench.store.counted() == {"good": 1, "other": 1}
        text = str(error.value)
        assert text.isprintable()
        assert text.count("not UTF-8" if b"\xff" in name else "control characters") == 3
        assert "link.jsonl" in text
        assert "\\" in text
        bench.restart()


def test_a_link_whose_name_cannot_be_stored_leaves_its_file_to_its_own_name(tmp_path: Path) -> None:
    append(tmp_path / "good.jsonl", line("good"))
    (tmp_path / os.fsdecode(b"\xff.jsonl")).symlink_to("good.jsonl")

    assert Bench(tmp_path).collect() == {"good": 1}


def test_a_list_of_files_can_be_stopped_and_then_nothing_of_it_is_used(tmp_path: Path) -> None:
    for number in range(50):
        write(tmp_path / f"d{number}/a.jsonl", line(f"s{number}").decode())
    bench = Bench(tmp_path, path="**/*.jsonl")
    asked = iter([False] * 30 + [True] * 1000)
    context = CollectorContext(tmp_path, tmp_path / "cache", bench.now, {}, stopping=asked.__next__)

    with pytest.raises(SourceUnavailable, match="told to stop"):
        list(FilesCollector(bench.settings, context).collect(bench.store.source_state()))
    assert len(bench.collect()) == 50


def test_a_sample_of_a_file_whose_name_cannot_be_shown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match=r"\\xff: the name is not UTF-8"):
        read_sample(tmp_path / os.fsdecode(b"\xff"))


def test_a_pattern_without_a_file_is_named_unless_rotation_is_yet_to_make_its_files(tmp_path: Path) -> None:
    for name in ("app.log", "old/web.log.1", "gone.log.2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        append(tmp_path / name, line("bot"))
    (tmp_path / "folder.log").mkdir()

    def empty(*patterns: str) -> tuple[str, ...]:
        return discover(patterns, tmp_path).empty

    assert empty("*.log") == ()
    assert empty("*.jsonl", "no/such/*.log", str(tmp_path / "nor.log")) == (
        "*.jsonl",
        "no/such/*.log",
        str(tmp_path / "nor.log"),
    )
    assert empty("folder.log", "folder*") == ("folder.log", "folder*"), "a folder is no file"
    assert empty("*.log", "*.log.gz", "app.log.[0-9]", "app.log-*", "archive/*.zst") == ()
    assert empty("*.log.gz") == ("*.log.gz",)
    assert empty("app", "apple/*.log") == ("app", "apple/*.log")
    assert empty("gone.log", "web.log") == (), "rotation moved them, and they are written again"

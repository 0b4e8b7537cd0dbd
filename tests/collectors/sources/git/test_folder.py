from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.sources.git.folder import Held, held, make_private, make_trusted, size, sweep
from tests.collectors.sources.git.http import git_server
from tests.collectors.sources.git.repo import Repo, Watch, watch

SOMEBODY = 65534


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.fixture
def source(repo: Repo, tmp_path: Path) -> Watch:
    repo.commit({"a.md": "1"})
    return watch(repo.path.as_uri(), tmp_path)


def copy_of(source: Watch) -> Path:
    (folder,) = (path for path in source.context.cache_dir.iterdir() if path.is_dir())
    return folder


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_the_cache_and_its_copies_are_their_users_alone_whatever_the_umask_is(source: Watch, umask: int) -> None:
    before = os.umask(umask)
    try:
        source.collect()
    finally:
        os.umask(before)

    assert mode(source.context.cache_dir) == 0o700
    assert mode(copy_of(source)) == 0o700
    assert source.events() == [(0, "added", 1)]


def test_a_cache_of_an_earlier_version_is_mended(source: Watch) -> None:
    source.collect()
    source.context.cache_dir.chmod(0o777)
    copy_of(source).chmod(0o755)

    source.collect()

    assert mode(source.context.cache_dir) == 0o755
    assert mode(copy_of(source)) == 0o700


def test_a_cache_folder_that_others_may_write_to_is_mended_and_one_of_the_systems_kind_is_left() -> None:
    make_trusted(Path("/tmp"))

    assert mode(Path("/tmp")) & 0o1000


@pytest.mark.parametrize("what", ["cache", "copy"])
def test_a_folder_of_another_user_is_refused(source: Watch, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source.collect()
    if os.geteuid() == 0:
        os.chown(source.context.cache_dir if what == "cache" else copy_of(source), SOMEBODY, SOMEBODY)
    else:  # only root can give a folder away; to another user, both are somebody else's
        monkeypatch.setattr("leverwatch.collectors.sources.git.folder.os.geteuid", lambda: SOMEBODY)

    with pytest.raises(SourceRefused, match=r"source prompts: .* cannot be protected: .* belongs to another user"):
        source.collect()


def test_a_copy_that_became_a_link_is_refused_and_what_it_leads_to_stays(source: Watch, tmp_path: Path) -> None:
    source.collect()
    copy, elsewhere = copy_of(source), tmp_path / "elsewhere"
    copy.rename(elsewhere)
    copy.symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))

    with pytest.raises(SourceRefused, match="is a link"):
        source.collect()
    assert sorted(elsewhere.rglob("*")) == before


def test_a_private_folder_is_made_and_mended(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    make_private(folder)
    folder.chmod(0o777)
    make_private(folder)

    assert mode(folder) == 0o700


def _hold(file: Path, ready: object, release: object) -> None:
    with held(file, 0, lambda: False):
        ready.set()  # type: ignore[attr-defined]
        release.wait(60)  # type: ignore[attr-defined]


def test_two_processes_never_use_one_copy_at_the_same_time(source: Watch) -> None:
    source.collect()
    context = multiprocessing.get_context("spawn")
    ready, release = context.Event(), context.Event()
    lock = copy_of(source).with_name(f"{copy_of(source).name}.lock")
    other = context.Process(target=_hold, args=(lock, ready, release))
    other.start()
    try:
        assert ready.wait(60)
        source.restart(timeout="1s")
        with pytest.raises(SourceUnavailable, match="another process reads the same source"):
            source.collect()
        with pytest.raises(Held), held(lock, 60, lambda: True):
            pass
    finally:
        other.kill()
        other.join()

    assert source.collect() == [], "the lock of a process that was killed is free"


def leftovers(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.startswith(("tmp_", ".tmp-")) or (path.suffix == ".lock" and path.parent != folder)
    )


def large(repo: Repo, number: int) -> None:
    repo.commit({f"{number}.bin": os.urandom(3_000_000)})


def test_a_fetch_that_hangs_leaves_nothing_behind_however_often(repo: Repo, tmp_path: Path) -> None:
    large(repo, 0)
    with git_server(tmp_path) as server:
        source = watch(f"http://127.0.0.1:{server.port}/repo", tmp_path)
        source.collect()
        before = size(source.context.cache_dir)
        source.restart(timeout="1s")
        server.cut_after = 2_000_000
        for number in range(1, 4):
            large(repo, number)
            with pytest.raises(SourceUnavailable, match="took longer"):
                source.collect()
            assert server.silent.is_set(), "it was in the middle of a pack"

        assert size(source.context.cache_dir) < before + 100_000
        assert leftovers(source.context.cache_dir) == []


def test_a_first_fetch_that_hangs_leaves_no_draft(repo: Repo, tmp_path: Path) -> None:
    large(repo, 0)
    with git_server(tmp_path) as server:
        server.cut_after = 2_000_000
        source = watch(f"http://127.0.0.1:{server.port}/repo", tmp_path, timeout="1s")
        with pytest.raises(SourceUnavailable, match="took longer"):
            source.collect()

    assert size(source.context.cache_dir) == 0


def test_what_a_killed_agent_left_is_removed_by_the_next_run(source: Watch, repo: Repo) -> None:
    source.collect()
    copy = copy_of(source)
    (copy / "objects" / "ab").mkdir(exist_ok=True)
    left = [
        copy / "objects" / "pack" / "tmp_pack_Xy12ab",
        copy / "objects" / "pack" / "tmp_idx_Xy12ab",
        copy / "objects" / "pack" / ".tmp-12-pack-34.pack",
        copy / "objects" / "ab" / "tmp_obj_Xy12ab",
        copy / "refs" / "leverwatch" / "branch.lock",
        copy / "packed-refs.lock",
        copy / "shallow.lock",
    ]
    for path in left:
        path.write_bytes(b"x" * 1000)
    repo.commit({"a.md": "2"})

    source.collect()

    assert not any(path.exists() for path in left)
    assert source.commands[0] == "fetch"
    assert "init" not in source.commands, "the copy itself was fine"
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_sweeping_leaves_a_repository_whole(repo: Repo) -> None:
    repo.commit({"a.md": "1", "tmp_pack_a.md": "2"})
    before = sorted(path for path in repo.path.rglob("*"))

    sweep(repo.path / ".git")

    assert sorted(path for path in repo.path.rglob("*")) == before


@pytest.mark.parametrize("followed", [False, True])
def test_a_copy_above_its_limit_is_refused_and_takes_no_room(repo: Repo, tmp_path: Path, followed: bool) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path.as_uri(), tmp_path, largest_copy_mib=2)
    if followed:
        source.collect()
    large(repo, 1)

    for _ in range(2):
        with pytest.raises(SourceRefused, match="needs more than 2 MiB; see `largest_copy_mib`"):
            source.collect()
    assert size(source.context.cache_dir) < 200_000

    source.restart(largest_copy_mib=16)
    source.collect()
    assert source.events() == [(0, "added", 1)]


def test_a_copy_of_many_small_files_above_the_limit_is_refused_too(repo: Repo, tmp_path: Path) -> None:
    repo.commit({f"{number}.bin": os.urandom(300_000) for number in range(9)})
    source = watch(repo.path.as_uri(), tmp_path, largest_copy_mib=2)

    for _ in range(2):
        with pytest.raises(SourceRefused, match="needs more than 2 MiB"):
            source.collect()
    assert size(source.context.cache_dir) == 0


def test_a_source_that_waits_for_another_process_gives_up_when_the_agent_stops(tmp_path: Path) -> None:
    file, waiting, gave_up = tmp_path / "lock", threading.Event(), threading.Event()

    def stopping() -> bool:
        waiting.set()
        return gave_up.is_set()

    def wait() -> None:
        with pytest.raises(Held), held(file, 600, stopping):
            pass

    with held(file, 0, lambda: False):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waiting.wait(10)
        gave_up.set()
        thread.join(10)
        assert not thread.is_alive()

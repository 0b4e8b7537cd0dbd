from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import Result
from tests.collectors.sources.git.repo import Repo, Watch, git, watch


@pytest.fixture
def source(repo: Repo, tmp_path: Path) -> Watch:
    repo.commit({"a.md": "1"})
    return watch(repo.path.as_uri(), tmp_path)


def copy_of(source: Watch) -> Path:
    (folder,) = (path for path in source.context.cache_dir.iterdir() if path.is_dir())
    return folder


def test_a_remote_is_copied_once_and_then_followed(source: Watch, repo: Repo) -> None:
    source.collect()
    assert source.commands == ["init", "fetch", "rev-parse", "log", "cat-file"]

    assert source.collect() == []
    assert source.commands == ["fetch", "rev-parse"]

    repo.commit({"a.md": "2"})
    (batch,) = source.collect()
    assert not batch.replace_prompt_changes
    assert source.commands == ["fetch", "rev-parse", "log", "cat-file"]
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_only_the_wanted_branch_is_fetched_and_no_tag(source: Watch, repo: Repo) -> None:
    repo.git("tag", "v1")
    repo.git("branch", "other")
    source.collect()

    assert git(copy_of(source), "for-each-ref", "--format=%(refname)") == "refs/leverwatch/branch"


def test_a_named_branch_is_followed_instead_of_head(source: Watch, repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "release")
    repo.commit({"a.md": "2"})
    repo.git("checkout", "-q", "main")
    source.restart(branch="release")

    source.collect()

    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_another_default_branch_of_the_remote_is_noticed(source: Watch, repo: Repo) -> None:
    source.collect()
    repo.git("checkout", "-q", "-b", "trunk")
    repo.commit({"a.md": "2"})

    (batch,) = source.collect()

    assert not batch.replace_prompt_changes
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_a_force_push_counts_nothing_twice_and_drops_what_is_gone(source: Watch, repo: Repo) -> None:
    base = repo.head()
    repo.commit({"a.md": "2"})
    repo.commit({"a.md": "mistake"})
    source.collect()

    repo.git("reset", "-q", "--hard", base)
    repo.commit({"code.py": "x"})
    repo.commit({"a.md": "2"})
    (batch,) = source.collect()

    assert batch.replace_prompt_changes
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]
    assert source.tallies == {Result.COUNTED: 3}


def _truncate_packs(copy: Path) -> None:
    for path in [*copy.rglob("*.pack"), *(copy / "objects").glob("??/*")]:
        path.chmod(0o600)
        path.write_bytes(b"")


def _remove_head(copy: Path) -> None:
    (copy / "HEAD").unlink()


def _leave_a_lock(copy: Path) -> None:
    (copy / "refs" / "leverwatch" / "branch.lock").touch()


def _empty(copy: Path) -> None:
    shutil.rmtree(copy)
    copy.mkdir()


@pytest.mark.parametrize("damage", [_truncate_packs, _remove_head, _leave_a_lock, _empty, shutil.rmtree])
def test_a_damaged_copy_is_made_anew(source: Watch, repo: Repo, damage: Callable[[Path], None]) -> None:
    source.collect()
    damage(copy_of(source))
    repo.commit({"a.md": "2"})

    source.collect()

    assert source.events() == [(0, "added", 1), (1, "modified", 1)]
    assert source.tallies == {Result.COUNTED: 2}


def test_a_copy_whose_contents_are_damaged_is_made_anew_without_new_commits(source: Watch) -> None:
    source.collect()
    _truncate_packs(copy_of(source))
    source.stored.clear()
    source.restart()

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_an_interrupted_first_copy_leaves_nothing_in_the_way(source: Watch) -> None:
    source.collect()
    draft = copy_of(source).with_name(f"{copy_of(source).name}.new")
    copy_of(source).rename(draft)
    (draft / "HEAD").unlink()

    source.restart()
    source.stored.clear()
    source.collect()

    assert source.events() == [(0, "added", 1)]
    assert not draft.exists()


def test_an_empty_remote_has_no_changes_until_it_has_commits(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    source = watch(repo.path.as_uri(), tmp_path)

    assert source.collect() == []
    assert source.collect() == []
    repo.commit({"a.md": "1"})
    source.collect()
    assert source.events() == [(0, "added", 1)]


def test_a_remote_that_lost_everything_does_not_erase_what_was_counted(source: Watch, repo: Repo) -> None:
    source.collect()
    shutil.rmtree(repo.path)
    Repo(repo.path)

    with pytest.raises(SourceUnavailable, match="is empty now"):
        source.collect()
    assert source.events() == [(0, "added", 1)]


def test_a_remote_that_cannot_be_reached_keeps_its_copy(source: Watch, repo: Repo) -> None:
    source.collect()
    hidden = repo.path.with_name("hidden")
    repo.path.rename(hidden)

    with pytest.raises(SourceUnavailable, match=r"source prompts: file://.*does not (exist|appear)"):
        source.collect()
    assert copy_of(source).is_dir()

    hidden.rename(repo.path)
    assert source.collect() == []


def test_a_missing_branch_of_a_remote_is_refused(source: Watch) -> None:
    source.restart(branch="absent")

    with pytest.raises(SourceRefused, match="the remote has no branch 'absent'"):
        source.collect()


def test_a_remote_head_without_a_branch_asks_for_one(source: Watch, repo: Repo) -> None:
    repo.git("symbolic-ref", "HEAD", "refs/heads/nowhere")

    with pytest.raises(SourceRefused, match="set `branch`"):
        source.collect()


def test_a_shallow_remote_is_refused_until_it_is_whole(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.commit({"a.md": "2"})
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth=1", repo.path.as_uri(), "shallow")
    source = watch(shallow.as_uri(), tmp_path)

    for _ in range(2):
        with pytest.raises(SourceRefused, match="git fetch --unshallow"):
            source.collect()

    git(shallow, "fetch", "-q", "--unshallow")
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_a_remote_with_long_object_names_is_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", "--object-format=sha256")
    repo.commit({"a.md": "1"})
    source = watch(repo.path.as_uri(), tmp_path)

    source.collect()
    repo.commit({"a.md": "2"})
    source.collect()

    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_the_token_of_an_address_is_written_nowhere(tmp_path: Path) -> None:
    source = watch("http://user:canary-token@127.0.0.1:1/x.git", tmp_path)

    with pytest.raises(SourceUnavailable) as caught:
        source.collect()

    error: BaseException | None = caught.value
    while error is not None:
        assert "canary" not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    assert str(caught.value).startswith("source prompts: http://127.0.0.1:1/x.git: ")
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"canary" in content for content in written)


def test_a_cache_folder_that_cannot_be_made_is_reported(source: Watch) -> None:
    source.context.cache_dir.write_text("a file is in the way")

    with pytest.raises(SourceUnavailable, match="cannot write to"):
        source.collect()

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from leverwatch.collectors.errors import SourceRefused, SourceUnavailable
from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.git.config import GitConfig
from tests.collectors.sources.git.repo import ENVIRON, Repo, Watch, git, watch


def test_a_shallow_clone_is_refused_with_the_command_that_helps(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.commit({"a.md": "2"})
    git(tmp_path, "clone", "-q", "--depth=1", repo.path.as_uri(), "shallow")
    source = watch("shallow", tmp_path)

    with pytest.raises(SourceRefused, match=r"source prompts: shallow: .*git fetch --unshallow"):
        source.collect()

    git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_a_linked_working_tree_of_a_shallow_clone_and_a_bare_one_are_refused_as_well(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit({"a.md": "1"})
    repo.commit({"a.md": "2"})
    git(tmp_path, "clone", "-q", "--depth=1", "--bare", repo.path.as_uri(), "bare.git")
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "work")

    for name in ("bare.git", "linked"):
        with pytest.raises(SourceRefused, match="git fetch --unshallow"):
            watch(name, tmp_path).collect()


def test_a_partial_clone_is_refused_and_nothing_is_fetched(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.commit({"a.md": "2"})
    repo.git("config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--bare", "--filter=blob:none", repo.path.as_uri(), "partial.git")
    before = sorted((tmp_path / "partial.git").rglob("*"))

    with pytest.raises(SourceRefused, match=r"partial clone.*git fetch --refetch"):
        watch("partial.git", tmp_path).collect()
    assert sorted((tmp_path / "partial.git").rglob("*")) == before


def test_a_folder_that_does_not_exist_may_come_later(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="source prompts: missing: there is no such folder"):
        watch("missing", tmp_path).collect()


def test_a_folder_inside_another_repository_is_no_repository(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"sub/a.md": "1"})

    with pytest.raises(SourceRefused, match="not a git repository"):
        watch(repo.path / "sub", tmp_path).collect()


def test_a_missing_branch_is_refused_by_name(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})

    with pytest.raises(SourceRefused, match="there is no branch 'release'"):
        watch(repo.path, tmp_path, branch="release").collect()


def test_a_tag_is_no_branch(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.git("tag", "v1")

    with pytest.raises(SourceRefused, match="there is no branch 'v1'"):
        watch(repo.path, tmp_path, branch="v1").collect()


def test_a_head_without_a_branch_asks_for_one_instead_of_seeing_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.git("branch", "-m", "main", "red")
    repo.git("branch", "green")
    repo.git("symbolic-ref", "HEAD", "refs/heads/blue")

    with pytest.raises(SourceRefused, match="set `branch`"):
        watch(repo.path, tmp_path).collect()


def test_an_empty_repository_has_no_changes(repo: Repo, tmp_path: Path) -> None:
    assert watch(repo.path, tmp_path).collect() == []
    assert watch(repo.path, tmp_path, branch="main").collect() == []


def test_a_repository_that_was_emptied_does_not_erase_what_was_counted(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()
    shutil.rmtree(repo.path)
    Repo(repo.path)

    with pytest.raises(SourceUnavailable, match="is empty now"):
        source.collect()
    assert source.events() == [(0, "added", 1)]


def test_a_damaged_repository_is_reported(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    tree = repo.git("rev-parse", "HEAD^{tree}")
    broken = repo.path / ".git" / "objects" / tree[:2] / tree[2:]
    broken.unlink()

    with pytest.raises(SourceUnavailable, match=f"source prompts: .*{tree}"):
        watch(repo.path, tmp_path).collect()


def test_a_machine_without_git_is_told_so(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.context = replace(source.context, environ={"PATH": str(tmp_path)})
    source.restart()

    with pytest.raises(SourceRefused, match="git cannot be started"):
        source.collect()


def test_a_git_that_takes_too_long_is_ended(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    context = CollectorContext(
        tmp_path, tmp_path / "cache", environ={**ENVIRON, "PATH": f"{slow.parent}:{ENVIRON['PATH']}"}
    )
    config = GitConfig.model_validate(
        {"name": "prompts", "repo": str(repo.path), "systems": {"bot": ["*.md"]}, "timeout": "100ms"}
    )

    with pytest.raises(SourceUnavailable, match=r"git took longer than 0\.1 s"):
        Watch(config, context).collect()


def test_a_repository_that_orders_its_differences_by_an_endless_file_is_read(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.git("config", "diff.orderFile", "/dev/zero")
    source = watch(str(repo.path), tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1)]

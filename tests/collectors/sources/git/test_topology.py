"""Histories whose first parents are not the chain of what landed: what was counted stays while the tip has it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from leverwatch.collectors.errors import SourceRefused
from leverwatch.collectors.interface import Result
from tests.collectors.sources.git.repo import Repo, Watch, git, watch


def merged_the_wrong_way(repo: Repo, topic: str = "topic", **merge: str) -> None:
    """Merge main into a topic branch and make that the new main, whose first parents are those of the topic."""
    repo.git("checkout", "-q", topic)
    repo.git("merge", "--quiet", "--no-ff", "--no-commit", "main")
    repo.commit(merge)
    repo.git("branch", "-q", "-f", "main", topic)
    repo.git("checkout", "-q", "main")


def forked(repo: Repo, tmp_path: Path, *, later: str = "1") -> Watch:
    """Return a source that has read a prompt on main and its edits, the first of which a branch `topic` lacks."""
    repo.commit({"a.md": "0"})
    repo.git("branch", "topic")
    for text in later:
        repo.commit({"a.md": text})
    source = watch(repo.path, tmp_path)
    source.collect()
    return source


def test_a_foxtrot_merge_takes_no_landing_away(repo: Repo, tmp_path: Path) -> None:
    source = forked(repo, tmp_path, later="12345")
    before = dict(source.changes)

    repo.git("checkout", "-q", "topic")
    repo.commit({"README": "x"})
    merged_the_wrong_way(repo)
    source.collect()

    assert source.changes == before
    repo.commit({"a.md": "6"})
    source.collect()
    assert source.events() == [(0, "added", 1), *((day, "modified", 1) for day in (1, 2, 3, 4, 5, 8))]
    assert source.tallies == {Result.COUNTED: 7}


def test_what_a_foxtrot_merge_brings_lands_with_it(repo: Repo, tmp_path: Path) -> None:
    source = forked(repo, tmp_path)

    repo.git("checkout", "-q", "topic")
    repo.commit({"b.md": "1"})
    repo.commit({"c.md": "1"})
    merged_the_wrong_way(repo, **{"d.md": "made in the merge"})
    source.collect()

    assert source.events() == [(0, "added", 1), (1, "modified", 1), (4, "added", 3)]


def test_other_settings_and_restarts_keep_what_landed_before_a_foxtrot_merge(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "0", "a.txt": "0"})
    for number in range(3):
        topic = f"topic-{number}"
        repo.git("branch", topic)
        repo.commit({"a.md": f"{number} and more", "a.txt": f"{number}."})
        if number == 0:
            source = watch(repo.path, tmp_path)
        source.collect()
        repo.git("checkout", "-q", topic)
        repo.commit({f"{number}.py": "x"})
        merged_the_wrong_way(repo, topic)
        source.collect()
    expected = [(0, "added", 1), (1, "modified", 1), (4, "modified", 1), (7, "modified", 1)]
    assert source.events() == expected

    source.restart(systems={"bot": ["*.txt"]})
    (batch,) = source.collect()

    assert batch.replace_prompt_changes
    assert source.events() == expected


def test_a_force_push_that_drops_a_foxtrot_merge_keeps_what_landed_before_it(repo: Repo, tmp_path: Path) -> None:
    source = forked(repo, tmp_path)
    repo.git("checkout", "-q", "topic")
    repo.commit({"b.md": "1"})
    merged_the_wrong_way(repo)
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1), (3, "added", 1)]

    repo.git("commit", "-q", "--amend", "-m", "the same merge with other words")
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1), (3, "added", 1)]

    repo.git("reset", "-q", "--hard", "HEAD^2")
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_the_old_tip_may_be_any_parent_of_an_octopus(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "0"})
    for name in ("x", "y"):
        repo.git("checkout", "-q", "-b", name, "main")
        repo.commit({f"{name}.md": "1"})
    repo.git("checkout", "-q", "main")
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()

    repo.git("checkout", "-q", "x")
    repo.merge("y", "main")
    repo.git("branch", "-q", "-f", "main", "x")
    source.collect()

    assert source.events() == [(0, "added", 1), (3, "modified", 1), (4, "added", 2)]


def test_a_landing_that_stays_after_a_force_push_keeps_its_own_day(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "one"})
    base = repo.commit({"code.py": "x"})
    repo.commit({"a.md": "two"})
    repo.commit({"a.md": "one"})
    last = repo.commit({"a.md": "two"})
    source = watch(repo.path, tmp_path)
    source.collect()
    assert [day for day, *_ in source.events()] == [0, 2, 3, 4]

    # The first "two" and its reversal never happened; only the second "two" is picked again.
    repo.git("reset", "-q", "--hard", base)
    repo.git("cherry-pick", last, "--strategy-option=theirs")
    source.collect()

    assert source.events() == [(0, "added", 1), (4, "modified", 1)]


@pytest.mark.parametrize("name", ["main", "master"])
def test_what_is_checked_out_does_not_matter(repo: Repo, tmp_path: Path, name: str) -> None:
    first = repo.commit({"a.md": "0"})
    repo.git("branch", "-m", "main", name)
    source = watch(repo.path, tmp_path)
    source.collect()
    repo.commit({"a.md": "1"})
    expected = [(0, "added", 1), (1, "modified", 1)]

    repo.git("checkout", "-q", "--detach", first)
    source.collect()
    assert source.events() == expected
    repo.git("checkout", "-q", "-b", "wip")
    repo.commit({"a.md": "wip"})
    assert source.collect() == []
    fresh = watch(repo.path, tmp_path)
    fresh.collect()
    assert source.events() == fresh.events() == expected


def test_a_default_branch_under_a_new_name_goes_on(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "0"})
    repo.git("branch", "-m", "main", "master")
    source = watch(repo.path, tmp_path)
    source.collect()

    repo.git("checkout", "-q", "-b", "main")
    repo.commit({"a.md": "1"})
    (batch,) = source.collect()

    assert not batch.replace_prompt_changes
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_a_new_branch_with_a_usual_name_takes_no_landing_away(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "0"})
    repo.git("branch", "-m", "main", "develop")
    repo.git("branch", "main")
    repo.git("branch", "-m", "main", "side")
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()

    repo.git("branch", "-m", "side", "main")
    repo.git("checkout", "-q", "main")

    assert source.collect() == []
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_a_clone_follows_the_default_branch_of_its_remote(repo: Repo, tmp_path: Path) -> None:
    repo.git("branch", "-m", "main", "release")
    repo.commit({"a.md": "0"})
    git(tmp_path, "clone", "-q", str(repo.path), "clone")
    git(tmp_path / "clone", "checkout", "-q", "-b", "main")
    git(tmp_path / "clone", "commit", "-q", "--allow-empty", "-m", "mine")
    git(tmp_path / "clone", "rm", "-q", "a.md")
    git(tmp_path / "clone", "commit", "-q", "-m", "mine")
    source = watch("clone", tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_a_detached_head_without_any_branch_never_goes_back(repo: Repo, tmp_path: Path) -> None:
    first = repo.commit({"a.md": "0"})
    repo.commit({"a.md": "1"})
    repo.git("checkout", "-q", "--detach")
    repo.git("branch", "-q", "-D", "main")
    source = watch(repo.path, tmp_path)
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]

    repo.git("checkout", "-q", first)
    with pytest.raises(SourceRefused, match=r"a detached HEAD lacks what was counted; set `branch`"):
        source.collect()


def test_a_history_that_git_has_forgotten_is_read_by_its_first_parents(repo: Repo, tmp_path: Path) -> None:
    source = forked(repo, tmp_path)
    repo.git("checkout", "-q", "topic")
    repo.commit({"b.md": "1"})
    merged_the_wrong_way(repo)
    source.collect()
    shutil.rmtree(repo.path)
    other = Repo(repo.path)
    other.commit({"a.md": "0"})

    source.collect()

    assert source.events() == [(0, "added", 1)]

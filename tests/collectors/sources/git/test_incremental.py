from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leverwatch.collectors.errors import StateUnreadable
from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.git.history import HISTORY, History
from tests.collectors.sources.git.repo import Files, Repo, Watch, fast_import, git, watch
from tests.examples import examples


def known(source: Watch) -> History:
    """What the source stored."""
    return HISTORY.loads("source prompts", source.stored[HISTORY.key])


def test_a_run_without_new_commits_asks_for_the_tip_and_nothing_else(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path, branch="main")
    source.collect()
    source.loads = 0

    assert source.collect() == []
    assert source.commands == ["rev-parse"]
    assert source.loads == 0

    source.restart()
    assert source.collect() == []
    assert source.commands == ["rev-parse"]
    assert source.loads == 1


def test_no_command_is_run_that_another_one_answers_as_well(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()
    assert source.commands == ["for-each-ref", "log", "cat-file"]

    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"a.md": "2"})
    repo.git("checkout", "-q", "main")
    repo.commit({"b.md": "1"})
    repo.merge("topic")
    repo.git("branch", "-q", "-D", "topic")
    source.collect()
    assert source.commands == ["for-each-ref", "log", "cat-file"]
    assert source.events() == [(0, "added", 1), (2, "added", 1), (3, "modified", 1)]

    assert source.collect() == []
    assert source.commands == ["for-each-ref"]


def test_new_commits_are_added_to_what_is_known(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()
    repo.commit({"a.md": "2"})
    repo.commit({"a.md": "1"})

    (batch,) = source.collect()

    assert not batch.replace_prompt_changes
    assert [str(change.kind) for change in batch.prompt_changes] == ["modified", "reverted"]
    assert source.tallies == {Result.COUNTED: 3}


def test_a_commit_that_touches_no_prompt_only_moves_the_position(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()
    head = repo.commit({"code.py": "x"})

    (batch,) = source.collect()

    assert (batch.prompt_changes, batch.tallies, batch.newest_record) == ((), {}, None)
    assert known(source).head == head
    assert source.collect() == []


def test_a_batch_that_was_not_committed_is_yielded_again(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()
    repo.commit({"a.md": "2"})

    refused = source.collector.collect(source.state())
    first = next(refused)
    del refused
    (second,) = source.collect()

    assert first == second


def test_other_patterns_or_normalisation_start_over(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1", "b.txt": "1"})
    repo.commit({"b.txt": "2"})
    repo.commit({"a.md": "1\n\n2"})
    repo.commit({"a.md": "1 2"})
    source = watch(repo.path, tmp_path)
    source.collect()

    source.restart(systems={"bot": ["**/*.txt"]})
    (batch,) = source.collect()
    assert batch.replace_prompt_changes
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]

    source.restart(systems={"bot": ["**/*.md"]})
    source.collect()
    assert source.events() == [(0, "added", 1), (2, "modified", 1), (3, "modified", 1)]

    source.restart(collapse_whitespace=True)
    source.collect()
    assert source.events() == [(0, "added", 1), (2, "modified", 1), (3, "formatting", 1)]

    source.restart(systems={"other": ["**/*.md"]})
    source.collect()
    assert source.events() == []
    assert len(source.events("other")) == 3


def test_unreadable_state_is_refused_as_a_rescan_would_count_every_change_again(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    source.collect()
    source.stored["history"] = b'{"head": 1}'
    source.restart()

    with pytest.raises(
        StateUnreadable, match=r"source prompts: history: .* Expected `str`, got `int` - at `\$.head`"
    ):
        source.collect()
    assert source.tallies == {Result.COUNTED: 1}


def test_a_rebased_copy_of_a_landing_is_the_same_change(repo: Repo, tmp_path: Path) -> None:
    base = repo.commit({"a.md": "1", "code.py": "0"})
    repo.commit({"a.md": "2"})
    repo.commit({"a.md": "3"})
    repo.git("checkout", "-q", "-b", "fix", base)
    repo.commit({"code.py": "1"})
    repo.git("checkout", "-q", "main")
    source = watch(repo.path, tmp_path)
    source.collect()
    before = dict(source.changes)

    repo.git("rebase", "-q", "fix")
    (batch,) = source.collect()

    assert batch.replace_prompt_changes
    assert source.changes == before
    assert source.tallies == {Result.COUNTED: 3}


def test_a_landing_that_a_force_push_dropped_is_gone(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    kept = repo.commit({"a.md": "2"})
    repo.commit({"a.md": "mistake"})
    source = watch(repo.path, tmp_path)
    source.collect()

    repo.git("reset", "-q", "--hard", kept)
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1)]

    repo.commit({"a.md": "3"})
    source.collect()
    assert source.events() == [(0, "added", 1), (1, "modified", 1), (3, "modified", 1)]
    assert source.tallies == {Result.COUNTED: 4}


def test_a_tip_that_git_has_forgotten_starts_over(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    source = watch(repo.path, tmp_path)
    repo.commit({"a.md": "2"})
    source.collect()
    shutil.rmtree(repo.path)
    other = Repo(repo.path)
    other.commit({"a.md": "1"})
    other.commit({"a.md": "4"})

    source.collect()

    assert source.events() == [(0, "added", 1), (1, "modified", 1)]
    assert source.tallies == {Result.COUNTED: 3}


def test_a_branch_merged_the_other_way_round_keeps_what_landed(repo: Repo, tmp_path: Path) -> None:
    # The old tip becomes the second parent of the new one: an ancestor, and not on the chain of landings.
    repo.commit({"a.md": "1"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"b.md": "1"})
    repo.git("checkout", "-q", "main")
    repo.commit({"a.md": "2"})
    source = watch(repo.path, tmp_path)
    source.collect()

    repo.git("checkout", "-q", "topic")
    repo.merge("main")
    repo.git("branch", "-q", "-f", "main", "topic")
    (batch,) = source.collect()

    assert not batch.replace_prompt_changes
    # What landed on day 2 stays, and what the merge brings lands with it.
    assert source.events() == [(0, "added", 1), (2, "modified", 1), (3, "added", 1)]


_LANDINGS = st.lists(
    st.dictionaries(
        st.sampled_from(["a.md", "b.md", "sub/a.md", "sub/b.md", "x.txt"]),
        st.sampled_from(["one\n", "one \n\n", "two\n", "two\r\n", "three", None]),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=12,
)


def _consistent(landings: list[dict[str, str | None]]) -> list[Files]:
    """Without removals of what is not there."""
    present: set[str] = set()
    kept: list[Files] = []
    for files in landings:
        possible = {path: text for path, text in files.items() if text is not None or path in present}
        present -= {path for path, text in possible.items() if text is None}
        present |= {path for path, text in possible.items() if text is not None}
        kept.append(possible)
    return kept


@settings(max_examples=examples(40))
@given(landings=_LANDINGS.map(_consistent), cuts=st.sets(st.integers(1, 11), max_size=3), restarts=st.booleans())
def test_many_small_runs_find_what_one_run_finds(landings: list[Files], cuts: set[int], restarts: bool) -> None:
    with TemporaryDirectory() as folder:
        tmp_path = Path(folder)
        git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "r.git")
        bare = tmp_path / "r.git"
        stepwise = watch(bare, tmp_path)
        edges = [0, *sorted(cut for cut in cuts if cut < len(landings)), len(landings)]
        for start, end in pairwise(edges):
            git(bare, "fast-import", "--quiet", data=fast_import(landings[start:end], start))
            stepwise.collect()
            if restarts:
                stepwise.restart()
        whole = watch(bare, tmp_path)
        whole.collect()

        assert stepwise.changes == whole.changes
        assert stepwise.tallies == whole.tallies
        assert known(stepwise) == known(whole)


@pytest.mark.parametrize("settings", [{"branch": "main"}, {"branch": None}])
def test_a_bare_repository_is_read_in_place(repo: Repo, tmp_path: Path, settings: dict[str, str | None]) -> None:
    repo.commit({"a.md": "1"})
    git(tmp_path, "clone", "-q", "--bare", str(repo.path), "bare.git")
    source = watch("bare.git", tmp_path, **settings)

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_a_remote_tracking_branch_can_be_followed(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    git(tmp_path, "clone", "-q", str(repo.path), "clone")
    repo.commit({"a.md": "2"})
    git(tmp_path / "clone", "fetch", "-q")
    source = watch("clone", tmp_path, branch="origin/main")

    source.collect()

    assert source.events() == [(0, "added", 1), (1, "modified", 1)]


def test_a_linked_working_tree_is_a_repository(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    source = watch("side", tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_reading_writes_nothing_into_the_repository(repo: Repo, tmp_path: Path) -> None:
    def picture() -> dict[str, tuple[int, int]]:
        stats = {path: path.stat() for path in repo.path.rglob("*")}
        return {str(path): (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}

    repo.commit({"a.md": "1"})
    repo.commit({"a.md": "2"})
    before = picture()

    watch(repo.path, tmp_path).collect()

    assert picture() == before
    assert not (tmp_path / "cache").exists()

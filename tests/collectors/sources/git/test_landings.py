from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from leverwatch.collectors.interface import Result
from leverwatch.collectors.sources.git.repository import LARGEST_PROMPT
from tests.collectors.sources.git.repo import Repo, watch


def test_every_kind_of_landing_is_seen_once(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "one\n", "b.md": "other\n"})
    repo.commit({"a.md": "two\n"})
    repo.commit({"a.md": "two  \n\n"})
    repo.commit({"a.md": "one\n"})
    repo.commit({"a.md": None, "c.md": "one\n"})
    repo.commit({"b.md": None})
    repo.commit({"code.py": "pass\n"})
    source = watch(repo.path, tmp_path)

    (batch,) = source.collect()

    assert source.events() == [
        (0, "added", 2),
        (1, "modified", 1),
        (2, "formatting", 1),
        (3, "reverted", 1),
        (4, "renamed", 1),
        (5, "removed", 1),
    ]
    assert batch.replace_prompt_changes
    assert batch.tallies == {Result.COUNTED: 6}
    assert batch.newest_record == datetime(2026, 1, 10, 9, tzinfo=UTC)


def test_a_merge_counts_once_when_it_lands(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1\n2\n3\n"})
    repo.git("checkout", "-q", "-b", "topic")
    for text in ("1\n2\n4\n", "1\n2\n5\n", "1\n2\n6\n"):
        repo.commit({"a.md": text})
    repo.git("checkout", "-q", "main")
    repo.commit({"unrelated.py": "x"})
    repo.merge("topic")
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1), (5, "modified", 1)]


def test_an_edit_made_while_resolving_a_merge_counts(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "base\n", "b.md": "base\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"code.py": "x"})
    repo.git("checkout", "-q", "main")
    repo.commit({"other.py": "y"})
    repo.git("merge", "-q", "--no-ff", "--no-commit", "topic")
    repo.commit({"b.md": "edited in the merge\n"})
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 2), (3, "modified", 1)]


def test_a_merge_that_brings_no_prompt_is_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "x"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit({"code.py": "x"})
    repo.git("checkout", "-q", "main")
    repo.merge("topic")
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_a_move_of_the_whole_library_is_one_rename(repo: Repo, tmp_path: Path) -> None:
    library = {f"patterns/p{number}/system.md": f"prompt {number}" for number in range(25)}
    repo.commit(library)
    repo.commit({**dict.fromkeys(library), **{f"data/{path}": text for path, text in library.items()}})
    source = watch(repo.path, tmp_path, systems={"bot": ["**/system.md"]})

    source.collect()

    assert source.events() == [(0, "added", 25), (1, "renamed", 25)]
    assert [change.bulk for change in source.changes.values()] == [True, True]


def test_a_rename_with_an_edit_is_one_event(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "one"})
    repo.commit({"a.md": None, "b.md": "two"})
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1), (1, "added", 2)]


def test_a_prompt_that_moves_in_from_outside_the_patterns_is_added(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"draft.txt": "one"})
    repo.commit({"draft.txt": None, "a.md": "one"})
    repo.commit({"a.md": None, "old.txt": "one"})
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(1, "added", 1), (2, "removed", 1)]


def test_line_ends_and_trailing_blanks_are_formatting(repo: Repo, tmp_path: Path) -> None:
    repo.git("config", "core.autocrlf", "false")
    repo.commit({"a.md": b"one\ntwo\n"})
    repo.commit({"a.md": b"one\r\ntwo\r\n"})
    repo.commit({"a.md": b"one\n  two\n"})
    strict, loose = watch(repo.path, tmp_path), watch(repo.path, tmp_path, collapse_whitespace=True)

    strict.collect()
    loose.collect()

    assert strict.events() == [(0, "added", 1), (1, "formatting", 1), (2, "modified", 1)]
    assert loose.events() == [(0, "added", 1), (1, "formatting", 1), (2, "formatting", 1)]


def test_a_change_of_the_mode_is_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "x"})
    repo.git("update-index", "--chmod=+x", "a.md")
    repo.git("commit", "-q", "-m", "mode")
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_links_and_submodules_are_no_prompts(repo: Repo, tmp_path: Path) -> None:
    first = repo.commit({"a.md": "x"})
    (repo.path / "link.md").symlink_to("a.md")
    repo.commit()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{first},module.md")
    repo.git("commit", "-q", "-m", "module")
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_a_prompt_that_becomes_a_link_is_removed(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "x", "b.md": "y"})
    (repo.path / "a.md").unlink()
    (repo.path / "a.md").symlink_to("b.md")
    repo.commit()
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 2), (1, "removed", 1)]


def test_a_file_is_a_prompt_up_to_the_largest_size(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": b"x" * LARGEST_PROMPT, "b.md": b"y" * (LARGEST_PROMPT + 1), "c.md": "small"})
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 2)]


def test_binary_and_empty_files_are_read_as_they_are(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": bytes(range(256)) * 3, "b.md": b"", "c.md": b"\n"})
    repo.commit({"a.md": bytes(range(256)) * 2, "b.md": b"\n\n"})
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 3), (1, "modified", 2)]


def test_odd_paths_are_followed(repo: Repo, tmp_path: Path) -> None:
    paths = ["a b.md", "new\nline.md", "prömpt/ß.md", 'quo"te.md', ":100644 x.md", "-dash.md", "tab\t.md"]
    repo.commit(dict.fromkeys(paths, "one"))
    for path in paths:
        repo.commit({path: f"changed {path}"})
    source = watch(repo.path, tmp_path)

    source.collect()

    assert source.events() == [(0, "added", 7), *((day, "modified", 1) for day in range(1, 8))]


def test_two_systems_may_share_a_file_and_each_has_its_own_event(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"shared.md": "s", "a/x.md": "x", "b/y.md": "y"})
    repo.commit({"shared.md": "t"})
    repo.commit({"a/x.md": "z"})
    repo.commit({"a/x.md": None, "b/x.md": "z"})
    source = watch(repo.path, tmp_path, systems={"a": ["a/**", "shared.md"], "b": ["b/", "shared.md"]})

    source.collect()

    assert source.events("a") == [(0, "added", 2), (1, "modified", 1), (2, "modified", 1), (3, "removed", 1)]
    assert source.events("b") == [(0, "added", 2), (1, "modified", 1), (3, "added", 1)]


def test_an_excluded_file_is_no_prompt(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"README.md": "x", "a/README.md": "y", "a/x.md": "z"})
    source = watch(repo.path, tmp_path, exclude=["**/README.md"])

    source.collect()

    assert source.events() == [(0, "added", 1)]


def test_bulk_is_marked_above_the_setting(repo: Repo, tmp_path: Path) -> None:
    repo.commit({f"{number}.md": str(number) for number in range(4)})
    few, many = watch(repo.path, tmp_path, bulk_above=4), watch(repo.path, tmp_path, bulk_above=3)

    few.collect()
    many.collect()

    assert [change.bulk for change in few.changes.values()] == [False]
    assert [change.bulk for change in many.changes.values()] == [True]


def test_settings_of_the_person_who_owns_the_repository_change_nothing(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "1"})
    repo.commit({"a.md": None, "b.md": "1"})
    for name, value in {
        "log.showRoot": "false",
        "log.follow": "true",
        "diff.renames": "copies",
        "diff.relative": "true",
        "log.showSignature": "true",
        "core.quotePath": "true",
        "color.ui": "always",
        "core.abbrev": "4",
        "log.diffMerges": "off",
        "diff.external": "false",
        "core.pager": "false",
    }.items():
        repo.git("config", name, value)
    source = watch(repo.path, tmp_path, systems={"bot": ["a.md", "b.md"]})

    source.collect()

    assert source.events() == [(0, "added", 1), (1, "renamed", 1)]

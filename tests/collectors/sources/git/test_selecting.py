"""Prompts within files: what of a real history is a change of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leverwatch.collectors.interface import Result
from tests.collectors.sources.git.repo import Repo, Watch, fast_import, git, watch

NAMES = {"files": "**/*.py", "select": {"names": ["*_PROMPT"]}}
KEYS = {"files": "**/*.yaml", "select": {"keys": ["prompts.*.system"]}}


def source(repo: Repo, tmp_path: Path, *entries: Any, **settings: Any) -> Watch:
    return watch(repo.path, tmp_path, systems={"bot": list(entries)}, **settings)


def events(repo: Repo, tmp_path: Path, *entries: Any) -> list[tuple[int, str, int]]:
    found = source(repo, tmp_path, *entries)
    found.collect()
    return found.events()


def test_only_the_text_by_its_name_is_compared(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "x = 1\nA_PROMPT = 'one'\n"})
    repo.commit({"a.py": "x = 2\n\n\nA_PROMPT = (\n    'one'  # kind\n)\n"})
    repo.commit({"a.py": "x = 2\nA_PROMPT = 'two'\n"})
    repo.commit({"a.py": "x = 3\nA_PROMPT = 'one'\n"})

    assert events(repo, tmp_path, NAMES) == [(0, "added", 1), (2, "modified", 1), (3, "reverted", 1)]


def test_a_text_that_is_not_there_is_no_prompt(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "x = 1\n"})
    repo.commit({"a.py": "x = 1\nA_PROMPT = 'one'\n"})
    repo.commit({"a.py": "x = 1\nA_PROMPT = 'one'\nB_PROMPT = 'two'\n"})
    repo.commit({"a.py": "x = 2\nB_PROMPT = 'two'\n"})
    repo.commit({"a.py": None})

    assert events(repo, tmp_path, NAMES) == [
        (1, "added", 1),
        (2, "added", 1),
        (3, "removed", 1),
        (4, "removed", 1),
    ]


def test_a_setting_beside_a_prompt_in_yaml_is_no_change_of_it(repo: Repo, tmp_path: Path) -> None:
    for temperature, text in [
        ("0.2", "Be kind."),
        ("0.7", "Be kind."),
        ("0.7", "Be exact."),
        ("0.1", "Be exact."),
    ]:
        repo.commit({"c.yaml": f"prompts:\n  a:\n    temperature: {temperature}\n    system: {text}\n"})

    assert events(repo, tmp_path, KEYS) == [(0, "added", 1), (2, "modified", 1)]


def test_front_matter_is_apart_from_the_body(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.md": "---\nowner: x\n---\nBe kind.\n"})
    repo.commit({"a.md": "---\nowner: y\n---\n\nBe kind.\n"})
    repo.commit({"a.md": "---\nowner: y\n---\n\nBe exact.\n"})

    entry = {"files": "*.md", "select": {"body": True}}
    assert events(repo, tmp_path, entry) == [(0, "added", 1), (2, "modified", 1)]


def test_a_text_that_moves_or_gets_another_name_is_the_same_prompt_with_its_versions(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit({"a.py": "A_PROMPT = 'one'\nB_PROMPT = 'two'\n", "b.py": "x = 1\n"})
    repo.commit({"a.py": "B_PROMPT = 'two'\n", "b.py": "x = 1\nA_PROMPT = 'one'\n"})
    repo.commit({"b.py": "x = 1\nclass Bot:\n    NEW_PROMPT = 'one'\n"})
    repo.git("mv", "b.py", "c.py")
    repo.commit()
    repo.commit({"c.py": "x = 1\nclass Bot:\n    NEW_PROMPT = 'three'\n"})
    repo.commit({"c.py": "x = 1\nclass Bot:\n    NEW_PROMPT = 'one'\n"})

    assert events(repo, tmp_path, NAMES) == [
        (0, "added", 2),
        (4, "modified", 1),
        (5, "reverted", 1),
    ]


def test_a_file_that_cannot_be_parsed_keeps_its_last_text_and_is_counted(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "A_PROMPT = 'one'\n"})
    broken = repo.commit({"a.py": "<<<<<<< HEAD\nA_PROMPT = 'two'\n"})
    repo.git("mv", "a.py", "b.py")
    repo.commit()
    repo.commit({"b.py": "def nothing of it is left (:\n"})
    repo.commit({"b.py": "A_PROMPT = 'one'\nx = 1\n"})
    repo.commit({"b.py": "A_PROMPT = 'three'\n"})
    found = source(repo, tmp_path, NAMES)

    (batch,) = found.collect()

    assert found.events() == [(0, "added", 1), (5, "modified", 1)]
    assert found.tallies == {Result.COUNTED: 2, Result.INVALID_LINE: 3}
    assert batch.problems[0].place == f"{broken}:a.py"
    assert batch.problems[0].detail == "not python; what the file said before stands"
    found.restart(bulk_above=5)
    found.collect()
    assert found.tallies == {Result.COUNTED: 2, Result.INVALID_LINE: 6}, "other settings read everything anew"


def test_what_could_not_be_parsed_is_counted_once_in_a_history_that_is_rewritten(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit({"a.py": "A_PROMPT = (\n"})
    repo.commit({"a.py": "A_PROMPT = 'one'\n"})
    found = source(repo, tmp_path, NAMES)
    found.collect()
    repo.git("commit", "--amend", "--quiet", "--message=other")

    found.collect()

    assert found.tallies == {Result.COUNTED: 1, Result.INVALID_LINE: 1}


def test_a_file_that_grew_too_large_keeps_its_last_text(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "A_PROMPT = 'one'\n"})
    repo.commit({"a.py": "A_PROMPT = 'two'\n" + "# filling\n" * 600_000})
    found = source(repo, tmp_path, NAMES)

    found.collect()

    assert found.events() == [(0, "added", 1)]
    assert found.tallies[Result.INVALID_LINE] == 1


def test_a_changed_selector_reads_the_history_again(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "A_PROMPT = 'one'\nB = 'x'\n"})
    repo.commit({"a.py": "A_PROMPT = 'one'\nB = 'y'\n"})
    found = source(repo, tmp_path, NAMES)
    found.collect()
    assert found.events() == [(0, "added", 1)]

    found.restart(systems={"bot": [{**NAMES, "select": {"names": ["B"]}}]})
    (batch,) = found.collect()

    assert batch.replace_prompt_changes
    assert found.events() == [(0, "added", 1), (1, "modified", 1)]
    assert found.collect() == []


def test_another_release_of_a_grammar_reads_the_history_again(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": "A_PROMPT = 'one'\n"})
    found = source(repo, tmp_path, NAMES)
    found.collect()
    monkeypatch.setattr("leverwatch.collectors.sources.git.settings.version", lambda _: "99")

    found.restart()
    (batch,) = found.collect()

    assert batch.replace_prompt_changes
    assert found.events() == [(0, "added", 1)]


def test_two_systems_select_in_one_file_and_the_first_pattern_that_matches_counts(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit({"a.py": "A = 'one'\nB = 'one'\n", "b.md": "x"})
    repo.commit({"a.py": "A = 'two'\nB = 'one'\n"})
    repo.commit({"a.py": "A = 'two'\nB = 'two'\n", "b.md": "y"})
    a, b = ({"files": "a.py", "select": {"names": [name]}} for name in "AB")
    found = watch(repo.path, tmp_path, systems={"a": [a, "**"], "b": [b]})

    found.collect()

    assert found.events("a") == [(0, "added", 2), (1, "modified", 1), (2, "modified", 1)]
    assert found.events("b") == [(0, "added", 1), (2, "modified", 1)]


def test_a_file_in_no_known_language_is_passed_over(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "P = 'one'\n", "a.txt": "P = 'one'\n", "Makefile": "P = one\n"})

    assert events(repo, tmp_path, {"files": "**", "select": {"names": ["P"]}}) == [(0, "added", 1)]
    entry = {"files": "a.txt", "select": {"names": ["P"]}, "language": "python"}
    assert events(repo, tmp_path, entry) == [(0, "added", 1)]


def test_the_state_holds_no_text_of_a_prompt(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": "A_PROMPT = 'canary words'\n"})
    found = source(repo, tmp_path, NAMES)
    found.collect()

    assert b"canary" not in b"".join(found.stored.values())
    assert b"a.py//A_PROMPT" in b"".join(found.stored.values())


def test_many_contents_are_parsed_in_portions_so_that_no_command_of_git_waits_for_long(
    repo: Repo, tmp_path: Path
) -> None:
    landings = [{"a.py": f"A_PROMPT = 'text {number}'\n"} for number in range(250)]
    git(repo.path, "fast-import", "--quiet", data=fast_import(landings))
    found = source(repo, tmp_path, NAMES)

    found.collect()

    assert found.tallies == {Result.COUNTED: 250}
    assert found.commands.count("cat-file") == 3

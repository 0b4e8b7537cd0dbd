"""What is said of code that is read whole: the share of its landings that touched no long text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collectors.sources.git.repo import Repo, watch

LONG = "You are a kind assistant that answers questions about orders"


def test_the_share_of_landings_that_touched_no_long_text_is_told_once(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": f"P = '{LONG}'\n"})
    for number in range(8):
        about = f"def f():\n    'What number {number} is for, in more words than seven of them'\n"
        repo.commit({"a.py": f"{about}x = {number}  # comment\nlog('short {number}')\nP = '{LONG}'\n"})
    repo.commit({"a.py": f"P = '{LONG} and parcels'\n", "b.md": "x"})
    source = watch(repo.path, tmp_path, systems={"bot": ["**"], "other": ["*.md"]})

    (batch,) = source.collect()

    assert [(one.place, one.reason, one.detail) for one in batch.problems] == [
        (
            "bot",
            "code_as_prompt",
            (
                "source code is read whole: say with `select` what of it is the prompt; 8 of the newest 10"
                " landings on it (80%) changed no text of 8 words or more"
            ),
        )
    ]
    repo.commit({"a.py": "x = 1\n"})
    (batch,) = source.collect()
    assert batch.problems == ()

    # What was said once is there later on.
    (remark,) = source.config.remarks("bot", source.stored)
    assert remark.endswith("8 of the newest 10 landings on it (80%) changed no text of 8 words or more")
    assert not list(source.config.remarks("other", source.stored))
    assert not list(source.config.remarks("bot", {}))
    assert not list(source.config.remarks("bot", {"history": b'{"version":99,"a":1}'}))


def test_a_text_that_moves_between_files_and_a_file_that_cannot_be_parsed_are_no_changes(
    repo: Repo, tmp_path: Path
) -> None:
    repo.commit({"a.ts": f"const p = `{LONG}`;\n"})
    repo.commit({"a.ts": None, "b.ts": f'const p =\n  "{LONG}";\n'})
    repo.commit({"b.ts": "((("})
    source = watch(repo.path, tmp_path, systems={"bot": ["*.ts"]})

    (batch,) = source.collect()

    assert "1 of the newest 2 landings" in batch.problems[0].detail


def test_without_the_extra_it_is_told_without_the_share(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit({"a.py": f"P = '{LONG}'\n"})
    monkeypatch.setattr("leverwatch.collectors.selection.languages.find_spec", lambda _: None)

    (batch,) = watch(repo.path, tmp_path, systems={"bot": ["*.py"]}).collect()

    assert batch.problems[0].detail == (
        "source code is read whole: say with `select` what of it is the prompt (pip install 'leverwatch[prompts]'"
        " also says how many edits of it touched none)"
    )


def test_nothing_is_said_of_code_with_a_selector_and_of_texts(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"a.py": f"P = '{LONG}'\n", "a.md": "x"})
    systems = {"bot": [{"files": "*.py", "select": {"names": ["P"]}}, "*.md"]}

    (batch,) = watch(repo.path, tmp_path, systems=systems).collect()

    assert batch.problems == ()

"""What is said of a selector that selects nothing at the tip of the branch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.collectors.sources.git.repo import Repo, watch

_ABOUT = "selects no text in any file that matches 'src/*.py' at the tip of the branch"


def _systems(*names: str) -> dict[str, Any]:
    return {"bot": [{"files": "*.md"}, {"files": "src/*.py", "select": {"names": list(names)}}]}


def test_a_name_that_no_file_has_is_told_once_with_system_pattern_and_selector(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"src/a.py": "GREETING = 'Be kind'\n", "b.md": "x"})
    source = watch(repo.path, tmp_path, systems=_systems("NO_SUCH", "NOR_THIS"))

    (batch,) = source.collect()

    assert [(one.place, one.reason, one.detail) for one in batch.problems] == [
        ("bot", "nothing_selected", f"`select` (names: NO_SUCH, NOR_THIS) {_ABOUT}")
    ]
    repo.commit({"src/a.py": "GREETING = 'Be brief'\n"})
    (batch,) = source.collect()
    assert batch.problems == ()


def test_a_text_that_a_landing_takes_away_is_told_when_it_was_the_last_one(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"src/a.py": "GREETING = 'Be kind'\n", "src/b.py": "GREETING = 'Be brief'\n"})
    source = watch(repo.path, tmp_path, systems=_systems("GREETING"))
    told = []
    for change in ({}, {"src/a.py": "x = 1\n"}, {"src/b.py": None}, {"src/a.py": "x = 2\n"}):
        if change:
            repo.commit(change)
        told.append([one.detail for batch in source.collect() for one in batch.problems])

    assert told == [[], [], [f"`select` (names: GREETING) {_ABOUT}"], []]

"""How many files have a prompt, and which patterns never had one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from leverwatch.collectors.interface import Matched
from tests.collectors.sources.git.repo import Repo, watch


def test_a_pattern_that_never_had_a_prompt_is_named_until_it_has_one(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"p/a.md": "Be kind", "p/b.md": "Be brief"})
    source = watch(repo.path, tmp_path, systems={"bot": ["p/*.md", "prompts/*.md"], "aid": ["q/**"]})
    assert source.collector.matched() is None, "it has not looked yet"

    source.collect()
    first = source.collector.matched()
    source.collect()
    asked = list(source.commands)
    source.collector.matched()
    repo.commit({"q/c.md": "Be true"})
    source.collect()

    assert first == Matched(2, ("bot: prompts/*.md", "aid: q/**"))
    assert source.commands[: len(asked)] == asked, "what never had a prompt is asked for once"
    assert source.collector.matched() == Matched(3, ("bot: prompts/*.md",))


def test_a_pattern_whose_prompts_were_removed_or_moved_is_none(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"old/a.md": "Be kind", "gone/b.md": "Be brief"})
    repo.commit({"old/a.md": None, "new/a.md": "Be kind", "gone/b.md": None})
    systems: dict[str, Any] = {"bot": ["old/*.md", "gone/*.md", "new/*.md"]}

    source = watch(repo.path, tmp_path, systems=systems)
    source.collect()

    assert source.collector.matched() == Matched(1)


def test_a_selector_without_a_text_is_named_with_its_pattern(repo: Repo, tmp_path: Path) -> None:
    repo.commit({"src/a.py": "GREETING = 'Be kind'\n"})
    selecting = {"files": "src/*.py", "select": {"names": ["NO_SUCH"]}}

    source = watch(repo.path, tmp_path, systems={"bot": [selecting]})
    source.collect()

    assert source.collector.matched() == Matched(0, ("bot: src/*.py (`select` finds no text)",))


def test_a_repository_without_a_commit_matches_nothing(repo: Repo, tmp_path: Path) -> None:
    source = watch(repo.path, tmp_path, systems={"bot": ["*.md"]})

    source.collect()

    assert source.collector.matched() == Matched(0, ("bot: *.md",))

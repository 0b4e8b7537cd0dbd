"""How prompts within files are configured, and what is said of a mistake."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.sources.git.config import GitConfig
from leverwatch.collectors.sources.git.settings import settings_digest


def config(*entries: Any) -> GitConfig:
    return GitConfig.model_validate({"name": "p", "repo": "r", "systems": {"bot": list(entries)}})


def mistake(entry: Any) -> tuple[tuple[str | int, ...], str]:
    with pytest.raises(ValidationError) as caught:
        config(entry)
    error, *_ = caught.value.errors()
    return error["loc"], error["msg"].removeprefix("Value error, ")


def test_a_pattern_alone_is_of_whole_files_and_its_digest_is_what_it_was_before_there_were_selectors() -> None:
    assert config("**/*.md") == config({"files": "**/*.md"})
    assert settings_digest(config("**/*.md")) == "632ad082ea9987ab99e9d805"


@pytest.mark.parametrize(
    ("entry", "place", "reason"),
    [
        ("/a", (), "relative to the top"),
        ({"files": "/a"}, ("files",), "relative to the top"),
        ({"files": "a/*.kt", "select": {"names": ["A"]}}, (), r"no language is known .* '\.kt'; set `lang"),
        ({"files": "a/*.ini", "select": {"keys": ["a"]}}, (), r"keys: no language is known .* '\.ini'"),
        ({"files": "a/*.py", "select": {"keys": ["a"]}}, (), "for files in yaml, json, toml, and not in python"),
        ({"files": "a/*.py", "select": {"names": ["A B"]}}, ("select", "names", 0), "is no name such as"),
        ({"files": "a/*.yaml", "select": {"keys": ["a..b"]}}, ("select", "keys", 0), "no empty part"),
        ({"files": "a/*.py", "select": {"regex": "("}}, ("select", "regex"), r"no regular .* missing \)"),
        ({"files": "a/*.py", "select": {"regex": "a"}}, ("select", "regex"), "no group"),
        ({"files": "a/*.py", "select": {}}, ("select",), "selects nothing"),
        ({"files": "a/*.py", "select": {"names": []}}, ("select",), "selects nothing"),
        ({"files": "a/**", "select": {"names": ["A"], "keys": ["a"]}}, ("select",), "give each pattern its own"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_the_reason(entry: Any, place: tuple[Any, ...], reason: str) -> None:
    found, said = mistake(entry)

    assert found == ("systems", "bot", 0, *place)
    assert re.search(reason, said), said


def test_without_the_extra_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leverwatch.collectors.selection.languages.find_spec", lambda _: None)

    _, parser = mistake({"files": "*.go", "select": {"names": ["A"]}})
    _, regex = mistake({"files": "*.go", "select": {"regex": "(a)"}})

    assert parser == "select.names: the parser of go is missing: pip install 'leverwatch[prompts]'"
    assert regex == "the package google-re2 is missing: pip install 'leverwatch[prompts]'"
    config({"files": "*.yaml", "select": {"keys": ["a"]}}, {"files": "*.md", "select": {"body": True}})


def test_only_what_decides_what_is_selected_changes_the_digest() -> None:
    entries: list[Any] = [
        {"files": "*.py", "select": {"names": ["A"]}},
        {"files": "*.py", "select": {"names": ["B"]}},
        {"files": "*.py", "select": {"regex": "(A)"}},
        {"files": "*.x", "select": {"names": ["A"]}, "language": "python"},
        {"files": "*.x", "select": {"names": ["A"]}, "language": "ruby"},
        "*.py",
    ]

    assert len({settings_digest(config(entry)) for entry in entries}) == len(entries)


def test_a_pattern_of_code_without_a_selector_is_doubted() -> None:
    doubted = config("a/*.md", "a/*.py", {"files": "b/*.ts"}, {"files": "b/*.go", "select": {"names": ["A"]}})

    assert [place for place, _ in doubted.doubts()] == [("systems", "bot", 1), ("systems", "bot", 2)]
    assert "every edit" in next(iter(doubted.doubts()))[1]


def test_the_names_of_packages_are_those_of_the_extra() -> None:
    from leverwatch.collectors.selection.languages import GRAMMARS

    text = (Path(__file__).parents[4] / "pyproject.toml").read_text()
    for grammar in GRAMMARS.values():
        assert f'"{grammar.package.replace("_", "-")}>=' in text

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.registry import source_types
from leverwatch.collectors.sources.git.config import GitConfig

MINIMAL: dict[str, Any] = {
    "name": "prompts",
    "type": "git",
    "repo": "prompts.git",
    "systems": {"bot": ["**/*.md"]},
}


def test_a_repository_and_one_pattern_are_enough() -> None:
    config = GitConfig.model_validate(MINIMAL)

    assert config.branch is None
    assert config.interval == config.timeout == timedelta(minutes=5)
    assert config.bulk_above == 20
    assert config.declared_systems() == {"bot"}
    assert config.watches_prompts()
    assert not config.counts_usage()


def test_the_type_is_registered() -> None:
    assert source_types()["git"].config is GitConfig


def test_the_address_is_left_out_of_the_representation() -> None:
    config = GitConfig.model_validate({**MINIMAL, "repo": "https://user:canary@h.example/a"})

    assert "canary" not in repr(config)


@pytest.mark.parametrize(
    "wrong",
    [
        {"systems": {}},
        {"systems": {"bot": []}},
        {"systems": {"bot": "**/*.md"}},
        {"systems": {"bot": ["/a"]}},
        {"systems": {"-bad name": ["a"]}},
        {"repo": ""},
        {"repo": "--upload-pack=x"},
        {"repo": "ext::sh -c x"},
        {"branch": ""},
        {"branch": "-x"},
        {"branch": "a..b"},
        {"branch": "a b"},
        {"branch": "a@{1}"},
        {"branch": "a^"},
        {"branch": "a.lock"},
        {"exclude": ["a["]},
        {"bulk_above": 0},
        {"timeout": "5"},
        {"unknown": 1},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GitConfig.model_validate({**MINIMAL, **wrong})


@pytest.mark.parametrize("branch", ["main", "release/1.2", "origin/main", "a@b", "x-y_z"])
def test_a_branch_name_is_accepted(branch: str) -> None:
    assert GitConfig.model_validate({**MINIMAL, "branch": branch}).branch == branch

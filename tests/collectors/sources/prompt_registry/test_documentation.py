"""`docs/sources/prompt-registry.md` is checked against the code."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from leverwatch.collectors.config import SourceConfig
from leverwatch.collectors.daily.errors import VOCABULARY, SchemaDiffers
from leverwatch.collectors.daily.http_config import HttpSettings
from leverwatch.collectors.interface import COUNTING_KINDS, ChangeKind
from leverwatch.collectors.sources.prompt_registry.config import PromptRegistryConfig
from leverwatch.collectors.sources.prompt_registry.registries.by_name import REGISTRIES

PAGE = (Path(__file__).parents[4] / "docs/sources/prompt-registry.md").read_text()


def test_the_page_names_every_setting_and_reason() -> None:
    shared = SourceConfig.model_fields.keys() | HttpSettings.model_fields.keys()
    own = PromptRegistryConfig.model_fields.keys() - shared
    reasons = {kind.reason for kind in VOCABULARY if kind is not SchemaDiffers}

    assert {name for name in own | reasons if f"`{name}`" not in PAGE} == set()


def test_the_table_of_apis_says_what_the_code_says() -> None:
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line[:3] == "| `"
    ]
    told = {row[0]: (row[2], row[3].startswith("yes")) for row in rows[1:] if len(row) == 6}

    assert told.pop("http") == ("production", False)
    assert told == {name: (one.label, one.list is not None) for name, one in REGISTRIES.items()}


def test_the_table_of_kinds_says_which_make_a_day_active() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line[:2] == "| "]
    told = {kind: row[2] == "yes" for row in rows if len(row) == 3 for kind in re.findall(r"`(\w+)`", row[1])}

    assert told == {kind: kind in COUNTING_KINDS for kind in ChangeKind if kind is not ChangeKind.FORMATTING}


def test_the_examples_are_configurations() -> None:
    blocks = re.findall(r"(?:^    .*\n)+", PAGE, re.MULTILINE)

    examples = [PromptRegistryConfig.model_validate(one) for block in blocks for one in yaml.safe_load(block)]

    assert [one.api for one in examples] == ["langfuse", "http"]
    assert [list(one.doubts()) for one in examples] == [[], []]

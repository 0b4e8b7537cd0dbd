from __future__ import annotations

import os
from pathlib import Path

import pytest

from leverwatch.agent.config.reference_page import render_reference, with_reference
from leverwatch.agent.config.schema import json_schema

PAGE = Path(__file__).parents[3] / "docs/configuration.md"
EXAMPLE = Path(__file__).parent / "example.yaml"


def test_the_page_of_settings_is_what_the_models_say() -> None:
    current = PAGE.read_text()
    wanted = with_reference(current)
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        PAGE.write_text(wanted)
        return

    assert current == wanted, "LEVERWATCH_UPDATE_GOLDEN=1 rewrites it"


def test_the_example_of_the_page_is_the_tested_one() -> None:
    assert EXAMPLE.read_text().strip() in PAGE.read_text()


def test_every_setting_is_described() -> None:
    for row in render_reference().splitlines():
        if row.startswith("| `"):
            assert row.rstrip(" |").count(" | ") == 3, row


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        with_reference("# Configuration\n")


def test_every_key_of_the_schema_is_in_the_reference() -> None:
    page = render_reference()
    for definition in json_schema()["$defs"].values():
        for key in definition.get("properties", {}):
            assert f"{key}`" in page, key

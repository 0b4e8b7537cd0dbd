"""The pages of the clouds' metrics name every setting, and what they show can be used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from leverwatch.collectors.daily.config import DailyConfig
from leverwatch.collectors.registry import source_types

FOLDER = Path(__file__).parents[3] / "docs/sources"
page_of = pytest.mark.parametrize("name", ["cloudwatch", "azure-monitor", "google-monitoring"])


@page_of
def test_a_page_names_every_setting_and_its_example_is_one(name: str) -> None:
    page, kind = (FOLDER / f"{name}.md").read_text(), source_types()[name].config
    wanted = kind.model_fields.keys() - DailyConfig.model_fields.keys()
    (example,) = yaml.safe_load(page.split("\n\n")[1])

    assert {it for it in wanted if not re.search(rf"`{it}[`:]|^ +{it}: ", page, re.MULTILINE)} == set()
    assert kind.model_validate(example).tells() is not None


def test_the_policy_allows_what_the_source_calls() -> None:
    policy = json.loads((FOLDER / "cloudwatch.md").read_text().split("```json\n")[1].split("```")[0])

    tells = (
        source_types()["cloudwatch"]
        .config.model_validate({"name": "n", "type": "cloudwatch", "regions": ["us-east-1"], "system": "s"})
        .tells()
    )
    assert tells is not None
    assert policy["Statement"][0]["Action"] == tells.permission.split(" and ")

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.sources.cloudwatch.config import CloudWatchConfig


def config(**more: Any) -> CloudWatchConfig:
    return CloudWatchConfig.model_validate({"name": "cloud", "regions": ["us-east-1"], "system": "bot", **more})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"regions": []}, "at least 1"),
        ({"regions": ["us-east"]}, "pattern"),
        ({"system": "{team}"}, r"these are: \{ModelId\}, \{model\}, \{region\}, \{account\}, \{project\}"),
        ({"system": [{"is": "bot", "where": {"team": "a"}}]}, "there is none of"),
        ({"url": "ftp://x"}, "must be a URL"),
        ({"url": "https://user:word@x"}, "must be a URL"),
        ({"history": "36h"}, "whole days"),
        ({"regions": ["us-east-1", "us-west-2"], "url": "https://x"}, r"url is one address for several regions"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(**settings)


def test_more_days_than_are_kept_are_doubted() -> None:
    assert list(config(history="400d").doubts()) == []
    assert list(config(history="456d").doubts()) == [
        (("history",), "is more than the 455 days that CloudWatch keeps")
    ]


def test_an_address_for_each_region_or_for_the_only_one_is_accepted() -> None:
    assert config(url="https://x").url == "https://x"
    assert config(regions=["us-east-1", "us-west-2"], url="https://{region}.x").url == "https://{region}.x"


def test_a_region_that_amazons_library_does_not_know_is_doubted() -> None:
    assert list(config(regions=["us-east-1", "cn-north-1", "us-gov-west-1"]).doubts()) == []
    assert list(config(regions=["us-east-1", "eu-centrall-1"]).doubts()) == [
        (("regions", 1), "is no region that Amazon's library knows; is eu-central-1 meant?")
    ]


def test_a_constant_system_is_declared_and_the_source_says_what_it_tells() -> None:
    assert config().declared_systems() == {"bot"}
    assert config(system="{region}").declared_systems() == frozenset()
    assert config().tells().cost == "no"
    assert "cloudwatch:GetMetricData" in config().tells().permission
    assert config().counts_usage()
    assert config().waits_for_others()

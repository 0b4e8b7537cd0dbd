"""`docs/mistakes.md` is checked against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leverwatch.agent.framework.baselines import BaselineCode
from leverwatch.agent.framework.comparison import ComparisonOutcome
from leverwatch.agent.framework.fine_tuned_models import RECENT_DAYS, TunedBy
from leverwatch.agent.framework.locked_in import LockedInCode, Standing, Support
from leverwatch.agent.framework.mistakes import (
    BaselineSettings,
    LockedInSettings,
    OverengineeringSettings,
    ReviewSettings,
    ShutdownSettings,
)
from leverwatch.agent.framework.overengineering import Sign
from leverwatch.agent.framework.review import ReviewCode
from leverwatch.agent.framework.shutdowns import Urgency

DOCUMENT = (Path(__file__).parents[3] / "docs" / "mistakes.md").read_text(encoding="utf-8")
ONE_LINE = " ".join(DOCUMENT.split())
BASELINES, PROMPTS, REVIEWS = BaselineSettings(), OverengineeringSettings(), ReviewSettings()
SHUTDOWNS, LOCKED_IN = ShutdownSettings(), LockedInSettings()


def listed(head: str) -> list[str]:
    """The first cells of the tables whose first column has this heading."""
    tables = re.findall(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n?)+)", DOCUMENT, re.MULTILINE)
    return re.findall(r"^\| `(\w+)` \|", "".join(tables), re.MULTILINE)


def test_every_code_is_listed_in_its_order() -> None:
    assert listed("outcome") == list(ComparisonOutcome)
    assert listed("urgency") == list(Urgency)
    assert listed("standing") == list(Standing)
    assert listed("evidence") == list(Support)
    assert listed("advice") == list(LockedInCode)
    assert sorted(listed("sign")) == sorted([*TunedBy, *Sign])
    assert sorted(listed("code")) == sorted([*BaselineCode, *ReviewCode])


@pytest.mark.parametrize(
    "words",
    [
        f"on which it serves {BASELINES.tuned_share:.0%} or more",
        f"within the {BASELINES.before_days} days up to the adoption",
        f"and {BASELINES.minimum_n} or more test cases each",
        f"fewer than {BASELINES.minimum_n} test cases",
        f"at {BASELINES.confidence:.0%} confidence",
        f"more than {BASELINES.stale_after_days} days old",
        f"within the last {RECENT_DAYS} days",
        {3: "flagged when three of them agree"}[PROMPTS.agree],
        f"less than {PROMPTS.cached_share:.0%} of the static tokens",
        f"while more than {PROMPTS.cacheable_share:.0%} of the input is static",
        f"more than {PROMPTS.attempts:g} attempts",
        f"{PROMPTS.calls_per_trace:g} or more calls a trace",
        f"with fewer than {PROMPTS.small_output:g} output tokens a call",
        f"grew by more than {PROMPTS.growth:.0%} in 13 weeks",
        f"more than {PROMPTS.static_share:.0%} of the input is static",
        f"there are more than {PROMPTS.input_output:g} input tokens an output token",
        f"{REVIEWS.review_after_days} days after the review",
        f"is shut down within {SHUTDOWNS.warning_days} days",
        f"| `warning` | {SHUTDOWNS.warning_days} days or fewer |",
        f"| `critical` | {SHUTDOWNS.critical_days} days or fewer |",
        f"more than {LOCKED_IN.failure_rate:.0%} of the checked outputs",
        f"both halves of {LOCKED_IN.failure_days} days (with {LOCKED_IN.minimum_checked} or more in each)",
        f"in {LOCKED_IN.schema_on:.0%} of the calls or more",
        f"below {LOCKED_IN.target:g} over {LOCKED_IN.flat_changes} or more prompt changes",
        f"no prompt change for {LOCKED_IN.stable_weeks} weeks",
    ],
)
def test_every_default_is_the_one_of_the_code(words: str) -> None:
    assert words in ONE_LINE

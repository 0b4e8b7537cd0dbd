from __future__ import annotations

from datetime import date, timedelta

import pytest

from leverwatch.agent.framework.mistakes import ShutdownSettings
from leverwatch.agent.framework.shutdowns import Urgency, base_of, shutdown_of, shutdowns
from tests.agent.framework.evals import counts
from tests.agent.framework.facts import AS_OF

END = date(2027, 1, 14)


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("ft:gpt-4o-mini-2024-07-18:org:name:id", "gpt-4o-mini-2024-07-18"),
        ("openai/ft:gpt-4o:org::1", "gpt-4o"),
        ("azure:ft:gpt-4o", "gpt-4o"),
        ("ft:", None),
        ("gpt-4o", None),
        ("soft:gpt-4o", None),
    ],
)
def test_the_base_of_a_hosted_fine_tune_is_in_its_name(model: str, base: str | None) -> None:
    assert base_of(model) == base


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", (END, True)),
        ("gpt-4o-mini", (END + timedelta(days=1), True)),
        ("gpt-4.1", (END + timedelta(days=2), True)),
        ("claude", (END + timedelta(days=3), False)),
        ("ft:claude:org::1", (END + timedelta(days=3), False)),
        ("ft:gpt-4o:org::1", (END, True)),
        ("ft:listed:org::1", (END + timedelta(days=4), False)),
        ("other", None),
        ("openai/gpt-4o", (END, True)),
        ("anthropic/claude", (END + timedelta(days=3), False)),
        ("router/anthropic/claude", (END + timedelta(days=3), False)),
        ("openai/ft:listed:org::1", (END + timedelta(days=4), False)),
        ("exact/claude", (END + timedelta(days=5), False)),
        ("anthropic/other", None),
    ],
)
def test_the_nearest_word_on_a_model_counts(model: str, expected: tuple[date, bool] | None) -> None:
    configured = {"gpt-4o": END, "gpt-4o-*": END + timedelta(days=1), "gpt-*": END + timedelta(days=2)}
    listed = {
        "gpt-4o": date(2030, 1, 1),
        "claude": END + timedelta(days=3),
        "ft:listed:org::1": END + timedelta(days=4),
        "listed": date(2030, 1, 1),
        "exact/claude": END + timedelta(days=5),
    }

    assert shutdown_of(model, configured, listed) == expected


@pytest.mark.parametrize(
    ("left", "urgency"),
    [
        (91, Urgency.AHEAD),
        (90, Urgency.WARNING),
        (31, Urgency.WARNING),
        (30, Urgency.CRITICAL),
        (1, Urgency.CRITICAL),
        (0, Urgency.PAST),
        (-5, Urgency.PAST),
    ],
)
def test_a_shutdown_grows_urgent_at_ninety_and_at_thirty_days(left: int, urgency: Urgency) -> None:
    (found,) = shutdowns({"m": counts(1, 10)}, AS_OF, {}, {"m": AS_OF + timedelta(days=left)})

    assert (found.days_left, found.urgency, found.configured) == (left, urgency, False)
    assert (found.warning_days, found.critical_days) == (90, 30)


def test_only_models_of_the_last_four_weeks_count_the_nearest_end_first() -> None:
    daily = {"late": counts(30, 27), "soon": counts(10, 27), "gone": counts(99, 60, 28), "safe": counts(0, 5)}
    listed = {"late": END, "soon": END - timedelta(days=9), "gone": END, "safe": END}

    found = shutdowns(daily, AS_OF, {}, listed)

    assert [(item.model, item.share) for item in found] == [("soon", 0.25), ("late", 0.75)]
    assert found[0].text == "soon, 25.0% of the inferences of 28 days, is shut down on 2027-01-05, in 93 days"


def test_the_days_are_settings() -> None:
    settings = ShutdownSettings(warning_days=5, critical_days=1)
    (found,) = shutdowns({"m": counts(1, 3)}, AS_OF, {"m": AS_OF + timedelta(days=5)}, {}, settings)

    assert found.urgency is Urgency.WARNING

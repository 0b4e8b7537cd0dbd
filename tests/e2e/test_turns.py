"""Two agents on one PostgreSQL are killed and revived in turn: exact totals, never two that decide, one alert.

`make soak-agents` is the same with a thousand rounds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kills.databases import postgresql_on
from tests.e2e.turns import turns

pytestmark = pytest.mark.e2e

ROUNDS = 4


def test_agents_that_are_killed_in_turn_count_exactly_and_speak_with_one_voice(
    tmp_path: Path, postgres_url: str
) -> None:
    with turns(tmp_path, postgresql_on(postgres_url)(), seed=1) as both:
        for number in range(ROUNDS):
            both.round(number)
        both.check()
        assert both.deciders() > 1, "no other agent came to decide"

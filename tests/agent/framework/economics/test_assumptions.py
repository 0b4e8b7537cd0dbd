from __future__ import annotations

from msgspec.structs import replace

from leverwatch.agent.framework.economics.amounts import Amount, Origin
from leverwatch.agent.framework.economics.assumptions import priced
from tests.agent.framework.economics.cases import TUNED_MINI, exactly

TOKENS = {"training_million_tokens": Amount(5, 10, 20, Origin.CONFIGURED)}
DEAR = replace(TUNED_MINI, training=3.0, hosting_per_hour=2.5)


def test_a_training_price_and_its_tokens_give_the_cost_of_a_run() -> None:
    assert priced(replace(TUNED_MINI, training=3.0), TOKENS) == {
        "training_usd": Amount(15, 30, 60, Origin.CONFIGURED)
    }


def test_a_hosting_price_is_the_price_of_an_instance() -> None:
    assert priced(DEAR, {}) == exactly(gpu_hour_usd=2.5)


def test_what_is_configured_stays() -> None:
    assert priced(DEAR, {**TOKENS, **exactly(training_usd=1, gpu_hour_usd=1)}) == {}

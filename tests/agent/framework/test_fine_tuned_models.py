from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leverwatch.agent.framework.fine_tuned_models import TunedBy, predecessors, recognise, tuned_models
from tests.agent.framework.evals import BASE, TUNED, counts
from tests.agent.framework.facts import AS_OF, ago


@pytest.mark.parametrize(
    ("model", "sign"),
    [
        ("ft:gpt-4o-mini-2024-07-18:org:name:abc123", TunedBy.FINE_TUNE_ID),
        ("openai/ft:gpt-4o:org::1", TunedBy.FINE_TUNE_ID),
        ("azure:ft:gpt-4o:org::1", TunedBy.FINE_TUNE_ID),
        ("gpt-4o-mini-2024-07-18.ft-0e208cf33a6a466994aff31a08aba678", TunedBy.FINE_TUNE_ID),
        ("davinci:ft-org-2023-01-01-00-00-00", TunedBy.FINE_TUNE_ID),
        ("tunedModels/bot-abc", TunedBy.FINE_TUNE_ID),
        ("arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova/abc", TunedBy.CUSTOM_ARN),
        ("bedrock/arn:aws-us-gov:bedrock:x:1:custom-model-deployment/abc", TunedBy.CUSTOM_ARN),
        ("arn:aws:bedrock:eu-west-1:1:imported-model/abc", TunedBy.CUSTOM_ARN),
        ("llama-3-8b-lora-support", TunedBy.ADAPTER),
        ("llama-3:support_LoRA2", TunedBy.ADAPTER),
        ("base/qlora", TunedBy.ADAPTER),
        ("base:adapter-7", TunedBy.ADAPTER),
        ("acme-support-3", TunedBy.CONFIGURED),
        # What only looks alike.
        ("gpt-4o", None),
        ("llama3:8b", None),
        ("anthropic.claude-3-sonnet-20240229-v1:0", None),
        ("mistral:free", None),
        ("soft:tissue", None),
        ("microsoft-1", None),
        ("explorations", None),
        ("florabot", None),
        ("llama-adaptered", None),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/abc", None),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude", None),
        ("ACME-support-3", None),
    ],
)
def test_a_name_shows_whether_a_model_is_tuned(model: str, sign: TunedBy | None) -> None:
    assert recognise(model, ["acme-*"]) is sign


def test_a_tuned_model_is_adopted_on_the_first_day_of_its_part() -> None:
    daily = {BASE: counts(95, 60), TUNED: {ago(12): 4.9, ago(10): 5.0, ago(8): 60.0, ago(7): 1.0}}

    (tuned,) = tuned_models(daily, AS_OF)

    assert (tuned.model, tuned.by, tuned.adopted_on, tuned.last_day) == (
        TUNED,
        TunedBy.FINE_TUNE_ID,
        ago(10),
        ago(8),
    )
    assert tuned.share == 0.05
    assert tuned.inferences == pytest.approx(70.9)
    assert tuned.in_use(AS_OF)
    assert not tuned.in_use(AS_OF.replace(year=AS_OF.year + 1))


def test_a_model_that_never_carried_its_part_is_not_adopted() -> None:
    daily = {BASE: counts(1000, 60), TUNED: counts(1, 30), "ft:none": counts(0, 30)}

    assert tuned_models(daily, AS_OF) == ()
    assert [tuned.model for tuned in tuned_models(daily, AS_OF, least_share=0.0005)] == [TUNED]


def test_days_to_come_are_not_known_yet() -> None:
    daily = {BASE: counts(95, 60), TUNED: counts(95, 10)}

    assert tuned_models(daily, ago(11)) == ()
    assert tuned_models(daily, ago(10))[0].adopted_on == ago(10)


def test_the_predecessors_are_the_models_of_the_four_weeks_before_largest_first() -> None:
    daily = {
        TUNED: counts(50, 10),
        "small": counts(1, 30, 11),
        BASE: counts(9, 30, 11),
        "long-gone": counts(500, 90, 39),
        "later": counts(5, 9),
    }
    (tuned,) = tuned_models(daily, AS_OF)

    assert predecessors(daily, tuned) == (BASE, "small")


@given(st.text(max_size=40), st.text(max_size=40))
def test_recognising_never_fails_and_a_pattern_of_everything_matches(model: str, pattern: str) -> None:
    assert recognise(model, ["*"]) is TunedBy.CONFIGURED
    recognise(model, [pattern])

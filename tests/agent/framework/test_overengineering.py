from __future__ import annotations

import csv
import random
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leverwatch.agent.framework.economics.amounts import Origin
from leverwatch.agent.framework.mistakes import OverengineeringSettings
from leverwatch.agent.framework.overengineering import ADVICE, PromptMoments, Sign, judge

BLOATED = PromptMoments(
    input_tokens=4000,
    output_tokens=40,
    static_tokens=3600,
    cached_tokens=360,
    calls_per_trace=4,
    attempts=1.3,
    earlier_static_tokens=1800,
    earlier_input_tokens=2200,
    eval_gain=False,
)
LEAN = PromptMoments(
    input_tokens=1200,
    output_tokens=300,
    static_tokens=500,
    cached_tokens=400,
    calls_per_trace=1,
    attempts=1.01,
    earlier_static_tokens=480,
    earlier_input_tokens=1150,
    eval_gain=False,
)
UNKNOWN = PromptMoments()
WORDS = """\
10% of the static tokens come from the cache (threshold 30%), while 90% of the input is static (threshold 50%)
1.30 attempts for each inference (threshold 1.1)
4.0 calls a trace (threshold 3) for 40 output tokens a call (threshold 50)
the length of the prompt changed by 100% in 13 weeks (threshold 50%), and no eval gained
90% of the input is static (measured; threshold 80%), at 100.0 input tokens an output token (threshold 30)"""


def active(moments: PromptMoments) -> dict[Sign, bool | None]:
    return {item.sign: item.active for item in judge(moments).evidence}


def test_a_bloated_prompt_shows_every_sign_and_what_to_try_first() -> None:
    judged = judge(BLOATED)

    assert judged.flagged
    assert (judged.active, judged.known, judged.agree) == (5, 5, 3)
    assert [item.sign for item in judged.evidence] == list(Sign)
    assert [reason.code for reason in judged.advice] == [
        "try_caching",
        "try_retries",
        "try_chain",
        "try_growth",
        "try_static_share",
    ]
    assert "\n".join(reason.text for reason in judged.reasons) == WORDS


def test_a_lean_prompt_shows_none() -> None:
    judged = judge(LEAN)

    assert (judged.flagged, judged.active, judged.known) == (False, 0, 5)
    assert judged.reasons == judged.advice == ()


def test_where_nothing_is_known_nothing_is_said() -> None:
    judged = judge(UNKNOWN)

    assert (judged.flagged, judged.active, judged.known) == (None, 0, 0)
    assert all(item.value is None for item in judged.evidence)


@pytest.mark.parametrize(
    ("change", "sign", "expected"),
    [
        ({"static_tokens": 3200}, Sign.STATIC_SHARE, False),
        ({"output_tokens": 134}, Sign.STATIC_SHARE, False),
        ({"output_tokens": None}, Sign.STATIC_SHARE, None),
        ({"output_tokens": None, "static_tokens": 100}, Sign.STATIC_SHARE, False),
        ({"static_tokens": None}, Sign.STATIC_SHARE, None),
        ({"static_tokens": 5000}, Sign.STATIC_SHARE, None),
        ({"cached_tokens": 1080}, Sign.CACHING, False),
        ({"cached_tokens": 1079}, Sign.CACHING, True),
        ({"static_tokens": 2000, "cached_tokens": 0}, Sign.CACHING, False),
        ({"cached_tokens": None}, Sign.CACHING, None),
        ({"earlier_static_tokens": 2400}, Sign.GROWTH, False),
        ({"eval_gain": True}, Sign.GROWTH, False),
        ({"eval_gain": None}, Sign.GROWTH, None),
        ({"earlier_static_tokens": None, "earlier_input_tokens": 2600}, Sign.GROWTH, True),
        ({"earlier_static_tokens": None, "earlier_input_tokens": None}, Sign.GROWTH, None),
        ({"earlier_static_tokens": None, "earlier_input_tokens": None, "eval_gain": True}, Sign.GROWTH, False),
        ({"calls_per_trace": 3.0}, Sign.CHAIN, True),
        ({"calls_per_trace": 2.99}, Sign.CHAIN, False),
        ({"output_tokens": 50.0}, Sign.CHAIN, False),
        ({"calls_per_trace": None}, Sign.CHAIN, None),
        ({"attempts": 1.1}, Sign.RETRIES, False),
        ({"attempts": None}, Sign.RETRIES, None),
    ],
)
def test_each_sign_has_its_side_of_its_threshold(
    change: dict[str, Any], sign: Sign, expected: bool | None
) -> None:
    assert active(replace(BLOATED, **change))[sign] is expected


def test_two_signs_are_one_fact_seen_twice_and_flag_nothing() -> None:
    long_prompt = replace(
        LEAN, input_tokens=4000, output_tokens=60, static_tokens=3600, earlier_static_tokens=3600
    )

    judged = judge(replace(long_prompt, cached_tokens=0))

    assert [reason.code for reason in judged.reasons] == ["prompt_caching", "prompt_static_share"]
    assert judged.flagged is False


def test_unknown_signs_leave_it_open_only_while_they_could_still_agree() -> None:
    two = replace(BLOATED, static_tokens=None, cached_tokens=None, eval_gain=True)
    assert (judge(two).active, judge(two).flagged) == (2, None)
    none = replace(two, calls_per_trace=1, attempts=1.0)
    assert (judge(none).active, judge(none).flagged) == (0, False)
    assert judge(two, OverengineeringSettings(agree=2)).flagged


def test_long_outputs_settle_the_sign_of_a_chain_although_its_calls_are_unknown() -> None:
    judged = judge(replace(LEAN, calls_per_trace=None))
    (chain,) = (evidence for evidence in judged.evidence if evidence.sign is Sign.CHAIN)

    assert chain.active is False
    assert chain.text == "300 output tokens a call are not few (threshold 50), however many calls a trace has"


def test_where_a_length_is_assumed_it_says_so() -> None:
    evidence = judge(replace(BLOATED, static_origin=Origin.ASSUMED)).evidence[-1]

    assert evidence.text.startswith("90% of the input is static (assumed;")


def code_completion_trace() -> str:
    """An hour of code completion in the shape of a public trace: median 92 input tokens an output token."""
    random_numbers = random.Random(20231116)
    rows = ["TIMESTAMP,ContextTokens,GeneratedTokens"]
    for second in range(3000):
        context = min(7500, max(20, int(random_numbers.lognormvariate(7.4, 0.7))))
        generated = max(1, int(random_numbers.lognormvariate(2.7, 0.9)))
        rows.append(f"2023-11-16 18:{second // 60 % 60:02}:{second % 60:02},{context},{generated}")
    return "\n".join(rows)


def trace_moments() -> PromptMoments:
    rows = list(csv.DictReader(StringIO(code_completion_trace())))
    return PromptMoments(
        input_tokens=sum(int(row["ContextTokens"]) for row in rows) / len(rows),
        output_tokens=sum(int(row["GeneratedTokens"]) for row in rows) / len(rows),
        attempts=1.0,
    )


def test_healthy_code_completion_is_not_flagged() -> None:
    moments = trace_moments()
    assert moments.input_output is not None
    assert moments.input_output > 60

    assert judge(moments).active == 0
    assert judge(moments).flagged is not True
    assert judge(replace(moments, calls_per_trace=1.0, cached_tokens=None)).flagged is not True


@pytest.mark.parametrize("cached_share", [0.1, 0.9])
def test_nor_is_it_with_everything_known_and_a_long_fixed_prompt(cached_share: float) -> None:
    moments = trace_moments()
    assert moments.input_tokens is not None
    static = moments.input_tokens * 0.85
    known = replace(
        moments,
        static_tokens=static,
        earlier_static_tokens=static,
        cached_tokens=static * cached_share,
        calls_per_trace=1.0,
        eval_gain=False,
    )

    assert judge(known).flagged is False


amounts = st.none() | st.floats(0, 1e6)
all_moments = st.builds(
    PromptMoments,
    input_tokens=amounts,
    output_tokens=amounts,
    static_tokens=amounts,
    cached_tokens=amounts,
    calls_per_trace=amounts,
    attempts=amounts,
    earlier_input_tokens=amounts,
    earlier_static_tokens=amounts,
    eval_gain=st.none() | st.booleans(),
)


@given(all_moments)
def test_the_ratio_of_input_to_output_never_flags_by_itself(moments: PromptMoments) -> None:
    judged = judge(moments)
    ratio_alone = PromptMoments(input_tokens=moments.input_tokens, output_tokens=moments.output_tokens)

    assert judge(ratio_alone).flagged is None
    assert judged.flagged is not True or judged.active >= 3
    assert len(judged.advice) == (judged.active if judged.flagged else 0)


@given(all_moments, st.sampled_from(["cached_tokens", "calls_per_trace", "attempts", "eval_gain"]))
def test_forgetting_a_number_never_turns_a_no_into_a_yes(moments: PromptMoments, name: str) -> None:
    without: dict[str, Any] = {name: None}
    known, forgotten = judge(moments).flagged, judge(replace(moments, **without)).flagged

    assert forgotten is None or forgotten is known


@given(all_moments, st.integers(1, 5))
def test_asking_for_more_agreement_flags_less(moments: PromptMoments, agree: int) -> None:
    less = judge(moments, OverengineeringSettings(agree=agree)).flagged
    more = judge(moments, OverengineeringSettings(agree=agree + 1)).flagged

    assert not more or less


def test_every_sign_has_its_advice() -> None:
    assert list(ADVICE) == list(Sign)

from __future__ import annotations

import pytest

from leverwatch.agent.framework.assess import assess
from leverwatch.agent.framework.model import (
    PromptFacts,
    Rule,
)
from leverwatch.agent.framework.reasons import ReasonCode
from tests.agent.framework.facts import (
    FREQUENT,
    HIGH,
    LOCKED,
    LOW,
    MID,
    PE,
    QUIET,
    SHORT,
    SMALL,
    UNWATCHED,
    active,
    ago,
    codes,
    constant,
    facts,
    sentence,
    series,
    verdict,
)


class TestReasons:
    @pytest.mark.parametrize(
        ("count", "text"),
        [
            (3_000_000, "91.3M inferences a month (28 of 28 days), below the hybrid threshold of 100M"),
            (
                3_692_000,
                (
                    "112.4M inferences a month (28 of 28 days), at or above the hybrid threshold of 100M "
                    "and not above the fine-tuning threshold of 1.00B"
                ),
            ),
            (40_000_000, "1.22B inferences a month (28 of 28 days), above the fine-tuning threshold of 1.00B"),
        ],
    )
    def test_volume_is_told_in_numbers(self, count: float, text: str) -> None:
        assert assess(facts(constant(count))).reasons[0].text == text

    def test_an_older_window_says_where_it_ends(self) -> None:
        result = verdict(facts(constant(MID, until=ago(1))))
        assert "(28 of 28 days to 2026-10-03)" in result.reasons[0].text

    def test_a_dwelling_band_is_told(self) -> None:
        result = verdict(facts(series((40, LOW), (4, HIGH))))
        assert result.strategy is PE
        assert sentence(result, ReasonCode.BAND_DWELLING) == (
            "volume has pointed to the mid band for 4 of 7 days; the low band stands"
        )
        assert result.reasons[0].text.endswith("; the low band, settled since 2026-09-11, stands")

    @pytest.mark.parametrize("prompt_facts", [QUIET, FREQUENT])
    def test_a_dwelling_band_is_told_only_where_volume_decides(self, prompt_facts: PromptFacts) -> None:
        result = verdict(facts(series((40, LOW), (4, HIGH)), prompt_facts))
        assert (ReasonCode.BAND_DWELLING in codes(result)) is (prompt_facts is QUIET)

    def test_hysteresis_is_told_at_both_boundaries(self) -> None:
        mid = assess(facts(series((40, 3_400_000.0), (60, 3_100_000.0))))
        assert sentence(mid, ReasonCode.BAND_HYSTERESIS) == (
            "94.4M is below the hybrid threshold of 100M, but the mid band is only left below 90M"
        )
        high = assess(facts(series((40, 34_000_000.0), (60, 31_000_000.0))))
        assert sentence(high, ReasonCode.BAND_HYSTERESIS) == (
            "943.6M is not above the fine-tuning threshold of 1.00B, but the high band is only left below 900M"
        )

    def test_frequency_is_told_in_numbers(self) -> None:
        assert verdict(facts(constant(MID), FREQUENT)).reasons[0].text == (
            "prompts change on 2 active days a week over 20 weeks; frequent since 2026-06-14, left below 0.5"
        )

    def test_locked_in_behaviour_is_told_with_its_reasons(self) -> None:
        result = verdict(facts(constant(MID), locked_in=("house tone", "JSON schema v3")))
        assert result.reasons[0].text == "2 reasons declared for locked-in behaviour: house tone; JSON schema v3"

    def test_the_conflict_is_told_with_both_sides(self) -> None:
        (first, *_) = verdict(facts(constant(MID), FREQUENT, LOCKED)).reasons
        assert first.code == ReasonCode.CONFLICT
        assert "1 reason declared" in first.text
        assert "2 active days a week" in first.text

    @pytest.mark.parametrize(
        ("prompt_facts", "text"),
        [
            (UNWATCHED, "no prompt source watches this system"),
            (PromptFacts(watched=True), "no prompt change was found yet, and 4 whole weeks of history are needed"),
            (SHORT, "prompt history since 2026-09-24 covers 1 of the 4 whole weeks needed"),
        ],
    )
    def test_an_unknown_frequency_says_why(self, prompt_facts: PromptFacts, text: str) -> None:
        assert verdict(facts(constant(MID), prompt_facts)).evidence[3].text == text

    def test_reasons_come_in_the_order_of_their_codes(self) -> None:
        result = verdict(facts(series((60, MID), (1, None), (4, HIGH)), SHORT, declared=PE, overlapping=True))
        order = [code.value for code in ReasonCode]
        assert codes(result) == sorted(codes(result), key=order.index)
        assert len(codes(result)) == 6


class TestEvidence:
    def test_each_rule_carries_its_value_threshold_and_unit(self) -> None:
        result = verdict(facts(constant(16_000.0), FREQUENT, LOCKED))
        assert [(e.rule, e.value, e.threshold, e.unit) for e in result.evidence] == [
            (Rule.VOLUME_LOW, 487_000, 487_000, "inferences/month"),
            (Rule.VOLUME_MID, 487_000, 487_000, "inferences/month"),
            (Rule.VOLUME_HIGH, 487_000, 4_870_000, "inferences/month"),
            (Rule.FREQUENT_CHANGES, 2.0, 1.0, "days/week"),
            (Rule.LOCKED_IN_BEHAVIOR, 1.0, 1.0, "reasons"),
        ]

    def test_the_settled_band_is_active_not_the_one_volume_lies_in(self) -> None:
        result = verdict(facts(series((40, LOW), (4, HIGH))))
        assert active(result)[:3] == [True, False, False]
        assert result.evidence[0].value is not None
        assert result.evidence[0].value > SMALL.hybrid_from

    def test_stale_volume_stays_visible(self) -> None:
        result = verdict(facts(constant(MID, until=ago(30))))
        assert active(result)[:3] == [False, True, False]
        assert "to 2026-09-04" in result.evidence[1].text

    def test_usage_never_seen_is_unknown_and_not_zero(self) -> None:
        evidence = verdict(facts()).evidence[0]
        assert (evidence.active, evidence.value) == (None, None)
        assert evidence.text == "holds below 487K; no usage was seen"

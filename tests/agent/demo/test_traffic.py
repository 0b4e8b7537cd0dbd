"""The generator of usage lines, on its own."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from leverwatch.agent.demo.company import ADOPTED, SYSTEMS, SystemPlan
from leverwatch.agent.demo.traffic import Totals, UsageLine, day_lines, encode, moment_lines, total

AT = datetime(2031, 5, 12, 9, tzinfo=UTC)
SERVED = UsageLine(AT, "a", "m", True, 10, 900, 100, 40, 20, 0.5)
UNPRICED = UsageLine(AT, "a", "n", True, 5, 300, 60, 0, 10)
FAILED = UsageLine(AT, "a", "m", False, 2, 50)


def test_a_line_is_written_as_a_gateway_writes_it() -> None:
    line = encode(SERVED)
    assert line.endswith(b"}\n")
    assert json.loads(line) == {
        "ts": "2031-05-12T09:00:00Z",
        "request_id": "a/m/20310512T090000.000000/ok",
        "app": "a",
        "model": "m",
        "status": "success",
        "inferences": 10,
        "duration_ms": 900,
        "usage": {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 40},
        },
        "cost": 0.5,
    }


def test_what_is_unknown_is_left_out() -> None:
    assert "cost" not in json.loads(encode(UNPRICED))
    failed = json.loads(encode(FAILED))
    assert failed["status"] == "error"
    assert not {"cost", "usage"} & set(failed)


def test_totals_count_tokens_of_served_calls_only() -> None:
    assert total([SERVED, UNPRICED, FAILED]) == Totals(
        lines=3, inferences=15, errors=2, input_tokens=160, cached_tokens=40, output_tokens=30, unpriced=5
    )
    assert total([]) == Totals()


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_a_day_repeats_itself_and_has_one_line_for_each_hour_model_and_outcome(system: SystemPlan) -> None:
    lines = list(day_lines(system, date(2031, 5, 12), date(2031, 5, 13), 7))
    assert lines == list(day_lines(system, date(2031, 5, 12), date(2031, 5, 13), 7))
    assert len({line.request_id for line in lines}) == len(lines)
    assert all(line.at.date() == date(2031, 5, 12) and line.calls > 0 for line in lines)
    assert all(0 <= line.cached_tokens <= line.input_tokens for line in lines)
    assert {line.model for line in lines} == {model.name for model in system.models}


def test_shares_of_models_and_hours_add_up() -> None:
    for system in SYSTEMS:
        assert sum(model.share for model in system.models) == pytest.approx(1)
        assert sum(system.hour_share(hour) for hour in range(24)) == pytest.approx(1)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_a_steady_week_is_worth_the_planned_month(system: SystemPlan) -> None:
    # The last 28 days before the anchor, without noise; the phase of the week moves a growing sum a little.
    days = [system.day_level(day % 7, day - system.anchor) for day in range(-27, 1)]
    assert sum(days) * 30.4375 / 28 == pytest.approx(system.monthly, rel=0.01)


def test_a_quiet_moment_writes_nothing() -> None:
    faq = next(system for system in SYSTEMS if system.name == "hr-faq")
    sunday = datetime(2031, 5, 11, 10, tzinfo=UTC)
    assert not list(moment_lines(faq, sunday, 10, date(2031, 5, 10), 7))
    assert not any(list(day_lines(faq, sunday.date(), date(2031, 5, 10), seed)) for seed in range(3))


def test_moments_have_request_ids_of_their_own() -> None:
    bot = SYSTEMS[0]
    moments = [AT.replace(microsecond=micro) for micro in (0, 1, 2)]
    ids = [line.request_id for now in moments for line in moment_lines(bot, now, 10, date(2031, 5, 11), 7)]
    assert len(set(ids)) == len(ids) > 3


def test_what_the_log_knows_of_prompts_and_outputs_is_written() -> None:
    line = UsageLine(
        AT, "a", "m", True, 10, 900, 100, 40, 20, static_tokens=70, attempts=12, valid=False, schema_mode=True
    )
    record = json.loads(encode(line))

    assert record["usage"]["static_tokens"] == 70
    assert (record["attempts"], record["valid"], record["schema_mode"]) == (12, False, True)
    assert record["request_id"].endswith("/invalid")


def test_checked_outputs_are_two_lines_with_the_sums_of_one() -> None:
    [claims] = [system for system in SYSTEMS if system.name == "claims-triage"]
    days = (date(2031, 5, 12), date(2031, 5, 13), 7)
    checked = [line for line in day_lines(claims, *days) if line.ok]
    whole = [line for line in day_lines(replace(claims, invalid_share=None), *days) if line.ok]

    for name in ("calls", "input_tokens", "cached_tokens", "output_tokens", "static_tokens", "attempts"):
        assert sum(getattr(line, name) for line in checked) == sum(getattr(line, name) for line in whole), name
    invalid = sum(line.calls for line in checked if line.valid is False)
    assert invalid / sum(line.calls for line in checked) == pytest.approx(0.027, abs=0.001)


def test_a_tuned_model_takes_the_place_of_its_base() -> None:
    [contracts] = [system for system in SYSTEMS if system.name == "contract-extraction"]

    def models(days_ago: int) -> set[str]:
        last_day = date(2031, 5, 13)
        return {line.model for line in day_lines(contracts, last_day - timedelta(days=days_ago), last_day, 7)}

    assert models(ADOPTED) == {"atlas-mini-contracts"}
    assert models(ADOPTED + 1) == {"atlas-mini"}

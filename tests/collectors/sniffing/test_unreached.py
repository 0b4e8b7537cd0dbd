"""Records of requests that something stopped before a model was called."""

from __future__ import annotations

from typing import Any

import pytest

from leverwatch.collectors.sniffing.guess import FieldGuess
from tests.collectors.sniffing.proposed import found_in, said

ZEROS: dict[str, Any] = {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": 0.0, "latency_ms": 0}
NULLS: dict[str, Any] = dict.fromkeys(ZEROS)


def proposed(usual: dict[str, Any], stopped: dict[str, Any]) -> FieldGuess:
    """Return what is proposed for nine records of which two, without amounts unless told, were stopped."""
    return found_in(
        [
            {
                "ts": f"2026-03-01T10:{n:02}:00Z",
                "model": "gpt-4o-mini",
                "prompt_tokens": 100 + n * 7 % 5,
                "completion_tokens": 7 + n * 5 % 4,
                "cost_usd": 0.0001 + n * 7 % 5 / 1e6,
                "latency_ms": 900 + n * 31 % 17,
                **(ZEROS | stopped if n in (3, 5) else usual),
            }
            for n in range(9)
        ]
    )


@pytest.mark.parametrize(
    ("usual", "stopped", "left_out"),
    [
        ({}, {"blocked": True}, {"blocked": [True]}),
        ({"flagged_by_guard": "False"}, {"flagged_by_guard": "True"}, {"flagged_by_guard": ["True"]}),
        ({"bloqué": False}, {"bloqué": True, **NULLS}, {"bloqué": [True]}),
        ({"gesperrt": "nein"}, {"gesperrt": "ja"}, {"gesperrt": ["ja"]}),
        ({"action": "answered"}, {"action": "stopped_by_filter"}, {"action": ["stopped_by_filter"]}),
        ({}, {"model": "none"}, {"model": ["none"]}),
        ({}, {"model": "已拦截"}, {"model": ["已拦截"]}),
        (
            {},
            {"model": "-- (parado antes de chamar o modelo)"},
            {"model": ["-- (parado antes de chamar o modelo)"]},
        ),
        # What says that nothing was called needs no duration.
        ({}, {"model": "kein Modell aufgerufen", "latency_ms": 3}, {"model": ["kein Modell aufgerufen"]}),
        ({}, {"model": "refus avant l'appel", "latency_ms": 2}, {"model": ["refus avant l'appel"]}),
    ],
)
def test_they_are_left_out_by_what_says_so(
    usual: dict[str, Any], stopped: dict[str, Any], left_out: dict[str, Any]
) -> None:
    found = proposed(usual, stopped)

    assert found.excluded == left_out
    assert "2 records" in said(found, "not")
    assert "were they calls, there would be 2 more" in said(found, "not")
    assert said(found, "inferences") == ""


@pytest.mark.parametrize(
    "stopped",
    [
        {"blocked": True, "latency_ms": 300},
        {"blocked": True, "prompt_tokens": 90, "latency_ms": 300},
        {"model": "unknown-to-all"},
        {"archived": True},
    ],
)
def test_what_may_have_been_called_counts_with_a_doubt(stopped: dict[str, Any]) -> None:
    found = proposed({}, stopped)

    assert found.excluded == {}
    assert "2 fewer" in said(found, "inferences")


@pytest.mark.parametrize("stopped", [{"error": "blocked by a firewall"}, {"status": "rejected"}])
def test_failed_calls_stay_failed_calls(stopped: dict[str, Any]) -> None:
    found = proposed({"status": "ok"} if "status" in stopped else {}, stopped)

    assert found.excluded == {}
    assert "status" in found.fields


@pytest.mark.parametrize("stage", ["retrieval", "router"])
def test_without_durations_zeros_and_a_name_that_says_where_they_were_refused_are_enough(stage: str) -> None:
    log = [
        {"ts": f"2026-03-01T10:{n:02}:00Z", "model": "llama3.9", "refused_at": stage if n in (3, 5) else None,
         "input_tokens": 0 if n in (3, 5) else 310 + n * 7, "output_tokens": 0 if n in (3, 5) else 40 + n * 5 % 4}
        for n in range(9)
    ]  # fmt: skip
    found = found_in(log)

    assert found.excluded == {"refused_at": [stage]}
    assert "status" not in found.fields
    assert "were they calls, there would be 2 more" in said(found, "not")

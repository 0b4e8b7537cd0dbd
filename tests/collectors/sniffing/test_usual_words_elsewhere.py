"""Words that mean one thing in most logs and another one here: failures, prompts, hits, estimates, attempts."""

from __future__ import annotations

from typing import Any

import pytest

from .proposed import found_in, said

_NUMBERS = [(0, 4100, 911), (512, 3907, 1210), (2048, 88, 402), (0, 7301, 1993), (128, 1502, 77), (1024, 640, 350)]


def at(n: int) -> str:
    return f"2026-03-0{1 + n % 3}T1{n % 10}:{(7 * n) % 60:02}:11Z"


def sides(hit: str, miss: str, out: str) -> list[dict[str, Any]]:
    return [
        {"utc": at(n), hit: cached, miss: rest, out: given, "usd": round((rest * 0.6 + given * 2) / 1e6, 7)}
        | ({"model": ("glm", "deepseek")[n % 2]} if n > 2 else {})
        for n, (cached, rest, given) in enumerate(_NUMBERS)
    ]


@pytest.mark.parametrize(
    ("hit", "miss", "out"),
    [
        ("hit", "miss", "out"),
        ("cache_hit", "cache_miss", "out"),
        ("cacheHit", "cacheMiss", "reply"),
        ("cached", "uncached", "completion_tokens"),
        ("prompt_hit", "prompt_miss", "output_tokens"),
        ("hit_tokens", "miss_tokens", "out_tokens"),
    ],
)
def test_what_a_cache_had_stands_beside_what_it_had_not(hit: str, miss: str, out: str) -> None:
    fields = found_in(sides(hit, miss, out)).fields
    assert (fields["input_tokens"], fields["output_tokens"]) == (miss, out)
    assert fields["cached_input_tokens"] == {"path": hit, "stands": "beside"}


def test_what_a_cache_had_is_a_part_of_an_input_that_is_the_sum_of_both_sides() -> None:
    fields = found_in(
        [it | {"prompt_tokens": it["hit"] + it["miss"]} for it in sides("hit", "miss", "out")]
    ).fields
    assert (fields["input_tokens"], fields["cached_input_tokens"]) == ("prompt_tokens", "hit")


def test_hits_and_misses_of_something_that_costs_nothing_and_names_no_model_are_no_tokens() -> None:
    for it in (some := sides("hit", "miss", "out")):
        del it["usd"]
        it.pop("model", None)
    with pytest.raises(AssertionError):
        found_in(some)


def formed(*words: str, field: str = "type", **more: Any) -> list[dict[str, Any]]:
    return [{"time": at(n), "model": "gpt-9", field: words[n % len(words)], **more} for n in range(8)]


@pytest.mark.parametrize("words", [("prompt",), ("prompt", "messages"), ("Prompt", "chat")])
def test_a_prompt_is_the_form_of_a_request_where_each_record_names_a_model(words: tuple[str, ...]) -> None:
    found = found_in(formed(*words))
    assert found.fields["operation"] == {"path": "type", "generation": [words[0]]}
    assert "as the form of a request may be" in said(found, "operation")


def test_a_prompt_beside_its_completion_is_no_call_of_its_own() -> None:
    assert found_in(formed("prompt", "completion", latency_ms=40)).fields["operation"] == "type"


def cut(reason: str, flag: str, good: Any, bad: Any) -> list[dict[str, Any]]:
    return [
        {"time": at(n), "model": "gpt-9", flag: bad if (is_cut := n in (2, 5)) else good, "attempt": 1,
         "finish_reason": reason if is_cut else None, "error": "cut off" if is_cut else None,
         "prompt_tokens": 900 + n if is_cut else None, "completion_tokens": 4096 if is_cut else None}
        for n in range(8)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "flag", "good", "bad"),
    [("length", "ok", True, False), ("max_tokens", "success", True, False), ("LENGTH", "status", "ok", "failed")],
)
def test_answers_that_were_cut_off_count_though_a_flag_calls_them_failures(
    reason: str, flag: str, good: Any, bad: Any
) -> None:
    found = found_in(cut(reason, flag, good, bad))
    assert "status" not in found.fields
    assert not found.excluded
    assert "up to a limit of length" in said(found, "status")
    assert "attempt" not in said(found, "inferences")


def test_failures_that_were_not_cut_off_stay_failures() -> None:
    found = found_in(cut("stop", "status", "ok", "failed"))

    assert found.fields["status"] == "status"


def estimated(taken: str, given: str, more: tuple[str, str] | None, off: int = 0) -> list[dict[str, Any]]:
    return [
        {"ts": at(n), "model": "gpt-9", taken: rest, given: out}
        | ({more[0]: rest + off, more[1]: out + off} if more and n > 2 else {})
        for n, (_, rest, out) in enumerate(_NUMBERS)
    ]


@pytest.mark.parametrize(
    ("estimates", "counted"),
    [
        (("input_tokens_est", "output_tokens_est"), ("input_tokens", "output_tokens")),
        (("estimatedPromptTokens", "estimatedCompletionTokens"), ("promptTokens", "completionTokens")),
        (("approx_tokens_in", "approx_tokens_out"), ("tokens_in", "tokens_out")),
    ],
)
def test_estimates_fill_the_gaps_of_what_was_counted_and_stand_alone_with_a_doubt(
    estimates: tuple[str, str], counted: tuple[str, str]
) -> None:
    fields = found_in(estimated(*estimates, counted)).fields
    assert fields["input_tokens"] == [counted[0], estimates[0]]
    assert fields["output_tokens"] == [counted[1], estimates[1]]
    assert found_in(estimated(*estimates, counted, off=3)).fields["input_tokens"] == counted[0]
    alone = found_in(estimated(*estimates, None))
    assert (alone.fields["input_tokens"], alone.fields["output_tokens"]) == estimates


@pytest.mark.parametrize("word", ["stub-fallback", "fallback", "retried"])
def test_words_for_what_stood_in_for_a_call_are_said_to_be_errors_perhaps(word: str) -> None:
    some = [it | {"mode": word if n % 2 else "real"} for n, it in enumerate(sides("hit", "miss", "out"))]
    assert "3 fewer, and as many errors where these failed" in said(found_in(some), "inferences")

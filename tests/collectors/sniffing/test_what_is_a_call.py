"""Records that are no call, one call or several: by requests, words of modes, and numbers of calls."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.sniffing.proposed import found_in, said


def records(**more: Any) -> list[dict[str, Any]]:
    return [
        {
            "at": f"2026-04-07T10:{n:02}:33Z", "model": "m-2", "input_tokens": 210 + (n * 31) % 83,
            "output_tokens": 30 + (n * 17) % 41, **{key: value(n) for key, value in more.items()},
        }
        for n in range(24)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "excluded"),
    [
        ({"method": "GET", "path": "/v1/models"}, {"method": ["GET"]}),
        ({"method": "POST", "path": "/healthz"}, {"path": ["/healthz"]}),
    ],
)
def test_requests_that_ask_no_model_are_left_out(other: dict[str, str], excluded: dict[str, Any]) -> None:
    calls = records(method=lambda _: "POST", path=lambda _: "/v1/messages")
    rest = [{"at": f"2026-04-07T11:{n:02}:00Z", "model": None, "input_tokens": 0, "output_tokens": 0, **other}
            for n in range(3)]  # fmt: skip
    found = found_in([*calls, *rest])

    assert found.excluded == excluded
    assert "were they calls, there would be 3 more" in said(found, "not")


def test_a_number_of_models_names_none_and_its_records_are_left_out() -> None:
    rest = [{"at": f"2026-04-07T11:{n:02}:00Z", "models": 3} for n in range(4)]
    found = found_in([*records(), *rest])

    assert found.fields["model"] == "model"
    assert "were they calls, there would be 4 more" in said(found, "only")


def test_a_get_that_has_tokens_is_doubted_and_counts() -> None:
    found = found_in(records(method=lambda n: "POST" if n % 4 else "GET"))

    assert not found.excluded
    assert "6 records whose method is GET count as calls" in said(found, "inferences")


def test_every_word_of_a_mode_that_nobody_knows_is_named() -> None:
    modes = ("real", "stub", "stub-fallback", "zeta")
    notes = said(found_in(records(mode=lambda n: modes[n % 4])), "inferences")

    assert "mode is stub count" in notes
    assert "mode is stub-fallback count" in notes
    assert "mode also says real (6 records), zeta (6 records)" in notes


@pytest.mark.parametrize("name", ["steps", "num_turns", "iterations"])
def test_a_number_of_steps_is_doubted_by_name(name: str) -> None:
    found = found_in(records(**{name: lambda n: 2 + n * 5 % 7}))

    assert "inferences" not in found.fields
    assert f"`inferences: {name}`" in said(found, "inferences")


def test_the_number_of_a_request_is_no_number_of_requests() -> None:
    found = found_in(records(request_number=lambda n: 1 + n % 3))

    assert "inferences" not in found.fields


def test_a_row_of_no_calls_is_no_call() -> None:
    rows = [{**it, "calls": int(n % 3 > 0), **({} if n % 3 else {"input_tokens": 0, "output_tokens": 0})}
            for n, it in enumerate(records())]  # fmt: skip
    found = found_in(rows)

    assert found.fields["inferences"] == "calls"
    assert "8 records whose calls is 0 are no call" in said(found, "inferences")


def test_a_number_of_calls_that_are_malformed_is_no_number_of_calls() -> None:
    assert "inferences" not in found_in(records(malformed_calls=lambda _: 0)).fields


def test_a_hit_of_the_cache_of_prompts_is_a_call() -> None:
    found = found_in(records(cache_hit=lambda n: n % 2 == 1, cache_read_tokens=lambda n: n % 2 * 50))

    assert "cache_hit" not in found.fields
    assert "12 records hit a cache by cache_hit, the same that read cached tokens" in said(found, "cache_hit")


def test_a_hit_of_the_cache_of_answers_is_none() -> None:
    found = found_in(records(cache_hit=lambda n: n % 2 == 1, cache_read_tokens=lambda n: (n + 1) % 2 * 50))

    assert found.fields["cache_hit"] == "cache_hit"


def test_of_several_costs_the_sum_is_taken() -> None:
    found = found_in(records(
        token_cost_usd=lambda n: 0.0011 + n / 1e5, fixed_cost_usd=lambda n: 0.035 * (n % 2),
        total_estimated_cost_usd=lambda n: round(0.0011 + n / 1e5 + 0.035 * (n % 2), 8),
    ))  # fmt: skip

    assert found.fields["cost_usd"] == "total_estimated_cost_usd"
    assert said(found, "cost_usd") == ""


def test_a_fee_that_no_total_includes_is_doubted() -> None:
    found = found_in(records(cost_usd=lambda n: 0.0011 + n / 1e5, fee_usd=lambda _: 0.01))

    assert found.fields["cost_usd"] == "cost_usd"
    assert "fee_usd is not in it as far as the numbers tell" in said(found, "cost_usd")


def test_a_key_that_begins_with_a_plus_is_no_part_of_a_sum() -> None:
    found = found_in([{key.replace("input", "+input"): value for key, value in it.items()} for it in records()])

    assert "+input_tokens" not in str(found.fields).replace(r"\\+", "")


def digests(*kinds: str) -> list[dict[str, Any]]:
    return [
        {"date": f"2026-04-{n + 1:02}", "kind": kind, "input_tokens": 900 + n * 37 % 50, "output_tokens": given}
        for n, (kind, given) in enumerate(zip(kinds, (310, 222, 450, 804, 275, 390, 901), strict=True))
    ]


def test_a_word_for_a_period_is_no_sum_where_no_numbers_add_up_to_it() -> None:
    found = found_in(digests("daily", "daily", "daily", "weekly", "daily", "daily", "weekly"))

    assert not found.only


def test_a_word_for_a_period_is_a_sum_where_the_numbers_before_it_add_up() -> None:
    records = digests("call", "call", "daily", "call", "call", "daily", "call")
    for at in (2, 5):
        for name in ("input_tokens", "output_tokens"):
            records[at][name] = records[at - 1][name] + records[at - 2][name]
    found = found_in(records)

    assert found.only == {"kind": "call"}
    assert "2 more inferences, with their tokens and their cost" in said(found, "only")


def test_a_number_of_queries_of_something_else_is_no_number_of_calls() -> None:
    same = found_in([{**it, "at": it["at"][:10], "site_queries_run": 40} for it in records()])
    feeds = found_in(records(rss_queries=lambda n: 20 + n % 3))

    assert "inferences" not in same.fields
    assert "if it is, there are 960" in said(same, "inferences")
    assert "inferences" not in feeds.fields


def test_a_call_whose_tokens_are_not_told_is_one_where_it_took_as_long_as_others() -> None:
    log = records(provider=lambda _: "corner", took_ms=lambda n: 900 + n, ok=lambda _: True)
    untold = {"at": "2026-04-07T11:00:00Z", "provider": "corner", "ok": True}
    for it in log:
        del it["model"]
    found = found_in([*log, {**untold, "took_ms": 2_000}])
    quick = found_in([*log, {**untold, "took_ms": 3}])

    assert not found.only
    assert "1 records without tokens took as long as calls" in said(found, "inferences")
    assert quick.only == {"output_tokens": {"present": True}}


def test_tokens_with_fractions_are_estimates_and_are_rounded_and_prices_are_no_tokens() -> None:
    found = found_in([{**it, "input_tokens": it["input_tokens"] * 1.3} for it in records()])
    prices = found_in([{**it, "input_tokens": 0.15} for it in records()])

    assert found.fields["input_tokens"] == {"path": "input_tokens", "rounded": True}
    assert "has fractions" in said(found, "input_tokens")
    assert "input_tokens" not in prices.fields

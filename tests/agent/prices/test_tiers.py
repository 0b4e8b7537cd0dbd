"""Prices of service tiers, long inputs and what a cache keeps for an hour, in the file and in the public list."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import genai_prices
import pytest

from leverwatch.agent.framework.economics.amounts import Price, Unpriced
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.entries import EntryAtLine, PriceEntry, PriceList
from leverwatch.agent.prices.library import PriceLibrary
from leverwatch.agent.prices.spend import Untold, price_day
from leverwatch.collectors.records.service_tiers import BOUNDS, size_of, tier_name, tier_of

DAY = date(2026, 11, 3)
CONTEXTS = {
    "": {}, "batch": {"processing": "batch"}, "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"}, "fast": {"service_tier": "fast"},
}  # fmt: skip


@pytest.fixture(scope="module")
def library() -> PriceLibrary:
    return PriceLibrary()


def own(*entries: dict[str, Any], public: PriceLibrary | None = None) -> PriceBook:
    made = [
        EntryAtLine(PriceEntry.model_validate({"model": "oak", "input": 1, "output": 1} | it), at)
        for at, it in enumerate(entries)
    ]
    return PriceBook(PriceList("prices.yaml", made), public)


def input_price(book: PriceBook, tier: str, model: str = "oak") -> float | str:
    found = book.price(model, DAY, tier=tier)
    return found.input if isinstance(found, Price) else found.reason


@pytest.mark.parametrize(
    "model", ["gpt-4.1", "gpt-5.4", "claude-sonnet-4-5", "claude-haiku-5-5", "gemini-2.5-pro", "gpt-4o"]
)
@pytest.mark.parametrize("tier", CONTEXTS)
@pytest.mark.parametrize("entered", [1_000, 100_001, 200_000, 200_001, 300_000])
def test_one_call_costs_what_the_makers_of_the_public_list_say(
    library: PriceLibrary, model: str, tier: str, entered: int
) -> None:
    found = PriceBook(public=library).price(model, DAY, tier=tier_name(tier_of(tier), size_of(entered)))
    if isinstance(found, Unpriced):
        assert tier
        return
    writes = {} if found.cache_write_1h is None else {"cache_write_tokens": 300, "cache_write_1h_tokens": 200}
    usage = genai_prices.Usage(input_tokens=entered, output_tokens=700, cache_read_tokens=500, **writes)
    noon = datetime(DAY.year, DAY.month, DAY.day, 12, tzinfo=UTC)
    theirs = genai_prices.calc_price(usage, model, genai_request_timestamp=noon, price_context=CONTEXTS[tier])

    wrote, hour = (300, 200) if writes else (0, 0)
    ours = price_day(Untold(entered, 500, wrote, 700, 1, hour), found, None)
    assert ours is not None
    assert ours.usd == pytest.approx(float(theirs.total_price), abs=1e-12)


def test_the_public_list_has_no_price_for_a_tier_before_its_makers_verified_one(library: PriceLibrary) -> None:
    book = PriceBook(public=library)

    assert isinstance(book.price("gpt-4.1", DAY, tier="batch"), Price)
    before = book.price("gpt-4.1", date(2026, 9, 1), tier="batch")
    assert before == Unpriced("gpt-4.1", f"{library.name} has no price of it for the service tier batch")
    for tier in ("flex", "reserved", "other"):
        assert isinstance(book.price("gpt-4.1", DAY, tier=tier), Unpriced)
    assert isinstance(book.price("nobody", DAY, tier="batch"), Unpriced)


def test_records_are_told_apart_by_every_bound_of_the_public_list() -> None:
    text = Path(genai_prices.__file__).with_name("data.py").read_text(encoding="utf-8")

    found = {int(start) for start in re.findall(r"Tier\(start=(\d+)", text)}
    assert found
    assert found <= {*BOUNDS}


def test_a_bound_that_records_are_not_told_apart_by_makes_the_price_around_it_unknown(
    library: PriceLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = tuple(bound for bound in BOUNDS if bound != 200_000)
    monkeypatch.setattr("leverwatch.collectors.records.service_tiers.BOUNDS", bounds)
    monkeypatch.setattr("leverwatch.agent.prices.library.BOUNDS", bounds)
    book = PriceBook(public=library)

    assert input_price(book, "", "claude-sonnet-4-5") == 3.0
    assert input_price(book, ">128000", "claude-sonnet-4-5") == 3.0
    assert "no price of it" in str(input_price(book, ">199999", "claude-sonnet-4-5"))
    assert input_price(book, ">256000", "claude-sonnet-4-5") == 6.0


def test_an_entry_is_for_its_tier_alone_and_for_inputs_beyond_its_bound() -> None:
    book = own(
        {"input": 2}, {"tier": "batch", "input": 1}, {"above": 200_000, "input": 4}, {"above": 272_000, "input": 5}
    )

    assert [input_price(book, tier) for tier in ("", ">128000", ">200000", ">256000", ">272000", ">512000")] == [
        2, 2, 4, 4, 5, 5,
    ]  # fmt: skip
    assert [input_price(book, tier) for tier in ("batch", "batch>512000")] == [1, 1]
    assert input_price(book, "flex") == "prices.yaml has no price of it for the service tier flex"


def test_of_entries_for_long_inputs_the_latest_counts_before_those_for_shorter_ones() -> None:
    book = own(
        {"input": 2}, {"from": "2026-11-01", "input": 1}, {"above": 200_000, "input": 4},
        {"above": 200_000, "from": "2026-10-01", "input": 3},
    )  # fmt: skip

    assert (input_price(book, ""), input_price(book, ">200000")) == (1, 3)


def test_the_public_list_does_not_stand_in_for_a_tier_of_a_model_that_the_file_has(library: PriceLibrary) -> None:
    book = own({"model": "gpt-4.1", "input": 1.5, "output": 6}, public=library)

    assert input_price(book, "", "gpt-4.1") == 1.5
    assert input_price(book, "batch", "gpt-4.1") == "prices.yaml has no price of it for the service tier batch"
    assert input_price(book, "batch", "gpt-4o") == 1.25


def test_a_tier_that_is_only_in_the_file_has_that_price_and_the_rest_that_of_the_public_list(
    library: PriceLibrary,
) -> None:
    book = own({"model": "gpt-4.1", "tier": "flex", "input": 0.9, "output": 3}, public=library)

    assert (input_price(book, "flex", "gpt-4.1"), input_price(book, "", "gpt-4.1")) == (0.9, 2.0)


def test_a_tuned_model_has_the_tier_of_its_base_or_no_price() -> None:
    book = own({"input": 2}, {"tier": "batch", "input": 1})

    assert [input_price(book, tier, "ft:oak:acme::x1") for tier in ("", "batch")] == [2, 1]
    assert isinstance(input_price(book, "flex", "ft:oak:acme::x1"), str)


@pytest.mark.parametrize("entry", [{"tier": "standard"}, {"tier": "bulk"}, {"above": 150_000}, {"above": True}])
def test_a_tier_or_a_bound_that_no_record_is_told_by_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        own(entry)

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from leverwatch.agent.framework.economics.amounts import Origin, Price, Unpriced
from leverwatch.agent.prices.book import PriceBook
from leverwatch.agent.prices.entries import EntryAtLine, PriceEntry, PriceList

DAY = date(2026, 10, 4)


def listed(*entries: dict[str, Any]) -> PriceList:
    filled = ({"input": 1.0, "output": 1.0, **entry} for entry in entries)
    return PriceList(
        "prices.yaml",
        [EntryAtLine(PriceEntry.model_validate(entry), line) for line, entry in enumerate(filled, 2)],
    )


def line(prices: PriceList, model: str, day: date = DAY, provider: str | None = None) -> int | None:
    found = prices.find(model, day, provider)
    return int(found.source.partition(":")[2]) if found else None


class TestWhichEntryIsMeant:
    def test_a_full_name_outranks_a_pattern_and_a_long_pattern_a_short_one(self) -> None:
        prices = listed({"model": "*"}, {"model": "gpt-*"}, {"model": "gpt-4o"}, {"model": "gpt-4o-*"})
        assert [line(prices, name) for name in ("gpt-4o", "gpt-4o-mini", "gpt-5", "other")] == [4, 5, 3, 2]

    def test_the_latest_day_that_has_come_counts(self) -> None:
        prices = listed(
            {"model": "a"}, {"model": "a", "from": date(2026, 12, 1)}, {"model": "a", "from": date(2026, 1, 1)}
        )
        days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 11, 30), date(2026, 12, 1))
        assert [line(prices, "a", day) for day in days] == [2, 4, 4, 3]

    def test_before_its_first_day_a_name_leaves_the_answer_to_a_pattern(self) -> None:
        prices = listed({"model": "a*"}, {"model": "ab", "from": date(2027, 1, 1)})
        assert line(prices, "ab") == 2

    def test_an_entry_with_the_provider_outranks_one_without(self) -> None:
        prices = listed({"model": "a"}, {"model": "a", "provider": "azure"})
        assert [line(prices, "a", provider=provider) for provider in ("azure", "openai", None)] == [3, 2, 2]

    def test_a_name_is_found_without_the_provider_before_it_and_before_any_pattern(self) -> None:
        prices = listed({"model": "*"}, {"model": "gpt-4o"}, {"model": "azure/gpt-4o"}, {"model": "claude-*"})
        names = ("openai/gpt-4o", "azure/gpt-4o", "router/openai/gpt-4o", "gpt-4o", "anthropic/claude-1", "a/b")
        assert [line(prices, name) for name in names] == [3, 4, 3, 3, 2, 2]
        assert line(listed({"model": "claude-*"}), "anthropic/claude-1") == 2
        assert line(listed({"model": "claude-1"}), "anthropic/") is None

    def test_the_provider_before_a_name_is_the_provider_of_its_entry(self) -> None:
        prices = listed({"model": "a"}, {"model": "a", "provider": "azure"})
        assert [line(prices, name) for name in ("azure/a", "openai/a", "a")] == [3, 2, 2]

    def test_names_are_compared_as_they_are_written(self) -> None:
        assert line(listed({"model": "GPT-4o"}), "gpt-4o") is None


def test_a_price_says_where_it_comes_from() -> None:
    entry = {
        "model": "ft:*",
        "input": 0.3,
        "output": 1.2,
        "cached_input": 0.1,
        "cache_write": 0.4,
        "training": 3.0,
        "hosting_per_hour": 2.5,
    }
    assert PriceBook(listed(entry)).price("ft:x", DAY) == Price(
        "ft:x", 0.3, 1.2, 0.1, 0.4, 3.0, 2.5, Origin.CONFIGURED, "prices.yaml:2"
    )


def test_what_nobody_prices_is_unknown_and_not_free() -> None:
    found = PriceBook(listed({"model": "a"})).price("b", DAY)
    assert found == Unpriced("b", "prices.yaml has no entry for it, and public prices are not in use")


def test_a_price_of_nothing_is_a_price() -> None:
    found = PriceBook(listed({"model": "own", "input": 0, "output": 0})).price("own", DAY)
    assert isinstance(found, Price)
    assert (found.input, found.output) == (0.0, 0.0)


@pytest.mark.parametrize("own", [None, listed()])
def test_without_any_source_everything_is_unknown(own: PriceList | None) -> None:
    assert isinstance(PriceBook(own).price("gpt-4o", DAY), Unpriced)

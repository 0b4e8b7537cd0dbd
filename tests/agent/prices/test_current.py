from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from leverwatch.agent.framework.economics.amounts import Price, Unpriced
from leverwatch.agent.prices.current import CurrentPrices
from leverwatch.agent.snapshot import PriceFileState

DAY = date(2026, 10, 4)
GOOD = "prices:\n  - {model: m, input: 1, output: 2}\n"
TYPO = GOOD.replace("output", "ouput")

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    moment = [1]

    def _write(text: str) -> Path:
        path = tmp_path / "prices.yaml"
        path.write_text(text)
        moment[0] += 1
        # Two versions within one tick of the clock must differ.
        os.utime(path, ns=(moment[0], moment[0]))
        return path

    return _write


def price(prices: CurrentPrices, day: date = DAY) -> float | str:
    found = prices.book(day).price("m", day)
    return found.input if isinstance(found, Price) else found.reason


def test_without_a_file_there_is_no_state_and_no_price() -> None:
    prices = CurrentPrices()

    assert prices.state is None
    assert price(prices) == "no price file is configured, and public prices are not in use"


def test_prices_follow_the_file(write: Write) -> None:
    prices = CurrentPrices(write(GOOD))
    assert price(prices) == 1
    write(GOOD.replace("input: 1", "input: 3"))
    assert price(prices) == 3
    assert prices.state == PriceFileState()


def test_a_bad_version_is_logged_and_counted_once_and_the_last_good_prices_stay(write: Write) -> None:
    prices = CurrentPrices(write(GOOD))
    price(prices)
    path = write(TYPO)

    with capture_logs() as logs:
        assert [price(prices), price(prices)] == [1, 1]

    state = prices.state
    assert state is not None
    assert state.failures == 1
    assert state.problems[0].startswith(f"{path}:2: prices[0].")
    assert {(entry["event"], entry["last_good_kept"]) for entry in logs} == {("price_file_unusable", True)}
    assert len(logs) == len(state.problems)

    write(GOOD)
    assert price(prices) == 1
    assert prices.state == PriceFileState((), 1)


def test_a_file_that_was_never_good_makes_prices_unknown_and_public_ones_do_not_stand_in(write: Write) -> None:
    prices = CurrentPrices(write(TYPO), public=True)

    with capture_logs() as logs:
        assert [price(prices), price(prices)] == ["prices.yaml cannot be used"] * 2
        assert isinstance(prices.book(DAY).price("gpt-4o", DAY), Unpriced)
    assert logs
    assert {entry["last_good_kept"] for entry in logs} == {False}
    assert prices.state is not None
    assert (len(prices.state.problems), prices.state.failures) == (len(logs), 1)

    write(GOOD)
    assert price(prices) == 1
    assert prices.state == PriceFileState((), 1)


def test_a_file_that_is_not_there_yet_is_taken_when_it_comes(tmp_path: Path) -> None:
    prices = CurrentPrices(tmp_path / "prices.yaml")
    assert price(prices) == "prices.yaml cannot be used"
    (tmp_path / "prices.yaml").write_text(GOOD)

    assert price(prices) == 1


def test_another_day_has_its_own_prices(write: Write) -> None:
    prices = CurrentPrices(write(GOOD + "  - {model: m, from: 2026-10-01, input: 5, output: 2}\n"))

    assert [price(prices, date(2026, 9, 30)), price(prices, DAY)] == [1, 5]


def test_public_prices_stand_behind_the_file(write: Write) -> None:
    prices = CurrentPrices(write(GOOD), public=True)

    found = prices.book(DAY).price("gpt-4o-mini", DAY)
    assert isinstance(found, Price)
    assert found.source.startswith("genai-prices")


def test_without_the_extra_the_reason_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)

    reason = price(CurrentPrices(public=True))
    assert reason == (
        "no price file is configured, and public prices are not installed (pip install 'leverwatch[prices]')"
    )


def test_deployments_are_those_of_the_configuration(write: Write) -> None:
    prices = CurrentPrices(write(GOOD.replace("model: m", "model: other")), deployments={"m": "other"})

    assert price(prices) == 1

"""`docs/forecast.md` is checked against the code."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import asdict

from leverwatch.agent.framework.forecast.backtest import FIRST, HORIZONS, MOST
from leverwatch.agent.framework.forecast.methods import DAMPING, TREND_WEEKS
from leverwatch.agent.framework.forecast.model import Method
from leverwatch.agent.framework.forecast.settings import ForecastSettings
from leverwatch.agent.framework.forecast.weekly import LONGEST

DOCUMENT = (Path(__file__).parents[4] / "docs" / "forecast.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([\w-]+)` \| (.*?) \|", re.MULTILINE)


def section(title: str) -> dict[str, str]:
    return dict(ROW.findall(DOCUMENT.split(f"## {title}\n", 1)[1].split("\n#", 1)[0]))


def test_every_method_is_listed() -> None:
    assert list(section("Methods")) == list(Method)


def test_every_setting_is_listed_with_its_value() -> None:
    assert {name: float(value) for name, value in section("Settings").items()} == asdict(ForecastSettings())


def test_the_numbers_in_the_text_are_those_of_the_code() -> None:
    text = " ".join(DOCUMENT.split())
    assert f"{LONGEST} weeks at most" in text
    assert f"up to {TREND_WEEKS} weekly totals" in text
    assert f"{DAMPING:.0%} is left each day" in text
    assert f"up to {MOST} past weeks" in text
    assert FIRST == 8
    assert "from the eighth week of history on" in text
    assert "after {}, {} and {} weeks".format(*HORIZONS) in text

"""`docs/framework.md` is checked against the code."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

from msgspec.structs import asdict

from leverwatch.agent.framework.model import Rule, Settings, Status
from leverwatch.agent.framework.reasons import ReasonCode
from leverwatch.agent.framework.volume import volume_state

DOCUMENT = (Path(__file__).parents[3] / "docs" / "framework.md").read_text(encoding="utf-8")
CODE_CELL = re.compile(r"^\| `(\w+)` \| (.*?) \|", re.MULTILINE)
EXAMPLE_ROW = re.compile(
    r"^\| (\d{4}-\d\d-\d\d) \| ([\d.]+)M \| (\w+) \| (?:(\w+), (\d+) days?)? ?\|", re.MULTILINE
)
EXAMPLE = [count for count in (3_100_000.0, 3_450_000.0, 3_150_000.0, 2_800_000.0) for _ in range(28)]


def section(title: str) -> list[tuple[str, str]]:
    return CODE_CELL.findall(DOCUMENT.split(f"## {title}\n", 1)[1].split("\n#", 1)[0])


def test_every_rule_and_status_is_listed() -> None:
    assert [code for code, _ in section("The five rules")] == list(Rule)
    assert [code for code, _ in section("Status")] == list(Status)


def test_every_reason_code_is_listed_in_its_order() -> None:
    assert [code for code, _ in section("Reason codes")] == list(ReasonCode)


def test_every_setting_is_listed_with_its_default() -> None:
    listed = {name: float(value.replace(",", "")) for name, value in section("Settings")}
    assert listed == asdict(Settings())


def test_the_worked_example_is_what_the_code_says() -> None:
    daily = {date(2026, 6, 1) + timedelta(days=index): count for index, count in enumerate(EXAMPLE)}
    rows = EXAMPLE_ROW.findall(DOCUMENT)
    assert len(rows) == 9
    for day, volume, band, candidate, days in rows:
        state = volume_state(daily, date.fromisoformat(day), Settings())
        assert state.monthly_inferences is not None
        assert f"{state.monthly_inferences / 1e6:.2f}" == volume
        assert (state.band, state.candidate or "", state.candidate_days) == (band, candidate, int(days or 0))
    crossings = [crossing.day.isoformat() for crossing in state.crossings]
    assert crossings == [row[0] for row in rows if row[0] in {"2026-07-19", "2026-09-14"}]

"""Time zones on a machine without a database of them."""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from leverwatch.agent.cli.main import main
from leverwatch.collectors.records.timestamps import zone_named
from tests.collectors.sources.files.logs import config, count, record


@pytest.fixture
def no_system_zones() -> Iterator[None]:
    """Python finds no zones of the system, as in a small image."""
    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


@pytest.mark.usefixtures("no_system_zones")
def test_a_zone_is_known_where_the_system_has_none() -> None:
    settings = config(timezone="Europe/Berlin")
    found = count(record(ts="2026-03-10 00:30:00"), settings)

    assert [row.day for row in found.usage] == [date(2026, 3, 9)]


@pytest.mark.usefixtures("no_system_zones")
def test_without_any_database_only_utc_is_known_and_another_zone_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("tzdata.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tzdata", None)

    assert datetime(2026, 3, 10, tzinfo=zone_named("UTC")) == datetime(2026, 3, 10, tzinfo=UTC)
    assert count(record(ts="2026-03-10 00:30:00")).usage[0].day == date(2026, 3, 10)
    with pytest.raises(ValidationError, match="no such time zone"):
        config(timezone="Europe/Berlin")


def test_a_check_of_the_configuration_names_the_line_of_an_unknown_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leverwatch.yaml").write_text(
        "sources:\n  - name: a\n    type: files\n    path: a.jsonl\n    format: openai\n    system: bot\n"
        "    timezone: Europe/Berln\n"
    )
    done = CliRunner().invoke(main, ["check-config"])

    assert done.exit_code != 0
    assert "leverwatch.yaml:7" in done.output
    assert "no such time zone" in done.output

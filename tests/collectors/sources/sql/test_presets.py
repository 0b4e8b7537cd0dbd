from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leverwatch.collectors.interface import CollectorContext
from leverwatch.collectors.sources.sql.collector import Table
from leverwatch.collectors.sources.sql.config import ENGINES, SqlConfig
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.presets import registry
from leverwatch.collectors.sources.sql.presets.interface import Preset
from leverwatch.collectors.sources.sql.presets.listing import listed
from leverwatch.collectors.sources.sql.presets.registry import presets
from leverwatch.collectors.sources.sql.statement import statement_of
from tests.collectors.sources.sql.tables import Database, days

PAGE = Path(__file__).parents[4] / "docs/sources/sql.md"
START, END = "<!-- presets: start -->\n", "<!-- presets: end -->\n"
DAY = days("2026-03-05", "2026-03-05")
ONE = Preset(
    name="one",
    producer="a gateway",
    versions="2",
    engines=("sqlite", "postgresql", "duckdb"),
    table="calls",
    time_is="s",
    fields={"time": "at", "model": "model", "input_tokens": "tokens", "latency_ms": "took"},
    system="{team}",
)
OTHER = Preset(
    name="one",
    producer="a gateway",
    versions="2",
    engines=("mariadb", "mysql"),
    statement="SELECT c.at, c.model, '{}' AS none FROM {calls} c JOIN {teams} t ON t.id = c.team",
    tables=("calls", "teams"),
    time_is="s",
    fields={"time": "at", "model": "model"},
    system=None,
)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "presets", lambda: (ONE, OTHER))


def config(**settings: Any) -> SqlConfig:
    given = {"name": "db", "type": "sql", "url": "postgresql://h/d", "preset": "one", **settings}
    return SqlConfig.model_validate(given)


@pytest.mark.parametrize(("preset", "engine"), [(it, engine) for it in presets() for engine in it.engines])
def test_every_preset_is_whole_and_becomes_a_statement_on_each_of_its_databases(
    preset: Preset, engine: str
) -> None:
    assert engine in ENGINES

    found = config(url=f"{engine}://h/d", preset=preset.name, system=preset.system or "{model}")

    assert "SELECT" in str(statement_of(found, engine_of(engine), DAY))
    for template in preset.systems.values():
        config(url=f"{engine}://h/d", preset=preset.name, system=template)


def test_a_name_is_of_one_preset_for_each_database() -> None:
    named = [(it.name, engine) for it in presets() for engine in it.engines]

    assert len(named) == len(set(named)) > 0


def test_the_page_lists_the_presets() -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    wanted = "".join((before, START, *(f"{line}\n" for line in listed(presets())), END, after))
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        PAGE.write_text(wanted)
        return

    assert page == wanted, "LEVERWATCH_UPDATE_GOLDEN=1 rewrites it"


@pytest.mark.usefixtures("known")
def test_what_is_written_beside_a_preset_comes_before_it() -> None:
    plain = config()
    changed = config(
        table="mine.view",
        time_is="ms",
        system="bot",
        fields={"model": None, "input_tokens": "usage.in", "output_tokens": "usage.out"},
    )

    assert (plain.table, plain.time_is, plain.system) == ("calls", "s", "{team}")
    assert plain.fields.entries() == ONE.fields
    assert (changed.table, changed.time_is, changed.system) == ("mine.view", "ms", "bot")
    assert changed.fields.entries() == {
        "time": "at", "input_tokens": "usage.in", "output_tokens": "usage.out", "latency_ms": "took",
    }  # fmt: skip


@pytest.mark.usefixtures("known")
def test_the_tables_of_a_preset_are_in_the_schema_that_is_said_quoted_as_the_database_does() -> None:
    joined = config(url="mariadb://h/d", system="bot", schema="my`gateway")

    assert config(schema="gateway").table == "gateway.calls"
    assert joined.statement == (
        "SELECT c.at, c.model, '{}' AS none FROM `my``gateway`.`calls` c JOIN `my``gateway`.`teams` t"
        " ON t.id = c.team"
    )


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"preset": "two"}, "preset two is not known; there are: one"),
        ({"url": "mysql://h/d"}, "system"),
        ({"url": "nothing"}, "is no database URL"),
        ({"schema": "a", "table": "b"}, "schema is that of the tables of the preset"),
        ({"preset": None, "schema": "a", "table": "b", "fields": {"time": "at"}, "system": "c"}, "of a preset"),
        ({"fields": {"time": None}}, "fields.time"),
    ],
)
def test_a_preset_that_cannot_be_is_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config(**settings)

    assert reason in str(caught.value)
    assert caught.value.error_count() == 1


def test_a_preset_on_another_database_is_refused_with_the_ones_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "presets", lambda: (ONE,))

    with pytest.raises(ValidationError) as caught:
        config(url="mariadb://reader:secret@h/d")

    said = str(caught.value)
    assert (
        "preset one is for sqlite, postgresql, duckdb, and `url` is of mariadb, for which there are: none" in said
    )
    assert "secret" not in said


@pytest.mark.usefixtures("known")
def test_other_settings_beside_a_preset_are_other_settings(tmp_path: Path) -> None:
    context = CollectorContext(tmp_path, tmp_path)
    given: list[dict[str, Any]] = [
        {},
        {"schema": "a"},
        {"fields": {"model": None}},
        {"system": "bot"},
        {"time_is": "ms"},
    ]

    assert len({Table(config(**it), context).settings for it in given}) == len(given)


@pytest.mark.usefixtures("known")
def test_a_preset_is_shown_with_its_statement_and_counts(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'usage.db'}", tmp_path)
    columns = {"at": "int", "model": "text", "tokens": "int", "took": "int", "team": "text"}
    database.write(columns, [{"at": 1_772_700_000, "model": "m", "tokens": 7, "team": "search"}])
    table = Table(config(url=database.url), CollectorContext(tmp_path, tmp_path))

    (row,) = table.ask(DAY).usage

    assert (row.system, row.inferences, row.input_tokens) == ("search", 1, 7)
    assert table.shown(DAY).startswith("-- preset one\nSELECT")

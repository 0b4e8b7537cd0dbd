from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError

from leverwatch.agent.errors import StoreError
from leverwatch.agent.store import migrate
from leverwatch.agent.store.engine import open_engine
from leverwatch.agent.store.migrate import NEWEST, alembic_config, head_revision, is_newest, newest_schema
from leverwatch.agent.store.schema import metadata, priced_days, stored_systems, usage_daily, usage_totals
from leverwatch.agent.store.store import Store
from leverwatch.collectors.interface import Batch, Operation, UsageRow

OLD_ROW = (
    "INSERT INTO usage_daily (source, system, model, operation, day, inferences)"
    " VALUES ('gateway', 'bot', 'gpt-4o', 'generation', '2026-03-01', 5)"
)
OLD_WRITE = text("INSERT INTO source_state (source, key, value) VALUES ('gateway', :key, :old)")
OLD_READ = text("SELECT key, value FROM source_state")


@contextmanager
def upgraded(store_url: str, revision: str) -> Iterator[Connection]:
    """A connection to a database with the tables of a revision; what is written is kept when the block ends."""
    engine = open_engine(store_url)
    config = alembic_config()
    with engine.connect().execution_options(leverwatch_writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        yield connection
    engine.dispose()


def test_a_store_of_the_first_version_keeps_its_counts_and_gains_the_new_ones(
    store_url: str, open_store: Callable[[], Store]
) -> None:
    with upgraded(store_url, "0001") as connection:
        connection.execute(text(OLD_ROW))
    store = open_store()
    row = UsageRow("bot", "gpt-4o", Operation.GENERATION, date(2026, 3, 1), inferences=2, traces=1, truncated=2)
    store.apply("gateway", 0, Batch(state={}, usage=(row,)))

    with store.reading() as connection:
        day = connection.execute(select(usage_daily)).one()
        total = connection.execute(select(usage_totals)).one()
    assert (day.inferences, day.traces, day.truncated, day.checked) == (7, 1, 2, 0)
    assert (total.inferences, total.traces, total.truncated) == (2, 1, 2)


def test_the_migrations_make_exactly_the_tables_that_queries_are_written_against(
    open_store: Callable[[], Store],
) -> None:
    with open_store().reading() as connection:
        # A database has no type of the very name; and only migrations know the indexes that are for speed alone.
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, metadata)
    assert [change for change in differences if "index" not in change[0]] == []


def test_an_empty_sqlite_store_gets_at_once_what_all_migrations_make(tmp_path: Path) -> None:
    with upgraded(f"sqlite:///{tmp_path / 'migrated.db'}", "head") as connection:
        wanted = newest_schema(connection)
    if os.environ.get("LEVERWATCH_UPDATE_GOLDEN"):
        NEWEST.write_text(wanted)
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    store.migrate()

    with store.reading() as connection:
        assert newest_schema(connection) == wanted, "LEVERWATCH_UPDATE_GOLDEN=1 renews newest.sql"
        assert is_newest(connection)
    assert NEWEST.read_text() == wanted, "LEVERWATCH_UPDATE_GOLDEN=1 renews newest.sql"


def test_statements_of_an_older_version_are_left_to_the_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.sql").write_text("CREATE TABLE old (a);\nINSERT INTO alembic_version VALUES ('0001');\n")
    monkeypatch.setattr(migrate, "NEWEST", tmp_path / "old.sql")
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    store.migrate()

    with store.reading() as connection:
        assert newest_schema(connection) == NEWEST.read_text()


def test_a_migration_that_fails_leaves_the_old_schema_and_says_why(store_url: str) -> None:
    with upgraded(store_url, "0001") as connection:
        connection.execute(text(OLD_ROW))
        # The last migration makes a table of this name, when all others are done.
        connection.execute(text("CREATE TABLE usage_highest (in_the_way INTEGER)"))

    engine = open_engine(store_url)

    def found() -> tuple[object, ...]:
        with engine.connect() as connection, connection.begin():
            version = connection.scalar(text("SELECT version_num FROM alembic_version"))
            tables = {
                name: {column["name"] for column in inspect(connection).get_columns(name)}
                for name in inspect(connection).get_table_names()
            }
            return version, tables, connection.execute(text("SELECT * FROM usage_daily")).all()

    before = found()
    store = Store(store_url)
    with pytest.raises(StoreError, match=r"usage_highest.* already exists"):
        store.migrate()
    store.close()

    assert before[0] == "0001"
    assert found() == before
    engine.dispose()


def test_the_systems_of_an_older_store_keep_their_names(store_url: str, open_store: Callable[[], Store]) -> None:
    with upgraded(store_url, "0003") as connection:
        for statement in (
            (
                "INSERT INTO usage_totals (source, system, model, operation, first_day, first_written) VALUES"
                " ('gateway', 'bot', 'm', 'generation', '2026-03-01', '2026-03-02 08:00:00'),"
                " ('other', 'bot', 'm', 'generation', '2026-03-01', '2026-03-01 08:00:00')"
            ),
            (
                "INSERT INTO prompt_changes (source, system, change_id, landed_at, kind, prompts, bulk) VALUES"
                " ('git', 'bot', 'c', '2026-03-01 08:00:00', 'added', 1, false),"
                " ('git', 'prompts', 'c', '2026-03-01 08:00:00', 'added', 1, false)"
            ),
            (
                "INSERT INTO eval_results (source, identity, system, model, prompt_version, suite, suite_hash,"
                " metric, at, value, n) VALUES"
                " ('evals', 'i', 'measured', 'm', '', 's', '', 'x', '2026-03-01 08:00:00', 1, 1)"
            ),
        ):
            connection.execute(text(statement))
    store = open_store()
    with store.reading() as connection:
        query = select(stored_systems).order_by(stored_systems.c.system)
        bot, measured, prompts = connection.execute(query).all()
    assert (bot.system, bot.first_counted) == ("bot", datetime(2026, 3, 1, 8, tzinfo=UTC))
    assert (measured.system, measured.first_counted) == ("measured", None)
    assert (prompts.system, prompts.first_counted) == ("prompts", prompts.first_written)


def test_a_program_of_before_there_were_versions_can_neither_read_nor_write_what_sources_stored(
    store_url: str, open_store: Callable[[], Store]
) -> None:
    with upgraded(store_url, "0004") as connection:
        connection.execute(OLD_WRITE, {"key": "file/1", "old": b"old"})
    store = open_store()

    assert store.source_state("gateway").load() == {"file/1": b"old"}
    # An agent of that version may still run on the same PostgreSQL.
    engine = open_engine(store_url)
    for statement in (OLD_WRITE.bindparams(key="file/2", old=b"old"), OLD_READ):
        with pytest.raises(DBAPIError, match="value"), engine.connect() as connection, connection.begin():
            connection.execute(statement)
    engine.dispose()


def test_the_newest_migration_is_known_without_alembic() -> None:
    assert head_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()


OLD_CALLS = (
    ("told", 10, 0, 100, 40, 20, 0, 0),
    ("untold", 10, 10, 100, 40, 20, 3, 4),
    ("mixed", 10, 4, 100, 40, 20, 5, 5),
)
"""The model, its inferences, those without a cost, input, cached and output tokens, unknown inputs and outputs."""
OLD_CALL = text(
    "INSERT INTO usage_daily (source, system, model, operation, day, inferences, unpriced, input_tokens,"
    " cached_input_tokens, output_tokens, unknown_input, unknown_output) VALUES ('gateway', 'bot', :model,"
    " 'generation', :day, :inferences, :unpriced, :entered, :cached, :written, :no_input, :no_output)"
)
OLD_TOTAL = text(
    "INSERT INTO usage_totals (source, system, model, operation, first_day, first_written, inferences)"
    " VALUES ('gateway', 'bot', :model, 'generation', '2026-03-01', '2026-03-03 00:00:00', 20)"
)


def test_the_tokens_of_calls_that_told_a_cost_are_set_apart_as_far_as_a_store_knows(
    store_url: str, open_store: Callable[[], Store]
) -> None:
    names = ("model", "inferences", "unpriced", "entered", "cached", "written", "no_input", "no_output")
    with upgraded(store_url, "0007") as connection:
        for call in OLD_CALLS:
            connection.execute(OLD_TOTAL, {"model": call[0]})
            for day in ("2026-03-01", "2026-03-02"):
                connection.execute(OLD_CALL, {"day": day, **dict(zip(names, call, strict=True))})

    expected = {"told": (100, 40, 20, 0, 0), "untold": (0, 0, 0, 3, 1), "mixed": (60, 24, 12, 2, 0)}
    for table, days in ((usage_daily, 1), (usage_totals, 2)):
        with open_store().reading() as connection:
            found = {
                row.model: (
                    row.costed_input_tokens, row.costed_cached_input_tokens, row.costed_output_tokens,
                    row.uncosted_input, row.uncosted_output,
                )
                for row in connection.execute(select(table))
            }  # fmt: skip
        assert found.keys() == expected.keys()
        for model, sums in expected.items():
            assert found[model] == pytest.approx([days * number for number in sums])


def test_what_was_priced_before_tiers_were_told_apart_stays_priced(
    store_url: str, open_store: Callable[[], Store]
) -> None:
    with upgraded(store_url, "0012") as connection:
        connection.execute(
            text("INSERT INTO priced_days VALUES ('gateway', 'bot', 'm', '2026-03-01', 100, 40, 10, 20, 3, 0.25)")
        )

    with open_store().reading() as connection:
        (row,) = connection.execute(select(priced_days)).all()
    assert row._asdict() == {
        "source": "gateway", "system": "bot", "model": "m", "day": date(2026, 3, 1), "tier": "",
        "input_tokens": 100, "cached_input_tokens": 40, "cache_write_tokens": 10, "output_tokens": 20,
        "inferences": 3, "write_1h_tokens": 0, "usd": 0.25,
    }  # fmt: skip

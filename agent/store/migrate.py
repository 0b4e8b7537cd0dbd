"""Brings a database to the schema this version needs, with Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, text

from leverwatch.agent.config.store_url import show_store_url
from leverwatch.agent.errors import StoreError

_LOCK = 7_235_910_448_201
"""Any number, the same in every agent: only one of them migrates a shared PostgreSQL at a time."""
_LONGEST_SECONDS = 3600.0


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def head_revision() -> str | None:
    """The newest migration of this version."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def migrate(engine: Engine) -> None:
    """Apply every migration that is missing. One transaction: a failed migration leaves the old schema.

    Raises:
        StoreError: the database has a schema that this version does not know.
    """
    config = _config()
    with engine.connect().execution_options(leverwatch_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            # It waits for another agent that migrates, and changes large tables.
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            connection.connection.driver_connection.answer_seconds = _LONGEST_SECONDS  # type: ignore[union-attr]
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            place = show_store_url(engine.url)
            raise StoreError(
                f"{place}: its schema is of a newer version of leverwatch: {error}; run that version, or restore "
                "the backup that was made before the upgrade"
            ) from error
    if engine.dialect.name == "postgresql":
        # The connections have their usual patience again.
        engine.dispose()

"""Brings a database to the schema of this version, with Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from leverwatch.agent.config.store_url import show_store_url
from leverwatch.agent.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 7_235_910_448_201
"""An arbitrary number, the same in every agent: only one of them migrates a shared PostgreSQL at a time."""
_LONGEST_SECONDS = 3600.0


_SCRIPTS = Path(__file__).parent / "migrations"
NEWEST = _SCRIPTS / "newest.sql"
"""What all migrations together make of an empty SQLite database, one statement a line."""
_SAYS_VERSION = "INSERT INTO alembic_version VALUES ('%s')"


def alembic_config() -> Config:
    """Return the configuration with which Alembic finds the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


def head_revision() -> str:
    """Return the newest migration of this version: the number at the start of its file name."""
    return max(file.name.partition("_")[0] for file in (_SCRIPTS / "versions").glob("[0-9]*_*.py"))


def migrate(engine: Engine) -> None:
    """Apply all missing migrations. One transaction: a failed migration leaves the old schema.

    Raises:
        StoreError: the database has a schema that this version does not know.
    """
    with engine.connect().execution_options(leverwatch_writes=True) as connection, connection.begin():
        if is_newest(connection) or _made_at_once(connection):
            return
        # Nearly every start finds the newest schema, and Alembic is a good part of what a command imports.
        from alembic import command
        from alembic.util import CommandError

        config = alembic_config()
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


def newest_schema(connection: Connection) -> str:
    """Return the statements that make the schema of a SQLite database, as `newest.sql` has them."""
    found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
    made = "".join(f"{' '.join(statement.split())};\n" for statement in found.scalars())
    return f"{made}{_SAYS_VERSION % head_revision()};\n"


def _made_at_once(connection: Connection) -> bool:
    """Make the newest schema in an empty SQLite database. Returns whether it could.

    A first start needs no Alembic then, whose import takes more memory than an agent otherwise needs for its
    sources, and keeps it.
    """
    if connection.dialect.name != "sqlite":
        return False
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar():
        return False
    statements = NEWEST.read_text().splitlines()
    if statements[-1:] != [f"{_SAYS_VERSION % head_revision()};"]:
        # A migration was added, and the statements were not renewed: the migrations are right in any case.
        return False
    for statement in statements:
        connection.exec_driver_sql(statement)
    return True


def is_newest(connection: Connection) -> bool:
    """Return whether the database has the schema of this version."""
    try:
        # A query that is refused ends the transaction on PostgreSQL, were it not for the savepoint.
        with connection.begin_nested():
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except (OperationalError, ProgrammingError):
        return False
    return found == [head_revision()]

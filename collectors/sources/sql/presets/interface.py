"""What is known of the tables of one producer, so that nobody has to write it down again. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

_NAMED = re.compile(r"\{(\w+)\}")
_BACKTICKS = frozenset({"mariadb", "mysql", "bigquery", "databricks", "hive", "spark"})
"""Databases for which a name in double quotes is a text."""


class Preset(Struct, frozen=True, kw_only=True):
    """The settings of a source that reads the tables of one producer in some kinds of databases.

    `fields`, `only`, `without`, `time_is` and `system` are written as in a configuration.
    """

    name: str
    """What `preset` says in a configuration. Several may share it that are for different databases."""
    producer: str
    """The program that writes the tables, and which of them are read, for the documentation."""
    versions: str
    """The versions of the producer whose tables these are."""
    engines: tuple[str, ...]
    """The databases that it is for, as addresses begin."""
    table: str | None = None
    """The table, without a schema, as a path: a dot in its name is written with a backslash."""
    statement: str | None = None
    """A SELECT in the place of a table, as the first one of `engines` needs it. `{calls}` is the table `calls`,
    quoted, with the schema that the user says."""
    statements: Mapping[str, str] = {}
    """The SELECT for each of the other `engines` that needs another one."""
    tables: tuple[str, ...] = ()
    """The tables of the statements."""
    schema: str | None = None
    """Where the tables are, when they are nowhere else unless a user says so."""
    time_is: str
    fields: Mapping[str, Any]
    only: Mapping[str, Any] = {}
    without: Mapping[str, Any] = {}
    """What is `not` in a configuration."""
    system: str | None
    """The template that is used when the user says none; None: the user has to."""
    systems: Mapping[str, str] = {}
    """Other templates that name systems, by what they tell apart: `{"key": "{metadata.user_api_key_alias}"}`."""
    distinct: bool = False
    cannot: tuple[str, ...] = ()
    """What its rows do not tell, each a few words: `retries`."""

    def settings(self, engine: str, schema: str | None = None) -> dict[str, Any]:
        """Return the settings as a user would write them for a database, whose tables are in a schema."""
        schema = schema or self.schema
        found: dict[str, Any] = {"time_is": self.time_is, "fields": dict(self.fields)}
        if self.table is not None:
            found["table"] = self.table if schema is None else f"{schema}.{self.table}"
        elif (statement := self.statements.get(engine, self.statement)) is not None:
            found["statement"] = self.filled(statement, engine, schema)
        given = {
            "only": dict(self.only),
            "not": dict(self.without),
            "system": self.system,
            "distinct": self.distinct,
        }
        return found | {name: value for name, value in given.items() if value}

    def filled(self, statement: str, engine: str, schema: str | None = None) -> str:
        """Return a statement with the names of its tables in it."""
        sign = "`" if engine in _BACKTICKS else '"'

        def quoted(found: re.Match[str]) -> str:
            if found[1] not in self.tables:
                return found[0]
            parts = (*([] if schema is None else schema.split(".")), found[1])
            return ".".join(f"{sign}{part.replace(sign, sign * 2)}{sign}" for part in parts)

        return _NAMED.sub(quoted, statement)

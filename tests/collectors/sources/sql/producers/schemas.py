"""The tables of producers that presets read, as SQL files beside this one, and how others differ from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Engine

Columns = Mapping[str, str]
"""The type of each column."""
FOLDER = Path(__file__).parent


def file_of(producer: str, engine: str) -> Path:
    """The file that makes the tables of a producer in a kind of database."""
    return FOLDER / f"{producer}.{engine}.sql"


def make_tables(engine: Engine, producer: str) -> None:
    """Make the tables of a producer, empty."""
    with engine.begin() as connection:
        for statement in file_of(producer, engine.dialect.name).read_text().split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def columns(engine: Engine, tables: Iterable[str]) -> dict[str, Columns]:
    """The columns of tables, as the database describes them."""
    inspector = sa.inspect(engine)
    return {
        table: {it["name"]: it["type"].compile(engine.dialect) for it in inspector.get_columns(table)}
        for table in tables
        if inspector.has_table(table)
    }


def differences(real: Mapping[str, Columns], ours: Mapping[str, Columns]) -> Iterator[str]:
    """How our tables differ from the real ones, a line each."""
    for table in sorted({*real, *ours}):
        if table not in real or table not in ours:
            yield f"{table}: only in {'ours' if table in ours else 'theirs'}"
            continue
        for column in sorted({*real[table], *ours[table]}):
            theirs, mine = real[table].get(column), ours[table].get(column)
            if theirs != mine:
                yield f"{table}.{column}: {theirs or 'none'} of theirs, {mine or 'none'} of ours"


def written(engine: Engine, tables: Iterable[str], times: Collection[str]) -> Iterator[str]:
    """The statements that make tables like these: all columns, the primary key, and the indexes by time."""
    inspector, quote = sa.inspect(engine), engine.dialect.identifier_preparer.quote_identifier
    for table, named in columns(engine, tables).items():
        lines = [f"    {quote(name)} {kind}" for name, kind in named.items()]
        if key := inspector.get_pk_constraint(table)["constrained_columns"]:
            lines.append(f"    PRIMARY KEY ({', '.join(map(quote, key))})")
        yield f"CREATE TABLE {quote(table)} (\n" + ",\n".join(lines) + "\n);\n"
        for index in inspector.get_indexes(table):
            if str(index["column_names"][0]) in times:
                listed = ", ".join(quote(str(name)) for name in index["column_names"])
                yield f"CREATE INDEX {quote(str(index['name']))} ON {quote(table)} ({listed});\n"

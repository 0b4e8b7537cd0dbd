"""Prints the statements of all cases in every dialect, as its own package writes them: `{dialect: {case: text}}`.

    .venv-warehouses/bin/python -m tests.collectors.sources.sql.engines.compiled

The drivers need half a gigabyte, which the tests do not: they have an environment of their own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from leverwatch.collectors.daily.errors import SchemaDiffers
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.statement import statement_of
from tests.collectors.sources.sql.engines.cases import ADDRESSES, DAYS, NAMES, config


def compiled(address: str, name: str) -> str | None:
    """Return the statement of a case; None when the engine refuses the name of a column."""
    source = config(address, name)
    engine = engine_of(source.address.get_backend_name())
    dialect = engine.opening(source.address, Path(), 30).url.get_dialect()()
    try:
        statement = statement_of(source, engine, DAYS)
    except SchemaDiffers:
        return None
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


if __name__ == "__main__":
    found = {dialect: {name: compiled(address, name) for name in NAMES} for dialect, address in ADDRESSES.items()}
    json.dump(found, sys.stdout)

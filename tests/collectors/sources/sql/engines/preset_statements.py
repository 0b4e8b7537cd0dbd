"""Prints the statement of each preset for a warehouse, as its dialect writes it: `{preset: statement}`.

.venv-warehouses/bin/python -m tests.collectors.sources.sql.engines.preset_statements
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from leverwatch.collectors.sources.sql.config import SqlConfig
from leverwatch.collectors.sources.sql.engines.registry import engine_of
from leverwatch.collectors.sources.sql.statement import statement_of
from tests.collectors.sources.sql.engines.cases import ADDRESSES, DAYS

PRESETS = {
    "bedrock-athena": "athena", "vertex-bigquery": "bigquery", "databricks-endpoint-usage": "databricks",
    "snowflake-cortex-usage": "snowflake",
}  # fmt: skip
"""The dialect of each."""


def config(name: str) -> SqlConfig:
    """Return the settings of a source that says no more than the preset needs."""
    given = {"name": "db", "type": "sql", "url": ADDRESSES[PRESETS[name]], "preset": name}
    if name in ("vertex-bigquery", "snowflake-cortex-usage"):
        given["system"] = {"vertex-bigquery": "{endpoint}", "snowflake-cortex-usage": "{USER_ID}"}[name]
    return SqlConfig.model_validate(given)


def compiled(name: str) -> str:
    """Return the statement of a preset."""
    source = config(name)
    engine = engine_of(source.address.get_backend_name())
    dialect = engine.opening(source.address, Path(), 30).url.get_dialect()()
    statement = statement_of(source, engine, DAYS)
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


if __name__ == "__main__":
    json.dump({name: compiled(name) for name in PRESETS}, sys.stdout)

"""The databases that can be read, by the name that an address begins with."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from leverwatch.collectors.sources.sql.engines.interface import Engine


def _lazy(module: str, name: str) -> Callable[[], Engine]:
    def make() -> Engine:
        made: Engine = getattr(import_module(f"leverwatch.collectors.sources.sql.engines.{module}"), name)()
        return made

    return make


_ENGINES: dict[str, Callable[[], Engine]] = {
    "postgresql": _lazy("postgresql", "PostgreSql"),
    "sqlite": _lazy("sqlite", "Sqlite"),
    "duckdb": _lazy("duckdb", "DuckDb"),
    "mariadb": _lazy("mariadb", "MariaDb"),
    "clickhouse": _lazy("clickhouse", "ClickHouse"),
    "chdb": _lazy("chdb", "Chdb"),
    "mysql": _lazy("mariadb", "MySql"),
    "trino": _lazy("trino", "Trino"),
    "awsathena": _lazy("trino", "Athena"),
    "bigquery": _lazy("bigquery", "BigQuery"),
    "snowflake": _lazy("snowflake", "Snowflake"),
    "databricks": _lazy("spark", "Databricks"),
    "hive": _lazy("spark", "Spark"),
    "spark": _lazy("spark", "Spark"),
    "mssql": _lazy("mssql", "SqlServer"),
    "redshift": _lazy("redshift", "Redshift"),
}


def engine_of(backend: str) -> Engine:
    """Return the database of a name. Raises KeyError when it is none that can be read."""
    return _ENGINES[backend]()

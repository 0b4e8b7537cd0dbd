"""What the engines that cannot run here are asked: every time kind with everything that a statement can have.

It imports nothing of the tests' tools, as it is also run in the environment that has their drivers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from leverwatch.collectors.daily.window import Days
from leverwatch.collectors.sources.sql.config import SqlConfig, TimeIs

ADDRESSES = {
    "trino": "trino://reader@trino.internal:8443/hive/default",
    "athena": "awsathena://:@athena.eu-west-1.amazonaws.com:443/default?s3_staging_dir=s3://results/",
    "bigquery": "bigquery://project/usage",
    "snowflake": "snowflake://reader:secret@account/db/public",
    "databricks": "databricks://token:secret@dbc.internal?http_path=/sql/1&catalog=main&schema=default",
    "spark": "spark://reader@spark.internal:10000/default",
    "sqlserver": "mssql://reader:secret@sql.internal/usage",
    "redshift": "redshift://reader:secret@cluster.internal:5439/usage",
}
"""One of each dialect."""
DAYS = Days(date(2026, 3, 7), date(2026, 11, 2))
ODD = 'it\'s "odd"; -- [x] \\ 1'
"""A name of a column that would end the name of one."""
_PLAIN = {
    "time": "at", "model": "model", "status": "result", "operation": "kind", "input_tokens": "fresh",
    "cached_input_tokens": "cached", "output_tokens": "out", "reasoning_tokens": "thought", "cost_usd": "cost",
    "latency_ms": "took", "cache_hit": "hit",
}  # fmt: skip
FEATURES: Mapping[str, Mapping[str, Any]] = {
    "plain": {"fields": _PLAIN},
    "json": {
        "fields": {
            "time": "at",
            "model": r"told.m\.x.name",
            "input_tokens": "told.usage.in",
            "cost_usd": "told.cost",
        },
        "system": "{told.team}",
    },
    "distinct": {"fields": {**_PLAIN, "request_id": "id"}, "distinct": True},
    "summed": {"fields": {"time": "at", "inferences": "n", "errors": "failed", "input_tokens": "fresh"}},
    "statement": {"fields": _PLAIN, "statement": "SELECT * FROM {table} WHERE model <> 'm-3'"},
    "odd": {"fields": {"time": "at", "model": ODD.replace("\\", "\\\\").replace(".", "\\.")}},
}
NAMES = [f"{feature} {kind}" for feature in FEATURES for kind in TimeIs]


def config(address: str, name: str) -> SqlConfig:
    """Return the settings of a case, for a database. The table of a time kind is in a schema of this name."""
    feature, kind = name.split(" ")
    table = f"kind_{kind}.calls"
    settings = {"system": "{team}", "table": table, **FEATURES[feature]}
    if "statement" in settings:
        settings = {**settings, "table": None, "statement": settings["statement"].format(table=table)}
    return SqlConfig.model_validate({"name": "db", "type": "sql", "url": address, "time_is": kind, **settings})

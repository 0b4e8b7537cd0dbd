"""The spans of MLflow's tracking store, in PostgreSQL, SQLite or MariaDB."""

from __future__ import annotations

from leverwatch.collectors.sources.sql.presets.interface import Preset
from leverwatch.collectors.sources.sql.presets.mlflow_spans import MARIADB, POSTGRESQL, SQLITE, TABLES

PRESETS = (
    Preset(
        name="mlflow",
        producer="MLflow",
        versions="3.17 and 3.18",
        engines=("postgresql", "sqlite", "mariadb", "mysql"),
        statement=POSTGRESQL,
        statements={"sqlite": SQLITE, "mariadb": MARIADB, "mysql": MARIADB},
        tables=TABLES,
        time_is="ns",
        fields={
            "time": "at",
            "model": "model",
            "operation": "operation",
            "status": "status",
            "input_tokens": "input_tokens",
            "cached_input_tokens": "cached_input_tokens",
            "cache_write_tokens": "cache_write_tokens",
            "output_tokens": "output_tokens",
            "cost_usd": "cost_usd",
            "latency_ms": "latency_ms",
        },
        system="{experiment}",
        systems={
            "trace": "{experiment}/{trace}",
            "user": "{user}",
            "session": "{session}",
            "any tag of the trace": "{tags.team}",
        },
        cannot=("retries", "cache hits", "tokens of traces that were archived", "team and key unless tagged"),
    ),
)

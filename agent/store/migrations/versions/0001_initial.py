"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNTS = (
    "inferences",
    "errors",
    "cache_hits",
    "attempts",
    "input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "unknown_input",
    "unknown_cached",
    "unknown_output",
    "cost_usd",
    "unpriced",
    "latency_ms",
    "unknown_latency",
)


def _counts() -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False, server_default="0") for name in _COUNTS]


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), primary_key=True)


def upgrade() -> None:
    usage_key = (("source", 100), ("system", 200), ("model", 200), ("operation", 20))
    op.create_table(
        "usage_daily",
        *(_key(*part) for part in usage_key),
        sa.Column("day", sa.Date, primary_key=True),
        *_counts(),
    )
    op.create_index("usage_daily_by_system", "usage_daily", ["system", "day"])
    op.create_table(
        "usage_totals",
        *(_key(*part) for part in usage_key),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("first_written", sa.DateTime, nullable=False),
        *_counts(),
    )
    op.create_table("source_days", _key("source", 100), sa.Column("day", sa.Date, primary_key=True))
    op.create_table(
        "record_tallies",
        _key("source", 100),
        _key("result", 30),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sources",
        _key("source", 100),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("newest_record", sa.DateTime),
        sa.Column("last_success", sa.DateTime),
    )
    op.create_table(
        "source_state",
        _key("source", 100),
        _key("key", 400),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "prompt_changes",
        _key("source", 100),
        _key("system", 200),
        _key("change_id", 200),
        sa.Column("landed_at", sa.DateTime, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("prompts", sa.Integer, nullable=False),
        sa.Column("bulk", sa.Boolean, nullable=False),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("system", sa.String(200), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("evaluated_at", sa.DateTime, nullable=False),
        sa.Column("confirmed_at", sa.DateTime, nullable=False),
        sa.Column("strategy", sa.String(30)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
    )
    op.create_index("verdicts_by_system", "verdicts", ["system", "as_of", "id"])

"""What totals came to before something was taken back from them, and how much sources took back."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
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
    "cache_write_tokens",
    "reasoning_tokens",
    "traced",
    "traces",
    "checked",
    "invalid",
    "schema_checked",
    "schema_mode",
    "finish_known",
    "truncated",
    "static_known",
    "static_tokens",
)


def upgrade() -> None:
    key = (("source", 100), ("system", 200), ("model", 200), ("operation", 20))
    op.create_table(
        "usage_highest",
        *(sa.Column(name, sa.String(length), primary_key=True) for name, length in key),
        *(sa.Column(name, sa.Double, nullable=False, server_default="0") for name in _COUNTS),
    )
    op.create_index("usage_highest_by_system", "usage_highest", ["system"])
    op.add_column("sources", sa.Column("restated_inferences", sa.Double, nullable=False, server_default="0"))

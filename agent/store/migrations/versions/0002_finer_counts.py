"""What a provider cached and thought, traces, and what became of outputs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTS = (
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
    for table in ("usage_daily", "usage_totals"):
        for name in _COUNTS:
            op.add_column(table, sa.Column(name, sa.Double, nullable=False, server_default="0"))

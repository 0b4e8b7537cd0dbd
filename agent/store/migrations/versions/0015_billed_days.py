"""What a provider bills by day, and tokens that it tells without the number of calls."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TOKENS = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "write_1h_tokens", "output_tokens")


def upgrade() -> None:
    op.create_table(
        "billed_days",
        sa.Column("source", sa.String(100), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("project", sa.String(200), primary_key=True),
        sa.Column("item", sa.String(200), primary_key=True),
        sa.Column("usd", sa.Double, nullable=False),
    )
    op.create_table(
        "uncounted_days",
        sa.Column("source", sa.String(100), primary_key=True),
        sa.Column("system", sa.String(200), primary_key=True),
        sa.Column("model", sa.String(200), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("tier", sa.String(20), primary_key=True),
        *(sa.Column(name, sa.Double, nullable=False) for name in _TOKENS),
    )

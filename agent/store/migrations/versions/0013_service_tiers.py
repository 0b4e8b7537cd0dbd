"""What of the tokens is of another service tier than the standard, and what of it is priced."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_DAY = (("source", 100), ("system", 200), ("model", 200))
_USED = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens", "inferences")


def _key() -> list[Any]:
    return [
        *(sa.Column(name, sa.String(length), primary_key=True) for name, length in _DAY),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("tier", sa.String(20), primary_key=True),
    ]


def upgrade() -> None:
    for table in ("usage_daily", "usage_totals", "usage_highest"):
        op.add_column(table, sa.Column("uncosted_write_1h_tokens", sa.Double, nullable=False, server_default="0"))
    numbers = [*_USED, "write_1h_tokens"]
    op.create_table("tier_days", *_key(), *(sa.Column(name, sa.Double, nullable=False) for name in numbers))
    # No database changes a primary key in the same way as the other.
    op.rename_table("priced_days", "priced_days_without_tiers")
    op.create_table(
        "priced_days", *_key(), *(sa.Column(name, sa.Double, nullable=False) for name in (*numbers, "usd"))
    )
    names = ", ".join([*(name for name, _ in _DAY), "day", *_USED, "usd"])
    op.execute(
        f"INSERT INTO priced_days ({names}, tier, write_1h_tokens)"  # noqa: S608 - of constants
        f" SELECT {names}, '', 0.0 FROM priced_days_without_tiers"
    )
    op.drop_table("priced_days_without_tiers")

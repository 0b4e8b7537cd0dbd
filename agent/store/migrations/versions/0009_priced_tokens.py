"""The tokens of calls that tell a cost apart from the others, and what prices made of the others."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

_COSTED = ("input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
_ADDED = (*(f"costed_{name}" for name in _COSTED), "uncosted_input", "uncosted_output")
_SHARE = """CASE WHEN unpriced <= 0 THEN 1.0 WHEN unpriced >= inferences THEN 0.0
    ELSE (inferences - unpriced) / inferences END"""
"""Of the inferences that are stored already, those that told a cost. Where some did and others did not, nobody
knows whose tokens were whose, and they are taken to be alike."""
_KEY = (("source", 100), ("system", 200), ("model", 200))
_SAME = " AND ".join(f"d.{name} = usage_totals.{name}" for name in ("source", "system", "model", "operation"))


def _sum(name: str) -> str:
    return f"SELECT SUM(d.{name}) FROM usage_daily d WHERE {_SAME}"  # noqa: S608 - of constants


def upgrade() -> None:
    for table in ("usage_daily", "usage_totals", "usage_highest"):
        for name in _ADDED:
            op.add_column(table, sa.Column(name, sa.Double, nullable=False, server_default="0"))
    costed = [f"costed_{name} = {name} * ({_SHARE})" for name in _COSTED]
    unknown = "CASE WHEN unknown_output > unknown_input THEN unknown_output - unknown_input ELSE 0.0 END"
    uncosted = [
        f"uncosted_input = unknown_input * (1.0 - ({_SHARE}))",
        f"uncosted_output = ({unknown}) * (1.0 - ({_SHARE}))",
    ]
    for table in ("usage_daily", "usage_highest"):
        op.execute(f"UPDATE {table} SET {', '.join([*costed, *uncosted])}")  # noqa: S608 - of constants
    sums = (f"{name} = COALESCE(({_sum(name)}), 0.0)" for name in _ADDED)
    op.execute(f"UPDATE usage_totals SET {', '.join(sums)}")  # noqa: S608 - of constants
    op.create_table(
        "priced_days",
        *(sa.Column(name, sa.String(length), primary_key=True) for name, length in _KEY),
        sa.Column("day", sa.Date, primary_key=True),
        *(sa.Column(name, sa.Double, nullable=False) for name in (*_COSTED, "inferences", "usd")),
    )
    op.create_table(
        "priced_totals",
        *(sa.Column(name, sa.String(length), primary_key=True) for name, length in _KEY),
        *(sa.Column(name, sa.Double, nullable=False) for name in ("usd", "inferences")),
    )

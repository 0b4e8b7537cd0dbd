"""The systems that have a name of their own, so that their number can be bounded."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_stored = sa.table(
    "stored_systems",
    sa.column("system", sa.String(200)),
    sa.column("first_written", sa.DateTime),
    sa.column("first_counted", sa.DateTime),
)


def upgrade() -> None:
    op.create_table(
        "stored_systems",
        sa.Column("system", sa.String(200), primary_key=True),
        sa.Column("first_written", sa.DateTime, nullable=False),
        sa.Column("first_counted", sa.DateTime),
    )
    op.create_index("usage_totals_by_system", "usage_totals", ["system", "model"])
    totals = sa.table("usage_totals", sa.column("system"), sa.column("first_written", sa.DateTime))
    first = sa.func.min(totals.c.first_written)
    _add(sa.select(totals.c.system, first, first).group_by(totals.c.system))
    # When the others were first written is not known. They stay behind those with usage, as they were; and results
    # of evaluations alone are nothing to decide on.
    now = sa.literal(datetime.now(UTC).replace(tzinfo=None), sa.DateTime)
    for name, moments in (("prompt_changes", (now, now)), ("eval_results", (now,))):
        found = sa.table(name, sa.column("system"))
        known = sa.select(_stored.c.system).where(_stored.c.system == found.c.system).exists()
        _add(sa.select(found.c.system, *moments).where(~known).distinct())


def _add(rows: sa.Select[Any]) -> None:
    names = [column.name for column in _stored.c][: len(rows.selected_columns)]
    op.get_bind().execute(sa.insert(_stored).from_select(names, rows))

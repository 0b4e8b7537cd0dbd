"""How many inferences each version of a prompt served on a day, for systems whose records tell the version."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prompt_days",
        sa.Column("source", sa.String(100), primary_key=True),
        sa.Column("system", sa.String(200), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("version", sa.String(20), primary_key=True),
        sa.Column("inferences", sa.Double, nullable=False),
    )

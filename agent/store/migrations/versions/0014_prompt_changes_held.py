"""The highest number of prompt changes that was exported, so that the counter of them never falls."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prompt_changes_highest",
        sa.Column("system", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )

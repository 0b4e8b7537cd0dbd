"""The values that are unknown because they cannot be read, by source and field."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unreadable_values",
        sa.Column("source", sa.String(100), primary_key=True),
        sa.Column("field", sa.String(30), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
    )

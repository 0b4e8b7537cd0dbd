"""What sources and verdicts store says its version.

Nothing is rewritten: a value without a version is one of version 0. The column has another name so that an older
agent, which does not know what a version is, cannot read or write it: not after a way back, and not while it still
runs on the same database.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Both databases rename in place. Alembic would copy the table on SQLite.
    op.execute("ALTER TABLE source_state RENAME COLUMN value TO versioned")

"""How many cases of an evaluation ended with an error, and how many it had."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("errored", "cases"):
        op.add_column("eval_results", sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))

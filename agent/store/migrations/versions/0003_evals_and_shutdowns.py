"""Results of evaluations, and the days on which models are shut down."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _key(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "eval_results",
        _key("source", 100),
        _key("identity", 32),
        *(
            sa.Column(name, sa.String(200), nullable=False)
            for name in ("system", "model", "prompt_version", "suite", "suite_hash", "metric")
        ),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("stderr", sa.Double),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("passed", sa.BigInteger),
        sa.Column("higher_is_better", sa.Boolean),
    )
    op.create_index("eval_results_by_time", "eval_results", ["at"])
    op.create_table(
        "model_shutdowns",
        _key("source", 100),
        _key("model", 200),
        sa.Column("shutdown", sa.Date, nullable=False),
        sa.Column("written", sa.DateTime, nullable=False),
    )

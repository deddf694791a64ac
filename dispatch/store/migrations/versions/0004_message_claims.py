"""What is known of messages on their way, each claim with its time; kinds and writers of messages.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TIMES = ("accepted_utc", "sent_utc", "delivered_utc", "read_utc")


def upgrade() -> None:
    """Add the columns."""
    with op.batch_alter_table("message") as table:
        table.add_column(sa.Column("kind", sa.String(), nullable=False, server_default="text"))
        table.add_column(sa.Column("value", sa.Integer(), nullable=True))
        table.add_column(sa.Column("pid", sa.Integer(), nullable=True))
        for name in ("written", "opta", "itsi"):
            table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("parts", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(
            sa.Column("parts_missing", sa.Integer(), nullable=False, server_default="0")
        )
        for name in _TIMES:
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take the columns away."""
    with op.batch_alter_table("message") as table:
        for name in (
            "kind",
            "value",
            "pid",
            "written",
            "opta",
            "itsi",
            "parts",
            "parts_missing",
            *_TIMES,
        ):
            table.drop_column(name)

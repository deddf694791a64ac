"""Marks of exercises on calls, overs and alarms; recorded traces of links.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

MARKS = (("call", "exercise"), ("transmission", "exercise"), ("alarm", "no_exercise"))


def upgrade() -> None:
    """Make the marks and the table."""
    for table, name in MARKS:
        op.add_column(
            table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.add_column("press", sa.Column("test_link", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "link_trace",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("started_utc", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_link_trace_link", "link_trace", ["link"])
    op.create_index("ix_link_trace_expires", "link_trace", ["expires_utc"])


def downgrade() -> None:
    """Drop the table and the marks."""
    op.drop_table("link_trace")
    op.drop_column("press", "test_link")
    for table, name in MARKS:
        op.drop_column(table, name)

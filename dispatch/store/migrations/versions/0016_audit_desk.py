"""Saved searches, marks and call lines of the auditor's desk.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "saved_search",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["user"], ["user.id"]),
        sa.UniqueConstraint("user", "name", name="saved_search_once"),
    )
    op.create_index("ix_saved_search_user", "saved_search", ["user"])
    op.create_table(
        "mark",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("talkgroups", sa.JSON(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_utc", sa.BigInteger(), nullable=True),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("t_utc", "user", "expires_utc"):
        op.create_index(f"ix_mark_{column}", "mark", [column])
    op.create_table(
        "call_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("outgoing", sa.Boolean(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_call_line_call", "call_line", ["call"])


def downgrade() -> None:
    """Take the tables away."""
    op.drop_table("call_line")
    op.drop_table("mark")
    op.drop_table("saved_search")

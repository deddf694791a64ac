"""Saved searches and marks of the auditor's desk.

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
    """Add both tables."""
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


def downgrade() -> None:
    """Take both tables away."""
    op.drop_table("mark")
    op.drop_table("saved_search")

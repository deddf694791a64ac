"""Patches, the calls that belong to them, and what of a call came through one.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the columns."""
    op.create_table(
        "patch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("mixed", sa.Boolean(), nullable=False),
        sa.Column("from_plan", sa.Boolean(), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("since_utc", sa.BigInteger(), nullable=False),
        sa.Column("until_utc", sa.BigInteger(), nullable=True),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("end_reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_patch_since_utc", "patch", ["since_utc"])
    op.create_index("ix_patch_ended_utc", "patch", ["ended_utc"])
    op.create_table(
        "patch_call",
        sa.Column("patch", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("patch", "call"),
    )
    op.create_index("ix_patch_call_call", "patch_call", ["call"])
    op.add_column("transmission", sa.Column("source", sa.String(), nullable=True))
    op.add_column(
        "transmission",
        sa.Column("patch_label", sa.String(), nullable=False, server_default=""),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("transmission", "patch_label")
    op.drop_column("transmission", "source")
    op.drop_table("patch_call")
    op.drop_table("patch")

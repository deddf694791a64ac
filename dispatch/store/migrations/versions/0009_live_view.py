"""Live views, video kept at its source, and how a clip was had.

Revision ID: 0009
Revises: 0008
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def _columns() -> tuple["sa.Column[Any]", ...]:
    """Return the new columns of ``camera_media``."""
    return (
        sa.Column("why", sa.String(), nullable=False, server_default=""),
        sa.Column("how", sa.String(), nullable=False, server_default=""),
        sa.Column("skew_ms", sa.Integer(), nullable=True),
        sa.Column("event_utc", sa.BigInteger(), nullable=False, server_default="0"),
    )


def upgrade() -> None:
    """Add the tables and columns."""
    for column in _columns():
        op.add_column("camera_media", column)
    op.create_table(
        "live_view",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("engine", sa.String(), nullable=False),
        sa.Column("resource", sa.String(), nullable=False),
        sa.Column("started_utc", sa.BigInteger(), nullable=False),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_live_view_camera_started", "live_view", ["camera", "started_utc"])
    op.create_index("ix_live_view_user", "live_view", ["user"])
    op.create_index("ix_live_view_ended_utc", "live_view", ["ended_utc"])
    op.create_table(
        "source_hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("from_utc", sa.BigInteger(), nullable=False),
        sa.Column("to_utc", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("export", sa.String(), nullable=False),
        sa.Column("checked_utc", sa.BigInteger(), nullable=False),
        sa.Column("next_utc", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("released_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_source_hold_camera", "source_hold", ["camera"])
    op.create_index("ix_source_hold_next_utc", "source_hold", ["next_utc"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("source_hold")
    op.drop_table("live_view")
    with op.batch_alter_table("camera_media") as table:
        for column in _columns():
            table.drop_column(column.name)

"""Calls uploaded by other recorders: keys, what was received, and the mark on calls and overs.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MARKED = ("call", "transmission")


def upgrade() -> None:
    """Make the tables and the marks."""
    for table in MARKED:
        op.add_column(table, sa.Column("uploaded", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "upload_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("short_name", sa.String(), nullable=False),
        sa.Column("told_system", sa.Integer(), nullable=True),
        sa.Column("talkgroups", sa.Text(), nullable=False),
        sa.Column("blocked", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("revoked_by", sa.String(), nullable=False),
        sa.Column("revoked_utc", sa.BigInteger(), nullable=True),
        sa.Column("last_utc", sa.BigInteger(), nullable=True),
        sa.Column("lag_ms", sa.BigInteger(), nullable=True),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("offset_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("secret_sha256"),
    )
    op.create_index("ix_upload_key_short_name", "upload_key", ["short_name"])
    op.create_table(
        "upload_count",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("last_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "outcome"),
    )
    _uploads()


def _uploads() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("recorder", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("call", sa.String(), nullable=False),
        sa.Column("talkgroup", sa.String(), nullable=False),
        sa.Column("started_utc", sa.BigInteger(), nullable=False),
        sa.Column("told_ms", sa.Integer(), nullable=True),
        sa.Column("length_ms", sa.Integer(), nullable=True),
        sa.Column("received_utc", sa.BigInteger(), nullable=False),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("fields_sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_upload_key", "upload", ["key"])
    op.create_index("ix_upload_call", "upload", ["call"])
    op.create_index("ix_upload_talkgroup_started", "upload", ["talkgroup", "started_utc"])
    op.create_index("ix_upload_state", "upload", ["state", "id"])
    op.create_table(
        "upload_over",
        sa.Column("transmission", sa.String(), nullable=False),
        sa.Column("upload", sa.String(), nullable=False),
        sa.Column("from_ms", sa.Integer(), nullable=False),
        sa.Column("to_ms", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("transmission"),
    )
    op.create_index("ix_upload_over_upload", "upload_over", ["upload"])


def downgrade() -> None:
    """Drop the tables and the marks."""
    for table in ("upload_over", "upload", "upload_count", "upload_key"):
        op.drop_table(table)
    for table in MARKED:
        op.drop_column(table, "uploaded")

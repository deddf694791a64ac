"""Sealed files, holds, orders, erasure, policy, desk telemetry.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = (
    "policy",
    "retention_mark",
    "desk_telemetry",
    "erasure_review",
    "erasure_item",
    "erasure_job",
    "legal_order",
    "hold_member",
    "hold",
    "file_key",
)
_COLUMNS = (
    ("call", "policy"),
    ("message", "erased_utc"),
    ("camera_media", "erased_utc"),
    ("camera_media", "expires_utc"),
    ("camera_media", "retention_class"),
)


def upgrade() -> None:
    """Add the tables, and what calls, texts and media must say of their keeping."""
    op.add_column("call", sa.Column("policy", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("message", sa.Column("erased_utc", sa.BigInteger(), nullable=True))
    op.add_column("camera_media", sa.Column("erased_utc", sa.BigInteger(), nullable=True))
    op.add_column("camera_media", sa.Column("expires_utc", sa.BigInteger(), nullable=True))
    op.add_column(
        "camera_media",
        sa.Column("retention_class", sa.String(), nullable=False, server_default="media"),
    )
    op.create_index("ix_camera_media_expires_utc", "camera_media", ["expires_utc"])
    op.create_index("ix_recording_file_name", "recording_file", ["name"])
    op.create_index("ix_call_due", "call", ["erased_utc", "expires_utc"])
    op.create_index("ix_message_due", "message", ["erased_utc", "expires_utc"])
    _sealing()
    _holds()
    _erasure()
    op.create_table(
        "policy",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("author_name", sa.String(), nullable=False),
        sa.Column("created_utc", sa.BigInteger(), nullable=False),
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("agreed_by", sa.String(), nullable=False),
        sa.Column("activated_utc", sa.BigInteger(), nullable=True),
        sa.Column("effective_utc", sa.BigInteger(), nullable=True),
        sa.Column("ended_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_policy_state", "policy", ["state"])


def _sealing() -> None:
    op.create_table(
        "file_key",
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("master", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sealed_utc", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("file"),
    )
    op.create_index("ix_file_key_master", "file_key", ["master"])
    op.create_index("ix_file_key_destroyed_utc", "file_key", ["destroyed_utc"])
    op.create_table(
        "retention_mark",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "desk_telemetry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_desk_telemetry_t_utc", "desk_telemetry", ["t_utc"])
    op.create_index("ix_desk_telemetry_expires_utc", "desk_telemetry", ["expires_utc"])


def _holds() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("from_utc", sa.BigInteger(), nullable=True),
        sa.Column("to_utc", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("legal_order", sa.String(), nullable=True),
        sa.Column("set_utc", sa.BigInteger(), nullable=False),
        sa.Column("review_utc", sa.BigInteger(), nullable=False),
        sa.Column("restricted_until_utc", sa.BigInteger(), nullable=True),
        sa.Column("checked_utc", sa.BigInteger(), nullable=True),
        sa.Column("source_note", sa.String(), nullable=False),
        sa.Column("lifted_utc", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=False),
        sa.Column("lifted_name", sa.String(), nullable=False),
        sa.Column("lifted_with", sa.String(), nullable=False),
        sa.Column("lift_reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_hold_legal_order", "hold", ["legal_order"])
    op.create_index("ix_hold_lifted_utc", "hold", ["lifted_utc"])
    op.create_table(
        "hold_member",
        sa.Column("hold", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hold", "type", "object"),
    )
    op.create_index("ix_hold_member_object", "hold_member", ["type", "object"])
    op.create_table(
        "legal_order",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("case", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("deadline_utc", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("document_name", sa.String(), nullable=False),
        sa.Column("tell", sa.String(), nullable=False),
        sa.Column("restricted_until_utc", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("done_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_legal_order_deadline_utc", "legal_order", ["deadline_utc"])
    op.create_index("ix_legal_order_state", "legal_order", ["state"])


def _erasure() -> None:
    op.create_table(
        "erasure_job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("started_utc", sa.BigInteger(), nullable=True),
        sa.Column("done_utc", sa.BigInteger(), nullable=True),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("planned_root", sa.String(), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("agreed_by", sa.String(), nullable=False),
        sa.Column("begun_seq", sa.BigInteger(), nullable=True),
        sa.Column("erased", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("erased_root", sa.String(), nullable=False),
        sa.Column("done_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_erasure_job_state", "erasure_job", ["state"])
    op.create_table(
        "erasure_item",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("retention_class", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("job", "n"),
    )
    op.create_index("ix_erasure_item_state", "erasure_item", ["job", "state", "n"])
    op.create_table(
        "erasure_review",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("due_utc", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("until_utc", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("decided_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("incident"),
    )
    op.create_index("ix_erasure_review_state", "erasure_review", ["state"])


def downgrade() -> None:
    """Take them away."""
    for name in _TABLES:
        op.drop_table(name)
    op.drop_index("ix_message_due", "message")
    op.drop_index("ix_call_due", "call")
    op.drop_index("ix_recording_file_name", "recording_file")
    op.drop_index("ix_camera_media_expires_utc", "camera_media")
    for table, column in _COLUMNS:
        with op.batch_alter_table(table) as change:
            change.drop_column(column)

"""Camera messages not understood, stills and clips, webhooks out, review of claims, CAP, hand-over.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLES = (
    "incident_handover",
    "cap_message",
    "claim_hit",
    "webhook_out",
    "camera_media",
    "camera_unread",
)


def upgrade() -> None:
    """Add the tables and what was unusual about an event."""
    with op.batch_alter_table("camera_event") as table:
        table.add_column(sa.Column("notes", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "camera_unread",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("t_recv_utc", sa.BigInteger(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("raw_sha256", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "topic", "raw_sha256", name="camera_unread_once"),
    )
    op.create_index("ix_camera_unread_source", "camera_unread", ["source"])
    op.create_index("ix_camera_unread_t_recv_utc", "camera_unread", ["t_recv_utc"])
    op.create_table(
        "camera_media",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("from_utc", sa.BigInteger(), nullable=False),
        sa.Column("to_utc", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_utc", sa.BigInteger(), nullable=False),
        sa.Column("give_up_utc", sa.BigInteger(), nullable=False),
        sa.Column("done_utc", sa.BigInteger(), nullable=True),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("remuxed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "object", "kind", "from_utc", name="camera_media_once"),
    )
    op.create_index("ix_camera_media_incident", "camera_media", ["incident"])
    op.create_index("ix_camera_media_state_next", "camera_media", ["state", "next_utc"])
    op.create_table(
        "webhook_out",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_utc", sa.BigInteger(), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("done_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_out_state_next", "webhook_out", ["state", "next_utc"])
    op.create_table(
        "claim_hit",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("src_event_id", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("camera_group", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("reference_list", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("first_by", sa.String(), nullable=False),
        sa.Column("first_name", sa.String(), nullable=False),
        sa.Column("first_utc", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_name", sa.String(), nullable=False),
        sa.Column("decided_utc", sa.BigInteger(), nullable=True),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "src_event_id", "type", "value", name="claim_hit_once"),
    )
    op.create_index("ix_claim_hit_incident", "claim_hit", ["incident"])
    op.create_index("ix_claim_hit_state_expires", "claim_hit", ["state", "expires_utc"])
    op.create_table(
        "cap_message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("sent", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("msg_type", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("replaced_by", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=True),
        sa.Column("raw_sha256", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("direction", "sender", "identifier", "sent", name="cap_message_once"),
    )
    op.create_index("ix_cap_message_incident", "cap_message", ["incident"])
    op.create_index("ix_cap_message_t_utc", "cap_message", ["t_utc"])
    op.create_table(
        "incident_handover",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("shared_id", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("raw_sha256", sa.String(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("direction", "shared_id", "raw_sha256", name="incident_handover_once"),
    )
    op.create_index("ix_incident_handover_incident", "incident_handover", ["incident"])
    op.create_index("ix_incident_handover_shared_id", "incident_handover", ["shared_id"])


def downgrade() -> None:
    """Take them away."""
    for name in _TABLES:
        op.drop_table(name)
    with op.batch_alter_table("camera_event") as table:
        table.drop_column("notes")

"""Oversight: requests for a second person and the answers; the browser of a session.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLES = (
    "watch_entry",
    "face_source",
    "broken_glass",
    "sample_run",
    "review_task",
    "staff_object",
    "look_up",
    "purpose",
    "approval_vote",
    "approval",
)


def upgrade() -> None:
    """Add the tables."""
    with op.batch_alter_table("session") as table:
        table.add_column(sa.Column("device", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("grant") as table:
        table.add_column(sa.Column("user", sa.String(), nullable=False, server_default=""))
        table.add_column(sa.Column("reviewed_utc", sa.BigInteger(), nullable=True))
    op.create_table(
        "approval",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_person", sa.String(), nullable=False),
        sa.Column("asked_name", sa.String(), nullable=False),
        sa.Column("asked_session", sa.String(), nullable=False),
        sa.Column("asked_device", sa.String(), nullable=False),
        sa.Column("asked_address", sa.String(), nullable=False),
        sa.Column("asked_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.Column("decided_utc", sa.BigInteger(), nullable=True),
        sa.Column("used_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_approval_what", "approval", ["kind", "subject", "digest"])
    op.create_index("ix_approval_state", "approval", ["state"])
    op.create_index("ix_approval_asked_utc", "approval", ["asked_utc"])
    op.create_table(
        "approval_vote",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("agree", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("approval", "person", name="approval_vote_once"),
    )
    op.create_index("ix_approval_vote_approval", "approval_vote", ["approval"])
    op.create_table(
        "purpose",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_key", sa.String(), nullable=False),
        sa.Column("stated_utc", sa.BigInteger(), nullable=False),
        sa.Column("until_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_purpose_user_until", "purpose", ["user", "until_utc"])
    op.create_index("ix_purpose_stated_utc", "purpose", ["stated_utc"])
    _watching()


def _watching() -> None:
    op.create_table(
        "look_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("object_type", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reasoned", sa.String(), nullable=False),
        sa.Column("denied", sa.Boolean(), nullable=False),
        sa.Column("camera_group", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("entry_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_look_up_t_utc", "look_up", ["t_utc"])
    op.create_index("ix_look_up_person_t", "look_up", ["person", "t_utc"])
    op.create_index("ix_look_up_person_subject", "look_up", ["person", "subject"])
    op.create_table(
        "staff_object",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_key", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "review_task",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("entries", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("reviewer_name", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("due_utc", sa.BigInteger(), nullable=False),
        sa.Column("closed_utc", sa.BigInteger(), nullable=True),
        sa.Column("overdue_told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_task_state_due", "review_task", ["state", "due_utc"])
    op.create_index("ix_review_task_rule_user", "review_task", ["rule", "user", "made_utc"])
    op.create_index("ix_review_task_made_utc", "review_task", ["made_utc"])
    op.create_table(
        "sample_run",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("checkpoint_size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "broken_glass",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scope_kind", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("grant", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("until_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_broken_glass_user", "broken_glass", ["user"])
    op.create_index("ix_broken_glass_t_utc", "broken_glass", ["t_utc"])
    op.create_table(
        "face_source",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("on_by", sa.String(), nullable=False),
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("on_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "watch_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("approval", sa.String(), nullable=False),
        sa.Column("added_utc", sa.BigInteger(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_watch_entry_value", "watch_entry", ["value"])
    op.create_index("ix_watch_entry_expires_utc", "watch_entry", ["expires_utc"])


def downgrade() -> None:
    """Take them away."""
    for name in _TABLES:
        op.drop_table(name)
    with op.batch_alter_table("session") as table:
        table.drop_column("device")
    with op.batch_alter_table("grant") as table:
        table.drop_column("user")
        table.drop_column("reviewed_utc")

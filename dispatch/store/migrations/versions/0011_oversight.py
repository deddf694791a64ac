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

_TABLES = ("purpose", "approval_vote", "approval")


def upgrade() -> None:
    """Add the tables."""
    with op.batch_alter_table("session") as table:
        table.add_column(sa.Column("device", sa.String(), nullable=False, server_default=""))
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


def downgrade() -> None:
    """Take them away."""
    for name in _TABLES:
        op.drop_table(name)
    with op.batch_alter_table("session") as table:
        table.drop_column("device")

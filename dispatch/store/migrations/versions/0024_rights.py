"""What lies in which evidence package, and what persons ask to have corrected.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "evidence_object",
        sa.Column("package", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("package", "type", "object"),
    )
    op.create_index("ix_evidence_object_object", "evidence_object", ["type", "object"])
    op.create_table(
        "correction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("received_utc", sa.BigInteger(), nullable=False),
        sa.Column("due_utc", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_name", sa.String(), nullable=False),
        sa.Column("made_utc", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_name", sa.String(), nullable=False),
        sa.Column("decided_utc", sa.BigInteger(), nullable=True),
        sa.Column("entry_seq", sa.BigInteger(), nullable=True),
        sa.Column("erased_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_correction_object", "correction", ["type", "object"])
    op.create_index("ix_correction_state", "correction", ["state"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("correction")
    op.drop_table("evidence_object")

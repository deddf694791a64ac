"""Private and telephone calls.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of private calls."""
    op.create_table(
        "individual_call",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("incoming", sa.Boolean(), nullable=False),
        sa.Column("other", sa.String(), nullable=True),
        sa.Column("digits", sa.String(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("duplex", sa.Boolean(), nullable=False),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=True),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("answered_utc", sa.BigInteger(), nullable=True),
        sa.Column("connected_utc", sa.BigInteger(), nullable=True),
        sa.Column("waited_ms", sa.Integer(), nullable=True),
        sa.Column("talked_ms", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("declined_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_individual_call_line", "individual_call", ["line"])
    op.create_index("ix_individual_call_other", "individual_call", ["other"])


def downgrade() -> None:
    """Refuse: the log would lose who called whom."""
    raise RuntimeError("going back would lose the log of private calls; restore a backup instead")

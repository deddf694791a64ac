"""Who agreed to talk on a patch of encrypted and unencrypted talkgroups, until when.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "mix_confirmation",
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("patch", sa.String(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("confirmed_utc", sa.BigInteger(), nullable=False),
        sa.Column("until_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user", "patch"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("mix_confirmation")

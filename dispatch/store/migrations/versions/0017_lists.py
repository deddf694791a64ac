"""Mappings of columns, kept for each source of lists.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "import_mapping",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.Column("saved_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "kind"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("import_mapping")

"""Which category of persons a hit or an entry of the watch-list is about (LED Art. 6).

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = ("claim_hit", "watch_entry")


def upgrade() -> None:
    """Add the columns: of what is there nobody has said it."""
    for table in TABLES:
        op.add_column(
            table,
            sa.Column("category", sa.String(), nullable=False, server_default="unknown"),
        )


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.drop_column(table, "category")

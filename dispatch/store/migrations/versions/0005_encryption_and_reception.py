"""Algorithm and key of encrypted calls, and how well overs were received.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = ("call", "transmission")


def upgrade() -> None:
    """Add the columns."""
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("algorithm", sa.Integer(), nullable=True))
            table.add_column(sa.Column("key_id", sa.Integer(), nullable=True))
    with op.batch_alter_table("transmission") as table:
        table.add_column(sa.Column("bit_error_rate", sa.Float(), nullable=True))


def downgrade() -> None:
    """Take the columns away."""
    with op.batch_alter_table("transmission") as table:
        table.drop_column("bit_error_rate")
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_column("key_id")
            table.drop_column("algorithm")

"""What a further link heard of an over is kept beside it.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was recorded before is no copy."""
    with op.batch_alter_table("transmission") as batch_op:
        batch_op.add_column(sa.Column("copy_of", sa.String(), nullable=True))
        batch_op.create_index("ix_transmission_copy_of", ["copy_of"], unique=False)


def downgrade() -> None:
    """Refuse: recordings would lose what they are of."""
    raise RuntimeError(
        "going back would lose which recordings are copies; restore a backup instead"
    )

"""Who was near what is answered from one index, without a look at the rows.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OLD, NEW, TABLE = "ix_unit_position_cell_t", "ix_unit_position_near", "unit_position"
COLUMNS = ["cell", "t_utc", "unit", "age_s", "latitude_deg", "longitude_deg", "error_m"]


def upgrade() -> None:
    """Let the index of cells carry what a place is told by."""
    op.create_index(NEW, TABLE, COLUMNS)
    op.drop_index(OLD, TABLE)


def downgrade() -> None:
    """Go back to cell and time."""
    op.create_index(OLD, TABLE, ["cell", "t_utc"])
    op.drop_index(NEW, TABLE)

"""Indexes of plans without their texts: which one is live, and the list of all, at once.

A plan's text may have twenty megabytes. What stands behind it in a row is read through it, so the
look at which plan is live, twice a second, would read every plan that ever was.

Revision ID: 0028
Revises: 0027
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both indexes."""
    op.create_index("ix_plan_activated", "plan", ["activated_utc", "number"])
    heads = ["number", "name", "author", "note", "created_utc", "activated_utc"]
    op.create_index("ix_plan_heads", "plan", heads)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_plan_heads", "plan")
    op.drop_index("ix_plan_activated", "plan")

"""Life of incidents, units, cameras, suggestions of both, merge and split, a guarded timeline.

Revision ID: 0008
Revises: 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from dispatch.incidents.guards import guard

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = (
    "incident_moved",
    "incident_merge",
    "incident_hint",
    "incident_camera",
    "incident_unit",
)


def _columns() -> tuple[sa.Column[Any], ...]:
    """Return the new columns of an incident, made anew: a column belongs to one table."""
    return (
        sa.Column("priority", sa.Integer(), nullable=False, server_default="3"),
        sa.Column("owner", sa.String(), nullable=False, server_default=""),
        sa.Column("owner_name", sa.String(), nullable=False, server_default=""),
        sa.Column("exercise", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column("state_before", sa.String(), nullable=False, server_default=""),
        sa.Column("split_from", sa.String(), nullable=True),
        sa.Column("has_split", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    )


def upgrade() -> None:
    """Add columns and tables; open incidents become new (cameras') or active (people's)."""
    for column in _columns():
        op.add_column("incident", column)
    op.create_index("ix_incident_merged_into", "incident", ["merged_into"])
    op.add_column("incident_timeline", sa.Column("erased_utc", sa.BigInteger(), nullable=True))
    op.add_column(
        "incident_possibly_same",
        sa.Column("rejected_by", sa.String(), nullable=False, server_default=""),
    )
    op.execute(
        "UPDATE incident SET priority = CASE severity WHEN 'alert' THEN 2 WHEN 'info' THEN 4 "
        "ELSE 3 END, state = CASE WHEN state = 'open' AND source = '' THEN 'active' "
        "WHEN state = 'open' THEN 'new' ELSE state END"
    )
    op.create_table(
        "incident_unit",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.Column("released_by", sa.String(), nullable=False),
        sa.Column("released_utc", sa.BigInteger(), nullable=True),
        sa.Column("on_scene_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("incident", "unit"),
    )
    op.create_index("ix_incident_unit_unit", "incident_unit", ["unit"])
    op.create_table(
        "incident_camera",
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("camera", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "camera"),
    )
    op.execute(
        'INSERT INTO incident_camera (incident, camera, state, "by", at_utc) '
        "SELECT id, camera, 'seen', '', opened_utc FROM incident WHERE camera IS NOT NULL"
    )
    op.create_table(
        "incident_hint",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("incident", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("incident", "kind", "object", name="incident_hint_once"),
    )
    op.create_index("ix_incident_hint_incident", "incident_hint", ["incident"])
    op.create_table(
        "incident_merge",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_utc", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.Column("undone_utc", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_incident_merge_source", "incident_merge", ["source"])
    op.create_index("ix_incident_merge_target", "incident_merge", ["target"])
    op.create_table(
        "incident_moved",
        sa.Column("merge", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("merge", "kind", "object"),
    )
    guard(op.get_bind())


def downgrade() -> None:
    """Take it all away; incidents that went on are open again."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        for name in ("update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS incident_timeline_no_{name} ON incident_timeline")
        op.execute("DROP FUNCTION IF EXISTS incident_timeline_kept()")
    else:
        for name in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS incident_timeline_no_{name}")
    for name in _TABLES:
        op.drop_table(name)
    op.execute(
        "UPDATE incident SET state = CASE state WHEN 'closed' THEN 'closed' "
        "WHEN 'merged' THEN 'closed' ELSE 'open' END"
    )
    op.drop_column("incident_possibly_same", "rejected_by")
    op.drop_column("incident_timeline", "erased_utc")
    op.drop_index("ix_incident_merged_into", "incident")
    for column in reversed(_columns()):
        op.drop_column("incident", column.name)

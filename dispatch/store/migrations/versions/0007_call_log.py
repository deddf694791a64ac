"""The call log's index, each status kept, and the indexes that search and lanes stand on.

Nothing is indexed here: a server indexes in the background what has no number yet, newest first,
and ``samband db reindex`` does so at once.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_transmission_talkgroup_started", "transmission", ["talkgroup", "started_utc"]),
    ("ix_transmission_talker_started", "transmission", ["talker", "started_utc"]),
    ("ix_unit_position_cell_t", "unit_position", ["cell", "t_utc"]),
    ("ix_message_talkgroup_t", "message", ["talkgroup", "t_utc"]),
    ("ix_message_sender_t", "message", ["sender", "t_utc"]),
    ("ix_message_recipient_t", "message", ["recipient", "t_utc"]),
    ("ix_note_t_utc", "note", ["t_utc"]),
    ("ix_access_t_utc", "access", ["t_utc"]),
    ("ix_press_transmission", "press", ["transmission"]),
    ("ix_camera_media_camera_from", "camera_media", ["camera", "from_utc"]),
    ("ix_camera_place", "camera", ["latitude_deg", "longitude_deg"]),
    ("ix_incident_latitude_deg", "incident", ["latitude_deg"]),
    ("ix_position_log_taken", "position_log", ["taken_utc"]),
    ("ix_alarm_step_t_utc", "alarm_step", ["t_utc"]),
)
_CELL = (
    "UPDATE unit_position SET cell = CAST({floor}((latitude_deg + 90) * 100) AS INTEGER) * 36000"
    " + CAST({floor}((longitude_deg + 180) * 100) AS INTEGER)"
)


def upgrade() -> None:
    """Add the index's tables, one column each to calls and positions, and their indexes."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRESQL if postgresql else _SQLITE:
        op.execute(statement)
    op.create_table(
        "unit_status",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("t_utc", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("digit", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("expires_utc", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_unit_status_unit_t", "unit_status", ["unit", "t_utc"])
    op.create_index("ix_unit_status_t_utc", "unit_status", ["t_utc"])
    op.create_index("ix_unit_status_expires_utc", "unit_status", ["expires_utc"])
    op.add_column("call", sa.Column("search_no", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_call_not_indexed",
        "call",
        ["started_utc"],
        sqlite_where=sa.text("search_no IS NULL"),
        postgresql_where=sa.text("search_no IS NULL"),
    )
    op.add_column("unit_position", sa.Column("cell", sa.Integer(), nullable=True))
    op.execute(_CELL.format(floor="floor" if postgresql else ""))
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Take it all away again; the statuses that were kept are lost."""
    for name, table, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    with op.batch_alter_table("unit_position") as positions:
        positions.drop_column("cell")
    op.drop_index("ix_call_not_indexed", table_name="call")
    with op.batch_alter_table("call") as calls:
        calls.drop_column("search_no")
    op.drop_table("unit_status")
    for table in ("call_place", "call_posting", "call_name", "call_key", "call_facet"):
        op.drop_table(table)


_SQLITE = (
    "CREATE TABLE call_facet (id INTEGER NOT NULL PRIMARY KEY, kind VARCHAR NOT NULL,"
    " value TEXT NOT NULL, CONSTRAINT call_facet_once UNIQUE (kind, value))",
    "CREATE INDEX ix_call_facet_kind_id ON call_facet (kind, id)",
    "CREATE TABLE call_name (word TEXT NOT NULL, facet INTEGER NOT NULL,"
    " PRIMARY KEY (word, facet)) WITHOUT ROWID",
    "CREATE INDEX ix_call_name_facet ON call_name (facet)",
    "CREATE TABLE call_posting (facet INTEGER NOT NULL, no BIGINT NOT NULL,"
    " scope INTEGER NOT NULL, marks BIGINT NOT NULL, PRIMARY KEY (facet, no)) WITHOUT ROWID",
    "CREATE TABLE call_key (no INTEGER NOT NULL PRIMARY KEY, call VARCHAR NOT NULL,"
    " scope INTEGER NOT NULL, marks BIGINT NOT NULL, facets TEXT NOT NULL)",
    "CREATE INDEX ix_call_key_call ON call_key (call)",
    "CREATE TABLE call_place (no INTEGER NOT NULL, unit VARCHAR NOT NULL,"
    " latitude_deg FLOAT NOT NULL, longitude_deg FLOAT NOT NULL, PRIMARY KEY (no, unit),"
    " FOREIGN KEY (no) REFERENCES call_key (no) ON DELETE CASCADE)",
)
# A key that carries the scope answers a search without a look at the table itself.
_POSTGRESQL = (
    "CREATE TABLE call_facet (id BIGSERIAL PRIMARY KEY, kind VARCHAR NOT NULL,"
    ' value TEXT COLLATE "C" NOT NULL, CONSTRAINT call_facet_once UNIQUE (kind, value))',
    "CREATE INDEX ix_call_facet_kind_id ON call_facet (kind, id)",
    'CREATE TABLE call_name (word TEXT COLLATE "C" NOT NULL, facet BIGINT NOT NULL,'
    " PRIMARY KEY (word, facet))",
    "CREATE INDEX ix_call_name_facet ON call_name (facet)",
    "CREATE TABLE call_posting (facet BIGINT NOT NULL, no BIGINT NOT NULL, scope BIGINT NOT NULL,"
    " marks BIGINT NOT NULL, PRIMARY KEY (facet, no) INCLUDE (scope, marks))",
    "CREATE TABLE call_key (no BIGINT NOT NULL, call VARCHAR NOT NULL, scope BIGINT NOT NULL,"
    " marks BIGINT NOT NULL, facets TEXT NOT NULL, PRIMARY KEY (no) INCLUDE (scope, marks))",
    "CREATE INDEX ix_call_key_call ON call_key (call)",
    "CREATE TABLE call_place (no BIGINT NOT NULL REFERENCES call_key (no) ON DELETE CASCADE,"
    " unit VARCHAR NOT NULL, latitude_deg DOUBLE PRECISION NOT NULL,"
    " longitude_deg DOUBLE PRECISION NOT NULL, PRIMARY KEY (no, unit))",
)

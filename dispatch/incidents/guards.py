"""Triggers that keep the timeline of incidents as it was written, on SQLite and PostgreSQL.

A line is never deleted and never changed. The one exception is the erasure path: words and data
of a line may become empty, once, together with the time at which that was done. All other columns
stay, so that everybody still sees that there was a line, when and by whom.
"""

from sqlalchemy import event
from sqlalchemy.engine import Connection

from dispatch.incidents.tables import IncidentTimeline

REFUSED = "lines of an incident are never changed or deleted"
_BLANKED = (
    "OLD.erased_utc IS NULL AND NEW.erased_utc IS NOT NULL AND NEW.text = '' "
    "AND CAST(NEW.data AS TEXT) = '{}' "
    "AND NEW.id = OLD.id AND NEW.incident = OLD.incident AND NEW.t_utc = OLD.t_utc "
    "AND NEW.kind = OLD.kind AND NEW.who = OLD.who"
)
SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS incident_timeline_no_update BEFORE UPDATE ON incident_timeline "
    f"WHEN NOT ({_BLANKED}) BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
    "CREATE TRIGGER IF NOT EXISTS incident_timeline_no_delete BEFORE DELETE ON incident_timeline "
    f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END",
)
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION incident_timeline_kept() RETURNS trigger LANGUAGE plpgsql AS $$ "
    f"BEGIN IF TG_OP = 'UPDATE' AND ({_BLANKED}) THEN RETURN NEW; END IF; "
    f"RAISE EXCEPTION '{REFUSED}'; END $$",
    "CREATE OR REPLACE TRIGGER incident_timeline_no_update BEFORE UPDATE ON incident_timeline "
    "FOR EACH ROW EXECUTE FUNCTION incident_timeline_kept()",
    "CREATE OR REPLACE TRIGGER incident_timeline_no_delete BEFORE DELETE ON incident_timeline "
    "FOR EACH ROW EXECUTE FUNCTION incident_timeline_kept()",
    "CREATE OR REPLACE TRIGGER incident_timeline_no_truncate BEFORE TRUNCATE ON incident_timeline "
    "FOR EACH STATEMENT EXECUTE FUNCTION incident_timeline_kept()",
)


def guard(connection: Connection) -> None:
    """Put the triggers in place; safe to do again."""
    postgresql = connection.dialect.name == "postgresql"
    for statement in POSTGRESQL if postgresql else SQLITE:
        connection.exec_driver_sql(statement)


def _created(_table: object, connection: Connection, **_: object) -> None:
    # SQLAlchemy's own signature: the table, and words about how it was made.
    guard(connection)


event.listen(IncidentTimeline.__table__, "after_create", _created)  # type: ignore[attr-defined]  # SQLModel's

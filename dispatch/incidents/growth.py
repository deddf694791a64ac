"""What a batch of camera events adds, in a few statements however many incidents it touches.

A storm gives thousands of events a second. Measured: an object of the mapper read and written for
each incident took the interpreter from push-to-talk for 60 of 100 ms; these statements take 10.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from dispatch.cameras.event import louder
from dispatch.cameras.ingest import Growth
from dispatch.incidents.tables import Incident, IncidentStorm, IncidentTimeline

GROWN = ("event_count", "storm_events", "last_event_utc", "severity", "title")
"""Columns that growth changes."""


def grow_all(db: Session, growth: Mapping[str, Growth], now: int) -> list[tuple[Incident, str]]:
    """Add to every incident of ``growth``; returns each as it is now, with its severity before.

    The incidents returned stand outside the session: what is set on them is written nowhere.
    """
    if not growth:
        return []
    found = list(db.exec(select(Incident).where(col(Incident.id).in_(list(growth)))))
    grown = []
    for incident in found:
        db.expunge(incident)
        grown.append((incident, incident.severity))
        _grow(db, incident, growth[incident.id], now)
    if grown:
        table = table_of(Incident)
        changes = [
            {"of_incident": one.id, **{name: getattr(one, name) for name in GROWN}}
            for one, _ in grown
        ]
        statement = update(table).where(table.c.id == bindparam("of_incident"))
        values: dict[str, Any] = {name: bindparam(name) for name in GROWN}
        db.connection().execute(statement.values(values), changes)
    return grown


def _grow(db: Session, incident: Incident, growth: Growth, now: int) -> None:
    incident.event_count += growth.events
    incident.storm_events += growth.storm_events
    incident.last_event_utc = max(incident.last_event_utc, growth.last_event_utc)
    loudest = louder(incident.severity, growth.severity)
    if loudest != incident.severity:
        words = f"Now {loudest}"
        line = IncidentTimeline(
            incident=incident.id, t_utc=now, kind="severity", who="", text=words
        )
        db.add(line)
        incident.severity = loudest
    if incident.storm:
        seconds = (incident.last_event_utc - incident.started_utc) // 1_000_000
        whose = incident.place or f"source {incident.source}"
        incident.title = f"Storm: {whose}, {incident.storm_events} events in {max(1, seconds)} s"


def count_storms(db: Session, storms: Mapping[tuple[str, str, str], int]) -> None:
    """Add what was counted by (incident, camera, reason)."""
    if not storms:
        return
    rows = [
        {"incident": incident, "camera": camera, "reason": reason, "events": events}
        for (incident, camera, reason), events in storms.items()
    ]
    table = table_of(IncidentStorm)
    keys = [table.c.incident, table.c.camera, table.c.reason]
    if db.get_bind().dialect.name == "sqlite":
        lite = sqlite.insert(table)
        added = {"events": table.c.events + lite.excluded.events}
        db.connection().execute(lite.on_conflict_do_update(index_elements=keys, set_=added), rows)
    else:
        post = postgresql.insert(table)
        added = {"events": table.c.events + post.excluded.events}
        db.connection().execute(post.on_conflict_do_update(index_elements=keys, set_=added), rows)


def insert_new(db: Session, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet, by the table's unique keys."""
    if not rows:
        return
    table = table_of(model)
    if db.get_bind().dialect.name == "sqlite":
        db.connection().execute(insert(table).prefix_with("OR IGNORE"), rows)
    else:
        db.connection().execute(postgresql.insert(table).on_conflict_do_nothing(), rows)


def table_of(model: type[SQLModel]) -> Table:
    """Return the table behind a model: statements on it pass the mapper by."""
    table: Table = model.__table__  # type: ignore[attr-defined]  # made by the metaclass
    return table

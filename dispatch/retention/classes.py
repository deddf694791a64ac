"""Which class an object is in and until when it is kept: looked at before each erasure.

Attaching a call to an incident makes it the incident's class; that never shortens its time. An
incident counts when a person had to do with it; what a camera opened and nobody touched is kept
like the stills and clips in it, its events like any that belong to nothing.

Everything is looked for in a read and changed in short transactions, so that what the radio writes
and the audit log have their turn in between. Each is whole by itself; killed between two of them,
the next look finds the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlmodel import Session, col, select, update

from dispatch.auditdesk.tables import Mark
from dispatch.calllog.tables import UnitStatus
from dispatch.cameras.tables import CameraEvent, CameraMedia
from dispatch.incidents.tables import Incident, IncidentSuggestion, IncidentUnit
from dispatch.retention.tables import DeskTelemetry
from dispatch.store.engine import Store
from dispatch.store.retention import DEFAULT_CLASS, INCIDENT_CLASS, days_in_use, days_of, expiry_utc
from dispatch.store.tables import US_PER_DAY, Call, Message, Transmission, UnitPosition

MEDIA_CLASS, EVENT_CLASS, ERASED = "media", "event", "erased"
ROWS_AT_ONCE = 1000
"""Of one transaction."""
FOUND_AT_ONCE = 50_000
CALLS_AT_ONCE = 200


def touched() -> ColumnElement[bool]:
    """Return the condition that a person had to do with an incident."""
    incident = col(Incident.id)
    confirmed = exists(
        select(IncidentSuggestion.id).where(
            col(IncidentSuggestion.incident) == incident, IncidentSuggestion.state == "confirmed"
        )
    )
    sent = exists(select(IncidentUnit.unit).where(col(IncidentUnit.incident) == incident))
    people = (Incident.opened_by, Incident.owner, Incident.closed_by)
    return or_(confirmed, sent, *(col(one) != "" for one in people))


def ended() -> ColumnElement[bool]:
    """Return the condition that an incident is over."""
    return col(Incident.state).in_(("closed", "merged"))


async def reclassify(store: Store, now: int) -> None:
    """Bring incidents, what is attached to them, and media to their classes.

    Raises StoreUnavailable; what is done by then stays.
    """
    await store.write(lambda db: _incidents(db, now))
    moved = await store.read(lambda db: [call for call, _ in _attached_calls(db, now)])
    for start in range(0, len(moved), CALLS_AT_ONCE):
        some = moved[start : start + CALLS_AT_ONCE]
        await store.write(lambda db, some=some: _move_calls(db, now, some))  # type: ignore[misc]  # bound now
    await store.write(_media)
    await store.write(_events)


def _incidents(db: Session, now: int) -> None:
    query = select(Incident).where(Incident.retention != ERASED)
    by_person = set(db.exec(select(Incident.id).where(Incident.retention != ERASED, touched())))
    for row in db.exec(query):
        kept = row.id in by_person
        row.retention = INCIDENT_CLASS if kept else MEDIA_CLASS
        over = row.state in ("closed", "merged")
        start = (row.closed_utc or row.last_event_utc) if over else now
        # Open ones move on with each look; a time that a person gave (keep until) is not shortened.
        own = expiry_utc(row.retention, start)
        row.expires_utc = max(own, row.expires_utc or 0) if kept else own
        db.add(row)
    db.flush()


def _attached_calls(
    db: Session, now: int, only: Sequence[str] | None = None
) -> list[tuple[str, int]]:
    """Return calls (of some, or of all) that are not kept as their incidents are: (id, until)."""
    query = (
        select(Call.id, Call.retention_class, Call.expires_utc, func.max(Incident.expires_utc))
        .join(IncidentSuggestion, col(IncidentSuggestion.call) == col(Call.id))
        .join(Incident, col(Incident.id) == col(IncidentSuggestion.incident))
        .where(
            IncidentSuggestion.state == "confirmed",
            col(Call.erased_utc).is_(None),
            Incident.retention != ERASED,
        )
        .group_by(col(Call.id), col(Call.retention_class), col(Call.expires_utc))
    )
    if only is not None:
        query = query.where(col(Call.id).in_(only))
    found = []
    for call, name, expires, wanted in db.exec(query):
        until = max(expires, wanted or now)
        if name != INCIDENT_CLASS or expires != until:
            found.append((call, until))
    return found


def _move_calls(db: Session, now: int, only: Sequence[str]) -> None:
    for call, until in _attached_calls(db, now, only):
        values = {"retention_class": INCIDENT_CLASS, "expires_utc": until}
        db.exec(update(Call).where(col(Call.id) == call).values(values))
        db.exec(update(Transmission).where(col(Transmission.call) == call).values(values))


def _media(db: Session) -> None:
    """Give media a time, and what belongs to a person's incident that incident's."""
    kept = select(Incident.id).where(Incident.retention == INCIDENT_CLASS)
    until = (
        select(Incident.expires_utc)
        .where(col(Incident.id) == col(CameraMedia.incident))
        .scalar_subquery()
    )
    db.exec(
        update(CameraMedia)
        .where(col(CameraMedia.expires_utc).is_(None))
        .values(expires_utc=col(CameraMedia.made_utc) + days_of(MEDIA_CLASS) * US_PER_DAY)
    )
    db.exec(
        update(CameraMedia)
        .where(
            col(CameraMedia.incident).in_(kept),
            or_(
                col(CameraMedia.retention_class) != INCIDENT_CLASS,
                col(CameraMedia.expires_utc) < until,
            ),
        )
        .values(retention_class=INCIDENT_CLASS, expires_utc=until)
    )


def _events(db: Session) -> None:
    """Keep camera events that belong to a person's incident as long as that."""
    kept = select(Incident.id).where(Incident.retention == INCIDENT_CLASS)
    until = (
        select(Incident.expires_utc)
        .where(col(Incident.id) == col(CameraEvent.incident))
        .scalar_subquery()
    )
    db.exec(
        update(CameraEvent)
        .where(
            col(CameraEvent.incident).in_(kept),
            or_(
                col(CameraEvent.retention) != INCIDENT_CLASS,
                col(CameraEvent.expires_utc) < until,
            ),
        )
        .values(retention=INCIDENT_CLASS, expires_utc=until)
    )


# ---- a new policy --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Objects of one kind whose time is not what the policy now says, and that time."""

    model: Any
    fits: ColumnElement[bool]
    until: ColumnElement[int]


async def reexpire(store: Store) -> int:
    """Give everything the time that the policy now says; returns how many rows it changed.

    Objects of the class ``incident`` follow their incident (``reclassify``). Raises
    StoreUnavailable; what is done by then stays.
    """
    changed = 0
    while found := await store.read(_found_wrong):
        for wrong, ids in found:
            for start in range(0, len(ids), ROWS_AT_ONCE):
                some = ids[start : start + ROWS_AT_ONCE]
                changed += await store.write(partial(_mend, wrong=wrong, some=some))
    return changed


def _found_wrong(db: Session) -> list[tuple[_Wrong, list[Any]]]:
    found = []
    for wrong in _wrong():
        query = select(wrong.model.id).where(wrong.fits).limit(FOUND_AT_ONCE)
        ids = list(db.exec(query))
        if ids:
            found.append((wrong, ids))
    return found


def _mend(db: Session, wrong: _Wrong, some: list[Any]) -> int:
    these = col(wrong.model.id).in_(some)
    return int(
        db.exec(
            update(wrong.model).where(these, wrong.fits).values(expires_utc=wrong.until)
        ).rowcount
    )


def _wrong() -> Iterator[_Wrong]:
    for name in days_in_use():
        if name == INCIDENT_CLASS:
            continue
        us = days_of(name) * US_PER_DAY
        for model, start in ((Call, Call.started_utc), (Transmission, Transmission.started_utc)):
            fits = and_(
                col(model.retention_class) == name,
                col(model.erased_utc).is_(None),
                col(model.expires_utc) != col(start) + us,
            )
            yield _Wrong(model, fits, col(start) + us)
        if name == MEDIA_CLASS:
            until = col(CameraMedia.made_utc) + us
            media = col(CameraMedia.retention_class) == name
            yield _Wrong(CameraMedia, and_(media, col(CameraMedia.expires_utc) != until), until)
        if name == EVENT_CLASS:
            until = col(CameraEvent.t_recv_utc) + us
            events = col(CameraEvent.retention) == name
            yield _Wrong(CameraEvent, and_(events, col(CameraEvent.expires_utc) != until), until)
    for name, table, start, ends in (
        ("message", Message, Message.t_utc, Message.expires_utc),
        ("message", UnitStatus, UnitStatus.t_utc, UnitStatus.expires_utc),
        ("position", UnitPosition, UnitPosition.t_utc, UnitPosition.expires_utc),
        ("telemetry", DeskTelemetry, DeskTelemetry.t_utc, DeskTelemetry.expires_utc),
        (DEFAULT_CLASS, Mark, Mark.made_utc, Mark.expires_utc),
    ):
        until = col(start) + days_of(name) * US_PER_DAY
        yield _Wrong(table, col(ends) != until, until)

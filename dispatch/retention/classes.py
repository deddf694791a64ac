"""Which class an object is in and until when it is kept: looked at before each erasure.

Attaching a call to an incident makes it the incident's class; that never shortens its time. An
incident counts when a person had to do with it; what a camera opened and nobody touched is kept
like the stills and clips in it, its events like any that belong to nothing.
"""

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlmodel import Session, col, select, update

from dispatch.auditdesk.tables import Mark
from dispatch.calllog.tables import UnitStatus
from dispatch.cameras.tables import CameraEvent, CameraMedia
from dispatch.incidents.tables import Incident, IncidentSuggestion, IncidentUnit
from dispatch.retention.tables import DeskTelemetry
from dispatch.store.retention import DEFAULT_CLASS, INCIDENT_CLASS, days_in_use, days_of, expiry_utc
from dispatch.store.tables import US_PER_DAY, Call, Message, Transmission, UnitPosition

MEDIA_CLASS, EVENT_CLASS, ERASED = "media", "event", "erased"
ROWS_AT_ONCE = 5000


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


def reclassify(db: Session, now: int) -> None:
    """Bring incidents, what is attached to them, and media to their classes."""
    _incidents(db, now)
    _attached_calls(db, now)
    _media_and_events(db)
    db.flush()


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


def _attached_calls(db: Session, now: int) -> None:
    query = (
        select(Call, func.max(col(Incident.expires_utc)))
        .join(IncidentSuggestion, col(IncidentSuggestion.call) == col(Call.id))
        .join(Incident, col(Incident.id) == col(IncidentSuggestion.incident))
        .where(
            IncidentSuggestion.state == "confirmed",
            col(Call.erased_utc).is_(None),
            Incident.retention != ERASED,
        )
        .group_by(col(Call.id))
    )
    for call, expires in list(db.exec(query)):
        until = max(call.expires_utc, expires or now)
        if call.retention_class == INCIDENT_CLASS and call.expires_utc == until:
            continue
        call.retention_class, call.expires_utc = INCIDENT_CLASS, until
        db.add(call)
        db.exec(
            update(Transmission)
            .where(col(Transmission.call) == call.id)
            .values(retention_class=INCIDENT_CLASS, expires_utc=until)
        )


def _media_and_events(db: Session) -> None:
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


def reexpire(db: Session) -> int:
    """Give at most 5,000 objects of each kind the time that the policy now says.

    Returns how many rows it changed: 0 when everything has its time. Objects of the class
    ``incident`` follow their incident (``reclassify``).
    """
    changed = 0
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
            changed += _set(db, model, fits, col(start) + us)
        if name == MEDIA_CLASS:
            fits = and_(
                col(CameraMedia.retention_class) == name,
                col(CameraMedia.expires_utc) != col(CameraMedia.made_utc) + us,
            )
            changed += _set(db, CameraMedia, fits, col(CameraMedia.made_utc) + us)
        if name == EVENT_CLASS:
            fits = and_(
                col(CameraEvent.retention) == name,
                col(CameraEvent.expires_utc) != col(CameraEvent.t_recv_utc) + us,
            )
            changed += _set(db, CameraEvent, fits, col(CameraEvent.t_recv_utc) + us)
    for name, table, start, until in (
        ("message", Message, Message.t_utc, Message.expires_utc),
        ("message", UnitStatus, UnitStatus.t_utc, UnitStatus.expires_utc),
        ("position", UnitPosition, UnitPosition.t_utc, UnitPosition.expires_utc),
        ("telemetry", DeskTelemetry, DeskTelemetry.t_utc, DeskTelemetry.expires_utc),
        (DEFAULT_CLASS, Mark, Mark.made_utc, Mark.expires_utc),
    ):
        wanted = col(start) + days_of(name) * US_PER_DAY
        changed += _set(db, table, col(until) != wanted, wanted)
    return changed


def _set(db: Session, model: type, fits: ColumnElement[bool], until: ColumnElement[int]) -> int:
    key = model.id  # type: ignore[attr-defined]  # every one of these tables has it
    some = select(key).where(fits).limit(ROWS_AT_ONCE).subquery()
    done = db.exec(update(model).where(col(key).in_(select(some.c.id))).values(expires_utc=until))
    return int(done.rowcount)

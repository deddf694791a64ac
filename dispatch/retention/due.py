"""What may be erased now: its class has expired, no hold has it, a person said yes where needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, literal_column, or_
from sqlmodel import Session, col, select

from dispatch.auditdesk.tables import Mark
from dispatch.calllog.tables import UnitStatus
from dispatch.cameras.tables import CameraEvent, CameraMedia, CameraUnread
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.retention.classes import ERASED, ended
from dispatch.retention.hold_book import is_held
from dispatch.retention.scope import CALL, EVENT, MARK, MEDIA, MESSAGE, POSITION, STATUS, TELEMETRY
from dispatch.retention.tables import DeskTelemetry, ErasureReview
from dispatch.store.retention import DEFAULT_CLASS, INCIDENT_CLASS
from dispatch.store.tables import Call, Message, UnitPosition

INCIDENT = "incident"
LOG_WORDS = "log_words"
"""The free texts of one month of the audit log: erased by destroying the month's keys."""
UNREAD = "camera_unread"
"""Camera messages that no reader understood."""
PASSING = (POSITION, STATUS, EVENT, UNREAD, TELEMETRY, MARK)
"""Types whose rows are deleted, not kept as tombstones."""
AGREED = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An object whose time is over."""

    type: str
    id: str
    retention_class: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How objects of one type are found. ``name``: the fixed class where no column holds it."""

    type: str
    key: Any
    start: Any
    expires: Any
    class_column: Any
    name: str
    alive: tuple[ColumnElement[bool], ...]
    ready: tuple[ColumnElement[bool], ...]

    @property
    def text_key(self) -> Any:
        """The id as holds and jobs write it."""
        numbered = self.type in (POSITION, STATUS)
        return cast(col(self.key), String) if numbered else col(self.key)

    def held(self) -> ColumnElement[bool]:
        """Return the condition that the object is on hold."""
        return is_held(self.type, self.text_key)

    def due(self, now: int) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that the object may be erased now."""
        return (*self.alive, *self.ready, col(self.expires) <= now, ~self.held())

    def by_class(self, query: Any) -> Any:
        """Return a query that counts, for each class; a fixed class needs no grouping."""
        return query if self.class_column is None else query.group_by(self.class_column)

    def retention_class(self) -> Any:
        """Return the column, or the constant, that says its class."""
        if self.class_column is None:
            return literal_column(f"'{self.name}'")  # one of our own words
        return self.class_column


def _agreed(incident: Any) -> ColumnElement[bool]:
    """Return the condition that a person said yes to erasing an incident, and it is over."""
    return exists(
        select(ErasureReview.incident)
        .join(Incident, col(Incident.id) == col(ErasureReview.incident))
        .where(col(ErasureReview.incident) == incident, ErasureReview.state == AGREED, ended())
    )


def _call_agreed() -> ColumnElement[bool]:
    link = IncidentSuggestion
    mine = and_(col(link.call) == col(Call.id), col(link.state) == "confirmed")
    some = exists(select(link.id).where(mine, _agreed(col(link.incident))))
    others = exists(select(link.id).where(mine, ~_agreed(col(link.incident))))
    return or_(col(Call.retention_class) != INCIDENT_CLASS, and_(some, ~others))


def kinds() -> tuple[Kind, ...]:
    """Return all types in the order in which they are erased: incidents last."""
    return (
        Kind(CALL, Call.id, Call.started_utc, Call.expires_utc, Call.retention_class, "call",
             (col(Call.erased_utc).is_(None),), (col(Call.ended_utc).is_not(None), _call_agreed())),
        Kind(MESSAGE, Message.id, Message.t_utc, Message.expires_utc, None, "message",
             (col(Message.erased_utc).is_(None),), ()),
        Kind(POSITION, UnitPosition.id, UnitPosition.t_utc, UnitPosition.expires_utc, None,
             "position", (), ()),
        Kind(STATUS, UnitStatus.id, UnitStatus.t_utc, UnitStatus.expires_utc, None,
             "message", (), ()),
        Kind(MEDIA, CameraMedia.id, CameraMedia.made_utc, CameraMedia.expires_utc,
             CameraMedia.retention_class, "media",
             (col(CameraMedia.erased_utc).is_(None),),
             (or_(col(CameraMedia.retention_class) != INCIDENT_CLASS,
                  _agreed(col(CameraMedia.incident))),)),
        Kind(EVENT, CameraEvent.id, CameraEvent.t_recv_utc, CameraEvent.expires_utc,
             CameraEvent.retention, "event", (),
             (or_(col(CameraEvent.retention) != INCIDENT_CLASS,
                  _agreed(col(CameraEvent.incident))),)),
        Kind(UNREAD, CameraUnread.id, CameraUnread.t_recv_utc, CameraUnread.expires_utc, None,
             "event", (), ()),
        Kind(TELEMETRY, DeskTelemetry.id, DeskTelemetry.t_utc, DeskTelemetry.expires_utc, None,
             "telemetry", (), ()),
        Kind(MARK, Mark.id, Mark.made_utc, Mark.expires_utc, None, DEFAULT_CLASS, (), ()),
        Kind(INCIDENT, Incident.id, Incident.started_utc, Incident.expires_utc,
             Incident.retention, "incident", (col(Incident.retention) != ERASED,),
             (ended(), or_(col(Incident.retention) != INCIDENT_CLASS, _agreed(col(Incident.id))))),
    )  # fmt: skip


KINDS = {kind.type: kind for kind in kinds()}


def due(db: Session, now: int) -> Iterator[Due]:
    """Yield everything that may be erased now, type by type, by id."""
    for kind in KINDS.values():
        key = kind.text_key
        query = select(key, kind.retention_class()).where(*kind.due(now)).order_by(key)
        for found, name in db.exec(query):
            yield Due(type=kind.type, id=str(found), retention_class=str(name))


def still_due(db: Session, type_: str, ids: list[str], now: int, *, early: bool) -> set[str]:
    """Return which of some objects may still be erased; ``early``: only holds keep them."""
    kind = KINDS[type_]
    terms = (*kind.alive, ~kind.held()) if early else kind.due(now)
    return {
        str(one) for one in db.exec(select(kind.text_key).where(kind.text_key.in_(ids), *terms))
    }


def gone(db: Session, type_: str, ids: list[str]) -> set[str]:
    """Return which of some objects are erased already."""
    kind = KINDS[type_]
    alive = set(db.exec(select(kind.text_key).where(kind.text_key.in_(ids), *kind.alive)))
    return set(ids) - {str(one) for one in alive}

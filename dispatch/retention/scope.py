"""What a hold or an order takes: objects by talkgroup, unit, place, camera, time, or by id.

An object is in scope when it lies in the time and fits one of the talkgroups, units, places,
cameras; or when it is named by its id. A scope without any of these takes nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from dispatch.auditdesk.tables import Mark
from dispatch.calllog.tables import UnitStatus
from dispatch.cameras.tables import Camera, CameraEvent, CameraMedia
from dispatch.incidents.geo import distance_m
from dispatch.incidents.tables import IncidentSuggestion
from dispatch.retention.tables import DeskTelemetry
from dispatch.store.tables import Call, Message, Transmission, UnitPosition

CALL, MESSAGE, POSITION = "call", "message", "position"
MEDIA, EVENT, TELEMETRY = "media", "camera_event", "telemetry"
STATUS, MARK = "unit_status", "mark"
TYPES = (CALL, MESSAGE, POSITION, STATUS, MEDIA, EVENT, TELEMETRY, MARK)
NEAR_US = 600_000_000
"""A call is at a place when its talker reported from there within 10 minutes of it."""
IDS_AT_ONCE = 500
Found = tuple[str, str]
"""Type and id of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A circle."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is taken. Times are UTC microseconds; None: open at that end."""

    from_utc: int | None = None
    to_utc: int | None = None
    talkgroups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    cameras: tuple[str, ...] = ()
    telemetry: bool = False
    calls: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Of an order: the local times and answers as asked."""

    @property
    def empty(self) -> bool:
        """Whether it can take nothing."""
        return not (self.by_time or self.calls or self.incidents or self.media)

    @property
    def by_time(self) -> bool:
        """Whether it takes more than named objects."""
        return bool(self.talkgroups or self.units or self.places or self.cameras or self.telemetry)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored and agreed to."""
        value: dict[str, Any] = {
            "from_utc": self.from_utc,
            "to_utc": self.to_utc,
            "talkgroups": list(self.talkgroups),
            "units": list(self.units),
            "places": [
                {"lat": one.latitude_deg, "lon": one.longitude_deg, "radius_m": one.radius_m}
                for one in self.places
            ],
            "cameras": list(self.cameras),
            "telemetry": self.telemetry,
            "calls": list(self.calls),
            "incidents": list(self.incidents),
            "media": list(self.media),
        }
        return {**value, **self.extra}


_OWN = (
    "from_utc", "to_utc", "talkgroups", "units", "places", "cameras", "telemetry", "calls",
    "incidents", "media",
)  # fmt: skip


def from_json(value: Mapping[str, Any]) -> Scope:
    """Read a stored scope."""
    lists = ("talkgroups", "units", "cameras", "calls", "incidents", "media")
    return Scope(
        from_utc=value.get("from_utc"),
        to_utc=value.get("to_utc"),
        places=tuple(
            Place(
                latitude_deg=float(one["lat"]),
                longitude_deg=float(one["lon"]),
                radius_m=float(one["radius_m"]),
            )
            for one in value.get("places", ())
        ),
        telemetry=bool(value.get("telemetry", False)),
        extra={key: one for key, one in value.items() if key not in _OWN},
        **{name: tuple(value.get(name, ())) for name in lists},
    )


# ---- what is in a scope --------------------------------------------------------------------------


def objects_in(db: Session, scope: Scope) -> Iterator[Found]:
    """Yield every stored object of a scope, some of them twice."""
    yield from ((CALL, one) for one in scope.calls)
    yield from ((MEDIA, one) for one in scope.media)
    yield from _of_incidents(db, scope.incidents)
    if not scope.by_time:
        return
    yield from ((CALL, one) for one in _calls(db, scope, None))
    yield from ((MESSAGE, one) for one in _messages(db, scope, None))
    yield from ((MARK, one) for one in _marks(db, scope))
    if scope.units:
        query = select(UnitPosition.id).where(
            col(UnitPosition.unit).in_(scope.units), *_between(UnitPosition.t_utc, scope)
        )
        yield from ((POSITION, str(one)) for one in db.exec(query))
        statuses = select(UnitStatus.id).where(
            col(UnitStatus.unit).in_(scope.units), *_between(UnitStatus.t_utc, scope)
        )
        yield from ((STATUS, str(one)) for one in db.exec(statuses))
    cameras = (*scope.cameras, *_cameras_at(db, scope.places))
    if cameras:
        yield from _of_cameras(db, scope, cameras)
    if scope.telemetry:
        rows = db.exec(select(DeskTelemetry.id).where(*_between(DeskTelemetry.t_utc, scope)))
        yield from ((TELEMETRY, one) for one in rows)


def calls_in(db: Session, scope: Scope, calls: set[str]) -> set[str]:
    """Return which of some calls are in a scope: for calls that were just written."""
    named = calls & set(scope.calls)
    return named | (_calls(db, scope, calls) if scope.by_time else set())


def messages_in(db: Session, scope: Scope, messages: set[str]) -> set[str]:
    """Return which of some messages are in a scope."""
    return _messages(db, scope, messages) if scope.by_time else set()


def _between(column: Any, scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions of the scope's time on a column of UTC microseconds."""
    found = []
    if scope.from_utc is not None:
        found.append(col(column) >= scope.from_utc)
    if scope.to_utc is not None:
        found.append(col(column) < scope.to_utc)
    return found


def _overlapping(scope: Scope) -> list[ColumnElement[bool]]:
    """Return the conditions that a transmission runs in the scope's time."""
    found = []
    if scope.from_utc is not None:
        started, ended = col(Transmission.started_utc), col(Transmission.ended_utc)
        found.append(or_(started >= scope.from_utc, ended > scope.from_utc, ended.is_(None)))
    if scope.to_utc is not None:
        found.append(col(Transmission.started_utc) < scope.to_utc)
    return found


def _calls(db: Session, scope: Scope, only: set[str] | None) -> set[str]:
    if only is not None and not only:
        return set()
    found: set[str] = set()
    fits = []
    if scope.talkgroups:
        fits.append(col(Transmission.talkgroup).in_(scope.talkgroups))
    if scope.units:
        fits.append(col(Transmission.talker).in_(scope.units))
    if fits:
        query = select(Transmission.call).where(or_(*fits), *_overlapping(scope))
        found |= set(db.exec(_only(query, Transmission.call, only)))
        whole = [col(Call.talkgroup).in_(scope.talkgroups), col(Call.caller).in_(scope.units)]
        calls = select(Call.id).where(or_(*whole), *_between(Call.started_utc, scope))
        found |= set(db.exec(_only(calls, Call.id, only)))
    for place in scope.places:
        found |= _calls_at(db, scope, place, only)
    return found


def _only(query: Any, column: Any, only: set[str] | None) -> Any:
    return query if only is None else query.where(col(column).in_(only))


def _calls_at(db: Session, scope: Scope, place: Place, only: set[str] | None) -> set[str]:
    """Return calls whose talker was heard to be at a place."""
    wide = Scope(
        from_utc=None if scope.from_utc is None else scope.from_utc - NEAR_US,
        to_utc=None if scope.to_utc is None else scope.to_utc + NEAR_US,
    )
    there: dict[str, list[int]] = {}
    for row in db.exec(select(UnitPosition).where(*_between(UnitPosition.t_utc, wide))):
        if _inside(place, row.latitude_deg, row.longitude_deg):
            there.setdefault(row.unit, []).append(row.t_utc)
    found = set()
    units = sorted(there)
    for at in range(0, len(units), IDS_AT_ONCE):
        part = units[at : at + IDS_AT_ONCE]
        query = select(Transmission.call, Transmission.talker, Transmission.started_utc).where(
            col(Transmission.talker).in_(part), *_overlapping(scope)
        )
        for call, talker, started in db.exec(_only(query, Transmission.call, only)):
            if any(abs(started - t_utc) <= NEAR_US for t_utc in there[talker]):
                found.add(call)
    return found


def _inside(place: Place, latitude_deg: float | None, longitude_deg: float | None) -> bool:
    if latitude_deg is None or longitude_deg is None:
        return False
    here = (place.latitude_deg, place.longitude_deg)
    return distance_m(*here, latitude_deg, longitude_deg) <= place.radius_m


def _messages(db: Session, scope: Scope, only: set[str] | None) -> set[str]:
    if not (scope.talkgroups or scope.units) or (only is not None and not only):
        return set()
    fits = or_(
        col(Message.talkgroup).in_(scope.talkgroups),
        col(Message.sender).in_(scope.units),
        col(Message.recipient).in_(scope.units),
    )
    query = select(Message.id).where(fits, *_between(Message.t_utc, scope))
    return set(db.exec(_only(query, Message.id, only)))


def _marks(db: Session, scope: Scope) -> Iterator[str]:
    """Yield marks that somebody set while listening to one of the talkgroups."""
    wanted = set(scope.talkgroups)
    if wanted:
        query = select(Mark.id, Mark.talkgroups).where(*_between(Mark.t_utc, scope))
        yield from (one for one, talkgroups in db.exec(query) if wanted & set(talkgroups))


def _cameras_at(db: Session, places: tuple[Place, ...]) -> set[str]:
    if not places:
        return set()
    return {
        camera.id
        for camera in db.exec(select(Camera))
        if any(_inside(place, camera.latitude_deg, camera.longitude_deg) for place in places)
    }


def _of_cameras(db: Session, scope: Scope, cameras: tuple[str, ...]) -> Iterator[Found]:
    events = select(CameraEvent.id).where(
        col(CameraEvent.camera).in_(cameras), *_between(CameraEvent.t_event_utc, scope)
    )
    yield from ((EVENT, one) for one in db.exec(events))
    conditions: list[ColumnElement[bool]] = [col(CameraMedia.camera).in_(cameras)]
    if scope.from_utc is not None:
        late = or_(
            col(CameraMedia.from_utc) >= scope.from_utc, col(CameraMedia.to_utc) > scope.from_utc
        )
        conditions.append(late)
    if scope.to_utc is not None:
        conditions.append(col(CameraMedia.from_utc) < scope.to_utc)
    yield from ((MEDIA, one) for one in db.exec(select(CameraMedia.id).where(*conditions)))


def _of_incidents(db: Session, incidents: tuple[str, ...]) -> Iterator[Found]:
    if not incidents:
        return
    calls = select(IncidentSuggestion.call).where(
        col(IncidentSuggestion.incident).in_(incidents), IncidentSuggestion.state == "confirmed"
    )
    yield from ((CALL, one) for one in db.exec(calls))
    media = select(CameraMedia.id).where(col(CameraMedia.incident).in_(incidents))
    yield from ((MEDIA, one) for one in db.exec(media))
    events = select(CameraEvent.id).where(col(CameraEvent.incident).in_(incidents))
    yield from ((EVENT, one) for one in db.exec(events))

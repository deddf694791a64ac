"""A part of an incident becomes one of its own: events, calls, notes, cameras, units."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from dispatch.cameras.event import louder
from dispatch.cameras.tables import Camera, CameraEvent, CameraMedia
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.events import IncidentSplit
from dispatch.incidents import moving
from dispatch.incidents.following import object_key
from dispatch.incidents.life import ACTIVE, GOING_ON
from dispatch.incidents.service import (
    Incidents,
    demand_incident,
    demand_title,
    opened_event,
    scope_of,
)
from dispatch.incidents.tables import (
    ClaimHit,
    Incident,
    IncidentCamera,
    IncidentMerge,
    IncidentSuggestion,
    IncidentTalkgroup,
    IncidentUnit,
)
from dispatch.incidents.timeline import line, lines_of
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.ids import IncidentId, TalkgroupId, UtcUs, ulid
from gateway.ports import Clock

MAX_PARTS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What goes: ids of camera events, calls, lines (notes), cameras, units, talkgroups."""

    events: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    notes: tuple[int, ...] = ()
    cameras: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    talkgroups: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything goes."""
        return any((self.events, self.calls, self.notes, self.cameras, self.units))


@dataclass(frozen=True, slots=True)
class _Cut:
    source: Incident
    made: Incident
    source_groups: tuple[TalkgroupId, ...]
    made_groups: tuple[TalkgroupId, ...]


class Splitting:
    """Makes a new incident out of a part of one."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        incidents: Incidents,
    ) -> None:
        """Take the incidents and where to tell."""
        self._store = store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._incidents = incidents

    async def split(
        self, incident: str, parts: Parts, title: str, *, owner: tuple[str, str], reason: str = ""
    ) -> str:
        """Split parts off into a new incident led by ``owner`` (id, name); returns its id.

        Raises NotFound for a part that is not there, Conflict, ServiceError.
        """
        words = demand_title(title)
        if not parts:
            raise ServiceError("parts: expected at least one event, call, note, camera or unit")
        if len(parts.events) + len(parts.calls) + len(parts.notes) > MAX_PARTS:
            raise ServiceError(f"parts: expected up to {MAX_PARTS}")
        now = self._clock.utc_us()

        def work(db: Session) -> _Cut:
            source = demand_incident(db, incident)
            if source.state not in GOING_ON:
                raise Conflict(f"{source.label} is {source.state}; reopen it first")
            if source.storm:
                raise Conflict(f"{source.label} counts a storm of events and is not split")
            made = self._made(db, source, words, owner, now)
            split = IncidentMerge(
                id="g-" + ulid(now, self._randomness(10)),
                kind="split",
                source=source.id,
                target=made.id,
                by=owner[1],
                at_utc=now,
                reason=reason.strip(),
            )
            db.add(split)
            db.flush()
            _move_parts(db, split, (source, made), parts, now)
            why = f": {reason.strip()}" if reason.strip() else ""
            text = f"Split off as {made.label} {made.title}{why}"
            line(db, source.id, now, "split", owner[1], text, {"incident": made.id})
            text = f"Split off from {source.label} {source.title}{why}"
            line(db, made.id, now, "split", owner[1], text, {"incident": source.id})
            source.has_split, source.version = True, source.version + 1
            db.add(source)
            db.add(made)
            db.flush()
            return _Cut(source, made, scope_of(db, source), scope_of(db, made))

        cut = await self._store.write(work)
        self._tell(cut, owner[1], now)
        return cut.made.id

    def _made(
        self, db: Session, source: Incident, title: str, owner: tuple[str, str], now: UtcUs
    ) -> Incident:
        made = Incident(
            id="i-" + ulid(now, self._randomness(10)),
            label=self._incidents.label(db, now),
            title=title,
            kind=source.kind,
            severity="info",
            state=ACTIVE,
            priority=source.priority,
            owner=owner[0],
            owner_name=owner[1],
            exercise=source.exercise,
            opened_utc=now,
            started_utc=source.started_utc,
            last_event_utc=source.started_utc,
            opened_by=owner[1],
            camera_group=source.camera_group,
            place=source.place,
            latitude_deg=source.latitude_deg,
            longitude_deg=source.longitude_deg,
            range_m=source.range_m,
            zones=list(source.zones),
            skew_ms=source.skew_ms,
            clock_note=source.clock_note,
            split_from=source.id,
        )
        db.add(made)
        db.flush()
        return made

    def _tell(self, cut: _Cut, who: str, now: UtcUs) -> None:
        source, made = cut.source, cut.made
        self._bus.publish(opened_event(made, now, cut.made_groups))
        self._bus.publish(
            IncidentSplit(
                incident=IncidentId(source.id),
                into=IncidentId(made.id),
                camera_group=source.camera_group,
                by=who,
                talkgroups=cut.source_groups,
            )
        )
        self._incidents.tell(source, "split", who, groups=cut.source_groups)
        self._incidents.touched(source.id, made.id)


def _move_parts(
    db: Session, split: IncidentMerge, pair: tuple[Incident, Incident], parts: Parts, now: UtcUs
) -> None:
    source, made = pair
    _move_events(db, split, pair, parts)
    _move_calls(db, split, pair, parts.calls)
    _move_notes(db, split, source, parts.notes)
    for talkgroup in parts.talkgroups:
        if db.get(IncidentTalkgroup, (source.id, talkgroup)) is None:
            raise NotFound(f"{talkgroup} is not assigned to {source.label}")
        db.add(IncidentTalkgroup(incident=made.id, talkgroup=talkgroup, by=split.by, at_utc=now))
    if source.camera is None and not source.source and not parts.talkgroups:
        for talkgroup in scope_of(db, source):  # who sees the one sees the other
            db.add(
                IncidentTalkgroup(incident=made.id, talkgroup=talkgroup, by=split.by, at_utc=now)
            )
    for unit in parts.units:
        known = db.get(IncidentUnit, (source.id, unit))
        if known is None or known.state != "assigned":
            raise NotFound(f"{unit} is not assigned to {source.label}")
        known.state, known.released_by, known.released_utc = "released", split.by, now
        db.add(known)
        fresh = IncidentUnit(incident=made.id, unit=unit, by=split.by, at_utc=now)
        fresh.on_scene_utc = known.on_scene_utc
        db.add(fresh)
    moving.remember(db, split.id, "unit", parts.units)


def _move_events(
    db: Session, split: IncidentMerge, pair: tuple[Incident, Incident], parts: Parts
) -> None:
    source, made = pair
    events = moving.object_ids(db, parts.events, source.id)
    if len({row.id for row in events}) < len(set(parts.events)):
        raise NotFound(f"an event among them does not belong to {source.label}")
    for camera in parts.cameras:
        _move_camera(db, split, pair, camera)
        query = select(CameraEvent).where(
            CameraEvent.incident == source.id, CameraEvent.camera == camera
        )
        events += db.exec(query)
    rows = {row.id: row for row in events}
    objects = {(row.source, row.src_event_id) for row in rows.values()}
    moving.remember(db, split.id, "event", list(rows))
    moving.remember(db, split.id, "camera", parts.cameras)
    moving.remember(db, split.id, "object", [object_key(*one) for one in sorted(objects)])
    _move_by_object(db, split, pair, objects, parts.cameras)
    facts = sorted(rows.values(), key=lambda row: row.t_event_utc)
    if facts:
        made.event_count = len(facts)
        source.event_count = max(0, source.event_count - len(facts))
        made.started_utc, made.last_event_utc = facts[0].t_event_utc, facts[-1].t_event_utc
        made.kind, made.source = facts[0].kind, facts[0].source
        for row in facts:
            made.severity = louder(made.severity, row.severity)
        _stand(db, made, facts[0].camera, split.at_utc)
    elif parts.cameras:
        _stand(db, made, parts.cameras[0], split.at_utc)
    else:
        made.severity = source.severity
    moving.put(db, CameraEvent, list(rows), source.id, made.id)


def _move_camera(
    db: Session, split: IncidentMerge, pair: tuple[Incident, Incident], camera: str
) -> None:
    source, made = pair
    known = db.get(IncidentCamera, (source.id, camera))
    if known is None or known.state == "unlinked":
        raise NotFound(f"{camera} is not linked to {source.label}")
    db.add(
        IncidentCamera(
            incident=made.id, camera=camera, state=known.state, by=split.by, at_utc=split.at_utc
        )
    )
    known.state, known.by, known.at_utc = "unlinked", split.by, split.at_utc
    db.add(known)
    db.flush()


def _stand(db: Session, made: Incident, camera: str, at_utc: int) -> None:
    """Let the new incident be where its first camera is."""
    made.camera = camera
    if db.get(IncidentCamera, (made.id, camera)) is None:
        db.add(IncidentCamera(incident=made.id, camera=camera, at_utc=at_utc))
    found = db.get(Camera, camera)
    if found is not None and found.latitude_deg is not None:
        made.latitude_deg, made.longitude_deg = found.latitude_deg, found.longitude_deg
        made.place, made.range_m = found.place or found.name or camera, found.range_m


def _move_by_object(
    db: Session,
    split: IncidentMerge,
    pair: tuple[Incident, Incident],
    objects: set[tuple[str, str]],
    cameras: Sequence[str],
) -> None:
    """Let stills, clips and claims go with the objects and cameras that they show."""
    source, made = pair
    media = select(CameraMedia).where(CameraMedia.incident == source.id)
    ids = [
        row.id
        for row in db.exec(media)
        if (row.source, row.object) in objects or row.camera in cameras
    ]
    moving.remember(db, split.id, "media", ids)
    moving.put(db, CameraMedia, ids, source.id, made.id)
    claims = select(ClaimHit).where(ClaimHit.incident == source.id)
    ids = [row.id for row in db.exec(claims) if (row.source, row.src_event_id) in objects]
    moving.remember(db, split.id, "claim", ids)
    moving.put(db, ClaimHit, ids, source.id, made.id)


def _move_calls(
    db: Session, split: IncidentMerge, pair: tuple[Incident, Incident], calls: Sequence[str]
) -> None:
    source, made = pair
    query = select(IncidentSuggestion).where(
        IncidentSuggestion.incident == source.id,
        IncidentSuggestion.state == "confirmed",
        col(IncidentSuggestion.call).in_(calls),
    )
    rows = list(db.exec(query))
    if len(rows) < len(set(calls)):
        raise NotFound(f"a call among them is not confirmed for {source.label}")
    ids = [row.id for row in rows]
    moving.remember(db, split.id, "call", ids)
    moving.put(db, IncidentSuggestion, ids, source.id, made.id)


def _move_notes(db: Session, split: IncidentMerge, source: Incident, notes: Sequence[int]) -> None:
    if not notes:
        return
    here = {row.id for row in lines_of(db, source.id) if row.kind == "note"}
    if not set(notes) <= here:
        raise NotFound(f"a note among them does not stand in {source.label}")
    moving.remember(db, split.id, "line", [str(one) for one in notes])

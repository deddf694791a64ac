"""Incidents: opened by cameras or people, grown by batches, closed by people; all in one place."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import func
from sqlmodel import Session, select

from dispatch.cameras.event import DEFAULT_THRESHOLDS
from dispatch.cameras.grouping import Opening
from dispatch.cameras.ingest import Batch
from dispatch.cameras.register import CameraInfo
from dispatch.cameras.tables import CameraEvent, CameraUnread
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.events import IncidentOpened, IncidentUpdated
from dispatch.incidents.claims import record_hits
from dispatch.incidents.following import (
    find_neighbours,
    locked,
    note_cameras,
    open_groups,
    send_on,
)
from dispatch.incidents.growth import count_storms, grow_all, insert_new
from dispatch.incidents.life import (
    ACTIVE,
    CLOSE_REASONS,
    CLOSED,
    PRIORITY_OF,
    demand_priority,
    demand_step,
)
from dispatch.incidents.tables import (
    Incident,
    IncidentCamera,
    IncidentCounter,
    IncidentStorm,
    IncidentTalkgroup,
)
from dispatch.incidents.timeline import line, resolve
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.ids import IncidentId, TalkgroupId, UtcUs, ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

UPDATE_EVERY_US = 1_000_000
"""An incident that grows says so at most once a second."""
RESCORED = frozenset({"talkgroup", "merged", "split", "place", "unit", "camera"})
"""Changes after which suggestions are made anew."""
MAX_TITLE_CHARACTERS = 200
MAX_NOTE_CHARACTERS = 4000
__all__ = ["Incidents", "counted_in_storms", "open_groups", "opened_event", "scope_of"]


class Incidents:
    """The service behind the routes and the camera sources."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take the store and where to tell what changed."""
        self._store = store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._told: dict[str, UtcUs] = {}
        self._changed: list[Callable[[IncidentId], None]] = []
        self.thresholds = DEFAULT_THRESHOLDS
        """Of claims that become candidates."""
        self._in_batch: list[Callable[[Session, Batch], None]] = []
        self.place_of: Callable[[float, float], str] = lambda lat, lon: ""
        """Words for a position, from the site's places; set by the wiring."""

    def on_changed(self, callback: Callable[[IncidentId], None]) -> None:
        """Call ``callback`` when an incident opened or grew (suggestions are made anew)."""
        self._changed.append(callback)

    def also(self, write: Callable[[Session, Batch], None]) -> None:
        """Let ``write`` add what it needs in the same transaction as each batch."""
        self._in_batch.append(write)

    # ---- cameras -------------------------------------------------------------------------------

    async def apply(self, batch: Batch) -> None:
        """Store a batch in one transaction, then tell; raises StoreUnavailable."""
        opened, grown, scopes = await self._store.write(lambda db: self._write(db, batch))
        for incident, opening in opened:
            self._bus.publish(opened_event(incident, opening.t_event_utc))
            self._told[incident.id] = self._clock.utc_us()
            self._notify(incident.id)
        fresh = {incident.id for incident, _ in opened}
        for incident, before in grown:
            if incident.id not in fresh:
                self._tell_growth(incident, before, scopes.get(incident.id, ()))

    def _write(
        self, db: Session, batch: Batch
    ) -> tuple[
        list[tuple[Incident, Opening]],
        list[tuple[Incident, str]],
        dict[str, tuple[TalkgroupId, ...]],
    ]:
        opened = [(self._insert(db, opening), opening) for opening in batch.openings]
        db.flush()
        send_on(db, batch)
        insert_new(db, CameraEvent, batch.rows)
        insert_new(db, CameraUnread, batch.unread)
        grown = grow_all(db, batch.growth, self._clock.utc_us())
        count_storms(db, batch.storms)
        note_cameras(db, batch)
        record_hits(db, batch.rows, self._hit_id, self.thresholds)
        for write in self._in_batch:
            write(db, batch)
        by_hand = [one for one, _ in grown if one.camera is None and not one.source]
        return opened, grown, {one.id: scope_of(db, one) for one in by_hand}

    def _hit_id(self, now: UtcUs) -> str:
        return "h-" + ulid(now, self._randomness(10))

    def _insert(self, db: Session, opening: Opening) -> Incident:
        camera = opening.camera
        incident = Incident(
            id=opening.incident,
            label=self.label(db, opening.t_recv_utc),
            title=opening.title,
            kind=opening.kind,
            severity=opening.severity,
            opened_utc=opening.t_recv_utc,
            started_utc=opening.t_corrected_utc,
            last_event_utc=opening.t_corrected_utc,
            source=opening.source,
            camera=camera.id if camera else None,
            camera_group=camera.group if camera else "",
            place=self._place(camera) if camera else "",
            priority=PRIORITY_OF.get(opening.severity, 3),
            latitude_deg=camera.latitude_deg if camera else None,
            longitude_deg=camera.longitude_deg if camera else None,
            range_m=camera.range_m if camera else 50.0,
            zones=list(opening.zones),
            storm=opening.storm,
            skew_ms=opening.skew_ms,
            clock_note=opening.clock_note,
        )
        db.add(incident)
        db.flush()
        if camera is not None and camera.name_at_source:
            at = opening.t_recv_utc
            db.add(IncidentCamera(incident=incident.id, camera=camera.id, at_utc=at))
            db.flush()
        line(db, incident.id, opening.t_recv_utc, "opened", "", opening.title)
        if not opening.storm:
            find_neighbours(db, incident)
        return incident

    def _place(self, camera: CameraInfo) -> str:
        """Return a camera's place: as entered, else in words of where it stands."""
        if camera.place or camera.name != camera.id:
            return camera.place or camera.name or camera.id
        if camera.latitude_deg is None or camera.longitude_deg is None:
            return camera.id
        return self.place_of(camera.latitude_deg, camera.longitude_deg) or camera.id

    def _tell_growth(
        self, incident: Incident, before: str, groups: tuple[TalkgroupId, ...]
    ) -> None:
        now = self._clock.utc_us()
        louder_now = incident.severity != before
        if not louder_now and now - self._told.get(incident.id, 0) < UPDATE_EVERY_US:
            return
        self._told[incident.id] = now
        if len(self._told) > 10_000:
            self._told = {k: t for k, t in self._told.items() if now - t < UPDATE_EVERY_US}
        what = "severity" if louder_now else "storm" if incident.storm else "events"
        self.tell(incident, what, groups=groups)
        self._notify(incident.id)

    def label(self, db: Session, now: UtcUs) -> str:
        """Return the next number of an incident, within the transaction that opens it."""
        year = datetime.fromtimestamp(now // 1_000_000, UTC).year
        known = db.get(IncidentCounter, year, with_for_update=True)
        counter = known or IncidentCounter(year=year, last=0)
        counter.last += 1
        db.add(counter)
        return f"INC-{year}-{counter.last:06d}"

    # ---- people --------------------------------------------------------------------------------

    async def open(
        self,
        title: str,
        who: str,
        talkgroup: str | None = None,
        *,
        owner: str = "",
        priority: int = 3,
        exercise: bool = False,
        at: tuple[float, float] | None = None,
    ) -> str:
        """Open an incident by hand; returns its id. ``owner``: user id of who leads it."""
        words = demand_title(title)
        demand_priority(priority)
        now = self._clock.utc_us()

        def work(db: Session) -> Incident:
            incident = Incident(
                id="i-" + ulid(now, self._randomness(10)),
                label=self.label(db, now),
                title=words,
                kind="manual",
                severity="detection",
                opened_utc=now,
                started_utc=now,
                last_event_utc=now,
                opened_by=who,
                state=ACTIVE,
                priority=priority,
                owner=owner,
                owner_name=who if owner else "",
                exercise=exercise,
                latitude_deg=at[0] if at else None,
                longitude_deg=at[1] if at else None,
                place=self.place_of(*at) if at else "",
            )
            db.add(incident)
            db.flush()
            line(db, incident.id, now, "opened", who, words)
            if exercise:
                line(db, incident.id, now, "exercise", who, "Marked as an exercise")
            if talkgroup is not None:
                _assign(db, incident.id, talkgroup, who, now)
            return incident

        incident = await self._store.write(work)
        groups = (TalkgroupId(talkgroup),) if talkgroup else ()
        self._bus.publish(opened_event(incident, now, groups))
        self._notify(incident.id)
        return incident.id

    async def open_from(self, opening: Opening, who: str = "") -> str:
        """Open what another control room told; returns the incident's id."""

        def work(db: Session) -> Incident:
            incident = self._insert(db, opening)
            incident.opened_by = who
            db.add(incident)
            return incident

        incident = await self._store.write(work)
        self._bus.publish(opened_event(incident, opening.t_event_utc))
        self._notify(incident.id)
        return incident.id

    async def assign_talkgroup(self, incident_id: str, talkgroup: str, who: str) -> None:
        """Say that a talkgroup works on an incident."""

        def work(db: Session, incident: Incident, now: UtcUs) -> None:
            if db.get(IncidentTalkgroup, (incident.id, talkgroup)) is None:
                _assign(db, incident.id, talkgroup, who, now)

        await self.change(incident_id, "talkgroup", who, work)

    async def note(self, incident_id: str, text: str, who: str) -> None:
        """Write a note on an incident."""
        words = text.strip()
        if not 0 < len(words) <= MAX_NOTE_CHARACTERS:
            raise ServiceError(f"note: expected 1 to {MAX_NOTE_CHARACTERS} characters")
        await self.change(
            incident_id,
            "note",
            who,
            lambda db, incident, now: line(db, incident.id, now, "note", who, words),
        )

    async def close(self, incident_id: str, reason: str, who: str) -> None:
        """Close an incident with one of the reasons."""
        if reason not in CLOSE_REASONS:
            raise ServiceError(f"reason: expected one of {', '.join(CLOSE_REASONS)}")

        def work(db: Session, incident: Incident, now: UtcUs) -> None:
            demand_step(incident.label, incident.state, CLOSED)
            incident.state, incident.close_reason = CLOSED, reason
            incident.closed_utc, incident.closed_by = now, who
            line(db, incident.id, now, "closed", who, reason.replace("_", " "))

        await self.change(incident_id, "closed", who, work)

    async def change(
        self,
        incident_id: str,
        what: str,
        who: str,
        work: Callable[[Session, Incident, UtcUs], None],
        *,
        follow: bool = False,
        version: int | None = None,
    ) -> Incident:
        """Change an incident in one transaction and tell; returns it.

        ``follow``: what comes from outside goes to where a merged incident is now. ``version``:
        what the person saw. Raises NotFound, and Conflict when it was merged or changed meanwhile.
        """
        now = self._clock.utc_us()

        def inner(db: Session) -> tuple[Incident, tuple[TalkgroupId, ...]]:
            wanted = resolve(db, incident_id) if follow else incident_id
            incident = demand_incident(db, wanted)
            if version is not None and incident.version != version:
                raise Conflict(
                    f"{incident.label} was changed by somebody else meanwhile",
                    hint="Look at it again, then change it.",
                )
            work(db, incident, now)
            incident.version += 1
            db.add(incident)
            db.flush()
            return incident, scope_of(db, incident)

        incident, groups = await self._store.write(inner)
        self.tell(incident, what, who, groups=groups)
        if what in RESCORED:
            self._notify(incident.id)
        return incident

    def tell(
        self,
        incident: Incident,
        what: str,
        who: str = "",
        *,
        suggested: int = 0,
        groups: tuple[TalkgroupId, ...] = (),
    ) -> None:
        """Tell everybody who may see it that an incident changed."""
        self._bus.publish(
            IncidentUpdated(
                incident=IncidentId(incident.id),
                what=what,
                state=incident.state,
                title=incident.title,
                severity=incident.severity,
                camera_group=incident.camera_group,
                events=incident.event_count,
                by=who,
                label=incident.label,
                storm_events=incident.storm_events,
                last_event_utc=incident.last_event_utc,
                suggested=suggested,
                talkgroups=groups,
                priority=incident.priority,
                owner=incident.owner_name,
                exercise=incident.exercise,
            )
        )

    def touched(self, *incidents: str) -> None:
        """Let suggestions of incidents be made anew."""
        for incident in incidents:
            self._notify(incident)

    def _notify(self, incident_id: str) -> None:
        for callback in self._changed:
            callback(IncidentId(incident_id))


def demand_title(title: str) -> str:
    """Return a title without outer blanks; raises ServiceError when it is empty or too long."""
    words = title.strip()
    if not 0 < len(words) <= MAX_TITLE_CHARACTERS:
        raise ServiceError(f"title: expected 1 to {MAX_TITLE_CHARACTERS} characters")
    return words


def demand_incident(db: Session, incident_id: str) -> Incident:
    """Lock and return an incident that can be changed; raises NotFound, Conflict when merged."""
    incident = locked(db, [incident_id]).get(incident_id)
    if incident is None:
        raise NotFound(f"there is no incident {incident_id}")
    if incident.merged_into:
        into = db.get(Incident, incident.merged_into)
        name = into.label if into else incident.merged_into
        raise Conflict(
            f"{incident.label} was merged into {name}", hint=f"Work on {name}, or undo the merge."
        )
    return incident


def scope_of(db: Session, incident: Incident) -> tuple[TalkgroupId, ...]:
    """Return the talkgroups by which an incident is seen; none where its camera group decides."""
    if incident.camera is not None or incident.source:
        return ()
    query = select(IncidentTalkgroup.talkgroup).where(IncidentTalkgroup.incident == incident.id)
    return tuple(TalkgroupId(one) for one in sorted(db.exec(query)))


def opened_event(
    incident: Incident, t_event_utc: int, talkgroups: tuple[TalkgroupId, ...] = ()
) -> IncidentOpened:
    """Return the event of a new incident."""
    return IncidentOpened(
        incident=IncidentId(incident.id),
        label=incident.label,
        title=incident.title,
        kind=incident.kind,
        severity=incident.severity,
        opened_utc=UtcUs(incident.opened_utc),
        camera=incident.camera or "",
        camera_group=incident.camera_group,
        place=incident.place,
        talkgroup=talkgroups[0] if talkgroups else None,
        talkgroups=talkgroups,
        state=incident.state,
        priority=incident.priority,
        owner=incident.owner_name,
        exercise=incident.exercise,
        events=max(1, incident.event_count),
        source=incident.source,
        storm=incident.storm,
        latitude_deg=incident.latitude_deg,
        longitude_deg=incident.longitude_deg,
        t_event_utc=t_event_utc,
    )


def _assign(db: Session, incident: str, talkgroup: str, who: str, now: UtcUs) -> None:
    db.add(IncidentTalkgroup(incident=incident, talkgroup=talkgroup, by=who, at_utc=now))
    line(db, incident, now, "talkgroup", who, talkgroup)


def counted_in_storms(db: Session) -> int:
    """Return how many events were counted, not stored."""
    return int(db.exec(select(func.coalesce(func.sum(IncidentStorm.events), 0))).one())

"""Incidents: opened by cameras or people, grown by batches, closed by people; all in one place."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.cameras.event import DEFAULT_THRESHOLDS
from dispatch.cameras.grouping import Opening
from dispatch.cameras.ingest import Batch
from dispatch.cameras.tables import CameraEvent, CameraUnread
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.events import IncidentOpened, IncidentUpdated
from dispatch.incidents.claims import record_hits
from dispatch.incidents.geo import distance_m
from dispatch.incidents.growth import count_storms, grow_all, insert_new
from dispatch.incidents.tables import (
    Incident,
    IncidentCounter,
    IncidentPossiblySame,
    IncidentStorm,
    IncidentTalkgroup,
    IncidentTimeline,
)
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.model.ids import IncidentId, TalkgroupId, UtcUs, ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

SAME_PLACE_M = 150
SAME_TIME_US = 60_000_000
UPDATE_EVERY_US = 1_000_000
"""An incident that grows says so at most once a second."""
MAX_TITLE_CHARACTERS = 200
MAX_NOTE_CHARACTERS = 4000
CLOSE_REASONS = ("handled", "no_cause_found", "duplicate", "false_alarm", "exercise")


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

    def on_changed(self, callback: Callable[[IncidentId], None]) -> None:
        """Call ``callback`` when an incident opened or grew (suggestions are made anew)."""
        self._changed.append(callback)

    def also(self, write: Callable[[Session, Batch], None]) -> None:
        """Let ``write`` add what it needs in the same transaction as each batch."""
        self._in_batch.append(write)

    # ---- cameras -------------------------------------------------------------------------------

    async def apply(self, batch: Batch) -> None:
        """Store a batch in one transaction, then tell; raises StoreUnavailable."""
        opened, grown = await self._store.write(lambda db: self._write(db, batch))
        for incident, opening in opened:
            self._bus.publish(opened_event(incident, opening.t_event_utc))
            self._told[incident.id] = self._clock.utc_us()
            self._notify(incident.id)
        fresh = {incident.id for incident, _ in opened}
        for incident, before in grown:
            if incident.id not in fresh:
                self._tell_growth(incident, before)

    def _write(
        self, db: Session, batch: Batch
    ) -> tuple[list[tuple[Incident, Opening]], list[tuple[Incident, str]]]:
        opened = [(self._insert(db, opening), opening) for opening in batch.openings]
        db.flush()
        insert_new(db, CameraEvent, batch.rows)
        insert_new(db, CameraUnread, batch.unread)
        grown = grow_all(db, batch.growth, self._clock.utc_us())
        count_storms(db, batch.storms)
        record_hits(db, batch.rows, self._hit_id, self.thresholds)
        for write in self._in_batch:
            write(db, batch)
        return opened, grown

    def _hit_id(self, now: UtcUs) -> str:
        return "h-" + ulid(now, self._randomness(10))

    def _insert(self, db: Session, opening: Opening) -> Incident:
        camera = opening.camera
        incident = Incident(
            id=opening.incident,
            label=self._label(db, opening.t_recv_utc),
            title=opening.title,
            kind=opening.kind,
            severity=opening.severity,
            opened_utc=opening.t_recv_utc,
            started_utc=opening.t_corrected_utc,
            last_event_utc=opening.t_corrected_utc,
            source=opening.source,
            camera=camera.id if camera else None,
            camera_group=camera.group if camera else "",
            place=(camera.place or camera.name or camera.id) if camera else "",
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
        _line(db, incident.id, opening.t_recv_utc, "opened", "", opening.title)
        if not opening.storm:
            self._find_neighbours(db, incident)
        return incident

    def _find_neighbours(self, db: Session, incident: Incident) -> None:
        if incident.latitude_deg is None or incident.longitude_deg is None:
            return
        near = select(Incident).where(
            Incident.state == "open",
            Incident.id != incident.id,
            col(Incident.storm).is_(False),
            col(Incident.last_event_utc) >= incident.started_utc - SAME_TIME_US,
            col(Incident.started_utc) <= incident.last_event_utc + SAME_TIME_US,
            col(Incident.latitude_deg).is_not(None),
        )
        for other in db.exec(near):
            if other.latitude_deg is None or other.longitude_deg is None:
                continue
            apart = distance_m(
                incident.latitude_deg,
                incident.longitude_deg,
                other.latitude_deg,
                other.longitude_deg,
            )
            if apart > SAME_PLACE_M:
                continue
            later = abs(incident.started_utc - other.last_event_utc) // 1_000_000
            why = f"{apart:.0f} m apart, {later} s apart"
            for one, two in ((incident.id, other.id), (other.id, incident.id)):
                db.add(
                    IncidentPossiblySame(
                        incident=one, other=two, why=why, at_utc=incident.opened_utc
                    )
                )

    def _tell_growth(self, incident: Incident, before: str) -> None:
        now = self._clock.utc_us()
        louder_now = incident.severity != before
        if not louder_now and now - self._told.get(incident.id, 0) < UPDATE_EVERY_US:
            return
        self._told[incident.id] = now
        if len(self._told) > 10_000:
            self._told = {k: t for k, t in self._told.items() if now - t < UPDATE_EVERY_US}
        what = "severity" if louder_now else "storm" if incident.storm else "events"
        self._publish_update(incident, what)
        self._notify(incident.id)

    def _label(self, db: Session, now: UtcUs) -> str:
        year = datetime.fromtimestamp(now // 1_000_000, UTC).year
        counter = db.get(IncidentCounter, year) or IncidentCounter(year=year, last=0)
        counter.last += 1
        db.add(counter)
        return f"INC-{year}-{counter.last:06d}"

    # ---- people --------------------------------------------------------------------------------

    async def open(self, title: str, who: str, talkgroup: str | None = None) -> str:
        """Open an incident by hand; returns its id."""
        words = title.strip()
        if not 0 < len(words) <= MAX_TITLE_CHARACTERS:
            raise ServiceError(f"title: expected 1 to {MAX_TITLE_CHARACTERS} characters")
        now = self._clock.utc_us()

        def work(db: Session) -> Incident:
            incident = Incident(
                id="i-" + ulid(now, self._randomness(10)),
                label=self._label(db, now),
                title=words,
                kind="manual",
                severity="detection",
                opened_utc=now,
                started_utc=now,
                last_event_utc=now,
                opened_by=who,
            )
            db.add(incident)
            db.flush()
            _line(db, incident.id, now, "opened", who, words)
            if talkgroup is not None:
                _assign(db, incident.id, talkgroup, who, now)
            return incident

        incident = await self._store.write(work)
        talkgroup_id = TalkgroupId(talkgroup) if talkgroup else None
        self._bus.publish(opened_event(incident, now, talkgroup_id))
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
            lambda db, incident, now: _line(db, incident.id, now, "note", who, words),
        )

    async def close(self, incident_id: str, reason: str, who: str) -> None:
        """Close an incident with one of the reasons."""
        if reason not in CLOSE_REASONS:
            raise ServiceError(f"reason: expected one of {', '.join(CLOSE_REASONS)}")

        def work(db: Session, incident: Incident, now: UtcUs) -> None:
            if incident.state == "closed":
                raise Conflict(f"{incident.label} is closed already")
            incident.state, incident.close_reason = "closed", reason
            incident.closed_utc, incident.closed_by = now, who
            _line(db, incident.id, now, "closed", who, reason.replace("_", " "))

        await self.change(incident_id, "closed", who, work)

    async def change(
        self,
        incident_id: str,
        what: str,
        who: str,
        work: Callable[[Session, Incident, UtcUs], None],
    ) -> None:
        """Change an incident in one transaction and tell; raises NotFound."""
        now = self._clock.utc_us()

        def inner(db: Session) -> Incident:
            incident = db.get(Incident, incident_id)
            if incident is None:
                raise NotFound(f"there is no incident {incident_id}")
            work(db, incident, now)
            db.add(incident)
            return incident

        incident = await self._store.write(inner)
        self._publish_update(incident, what, who)
        if what == "talkgroup":
            self._notify(incident.id)

    def tell_suggestions(self, incident: Incident, suggested: int) -> None:
        """Tell that the suggestions of an incident changed."""
        self._publish_update(incident, "suggestion", suggested=suggested)

    def _publish_update(
        self, incident: Incident, what: str, who: str = "", suggested: int = 0
    ) -> None:
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
            )
        )

    def _notify(self, incident_id: str) -> None:
        for callback in self._changed:
            callback(IncidentId(incident_id))


async def open_groups(store: Store, source: str, since: UtcUs) -> list[dict[str, Any]]:
    """Return what a grouper adopts after a restart: incidents of a source still going on."""

    def work(db: Session) -> list[dict[str, Any]]:
        found = db.exec(
            select(Incident).where(
                Incident.source == source,
                Incident.state == "open",
                col(Incident.storm).is_(False),
                col(Incident.last_event_utc) >= since,
            )
        )
        return [
            {
                "incident": row.id,
                "camera": row.camera or "",
                "zones": list(row.zones),
                "last": row.last_event_utc,
            }
            for row in found
        ]

    return await store.read(work)


def opened_event(
    incident: Incident, t_event_utc: int, talkgroup: TalkgroupId | None = None
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
        talkgroup=talkgroup,
        events=max(1, incident.event_count),
        source=incident.source,
        storm=incident.storm,
        latitude_deg=incident.latitude_deg,
        longitude_deg=incident.longitude_deg,
        t_event_utc=t_event_utc,
    )


def _line(db: Session, incident: str, now: int, kind: str, who: str, text: str) -> None:  # noqa: PLR0917  # the row's columns
    db.add(IncidentTimeline(incident=incident, t_utc=now, kind=kind, who=who, text=text))


def _assign(db: Session, incident: str, talkgroup: str, who: str, now: UtcUs) -> None:
    db.add(IncidentTalkgroup(incident=incident, talkgroup=talkgroup, by=who, at_utc=now))
    _line(db, incident, now, "talkgroup", who, talkgroup)


def counted_in_storms(db: Session) -> int:
    """Return how many events were counted, not stored."""
    return int(db.exec(select(func.coalesce(func.sum(IncidentStorm.events), 0))).one())

"""Hand-over files to and from other control rooms, kept as they were.

The same file again changes nothing; the same incident again adds what is new. What a file says of
persons stays in the file: the incident says only how many it names.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.cameras.media_store import media_rows
from dispatch.cameras.register import CameraInfo
from dispatch.errors import NotFound
from dispatch.incidents import handover
from dispatch.incidents.claims import confirmed
from dispatch.incidents.openings import opening_of
from dispatch.incidents.service import Incidents
from dispatch.incidents.tables import (
    Handover,
    Incident,
    IncidentSuggestion,
    IncidentTalkgroup,
    IncidentTimeline,
)
from dispatch.incidents.timeline import lines_of
from dispatch.store.engine import Store
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

Row = dict[str, Any]
"""A JSON object of the API."""


class HandoverExchange:
    """Takes incidents over and hands them over."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        randomness: Callable[[int], bytes],
        incidents: Incidents,
        origin: str,
    ) -> None:
        """Take store and incidents; ``origin`` names this room (``samband@room1.example.se``)."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._incidents = incidents
        self._origin = origin

    def _id(self, prefix: str) -> str:
        return prefix + ulid(self._clock.utc_us(), self._randomness(10))

    async def take_over(self, raw: bytes, who: str) -> Row:
        """Take an incident over from a file; raises BadHandover.

        The same incident again adds what is new; the same file again changes nothing.
        """
        seen = handover.read(raw)
        digest = hashlib.sha256(raw).hexdigest()

        def earlier(db: Session) -> list[Handover]:
            query = select(Handover).where(Handover.shared_id == seen.shared_id)
            return list(db.exec(query.order_by(col(Handover.t_utc))))

        known = await self._store.read(earlier)
        if any(one.raw_sha256 == digest and one.direction == "in" for one in known):
            return {"incident": known[0].incident, "duplicate": True, "persons": seen.persons}
        incident = known[0].incident if known else await self._open_handover(seen, who)
        lines = _lines_of(seen)

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            written_before = set(
                db.exec(select(IncidentTimeline.text).where(IncidentTimeline.incident == row.id))
            )
            for text, data in lines:
                if text not in written_before:
                    db.add(
                        IncidentTimeline(
                            incident=row.id, t_utc=now, kind="note", who=who, text=text, data=data
                        )
                    )
            db.add(self._file("in", seen.shared_id, row.id, who, raw))

        await self._incidents.change(incident, "handover", who, work, follow=True)
        return {"incident": incident, "duplicate": False, "persons": seen.persons}

    async def _open_handover(self, seen: handover.Handover, who: str) -> str:
        now = self._clock.utc_us()
        origin = seen.origin or "another control room"
        camera = CameraInfo(
            id=f"room:{origin}",
            name=origin,
            place=seen.place or origin,
            latitude_deg=seen.latitude_deg,
            longitude_deg=seen.longitude_deg,
        )
        opening = opening_of(
            incident=self._id("i-"),
            kind="manual",
            severity=seen.severity,
            title=seen.issue,
            source=f"room:{origin}",
            camera=camera,
            started_utc=seen.start_utc or now,
            now=now,
        )
        return await self._incidents.open_from(opening, who)

    async def hand_over(self, incident: str, who: str) -> tuple[str, bytes]:
        """Return name and bytes of an incident's hand-over file; raises NotFound."""
        facts = await self._store.read(lambda db: self._facts(db, incident))
        raw = handover.write(facts)

        def work(db: Session) -> None:
            db.add(self._file("out", facts["shared_id"], incident, who, raw))

        await self._store.write(work)
        return f"{facts['label']}.handover.json", raw

    def _file(  # the row's columns
        self, direction: str, shared: str, incident: str, who: str, raw: bytes
    ) -> Handover:
        return Handover(
            id=self._id("x-"),
            direction=direction,
            shared_id=shared,
            incident=incident,
            by=who,
            t_utc=self._clock.utc_us(),
            raw_sha256=hashlib.sha256(raw).hexdigest(),
            raw=raw,
        )

    def _facts(self, db: Session, incident: str) -> Row:
        row = db.get(Incident, incident)
        if row is None:
            raise NotFound(f"there is no incident {incident}")
        known = db.exec(
            select(Handover.shared_id).where(Handover.incident == incident).limit(1)
        ).first()
        calls = select(IncidentSuggestion.call).where(
            IncidentSuggestion.incident == incident, IncidentSuggestion.state == "confirmed"
        )
        groups = select(IncidentTalkgroup.talkgroup).where(IncidentTalkgroup.incident == incident)
        return {
            "shared_id": known or handover.shared_id_of(self._origin, incident),
            "label": row.label,
            "title": row.title,
            "kind": row.kind,
            "severity": row.severity,
            "state": row.state,
            "origin": self._origin,
            "now_utc": self._clock.utc_us(),
            "started_utc": row.started_utc,
            "place": row.place,
            "latitude_deg": row.latitude_deg,
            "longitude_deg": row.longitude_deg,
            "classifications": [],
            "talkgroups": sorted(db.exec(groups)),
            "claims": confirmed(db, incident),
            "calls": sorted(db.exec(calls)),
            "timeline": [
                {"t_utc": line.t_utc, "text": line.text, "who": line.who}
                for line in lines_of(db, incident)
                if line.kind != "claim" and line.text
            ],
            "media": [
                {"kind": one["kind"], "sha256": one["sha256"], "camera": one["camera"]}
                for one in media_rows(db, incident)
                if one["sha256"]
            ],
        }


def _lines_of(seen: handover.Handover) -> list[tuple[str, Row]]:
    """Return the lines that a file adds to the timeline, with the other room's times."""
    head = [f"Taken over: {seen.internal_id or seen.shared_id}"]
    if seen.information:
        head.append(seen.information)
    if seen.classifications:
        head.append("Classes: " + ", ".join(seen.classifications))
    if seen.persons:
        head.append(f"The file names {seen.persons} persons; their data are in the file only")
    lines: list[tuple[str, Row]] = [(text, {}) for text in head]
    return lines + [(one.text, {"at_source_utc": one.t_utc}) for one in seen.remarks]

"""Incidents over one store, without a server: what services need and what tests ask."""

import os
import time
from typing import Any

from sqlmodel import select

from dispatch.cameras.event import CameraEvent as Seen
from dispatch.cameras.ingest import Batch, Ingest
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.cameras.tables import Camera, CameraEvent
from dispatch.incidents.joining import Joining
from dispatch.incidents.service import Incidents
from dispatch.incidents.splitting import Splitting
from dispatch.incidents.tables import Incident, IncidentSuggestion, IncidentTimeline
from dispatch.incidents.timeline import lines_of
from dispatch.incidents.work import IncidentWork
from dispatch.store.engine import Store
from gateway.bus import InProcessBus
from gateway.model.ids import GatewayId

CAMERAS = (
    CameraInfo(id="cam-1", name="Kajgatan 4", latitude_deg=59.3302, longitude_deg=18.0601),
    CameraInfo(id="cam-2", name="Kajgatan 9", latitude_deg=59.33018, longitude_deg=18.0620),
    CameraInfo(id="cam-9", name="Vault", group="hidden", latitude_deg=59.5, longitude_deg=18.5),
)
SOURCE = "webhook:test"


class Clock:
    """The time, and what a test adds to it."""

    def __init__(self) -> None:
        self.offset_us = 0

    def mono_ms(self) -> Any:
        return time.monotonic_ns() // 1_000_000

    def utc_us(self) -> Any:
        return time.time_ns() // 1000 + self.offset_us


class Desk:
    """One server's incidents on a database."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.clock = Clock()
        self.bus = InProcessBus(GatewayId("gw-test"), self.clock, os.urandom, check_json=True)
        self.events = self.bus.subscribe("test", capacity=100_000)
        self.incidents = Incidents(self.store, self.bus, self.clock, os.urandom)
        self.work = IncidentWork(self.incidents)
        parts = {
            "store": self.store,
            "bus": self.bus,
            "clock": self.clock,
            "randomness": os.urandom,
            "incidents": self.incidents,
        }
        self.joining = Joining(**parts)  # type: ignore[arg-type]  # five services by their names
        self.splitting = Splitting(**parts)  # type: ignore[arg-type]  # five services by their names
        self.register = CameraRegister(CAMERAS)
        self.ingest = Ingest(SOURCE, self.register.find, os.urandom)
        self.number = 0

    def enter_cameras(self) -> None:
        """Write the register, as a start does."""

        def work(db: Any) -> None:
            for one in CAMERAS:
                db.merge(
                    Camera(
                        id=one.id,
                        source=SOURCE,
                        name_at_source=one.id,
                        name=one.name,
                        group=one.group,
                        latitude_deg=one.latitude_deg,
                        longitude_deg=one.longitude_deg,
                    )
                )

        self.store.write_now(work)

    def batch(self, camera: str, *ids: str, zone: str = "quay", phase: str = "new") -> Batch:
        """Let a camera report objects; returns what the source's process would hand over."""
        for one in ids:
            self.number += 1
            now = self.clock.utc_us()
            seen = Seen(
                source=SOURCE,
                src_event_id=one,
                kind="object",
                phase=phase,
                camera=camera,
                t_event_utc=now,
                t_recv_utc=now,
                severity="detection",
                labels=("person",),
                zones=(zone,),
                raw=f"{one} {self.number}".encode(),
                raw_sha256=f"{self.number:064x}",
            )
            self.ingest.take(seen)
        return self.ingest.drain()

    async def sees(self, camera: str, *ids: str, zone: str = "quay", phase: str = "new") -> str:
        """Let a camera report; returns the incident of its last event."""
        await self.incidents.apply(self.batch(camera, *ids, zone=zone, phase=phase))
        rows = self.rows(CameraEvent)
        return str(next(row.incident for row in rows if row.src_event_id == ids[-1]))

    def rows(self, table: Any) -> Any:
        return self.store.read_now(lambda db: list(db.exec(select(table))))

    def row(self, incident: str) -> Incident:
        found = self.store.read_now(lambda db: db.get(Incident, incident))
        assert found is not None
        return found

    def events_of(self, incident: str) -> list[str]:
        rows = [row for row in self.rows(CameraEvent) if row.incident == incident]
        return sorted(row.src_event_id for row in rows)

    def texts(self, incident: str) -> list[str]:
        """The words of the lines that are shown with an incident."""
        rows: list[IncidentTimeline] = self.store.read_now(lambda db: lines_of(db, incident))
        return [row.text for row in rows]

    def judge(self, incident: str, call: str, state: str, who: str = "Anna") -> None:
        """Write a person's answer about a call."""
        row = IncidentSuggestion(
            id=f"s-{incident}-{call}",
            incident=incident,
            call=call,
            score=70,
            state=state,
            by=who,
            at_utc=1,
        )
        self.store.write_now(lambda db: db.merge(row))

    def calls(self, incident: str) -> dict[str, str]:
        rows = [row for row in self.rows(IncidentSuggestion) if row.incident == incident]
        return {row.call: row.state for row in rows}

    def told(self, kind: str) -> Any:
        self._seen = getattr(self, "_seen", []) + self.events.drain()
        return [one.event for one in self._seen if one.event.type == kind]

"""A store, a bus and the camera side of a server."""

import asyncio
import os
import time
from typing import Any

import pytest
import pytest_asyncio
from sqlmodel import SQLModel, func, select

import dispatch.audit.tables
import dispatch.store.tables  # noqa: F401  # all tables
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.cameras.sources import CameraSources
from dispatch.cameras.tables import CameraEvent
from dispatch.cameras.webhook import SharedSecret
from dispatch.incidents.service import Incidents
from dispatch.incidents.tables import Incident, IncidentStorm
from dispatch.store.engine import Store
from gateway.bus import InProcessBus
from gateway.model.ids import GatewayId

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
KAJEN = CameraInfo(
    id="cam-0412", name="Kajgatan 4", latitude_deg=59.3302, longitude_deg=18.0601, range_m=60
)
HAMNEN = CameraInfo(id="cam-9", name="Hamnen 1", group="harbour", name_at_source="pier")


class Clock:
    """A clock that tests may move."""

    def __init__(self) -> None:
        self.offset_us = 0

    def mono_ms(self) -> Any:
        return (time.monotonic_ns() // 1000 + self.offset_us) // 1000

    def utc_us(self) -> Any:
        return time.time_ns() // 1000 + self.offset_us


class Room:
    """The camera side of a server in a temporary folder."""

    def __init__(self, folder: Any) -> None:
        self.store = Store(f"sqlite:///{folder / 'samband.db'}")
        SQLModel.metadata.create_all(self.store.engine)
        self.clock = Clock()
        self.bus = InProcessBus(GatewayId("gw-test"), self.clock, os.urandom, check_json=True)
        self.events = self.bus.subscribe("test", capacity=100_000)
        self.incidents = Incidents(self.store, self.bus, self.clock, os.urandom)
        self.register = CameraRegister([KAJEN, HAMNEN])
        self.sources = CameraSources(
            store=self.store,
            bus=self.bus,
            clock=self.clock,
            randomness=os.urandom,
            incidents=self.incidents,
            register=self.register,
        )
        self.secret = SharedSecret(SECRET)

    def told(self, kind: Any) -> Any:
        return [e.event for e in self.seen() if e.event.type == kind]

    def seen(self) -> Any:
        self._seen = getattr(self, "_seen", []) + self.events.drain()
        return self._seen

    def rows(self, table: Any) -> Any:
        return self.store.read_now(lambda db: list(db.exec(select(table))))

    def all_incidents(self) -> Any:
        return self.rows(Incident)

    def stored(self) -> Any:
        return self.rows(CameraEvent)

    def counted(self) -> Any:
        return sum(row.events for row in self.rows(IncidentStorm))

    def arrived(self) -> Any:
        """Stored or counted, without reading thousands of rows each time one looks."""
        stored = select(func.count()).select_from(CameraEvent)
        return self.store.read_now(lambda db: db.exec(stored).one()) + self.counted()


@pytest_asyncio.fixture
async def room(tmp_path: Any) -> Any:
    made = Room(tmp_path)
    await made.sources.add_webhook("webhook:test", [made.secret])
    running = asyncio.create_task(made.sources.run())
    yield made
    await made.sources.close()
    await asyncio.wait_for(running, 10)
    made.store.close()


@pytest.fixture
def now() -> Any:
    return 1_764_000_000_000_000

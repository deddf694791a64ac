"""The radio side of a server: links, engine, recorder, and what hands sound to browsers."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.bus import InProcessBus
from gateway.engine.engine import CallEngine
from gateway.engine.settings import EngineSettings
from gateway.model.ids import LinkId, PositionId, UtcUs
from gateway.model.plan import Plan
from gateway.model.radio import RadioEvent
from gateway.ports import Clock, RadioLink
from gateway.recording.counter import FileCounter
from gateway.recording.recorder import Recorder
from gateway.recording.recovery import Recovered
from hardware.drivers import Driver, make_driver


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioFolders:
    """Where the radio side keeps its files."""

    recordings: Path
    spool: Path
    line_log: Path | None = None


class RadioSide:
    """Everything that goes on when the centre is away."""

    def __init__(
        self,
        plan: Plan,
        number: int,
        bus: InProcessBus,
        clock: Clock,
        *,
        folders: RadioFolders,
        first_call: int = 1,
        settings: EngineSettings | None = None,
    ) -> None:
        """Make links, recorder and engine of a plan; nothing is opened yet."""
        self.bus = bus
        self.recorder = Recorder(folders.recordings, bus.publish)
        self._counter = FileCounter(folders.spool / "call_seq", at_least=first_call - 1)
        self._drivers: dict[LinkId, Driver] = {}
        for link in plan.links:
            log = folders.line_log / f"{link.id}.log" if folders.line_log else None
            self._drivers[link.id] = make_driver(
                link, self._on_radio, self._on_sound, clock, line_log=log
            )
        links: dict[LinkId, RadioLink] = dict(self._drivers)
        self.engine = CallEngine(
            plan,
            bus,
            links,
            clock,
            randomness=os.urandom,
            recorder=self.recorder,
            counter=self._counter,
            settings=settings,
            plan_number=number,
        )
        self._task: asyncio.Task[None] | None = None

    @property
    def drivers(self) -> Mapping[LinkId, Driver]:
        """The links' drivers, for figures and for the engineer's page."""
        return self._drivers

    def _on_radio(self, link: LinkId, event: RadioEvent) -> None:
        self.engine.on_radio(link, event)

    def _on_sound(
        self,
        link: LinkId,
        pcm: bytes,
        utc_us: UtcUs,
        instance: int | None = None,
        coded: bytes = b"",
    ) -> None:
        self.engine.on_sound(link, pcm, utc_us, instance, coded)

    def recover(self) -> tuple[Recovered, ...]:
        """Close the recordings that a crash left open; before ``start``."""
        return self.recorder.recover()

    async def start(self) -> None:
        """Start the recorder, the engine and every link."""
        await self.recorder.start()
        self._task = asyncio.create_task(self.engine.run(), name="engine")
        for driver in self._drivers.values():
            await driver.start()

    def listening(self, positions: Iterable[PositionId], *, supervisor: bool) -> None:
        """Tell the engine who would hear an alarm."""
        self.engine.set_listening(positions, supervisor=supervisor)

    async def close(self) -> None:
        """Un-key, close every link, finish every recording; safe twice."""
        await self.engine.close()
        await asyncio.gather(*(driver.close() for driver in self._drivers.values()))
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.recorder.stop()
        self._counter.close()

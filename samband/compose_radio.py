"""The radio side of a server: links, engine, recorder, and what hands sound to browsers."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.bus import InProcessBus
from gateway.engine.addresses import Addresses
from gateway.engine.engine import CallEngine
from gateway.engine.settings import EngineSettings
from gateway.model.errors import RadioError
from gateway.model.ids import LinkId, PositionId, UtcUs
from gateway.model.plan import Link, Plan
from gateway.model.radio import RadioEvent
from gateway.ports import Clock
from gateway.recording.counter import FileCounter
from gateway.recording.recorder import Recorder
from gateway.recording.recovery import Recovered
from hardware.drivers import Driver, make_driver
from samband.link_tools import GatewayLinkTools, LinkTaps


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
        self._clock = clock
        self._line_log = folders.line_log
        self._drivers: dict[LinkId, Driver] = {}
        self._taps = LinkTaps(clock)
        self.tools = GatewayLinkTools(self._taps, self._drivers.get, bus)
        self._opened: dict[LinkId, Link] = {}
        for link in plan.links:
            self._make(link)
        self._running = False
        self._changing = asyncio.Lock()
        self._newest = 0
        """Counts the plans, so that an older one knows that a newer is there."""
        self._later: tuple[Plan, int, Callable[[Link, Link], bool]] | None = None
        self.engine = CallEngine(
            plan,
            bus,
            self._drivers,
            clock,
            randomness=os.urandom,
            recorder=self.recorder,
            counter=self._counter,
            settings=settings,
            plan_number=number,
        )
        self._task: asyncio.Task[None] | None = None

    def _make(self, link: Link) -> Driver:
        log = self._line_log / f"{link.id}.log" if self._line_log else None
        tap = self._taps.of(link.id)
        driver = make_driver(
            link, self._on_radio, self._on_sound, self._clock, line_log=log, tap=tap
        )
        self._drivers[link.id], self._opened[link.id] = driver, link
        return driver

    async def use_plan(
        self,
        plan: Plan,
        number: int,
        reopens: Callable[[Link, Link], bool],
        shape: Callable[[Plan], Plan] = lambda plan: plan,
    ) -> tuple[str, ...]:
        """Go over to another plan: names at once, then each link that ``reopens`` tells.

        A link that the plan changes otherwise, or not at all, goes on without a gap. Returns what
        could not be opened, a sentence each; the other links are there all the same. ``shape`` is
        called in a thread and gives the plan as it is used here. What an older plan still has to
        open or close is left to a newer one.
        """
        self._newest += 1
        mine = self._newest
        shaped = await asyncio.to_thread(shape, plan)
        addresses = await asyncio.to_thread(Addresses, shaped, number)
        if mine != self._newest:
            return ()
        self.engine.use_addresses(addresses)
        if not self._running:
            self._later = (shaped, number, reopens)  # its links are opened at the start
            return ()
        async with self._changing:
            return tuple([fault async for fault in self._go_over(shaped, reopens, mine)])

    async def _go_over(
        self, plan: Plan, reopens: Callable[[Link, Link], bool], mine: int
    ) -> AsyncIterator[str]:
        """Close, open and adapt the links one after the other; gives what went wrong."""
        wanted = {link.id for link in plan.links}
        for known in [link for link in self._opened if link not in wanted]:
            if self._running and mine == self._newest:
                for fault in await self._remove(known):
                    yield fault
                self.tools.link_removed(known)
        for link in plan.links:
            if self._running and mine == self._newest:
                for fault in await self._adapt(link, reopens):
                    yield fault

    async def _adapt(self, link: Link, reopens: Callable[[Link, Link], bool]) -> list[str]:
        known = self._opened.get(link.id)
        if known is not None and not reopens(known, link):
            self._opened[link.id] = link
            return []
        faults = await self._remove(link.id) if known is not None else []
        try:
            await self._make(link).start()
        except (RadioError, OSError) as error:
            faults.append(f"{link.name}: {error}")
        return faults

    async def _remove(self, link: LinkId) -> list[str]:
        """Close a link and forget it, whatever its driver says to that."""
        driver, known = self._drivers[link], self._opened[link]
        try:
            await driver.close()
        except (RadioError, OSError) as error:
            return [f"{known.name}: {error}"]
        finally:
            del self._drivers[link], self._opened[link]
            self.engine.link_removed(link)
        return []

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
        self._running = True
        for driver in list(self._drivers.values()):
            await driver.start()
        if self._later is not None:  # a plan came while nothing was open yet
            await self.use_plan(*self._later)

    def listening(self, positions: Iterable[PositionId], *, supervisor: bool) -> None:
        """Tell the engine who would hear an alarm."""
        self.engine.set_listening(positions, supervisor=supervisor)

    async def close(self) -> None:
        """Un-key, close every link, finish every recording; safe twice."""
        self._running = False
        await self.engine.close()
        await asyncio.gather(*(driver.close() for driver in self._drivers.values()))
        await self.tools.close()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.recorder.stop()
        self._counter.close()

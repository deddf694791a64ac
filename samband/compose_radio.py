"""The radio side of a server: links, engine, recorder, and what hands sound to browsers."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

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

T = TypeVar("T")
LINKS_AT_ONCE = 8
"""Links that are closed or opened at the same time when a plan changes many."""


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
        addresses = await asyncio.to_thread(lambda: Addresses(shape(plan), number))
        shaped = addresses.plan
        if mine != self._newest:
            return ()
        self.engine.use_addresses(addresses)
        if not self._running:
            self._later = (shaped, number, reopens)  # its links are opened at the start
            return ()
        async with self._changing:
            return tuple(await self._go_over(shaped, reopens, mine))

    async def _go_over(
        self, plan: Plan, reopens: Callable[[Link, Link], bool], mine: int
    ) -> list[str]:
        """Adapt what goes on, close the rest, open what is new; returns what went wrong.

        Everything is closed before anything is opened: a port may go from one link to another.
        """
        wanted = {link.id: link for link in plan.links}
        stays = {
            known.id
            for known in self._opened.values()
            if known.id in wanted and not reopens(known, wanted[known.id])
        }
        self._opened.update((link, wanted[link]) for link in stays)
        closing = [link for link in self._opened if link not in stays]
        faults = await self._each(self._remove, closing, mine)
        opening = [link for link in plan.links if link.id not in stays]
        return faults + await self._each(self._open, opening, mine)

    async def _each(
        self, do: Callable[[T], Awaitable[list[str]]], items: Iterable[T], mine: int
    ) -> list[str]:
        """Do something to some links at a time, until a newer plan is there."""
        some = asyncio.Semaphore(LINKS_AT_ONCE)

        async def one(item: T) -> list[str]:
            async with some:
                return await do(item) if self._running and mine == self._newest else []

        return [fault for faults in await asyncio.gather(*map(one, items)) for fault in faults]

    async def _open(self, link: Link) -> list[str]:
        try:
            await self._make(link).start()
        except (RadioError, OSError) as error:
            return [f"{link.name}: {error}"]
        return []

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

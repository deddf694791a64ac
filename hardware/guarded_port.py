"""A radio on a port of bytes: what the drivers of terminals and modems have in common.

It feeds the core, writes what the core wants in small chunks, arms the un-key guard before anything
that keys leaves, arms one timer, and tells the core's events in order. Whatever is about the
radio's behaviour is in the core; whatever is about opening a port again is in ``PortKeeper``.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from gateway.model.errors import LinkError
from gateway.model.ids import LinkId, MonoMs
from gateway.model.radio import LinkChanged, LinkState, RadioEvent
from gateway.ports import Clock
from hardware.guard_client import UnkeyGuard
from hardware.line_log import LineLog
from hardware.link import Link, LinkSettings
from hardware.link_tap import LinkTap
from hardware.port_keeper import PortKeeper


class ByteCore(Protocol):
    """A core that speaks in a stream of bytes (``TerminalCore``, ``ModemCore``)."""

    @property
    def needs_reopen(self) -> bool:
        """Whether the port is to be closed and opened again."""
        ...

    @property
    def keyed(self) -> bool:
        """Whether bytes that key may be on the wire, without those that end it."""
        ...

    def guard_bytes(self) -> bytes:
        """Return the bytes that un-key."""
        ...

    def opened(self, now: MonoMs) -> list[RadioEvent]:
        """Begin."""
        ...

    def lost(self, now: MonoMs, reason: str) -> list[RadioEvent]:
        """End everything."""
        ...

    def receive(self, data: bytes, now: MonoMs) -> list[RadioEvent]:
        """Take bytes."""
        ...

    def tick(self, now: MonoMs) -> list[RadioEvent]:
        """Do what is due."""
        ...

    def outgoing(self, limit: int, /) -> bytes:
        """Return what is to be written next."""
        ...

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        ...


Core = TypeVar("Core", bound=ByteCore)
NO_GUARD = "the un-key guard is being started"


class GuardedPort(ABC, Generic[Core]):
    """One core on one port with its guard."""

    ANSWERING: tuple[LinkState, ...] = (LinkState.UP, LinkState.UNREGISTERED)
    """States in which the device answers: the next pauses begin with the shortest."""
    SILENT = "the radio does not answer"

    def __init__(
        self,
        link: LinkId,
        core: Core,
        clock: Clock,
        *,
        url: str,
        settings: LinkSettings,
        line_log: Path | None,
    ) -> None:
        """Prepare; raises ConfigError when the address cannot be read."""
        self._id = link
        self._core = core
        self._clock = clock
        self._keeper = PortKeeper(
            url, settings, opened=self._opened, lost=self._lost, waiting=self._waiting
        )
        self._line_log = LineLog(line_log) if line_log is not None else None
        self.tap = LinkTap(clock)
        """Shown everything that passes the port; the wiring puts the link's own in its place."""
        self._link: Link | None = None
        self._guard: UnkeyGuard | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._events: deque[RadioEvent] = deque()
        self._telling = False
        self._down = ""

    @property
    def id(self) -> LinkId:
        """The plan's id of this link."""
        return self._id

    def restart(self) -> None:
        """Close and open again."""
        self._keeper.restart()

    @abstractmethod
    def _deliver(self, event: RadioEvent) -> None:
        """Hand one event on."""

    def _begin(self) -> bool:
        """Keep the port open from here on; False when it is already."""
        if self._task is not None:
            return False
        self._task = asyncio.create_task(self._keeper.run(), name=f"link {self._id}")
        return True

    async def _end(self) -> bool:
        """Un-key and close the port; False when it was not open."""
        task, self._task = self._task, None
        if task is None:
            return False
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return True

    def _ended(self) -> None:
        """Close the log and tell that the link is closed."""
        if self._line_log is not None:
            self._line_log.close()
        self._take([LinkChanged(state=LinkState.CLOSED)])

    def _heard(self, events: Sequence[RadioEvent]) -> Sequence[RadioEvent]:
        """Return what is told of the core's events (a hook)."""
        return events

    def _idle(self, guard: UnkeyGuard) -> None:
        """Nothing is keyed and nothing waits to be written."""
        guard.disarm()

    def no_guard(self) -> str:
        """Return why nothing may be keyed, empty where the guard stands."""
        alive = self._guard is not None and self._guard.alive()
        return "" if alive else NO_GUARD

    def _no_guard(self) -> str:
        """Return the same, but nothing of a closed port: the core knows that it is closed."""
        return "" if self._guard is None else self.no_guard()

    def _now(self) -> MonoMs:
        return self._clock.mono_ms()

    # ---- the port

    def _opened(self, link: Link, guard: UnkeyGuard) -> None:
        self._link, self._guard, self._down = link, guard, ""
        link.start(self._receive, self._pump, self._keeper.give_up)
        self._take(self._core.opened(self._now()))

    def _lost(self, reason: str) -> None:
        if self._link is not None:
            self._link = self._guard = None
            self._take(self._core.lost(self._now(), reason))

    def _waiting(self, reason: str) -> None:
        """Say once why there is no open port."""
        if reason != self._down:
            self._down = reason
            self._take([LinkChanged(state=LinkState.DOWN, reason=reason)])

    def _receive(self, data: bytes) -> None:
        self._log(data, outgoing=False)
        self._take(self._core.receive(data, self._now()))

    def _tick(self) -> None:
        self._timer = None
        self._take(self._core.tick(self._now()))

    # ---- events

    def _take_soon(self, events: Sequence[RadioEvent]) -> None:
        """Write at once, but tell after the caller has returned."""
        self._events.extend(self._heard(events))
        self._pump()
        asyncio.get_running_loop().call_soon(self._tell)

    def _take(self, events: Sequence[RadioEvent]) -> None:
        self._events.extend(self._heard(events))
        self._pump()
        self._tell()
        if self._core.needs_reopen and self._link is not None:
            self._keeper.give_up(self.SILENT)

    def _tell(self) -> None:
        """Give events to the engine, in order, whatever it asks for meanwhile."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._events:
                event = self._events.popleft()
                self._heed(event)
                self._deliver(event)
        finally:
            self._telling = False

    def _heed(self, event: RadioEvent) -> None:
        if isinstance(event, LinkChanged) and event.state in self.ANSWERING:
            self._keeper.answered()

    # ---- writing

    def _pump(self) -> None:
        """Write the next chunk and arm the timer."""
        link, guard = self._link, self._guard
        if link is not None and guard is not None and link.free:
            self._write(link, guard, self._core.outgoing(link.chunk_bytes))
        self._set_timer()

    def _write(self, link: Link, guard: UnkeyGuard, data: bytes) -> None:
        """Write. What keys leaves only after the guard is armed with what ends it."""
        if self._core.keyed:
            try:
                guard.arm(self._core.guard_bytes())
            except LinkError as error:
                self._keeper.give_up(str(error))
                self._lost(str(error))
                return
        elif not data:
            self._idle(guard)
        if data:
            link.write(data)
            self._log(data, outgoing=True)

    def _set_timer(self) -> None:
        deadline = self._core.deadline()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            pause_ms = max(0, deadline - self._now())
            self._timer = asyncio.get_running_loop().call_later(pause_ms / 1000, self._tick)

    def _log(self, data: bytes, *, outgoing: bool) -> None:
        self.tap.passed(data, outgoing=outgoing)
        if self._line_log is not None:
            self._line_log.write(self._clock.utc_us(), data, outgoing=outgoing)

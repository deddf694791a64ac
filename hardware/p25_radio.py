"""The driver of a P25 interface over UDP: a thin shell round a core (``gateway.p25.talk.port``).

It opens the core's sockets, feeds it, sends what it wants, arms the un-key guard before anything is
keyed, and turns vocoder frames into sound and back. What the protocol does is in the core.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.model.errors import LinkError
from gateway.model.ids import LinkId, MonoMs, RequestId
from gateway.model.radio import (
    LinkChanged,
    LinkState,
    RadioEvent,
)
from gateway.p25.talk.port import AnnouncesPorts, Datagram, P25Core, SendsMany
from gateway.ports import CallSoundSink, Clock, RadioEventSink
from hardware.guard_client import UnkeyGuard
from hardware.guarded_port import NO_GUARD
from hardware.line_log import LineLog
from hardware.link_tap import LinkTap
from hardware.p25_desk import P25Desk
from hardware.p25_voice import P25Voice
from hardware.udp_channel import Address, UdpChannel

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before sockets that could not be opened are tried again."""
UNGUARDED = "nothing can be keyed here: no peer is set"
MAX_WAIT_US = 1_000_000
"""A datagram that seems to have waited longer for us than that met a wall clock that was set."""
MAX_CLIENTS = 1000
"""Addresses that a channel without a fixed peer remembers; the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Where a channel is bound, and the peer it leads to; None: whoever sends to us."""

    local: Address
    remote: Address | None = None


class P25RadioLink(P25Desk):
    """One P25 interface as the engine drives it (``gateway.ports.RadioLink``)."""

    def __init__(
        self,
        link: LinkId,
        core: P25Core,
        events: RadioEventSink,
        sound: CallSoundSink,
        clock: Clock,
        *,
        ends: Mapping[str, Ends],
        line_log: Path | None = None,
    ) -> None:
        """Prepare; nothing is opened yet. ``ends`` has an entry for each of the core's channels."""
        self._id = link
        self._core = self._talk_core = core
        self._ends = ends
        self._sink = events
        self._clock = clock
        self._voice = P25Voice(link, sound, clock, many=core.info.many_calls)
        self._line_log = LineLog(line_log) if line_log is not None else None
        self.tap = LinkTap(clock)
        """Shown every datagram; the wiring puts the link's own in its place."""
        self._channels: dict[str, UdpChannel] = {}
        self._clients: dict[int, Address] = {}
        self._guards: list[UnkeyGuard] = []
        """One for each over that may be sent at once; none where nobody can be keyed."""
        self._news: asyncio.Queue[str] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._events: deque[RadioEvent] = deque()
        self._told_ms = MonoMs(0)
        """The time that the core was told last: its clock never goes back."""
        self._telling = False
        self.refusals = 0
        """How often the peer's machine said that nobody listens."""
        self.last_refusal = ""

    @property
    def id(self) -> LinkId:
        """The plan's id of this link."""
        return self._id

    def port_of(self, channel: str) -> int:
        """Return the local port of an open channel, 0 while it is closed."""
        opened = self._channels.get(channel)
        return 0 if opened is None else opened.port

    async def start(self) -> None:
        """Open the sockets; what cannot be opened is tried again."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"link {self._id}")

    async def close(self) -> None:
        """Un-key and close; safe twice."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if self._line_log is not None:
            self._line_log.close()
        self._take([LinkChanged(state=LinkState.CLOSED)])

    def restart(self) -> None:
        """Close and open again."""
        self._give_up("restarted")

    # ---- sockets

    async def _run(self) -> None:
        failures = 0
        try:
            while True:
                try:
                    await self._open()
                except LinkError as error:
                    await self._close_sockets()
                    self._take([LinkChanged(state=LinkState.DOWN, reason=_words(error))])
                    await self._pause(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
                    failures += 1
                    continue
                failures = 0
                self._take(self._core.opened(self._now()))
                reason = await self._news.get()
                self._take(self._core.lost(self._now(), reason))
                await self._close_sockets()
        finally:
            self._take(self._core.lost(self._now(), "closed"))
            await self._close_sockets()

    async def _open(self) -> None:
        for name in self._core.channels:
            ends = self._ends[name]

            def received(data: bytes, address: Address, channel: str = name) -> None:
                self._receive(channel, data, address)

            def refused(reason: str) -> None:
                self._refused(reason)

            channel = UdpChannel(ends.local, ends.remote, received, refused)
            self._channels[name] = channel
            if isinstance(self._core, AnnouncesPorts):
                self._core.bound(name, channel.port)
        voice = self._core.channels[-1]
        if self._ends[voice].remote is not None:
            many = self._core.max_overs if isinstance(self._core, SendsMany) else 1
            for _ in range(many):
                guard = UnkeyGuard(self._channels[voice].fileno(), self._guard_died)
                await guard.start()
                self._guards.append(guard)

    async def _close_sockets(self) -> None:
        guards, self._guards = self._guards, []
        for guard in guards:
            await guard.close()
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.close()
        self._clients.clear()
        while not self._news.empty():
            self._news.get_nowait()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.get()

    def _give_up(self, reason: str) -> None:
        self._news.put_nowait(reason)

    def _guard_died(self, unkey: bytes) -> None:
        self._give_up("the un-key guard ended")

    def _receive(self, channel: str, data: bytes, address: Address) -> None:
        self.tap.passed(data, outgoing=False, channel=channel)
        if self._line_log is not None:
            self._line_log.write(self._clock.utc_us(), data, outgoing=False)
        port = self._client(address) if self._ends[channel].remote is None else address[1]
        datagram = Datagram(channel=channel, data=data, port=port)
        self._take(self._core.receive(datagram, self._received_ms(channel)))

    def _received_ms(self, channel: str) -> MonoMs:
        """Return when the kernel received the datagram in hand; never earlier than a core knows."""
        now = self._clock.mono_ms()
        stamp_us = self._channels[channel].stamp_us if channel in self._channels else None
        waited_us = 0 if stamp_us is None else self._clock.utc_us() - stamp_us
        if 0 < waited_us <= MAX_WAIT_US:
            now = MonoMs(now - waited_us // 1000)
        return MonoMs(max(now, self._told_ms))

    def _client(self, address: Address) -> int:
        """Return a number that stands for a client's whole address, as a core knows ports alone."""
        for number, known in self._clients.items():
            if known == address:
                return number
        number = address[1]
        while number in self._clients:
            number += 1 << 16
        if len(self._clients) >= MAX_CLIENTS:
            del self._clients[next(iter(self._clients))]
        self._clients[number] = address
        return number

    def _refused(self, reason: str) -> None:
        """Count it: the core's own supervision decides when a silent peer is lost."""
        self.refusals += 1
        self.last_refusal = reason

    # ---- the core

    def no_guard(self) -> str:
        """Return why nothing may be keyed; a link whose peer is not known has no guard at all."""
        return self._no_guard() if self._guards else UNGUARDED

    def _no_guard(self) -> str:
        return "" if all(guard.alive() for guard in self._guards) else NO_GUARD

    def _now(self) -> MonoMs:
        self._told_ms = self._clock.mono_ms()
        return self._told_ms

    def _tick(self) -> None:
        self._timer = None
        self._take(self._core.tick(self._now()))

    def _take_soon(self, events: Sequence[RadioEvent]) -> None:
        """Send at once, but tell after the caller has returned."""
        self._events.extend(events)
        self._pump()
        asyncio.get_running_loop().call_soon(self._tell)

    def _take(self, events: Sequence[RadioEvent]) -> None:
        self._events.extend(events)
        self._pump()
        self._tell()

    def _tell(self) -> None:
        """Give events to the engine, in order, whatever it asks for meanwhile."""
        if self._telling:
            return
        self._telling = True
        try:
            while self._events:
                event = self._events.popleft()
                if not self._sounds(event):
                    self._sink(self._id, event)
        finally:
            self._telling = False

    def _pump(self) -> None:
        """Send what the core wants; nothing is keyed before the guard holds what ends it."""
        datagrams = self._core.outgoing()
        if self._channels and datagrams:
            self._arm()
            for datagram in datagrams:
                self._send(datagram)
        self._disarm()
        self._set_timer()

    def _talks(self, demand: RequestId) -> bool:
        if isinstance(self._core, SendsMany):
            return self._core.talks(demand)
        return super()._talks(demand)

    def _arm(self) -> None:
        """Give each over a guard that holds what ends it; it keeps that guard while it lasts."""
        wanted = self._unkeys()
        held = [guard.armed_with for guard in self._guards]
        free = [guard for guard in self._guards if guard.armed_with not in wanted]
        free.sort(key=lambda guard: guard.armed)  # those that hold nothing come first
        try:
            for data in wanted:
                if data not in held and free:
                    free.pop(0).arm(data)
        except LinkError as error:
            self._give_up(str(error))

    def _disarm(self) -> None:
        """Let go of what has ended: its last datagram has left."""
        wanted = self._unkeys()
        for guard in self._guards:
            if guard.armed_with not in wanted:
                guard.disarm()

    def _unkeys(self) -> list[bytes]:
        if isinstance(self._core, SendsMany):
            return [datagram.data for datagram in self._core.unkeys()]
        unkey = self._core.unkey() if self._core.keyed else None
        return [] if unkey is None else [unkey.data]

    def _send(self, datagram: Datagram) -> None:
        channel = self._channels[datagram.channel]
        to = None
        if datagram.port is not None:
            if self._ends[datagram.channel].remote is None:
                to = self._clients.get(datagram.port)
            else:
                channel.turn_to(datagram.port)
        channel.send(datagram.data, to)
        self.tap.passed(datagram.data, outgoing=True, channel=datagram.channel)
        if self._line_log is not None:
            self._line_log.write(self._clock.utc_us(), datagram.data, outgoing=True)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._core.deadline()
        if deadline is not None and self._task is not None:
            pause_ms = max(0, deadline - self._now())
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(pause_ms / 1000, self._tick)


def _words(error: LinkError) -> str:
    return f"{error}. {error.hint}".rstrip(". ") + "."

"""Driver core and radio on one scripted wire, with one clock; the driver's shell is played here.

What a driver does is in ``gateway.tetra.terminal``: hand on events, arm the guard before it writes,
write until there is nothing, tick at the deadline, close and open the port when the core asks.
"""

import heapq
import itertools
from collections.abc import Callable
from typing import Protocol

from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent
from gateway.tetra.terminal import TerminalCore
from tests.conformance.mangle import Mangle
from tests.conformance.watch import Watch

REOPEN_MS = 1_000.0
"""Pause before a port is opened again."""
PIECE_BYTES = (1, 7, 64)
MOST_STEPS = 400_000
SOUND = bytes(320)
"""20 ms of silence."""


class Far(Protocol):
    """The radio's end of the wire. Times are milliseconds."""

    @property
    def keyed(self) -> bool:
        """Whether its transmitter is on for the host."""
        ...

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the host."""
        ...

    def outgoing(self) -> bytes:
        """Return and forget what it says."""
        ...

    def deadline(self) -> float | None:
        """When ``tick`` is due."""
        ...

    def tick(self, now: float) -> None:
        """Do what is due."""
        ...

    def port(self, *, is_open: bool, now: float) -> None:
        """Take it that the host opened or closed the port."""
        ...

    def sound(self, pcm: bytes, now: float) -> None:
        """Take sound of the host."""
        ...

    def heard_by_host(self, data: bytes) -> None:
        """Learn what arrived at the host, as it arrived."""
        ...


class HostLines:
    """What the core writes, in lines, each with whether somebody pressed as it began."""

    def __init__(self, watch: Watch) -> None:
        """Give lines to ``watch``."""
        self._watch = watch
        self._line = bytearray()
        self._pressed = False

    def take(self, data: bytes, now: float) -> None:
        """Take bytes."""
        for byte in data:
            if byte in b"\r\n\x1a\x1b":
                text = self._line.decode("latin-1")
                self._watch.line(text, pressed_at_its_begin=self._pressed, now=now)
                self._line.clear()
                continue
            if not self._line:
                self._pressed = self._watch.pressed
            self._line.append(byte)


class Wire:
    """Runs core and radio against each other in simulated time."""

    def __init__(
        self,
        core: TerminalCore,
        far: Far,
        watch: Watch,
        to_host: Mangle,
        to_radio: Mangle,
        *,
        latency_ms: float = 0.0,
        piece_bytes: int = 64,
    ) -> None:
        """Join the two; ``open`` begins."""
        self.core, self.far, self.watch = core, far, watch
        self.to_host, self.to_radio = to_host, to_radio
        self.now = 1_000.0
        self.open = False
        self.crossed: Callable[[bytes], None] = lambda data: None
        """Is told of all bytes before the wire does anything to them, either way."""
        self._lines = HostLines(watch)
        self._latency_ms = latency_ms
        self._piece_bytes = piece_bytes
        self._flying: list[tuple[float, int, bool, bytes]] = []
        self._order = itertools.count()
        self._reopen_at: float | None = None

    # -- the port

    def connect(self) -> None:
        """Open the port."""
        self._reopen_at, self.open = None, True
        self.far.port(is_open=True, now=self.now)
        self.take(self.core.opened(self.mono))

    def pull(self, reason: str) -> None:
        """Lose the port; it is opened again after a pause."""
        if not self.open:
            return
        self.open = False
        self._flying.clear()
        self.far.port(is_open=False, now=self.now)
        self._reopen_at = self.now + REOPEN_MS
        self.take(self.core.lost(self.mono, reason))

    # -- time

    @property
    def mono(self) -> MonoMs:
        """Now, as the core is told it."""
        return MonoMs(int(self.now))

    def run(self, for_ms: float) -> None:
        """Let time pass."""
        end = self.now + for_ms
        for _ in range(MOST_STEPS):
            self._pump()
            if self.now >= end:
                return
            self.now = min(self._next(), end)
            self._due()
        self.watch.breach("core and radio keep each other busy for ever", self.now)

    def take(self, events: list[RadioEvent]) -> None:
        """Take events of the core, and write what it has to write."""
        self.watch.told(events, self.now)
        while self.open and (piece := self.core.outgoing(self._piece_bytes)):
            self._lines.take(piece, self.now)
            self.crossed(piece)
            self._send(False, self.to_radio.take(piece))
        if self.core.needs_reopen and self.open:
            self.watch.counts["port opened again"] += 1
            self.pull("the radio does not answer")

    def _next(self) -> float:
        times = [self._flying[0][0]] if self._flying else []
        if self._reopen_at is not None:
            times.append(self._reopen_at)
        deadline, far = self.core.deadline(), self.far.deadline()
        if deadline is not None:
            times.append(max(float(deadline), int(self.now) + 1.0))
        if far is not None:
            times.append(far)
        return max(min(times, default=float("inf")), self.now)

    def _due(self) -> None:
        self.far.tick(self.now)
        while self._flying and self._flying[0][0] <= self.now:
            _, _, to_host, data = heapq.heappop(self._flying)
            if to_host:
                self.far.heard_by_host(data)
                self.take(self.core.receive(data, self.mono))
            else:
                self.far.receive(data, self.now)
                self._drain()
        if self._reopen_at is not None and self.now >= self._reopen_at:
            self.connect()
        self.take(self.core.tick(self.mono))
        if self.core.on_air is not None:
            self.far.sound(SOUND, self.now)
            if not self.watch.pressed:
                self.watch.breach("the core is on air, and nobody presses", self.now)

    def _pump(self) -> None:
        self._drain()
        self.watch.radio(keyed=self.far.keyed, now=self.now)

    def _drain(self) -> None:
        data = self.far.outgoing()
        if data:
            self.crossed(data)
            self._send(True, self.to_host.take(data))

    def _send(self, to_host: bool, pieces: list[bytes]) -> None:
        due = self.now + self._latency_ms
        for piece in pieces:
            heapq.heappush(self._flying, (due, next(self._order), to_host, piece))

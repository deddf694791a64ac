"""The driver of a vocoder dongle: a thin shell round ``DongleCore``.

It feeds the core, writes what the core wants, and opens the port again when it was lost. Nothing
waits on the event loop, and no thread is needed but that which opens a port.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.model.errors import InvalidCommand, LinkError
from gateway.model.ids import MonoMs
from gateway.ports import Clock
from hardware.ambe.core import DongleCore, Stage
from hardware.ambe.frames import Answer, Counts
from hardware.ambe.numbers import (
    HALF_RATE,
    MAX_PACKET_BYTES,
    PCM_BYTES,
    SAMPLES_PER_FRAME,
    SPEEDS_BPS,
    Rate,
)
from hardware.line_state import OUTPUTS
from hardware.link import Link, LinkSettings
from hardware.port_keeper import ReopenedPort

Samples = npt.NDArray[np.int16]
Frames = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
BATCH_FRAMES = 4
"""Frames of one call that are in the core's hands at once: a long call never overruns its queue."""
READY_LIMIT_MS = 3000
HINT = "Look at it with samband doctor --ambe."


class Coded(NamedTuple):
    """What ``encode`` gives: uint8 (n, bytes of a frame), and which of the n are lost (zeros)."""

    frames: Frames
    lost: Flags


class Decoded(NamedTuple):
    """What ``decode`` gives: int16 (n, 160), 8 kHz, and which of the n are lost (zeros)."""

    pcm: Samples
    lost: Flags


class _DonglePort(ReopenedPort):
    """The port; nothing is keyed on it, so it has no guard."""

    def __init__(self, url: str, settings: LinkSettings, dongle: "AmbeDongle") -> None:
        super().__init__(url, dongle._waiting)
        self._settings = settings
        self._dongle = dongle

    async def _serve(self) -> None:
        link = await self._open(self._settings)
        try:
            self._dongle._opened(link)
            self._dongle._closed(await self._news.get())
        finally:
            self._dongle._closed("closed")
            link.close()


class AmbeDongle:
    """One dongle: one stream of speech each way, since a chip has one memory each way.

    Calls may overlap; their frames are coded in the order in which they come. Of frames that wait
    in a direction (10 at most, 200 ms) the oldest is given up and marked lost.
    """

    def __init__(
        self,
        port: str,
        clock: Clock,
        *,
        rate: Rate = HALF_RATE,
        speed_bps: int = SPEEDS_BPS[0],
        rtscts: bool = False,
        soft_config: bytes = b"",
    ) -> None:
        """Prepare; ``start`` opens the port.

        ``port``: any name of ``hardware.port_names``, best one below ``/dev/serial/by-id``.
        Raises ConfigError for another address, InvalidCommand for another ``soft_config``.
        """
        self._name = port
        self._clock = clock
        self._core = DongleCore(rate, soft_config=soft_config)
        settings = LinkSettings(
            speed_bps=speed_bps,
            rtscts=rtscts,
            active=frozenset(OUTPUTS),  # a board that has the wires may wait for them
            max_chunk_bytes=2 * MAX_PACKET_BYTES,
            low_latency=True,
        )
        self._port = _DonglePort(port, settings, self)
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._futures: dict[int, asyncio.Future[bytes | None]] = {}
        self._token = 0
        self._down = "it is not started"
        self._news: set[asyncio.Future[None]] = set()

    @property
    def up(self) -> bool:
        """Whether frames are coded now."""
        return self._core.up

    @property
    def trouble(self) -> str:
        """What is wrong now, for people; empty when nothing is."""
        return self._down or self._core.trouble

    @property
    def product(self) -> str:
        """What the chip calls itself; empty until it has told."""
        return self._core.product

    @property
    def version(self) -> str:
        """The chip's version; empty until it has told."""
        return self._core.version

    @property
    def counts(self) -> Counts:
        """What has happened since the start."""
        return self._core.counts

    async def start(self) -> None:
        """Open the port; a device that is not there yet is waited for."""
        if self._task is None:
            self._down = "its port is being opened"
            self._task = asyncio.create_task(self._port.run(), name=f"vocoder {self._name}")

    async def close(self) -> None:
        """Close the port; what is under way is lost. Safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._down = "it is closed"

    def restart(self) -> None:
        """Close and open again, with a fresh start of the chip."""
        self._port.restart()

    async def ready(self, limit_ms: int = READY_LIMIT_MS) -> None:
        """Wait until frames are coded; raises LinkError with the reason after the limit."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_ms / 1000):
                while not self.up:
                    await self._change()
        self._demand_up()

    async def encode(self, pcm: Samples) -> Coded:
        """Code speech, int16 (n, 160), 8 kHz; a frame takes some 20 ms, n frames about n times it.

        Raises InvalidCommand for another shape or type, LinkError when the dongle is not up at the
        start. What gets lost later is marked in the result.
        """
        if pcm.dtype != np.int16 or pcm.ndim != 2 or pcm.shape[1] != SAMPLES_PER_FRAME:
            raise InvalidCommand(
                f"encode: expected int16 (n, {SAMPLES_PER_FRAME}), got {pcm.dtype} {pcm.shape}"
            )
        count, little = len(pcm), pcm.astype("<i2", copy=False)
        told = await self._code(
            count, lambda token, n: self._core.encode(token, little[n].tobytes())
        )
        width = self._core.rate.frame_bytes
        rows = bytearray().join(one or bytes(width) for one in told)
        return Coded(np.frombuffer(rows, np.uint8).reshape(count, width), _lost(told))

    async def decode(self, frames: Frames, lost: Flags | None = None) -> Decoded:
        """Give the sound of frames, uint8 (n, bytes of a frame); the chip conceals ``lost`` ones.

        ``lost``: bool (n,), frames that never came or that are damaged beyond use; what stands in
        their row is not looked at. Raises as ``encode`` does.
        """
        width = self._core.rate.frame_bytes
        if frames.dtype != np.uint8 or frames.ndim != 2 or frames.shape[1] != width:
            raise InvalidCommand(
                f"decode: expected uint8 (n, {width}), got {frames.dtype} {frames.shape}"
            )
        absent = np.zeros(len(frames), np.bool_) if lost is None else np.asarray(lost, np.bool_)
        if absent.shape != (len(frames),):
            raise InvalidCommand(
                f"decode: expected lost as bool ({len(frames)},), got {absent.shape}"
            )
        told = await self._code(
            len(frames),
            lambda token, n: self._core.decode(token, None if absent[n] else frames[n].tobytes()),
        )
        rows = bytearray().join(one or bytes(PCM_BYTES) for one in told)
        pcm = np.frombuffer(rows, "<i2").reshape(len(frames), SAMPLES_PER_FRAME)
        return Decoded(pcm.astype(np.int16), _lost(told))

    async def _code(
        self, count: int, give: Callable[[int, int], list[Answer]]
    ) -> list[bytes | None]:
        """Give frames to the core, a few at a time; return their results in order."""
        self._demand_up()
        told: list[bytes | None] = []
        given: deque[asyncio.Future[bytes | None]] = deque()
        for number in range(count):
            if len(given) >= BATCH_FRAMES:
                told.append(await given.popleft())
            if self._core.stage in (Stage.CLOSED, Stage.GIVEN_UP):
                break
            given.append(self._give(number, give))
        for future in given:
            told.append(await future)
        return told + [None] * (count - len(told))

    def _give(
        self, number: int, give: Callable[[int, int], list[Answer]]
    ) -> asyncio.Future[bytes | None]:
        self._token += 1
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._futures[self._token] = future
        self._take(give(self._token, number))
        return future

    def _demand_up(self) -> None:
        if not self.up:
            why = self.trouble or "it is starting"
            raise LinkError(f"vocoder at {self._name}: {why}", hint=HINT)

    async def _change(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._news.add(future)
        try:
            await future
        finally:
            self._news.discard(future)

    # ---- the port

    def _opened(self, link: Link) -> None:
        self._link, self._down = link, ""
        link.start(self._receive, self._pump, self._port.give_up)
        self._core.opened(self._now())
        self._take([])

    def _closed(self, reason: str) -> None:
        if self._link is not None:
            self._link, self._down = None, reason
            self._take(self._core.lost())

    def _waiting(self, reason: str) -> None:
        self._down = reason

    def _receive(self, data: bytes) -> None:
        self._take(self._core.receive(data, self._now()))

    def _tick(self) -> None:
        self._timer = None
        self._take(self._core.tick(self._now()))

    def _take(self, answers: Sequence[Answer]) -> None:
        """Hand out results, write, arm the timer, give up a chip that cannot be helped."""
        for answer in answers:
            future = self._futures.pop(answer.token, None)
            if future is not None and not future.done():
                future.set_result(answer.data)
        self._pump()
        if self.up:
            self._port.answered()
            for waiter in self._news:
                if not waiter.done():
                    waiter.set_result(None)
        elif self._core.needs_reopen and self._link is not None:
            self._port.give_up(self._core.trouble)

    def _pump(self) -> None:
        link = self._link
        if link is not None and link.free:
            data = self._core.outgoing(link.chunk_bytes, self._now())
            if data:
                link.write(data)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._core.deadline()
        if deadline is not None:
            pause_ms = max(0, deadline - self._now())
            self._timer = asyncio.get_running_loop().call_later(pause_ms / 1000, self._tick)

    def _now(self) -> MonoMs:
        return self._clock.mono_ms()


def _lost(told: Sequence[bytes | None]) -> Flags:
    return np.array([one is None for one in told], np.bool_)

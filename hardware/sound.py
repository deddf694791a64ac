"""Sound of a link: blocks of 20 ms, 8 kHz, int16 little-endian, by one of the sound addresses.

Every block has an 8-byte header, big-endian: u32 sequence (plus 1 a block), u32 sample index
(plus 160 a block). Then 160 samples. Addresses: ``udp:HOST:PORT`` (we say once a second, by a
datagram that is only a header, where we listen), ``unix:PATH`` (a stream socket), ``device:NAME``.

What arrives is handed on at once, whoever talks: whether it is heard is decided by the engine.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs

SAMPLE_RATE_HZ = 8000
BLOCK_MS = 20
SAMPLES_PER_BLOCK = SAMPLE_RATE_HZ * BLOCK_MS // 1000
PCM_BYTES = SAMPLES_PER_BLOCK * 2
HEADER = struct.Struct(">II")
BLOCK_BYTES = HEADER.size + PCM_BYTES
SILENCE = bytes(PCM_BYTES)
HELLO_MS = 1000
RETRY_MS = 1000
WINDOW_BLOCKS = 3
"""How many blocks may wait for one that is late (60 ms)."""
MAX_FILLED_BLOCKS = 10
"""A gap of at most so many blocks is filled with silence, which keeps the time line."""
RESTART_BLOCKS = 50
"""A sequence that jumps further back than this is a sender that began anew."""
UNSENT_LIMIT_BYTES = 10 * BLOCK_BYTES
SEQUENCE_MASK = 0xFFFFFFFF

Capture = Callable[[bytes, UtcUs], None]
"""Takes 160 samples and the time of their arrival."""


@dataclass(slots=True)
class SoundCount:
    """What happened to the blocks of one link."""

    received: int = 0
    sent: int = 0
    bad: int = 0
    """Datagrams of another size than a block."""
    lost: int = 0
    late: int = 0
    """Came after their place was played, or twice."""
    unsent: int = 0
    """Dropped because the other side does not take them."""


class SoundPort(Protocol):
    """Where the sound of a link comes from and goes to."""

    count: SoundCount

    async def start(self) -> None:
        """Open; a peer that is not there yet is waited for in the background."""
        ...

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now; never waits."""
        ...

    async def close(self) -> None:
        """Close; safe twice."""
        ...


class Reorder:
    """Puts blocks in order: gives at once what is next, waits at most three blocks for a gap."""

    def __init__(self, count: SoundCount) -> None:
        """Begin with whatever comes first."""
        self._count = count
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}

    def take(self, sequence: int, pcm: bytes) -> list[bytes]:
        """Take one block; returns those that can be played now, in order."""
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) & SEQUENCE_MASK
        if ahead > SEQUENCE_MASK // 2:
            if SEQUENCE_MASK + 1 - ahead <= RESTART_BLOCKS:
                self._count.late += 1
                return []
            return self._restart(sequence, pcm)
        if ahead > WINDOW_BLOCKS + MAX_FILLED_BLOCKS:
            return self._restart(sequence, pcm)
        if sequence in self._waiting:
            self._count.late += 1
            return []
        self._waiting[sequence] = pcm
        ready = self._in_order()
        if len(self._waiting) >= WINDOW_BLOCKS or ahead >= WINDOW_BLOCKS:
            ready += self._past_the_gap()
        return ready

    def _restart(self, sequence: int, pcm: bytes) -> list[bytes]:
        """Play what waits, then go on from a new place."""
        ready = [self._waiting[number] for number in sorted(self._waiting)]
        self._waiting.clear()
        self._next = (sequence + 1) & SEQUENCE_MASK
        return [*ready, pcm]

    def _in_order(self) -> list[bytes]:
        ready = []
        while self._next is not None and self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            self._next = (self._next + 1) & SEQUENCE_MASK
        return ready

    def _past_the_gap(self) -> list[bytes]:
        ready: list[bytes] = []
        while self._waiting and self._next is not None:
            if self._next in self._waiting:
                ready += self._in_order()
                continue
            self._count.lost += 1
            ready.append(SILENCE)
            self._next = (self._next + 1) & SEQUENCE_MASK
        return ready


class _Blocks:
    """Headers of the blocks that we send."""

    def __init__(self) -> None:
        self.sequence = 0
        self.sample_index = 0

    def header(self) -> bytes:
        return HEADER.pack(self.sequence, self.sample_index)

    def pack(self, pcm: bytes) -> bytes:
        block = self.header() + pcm
        self.sequence = (self.sequence + 1) & SEQUENCE_MASK
        self.sample_index = (self.sample_index + SAMPLES_PER_BLOCK) & SEQUENCE_MASK
        return block


class UdpSound(asyncio.DatagramProtocol):
    """``udp:HOST:PORT``: the other side binds, we say hello each second."""

    def __init__(
        self, address: tuple[str, int], capture: Capture, utc_us: Callable[[], UtcUs]
    ) -> None:
        """Prepare; nothing is opened yet."""
        self.count = SoundCount()
        self._address = address
        self._capture = capture
        self._utc_us = utc_us
        self._blocks = _Blocks()
        self._reorder = Reorder(self.count)
        self._transport: asyncio.DatagramTransport | None = None
        self._hello: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()

    async def start(self) -> None:
        """Open the socket and say hello."""
        loop = asyncio.get_running_loop()
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, remote_addr=(host, port), family=family
        )
        self._say_hello()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take one block, or count what is none."""
        if len(data) == HEADER.size:
            return
        if len(data) != BLOCK_BYTES:
            self.count.bad += 1
            return
        self.count.received += 1
        sequence, _ = HEADER.unpack_from(data)
        for pcm in self._reorder.take(sequence, data[HEADER.size :]):
            self._capture(pcm, self._utc_us())

    def error_received(self, exc: Exception) -> None:
        """Nobody is there (yet): the next hello tries again."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the socket is closed."""
        self._closed.set()

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now."""
        if self._transport is None or len(pcm) != PCM_BYTES:
            self.count.unsent += 1
            return
        self._transport.sendto(self._blocks.pack(pcm))
        self.count.sent += 1

    async def close(self) -> None:
        """Close the socket."""
        if self._hello is not None:
            self._hello.cancel()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
            await self._closed.wait()

    def _say_hello(self) -> None:
        if self._transport is not None:
            self._transport.sendto(self._blocks.header())
            self._hello = asyncio.get_running_loop().call_later(HELLO_MS / 1000, self._say_hello)


class UnixSound:
    """``unix:PATH``: the other side listens on a stream socket; connected again when it ends."""

    def __init__(self, path: str, capture: Capture, utc_us: Callable[[], UtcUs]) -> None:
        """Prepare; nothing is opened yet."""
        self.count = SoundCount()
        self._path = path
        self._capture = capture
        self._utc_us = utc_us
        self._blocks = _Blocks()
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect in the background."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"sound {self._path}")

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now; dropped and counted when the other side does not take them."""
        writer = self._writer
        if (
            writer is None
            or len(pcm) != PCM_BYTES
            or writer.transport.get_write_buffer_size() > UNSENT_LIMIT_BYTES
        ):
            self.count.unsent += 1
            return
        writer.write(self._blocks.pack(pcm))
        self.count.sent += 1

    async def close(self) -> None:
        """Disconnect."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._serve()
            await asyncio.sleep(RETRY_MS / 1000)

    async def _serve(self) -> None:
        reader, writer = await asyncio.open_unix_connection(self._path)
        self._writer = writer
        try:
            while True:
                block = await reader.readexactly(BLOCK_BYTES)
                self.count.received += 1
                self._capture(block[HEADER.size :], self._utc_us())
        finally:
            self._writer = None
            writer.close()


class NoSound:
    """A link without sound: data only."""

    def __init__(self) -> None:
        """Nothing to prepare."""
        self.count = SoundCount()

    async def start(self) -> None:
        """Nothing to open."""

    def send(self, pcm: bytes) -> None:
        """Count what cannot be sent."""
        self.count.unsent += 1

    async def close(self) -> None:
        """Nothing to close."""


def open_sound(url: str, capture: Capture, utc_us: Callable[[], UtcUs]) -> SoundPort:
    """Return the sound port of an address (not started); raises ConfigError on a wrong one."""
    kind, _, rest = url.partition(":")
    if not url:
        return NoSound()
    if kind == "udp":
        return UdpSound(parse_udp(url), capture, utc_us)
    if kind == "unix" and rest.startswith("/"):
        return UnixSound(rest, capture, utc_us)
    if kind == "device":
        raise ConfigError(
            f"sound: {url!r}: this version cannot use sound cards",
            hint="Use udp:HOST:PORT or unix:/PATH, or leave the sound empty for data only.",
        )
    raise ConfigError(f"sound: expected udp:HOST:PORT or unix:/PATH, got {url!r}")


def parse_udp(url: str) -> tuple[str, int]:
    """Return host and port of ``udp:HOST:PORT``; raises ConfigError on another form."""
    host, _, port = url.removeprefix("udp:").rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise ConfigError(f"sound: expected udp:HOST:PORT with port 1 to 65535, got {url!r}")
    return host, int(port)

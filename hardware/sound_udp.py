"""``udp:HOST:PORT``: the simulator (or whoever has the sound) binds, we say where we listen."""

import asyncio
import socket
from collections.abc import Callable

from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from hardware.sound_blocks import BLOCK_BYTES, HEADER, BlockNumbers, Reorder
from hardware.sound_port import PCM_BYTES, Capture, DigitalSound, SoundCount

HELLO_MS = 1000


class UdpSound(DigitalSound, asyncio.DatagramProtocol):
    """``udp:HOST:PORT``: the other side binds, we say hello each second."""

    def __init__(
        self, address: tuple[str, int], capture: Capture, utc_us: Callable[[], UtcUs]
    ) -> None:
        """Prepare; nothing is opened yet."""
        self.count = SoundCount()
        self._address = address
        self._capture = capture
        self._utc_us = utc_us
        self._blocks = BlockNumbers()
        self._reorder = Reorder(self.count, utc_us)
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


def parse_udp(url: str) -> tuple[str, int]:
    """Return host and port of ``udp:HOST:PORT``; raises ConfigError on another form."""
    host, _, port = url.removeprefix("udp:").rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise ConfigError(f"sound: expected udp:HOST:PORT with port 1 to 65535, got {url!r}")
    return host, int(port)

"""``udp:HOST:PORT``: the simulator (or whoever has the sound) binds, we say where we listen."""

import asyncio
import socket
from collections.abc import Callable

from gateway.model.errors import ConfigError, LinkError
from gateway.model.ids import UtcUs
from hardware.sender_clock import SenderClock
from hardware.sound_blocks import BLOCK_BYTES, HEADER, BlockNumbers, Reorder
from hardware.sound_port import PCM_BYTES, Capture, DigitalSound, SoundCount
from hardware.udp_channel import UdpChannel

HELLO_MS = 1000


class UdpSound(DigitalSound):
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
        self._sender = SenderClock()
        self._channel: UdpChannel | None = None
        self._hello: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Open the socket and say hello; raises LinkError when the name is unknown."""
        host, port = self._address
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise LinkError(f"sound: {host} is not known: {error.strerror or error}") from None
        where = str(found[0][4][0])
        local = ("::" if ":" in where else "0.0.0.0", 0)  # noqa: S104 - connected: one peer
        self._channel = UdpChannel(local, (where, port), self._received, _nobody_yet)
        self._say_hello()

    def _received(self, data: bytes, _sender: object) -> None:
        """Take one block, or count what is none."""
        if len(data) == HEADER.size:
            return
        if len(data) != BLOCK_BYTES:
            self.count.bad += 1
            return
        self.count.received += 1
        now = self._utc_us()
        stamp = self._channel.stamp_us if self._channel is not None else None
        sequence, _ = HEADER.unpack_from(data)
        late = self.count.late
        ready = self._reorder.take(sequence, data[HEADER.size :])
        if self.count.late == late:
            captured = self._sender.arrived(sequence, min(now, stamp or now))
            self.count.transit.add(now - captured)
        first = self._reorder.next - len(ready)
        for place, pcm in enumerate(ready):
            self._capture(pcm, UtcUs(self._sender.captured(first + place)))

    def send(self, pcm: bytes) -> None:
        """Send 160 samples now."""
        if self._channel is None or len(pcm) != PCM_BYTES:
            self.count.unsent += 1
            return
        self._channel.send(self._blocks.pack(pcm))
        self.count.sent += 1

    async def close(self) -> None:
        """Close the socket."""
        if self._hello is not None:
            self._hello.cancel()
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _say_hello(self) -> None:
        if self._channel is not None:
            self._channel.send(self._blocks.header())
            self._hello = asyncio.get_running_loop().call_later(HELLO_MS / 1000, self._say_hello)


def _nobody_yet(reason: str) -> None:
    """Nobody is there (yet): the next hello tries again."""


def parse_udp(url: str) -> tuple[str, int]:
    """Return host and port of ``udp:HOST:PORT``; raises ConfigError on another form."""
    host, _, port = url.removeprefix("udp:").rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) <= 65535:
        raise ConfigError(f"sound: expected udp:HOST:PORT with port 1 to 65535, got {url!r}")
    return host, int(port)

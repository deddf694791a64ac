"""The sound side of a simulated radio, by the sound URLs: ``udp:HOST:PORT`` and ``unix:PATH``.

Blocks of 20 ms: u32 sequence, u32 sample index (both big-endian), then 160 samples int16
little-endian, 8 kHz. The sample index follows the radio's sample clock, so a pause shows in it;
the sequence counts blocks, so a loss shows in that.
"""

import asyncio
import os
import struct
from collections.abc import Callable
from pathlib import Path

from hardware.sim.speech import BLOCK_BYTES, BLOCK_SAMPLES, SAMPLE_RATE_HZ

HEADER = struct.Struct(">II")
FRAME_BYTES = HEADER.size + BLOCK_BYTES
PEER_FORGOTTEN_S = 5.0
"""A link says each second where it listens; after this long without, it is gone."""
MAX_UNSENT_BYTES = FRAME_BYTES * 25
"""A stream peer that does not read loses blocks beyond half a second."""

Heard = Callable[[bytes], None]


class SoundPort:
    """Numbers blocks and sends them to whoever listens."""

    def __init__(self, heard: Heard) -> None:
        """Give each block of the host to ``heard`` (320 bytes)."""
        self._heard = heard
        self._sequence = 0
        self._start_s = asyncio.get_running_loop().time()
        self.url = ""

    def send(self, pcm: bytes) -> None:
        """Send one block of 160 samples."""
        elapsed_s = asyncio.get_running_loop().time() - self._start_s
        index = round(elapsed_s * SAMPLE_RATE_HZ / BLOCK_SAMPLES) * BLOCK_SAMPLES
        self._put(HEADER.pack(self._sequence & 0xFFFFFFFF, index & 0xFFFFFFFF) + pcm)
        self._sequence += 1

    def _put(self, frame: bytes) -> None:
        """Send one framed block."""

    async def close(self) -> None:
        """Stop; safe twice."""


class UdpSound(SoundPort, asyncio.DatagramProtocol):
    """Bound UDP socket; a peer is known by its datagrams."""

    def __init__(self, heard: Heard) -> None:
        """Begin without a peer."""
        super().__init__(heard)
        self._transport: asyncio.DatagramTransport | None = None
        self._peers: dict[tuple[str, int], float] = {}

    async def open(self, host: str, port: int) -> None:
        """Bind; port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        self._transport = transport
        self.url = f"udp:{host}:{transport.get_extra_info('sockname')[1]}"

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Note the peer; hand on the sound of a whole block."""
        self._peers[addr] = asyncio.get_running_loop().time()
        if len(data) == FRAME_BYTES:
            self._heard(data[HEADER.size :])

    def _put(self, frame: bytes) -> None:
        oldest = asyncio.get_running_loop().time() - PEER_FORGOTTEN_S
        for peer, seen in list(self._peers.items()):
            if seen < oldest:
                del self._peers[peer]
            elif self._transport is not None:
                self._transport.sendto(frame, peer)

    async def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()


class UnixSound(SoundPort):
    """Listening stream socket; each connected peer gets every block."""

    def __init__(self, heard: Heard) -> None:
        """Begin without a peer."""
        super().__init__(heard)
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._writers: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def open(self, path: Path) -> None:
        """Listen at ``path``; a socket left over there is replaced."""
        _remove_socket(path)
        self._server = await asyncio.start_unix_server(self._serve, path)
        os.chmod(path, 0o600)
        self._path = path
        self.url = f"unix:{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers[writer] = asyncio.current_task()
        try:
            while True:
                frame = await reader.readexactly(FRAME_BYTES)
                self._heard(frame[HEADER.size :])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            del self._writers[writer]
            writer.close()

    def _put(self, frame: bytes) -> None:
        for writer in self._writers:
            if writer.transport.get_write_buffer_size() < MAX_UNSENT_BYTES:
                writer.write(frame)

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.close()
        served = [task for task in self._writers.values() if task is not None]
        await asyncio.gather(*served, return_exceptions=True)
        if self._path is not None:
            _remove_socket(self._path)


def _remove_socket(path: Path) -> None:
    if path.is_socket():
        path.unlink()

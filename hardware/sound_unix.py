"""``unix:PATH``: the simulator (or whoever has the sound) listens on a stream socket."""

import asyncio
import contextlib
from collections.abc import Callable

from gateway.model.ids import UtcUs
from hardware.sender_clock import SenderClock
from hardware.sound_blocks import BLOCK_BYTES, HEADER, BlockNumbers
from hardware.sound_port import PCM_BYTES, Capture, DigitalSound, SoundCount

RETRY_MS = 1000
UNSENT_LIMIT_BYTES = 10 * BLOCK_BYTES


class UnixSound(DigitalSound):
    """``unix:PATH``: the other side listens on a stream socket; connected again when it ends."""

    def __init__(self, path: str, capture: Capture, utc_us: Callable[[], UtcUs]) -> None:
        """Prepare; nothing is opened yet."""
        self.count = SoundCount()
        self._path = path
        self._capture = capture
        self._utc_us = utc_us
        self._blocks = BlockNumbers()
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
        sender = SenderClock()
        try:
            while True:
                block = await reader.readexactly(BLOCK_BYTES)
                self.count.received += 1
                now = self._utc_us()
                sequence, _ = HEADER.unpack_from(block)
                self.count.transit.add(now - sender.arrived(sequence, now))
                self._capture(block[HEADER.size :], UtcUs(sender.captured(sequence)))
        finally:
            self._writer = None
            writer.close()

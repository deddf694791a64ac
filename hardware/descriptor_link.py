"""What all links share: a non-blocking descriptor on the event loop, written in small chunks."""

import asyncio
import contextlib
import fcntl
import os
import sys
import termios
from collections.abc import Callable

from gateway.model.errors import InvalidCommand
from hardware.descriptors import forget, keep_private
from hardware.link import LinkSettings

READ_BYTES = 4096
DRAIN_LOOK_MS = 4
"""How often a port that is still sending is looked at."""


class DescriptorLink:
    """A link on a descriptor. ``closer`` closes what owns the descriptor."""

    def __init__(
        self, name: str, descriptor: int, settings: LinkSettings, closer: Callable[[], None]
    ) -> None:
        """Take an open descriptor; it is made non-blocking and closed in forked children."""
        os.set_blocking(descriptor, False)
        keep_private(descriptor)
        self._name = name
        self._descriptor = descriptor
        self._settings = settings
        self._closer = closer
        self._loop = asyncio.get_running_loop()
        self._received: Callable[[bytes], None] = _ignore
        self._freed: Callable[[], None] = _nothing
        self._lost: Callable[[str], None] = _ignore
        self._pending = b""
        self._draining: asyncio.TimerHandle | None = None
        self._writing = False
        self._closed = False

    @property
    def name(self) -> str:
        """Where it leads."""
        return self._name

    @property
    def chunk_bytes(self) -> int:
        """Most bytes that ``write`` takes at once."""
        return self._settings.chunk_bytes

    @property
    def free(self) -> bool:
        """Whether the last write has left the machine."""
        return not (self._closed or self._pending or self._draining or self._writing)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def start(
        self,
        received: Callable[[bytes], None],
        freed: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """Begin to read."""
        self._received, self._freed, self._lost = received, freed, lost
        self._loop.add_reader(self._descriptor, self._read)

    def write(self, data: bytes) -> None:
        """Write at most ``chunk_bytes``; raises InvalidCommand while not ``free``."""
        if self._closed:
            return
        if not self.free or len(data) > self.chunk_bytes:
            raise InvalidCommand(
                f"{self._name}: expected at most {self.chunk_bytes} bytes on a free link, "
                f"got {len(data)} bytes, free: {self.free}"
            )
        self._pending = data
        self._push()

    def write_over(self, data: bytes) -> None:
        """Throw away what waits to be sent and write this at once, as far as the port takes it."""
        if self._closed:
            return
        self._throw_away()
        with contextlib.suppress(OSError):
            os.write(self._descriptor, data)

    def close(self) -> None:
        """Close the port; what is still queued on a serial line is thrown away."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._descriptor)
        self._loop.remove_writer(self._descriptor)
        if self._draining is not None:
            self._draining.cancel()
        if self._queued_bytes():
            # The kernel would hold the close of a blocked serial port for up to 30 s.
            self._throw_away()
        forget(self._descriptor)
        self._closer()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._fail(f"{self._name} is gone: {error.strerror or error}")
            return
        if data:
            self._received(data)
        else:
            self._fail(f"{self._name} hung up")

    def _push(self) -> None:
        try:
            self._pending = self._pending[os.write(self._descriptor, self._pending) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._fail(f"{self._name} cannot be written: {error.strerror or error}")
            return
        if self._pending:
            if not self._writing:
                self._writing = True
                self._loop.add_writer(self._descriptor, self._push)
            return
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._descriptor)
        self._look()

    def _look(self) -> None:
        """Tell ``freed`` as soon as the port has nothing left to send."""
        if self._queued_bytes():
            self._draining = self._loop.call_later(DRAIN_LOOK_MS / 1000, self._look)
            return
        waited, self._draining = self._draining, None
        if waited is not None:
            self._freed()
        elif not self._closed:
            self._loop.call_soon(self._tell_freed)

    def _tell_freed(self) -> None:
        if not self._closed:
            self._freed()

    def _throw_away(self) -> None:
        self._pending = b""
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._descriptor, termios.TCOFLUSH)

    def _queued_bytes(self) -> int:
        try:
            answer = fcntl.ioctl(self._descriptor, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            return 0
        return int.from_bytes(answer, sys.byteorder)

    def _fail(self, reason: str) -> None:
        if not self._closed:
            self.close()
            self._lost(reason)


def _ignore(_: object) -> None:
    """Take what comes before anybody listens."""


def _nothing() -> None:
    """Nobody waits for the link to be free yet."""

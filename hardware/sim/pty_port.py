"""The serial side of a simulated radio: a real pseudo-terminal that knows who holds it open."""

import asyncio
import contextlib
import errno
import os
import termios
import tty
from collections.abc import Callable
from pathlib import Path

LOOK_S = 0.02
"""How often an unopened port is looked at."""
READ_BYTES = 65_536
MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024
"""What the host does not read is kept up to here, then thrown away, as a UART would."""

OUTPUT_SPEED = 5
"""Place of the speed in what ``tcgetattr`` returns."""
SPEEDS = {
    value: int(name[1:])
    for name, value in vars(termios).items()
    if name[0] == "B" and name[1:].isdecimal()
}
"""Bits a second by the constants of termios."""


class PtyPort:
    """Opens a pseudo-terminal; ``opened``, ``closed`` and ``received`` tell what the host does."""

    def __init__(
        self,
        opened: Callable[[], None],
        closed: Callable[[], None],
        received: Callable[[bytes], None],
        link: Path | None = None,
    ) -> None:
        """Make no port yet. ``link`` is a symbolic link that follows the port's name."""
        self._opened, self._closed, self._received = opened, closed, received
        self._link = link
        self._master = -1
        self._open = False
        self._unwritten = bytearray()
        self._look: asyncio.TimerHandle | None = None
        self.path = ""

    @property
    def speed_bps(self) -> int | None:
        """The speed that the host has set; None while there is no port, or for an unusual one."""
        if self._master < 0:
            return None
        return SPEEDS.get(termios.tcgetattr(self._master)[OUTPUT_SPEED])

    def plug(self) -> None:
        """Make the pseudo-terminal, raw."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        if self._link is not None:
            fresh = self._link.with_name(f".{self._link.name}.new")
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            fresh.symlink_to(self.path)
            fresh.replace(self._link)
        self._wait()

    def unplug(self) -> None:
        """Pull the cable: the host's descriptor fails, the name goes away."""
        if self._look is not None:
            self._look.cancel()
        if self._master < 0:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        os.close(self._master)
        self._master = -1
        self._unwritten.clear()
        if self._link is not None and self._link.is_symlink():
            self._link.unlink()
        if self._open:
            self._open = False
            self._closed()

    def write(self, data: bytes) -> None:
        """Write to the host; dropped when nobody has the port open."""
        if not self._open or len(self._unwritten) > MAX_UNWRITTEN_BYTES:
            return
        self._unwritten += data
        self._flush()

    def _flush(self) -> None:
        try:
            while self._unwritten:
                done = os.write(self._master, self._unwritten[:READ_BYTES])
                del self._unwritten[:done]
        except BlockingIOError:
            asyncio.get_running_loop().add_writer(self._master, self._flush)
            return
        except OSError:
            self._unwritten.clear()
        asyncio.get_running_loop().remove_writer(self._master)

    def _wait(self) -> None:
        """Look whether a host has opened the port."""
        try:
            data = os.read(self._master, READ_BYTES)
        except BlockingIOError:
            data = b""
        except OSError:
            self._look = asyncio.get_running_loop().call_later(LOOK_S, self._wait)
            return
        self._open = True
        self._opened()
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        if data:
            self._received(data)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if data:
            self._received(data)
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._master)
        loop.remove_writer(self._master)
        self._unwritten.clear()
        self._open = False
        self._closed()
        self._look = loop.call_later(LOOK_S, self._wait)

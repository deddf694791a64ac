"""Serial ports by pyserial: locked, lines as the plan says from the start, non-blocking.

Threads (``serial-net``) only where a USB adapter makes its caller wait for the bus: opening, and
watching modem lines.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import sys
import termios
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import serial

from gateway.model.errors import ConfigError, LinkError
from hardware.descriptor_link import DescriptorLink
from hardware.descriptors import forget, keep_private
from hardware.line_state import INPUTS, Line
from hardware.link import LinkSettings

VMIN, VTIME = termios.VMIN, termios.VTIME
CONTROL_CHARACTERS = 6
"""Place of the control characters in what ``tcgetattr`` returns."""
DETECT_FIRST_BPS = 115200
"""Speed at which a port is opened whose speed is to be found out."""
HANG_UP_BPS = 0
"""B0 of termios: no bytes, but modem lines can be set and read."""
LOOK_MS = 10
"""How often watched modem lines are read."""
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="serial-net")
BITS = {
    Line.DTR: termios.TIOCM_DTR,
    Line.RTS: termios.TIOCM_RTS,
    Line.CTS: termios.TIOCM_CTS,
    Line.DSR: termios.TIOCM_DSR,
    Line.DCD: termios.TIOCM_CD,
    Line.RI: termios.TIOCM_RI,
}


class SerialLink(DescriptorLink):
    """A serial port with its speed and its modem lines."""

    def __init__(self, path: str, port: serial.Serial, settings: LinkSettings) -> None:
        """Take an open port."""
        super().__init__(path, port.fileno(), settings, port.close)
        self._port = port
        self._watching: threading.Thread | None = None
        self._stop = threading.Event()
        self.lines: frozenset[Line] = frozenset()
        self.lines_known = False

    async def set_speed(self, speed_bps: int) -> None:
        """Change the speed of the open port; its lines stay as they are."""
        self.change_speed(speed_bps)

    def change_speed(self, speed_bps: int) -> None:
        """Do the same at once; raises LinkError when the port cannot."""
        try:
            self._port.baudrate = speed_bps
            _read_means_data(self.fileno())
        except (serial.SerialException, ValueError, OSError, termios.error) as error:
            raise LinkError(f"{self.name}: {speed_bps} bit/s cannot be set: {error}") from None

    def change_rtscts(self, on: bool) -> None:
        """Switch flow control by RTS and CTS; raises LinkError when the port cannot."""
        try:
            self._port.rtscts = on
            _read_means_data(self.fileno())
        except (serial.SerialException, OSError, termios.error) as error:
            raise LinkError(f"{self.name}: flow control cannot be set: {error}") from None

    def set_line(self, line: Line, *, active: bool) -> None:
        """Set DTR or RTS at once; raises LinkError when the port has no such line."""
        request = termios.TIOCMBIS if active else termios.TIOCMBIC
        try:
            fcntl.ioctl(self.fileno(), request, BITS[line].to_bytes(4, sys.byteorder))
        except OSError as error:
            raise LinkError(
                f"{self.name}: {line.name} cannot be set: {error.strerror}",
                hint="A pseudo-terminal has no modem lines; a real port or RFC 2217 has.",
            ) from None

    def unkey_bytes(self, line: Line) -> bytes:
        """Return nothing: the guard sets the lines of a port of this machine by itself."""
        return b""

    def watch_lines(self, changed: Callable[[frozenset[Line]], None]) -> None:
        """Read the inputs now, tell them, and tell every change until the link is closed.

        Raises LinkError when the port has no modem lines.
        """
        try:
            self.lines = read_inputs(self.fileno())
        except OSError as error:
            raise LinkError(
                f"{self.name}: its modem lines cannot be read: {error.strerror}",
                hint="A pseudo-terminal has none; a real port or RFC 2217 has.",
            ) from None
        self.lines_known = True
        changed(self.lines)
        loop = asyncio.get_running_loop()
        self._watching = threading.Thread(
            target=self._watch, args=(loop, changed), name="serial-net", daemon=True
        )
        self._watching.start()

    def close(self) -> None:
        """Stop watching, then close the port."""
        self._stop.set()
        if self._watching is not None:
            self._watching.join()
            self._watching = None
        super().close()

    def _watch(
        self, loop: asyncio.AbstractEventLoop, changed: Callable[[frozenset[Line]], None]
    ) -> None:
        seen = self.lines
        while not self._stop.wait(LOOK_MS / 1000):
            try:
                now = read_inputs(self.fileno())
            except OSError:
                return  # the loop hears of a lost port by reading it
            if now != seen:
                seen = now
                try:
                    loop.call_soon_threadsafe(self._changed, now, changed)
                except RuntimeError:
                    return  # the loop is closed

    def _changed(self, now: frozenset[Line], changed: Callable[[frozenset[Line]], None]) -> None:
        if not self._stop.is_set():
            self.lines = now
            changed(now)


def read_inputs(descriptor: int) -> frozenset[Line]:
    """Return the active inputs of a port; raises OSError when it has none."""
    answer = fcntl.ioctl(descriptor, termios.TIOCMGET, b"\0\0\0\0")
    state = int.from_bytes(answer, sys.byteorder)
    return frozenset(line for line in INPUTS if state & BITS[line])


def open_serial(path: str, settings: LinkSettings) -> SerialLink:
    """Open and lock a terminal device; raises LinkError when that is not possible now.

    pyserial sets DTR and RTS to what the settings say right after the opening. The kernel raises
    both while it opens a real port: how long that lasts is on the page about terminals.
    """
    return SerialLink(path, open_port(path, settings), settings)


async def open_serial_aside(path: str, settings: LinkSettings) -> SerialLink:
    """Do the same in a thread (``serial-net``): a USB adapter takes tens of milliseconds."""
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(_threads, open_port, path, settings)
    try:
        port = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise
    return SerialLink(path, port, settings)


def open_port(path: str, settings: LinkSettings) -> serial.Serial:
    """Open, lock and set up the device; raises LinkError or ConfigError."""
    port = serial.Serial()
    port.port = path
    port.timeout = 0
    port.write_timeout = 0
    port.dsrdtr = False
    port.rtscts = settings.rtscts
    port.dtr = Line.DTR in settings.active
    port.rts = Line.RTS in settings.active
    port.exclusive = True
    try:
        speed_bps = settings.speed_bps or DETECT_FIRST_BPS
        port.baudrate = HANG_UP_BPS if settings.lines_only else speed_bps
    except ValueError as error:
        raise ConfigError(
            f"{path}: speed_bps {settings.speed_bps} cannot be set: {error}"
        ) from None
    try:
        port.open()
    except (serial.SerialException, OSError, termios.error) as error:
        raise explain(path, error) from None
    keep_private(port.fileno())
    if settings.low_latency:
        # A wish: pseudo-terminals and many adapters have no such mode, and work without it.
        with contextlib.suppress(ValueError, NotImplementedError):
            port.set_low_latency_mode(True)
    try:
        _read_means_data(port.fileno())
    except termios.error as error:
        forget(port.fileno())
        port.close()
        raise LinkError(f"{path} is gone: {error}") from None
    return port


def _close_unwanted(opening: "asyncio.Future[serial.Serial]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        port = opening.result()
        forget(port.fileno())
        port.close()


def _read_means_data(descriptor: int) -> None:
    """Make a read without data say "try again", so that an empty read means a hang-up."""
    attributes = termios.tcgetattr(descriptor)
    attributes[CONTROL_CHARACTERS][VMIN] = 1
    attributes[CONTROL_CHARACTERS][VTIME] = 0
    termios.tcsetattr(descriptor, termios.TCSANOW, attributes)


def explain(path: str, error: Exception) -> LinkError:
    """Say in plain words why a port did not open."""
    number = getattr(error, "errno", None)
    if not os.path.exists(path):
        return LinkError(f"{path} is not there", hint="Is the cable plugged in?")
    if number in (errno.EAGAIN, errno.EBUSY):
        return LinkError(
            f"{path} is in use by another program", hint="One program a port: end the other one."
        )
    if number in (errno.EACCES, errno.EPERM):
        return LinkError(
            f"{path}: no permission to open it",
            hint="Add the user to the group that owns the port: sudo usermod -aG dialout USER",
        )
    return LinkError(f"{path} cannot be opened: {error}")

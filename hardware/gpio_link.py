"""One line of a GPIO chip as an output, by the kernel's character device (GPIO ABI version 2).

Written on ``ioctl`` and not on a package, since the un-key guard, which may use no package, has to
speak the same ABI. Numbers and layouts are those of ``<linux/gpio.h>``; a test compiles them
against that header where there is one. **Not tried on hardware.**

``gpio:CHIP/LINE``: ``gpio:gpiochip0/17`` or ``gpio:/dev/gpiochip0/17``. The line is requested as
an output that is inactive, in one call: there is no moment at which it keys. What a line does after
its request ends (this program gone) is up to the chip: a pull resistor has to make it inactive.
"""

import fcntl
import os
import re
import struct
from collections.abc import Callable

from gateway.model.errors import ConfigError, InvalidCommand, LinkError
from hardware.descriptors import forget, keep_private
from hardware.line_state import Line

GET_LINE = 0xC250B407
SET_VALUES = 0xC010B40F
REQUEST_BYTES = 592
FLAG_ACTIVE_LOW, FLAG_OUTPUT = 0x02, 0x08
CONSUMER = b"samband-ptt"
CONSUMER_AT, FLAGS_AT, COUNT_AT, DESCRIPTOR_AT = 256, 288, 560, 588
VALUES = struct.Struct("@QQ")
"""Values and mask of ``SET_VALUES``; bit 0 is our only line."""
_NAME = re.compile(r"gpio:(?:/dev/)?([A-Za-z0-9_-]+)/(\d{1,5})")


def parse_gpio(url: str) -> tuple[str, int]:
    """Return the chip's device file and the line's number; raises ConfigError otherwise."""
    found = _NAME.fullmatch(url)
    if found is None:
        raise ConfigError(f"ptt: expected gpio:CHIP/LINE, as gpio:gpiochip0/17, got {url!r}")
    return f"/dev/{found[1]}", int(found[2])


def line_request(line: int, *, active_low: bool) -> bytearray:
    """Return ``struct gpio_v2_line_request`` for one output that is inactive at first."""
    request = bytearray(REQUEST_BYTES)
    struct.pack_into("@I", request, 0, line)
    request[CONSUMER_AT : CONSUMER_AT + len(CONSUMER)] = CONSUMER
    flags = FLAG_OUTPUT | (FLAG_ACTIVE_LOW if active_low else 0)
    struct.pack_into("@Q", request, FLAGS_AT, flags)
    struct.pack_into("@I", request, COUNT_AT, 1)
    return request


class GpioLink:
    """A requested line, with the face of a link that carries no bytes."""

    def __init__(self, name: str, descriptor: int) -> None:
        """Take the descriptor of a line request."""
        keep_private(descriptor)
        self._name = name
        self._descriptor = descriptor
        self._closed = False
        self.lines: frozenset[Line] = frozenset()
        self.lines_known = False

    @property
    def name(self) -> str:
        """Where it leads."""
        return self._name

    @property
    def chunk_bytes(self) -> int:
        """Nothing can be written."""
        return 0

    @property
    def free(self) -> bool:
        """Whether the line is held."""
        return not self._closed

    def fileno(self) -> int:
        """Return the descriptor of the line request."""
        return self._descriptor

    def start(
        self,
        received: Callable[[bytes], None],
        freed: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """Nothing comes from an output."""

    def write(self, data: bytes) -> None:
        """Refuse: raises InvalidCommand."""
        raise InvalidCommand(f"{self._name}: a GPIO line carries no bytes")

    def write_over(self, data: bytes) -> None:
        """Set the line inactive, whatever ``data`` says: for un-keying in need."""
        self.set_line(Line.RTS, active=False)

    def set_line(self, line: Line, *, active: bool) -> None:
        """Set our only line; raises LinkError when the kernel refuses."""
        if self._closed:
            return
        try:
            fcntl.ioctl(self._descriptor, SET_VALUES, VALUES.pack(int(active), 1))
        except OSError as error:
            raise LinkError(f"{self._name} cannot be set: {error.strerror}") from None

    def unkey_bytes(self, line: Line) -> bytes:
        """Return nothing: the guard sets the line by itself."""
        return b""

    def close(self) -> None:
        """Set the line inactive and give it back; safe twice."""
        if self._closed:
            return
        try:
            self.set_line(Line.RTS, active=False)
        finally:
            self._closed = True
            forget(self._descriptor)
            os.close(self._descriptor)


def open_gpio(url: str, *, active_low: bool = False) -> GpioLink:
    """Request the line; raises ConfigError on a bad name, LinkError when it cannot be had."""
    device, line = parse_gpio(url)
    request = line_request(line, active_low=active_low)
    try:
        chip = os.open(device, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(chip, GET_LINE, request)
        finally:
            os.close(chip)
    except OSError as error:
        raise LinkError(
            f"{url} cannot be had: {error.strerror}",
            hint="Is the chip there, the line free, and the user in the group gpio?",
        ) from None
    (descriptor,) = struct.unpack_from("@i", request, DESCRIPTOR_AT)
    os.set_inheritable(descriptor, False)
    return GpioLink(url, descriptor)

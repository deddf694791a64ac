"""Serial ports by pyserial: locked, lines inactive, non-blocking, no thread."""

import errno
import os
import termios

import serial

from gateway.model.errors import ConfigError, LinkError
from hardware.descriptor_link import DescriptorLink
from hardware.link import LinkSettings

VMIN, VTIME = termios.VMIN, termios.VTIME
CONTROL_CHARACTERS = 6
"""Place of the control characters in what ``tcgetattr`` returns."""


def open_serial(path: str, settings: LinkSettings) -> DescriptorLink:
    """Open and lock a terminal device; raises LinkError when that is not possible now.

    DTR and RTS are told to be inactive before the port is opened (the kernel may still raise them
    for a moment while it opens a real port).
    """
    port = serial.Serial()
    port.port = path
    port.timeout = 0
    port.write_timeout = 0
    port.dsrdtr = False
    port.rtscts = settings.rtscts
    port.dtr = False
    port.rts = False
    port.exclusive = True
    try:
        port.baudrate = settings.speed_bps
    except ValueError as error:
        raise ConfigError(
            f"{path}: speed_bps {settings.speed_bps} cannot be set: {error}"
        ) from None
    try:
        port.open()
    except (serial.SerialException, OSError, termios.error) as error:
        raise explain(path, error) from None
    descriptor = port.fileno()
    try:
        _read_means_data(descriptor)
    except termios.error as error:
        port.close()
        raise LinkError(f"{path} is gone: {error}") from None
    return DescriptorLink(path, descriptor, settings, port.close)


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

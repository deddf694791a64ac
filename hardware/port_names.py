"""What a plan calls a port, and the device that has this name now.

* ``/dev/…``: any terminal device; best a name below ``/dev/serial/by-id``, which stays the same;
* ``usb:VID:PID`` or ``usb:VID:PID:SERIAL``: the USB adapter with these numbers, whatever it is
  called today; found through ``/sys``, no port is opened;
* ``socket://HOST:PORT``: a serial server that hands on bytes;
* ``rfc2217://HOST:PORT``: one that also hands on speed and modem lines;
* ``gpio:CHIP/LINE``: a line of a GPIO chip (PTT only);
* ``udp:HOST:PORT``: a P25 modem that takes its frames as datagrams (no terminal).
"""

import re
from pathlib import Path

from gateway.model.errors import ConfigError, LinkError

SOCKET, RFC2217, USB, GPIO, UDP = "socket://", "rfc2217://", "usb:", "gpio:", "udp:"
NETWORK = (SOCKET, RFC2217)
TTYS = Path("/sys/class/tty")
PARENTS = 4
"""How many folders above a terminal's own the numbers of its USB device may be."""
_USB = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?")


def check_name(url: str) -> None:
    """Raise ConfigError when ``url`` has none of the forms of a serial port."""
    if url.startswith(("/", *NETWORK)) or _USB.fullmatch(url):
        return
    raise ConfigError(
        f"port: expected /dev/... or usb:VID:PID:SERIAL or {SOCKET}HOST:PORT or "
        f"{RFC2217}HOST:PORT, got {url!r}",
        hint="Use the stable name below /dev/serial/by-id where there is one.",
    )


def is_local(url: str) -> bool:
    """Tell whether ``url`` names a device of this machine; raises ConfigError on another form."""
    if url.startswith((GPIO, UDP)):
        return url.startswith(GPIO)
    check_name(url)
    return not url.startswith(NETWORK)


def device_of(url: str, ttys: Path = TTYS) -> str:
    """Return the device file that ``url`` names now; raises LinkError when there is none."""
    found = _USB.fullmatch(url)
    if found is None:
        return url
    vid, pid, serial = found[1].lower(), found[2].lower(), found[3]
    matches = [
        tty.name
        for tty in sorted([*ttys.glob("ttyUSB*"), *ttys.glob("ttyACM*")])
        if _fits(tty, vid, pid, serial)
    ]
    if not matches:
        raise LinkError(f"{url} is not there", hint="Is the cable plugged in?")
    if len(matches) > 1:
        raise LinkError(
            f"{url} names {len(matches)} ports: {', '.join(matches)}",
            hint="Add the serial number (usb:VID:PID:SERIAL) or use /dev/serial/by-id.",
        )
    return f"/dev/{matches[0]}"


def is_there(url: str) -> bool:
    """Tell whether a device of this machine is present; opens nothing."""
    try:
        return Path(device_of(url)).exists()
    except LinkError as error:
        return "names" in str(error)


def _fits(tty: Path, vid: str, pid: str, serial: str | None) -> bool:
    folder = (tty / "device").resolve()
    for parent in [folder, *folder.parents][:PARENTS]:
        if (parent / "idVendor").exists():
            numbers = _read(parent / "idVendor"), _read(parent / "idProduct")
            return numbers == (vid, pid) and serial in (None, _read(parent / "serial"))
    return False


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""

"""What a plan says of a P25 link's addresses and settings, checked without opening anything."""

import stat
from pathlib import Path

from gateway.model.errors import ConfigError
from gateway.model.p25_settings import (
    FNE,
    MAX_TGID,
    MODEM,
    NETWORK,
    P25_KINDS,
    P25Settings,
    p25_faults,
)
from gateway.model.plan import Link
from hardware.port_names import check_name
from hardware.ptt_address import SIMULATED
from hardware.udp_channel import Address, parse_address

MODEM_SPEEDS = (115_200, 230_400, 460_800)
UDP = "udp:"
MAX_PASSWORD_BYTES = 512
KEY_OCTETS = 32


def settings_of(link: Link) -> P25Settings:
    """Return a link's P25 settings, the usual ones where the plan has none."""
    return link.p25 or P25Settings()


def peer_of(link: Link) -> Address | None:
    """Return where the other side listens; None for a host that others connect to.

    Raises ConfigError when the link's port is no ``udp:HOST:PORT``.
    """
    if link.kind == NETWORK and settings_of(link).host:
        return None
    if not link.port.startswith(UDP):
        raise ConfigError(f"port: expected udp:HOST:PORT, got {link.port!r}")
    host, port = parse_address(link.port, "port")
    if port == 0:
        raise ConfigError(f"port: expected a port of 1 to 65535, got {link.port!r}")
    return host, port


def local_of(link: Link) -> Address:
    """Return where we take datagrams; a simulated peer of this machine is met on loopback."""
    peer = peer_of(link)
    listen = settings_of(link).listen
    if listen == P25Settings().listen and peer is not None and peer[0] == "127.0.0.1":
        return "127.0.0.1", 0
    return parse_address(listen, "p25.listen")


def p25_link_faults(link: Link) -> list[str]:
    """Return what cannot be in a P25 link, a sentence each; nothing for another kind."""
    if link.kind not in P25_KINDS:
        return [f"p25: is for P25 links, its kind is {link.kind}"] if link.p25 else []
    faults = p25_faults(settings_of(link))
    for check in (_port_fault, _groups_fault, _fne_fault):
        try:
            fault = check(link)
        except ConfigError as error:
            fault = str(error)
        if fault:
            faults.append(fault)
    if link.sound:
        faults.append('sound: a P25 link carries its own voice; expected ""')
    return faults


def read_password(path: str) -> bytes:
    """Return the first line of a file that the server alone may read; raises ConfigError."""
    line = _secret_line("password_file", path)
    if not line or len(line) > MAX_PASSWORD_BYTES:
        raise ConfigError(f"password_file: {path}: expected a first line of 1 to 512 bytes")
    return line


def read_key(path: str) -> bytes:
    """Return the 32 octets of a file of 64 hex digits; raises ConfigError."""
    line = _secret_line("key_file", path)
    try:
        key = bytes.fromhex(line.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS:
        raise ConfigError(f"key_file: {path}: expected a first line of {2 * KEY_OCTETS} hex digits")
    return key


def _secret_line(key: str, path: str) -> bytes:
    """Return the first line of a file that nobody else may read."""
    file = Path(path)
    try:
        mode = file.stat().st_mode
        lines = file.read_bytes()[: MAX_PASSWORD_BYTES + 2].splitlines()
    except OSError as error:
        raise ConfigError(f"{key}: {path} cannot be read: {error.strerror or error}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{key}: {path} can be read by others", hint=f"Run: chmod 600 {path}")
    return lines[0] if lines else b""


def _port_fault(link: Link) -> str:
    if link.port.startswith(SIMULATED):
        return ""
    if link.kind == MODEM and not link.port.startswith(UDP):
        check_name(link.port)
        if link.speed_bps not in MODEM_SPEEDS:
            speeds = ", ".join(str(speed) for speed in MODEM_SPEEDS)
            return f"speed_bps: a modem board has one of {speeds}, got {link.speed_bps}"
        return ""
    peer_of(link)
    parse_address(settings_of(link).listen, "p25.listen")
    return ""


def _groups_fault(link: Link) -> str:
    wrong = [number for number in link.talkgroups if not 1 <= number <= MAX_TGID]
    return f"talkgroups: expected 1 to {MAX_TGID}, got {wrong[0]}" if wrong else ""


def _fne_fault(link: Link) -> str:
    settings = settings_of(link)
    if link.kind != FNE:
        return ""
    if not settings.peer_id:
        return "p25.peer_id: missing; the master's keeper gives one"
    return "" if settings.password_file else "p25.password_file: missing"

"""Recorded traffic from files: pcap, pcapng (UDP inside) and lines of JSON, read without help."""

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from gateway.model.errors import ConfigError

MAX_FILE_BYTES: Final = 1 << 30
MAX_HEADER_BYTES: Final = 1 << 16
HEADER, FOOTER = "samband_trace", "end"
"""Keys that the first and the last line of a trace have instead of octets."""
_PCAP: Final = {
    b"\xa1\xb2\xc3\xd4": (">", 1e3),
    b"\xd4\xc3\xb2\xa1": ("<", 1e3),
    b"\xa1\xb2\x3c\x4d": (">", 1e6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e6),
}
"""First four octets -> byte order, units of the fraction in a millisecond."""
_PCAPNG: Final = b"\x0a\x0d\x0d\x0a"
_SECTION, _INTERFACE, _SIMPLE, _ENHANCED = 0x0A0D0D0A, 1, 3, 6
_ETHERNET, _RAW, _RAW_OLD, _NULL, _LOOP, _COOKED, _COOKED_2 = 1, 101, 12, 0, 108, 113, 276
_IPV4, _IPV6, _VLAN, _QINQ = 0x0800, 0x86DD, 0x8100, 0x88A8
_UDP: Final = 17
_FIELDS: Final = ("hex", "datagram", "udp", "rtp", "frame", "record", "data")
"""Keys under which a line of JSON may hold its octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One datagram, frame or record. ``time_ms`` counts from the first; None: it is not known."""

    data: bytes
    time_ms: float | None = None
    source: tuple[str, int] | None = None
    target: tuple[str, int] | None = None
    way: str = ""
    """Direction as a line of JSON says it: ``master->peer``, ``in``."""


def read_header(path: Path) -> dict[str, object]:
    """Return the first line of a trace that Samband recorded; empty for any other file."""
    try:
        with path.open("rb") as file:
            first = file.readline(MAX_HEADER_BYTES)
        row = json.loads(first)
    except (OSError, ValueError):
        return {}
    return row if isinstance(row, dict) and HEADER in row else {}


def read_file(path: Path) -> list[Recorded]:
    """Return what a file holds, in order; raises ConfigError where it cannot be read."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError(f"{path}: expected at most 1 GB", hint="Cut it with editcap.")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    if data[:4] in _PCAP:
        found = list(_pcap(data))
    elif data[:4] == _PCAPNG:
        found = list(_pcapng(data))
    else:
        found = list(_json(data, path))
    return _from_zero(found)


def _from_zero(found: list[Recorded]) -> list[Recorded]:
    times = [one.time_ms for one in found if one.time_ms is not None]
    if not times:
        return found
    begin = min(times)
    return [
        Recorded(
            data=one.data,
            time_ms=None if one.time_ms is None else one.time_ms - begin,
            source=one.source,
            target=one.target,
            way=one.way,
        )
        for one in found
    ]


# -- pcap


def _pcap(data: bytes) -> Iterator[Recorded]:
    order, per_ms = _PCAP[data[:4]]
    if len(data) < 24:
        return
    link = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, kept, _ = struct.unpack_from(order + "IIII", data, at)
        packet = data[at + 16 : at + 16 + kept]
        at += 16 + kept
        yield from _udp(packet, link, seconds * 1e3 + fraction / per_ms)


def _pcapng(data: bytes) -> Iterator[Recorded]:
    order = "<"
    links: list[tuple[int, float]] = []
    at = 0
    while at + 12 <= len(data):
        if data[at : at + 4] == _PCAPNG:
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or at + length > len(data):
            return
        body = data[at + 8 : at + length - 4]
        at += length
        if kind == _INTERFACE and len(body) >= 8:
            links.append((struct.unpack_from(order + "H", body)[0], _ticks_per_ms(body, order)))
        elif kind == _ENHANCED and len(body) >= 20:
            number, high, low, kept, _ = struct.unpack_from(order + "IIIII", body)
            if number < len(links):
                link, per_ms = links[number]
                yield from _udp(body[20 : 20 + kept], link, (high << 32 | low) / per_ms)
        elif kind == _SIMPLE and links:
            yield from _udp(body[4:], links[0][0], None)


def _ticks_per_ms(interface: bytes, order: str) -> float:
    """Return the resolution of an interface's times: option 9, microseconds without it."""
    at = 8
    while at + 4 <= len(interface):
        code, length = struct.unpack_from(order + "HH", interface, at)
        if code == 0:
            break
        if code == 9 and length >= 1 and at + 4 < len(interface):
            value = interface[at + 4]
            ticks: float = 2.0 ** (value & 0x7F) if value & 0x80 else 10.0**value
            return ticks / 1e3
        at += 4 + length + -length % 4
    return 1e3


# -- packets


def _udp(packet: bytes, link: int, time_ms: float | None) -> Iterator[Recorded]:
    """Give the datagram inside a packet; nothing for what is no whole UDP over IP."""
    found = _ip(packet, link)
    if found is None:
        return
    source, target, body = found
    if len(body) < 8:
        return
    from_port, to_port, length = struct.unpack_from(">HHH", body)
    yield Recorded(
        data=body[8 : max(length, 8)],
        time_ms=time_ms,
        source=(source, from_port),
        target=(target, to_port),
    )


def _ip(packet: bytes, link: int) -> tuple[str, str, bytes] | None:
    """Return addresses and UDP part of a packet."""
    body = _without_link(packet, link)
    version = body[0] >> 4 if body else 0
    if version == 4 and len(body) >= 20:
        head = 4 * (body[0] & 0xF)
        fragment = int.from_bytes(body[6:8], "big") & 0x3FFF
        if body[9] != _UDP or fragment:
            return None
        end = int.from_bytes(body[2:4], "big")
        return str(ip_address(body[12:16])), str(ip_address(body[16:20])), body[head:end]
    if version == 6 and len(body) >= 40 and body[6] == _UDP:
        return str(ip_address(body[8:24])), str(ip_address(body[24:40])), body[40:]
    return None


def _without_link(packet: bytes, link: int) -> bytes:
    if link == _ETHERNET:
        at = 12
        while packet[at : at + 2] in (_VLAN.to_bytes(2, "big"), _QINQ.to_bytes(2, "big")):
            at += 4
        kind = int.from_bytes(packet[at : at + 2], "big")
        return packet[at + 2 :] if kind in (_IPV4, _IPV6) else b""
    skipped = {_RAW: 0, _RAW_OLD: 0, 14: 0, 228: 0, 229: 0, _NULL: 4, _LOOP: 4, _COOKED: 16}
    if link == _COOKED_2:
        return packet[20:]
    return packet[skipped[link] :] if link in skipped else b""


# -- lines of JSON


def _json(data: bytes, path: Path) -> Iterator[Recorded]:
    """Give the rows of a file of lines, or of one object with ``entries``."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(
            f"{path}: expected a pcap, a pcapng or lines of JSON",
            hint="tcpdump -w FILE.pcap udp  records what replay reads.",
        ) from None
    for number, row in _rows(text, path):
        if isinstance(row, dict) and (HEADER in row or FOOTER in row):
            continue
        yield _row(row, f"{path}:{number}")


def _rows(text: str, path: Path) -> Iterable[tuple[int, object]]:
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and isinstance(whole.get("entries"), list):
        return list(enumerate(whole["entries"], 1))
    if isinstance(whole, list):
        return list(enumerate(whole, 1))
    return _lines(text, path)


def _lines(text: str, path: Path) -> Iterator[tuple[int, object]]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line)
        except ValueError as error:
            if number == len(lines) and number > 1:
                return  # a trace that was cut off in the middle of its last line
            raise ConfigError(f"{path}:{number}: expected a JSON object, got: {error}") from None


def _row(row: object, where: str) -> Recorded:
    if not isinstance(row, dict):
        raise ConfigError(f"{where}: expected a JSON object, got {row!r}")
    text = next((row[name] for name in _FIELDS if isinstance(row.get(name), str)), None)
    if text is None:
        raise ConfigError(f"{where}: expected octets in hex under one of {', '.join(_FIELDS)}")
    try:
        data = bytes.fromhex(text)
    except ValueError:
        raise ConfigError(f"{where}: expected octets in hex, got {text[:40]!r}") from None
    way = row.get("dir")
    return Recorded(data=data, time_ms=_time(row), way=way if isinstance(way, str) else "")


def _time(row: dict[str, object]) -> float | None:
    for name, factor in (("t_ms", 1.0), ("t_s", 1e3)):
        value = row.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value * factor
    return None

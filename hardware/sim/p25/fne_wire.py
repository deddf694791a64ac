"""Packets of a simulated FNE master, from the reference (5.1 to 5.3) by itself.

Nothing of the gateway's readers and writers is used; only error correction is shared.
"""

import struct
from dataclasses import dataclass, field

from hardware.sim.p25.stage_voice import SimOver
from hardware.sim.p25.station_words import encryption_sync, link_control, pieces, word_of

HEAD = struct.Struct(">BBHIIHHHBBIII")
"""RTP header (12 octets), extension id and words, then CRC, function, sub-function, ids, length."""
LAST = 0xFFFF
TRAFFIC, MASTER, RPTL, RPTK, RPTC = 0x00, 0x01, 0x60, 0x61, 0x62
PEER_GONE, MASTER_GONE, PING, PONG = 0x70, 0x71, 0x74, 0x75
GRANT, IN_CALL, ACK, NAK, ANNOUNCE = 0x7A, 0x7B, 0x7E, 0x7F, 0x91
NONE, P25 = 0xFF, 0x01
LISTS = {"whitelist": 0, "blacklist": 1, "active": 2, "deactivated": 3}
TDU, LDU1, TSDU, LDU2, TDULC = 3, 5, 7, 10, 15
SIZES = (22, 14, 17, 17, 17, 17, 17, 17, 16)
VOICE_AT = (10, 1, 5, 5, 5, 5, 5, 5, 4)
MESSAGE_OCTETS = {LDU1: 201, LDU2: 189, TDU: 32, TSDU: 77, TDULC: 86}
STATED = {LDU1: 178, LDU2: 178, TDU: 24, TSDU: 45, TDULC: 54}
DEMAND, ENCRYPTED, TO_UNIT = 0x80, 0x08, 0x01
CLEAR = 0x80
SYSTEM, WACN = 0x001, 0xBB800
SILENCE = bytes.fromhex("040cfd7bfb7df27b3d9e45")
LATE = 2


def crc(octets: bytes) -> int:
    """Return the CRC-16 of a payload: polynomial 1021, start FFFF, not inverted."""
    register = 0xFFFF
    for octet in octets:
        register ^= octet << 8
        for _ in range(8):
            register = (register << 1 ^ (0x1021 if register & 0x8000 else 0)) & 0xFFFF
    return register


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A packet of a peer."""

    function: int
    sub: int
    sequence: int
    stream: int
    peer: int
    payload: bytes


def pack(
    function: int,
    payload: bytes,
    *,
    master: int,
    peer: int,
    sub: int = NONE,
    sequence: int = LAST,
    stream: int = 0,
    timestamp: int = 0,
) -> bytes:
    """Return a datagram of the master."""
    head = (0x90, 0x56, sequence, timestamp & 0xFFFFFFFF, master, 0x00FE, 4)
    return HEAD.pack(*head, crc(payload), function, sub, stream, peer, len(payload)) + payload


def unpack(data: bytes) -> Taken | str:
    """Return a peer's packet, or in words what is wrong with it."""
    if len(data) < HEAD.size:
        return f"{len(data)} octets are no packet"
    first, kind, sequence, _, ssrc, profile, words, check, function, sub, stream, peer, length = (
        HEAD.unpack_from(data)
    )
    payload = data[HEAD.size :]
    if (first, kind) != (0x90, 0x56) or (profile, words) != (0x00FE, 4):
        return "no RTP header with the extension 00FE of four words"
    if length != len(payload):
        return f"payload of {len(payload)} octets, {length} are stated"
    if check != crc(payload):
        return "the CRC is wrong"
    if ssrc != peer:
        return f"SSRC {ssrc} is not the peer {peer}"
    return Taken(
        function=function, sub=sub, sequence=sequence, stream=stream, peer=peer, payload=payload
    )


@dataclass(slots=True)
class Voice:
    """What an LDU of a peer says."""

    word: bytes
    frames: list[bytes] = field(default_factory=list)


def header(
    over: SimOver, duid: int, *, control: int = 0, source: int | None = None, to: int | None = None
) -> bytes:
    """Return the 24 octets before everything."""
    to_unit = over.target is not None
    if to is None:
        to = over.group if over.target is None else over.target
    control |= TO_UNIT if to_unit else 0
    control |= ENCRYPTED if over.algorithm != CLEAR else 0
    return b"".join(
        (
            b"P25D",
            b"\3" if to_unit else b"\0",
            (over.unit if source is None else source).to_bytes(3, "big"),
            to.to_bytes(3, "big"),
            SYSTEM.to_bytes(2, "big"),
            bytes([0, control, 0]),
            WACN.to_bytes(3, "big"),
            bytes(3),
            bytes([duid, STATED[duid]]),
        )
    )


def ldu(over: SimOver, frames: list[bytes], *, second: bool, frame_type: int) -> bytes:
    """Return a whole LDU message: nine frames of 11 octets."""
    word = encryption_sync(over) if second else link_control(over)
    parts = pieces(word, second)
    body = b""
    for number, frame in enumerate(frames):
        ident = bytes([(0x6B if second else 0x62) + number])
        if number == 0:
            body += ident + bytes(9) + frame + b"\0"
        elif number == 1:
            body += ident + frame + bytes(2)
        elif number == 8:
            body += ident + bytes(3) + frame + b"\0"
        else:
            body += ident + parts[number - 2] + b"\0" + frame + b"\0"
    if second:
        behind = bytes(11)
    else:
        said = bytes([over.algorithm]) + over.key_id.to_bytes(2, "big") + over.message_indicator
        behind = bytes(2) + bytes([frame_type]) + (said if frame_type == 1 else bytes(12))
        behind += bytes(8)
    return header(over, LDU2 if second else LDU1) + body + behind


def terminator(over: SimOver, *, demand: bool = False) -> bytes:
    """Return a TDU message; with ``demand`` it asks for a channel and ends nothing."""
    return header(over, TDU, control=DEMAND if demand else 0) + bytes(8)


def read_ldu(payload: bytes) -> Voice | str:
    """Return the voice of an LDU message, or in words what is wrong with it."""
    second = payload[22] == LDU2
    first = 0x6B if second else 0x62
    at = 24
    frames: list[bytes] = []
    parts: list[bytes] = []
    for number, (size, voice) in enumerate(zip(SIZES, VOICE_AT, strict=True)):
        record = payload[at : at + size]
        if record[0] != first + number:
            return f"record {record[0]:02X} where {first + number:02X} belongs"
        frames.append(record[voice : voice + 11])
        if 2 <= number <= 7:
            parts.append(record[1:4])
        at += size
    word = word_of(parts, second)
    if word is None:
        return "link control or encryption sync beyond correction"
    if parts != pieces(word, second):
        return "link control or encryption sync that is no code word"
    return Voice(word, frames)


def group_list(numbers: list[int], flags: int) -> bytes:
    """Return a list of talkgroups."""
    entries = b"".join(number.to_bytes(4, "big") + bytes([flags]) for number in numbers)
    return bytes(6) + len(numbers).to_bytes(4, "big") + entries


def unit_list(numbers: list[int]) -> bytes:
    """Return a list of units."""
    entries = b"".join(number.to_bytes(4, "big") for number in numbers)
    return bytes(6) + len(numbers).to_bytes(4, "big") + entries

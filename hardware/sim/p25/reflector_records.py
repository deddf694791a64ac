"""Records of a MMDVM P25 network, built and checked by the table of the reference (part 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from hardware.sim.p25.stage_voice import SimOver

FRAMES = 9
FIRST, SECOND, END, POLL, UNLINK = 0x62, 0x6B, 0x80, 0xF0, 0xF1
SIZES = (22, 14, 17, 17, 17, 17, 17, 17, 16)
VOICE_AT = (10, 1, 5, 5, 5, 5, 5, 5, 4)
HEAD = bytes.fromhex("02020c0b1264000080")
LC_TAIL = (b"\xf0\x9d\x6a", b"\x19\xd4\x26", b"\xe0\xeb\x7b")
ES_TAIL = (b"\xac\xb8\xa4", b"\x9b\xdc\x75")
SILENCE = bytes.fromhex("040cfd7bfb7df27b3d9e45")
IMBE = 11
CALLSIGN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A voice record of the gateway."""

    place: int
    imbe: bytes
    piece: bytes


def burst(over: SimOver, frames: Sequence[bytes], *, second: bool) -> list[bytes]:
    """Return the nine records of an LDU. Service options do not travel: the octet is zero."""
    first = SECOND if second else FIRST
    if second:
        indicator = over.message_indicator
        pieces = [indicator[0:3], indicator[3:6], indicator[6:9]]
        pieces += [bytes([over.algorithm]) + over.key_id.to_bytes(2, "big"), *ES_TAIL]
    else:
        group, unit = over.group.to_bytes(3, "big"), over.unit.to_bytes(3, "big")
        pieces = [bytes(3), group, unit, *LC_TAIL]
    records = [
        bytes([first]) + HEAD + frames[0] + b"\0",
        bytes([first + 1]) + frames[1] + b"\0\2",
    ]
    for number, piece in enumerate(pieces, 2):
        records.append(bytes([first + number]) + piece + b"\0" + frames[number] + b"\2")
    records.append(bytes([first + 8]) + b"\0\0\2" + frames[8] + b"\0")
    return records


def end() -> bytes:
    """Return the end of an over."""
    return bytes([END]).ljust(17, b"\0")


def poll(callsign: str) -> bytes:
    """Return a poll."""
    return bytes([POLL]) + callsign.encode("latin-1").ljust(CALLSIGN)[:CALLSIGN]


def unlink(callsign: str) -> bytes:
    """Return a farewell."""
    return bytes([UNLINK]) + callsign.encode("latin-1").ljust(CALLSIGN)[:CALLSIGN]


def notice(group: int) -> bytes:
    """Return the notice of a gateway's talkgroup; 0 is none."""
    return b"\x65" + group.to_bytes(3, "big")


def read(data: bytes) -> Read | str:
    """Return a voice record, or in words what is wrong with it."""
    place = data[0] - FIRST
    if not 0 <= place < 2 * FRAMES:
        return f"record {data[0]:02X}"
    number = place % FRAMES
    if len(data) != SIZES[number]:
        return f"record {data[0]:02X} of {len(data)} octets"
    at = VOICE_AT[number]
    wrong = _constants_fault(data, number, place)
    return wrong or Read(place=place, imbe=data[at : at + IMBE], piece=data[1:at])


def _constants_fault(data: bytes, number: int, place: int) -> str:
    if number == 0 and data[1:10] != HEAD:
        return f"record {data[0]:02X} begins with {data[1:10].hex()}"
    if number in (5, 6, 7) and place < FRAMES and data[1:4] != LC_TAIL[number - 5]:
        return f"record {data[0]:02X} carries {data[1:4].hex()}"
    if number in (6, 7) and place >= FRAMES and data[1:4] != ES_TAIL[number - 6]:
        return f"record {data[0]:02X} carries {data[1:4].hex()}"
    if number == 2 and place < FRAMES and data[3] != 0:
        return "record 64 carries service options, which nobody conveys"
    return ""

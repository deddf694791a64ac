"""The eighteen voice records of a superframe: V.24, the MMDVM network and the FNE share them.

Ids 62 to 6A are the frames of LDU1, 6B to 73 those of LDU2. What stands before, between and behind
voice and signalling differs by ``Dialect``; readers do not care (reference p25, 2.5, 4 and 5.3).
"""

from dataclasses import dataclass

from gateway.model.errors import ProtocolViolation

FRAMES_PER_LDU = 9
PLACES = 2 * FRAMES_PER_LDU
FIRST_ID = 0x62
IMBE_OCTETS = 11
SIZES = (22, 14, 17, 17, 17, 17, 17, 17, 16)
"""Octets of the records of one LDU."""
_VOICE_AT = (10, 1, 5, 5, 5, 5, 5, 5, 4)
_PIECE = (slice(0), slice(0), *[slice(1, 5)] * 6, slice(1, 3))
"""Signalling beside the voice: four octets (the last is status), low-speed data in the ninth."""
LDU_OCTETS = sum(SIZES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a sender writes where the records carry neither voice nor signalling."""

    first: bytes
    """Octets 1 to 9 of the first record of an LDU."""
    second_tail: bytes
    tail: int
    """Last octet of records three to eight."""
    ninth: int
    """Octet 3 of the ninth record."""


V24 = Dialect(first=bytes.fromhex("02020c0b0000000000"), second_tail=b"\0\2", tail=2, ninth=2)
NETWORK = Dialect(first=bytes.fromhex("02020c0b1264000080"), second_tail=b"\0\2", tail=2, ninth=2)
FNE = Dialect(first=bytes(9), second_tail=bytes(2), tail=0, ninth=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRecord:
    """One record: its place in the superframe (0 to 17), voice (11 octets), signalling."""

    place: int
    imbe: bytes
    piece: bytes
    """Empty in frames 1 and 2, four octets in 3 to 8, two of low-speed data in 9."""


def is_voice(data: bytes) -> bool:
    """Say whether a record's id is that of a voice record."""
    return bool(data) and FIRST_ID <= data[0] < FIRST_ID + PLACES


def read_record(data: bytes) -> VoiceRecord:
    """Read a voice record; octets behind it are ignored. Raises ProtocolViolation."""
    if not is_voice(data):
        found = f"{data[0]:02X}" if data else "nothing"
        raise ProtocolViolation(
            f"voice record: expected an id of 62 to 73, got {found}", raw=data, offset=0
        )
    place = data[0] - FIRST_ID
    frame = place % FRAMES_PER_LDU
    if len(data) < SIZES[frame]:
        raise ProtocolViolation(
            f"voice record {data[0]:02X}: expected {SIZES[frame]} octets, got {len(data)}",
            raw=data,
            offset=len(data),
        )
    voice = _VOICE_AT[frame]
    return VoiceRecord(
        place=place, imbe=data[voice : voice + IMBE_OCTETS], piece=data[_PIECE[frame]]
    )


def write_record(place: int, imbe: bytes, piece: bytes, dialect: Dialect) -> bytes:
    """Return the record of a frame; ``piece`` is filled up with zeros to its length."""
    frame = place % FRAMES_PER_LDU
    head = bytes([FIRST_ID + place])
    if frame == 0:
        return head + dialect.first + imbe + b"\0"
    if frame == 1:
        return head + imbe + dialect.second_tail
    if frame == FRAMES_PER_LDU - 1:
        return head + piece.ljust(2, b"\0") + bytes([dialect.ninth]) + imbe + b"\0"
    return head + piece.ljust(4, b"\0") + imbe + bytes([dialect.tail])

"""Blocks of the voice conveyance service: voice, voice headers, start and end of stream (2.3)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.talk.records import FIRST_ID, FRAMES_PER_LDU, IMBE_OCTETS, PLACES

HEXBITS: Final = 18
"""Six-bit symbols in each of the two voice headers, one an octet."""
HEADER_OCTETS: Final = 22
SOS_OCTETS: Final = 3
VOICE_OCTETS: Final = (14, 14, 18, 18, 18, 18, 18, 18, 17)
"""Octets of the voice blocks of an LDU, in order."""
_BARE_OCTETS: Final = 14


class BlockType(IntEnum):
    """Types that our sources lay out; others are kept whole."""

    VOICE = 0x00
    VOICE_HEADER_1 = 0x06
    VOICE_HEADER_2 = 0x07
    START_OF_STREAM = 0x09
    END_OF_STREAM = 0x0A
    START_ACK = 0x0E


class Busy(IntEnum):
    """State of the inbound channel, beside each voice frame."""

    TALK_AROUND = 0
    BUSY = 1
    INBOUND = 2
    IDLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceBlock:
    """20 ms of voice and its part of the LDU's signalling."""

    place: int
    """0 to 17 in the superframe; 62 to 73 as the frame type on the wire."""
    imbe: bytes
    errors: int = 0
    """Et: wrong bits that were corrected, 0 to 7."""
    rate: int = 0
    """Er, 0 to 7: the error rate; its unit is unknown to us."""
    mute: bool = False
    lost: bool = False
    high: int = 0
    """E1 and E4: four bits that our sources leave zero."""
    superframe: int = 0
    busy: int = Busy.BUSY
    extra: bytes = b""
    """Frames 3 to 8: three octets of link control or encryption sync and a status octet; frame 9:
    two octets of low-speed data and a reserved one; else empty."""

    type = BlockType.VOICE

    def encode(self) -> bytes:
        """Return 14, 18 or 17 octets; ``extra`` is filled up with zeros to its length."""
        flags = self.errors << 5 | self.rate << 2 | self.mute << 1 | self.lost
        counts = self.high << 4 | self.superframe << 2 | self.busy
        missing = VOICE_OCTETS[self.place % FRAMES_PER_LDU] - _BARE_OCTETS
        extra = self.extra[:missing].ljust(missing, b"\0")
        return bytes([FIRST_ID + self.place]) + self.imbe + bytes([flags, counts]) + extra


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceHeader:
    """Half of the header word: 18 six-bit symbols."""

    second: bool
    hexbits: bytes
    marker: int = 0x60
    tail: bytes = bytes(3)

    @property
    def type(self) -> BlockType:
        """Its block type."""
        return BlockType.VOICE_HEADER_2 if self.second else BlockType.VOICE_HEADER_1

    def encode(self) -> bytes:
        """Return 22 octets."""
        return bytes([self.marker]) + self.hexbits + self.tail


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOfStream:
    """What the frame on air was: NAC and data unit id."""

    nac: int
    duid: int
    reserved: int = 0
    errors: int = 0

    type = BlockType.START_OF_STREAM

    def encode(self) -> bytes:
        """Return 3 octets."""
        nid = self.nac << 4 | self.duid
        return nid.to_bytes(2, "big") + bytes([self.reserved << 4 | self.errors])


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfStream:
    """The over is done. Nothing follows by the standard; one program reads over an octet."""

    octets: bytes = b""

    type = BlockType.END_OF_STREAM

    def encode(self) -> bytes:
        """Return what it came with."""
        return self.octets


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAck:
    """A start of stream was seen. Some stations answer each one: a storm is normal."""

    octets: bytes = b""

    type = BlockType.START_ACK

    def encode(self) -> bytes:
        """Return what it came with."""
        return self.octets


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownBlock:
    """A block of another type, kept whole."""

    type: int
    octets: bytes

    def encode(self) -> bytes:
        """Return it as it came."""
        return self.octets


Block = VoiceBlock | VoiceHeader | StartOfStream | EndOfStream | StartAck | UnknownBlock


def decode_voice_block(octets: bytes, offset: int = 0) -> VoiceBlock:
    """Read a voice block at ``offset``; what follows is ignored. Raises ProtocolViolation."""
    _need(octets, offset, 1, "voice block")
    place = octets[offset] - FIRST_ID
    if not 0 <= place < PLACES:
        raise ProtocolViolation(
            f"voice block: expected a frame type of 62 to 73, got {octets[offset]:02X}",
            raw=octets,
            offset=offset,
        )
    size = VOICE_OCTETS[place % FRAMES_PER_LDU]
    _need(octets, offset, size, f"voice block {octets[offset]:02X}")
    block = octets[offset : offset + size]
    flags, counts = block[1 + IMBE_OCTETS : _BARE_OCTETS]
    return VoiceBlock(
        place=place,
        imbe=block[1 : 1 + IMBE_OCTETS],
        errors=flags >> 5,
        rate=flags >> 2 & 0b111,
        mute=bool(flags & 0b10),
        lost=bool(flags & 0b1),
        high=counts >> 4,
        superframe=counts >> 2 & 0b11,
        busy=counts & 0b11,
        extra=block[_BARE_OCTETS:],
    )


def decode_voice_header(octets: bytes, offset: int, *, second: bool) -> VoiceHeader:
    """Read a voice header at ``offset``; raises ProtocolViolation."""
    _need(octets, offset, HEADER_OCTETS, f"voice header {2 if second else 1}")
    block = octets[offset : offset + HEADER_OCTETS]
    return VoiceHeader(
        second=second, marker=block[0], hexbits=block[1 : 1 + HEXBITS], tail=block[1 + HEXBITS :]
    )


def decode_start_of_stream(octets: bytes, offset: int = 0) -> StartOfStream:
    """Read a start of stream at ``offset``; raises ProtocolViolation."""
    _need(octets, offset, SOS_OCTETS, "start of stream")
    nid = int.from_bytes(octets[offset : offset + 2], "big")
    last = octets[offset + 2]
    return StartOfStream(nac=nid >> 4, duid=nid & 0xF, reserved=last >> 4, errors=last & 0xF)


def _need(octets: bytes, offset: int, count: int, what: str) -> None:
    if len(octets) - offset < count:
        raise ProtocolViolation(
            f"{what}: expected {count} octets, got {len(octets) - offset}",
            raw=octets,
            offset=len(octets),
        )

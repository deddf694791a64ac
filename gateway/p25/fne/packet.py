"""One packet: RTP header, extension 00FE with its CRC-16, payload (reference p25, 5.1)."""

import struct
from binascii import crc_hqx
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.fne.numbers import LAST_SEQUENCE, NO_SUB_FUNCTION

RTP_FIRST: Final = 0x90
"""Version 2, no padding, extension present, no contributing sources."""
_MUST_BE: Final = 0b1101_1111
"""Bits of the first octet that are looked at: all but padding."""
PAYLOAD_TYPE: Final = 0x56
EXTENSION_ID: Final = 0x00FE
EXTENSION_WORDS: Final = 4
_RTP = struct.Struct(">BBHII")
_EXTENSION = struct.Struct(">HH")
_FNE = struct.Struct(">HBBIII")
HEADER_OCTETS: Final = _RTP.size + _EXTENSION.size + _FNE.size


def crc16(payload: bytes) -> int:
    """Return the CRC-16 of a payload (polynomial 1021, start FFFF, not inverted)."""
    return crc_hqx(payload, 0xFFFF)


@dataclass(frozen=True, slots=True, kw_only=True)
class FnePacket:
    """One packet between peer and master."""

    function: int
    sub_function: int = NO_SUB_FUNCTION
    sequence: int = LAST_SEQUENCE
    timestamp: int = 0
    ssrc: int
    """Peer id or master id of the sender."""
    stream: int = 0
    peer: int
    payload: bytes = b""
    marker: bool = False
    extension: bytes = b""
    """Octets that a newer version has behind the sixteen of the extension."""
    trailer: bytes = b""
    """Octets behind the payload."""
    padded: bool = False

    def encode(self) -> bytes:
        """Return the datagram."""
        first = RTP_FIRST | (0x20 if self.padded else 0)
        second = PAYLOAD_TYPE | (0x80 if self.marker else 0)
        words = EXTENSION_WORDS + len(self.extension) // 4
        return b"".join(
            (
                _RTP.pack(first, second, self.sequence, self.timestamp, self.ssrc),
                _EXTENSION.pack(EXTENSION_ID, words),
                _FNE.pack(
                    crc16(self.payload),
                    self.function,
                    self.sub_function,
                    self.stream,
                    self.peer,
                    len(self.payload),
                ),
                self.extension,
                self.payload,
                self.trailer,
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> "FnePacket":
        """Read a datagram; raises ProtocolViolation with the place where it goes wrong."""
        if len(data) < HEADER_OCTETS:
            reason = f"expected at least {HEADER_OCTETS} octets, got {len(data)}"
            raise _bad(data, len(data), reason)
        first, second, sequence, timestamp, ssrc = _RTP.unpack_from(data)
        if first & _MUST_BE != RTP_FIRST:
            raise _bad(data, 0, f"expected RTP version 2 with an extension, got {first:02X}")
        if second & 0x7F != PAYLOAD_TYPE:
            raise _bad(data, 1, f"expected payload type 56, got {second & 0x7F:02X}")
        kind, words = _EXTENSION.unpack_from(data, _RTP.size)
        if kind != EXTENSION_ID or words < EXTENSION_WORDS:
            raise _bad(data, 12, f"expected extension 00FE of 4 words, got {kind:04X} of {words}")
        crc, function, sub, stream, peer, length = _FNE.unpack_from(data, 16)
        begin = _RTP.size + _EXTENSION.size + 4 * words
        if begin + length > len(data):
            got = max(0, len(data) - begin)
            raise _bad(data, len(data), f"expected a payload of {length} octets, got {got}")
        payload = data[begin : begin + length]
        if crc16(payload) != crc:
            raise _bad(data, 16, f"expected CRC {crc16(payload):04X}, got {crc:04X}")
        return cls(
            function=function,
            sub_function=sub,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            stream=stream,
            peer=peer,
            payload=payload,
            marker=second >= 0x80,
            extension=data[HEADER_OCTETS:begin],
            trailer=data[begin + length :],
            padded=bool(first & 0x20),
        )


def _bad(data: bytes, offset: int, reason: str) -> ProtocolViolation:
    return ProtocolViolation(f"FNE packet: {reason}", raw=data, offset=offset)

"""The RTP header under voice and records (RFC 3550, 5.1; reference p25, 2.3)."""

from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation

VERSION: Final = 2
HEADER_OCTETS: Final = 12
TIA_VOICE: Final = 0x64
V24_VOICE: Final = 0x5D
V24_DATA: Final = 0x5E
"""V.24 records travel in these two types; one station program uses ``TIA_VOICE`` for them too."""
TICKS_PER_FRAME: Final = 160
"""Time stamps count 8 kHz; some stations step by 60 a packet and never count sequence numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpPacket:
    """One packet; contributing sources, an extension and padding are read over."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        """Return the header of 12 octets and the payload."""
        return (
            bytes([VERSION << 6, self.marker << 7 | self.payload_type])
            + (self.sequence & 0xFFFF).to_bytes(2, "big")
            + (self.timestamp & 0xFFFFFFFF).to_bytes(4, "big")
            + self.ssrc.to_bytes(4, "big")
            + self.payload
        )


def decode_rtp(octets: bytes) -> RtpPacket:
    """Read one datagram; raises ProtocolViolation."""
    if len(octets) < HEADER_OCTETS:
        raise _fault(octets, len(octets), f"expected 12 octets of header, got {len(octets)}")
    first = octets[0]
    if first >> 6 != VERSION:
        raise _fault(octets, 0, f"expected version 2, got {first >> 6}")
    start = HEADER_OCTETS + 4 * (first & 0b1111)
    if first & 0b0001_0000:
        if len(octets) < start + 4:
            raise _fault(octets, len(octets), "its extension is cut off")
        start += 4 + 4 * int.from_bytes(octets[start + 2 : start + 4], "big")
    end = len(octets)
    if first & 0b0010_0000:
        end -= octets[-1]
    if start > end:
        raise _fault(octets, min(start, len(octets)), "no payload behind the header")
    return RtpPacket(
        payload_type=octets[1] & 0b0111_1111,
        marker=bool(octets[1] & 0b1000_0000),
        sequence=int.from_bytes(octets[2:4], "big"),
        timestamp=int.from_bytes(octets[4:8], "big"),
        ssrc=int.from_bytes(octets[8:12], "big"),
        payload=octets[start:end],
    )


def _fault(octets: bytes, offset: int, reason: str) -> ProtocolViolation:
    return ProtocolViolation(f"RTP packet: {reason}", raw=octets, offset=offset)

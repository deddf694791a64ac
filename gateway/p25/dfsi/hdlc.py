"""HDLC framing of the V.24 line: flags, zero-bit stuffing, CRC-16/X.25 (reference p25, 1.15, 2.6).

A synchronous line carries bits; here they are packed in octets, the first bit on the line in the
least significant place, as serial hardware does it. NRZ: a bit is a level. Inside, bits are text of
0 and 1 in the order of the line, which Python searches and replaces fast.
"""

from typing import Final

FLAG: Final = "01111110"
ABORT: Final = "1111111"
MAX_FRAME_OCTETS: Final = 512
"""Longer than any record; a line without flags costs no more memory than this."""
CRC_OCTETS: Final = 2
MAX_BITS: Final = 8 * (MAX_FRAME_OCTETS + CRC_OCTETS) * 6 // 5
_POLYNOMIAL: Final = 0x8408
"""1021, reflected."""
_START: Final = 0xFFFF
_FIVE: Final = "11111"
_BITS: Final = tuple(f"{octet:08b}"[::-1] for octet in range(256))


def _step(octet: int) -> int:
    for _ in range(8):
        octet = octet >> 1 ^ (_POLYNOMIAL if octet & 1 else 0)
    return octet


_TABLE: Final = tuple(_step(octet) for octet in range(256))


def crc_x25(octets: bytes) -> int:
    """Return CRC-16/X.25; on the line its low octet comes first."""
    register = _START
    for octet in octets:
        register = register >> 8 ^ _TABLE[(register ^ octet) & 0xFF]
    return register ^ 0xFFFF


def with_crc(octets: bytes) -> bytes:
    """Return a frame's octets and its CRC."""
    return octets + crc_x25(octets).to_bytes(CRC_OCTETS, "little")


def bits_of(octets: bytes) -> str:
    """Return octets as bits in the order of the line."""
    return "".join([_BITS[octet] for octet in octets])


def octets_of(bits: str) -> bytes:
    """Return whole octets of bits in the order of the line; what is left over is dropped."""
    count = len(bits) // 8
    return int(bits[: 8 * count][::-1] or "0", 2).to_bytes(count, "little")


class HdlcWriter:
    """Frames to a stream of bits."""

    def __init__(self) -> None:
        """Begin between two frames."""
        self._bits = ""

    def frame(self, octets: bytes) -> None:
        """Add one frame; its CRC is added to it."""
        self._bits += FLAG + bits_of(with_crc(octets)).replace(_FIVE, _FIVE + "0") + FLAG

    def take(self) -> bytes:
        """Return what is to be sent; the line is filled up to whole octets with marks (ones)."""
        bits, self._bits = self._bits, ""
        return octets_of(bits + "1" * (-len(bits) % 8))


class HdlcReader:
    """Bits of the line to frames, whatever comes between them."""

    def __init__(self) -> None:
        """Begin out of step: the first flag begins a frame."""
        self._bits = ""
        self._inside = False
        self.damaged = 0
        """Frames whose CRC or length was wrong."""

    def feed(self, octets: bytes) -> list[bytes]:
        """Take octets of the line; returns the frames that became complete, without CRC."""
        return self.feed_bits(bits_of(octets))

    def feed_bits(self, bits: str) -> list[bytes]:
        """Take bits in the order of the line, as text of 0 and 1."""
        *closed, last = (self._bits + bits).split(FLAG)
        frames: list[bytes] = []
        for part in closed:
            if self._inside:
                frames += self._close(part)
            self._inside = True
        if len(last) > MAX_BITS or (self._inside and ABORT in last):
            self.damaged += self._inside and ABORT not in last
            self._inside = False
        self._bits = last if self._inside else last[-len(FLAG) + 1 :]
        return frames

    def _close(self, bits: str) -> list[bytes]:
        """Read what lay between two flags; the second may share the first one's last zero."""
        while bits.startswith(FLAG[1:]):
            bits = bits[len(FLAG) - 1 :]
        if ABORT in bits or len(bits) < 8:
            return []  # broken off, or flags one after the other
        plain = bits.replace(_FIVE + "0", _FIVE)
        octets = octets_of(plain)
        body, crc = octets[:-CRC_OCTETS], octets[-CRC_OCTETS:]
        if len(plain) % 8 or not body or crc_x25(body) != int.from_bytes(crc, "little"):
            self.damaged += 1
            return []
        return [body]

"""HDLC framing of the V.24 line: flags, zero-bit stuffing, CRC-16/X.25 (reference p25, 1.15, 2.6).

A synchronous line carries bits; here they are packed in octets, the first bit on the line in the
least significant place, as serial hardware does it. NRZ: a bit is a level.
"""

from collections.abc import Iterable, Iterator
from typing import Final

FLAG: Final = 0x7E
MAX_FRAME_OCTETS: Final = 512
"""Longer than any record; a line without flags costs no more memory than this."""
CRC_OCTETS: Final = 2
_POLYNOMIAL: Final = 0x8408
"""1021, reflected."""
_START: Final = 0xFFFF
_ONES_BEFORE_STUFFING: Final = 5
_FLAG_BITS: Final = tuple(FLAG >> bit & 1 for bit in range(8))


def crc_x25(octets: bytes) -> int:
    """Return CRC-16/X.25; on the line its low octet comes first."""
    register = _START
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (_POLYNOMIAL if register & 1 else 0)
    return register ^ 0xFFFF


def with_crc(octets: bytes) -> bytes:
    """Return a frame's octets and its CRC."""
    return octets + crc_x25(octets).to_bytes(CRC_OCTETS, "little")


class HdlcWriter:
    """Frames to a continuous stream of bits: between frames the line carries flags."""

    def __init__(self) -> None:
        """Begin between two frames."""
        self._bits: list[int] = []

    def frame(self, octets: bytes) -> None:
        """Add one frame; its CRC is added to it."""
        self._bits += _FLAG_BITS
        ones = 0
        for octet in with_crc(octets):
            for place in range(8):
                bit = octet >> place & 1
                self._bits.append(bit)
                ones = ones + 1 if bit else 0
                if ones == _ONES_BEFORE_STUFFING:
                    self._bits.append(0)
                    ones = 0
        self._bits += _FLAG_BITS

    def take(self) -> bytes:
        """Return what is to be sent; the line is filled up to whole octets with marks (ones)."""
        while len(self._bits) % 8:
            self._bits.append(1)
        bits, self._bits = self._bits, []
        return bytes(
            sum(bits[at + place] << place for place in range(8)) for at in range(0, len(bits), 8)
        )


class HdlcReader:
    """Bits of the line to frames, whatever comes between them."""

    def __init__(self) -> None:
        """Begin out of step: the first flag begins a frame."""
        self._shift = 0
        self._ones = 0
        self._frame: list[int] | None = None
        self.damaged = 0
        """Frames whose CRC or length was wrong."""
        self.aborted = 0
        """Frames that were broken off by seven ones."""

    def feed(self, octets: bytes) -> list[bytes]:
        """Take octets of the line; returns the frames that became complete, without CRC."""
        return self.feed_bits(octet >> place & 1 for octet in octets for place in range(8))

    def feed_bits(self, bits: Iterable[int]) -> list[bytes]:
        """Take bits in the order of the line."""
        frames: list[bytes] = []
        for bit in bits:
            frames += self._take(bit)
        return frames

    def _take(self, bit: int) -> Iterator[bytes]:
        self._ones = self._ones + 1 if bit else 0
        self._shift = (self._shift >> 1 | bit << 7) & 0xFF
        if self._shift == FLAG:
            yield from self._close()
            self._frame, self._ones = [], 0
            return
        if self._frame is None:
            return
        if self._ones >= 7:
            self.aborted += len(self._frame) > 7
            self._frame = None
            return
        self._frame.append(bit)
        if len(self._frame) > 8 * (MAX_FRAME_OCTETS + CRC_OCTETS) * 6 // 5:
            self.damaged += 1
            self._frame = None

    def _close(self) -> Iterator[bytes]:
        """End a frame at a flag, whose first seven bits are in it."""
        if self._frame is None:
            return
        bits = list(_unstuffed(self._frame[:-7]))
        if len(bits) < 8:
            return  # flags one after the other
        octets = bytes(
            sum(bits[at + place] << place for place in range(8))
            for at in range(0, len(bits) - len(bits) % 8, 8)
        )
        body, crc = octets[:-CRC_OCTETS], octets[-CRC_OCTETS:]
        if len(bits) % 8 or not body or crc_x25(body) != int.from_bytes(crc, "little"):
            self.damaged += 1
            return
        yield body


def _unstuffed(bits: list[int]) -> Iterator[int]:
    ones = 0
    for bit in bits:
        if ones == _ONES_BEFORE_STUFFING:
            ones = 0  # the stuffed zero
            continue
        ones = ones + 1 if bit else 0
        yield bit

"""Hamming(15, 11, 3): corrects one error.

Systematic: eleven information bits first, then four of parity; a word is an int whose most
significant bit is sent first. The code is perfect: every word of 15 bits lies within one bit of
exactly one code word, so decoding always succeeds, rightly or wrongly.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.fec.code import BlockCode, Corrected, parity_of_masks

HAMMING_15_11: Final = BlockCode("Hamming(15,11)", 15, 11, 3)

PARITY_ROWS_15_11: Final = tuple(row for row in range(15, 2, -1) if row.bit_count() > 1)
"""Parity of each information bit, first bit first: the columns of weight two and more, falling."""
_PARITY_BITS: Final = 4
_INFO_MASK: Final = 0x7FF


def _corrections() -> npt.NDArray[np.int32]:
    table = np.zeros(1 << _PARITY_BITS, dtype=np.int32)
    for position in range(_PARITY_BITS):
        table[1 << position] = 1 << position
    for position, row in enumerate(reversed(PARITY_ROWS_15_11)):
        table[row] = 1 << (position + _PARITY_BITS)
    return table


PARITY_TABLE: Final[npt.NDArray[np.int32]] = np.array(
    [parity_of_masks(info, PARITY_ROWS_15_11) for info in range(_INFO_MASK + 1)], dtype=np.int32
)
"""int32 (2048,): the four parity bits of eleven information bits."""
CORRECTION_TABLE: Final = _corrections()
"""int32 (16,): the error pattern, 15 bits, of each syndrome."""


def encode_15_11(info: int) -> int:
    """Return the word of 15 bits for eleven information bits."""
    return info << _PARITY_BITS | int(PARITY_TABLE[info])


def decode_15_11(word: int) -> Corrected:
    """Return the nearest code word's information; any word has one within one bit."""
    info = word >> _PARITY_BITS & _INFO_MASK
    syndrome = int(PARITY_TABLE[info]) ^ (word & (1 << _PARITY_BITS) - 1)
    pattern = int(CORRECTION_TABLE[syndrome])
    return Corrected(info ^ pattern >> _PARITY_BITS, pattern.bit_count(), ok=True)


HAMMING_10_6: Final = BlockCode("Hamming(10,6)", 10, 6, 3)
"""Not perfect: some words lie more than one bit from every code word, and are reported."""

_MASKS_10_6: Final = (0b111001, 0b110101, 0b101110, 0b011110)
"""Information bits that each parity bit sums."""


def _parity_10_6(info: int) -> int:
    parity = 0
    for mask in _MASKS_10_6:
        parity = parity << 1 | (info & mask).bit_count() & 1
    return parity


def encode_10_6(info: int) -> int:
    """Return the word of 10 bits for six information bits (P25's hexbits in an LDU)."""
    return info << 4 | _parity_10_6(info)


_PATTERNS_10_6: Final = {0: 0} | {
    _parity_10_6((1 << place) >> 4) ^ ((1 << place) & 0xF): 1 << place for place in range(10)
}


def decode_10_6(word: int) -> Corrected:
    """Return the information of the code word within one bit; ``ok`` False if there is none."""
    pattern = _PATTERNS_10_6.get(_parity_10_6(word >> 4) ^ (word & 0xF))
    if pattern is None:
        return Corrected(word >> 4, 0, ok=False)
    return Corrected((word ^ pattern) >> 4, pattern.bit_count(), ok=True)

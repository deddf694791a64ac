"""Golay codes: (23, 12, 7) corrects three errors, (24, 12, 8) corrects three and sees four.

Systematic: twelve information bits first, then parity; a word is an int whose most significant bit
is sent first. The (23, 12) code is perfect: every word of 23 bits lies within three bits of exactly
one code word, so decoding always succeeds, rightly or wrongly. The (24, 12) code adds one bit that
makes the number of ones even, and so tells four errors from three.
"""

from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.fec.code import BlockCode, Corrected

GOLAY_23_12: Final = BlockCode("Golay(23,12)", 23, 12, 7)
GOLAY_24_12: Final = BlockCode("Golay(24,12)", 24, 12, 8)

GENERATOR: Final = 0b1100_0111_0101
"""x^11 + x^10 + x^6 + x^5 + x^4 + x^2 + 1; the bit sent first has the highest power."""
_PARITY_BITS: Final = 11
_INFO_MASK: Final = 0xFFF


def _remainder(word: int) -> int:
    """Divide a word of 23 bits by the generator."""
    for shift in range(GOLAY_23_12.k - 1, -1, -1):
        if word >> (shift + _PARITY_BITS) & 1:
            word ^= GENERATOR << shift
    return word


def _corrections() -> npt.NDArray[np.int32]:
    """Return, per syndrome, the error pattern of weight 0 to 3 that causes it."""
    table = np.zeros(1 << _PARITY_BITS, dtype=np.int32)
    single = [_remainder(1 << position) for position in range(GOLAY_23_12.n)]
    for weight in range(1, GOLAY_23_12.correctable + 1):
        for positions in combinations(range(GOLAY_23_12.n), weight):
            syndrome = 0
            for position in positions:
                syndrome ^= single[position]
            table[syndrome] = sum(1 << position for position in positions)
    return table


PARITY_TABLE: Final[npt.NDArray[np.int32]] = np.array(
    [_remainder(info << _PARITY_BITS) for info in range(_INFO_MASK + 1)], dtype=np.int32
)
"""int32 (4096,): the eleven parity bits of twelve information bits."""
CORRECTION_TABLE: Final = _corrections()
"""int32 (2048,): the error pattern, 23 bits, of each syndrome."""


def encode_23_12(info: int) -> int:
    """Return the word of 23 bits for twelve information bits."""
    return info << _PARITY_BITS | int(PARITY_TABLE[info])


def decode_23_12(word: int) -> Corrected:
    """Return the nearest code word's information; any word has one within three bits."""
    info = word >> _PARITY_BITS & _INFO_MASK
    syndrome = int(PARITY_TABLE[info]) ^ (word & (1 << _PARITY_BITS) - 1)
    pattern = int(CORRECTION_TABLE[syndrome])
    return Corrected(info ^ pattern >> _PARITY_BITS, pattern.bit_count(), ok=True)


def encode_24_12(info: int) -> int:
    """Return the word of 24 bits: that of 23 and a bit for even parity."""
    word = encode_23_12(info)
    return word << 1 | word.bit_count() & 1


def decode_24_12(word: int) -> Corrected:
    """Correct up to three errors; with four, ``ok`` is false and the information as received."""
    inside = decode_23_12(word >> 1)
    errors = inside.errors + ((encode_24_12(inside.info) ^ word) & 1)
    if errors > GOLAY_24_12.correctable:
        return Corrected(word >> GOLAY_24_12.k & _INFO_MASK, errors, ok=False)
    return Corrected(inside.info, errors, ok=True)


GOLAY_18_6: Final = BlockCode("Golay(18,6)", 18, 6, 8)
"""The (24, 12) code with its six high information bits zero and left out (P25's header)."""


def encode_18_6(info: int) -> int:
    """Return the word of 18 bits for six information bits."""
    return encode_24_12(info)


def decode_18_6(word: int) -> Corrected:
    """Return the information of the code word within three bits; ``ok`` False if there is none."""
    decoded = decode_24_12(word)
    if decoded.info >> GOLAY_18_6.k:  # the nearest word of the whole code is none of this one
        return Corrected(word >> 12, 0, ok=False)
    return decoded

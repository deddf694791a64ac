"""Shortened cyclic code (16, 8, 5): corrects two errors. P25's low-speed data.

Systematic: eight information bits first; a word is an int whose most significant bit is sent first.
"""

from itertools import combinations
from typing import Final

from voicecodecs.fec.code import BlockCode, Corrected

CYCLIC_16_8: Final = BlockCode("cyclic (16,8)", 16, 8, 5)
GENERATOR: Final = 0b1_0011_1001
"""x^8 + x^5 + x^4 + x^3 + 1."""


def _parity(info: int) -> int:
    rest = info << 8
    for bit in range(15, 7, -1):
        if rest >> bit & 1:
            rest ^= GENERATOR << (bit - 8)
    return rest


def _corrections() -> dict[int, int]:
    table = {0: 0}
    for weight in range(1, CYCLIC_16_8.correctable + 1):
        for places in combinations(range(CYCLIC_16_8.n), weight):
            pattern = sum(1 << place for place in places)
            table[_syndrome(pattern)] = pattern
    return table


def _syndrome(word: int) -> int:
    return _parity(word >> 8) ^ (word & 0xFF)


_PATTERNS: Final = _corrections()


def encode_16_8(info: int) -> int:
    """Return the word of 16 bits for eight information bits."""
    return info << 8 | _parity(info)


def decode_16_8(word: int) -> Corrected:
    """Return the information of the code word within two bits; ``ok`` False if there is none."""
    pattern = _PATTERNS.get(_syndrome(word))
    if pattern is None:
        return Corrected(word >> 8, 0, ok=False)
    return Corrected((word ^ pattern) >> 8, pattern.bit_count(), ok=True)

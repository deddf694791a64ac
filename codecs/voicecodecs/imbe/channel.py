"""Error protection of the 7200 bit/s form: Golay and Hamming words, scrambled and interleaved.

Inner functions of the kernels. c_0 .. c_3 are Golay(23,12) words of u_0 .. u_3, c_4 .. c_6
Hamming(15,11) words of u_4 .. u_6, c_7 = u_7. c_1 .. c_6 are scrambled by a sequence that starts
from u_0, so u_0 is corrected first.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner
from voicecodecs.fec import golay, hamming
from voicecodecs.fec.soft import chase
from voicecodecs.imbe.bits import CODED_WIDTHS, INFO_WIDTHS, INTERLEAVING
from voicecodecs.imbe.tables import CODED_BITS, INFO_BITS

Bits = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int32]

WORDS: Final = 7
"""Words with protection: c_0 .. c_6."""
GOLAY_WORDS: Final = 4
GOLAY_TESTS: Final = 6
HAMMING_TESTS: Final = 4
MAX_CONFIDENCE: Final = 127

_GOLAY_PARITY = golay.PARITY_TABLE
_GOLAY_CORRECTION = golay.CORRECTION_TABLE
_HAMMING_PARITY = hamming.PARITY_TABLE
_HAMMING_CORRECTION = hamming.CORRECTION_TABLE


@inner
def count_ones(word: int) -> int:
    """Return the number of ones in a word of up to 23 bits."""
    ones = 0
    for bit in range(23):
        ones += (word >> bit) & 1
    return ones


@inner
def scrambling(state: int, width: int) -> tuple[int, int]:
    """Return the next state and ``width`` bits of the sequence, first bit most significant."""
    mask = 0
    for _ in range(width):
        state = (173 * state + 13849) & 0xFFFF
        mask = mask << 1 | state >> 15
    return state, mask


@inner
def correct(word: int, index: int, soft: bool, confidence: Numbers, places: Numbers) -> int:
    """Return the code word of c_index nearest to ``word``; ``confidence`` is read if ``soft``."""
    if index < GOLAY_WORDS:
        if soft:
            return chase(
                word, confidence, 23, 12, GOLAY_TESTS, _GOLAY_PARITY, _GOLAY_CORRECTION, places
            )
        return word ^ int(_GOLAY_CORRECTION[_GOLAY_PARITY[word >> 11] ^ (word & 0x7FF)])
    if soft:
        return chase(
            word, confidence, 15, 11, HAMMING_TESTS, _HAMMING_PARITY, _HAMMING_CORRECTION, places
        )
    return word ^ int(_HAMMING_CORRECTION[_HAMMING_PARITY[word >> 4] ^ (word & 0xF)])


@inner
def unprotect(
    sent: Bits, strength: Numbers, soft: bool, info: Bits, errors: Numbers, work: Numbers
) -> int:
    """Decode 144 bits in the order of sending into 88 information bits.

    sent: uint8 (144,) of 0 and 1. strength: int32 (144,), confidence of each bit, if ``soft``.
    info: uint8 (88,), out. errors: int32 (7,), out: bits changed in c_0 .. c_6. work: int32 (320,).
    Returns the sum of errors.
    """
    placed = work[:CODED_BITS]
    sure = work[CODED_BITS : 2 * CODED_BITS]
    places = work[2 * CODED_BITS :]
    for index in range(CODED_BITS):
        placed[INTERLEAVING[index]] = sent[index]
        sure[INTERLEAVING[index]] = strength[index]
    state = 0
    start = 0
    at = 0
    total = 0
    for index in range(WORDS):
        width = CODED_WIDTHS[index]
        word = 0
        for bit in range(width):
            word = word << 1 | placed[start + bit]
        if index > 0:
            state, mask = scrambling(state, width)
            word ^= mask
        right = correct(word, index, soft, sure[start : start + width], places)
        errors[index] = count_ones(word ^ right)
        total += errors[index]
        value = right >> (width - INFO_WIDTHS[index])
        if index == 0:
            state = value << 4
        for bit in range(INFO_WIDTHS[index] - 1, -1, -1):
            info[at] = (value >> bit) & 1
            at += 1
        start += width
    for bit in range(INFO_BITS - at):
        info[at + bit] = placed[start + bit]
    return total


@inner
def protect(info: Bits, sent: Bits, work: Numbers) -> None:
    """Turn 88 information bits into 144 in the order of sending; ``work``: int32 (144,)."""
    state = 0
    start = 0
    at = 0
    for index in range(WORDS):
        value = 0
        for bit in range(INFO_WIDTHS[index]):
            value = value << 1 | info[at + bit]
        at += INFO_WIDTHS[index]
        width = CODED_WIDTHS[index]
        if index < GOLAY_WORDS:
            word = value << 11 | _GOLAY_PARITY[value]
        else:
            word = value << 4 | _HAMMING_PARITY[value]
        if index == 0:
            state = value << 4
        else:
            state, mask = scrambling(state, width)
            word ^= mask
        for bit in range(width):
            work[start + bit] = (word >> (width - 1 - bit)) & 1
        start += width
    for bit in range(INFO_BITS - at):
        work[start + bit] = info[at + bit]
    for index in range(CODED_BITS):
        sent[index] = work[INTERLEAVING[index]]

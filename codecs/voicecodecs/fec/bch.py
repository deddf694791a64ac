"""BCH(63, 16, 23): corrects eleven errors. P25's network identifier adds a bit of parity to it.

Systematic: sixteen information bits first; a word is an int whose most significant bit is sent
first. Decoding is algebraic: syndromes, the locator polynomial by Berlekamp and Massey, its roots
by trying every place. A word beyond eleven errors of every code word is reported, not guessed.
"""

from typing import Final

from voicecodecs.fec.code import BlockCode, Corrected
from voicecodecs.fec.galois import EXP, ORDER, evaluate, locator

BCH_63_16: Final = BlockCode("BCH(63,16)", 63, 16, 23)
GENERATOR: Final = 0o6331141367235453
"""Degree 47; TIA-102.BAAA gives it in octal."""
_PARITY_BITS: Final = 47
_ROOTS: Final = 22


def encode_63_16(info: int) -> int:
    """Return the word of 63 bits for sixteen information bits."""
    word = info << _PARITY_BITS
    rest = word
    for bit in range(BCH_63_16.n - 1, _PARITY_BITS - 1, -1):
        if rest >> bit & 1:
            rest ^= GENERATOR << (bit - _PARITY_BITS)
    return word | rest


def decode_63_16(word: int) -> Corrected:
    """Return the information of the code word within eleven bits; ``ok`` False if there is none."""
    ones = [bit for bit in range(BCH_63_16.n) if word >> bit & 1]
    syndromes = [_power_sum(ones, power) for power in range(1, _ROOTS + 1)]
    if not any(syndromes):
        return Corrected(word >> _PARITY_BITS, 0, ok=True)
    polynomial = locator(syndromes)
    errors = len(polynomial) - 1
    places = [bit for bit in range(ORDER) if evaluate(polynomial, -bit) == 0]
    if errors > BCH_63_16.correctable or len(places) != errors:
        return Corrected(word >> _PARITY_BITS, 0, ok=False)
    corrected = word
    for bit in places:
        corrected ^= 1 << bit
    if encode_63_16(corrected >> _PARITY_BITS) != corrected:
        return Corrected(word >> _PARITY_BITS, 0, ok=False)
    return Corrected(corrected >> _PARITY_BITS, errors, ok=True)


def _power_sum(ones: list[int], power: int) -> int:
    total = 0
    for bit in ones:
        total ^= EXP[bit * power % ORDER]
    return total

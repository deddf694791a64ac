"""Arithmetic of GF(64), primitive polynomial x^6 + x + 1 (43 hex), as P25's codes use it."""

from collections.abc import Sequence
from typing import Final

ORDER: Final = 63
"""Elements besides zero."""
PRIMITIVE: Final = 0b100_0011


def _powers() -> tuple[int, ...]:
    value, powers = 1, []
    for _ in range(ORDER):
        powers.append(value)
        value <<= 1
        if value > ORDER:
            value ^= PRIMITIVE
    return tuple(powers)


EXP: Final = _powers() * 2
"""a^0 .. a^62, twice, so that a sum of two logarithms needs no reduction."""
LOG: Final = tuple([-1, *(EXP.index(element) for element in range(1, ORDER + 1))])
"""Logarithm of each element; -1 for zero."""


def multiply(one: int, other: int) -> int:
    """Return the product of two elements."""
    return EXP[LOG[one] + LOG[other]] if one and other else 0


def divide(one: int, other: int) -> int:
    """Return the quotient; ``other`` is not zero."""
    return EXP[LOG[one] - LOG[other] + ORDER] if one else 0


def evaluate(polynomial: Sequence[int], power: int) -> int:
    """Return the value at a^power of coefficients that begin with the constant."""
    value = 0
    for degree, coefficient in enumerate(polynomial):
        if coefficient:
            value ^= EXP[(LOG[coefficient] + power * degree) % ORDER]
    return value


def locator(syndromes: Sequence[int], start: Sequence[int] = (1,)) -> list[int]:
    """Return the error locator polynomial by Berlekamp and Massey, the constant first.

    ``syndromes`` are S_1, S_2 … ; ``start`` is the locator of places known to be erased.
    """
    erased = len(start) - 1
    current, before = list(start), list(start)
    length, shift = erased, 1
    last = 1
    for index in range(erased, len(syndromes)):
        discrepancy = 0
        for degree, coefficient in enumerate(current):
            if degree <= index:
                discrepancy ^= multiply(coefficient, syndromes[index - degree])
        if not discrepancy:
            shift += 1
            continue
        factor = divide(discrepancy, last)
        following = current + [0] * max(0, len(before) + shift - len(current))
        for degree, coefficient in enumerate(before):
            following[degree + shift] ^= multiply(factor, coefficient)
        if 2 * length <= index + erased:
            length = index + 1 + erased - length
            before, last, shift = current, discrepancy, 1
        else:
            shift += 1
        current = following
    while len(current) > 1 and not current[-1]:
        current.pop()
    return current

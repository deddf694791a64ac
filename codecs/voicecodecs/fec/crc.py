"""Cyclic redundancy checks over single bits, any polynomial.

A code of ``degree`` r finds every burst of up to r wrong bits, and every single wrong bit; how many
scattered errors it finds for certain depends on the polynomial and the length (``tests``).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
"""uint8 (n,): one bit an element."""


class Crc(NamedTuple):
    """A check whose polynomial has the given powers of X, the highest one being its degree."""

    name: str
    powers: tuple[int, ...]

    @property
    def degree(self) -> int:
        """Number of check bits."""
        return max(self.powers)


TCH_S: Crc = Crc("TCH/S, whole slot", (0, 3, 7))
"""1 + X^3 + X^7 (EN 300 395-2 clause 5); an eighth bit of parity goes with it."""
TCH_S_STOLEN: Crc = Crc("TCH/S, half slot", (0, 1, 4))
"""1 + X + X^4."""


def check_bits(crc: Crc, bits: Bits) -> Bits:
    """Return the remainder of X^r b(X), uint8 (r,), the lowest power first.

    The first of ``bits`` belongs to the lowest power of b(X), the last to the highest.
    """
    register = np.zeros(crc.degree, dtype=np.uint8)
    for bit in bits[::-1]:
        carried = register[-1] ^ bit
        register[1:] = register[:-1]
        register[0] = 0
        if carried:
            for power in crc.powers:
                if power < crc.degree:
                    register[power] ^= 1
    return register


def parity_bit(*parts: Bits) -> int:
    """Return 1 when the parts hold an odd number of ones."""
    return sum(int(part.sum()) for part in parts) & 1

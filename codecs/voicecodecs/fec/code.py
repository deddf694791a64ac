"""What every block code of this toolbox states about itself, and what its decoder answers."""

from typing import NamedTuple


class BlockCode(NamedTuple):
    """A block code of ``n`` bits that carries ``k`` and keeps words ``d`` bits apart."""

    name: str
    n: int
    k: int
    d: int

    @property
    def correctable(self) -> int:
        """Errors that the decoder corrects in any position: half of the distance."""
        return (self.d - 1) // 2


class Corrected(NamedTuple):
    """A decoded word."""

    info: int
    """The ``k`` information bits, most significant first sent."""
    errors: int
    """Bits that were changed, parity included."""
    ok: bool
    """False when the word lies beyond every code word's reach; ``info`` is then as received."""


def parity_of_masks(info: int, rows: tuple[int, ...]) -> int:
    """XOR the rows whose information bit is set; row 0 belongs to the most significant bit."""
    parity = 0
    for position, row in enumerate(reversed(rows)):
        if info >> position & 1:
            parity ^= row
    return parity

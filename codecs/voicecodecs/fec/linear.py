"""Linear codes as tables: the word of some octets is the sum of what each octet gives."""

from collections.abc import Callable, Sequence
from typing import Final

_BITS: Final = 8


def tables_of_bits(ones: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Return, per octet, the 256 sums of what its bits give; ``ones`` begins with the first bit."""
    tables = []
    for at in range(0, len(ones), _BITS):
        sums = [0]
        for one in reversed(ones[at : at + _BITS]):
            sums += [one ^ other for other in sums]
        tables.append(tuple(sums))
    return tuple(tables)


class OctetTables:
    """A linear code of ``octets`` octets, made from the words of their single bits."""

    def __init__(self, encode: Callable[[bytes], int], octets: int) -> None:
        """``encode`` gives the word of any octets; it is asked once for each bit."""
        bits = _BITS * octets
        self._tables = tables_of_bits(
            [encode((1 << bits - 1 - bit).to_bytes(octets, "big")) for bit in range(bits)]
        )

    def of(self, octets: bytes) -> int:
        """Return the word; raises ValueError at another number of octets."""
        word = 0
        for table, octet in zip(self._tables, octets, strict=True):
            word ^= table[octet]
        return word

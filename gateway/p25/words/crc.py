"""Cyclic redundancy checks of signalling and packet data (TIA-102.BAAA; reference p25, 1.15).

All of them start from zero, run most significant bit first and are sent inverted.
"""

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Crc:
    """A check of ``width`` bits; ``polynomial`` without its highest power."""

    width: int
    polynomial: int
    _table: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out what each octet does to the register."""
        rows = []
        for octet in range(256):
            rest = octet << self.width
            for bit in range(self.width + 7, self.width - 1, -1):
                if rest >> bit & 1:
                    rest ^= (1 << self.width | self.polynomial) << (bit - self.width)
            rows.append(rest)
        object.__setattr__(self, "_table", tuple(rows))

    def of(self, octets: bytes) -> int:
        """Return the check of whole octets."""
        mask = (1 << self.width) - 1
        down = self.width - 8
        register = 0
        for octet in octets:
            register = (register << 8 & mask) ^ self._table[(register >> down) ^ octet]
        return register ^ mask

    def of_bits(self, number: int, bits: int) -> int:
        """Return the check of the ``bits`` lowest bits of ``number``; leading zeros add nothing."""
        return self.of((number & (1 << bits) - 1).to_bytes((bits + 7) // 8, "big"))


CCITT: Final = Crc(16, 0x1021)
"""Signalling blocks and packet headers: over ten octets, kept in the eleventh and twelfth."""
CRC_32: Final = Crc(32, 0x04C11DB7)
"""The data of a packet, padding included."""
CRC_9: Final = Crc(9, 0x059)
"""A confirmed data block: seven bits of serial number, then sixteen octets."""
CONFIRMED_BITS: Final = 135


def with_ccitt(octets: bytes) -> bytes:
    """Return ten octets and their check."""
    return octets + CCITT.of(octets).to_bytes(2, "big")


def ccitt_holds(octets: bytes) -> bool:
    """Whether the last two octets are the check of those before."""
    return len(octets) > 2 and CCITT.of(octets[:-2]) == int.from_bytes(octets[-2:], "big")

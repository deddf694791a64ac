"""Status symbols: two bits behind every seventy of a frame (TIA-102.BAAA; reference p25, 1.2).

Seventy bits and two are nine octets, one microslot. Receivers take the symbols out and do not look
at them; senders fill them in. Three conventions are in use, so which one is a named choice.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

SLOT_OCTETS: Final = 9
SLOT_BITS: Final = 70
_SLOT_MASK: Final = (1 << SLOT_BITS) - 1

TALK_AROUND, BUSY, UNKNOWN, IDLE = 0b00, 0b01, 0b10, 0b11
"""What a symbol says of the inbound channel; 00 also means "unknown" in talk-around."""


class StatusFill(NamedTuple):
    """Symbols that a sender puts in turn into the microslots of each frame."""

    first: int
    second: int


ALL_BUSY: Final = StatusFill(BUSY, BUSY)
"""MMDVMHost: voice that is repeated, and network calls in simplex."""
ALL_IDLE: Final = StatusFill(IDLE, IDLE)
"""MMDVMHost: network calls in duplex."""
ALL_UNKNOWN: Final = StatusFill(UNKNOWN, UNKNOWN)
"""MMDVMHost: signalling, and calls of a remote gateway. Repeaters that know no inbound state."""
ALL_TALK_AROUND: Final = StatusFill(TALK_AROUND, TALK_AROUND)
"""Radio to radio."""
BUSY_IN_TURN: Final = StatusFill(BUSY, UNKNOWN)
"""dvmhost, while the inbound channel is busy."""
IDLE_IN_TURN: Final = StatusFill(IDLE, UNKNOWN)
"""dvmhost, while the inbound channel is idle."""
FIRST_IDLE: Final = (IDLE, UNKNOWN)
"""dvmhost's signalling units: the first symbol idle, all others unknown."""

Status = StatusFill | Sequence[int]
"""A convention, or the symbol of each microslot."""


class Stripped(NamedTuple):
    """A frame without its status symbols."""

    bits: int
    length: int
    """Bits in ``bits``; the first one is the most significant."""
    symbols: tuple[int, ...]

    def cut(self, start: int, width: int) -> int:
        """Return ``width`` bits from ``start`` on; zeros where the frame has ended."""
        shift = self.length - start - width
        value = self.bits >> shift if shift >= 0 else self.bits << -shift
        return value & (1 << width) - 1


def strip(data: bytes) -> Stripped:
    """Take the symbols out; a last microslot that is cut short has none."""
    bits = 0
    symbols = []
    whole = len(data) - len(data) % SLOT_OCTETS
    for at in range(0, whole, SLOT_OCTETS):
        slot = int.from_bytes(data[at : at + SLOT_OCTETS], "big")
        bits = bits << SLOT_BITS | slot >> 2
        symbols.append(slot & 3)
    rest = data[whole:]
    bits = bits << 8 * len(rest) | int.from_bytes(rest, "big")
    return Stripped(bits, SLOT_BITS * len(symbols) + 8 * len(rest), tuple(symbols))


def fill(bits: int, length: int, status: Status) -> bytes:
    """Fill up with zero bits to whole microslots and put the symbols in.

    A sequence that is shorter than the frame goes on with its last symbol; an empty one is all
    "unknown".
    """
    slots = -(-length // SLOT_BITS)
    bits <<= slots * SLOT_BITS - length
    symbols = _symbols(status, slots)
    out = bytearray()
    for index in range(slots):
        slot = bits >> SLOT_BITS * (slots - 1 - index) & _SLOT_MASK
        out += (slot << 2 | symbols[index] & 3).to_bytes(SLOT_OCTETS, "big")
    return bytes(out)


def _symbols(status: Status, slots: int) -> Sequence[int]:
    if isinstance(status, StatusFill):
        return (*status, *status) * (slots // 4 + 1)
    last = status[-1] if status else UNKNOWN
    return (*status, *[last] * (slots - len(status)))

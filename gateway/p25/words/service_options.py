"""Service options of a call, one octet in link control and signalling (TIA-102.AABF, .AABC)."""

from dataclasses import dataclass
from typing import Final

EMERGENCY: Final = 0b1000_0000
PROTECTED: Final = 0b0100_0000
DUPLEX: Final = 0b0010_0000
PACKET: Final = 0b0001_0000
RESERVED: Final = 0b0000_1000
PRIORITY: Final = 0b0000_0111
DEFAULT_PRIORITY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceOptions:
    """What kind of call it is. ``priority`` is 0 to 7, 7 the highest."""

    emergency: bool = False
    protected: bool = False
    """The voice is encrypted."""
    duplex: bool = False
    packet: bool = False
    reserved: bool = False
    """No meaning known; kept."""
    priority: int = DEFAULT_PRIORITY

    def encode(self) -> int:
        """Return the octet."""
        return (
            self.emergency * EMERGENCY
            | self.protected * PROTECTED
            | self.duplex * DUPLEX
            | self.packet * PACKET
            | self.reserved * RESERVED
            | self.priority & PRIORITY
        )

    @classmethod
    def decode(cls, octet: int) -> "ServiceOptions":
        """Read the octet; every value has a meaning."""
        return _ALL[octet & 0xFF]


def _read(octet: int) -> ServiceOptions:
    return ServiceOptions(
        emergency=bool(octet & EMERGENCY),
        protected=bool(octet & PROTECTED),
        duplex=bool(octet & DUPLEX),
        packet=bool(octet & PACKET),
        reserved=bool(octet & RESERVED),
        priority=octet & PRIORITY,
    )


_ALL: Final = tuple(_read(octet) for octet in range(256))

"""What every trunking signalling block is: twelve octets with a direction (TIA-102.AABB, .AABC).

Bit 0 last block, 1 protected, 2-7 opcode, 8-15 MFID, 16-79 arguments, 80-95 check. The same opcode
means different things from radio to site (inbound, "ISP") and from site to radio (outbound, "OSP").
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.p25.words.crc import with_ccitt
from gateway.p25.words.layout import Bits, Channel, Form, Layout, layout_of
from gateway.p25.words.service_options import ServiceOptions

TSBK_OCTETS: Final = 12
TSBK_BITS: Final = 96
ARGUMENTS: Final = ((1 << 64) - 1) << 16
"""Bits 16 to 79 of the ninety-six."""
LAST_BLOCK: Final = 0x80
PROTECTED: Final = 0x40
OPCODE: Final = 0x3F
STANDARD_MFID: Final = 0x00

Service = Annotated[ServiceOptions, Bits(16, 8, key="service_options")]
Target = Annotated[int, Bits(32, 24)]
Source = Annotated[int, Bits(56, 24)]
TargetLast = Annotated[int, Bits(56, 24, key="target")]
Group = Annotated[int, Bits(40, 16)]
ServiceType = Annotated[int, Bits(18, 6, Form.HEX)]
Reason = Annotated[int, Bits(24, 8, Form.HEX)]
ChannelFirst = Annotated[Channel, Bits(24, 16)]
Wacn = Annotated[int, Bits(24, 20, Form.HEX)]
SystemAfterWacn = Annotated[int, Bits(44, 12, Form.HEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tsbk:
    """A block that was read or is to be sent."""

    inbound: bool
    """From a radio to the site (ISP); False from the site to radios (OSP)."""
    last_block: bool = True
    protected: bool = False
    """The arguments are encrypted: then it is an ``UnknownTsbk``."""

    @property
    def opcode(self) -> int:
        """Six bits."""
        raise NotImplementedError

    @property
    def mfid(self) -> int:
        """Manufacturer, 0 for the standard's own blocks."""
        raise NotImplementedError

    @property
    def direction(self) -> str:
        """``isp`` or ``osp``."""
        return "isp" if self.inbound else "osp"

    def encode(self) -> bytes:
        """Return the twelve octets with their check."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTsbk(Tsbk):
    """A block whose fields are known; ``spare`` holds the argument bits that no field covers."""

    OPCODE: ClassVar[int]
    MFID: ClassVar[int] = STANDARD_MFID
    WAYS: ClassVar[tuple[bool, ...]]
    """Values of ``inbound`` for which this layout holds."""
    WHEN: ClassVar[tuple[int, int] | None] = None
    """Bit and value that tell two layouts of one opcode apart."""
    SHOWN: ClassVar[tuple[str, ...]] = ()
    """Properties that are shown beside the fields."""
    spare: int = 0

    @property
    def opcode(self) -> int:
        """Six bits."""
        return self.OPCODE

    @property
    def mfid(self) -> int:
        """Manufacturer, 0 for the standard's own blocks."""
        return self.MFID

    @classmethod
    def layout(cls) -> Layout:
        """Return where the fields lie."""
        return layout_of(cls, TSBK_BITS)

    def encode(self) -> bytes:
        """Return the twelve octets with their check; raises InvalidCommand at a value too big."""
        layout = self.layout()
        number = layout.write(self) | self.spare & ARGUMENTS & ~layout.covered
        if self.WHEN is not None:
            number |= self.WHEN[1] << (TSBK_BITS - 1 - self.WHEN[0])
        first = self.last_block * LAST_BLOCK | self.protected * PROTECTED | self.OPCODE
        arguments = (number >> 16 & (1 << 64) - 1).to_bytes(8, "big")
        return with_ccitt(bytes([first, self.MFID]) + arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound(KnownTsbk):
    """From radio to site only."""

    WAYS: ClassVar[tuple[bool, ...]] = (True,)
    inbound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound(KnownTsbk):
    """From site to radio only."""

    WAYS: ClassVar[tuple[bool, ...]] = (False,)
    inbound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EitherWay(KnownTsbk):
    """The same layout both ways; who sends it has to be said."""

    WAYS: ClassVar[tuple[bool, ...]] = (True, False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownTsbk(Tsbk):
    """A block without a known layout, kept whole; ``reason`` says why nothing was read."""

    octets: bytes
    reason: str

    @property
    def opcode(self) -> int:
        """Six bits."""
        return self.octets[0] & OPCODE

    @property
    def mfid(self) -> int:
        """Manufacturer."""
        return self.octets[1]

    def encode(self) -> bytes:
        """Return the octets as they came, with their check made anew."""
        return with_ccitt(self.octets[:10])

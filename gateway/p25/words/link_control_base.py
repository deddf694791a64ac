"""What every link control word is: nine octets beside the voice, or in a terminator.

Octet 0: bit 7 protected, bit 6 "SF" (the manufacturer is the standard's and octet 1 is data), bits
5-0 the opcode (LCO). Octet 1: MFID unless SF is set (TIA-102.AABF).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.p25.words.layout import Form, Layout, layout_of, octets
from gateway.p25.words.service_options import ServiceOptions

LC_OCTETS: Final = 9
LC_BITS: Final = 72
PROTECTED: Final = 0x80
IMPLICIT_MFID: Final = 0x40
OPCODE: Final = 0x3F

LcService = Annotated[ServiceOptions, octets(2, 1, key="service_options")]
LcGroup = Annotated[int, octets(4, 2)]
LcTarget = Annotated[int, octets(3, 3)]
LcSource = Annotated[int, octets(6, 3)]
LcTargetLast = Annotated[int, octets(6, 3, key="target")]
LcServiceClass = Annotated[int, octets(8, 1, Form.HEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkControl:
    """A word that was read or is to be sent."""

    implicit: bool = False
    """SF: there is no MFID in the word."""

    @property
    def opcode(self) -> int:
        """Six bits, LCO."""
        raise NotImplementedError

    @property
    def mfid(self) -> int:
        """Manufacturer, 0 for the standard's own words."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """Return the nine octets."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkControlWord(LinkControl):
    """A word whose fields are known; ``spare`` holds the bits that no field covers."""

    OPCODE: ClassVar[int]
    MFID: ClassVar[int] = 0
    SHOWN: ClassVar[tuple[str, ...]] = ()
    """Properties that are shown beside the fields."""
    spare: int = 0

    @property
    def opcode(self) -> int:
        """Six bits, LCO."""
        return self.OPCODE

    @property
    def mfid(self) -> int:
        """Manufacturer, 0 for the standard's own words."""
        return self.MFID

    @classmethod
    def layout(cls) -> Layout:
        """Return where the fields lie."""
        return layout_of(cls, LC_BITS)

    def encode(self) -> bytes:
        """Return the nine octets; raises InvalidCommand if a value is too big."""
        layout = self.layout()
        body = layout.write(self) | self.spare & ~layout.covered
        head = self.implicit * IMPLICIT_MFID | self.OPCODE
        rest = body & (1 << LC_BITS - 8) - 1
        if not self.implicit:
            rest = rest & (1 << LC_BITS - 16) - 1 | self.MFID << LC_BITS - 16
        return (head << LC_BITS - 8 | rest).to_bytes(LC_OCTETS, "big")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplicitWord(LinkControlWord):
    """A word of the standard that travels without MFID."""

    implicit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownLinkControl(LinkControl):
    """A word without a known layout, kept whole; ``reason`` says why nothing was read."""

    word: bytes
    reason: str

    @property
    def opcode(self) -> int:
        """Six bits, LCO."""
        return self.word[0] & OPCODE

    @property
    def mfid(self) -> int:
        """Manufacturer, 0 for the standard's own words."""
        return 0 if self.implicit else self.word[1]

    @property
    def protected(self) -> bool:
        """The word itself is encrypted."""
        return bool(self.word[0] & PROTECTED)

    def encode(self) -> bytes:
        """Return the nine octets as they came."""
        return self.word

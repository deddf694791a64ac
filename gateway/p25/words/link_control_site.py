"""Link control words in which a site tells about itself (TIA-102.AABF; reference p25, 1.12).

They come in terminators and, on quiet sites, beside the voice. Octet n here is octet n + 1 of the
signalling block of the same name.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.p25.words.layout import Bits, Channel, Form, octets
from gateway.p25.words.link_control_base import ImplicitWord, LcServiceClass, LinkControlWord
from gateway.p25.words.tsbk_site import BASE_STEP_HZ, SPACING_STEP_HZ

Lra = Annotated[int, octets(1, 1)]
System = Annotated[int, Bits(20, 12, Form.HEX)]
LcChannel = Annotated[Channel, octets(6, 2)]
Identifier = Annotated[int, Bits(8, 4, key="id")]
Spacing = Annotated[int, Bits(30, 10, key="spacing_raw")]
Base = Annotated[int, Bits(40, 32, key="base_raw")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identifier(ImplicitWord):
    """What both identifiers share."""

    SHOWN: ClassVar[tuple[str, ...]] = ("spacing_hz", "base_hz")
    identifier: Identifier
    spacing: Spacing
    base: Base

    @property
    def spacing_hz(self) -> int:
        """Channel spacing."""
        return self.spacing * SPACING_STEP_HZ

    @property
    def base_hz(self) -> int:
        """Frequency of channel number 0."""
        return self.base * BASE_STEP_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierUpdate(_Identifier):
    """Base and spacing of a band, as signalling block 3D. [?] the sign, see there."""

    OPCODE: ClassVar[int] = 0x18
    bandwidth: Annotated[int, Bits(12, 9, key="bandwidth_raw")]
    positive: Annotated[bool, Bits(21, 1, key="tx_offset_sign")]
    offset: Annotated[int, Bits(22, 8, key="tx_offset_raw")]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierVhfUhf(_Identifier):
    """Base and spacing of a band in VHF and UHF, as signalling block 34."""

    OPCODE: ClassVar[int] = 0x19
    bandwidth_code: Annotated[int, Bits(12, 4)]
    positive: Annotated[bool, Bits(16, 1, key="tx_offset_sign")]
    offset: Annotated[int, Bits(17, 13, key="tx_offset_raw")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemServices(ImplicitWord):
    """Which services the system has, and which of them now, as signalling block 38."""

    OPCODE: ClassVar[int] = 0x20
    available: Annotated[int, octets(2, 3, Form.HEX)]
    supported: Annotated[int, octets(5, 3, Form.HEX)]
    request_priority: Annotated[int, octets(8, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryControlChannel(ImplicitWord):
    """Other control channels of the site. [?] positions as in signalling block 39."""

    OPCODE: ClassVar[int] = 0x21
    rfss: Annotated[int, octets(1, 1)]
    site: Annotated[int, octets(2, 1)]
    channel_a: Annotated[Channel, octets(3, 2)]
    service_class_a: Annotated[int, octets(5, 1, Form.HEX)]
    channel_b: Annotated[Channel, octets(6, 2)]
    service_class_b: Annotated[int, octets(8, 1, Form.HEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjacentSite(ImplicitWord):
    """A neighbouring site, as signalling block 3C. ``cfva``: 8 conventional, 4 failed, 2, 1."""

    OPCODE: ClassVar[int] = 0x22
    lra: Lra
    cfva: Annotated[int, Bits(16, 4)]
    system: System
    rfss: Annotated[int, octets(4, 1)]
    site: Annotated[int, octets(5, 1)]
    channel: LcChannel
    service_class: LcServiceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class RfssStatus(ImplicitWord):
    """What this site is called and where its control channel is.

    [?] One source has the LRA in octet 1 and four spare bits behind it; dvmhost sends it without
    the spare bits, that is four bits later. ``area`` holds all twelve bits, ``lra`` reads either.
    """

    OPCODE: ClassVar[int] = 0x23
    SHOWN: ClassVar[tuple[str, ...]] = ("lra",)
    area: Annotated[int, Bits(8, 12, Form.HEX)]
    system: System
    rfss: Annotated[int, octets(4, 1)]
    site: Annotated[int, octets(5, 1)]
    channel: LcChannel
    service_class: LcServiceClass

    @property
    def lra(self) -> int:
        """Location registration area."""
        return self.area & 0xFF if self.area & 0xF else self.area >> 4


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStatus(ImplicitWord):
    """What this system is called. [?] octet 1 is the LRA, as in signalling block 3B."""

    OPCODE: ClassVar[int] = 0x24
    lra: Lra = 0
    wacn: Annotated[int, Bits(16, 20, Form.HEX)]
    system: Annotated[int, Bits(36, 12, Form.HEX)]
    channel: LcChannel
    service_class: LcServiceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionalFallback(ImplicitWord):
    """Channels to go to when the site fails: six channel ids, kept whole. [?] in octets 3 to 8."""

    OPCODE: ClassVar[int] = 0x2A
    channels: Annotated[bytes, octets(3, 6)]


WORDS: Final[tuple[type[LinkControlWord], ...]] = (
    IdentifierUpdate,
    IdentifierVhfUhf,
    SystemServices,
    SecondaryControlChannel,
    AdjacentSite,
    RfssStatus,
    NetworkStatus,
    ConventionalFallback,
)

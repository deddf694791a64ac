"""Signalling blocks in which a site tells about itself (TIA-102.AABC; reference p25, 1.16)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.p25.words.layout import Bits, Channel, Form
from gateway.p25.words.tsbk_base import KnownTsbk, Outbound, SystemAfterWacn, Wacn

SPACING_STEP_HZ: Final = 125
BASE_STEP_HZ: Final = 5
OFFSET_STEP_HZ: Final = 250_000
"""Of identifiers for other bands (3D)."""
BANDWIDTHS_HZ: Final = {4: 6_250, 5: 12_500}
"""Of identifiers for VHF and UHF (34)."""

Identifier = Annotated[int, Bits(16, 4, key="id")]
Spacing = Annotated[int, Bits(38, 10, key="spacing_raw")]
Base = Annotated[int, Bits(48, 32, key="base_raw")]
Lra = Annotated[int, Bits(16, 8)]
System = Annotated[int, Bits(28, 12, Form.HEX)]
Rfss = Annotated[int, Bits(40, 8)]
Site = Annotated[int, Bits(48, 8)]
SiteChannel = Annotated[Channel, Bits(56, 16)]
ServiceClass = Annotated[int, Bits(72, 8, Form.HEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierVhfUhf(Outbound):
    """Base and spacing of a band, VHF and UHF; the offset counts in spacings."""

    OPCODE: ClassVar[int] = 0x34
    SHOWN: ClassVar[tuple[str, ...]] = ("spacing_hz", "base_hz", "offset_hz")
    identifier: Identifier
    bandwidth_code: Annotated[int, Bits(20, 4)]
    positive: Annotated[bool, Bits(24, 1, key="tx_offset_sign")]
    offset: Annotated[int, Bits(25, 13, key="tx_offset_raw")]
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

    @property
    def offset_hz(self) -> int:
        """What a radio adds to get the frequency that it sends on."""
        return (1 if self.positive else -1) * self.offset * self.spacing_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierTdma(Outbound):
    """Base and spacing of a band with time slots. [?] layout by analogy with 34."""

    OPCODE: ClassVar[int] = 0x33
    SHOWN: ClassVar[tuple[str, ...]] = ("spacing_hz", "base_hz")
    identifier: Identifier
    channel_type: Annotated[int, Bits(20, 4)]
    positive: Annotated[bool, Bits(24, 1, key="tx_offset_sign")]
    offset: Annotated[int, Bits(25, 13, key="tx_offset_raw")]
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
class IdentifierUpdate(Outbound):
    """Base and spacing of other bands; the offset counts in 250 kHz.

    [?] Bit 29 set means that radios send above; dvmhost loses the flag.
    """

    OPCODE: ClassVar[int] = 0x3D
    SHOWN: ClassVar[tuple[str, ...]] = ("bandwidth_hz", "spacing_hz", "base_hz", "offset_hz")
    identifier: Identifier
    bandwidth: Annotated[int, Bits(20, 9, key="bandwidth_raw")]
    positive: Annotated[bool, Bits(29, 1, key="tx_offset_sign")]
    offset: Annotated[int, Bits(30, 8, key="tx_offset_raw")]
    spacing: Spacing
    base: Base

    @property
    def bandwidth_hz(self) -> int:
        """Channel width."""
        return self.bandwidth * SPACING_STEP_HZ

    @property
    def spacing_hz(self) -> int:
        """Channel spacing."""
        return self.spacing * SPACING_STEP_HZ

    @property
    def base_hz(self) -> int:
        """Frequency of channel number 0."""
        return self.base * BASE_STEP_HZ

    @property
    def offset_hz(self) -> int:
        """What a radio adds to get the frequency that it sends on."""
        return (1 if self.positive else -1) * self.offset * OFFSET_STEP_HZ


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemServices(Outbound):
    """Which services the system has, and which of them now."""

    OPCODE: ClassVar[int] = 0x38
    available: Annotated[int, Bits(24, 24, Form.HEX)]
    supported: Annotated[int, Bits(48, 24, Form.HEX)]
    request_priority: Annotated[int, Bits(72, 8)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryControlChannel(Outbound):
    """Other control channels of the site. [?] positions: RFSS, site, two channels with class."""

    OPCODE: ClassVar[int] = 0x39
    rfss: Annotated[int, Bits(16, 8)]
    site: Annotated[int, Bits(24, 8)]
    channel_a: Annotated[Channel, Bits(32, 16)]
    service_class_a: Annotated[int, Bits(48, 8, Form.HEX)]
    channel_b: Annotated[Channel, Bits(56, 16)]
    service_class_b: Annotated[int, Bits(72, 8, Form.HEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RfssStatus(Outbound):
    """What this site is called and where its control channel is."""

    OPCODE: ClassVar[int] = 0x3A
    lra: Lra
    network_active: Annotated[bool, Bits(27, 1)] = False
    system: System
    rfss: Rfss
    site: Site
    channel: SiteChannel
    service_class: ServiceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStatus(Outbound):
    """What this system is called."""

    OPCODE: ClassVar[int] = 0x3B
    lra: Lra
    wacn: Wacn
    system: SystemAfterWacn
    channel: SiteChannel
    service_class: ServiceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjacentSite(Outbound):
    """A neighbouring site. ``cfva``: conventional, failed, valid, active (8, 4, 2, 1)."""

    OPCODE: ClassVar[int] = 0x3C
    lra: Lra
    cfva: Annotated[int, Bits(24, 4)]
    system: System
    rfss: Rfss
    site: Site
    channel: SiteChannel
    service_class: ServiceClass


BLOCKS: tuple[type[KnownTsbk], ...] = (
    IdentifierVhfUhf,
    IdentifierTdma,
    IdentifierUpdate,
    SystemServices,
    SecondaryControlChannel,
    RfssStatus,
    NetworkStatus,
    AdjacentSite,
)

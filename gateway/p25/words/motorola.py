"""Motorola's own words (MFID 90): regroups (patches), emergency alarm, talk complete.

Fields of link control other than 0A are [1] (one public implementation); what only has a name in
``tables`` stays an ``Unknown`` word, kept whole. LC 0A follows the signalling block of that number.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.p25.words.layout import Bits, Channel, octets
from gateway.p25.words.link_control_base import LcGroup, LcService, LcSource, LinkControlWord
from gateway.p25.words.tables import MOTOROLA
from gateway.p25.words.tsbk_base import ChannelFirst, Group, KnownTsbk, Outbound, Service, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RegroupAdd(Outbound):
    """A patch: up to three groups are joined under the number of the patch group."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x00
    SHOWN: ClassVar[tuple[str, ...]] = ("groups",)
    patch_group: Annotated[int, Bits(16, 16)]
    group_1: Annotated[int, Bits(32, 16)]
    group_2: Annotated[int, Bits(48, 16)]
    group_3: Annotated[int, Bits(64, 16)]

    @property
    def groups(self) -> tuple[int, ...]:
        """The groups joined; empty places and doubles left out."""
        return _different(self.patch_group, (self.group_1, self.group_2, self.group_3))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegroupDelete(Outbound):
    """Groups leave a patch."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x01
    SHOWN: ClassVar[tuple[str, ...]] = ("groups",)
    patch_group: Annotated[int, Bits(16, 16)]
    group_1: Annotated[int, Bits(32, 16)]
    group_2: Annotated[int, Bits(48, 16)]
    group_3: Annotated[int, Bits(64, 16)]

    @property
    def groups(self) -> tuple[int, ...]:
        """The groups that leave; empty places and doubles left out."""
        return _different(self.patch_group, (self.group_1, self.group_2, self.group_3))


def _different(patch: int, places: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(group for group in places if group not in (0, patch)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegroupVoiceGrant(Outbound):
    """A unit may talk on a patch. [1] laid out as the standard's group grant."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x02
    service: Service
    channel: ChannelFirst
    group: Group
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RegroupVoiceUpdate(Outbound):
    """Calls on patches that are running. [1] laid out as the standard's group update."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x03
    channel_a: Annotated[Channel, Bits(16, 16)]
    group_a: Annotated[int, Bits(32, 16)]
    channel_b: Annotated[Channel, Bits(48, 16)]
    group_b: Annotated[int, Bits(64, 16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAlarmActivation(Outbound):
    """The site tells that a unit raised an alarm."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x0A
    group: Group
    source: Source


BLOCKS: Final[tuple[type[KnownTsbk], ...]] = (
    RegroupAdd,
    RegroupDelete,
    RegroupVoiceGrant,
    RegroupVoiceUpdate,
    EmergencyAlarmActivation,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegroupVoice(LinkControlWord):
    """Who talks on a patch [1]."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x00
    service: LcService
    group: LcGroup
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAlarm(LinkControlWord):
    """A unit raises an alarm, beside its voice or at its end."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x0A
    group: LcGroup
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkComplete(LinkControlWord):
    """A unit stopped talking. [?] the unit stands where others have the source."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x0F
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasHeader(LinkControlWord):
    """A talker's name follows in several words; the content is kept, not read [1]."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x15
    content: Annotated[bytes, octets(2, 7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasData(LinkControlWord):
    """A piece of a talker's name, coded by Motorola's own method; kept, not read [1]."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x17
    content: Annotated[bytes, octets(2, 7)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPosition(LinkControlWord):
    """Where a talking unit is; kept, not read: no source that was read gives its units [1]."""

    MFID: ClassVar[int] = MOTOROLA
    OPCODE: ClassVar[int] = 0x06
    content: Annotated[bytes, octets(2, 7)]


WORDS: Final[tuple[type[LinkControlWord], ...]] = (
    RegroupVoice,
    EmergencyAlarm,
    TalkComplete,
    AliasHeader,
    AliasData,
    UnitPosition,
)

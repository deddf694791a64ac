"""Signalling blocks of voice and data channels (TIA-102.AABC; reference p25, 1.16)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from gateway.p25.words.layout import Bits, Channel, Form
from gateway.p25.words.tsbk_base import (
    ChannelFirst,
    Group,
    Inbound,
    KnownTsbk,
    Outbound,
    Service,
    Source,
    Target,
    TargetLast,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVoiceRequest(Inbound):
    """A unit asks to talk on a group."""

    OPCODE: ClassVar[int] = 0x00
    service: Service
    group: Group
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVoiceGrant(Outbound):
    """A unit may talk on a group, on this channel."""

    OPCODE: ClassVar[int] = 0x00
    service: Service
    channel: ChannelFirst
    group: Group
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVoiceUpdate(Outbound):
    """Two group calls that are running, for radios that came late."""

    OPCODE: ClassVar[int] = 0x02
    channel_a: Annotated[Channel, Bits(16, 16)]
    group_a: Annotated[int, Bits(32, 16)]
    channel_b: Annotated[Channel, Bits(48, 16)]
    group_b: Annotated[int, Bits(64, 16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVoiceUpdateExplicit(Outbound):
    """One group call that is running, with both of its channels."""

    OPCODE: ClassVar[int] = 0x03
    service: Service
    channel_down: Annotated[Channel, Bits(32, 16)]
    channel_up: Annotated[Channel, Bits(48, 16)]
    group: Annotated[int, Bits(64, 16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceRequest(Inbound):
    """A unit asks to talk to a unit."""

    OPCODE: ClassVar[int] = 0x04
    service: Service
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceGrant(Outbound):
    """Two units may talk, on this channel. There are no service options in it."""

    OPCODE: ClassVar[int] = 0x04
    channel: Annotated[Channel, Bits(16, 16)]
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceAnswer(Inbound):
    """A called unit says whether it takes the call (``tables.ANSWERS``)."""

    OPCODE: ClassVar[int] = 0x05
    service: Service
    answer: Annotated[int, Bits(24, 8, Form.HEX)]
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceAnswerRequest(Outbound):
    """A unit is being called."""

    OPCODE: ClassVar[int] = 0x05
    service: Service
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceUpdate(Outbound):
    """A call between two units that is running."""

    OPCODE: ClassVar[int] = 0x06
    channel: Annotated[Channel, Bits(16, 16)]
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneGrant(Outbound):
    """A telephone call on this channel; ``timer`` in units of 100 ms. [?] layout by analogy."""

    OPCODE: ClassVar[int] = 0x08
    service: Service
    channel: ChannelFirst
    timer: Annotated[int, Bits(40, 16)]
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneUpdate(Outbound):
    """A telephone call that is running. [?] layout by analogy with the grant."""

    OPCODE: ClassVar[int] = 0x09
    service: Service
    channel: ChannelFirst
    timer: Annotated[int, Bits(40, 16)]
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneAnswerRequest(Outbound):
    """A unit is called from a telephone; ten digits, four bits each. [?] layout by analogy."""

    OPCODE: ClassVar[int] = 0x0A
    digits: Annotated[int, Bits(16, 40, Form.HEX)]
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneAnswer(Inbound):
    """A unit says whether it takes a telephone call. [?] layout by analogy with 05."""

    OPCODE: ClassVar[int] = 0x0A
    service: Service
    answer: Annotated[int, Bits(24, 8, Form.HEX)]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DataGrant(Outbound):
    """A unit may send packet data (SNDCP) on these channels."""

    OPCODE: ClassVar[int] = 0x14
    service: Service
    channel_down: ChannelFirst
    channel_up: Annotated[Channel, Bits(40, 16)]
    target: TargetLast


BLOCKS: tuple[type[KnownTsbk], ...] = (
    GroupVoiceRequest,
    GroupVoiceGrant,
    GroupVoiceUpdate,
    GroupVoiceUpdateExplicit,
    UnitVoiceRequest,
    UnitVoiceGrant,
    UnitVoiceAnswer,
    UnitVoiceAnswerRequest,
    UnitVoiceUpdate,
    TelephoneGrant,
    TelephoneUpdate,
    TelephoneAnswerRequest,
    TelephoneAnswer,
    DataGrant,
)

"""Link control: who talks to whom, beside the voice of each LDU1 and in a terminator (AABF).

A receiver must never drop voice because it cannot read a word: what has no known layout becomes an
``UnknownLinkControl``, and a call keeps the last word that could be read.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.words import harris, link_control_site, link_control_units, motorola
from gateway.p25.words.layout import Bits, Channel, Form, octets
from gateway.p25.words.link_control_base import (
    IMPLICIT_MFID,
    LC_BITS,
    LC_OCTETS,
    OPCODE,
    PROTECTED,
    ImplicitWord,
    LcGroup,
    LcService,
    LcSource,
    LcTarget,
    LinkControl,
    LinkControlWord,
    UnknownLinkControl,
)
from gateway.p25.words.motorola import EmergencyAlarm
from gateway.p25.words.service_options import ServiceOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVoice(LinkControlWord):
    """A unit talks on a group."""

    OPCODE: ClassVar[int] = 0x00
    service: LcService
    explicit: Annotated[bool, Bits(31, 1, key="explicit_source")] = False
    """A word with the source's full address follows (``SourceExtension``)."""
    group: LcGroup
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVoiceUpdate(ImplicitWord):
    """Two group calls that are running on other channels."""

    OPCODE: ClassVar[int] = 0x02
    channel_a: Annotated[Channel, octets(1, 2)]
    group_a: Annotated[int, octets(3, 2)]
    channel_b: Annotated[Channel, octets(5, 2)]
    group_b: Annotated[int, octets(7, 2)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoice(LinkControlWord):
    """A unit talks to a unit."""

    OPCODE: ClassVar[int] = 0x03
    service: LcService
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupVoiceUpdateExplicit(LinkControlWord):
    """One group call that is running, with both of its channels."""

    OPCODE: ClassVar[int] = 0x04
    service: LcService
    group: Annotated[int, octets(3, 2)]
    channel_down: Annotated[Channel, octets(5, 2)]
    channel_up: Annotated[Channel, octets(7, 2)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceAnswerRequest(LinkControlWord):
    """A unit is being called."""

    OPCODE: ClassVar[int] = 0x05
    service: LcService
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneVoice(LinkControlWord):
    """A unit talks with a telephone; ``timer`` in units of 100 ms."""

    OPCODE: ClassVar[int] = 0x06
    service: LcService
    timer: Annotated[int, octets(4, 2)]
    unit: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceExtension(LinkControlWord):
    """The full address of the unit that talks."""

    OPCODE: ClassVar[int] = 0x09
    wacn: Annotated[int, Bits(16, 20, Form.HEX)]
    system: Annotated[int, Bits(36, 12, Form.HEX)]
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceExtended(ImplicitWord):
    """A unit talks to a unit whose full address is told elsewhere.

    [?] The service options stand in octet 1 in one implementation, in octet 2 in another. Without
    MFID they are read from octet 1, with it from octet 2 (``UnitVoiceExtendedExplicit``).
    """

    OPCODE: ClassVar[int] = 0x0A
    service: Annotated[ServiceOptions, octets(1, 1, key="service_options")]
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVoiceExtendedExplicit(LinkControlWord):
    """The same with an MFID in octet 1, so that the service options stand in octet 2 [?]."""

    OPCODE: ClassVar[int] = 0x0A
    service: LcService
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTermination(ImplicitWord):
    """The call is over; ``unit`` ended it (``tables.UNIT_SYSTEM``: the system)."""

    OPCODE: ClassVar[int] = 0x0F
    unit: Annotated[int, octets(6, 3, key="target")]


_CALLS: Final[tuple[type[LinkControlWord], ...]] = (
    GroupVoice,
    GroupVoiceUpdate,
    UnitVoice,
    GroupVoiceUpdateExplicit,
    UnitVoiceAnswerRequest,
    TelephoneVoice,
    SourceExtension,
    UnitVoiceExtended,
    CallTermination,
)
KINDS: Final = {
    (kind.MFID, kind.OPCODE): kind
    for kind in (
        *_CALLS,
        *link_control_units.WORDS,
        *link_control_site.WORDS,
        *motorola.WORDS,
        *harris.WORDS,
    )
}
"""Classes by manufacturer and opcode."""
EXPLICIT_KINDS: Final = {UnitVoiceExtended.OPCODE: UnitVoiceExtendedExplicit}
"""Opcodes of the standard whose layout is another where an MFID is in the word."""


def decode_link_control(word: bytes) -> LinkControl:
    """Read nine octets; raises ProtocolViolation only at another length.

    A word without a known layout, or an encrypted one, is an ``UnknownLinkControl``.
    """
    if len(word) != LC_OCTETS:
        raise ProtocolViolation(
            f"link control: expected {LC_OCTETS} octets, got {len(word)}",
            raw=word,
            offset=min(len(word), LC_OCTETS),
        )
    implicit = bool(word[0] & IMPLICIT_MFID)
    if word[0] & PROTECTED:
        return UnknownLinkControl(implicit=implicit, word=word, reason="the word is encrypted")
    opcode = word[0] & OPCODE
    mfid = 0 if implicit else word[1]
    kind = KINDS.get((mfid, opcode))
    if not implicit and mfid == 0:
        kind = EXPLICIT_KINDS.get(opcode, kind)
    if kind is None:
        return UnknownLinkControl(implicit=implicit, word=word, reason="no layout known")
    layout = kind.layout()
    number = int.from_bytes(word[1:] if implicit else b"\0" + word[2:], "big")
    return kind(implicit=implicit, spare=number & ~layout.covered & _BODY, **layout.read(number))


_BODY: Final = (1 << LC_BITS - 8) - 1

__all__ = [
    "KINDS",
    "CallTermination",
    "EmergencyAlarm",
    "GroupVoice",
    "GroupVoiceUpdate",
    "GroupVoiceUpdateExplicit",
    "LinkControl",
    "LinkControlWord",
    "SourceExtension",
    "TelephoneVoice",
    "UnitVoice",
    "UnitVoiceAnswerRequest",
    "UnitVoiceExtended",
    "UnitVoiceExtendedExplicit",
    "UnknownLinkControl",
    "decode_link_control",
]

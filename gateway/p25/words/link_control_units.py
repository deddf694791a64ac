"""Link control words between units and dispatch, beside the voice or in a terminator (AABF).

Opcodes 11 to 17 and 25 rest on one public implementation ([1] in reference p25, 1.12).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from gateway.p25.words.layout import Bits, Form, octets
from gateway.p25.words.link_control_base import (
    ImplicitWord,
    LcSource,
    LcTarget,
    LcTargetLast,
    LinkControlWord,
)

WacnFirst = Annotated[int, Bits(8, 20, Form.HEX)]
SystemAfterFirst = Annotated[int, Bits(28, 12, Form.HEX)]
TargetBehindSystem = Annotated[int, octets(5, 3)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAffiliationQuery(LinkControlWord):
    """A unit is asked which group it has selected."""

    OPCODE: ClassVar[int] = 0x10
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRegistrationCommand(ImplicitWord):
    """A unit is told to report to the system [1]."""

    OPCODE: ClassVar[int] = 0x11
    wacn: WacnFirst
    system: SystemAfterFirst
    target: TargetBehindSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAuthenticationCommand(ImplicitWord):
    """A unit is told to prove who it is [1]."""

    OPCODE: ClassVar[int] = 0x12
    wacn: WacnFirst
    system: SystemAfterFirst
    target: TargetBehindSystem


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusQuery(LinkControlWord):
    """A unit is asked for its status [1]."""

    OPCODE: ClassVar[int] = 0x13
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate(ImplicitWord):
    """A status from one unit to another [1]."""

    OPCODE: ClassVar[int] = 0x14
    unit_status: Annotated[int, octets(1, 1)]
    user_status: Annotated[int, octets(2, 1)]
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUpdate(ImplicitWord):
    """A short message [1]."""

    OPCODE: ClassVar[int] = 0x15
    message: Annotated[int, octets(1, 2, Form.HEX)]
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAlert(LinkControlWord):
    """A unit is asked to call back [1]."""

    OPCODE: ClassVar[int] = 0x16
    target: LcTarget
    source: LcSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedFunction(ImplicitWord):
    """A unit is told to do something (``tables.EXTENDED_FUNCTIONS``) [1]."""

    OPCODE: ClassVar[int] = 0x17
    function: Annotated[int, octets(1, 2, Form.HEX)]
    argument: Annotated[int, octets(3, 3)]
    target: LcTargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionParameter(ImplicitWord):
    """Which algorithm and key a unit's call uses [1]."""

    OPCODE: ClassVar[int] = 0x25
    algorithm: Annotated[int, octets(3, 1, Form.HEX, "algid")]
    key_id: Annotated[int, octets(4, 2, Form.HEX, "kid")]
    target: LcTargetLast


WORDS: Final[tuple[type[LinkControlWord], ...]] = (
    GroupAffiliationQuery,
    UnitRegistrationCommand,
    UnitAuthenticationCommand,
    StatusQuery,
    StatusUpdate,
    MessageUpdate,
    CallAlert,
    ExtendedFunction,
    ProtectionParameter,
)

"""Signalling blocks between units and dispatch: status, alert, alarm, checks, registration.

TIA-102.AABC as the reference (p25, 1.16) has it. Where dvmhost's encoder differs (status query at
1C, registration response, radio monitor), the layout here holds.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from gateway.p25.words.layout import Bits, Form
from gateway.p25.words.tsbk_base import (
    EitherWay,
    Group,
    Inbound,
    KnownTsbk,
    Outbound,
    Reason,
    ServiceType,
    Source,
    SystemAfterWacn,
    Target,
    TargetLast,
    Wacn,
)

UnitStatus = Annotated[int, Bits(16, 8)]
UserStatus = Annotated[int, Bits(24, 8)]
InfoValid = Annotated[bool, Bits(16, 1, key="additional_info_valid")]
Info = Annotated[int, Bits(32, 24, Form.HEX, key="additional_info")]
System = Annotated[int, Bits(28, 12, Form.HEX)]
Multiplier = Annotated[int, Bits(30, 2)]
Function = Annotated[int, Bits(16, 16, Form.HEX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate(EitherWay):
    """A status from one unit to another."""

    OPCODE: ClassVar[int] = 0x18
    unit_status: UnitStatus
    user_status: UserStatus
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusQueryResponse(Inbound):
    """A unit's answer to a status query."""

    OPCODE: ClassVar[int] = 0x19
    unit_status: UnitStatus
    user_status: UserStatus
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusQuery(EitherWay):
    """A unit is asked for its status."""

    OPCODE: ClassVar[int] = 0x1A
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUpdate(EitherWay):
    """A short message: a number of sixteen bits whose meaning the radios know."""

    OPCODE: ClassVar[int] = 0x1C
    message: Annotated[int, Bits(16, 16, Form.HEX)]
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioMonitorRequest(Inbound):
    """A unit asks that another be made to send, so that one hears what is round it."""

    OPCODE: ClassVar[int] = 0x1D
    multiplier: Multiplier = 0
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioMonitorCommand(Outbound):
    """A unit is told to send; source and target have changed places."""

    OPCODE: ClassVar[int] = 0x1D
    multiplier: Multiplier = 0
    source: Annotated[int, Bits(32, 24)]
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAlert(EitherWay):
    """A unit is asked to call back."""

    OPCODE: ClassVar[int] = 0x1F
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Outbound):
    """The site passes on that ``address_a`` answered; ``service`` is the opcode answered."""

    OPCODE: ClassVar[int] = 0x20
    WHEN: ClassVar[tuple[int, int] | None] = (17, 0)
    additional_info: Annotated[bool, Bits(16, 1)] = True
    service: ServiceType
    source: Annotated[int, Bits(32, 24, key="address_a")]
    target: Annotated[int, Bits(56, 24, key="address_b")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAbroad(Outbound):
    """The site passes on an answer from another system."""

    OPCODE: ClassVar[int] = 0x20
    WHEN: ClassVar[tuple[int, int] | None] = (17, 1)
    additional_info: Annotated[bool, Bits(16, 1)] = True
    service: ServiceType
    wacn: Wacn
    system: SystemAfterWacn
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitAcknowledge(Inbound):
    """A unit answers; ``service`` is the opcode answered."""

    OPCODE: ClassVar[int] = 0x20
    service: ServiceType
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Outbound):
    """What was asked for has to wait (``tables.QUEUE_REASONS``)."""

    OPCODE: ClassVar[int] = 0x21
    info_valid: InfoValid = False
    service: ServiceType
    reason: Reason
    info: Info = 0
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest(Inbound):
    """A unit takes back what it asked for. No source that was read names its reasons."""

    OPCODE: ClassVar[int] = 0x23
    info_valid: InfoValid = False
    service: ServiceType
    reason: Reason
    info: Info = 0
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedFunction(Outbound):
    """A unit is told to do something (``tables.EXTENDED_FUNCTIONS``).

    ``argument`` of check and inhibit is the unit that asks.
    """

    OPCODE: ClassVar[int] = 0x24
    function: Function
    argument: Annotated[int, Bits(32, 24)]
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendedFunctionResponse(Inbound):
    """A unit did it: bit 7 of the function is set."""

    OPCODE: ClassVar[int] = 0x24
    function: Function
    argument: Annotated[int, Bits(32, 24)]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied(Outbound):
    """What was asked for is refused (``tables.DENY_REASONS``)."""

    OPCODE: ClassVar[int] = 0x27
    info_valid: InfoValid = False
    service: ServiceType
    reason: Reason
    info: Info = 0
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyAlarmRequest(Inbound):
    """A unit raises an alarm. Whatever ``special_info`` holds, it is an alarm.

    [?] Bits 16-39 are reserved by one source; dvmhost reads two octets there and takes the block
    for a refusal unless both are zero. An alarm must not get lost over that.
    """

    OPCODE: ClassVar[int] = 0x27
    special_info: Annotated[int, Bits(16, 16, Form.HEX)] = 0
    group: Group
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAffiliationRequest(Inbound):
    """A unit selects a group."""

    OPCODE: ClassVar[int] = 0x28
    system: System
    group: Group
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAffiliationResponse(Outbound):
    """Whether a unit's group was accepted (``tables.REGISTRATION_RESPONSES``)."""

    OPCODE: ClassVar[int] = 0x28
    is_global: Annotated[bool, Bits(16, 1, key="global")] = False
    response: Annotated[int, Bits(22, 2)]
    announcement_group: Annotated[int, Bits(24, 16)]
    group: Group
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAffiliationQueryResponse(Inbound):
    """A unit says which group it has selected. [?] bit positions as in 28."""

    OPCODE: ClassVar[int] = 0x29
    announcement_group: Annotated[int, Bits(24, 16)] = 0
    group: Group
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAffiliationQuery(Outbound):
    """A unit is asked which group it has selected."""

    OPCODE: ClassVar[int] = 0x2A
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Deregistration(Inbound):
    """A unit leaves."""

    OPCODE: ClassVar[int] = 0x2B
    wacn: Wacn
    system: SystemAfterWacn
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRegistrationResponse(Outbound):
    """Whether a unit may use this site."""

    OPCODE: ClassVar[int] = 0x2B
    response: Annotated[int, Bits(22, 2)]
    group: Annotated[int, Bits(24, 16)]
    rfss: Annotated[int, Bits(40, 8)]
    site: Annotated[int, Bits(48, 8)]
    target: TargetLast


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRegistrationRequest(Inbound):
    """A unit reports to the system."""

    OPCODE: ClassVar[int] = 0x2C
    emergency: Annotated[bool, Bits(16, 1)] = False
    capability: Annotated[int, Bits(17, 7, Form.HEX)] = 0
    wacn: Wacn
    system: SystemAfterWacn
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRegistrationResponse(Outbound):
    """Whether a unit was accepted; ``source`` is its working id, ``target`` its address."""

    OPCODE: ClassVar[int] = 0x2C
    SHOWN: ClassVar[tuple[str, ...]] = ("wuid", "address")
    response: Annotated[int, Bits(18, 2)]
    system: Annotated[int, Bits(20, 12, Form.HEX)]
    source: Annotated[int, Bits(32, 24)]
    target: TargetLast

    @property
    def wuid(self) -> int:
        """Working unit id, as the standard calls it."""
        return self.source

    @property
    def address(self) -> int:
        """The unit that asked."""
        return self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRegistrationRequest(Inbound):
    """A unit comes to this site. [1] the emergency bit stands where 2C has it (dvmhost)."""

    OPCODE: ClassVar[int] = 0x2D
    emergency: Annotated[bool, Bits(16, 1)] = False
    lra: Annotated[int, Bits(32, 8)]
    group: Group
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRegistrationCommand(Outbound):
    """A unit is told to report to the system."""

    OPCODE: ClassVar[int] = 0x2D
    target: Target
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class DeregistrationAcknowledge(Outbound):
    """A unit that leaves is let go."""

    OPCODE: ClassVar[int] = 0x2F
    wacn: Wacn
    system: SystemAfterWacn
    target: TargetLast


BLOCKS: tuple[type[KnownTsbk], ...] = (
    StatusUpdate,
    StatusQueryResponse,
    StatusQuery,
    MessageUpdate,
    RadioMonitorRequest,
    RadioMonitorCommand,
    CallAlert,
    Acknowledge,
    AcknowledgeAbroad,
    UnitAcknowledge,
    Queued,
    CancelRequest,
    ExtendedFunction,
    ExtendedFunctionResponse,
    Denied,
    EmergencyAlarmRequest,
    GroupAffiliationRequest,
    GroupAffiliationResponse,
    GroupAffiliationQueryResponse,
    GroupAffiliationQuery,
    Deregistration,
    LocationRegistrationResponse,
    UnitRegistrationRequest,
    UnitRegistrationResponse,
    LocationRegistrationRequest,
    UnitRegistrationCommand,
    DeregistrationAcknowledge,
)

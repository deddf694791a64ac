"""Pre-coded status, 16 bits (392-2 14.8.34, table 14.72)."""

import enum
from dataclasses import dataclass

from gateway.tetra import tables

STATUS_BITS = 16


class StatusKind(enum.Enum):
    """What a status value is, before any table of meanings."""

    EMERGENCY = "emergency"
    RESERVED = "reserved"
    SHORT_REPORT = "short_report"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortReport:
    """A delivery report that travels as a status: bits ``011111 tt rrrrrrrr``."""

    report: int
    reference: int

    @classmethod
    def decode(cls, value: int) -> "ShortReport | None":
        """Return the report in a status value, None where it is no short report."""
        if not tables.SHORT_REPORT_FIRST <= value <= tables.SHORT_REPORT_LAST:
            return None
        return cls(report=value >> 8 & 0b11, reference=value & 0xFF)

    def encode(self) -> int:
        """Return the status value."""
        return tables.SHORT_REPORT_FIRST | (self.report & 0b11) << 8 | self.reference & 0xFF


def kind_of(value: int) -> StatusKind:
    """Return the kind of a 16-bit status."""
    if value == tables.STATUS_EMERGENCY:
        return StatusKind.EMERGENCY
    if value >= tables.STATUS_USER_FIRST:
        return StatusKind.USER
    if value >= tables.SHORT_REPORT_FIRST:
        return StatusKind.SHORT_REPORT
    return StatusKind.RESERVED


def why_not_sendable(value: int) -> str:
    """Return why a value is not sent as a status, in words; empty where it may be."""
    if not 0 <= value <= 0xFFFF:
        return f"status: expected 0 to 65535, got {value}"
    match kind_of(value):
        case StatusKind.EMERGENCY:
            return "status 0 is an emergency and is not sent from a desk"
        case StatusKind.RESERVED:
            return f"status {value} is reserved; a network's own begin at 32768"
        case StatusKind.SHORT_REPORT:
            return f"status {value} is a delivery report (31744 to 32767), not a status"
        case StatusKind.USER:
            return ""

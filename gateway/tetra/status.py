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

"""What a desk asks of one radio besides talking: alert, query, check, inhibit.

Each act is answered by ``SendProgress`` events for its message id: ``sent`` when it left,
``delivered`` when the radio answered, ``failed`` with a reason.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.model.ids import MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAlert:
    """Ask a unit to call back (P25 call alert)."""

    message: MessageId
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryStatus:
    """Ask a unit for its status; ``delivered`` when it answers."""

    message: MessageId
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStatus:
    """Send a unit a status of 16 bits: unit status (high octet) and user status (low octet)."""

    message: MessageId
    to: int
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioCheck:
    """Ask whether a unit is there (extended function 0000)."""

    message: MessageId
    to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibit:
    """Take a radio out of service over the air, or put it back: ``enabled`` False inhibits."""

    message: MessageId
    to: int
    enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlarm:
    """Tell a unit that a person has its emergency alarm."""

    message: MessageId
    unit: int


UnitAct = CallAlert | QueryStatus | UpdateStatus | RadioCheck | Inhibit | AcknowledgeAlarm


@runtime_checkable
class ReachesUnits(Protocol):
    """A link with the capability UNIT_ACTS."""

    def act(self, act: UnitAct) -> None:
        """Do it. What happens comes back as events."""
        ...

"""Small packets beside voice: grant request, in-call control, announcements (reference p25, 5)."""

import struct
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation
from gateway.p25.fne.numbers import Announcement

_GRANT = struct.Struct(">11xIIBB3x")
_UNIT_TO_UNIT: Final = 0x80
P25_MODE: Final = 2
"""Number of P25 in a grant request [?]: what we have read says where it stands, not its value."""
_CONTROL_AT: Final = 10
NO_CONTROL: Final = 0xFF
"""In-call control that asks for nothing [?]; any other is taken as a no. dvmfne R05A04 sends 01 to
who may not talk, or not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRequest:
    """A peer asks for a channel before it talks."""

    source: int
    destination: int
    unit_to_unit: bool = False
    mode: int = P25_MODE

    def encode(self) -> bytes:
        """Return the payload, 24 octets."""
        slot = _UNIT_TO_UNIT if self.unit_to_unit else 0
        return _GRANT.pack(self.source, self.destination, slot, self.mode)

    @classmethod
    def decode(cls, payload: bytes) -> "GrantRequest":
        """Read a payload; octets behind the mode are not looked at."""
        if len(payload) < _CONTROL_AT + 11:
            raise _short("grant request", payload, _CONTROL_AT + 11)
        source, destination, slot, mode = _GRANT.unpack(payload[: _GRANT.size].ljust(_GRANT.size))
        unit_to_unit = bool(slot & _UNIT_TO_UNIT)
        return cls(source=source, destination=destination, unit_to_unit=unit_to_unit, mode=mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class InCallControl:
    """The master has a say in a running call."""

    command: int
    destination: int

    def encode(self) -> bytes:
        """Return the payload, 14 octets."""
        return bytes(_CONTROL_AT) + bytes([self.command]) + self.destination.to_bytes(3, "big")

    @classmethod
    def decode(cls, payload: bytes) -> "InCallControl":
        """Read a payload; octets behind the destination are not looked at."""
        if len(payload) < _CONTROL_AT + 4:
            raise _short("in-call control", payload, _CONTROL_AT + 4)
        destination = int.from_bytes(payload[_CONTROL_AT + 1 : _CONTROL_AT + 4], "big")
        return cls(command=payload[_CONTROL_AT], destination=destination)


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """A unit came, went or chose a talkgroup at some peer."""

    unit: int
    group: int | None = None
    """Only with an affiliation."""

    def encode(self) -> bytes:
        """Return the payload: three octets a number."""
        group = b"" if self.group is None else self.group.to_bytes(3, "big")
        return self.unit.to_bytes(3, "big") + group

    @classmethod
    def decode(cls, payload: bytes, sub_function: int) -> "Announced":
        """Read an affiliation, registration, de-registration or un-affiliation."""
        wanted = 6 if sub_function == Announcement.AFFILIATION else 3
        if len(payload) < wanted:
            raise _short("announcement", payload, wanted)
        group = int.from_bytes(payload[3:6], "big") if wanted == 6 else None
        return cls(unit=int.from_bytes(payload[:3], "big"), group=group)


OF_ONE_UNIT = frozenset(
    {
        Announcement.AFFILIATION,
        Announcement.REGISTRATION,
        Announcement.DEREGISTRATION,
        Announcement.UNAFFILIATION,
    }
)
"""Announcements that ``Announced`` reads."""


def _short(name: str, payload: bytes, wanted: int) -> ProtocolViolation:
    reason = f"{name}: expected at least {wanted} octets, got {len(payload)}"
    return ProtocolViolation(reason, raw=payload, offset=len(payload))

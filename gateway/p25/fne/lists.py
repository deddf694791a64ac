"""Access lists that a master pushes: talkgroups and units (reference p25, 5.2).

The layout of the lists of units is not in the reference; it is as dvmfne R05A04 sends it: that of
talkgroups without the slot.
"""

import struct
from dataclasses import dataclass
from typing import Final

from gateway.model.errors import ProtocolViolation

_COUNT_AT: Final = 6
_BEGIN: Final = 10
_GROUP = struct.Struct(">IB")
_NON_PREFERRED: Final = 0x80
_AFFILIATION_REQUIRED: Final = 0x40
_UNIT_OCTETS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGroup:
    """A talkgroup of a master's list."""

    number: int
    flags: int
    """Octet behind the number: slot, and the two flags below."""

    @property
    def slot(self) -> int:
        """Slot of a DMR talkgroup; without meaning for P25."""
        return self.flags & ~(_NON_PREFERRED | _AFFILIATION_REQUIRED)

    @property
    def preferred(self) -> bool:
        """Whether this peer is one that the talkgroup prefers."""
        return not self.flags & _NON_PREFERRED

    @property
    def needs_affiliation(self) -> bool:
        """Whether a peer hears it only while a unit there is affiliated."""
        return bool(self.flags & _AFFILIATION_REQUIRED)


def read_groups(payload: bytes) -> tuple[ListedGroup, ...]:
    """Read a list of talkgroups; raises ProtocolViolation where entries are missing."""
    count = _count(payload, _GROUP.size)
    body = payload[_BEGIN : _BEGIN + count * _GROUP.size]
    return tuple(ListedGroup(number=one, flags=two) for one, two in _GROUP.iter_unpack(body))


def groups_payload(groups: tuple[ListedGroup, ...]) -> bytes:
    """Return a list of talkgroups."""
    entries = b"".join(_GROUP.pack(one.number, one.flags) for one in groups)
    return bytes(_COUNT_AT) + len(groups).to_bytes(4, "big") + entries


def read_units(payload: bytes) -> tuple[int, ...]:
    """Read a list of units; entries may be longer than four octets, as the length says."""
    count = _count(payload, _UNIT_OCTETS)
    size = (len(payload) - _BEGIN) // count if count else _UNIT_OCTETS
    if count and (len(payload) - _BEGIN) % count:
        size = _UNIT_OCTETS
    return tuple(
        int.from_bytes(payload[at : at + _UNIT_OCTETS], "big")
        for at in range(_BEGIN, _BEGIN + count * size, size)
    )


def units_payload(units: tuple[int, ...]) -> bytes:
    """Return a list of units."""
    entries = b"".join(unit.to_bytes(_UNIT_OCTETS, "big") for unit in units)
    return bytes(_COUNT_AT) + len(units).to_bytes(4, "big") + entries


def _count(payload: bytes, entry_octets: int) -> int:
    if len(payload) < _BEGIN:
        raise ProtocolViolation(
            f"list of the master: expected at least {_BEGIN} octets, got {len(payload)}",
            raw=payload,
            offset=len(payload),
        )
    count = int.from_bytes(payload[_COUNT_AT:_BEGIN], "big")
    if _BEGIN + count * entry_octets > len(payload):
        raise ProtocolViolation(
            f"list of the master: expected {count} entries of {entry_octets} octets, "
            f"got {len(payload) - _BEGIN} octets",
            raw=payload,
            offset=len(payload),
        )
    return count

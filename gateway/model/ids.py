"""Identities: what may not be mixed has a type of its own, and one place that makes it.

Text forms, used in JSON, in the database and on the screen of an engineer:

* talkgroup ``<system>/<number>``, unit ``<system>/<number>`` (``norrvik/310112``);
* things with a life (call, transmission, incident, message, alarm, floor request): a letter,
  a dash and a lower-case ULID (``c-01jdgx…``), made where the thing starts.
"""

import re
from typing import NewType

SystemId = NewType("SystemId", str)
LinkId = NewType("LinkId", str)
SiteId = NewType("SiteId", str)
GatewayId = NewType("GatewayId", str)
PositionId = NewType("PositionId", str)
TalkgroupId = NewType("TalkgroupId", str)
UnitId = NewType("UnitId", str)
CallId = NewType("CallId", str)
TransmissionId = NewType("TransmissionId", str)
IncidentId = NewType("IncidentId", str)
MessageId = NewType("MessageId", str)
AlarmId = NewType("AlarmId", str)
PatchId = NewType("PatchId", str)
RequestId = NewType("RequestId", str)
"""One press of a push-to-talk key: from the press to the last byte un-keyed."""

Issi = NewType("Issi", int)
Gssi = NewType("Gssi", int)
MonoMs = NewType("MonoMs", int)
"""Monotonic milliseconds, given by the caller; a core never looks at a clock."""
UtcUs = NewType("UtcUs", int)
"""Microseconds since 1970-01-01T00:00:00Z."""

MAX_SSI = (1 << 24) - 1
"""Largest TETRA short subscriber identity (24 bits)."""

_SYSTEM = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_ULID = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


def parse_system(text: str) -> SystemId:
    """Return ``text`` as a system id; raises ValueError unless 1 to 32 of a-z 0-9 -."""
    if not _SYSTEM.fullmatch(text):
        raise ValueError(f"system id: expected 1 to 32 of a-z 0-9 -, got {text!r}")
    return SystemId(text)


def talkgroup_id(system: str, number: int) -> TalkgroupId:
    """Return the text form of a talkgroup."""
    return TalkgroupId(f"{system}/{number}")


def unit_id(system: str, number: int) -> UnitId:
    """Return the text form of a unit."""
    return UnitId(f"{system}/{number}")


def split_address(text: str) -> tuple[SystemId, int]:
    """Split a talkgroup or unit id into system and number; raises ValueError on another form."""
    system, slash, number = text.partition("/")
    if not slash or not number.isascii() or not number.isdecimal():
        raise ValueError(f"address: expected system/number, got {text!r}")
    return parse_system(system), int(number)


def system_part(text: str) -> SystemId:
    """Return the system of an id, whatever form it has; empty where it names none."""
    return SystemId(text.partition("/")[0] if "/" in text else "")


def ulid(now_us: UtcUs, randomness: bytes) -> str:
    """Return a lower-case ULID: 48 bits of milliseconds, 80 bits of ``randomness`` (10 bytes)."""
    if len(randomness) != 10:
        raise ValueError(f"ulid: expected 10 random bytes, got {len(randomness)}")
    value = ((now_us // 1000) & ((1 << 48) - 1)) << 80 | int.from_bytes(randomness, "big")
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def ulid_bytes(thing_id: str) -> bytes:
    """Return the 16 bytes of the ULID in ``x-<ulid>`` or bare; raises ValueError otherwise."""
    text = thing_id[2:] if thing_id[1:2] == "-" else thing_id
    if not _ULID.fullmatch(text):
        raise ValueError(f"ulid: expected 26 Crockford digits, got {thing_id!r}")
    value = 0
    for digit in text:
        value = value << 5 | _CROCKFORD.index(digit)
    return (value & ((1 << 128) - 1)).to_bytes(16, "big")


def ulid_text(raw: bytes) -> str:
    """Return the lower-case text of 16 ULID bytes."""
    value = int.from_bytes(raw, "big")
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))

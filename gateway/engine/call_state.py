"""What a call and a transmission are while they run."""

from dataclasses import dataclass
from typing import Protocol

from gateway.model.ids import (
    CallId,
    LinkId,
    MonoMs,
    PositionId,
    RequestId,
    TalkgroupId,
    TransmissionId,
    UnitId,
    UtcUs,
)
from gateway.model.recording import RecordingEnd

EMERGENCY_PRIORITY = 3
"""KeyDemand and press priority of an emergency call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTerms:
    """What holds for a private call instead of a talkgroup's rules."""

    recorded: bool
    retention: str
    duplex: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A conversation on a link. ``quiet_since_ms`` is set while nobody talks (hang time)."""

    id: CallId
    seq: int
    link: LinkId
    instance: int
    number: int
    talkgroup: TalkgroupId
    caller: UnitId | None
    priority: int
    emergency: bool
    encrypted: bool
    late_entry: bool
    quiet_since_ms: MonoMs
    emergency_unit: UnitId | None = None
    """Whose emergency it is; only this unit's overs are marked."""
    transmission: "Transmission | None" = None
    private: PrivateTerms | None = None
    """Set for a call of two; ``talkgroup`` is its line then."""
    own: "Transmission | None" = None
    """What our side says in a duplex call, beside ``transmission``."""


@dataclass(slots=True, kw_only=True, eq=False)
class Transmission:
    """One over. A desk's own has a ``request``."""

    id: TransmissionId
    call: Call
    started_ms: MonoMs
    started_utc: UtcUs
    talker: UnitId | None = None
    alias: str = ""
    position: PositionId | None = None
    operator: str = ""
    request: RequestId | None = None
    emergency: bool = False
    encrypted: bool = False
    late_entry: bool = False
    lost_frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPress:
    """What the call book needs to know of a press that was granted."""

    request: RequestId
    position: PositionId
    operator: str
    number: int
    priority: int


def is_duplex(call: Call) -> bool:
    """Say whether both sides of a call talk at once."""
    return call.private is not None and call.private.duplex


class TransmissionListener(Protocol):
    """Who has to know of beginnings and ends: the voice path."""

    def began(self, transmission: Transmission) -> None:
        """Note that a transmission starts."""
        ...

    def changed(self, transmission: Transmission) -> None:
        """Its talker became known, or it became an emergency."""
        ...

    def ended(self, transmission: Transmission, end: RecordingEnd) -> None:
        """Note that it is over."""
        ...

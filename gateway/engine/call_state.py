"""What a call and a transmission are while they run."""

from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.ids import (
    CallId,
    LinkId,
    MonoMs,
    PatchId,
    PositionId,
    RequestId,
    TalkgroupId,
    TransmissionId,
    UnitId,
    UtcUs,
)
from gateway.model.radio import CallUp, TalkStarted
from gateway.model.recording import RecordingEnd

EMERGENCY_PRIORITY = 3
"""KeyDemand and press priority of an emergency call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """What is known of the encryption of a call or an over."""

    encrypted: bool = False
    readable: bool = True
    algorithm: int | None = None
    key_id: int | None = None

    @classmethod
    def of(cls, event: CallUp | TalkStarted) -> "Encryption":
        """Return what a link said."""
        return cls(
            encrypted=event.encrypted,
            readable=event.readable,
            algorithm=event.algorithm,
            key_id=event.key_id,
        )

    def inside(self, call: "Encryption") -> "Encryption":
        """Return that of an over in a call.

        Where the link names algorithms, each over says its own; else an encrypted call has
        encrypted overs.
        """
        return self if call.algorithm is not None else self.after(call)

    def after(self, before: "Encryption") -> "Encryption":
        """Return what is known with this said last: a named algorithm holds, else all adds up."""
        if self.algorithm is not None:
            return self
        return Encryption(
            encrypted=self.encrypted or before.encrypted,
            readable=self.readable and before.readable,
            algorithm=before.algorithm,
            key_id=before.key_id if self.key_id is None else self.key_id,
        )

    @property
    def of_own(self) -> "Encryption":
        """Return that of what a desk says: a terminal encrypts it as the call, we ourselves never.

        A link that names algorithms has no keys of ours.
        """
        return Encryption(encrypted=self.encrypted and self.algorithm is None)


UNKNOWN_ENCRYPTION = Encryption()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateTerms:
    """What holds for a private call instead of a talkgroup's rules."""

    recorded: bool
    retention: str
    duplex: bool = False


@dataclass(slots=True, eq=False)
class Leg:
    """One link's part in a call: its own handle, and who talks as far as this link knows."""

    link: LinkId
    instance: int
    talking: bool = False
    talker: UnitId | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A conversation. ``quiet_since_ms`` is set while nobody talks (hang time).

    ``link`` and ``instance`` are the leg by which it was heard first and still is; ``legs`` has one
    for each link that hears it.
    """

    id: CallId
    seq: int
    link: LinkId
    instance: int
    number: int
    talkgroup: TalkgroupId
    caller: UnitId | None
    priority: int
    emergency: bool
    late_entry: bool
    quiet_since_ms: MonoMs
    exercise: bool = False
    """On a test talkgroup, and no real emergency."""
    encryption: Encryption = UNKNOWN_ENCRYPTION
    emergency_unit: UnitId | None = None
    """Whose emergency it is; only this unit's overs are marked."""
    transmission: "Transmission | None" = None
    private: PrivateTerms | None = None
    """Set for a call of two; ``talkgroup`` is its line then."""
    own: "Transmission | None" = None
    """What our side says in a duplex call, beside ``transmission``."""
    legs: dict[LinkId, Leg] = field(default_factory=dict)
    before: "Before | None" = None
    """The over before this one."""

    def __post_init__(self) -> None:
        """Make the link that begins the call its first leg."""
        self.legs.setdefault(self.link, Leg(self.link, self.instance))

    def is_on(self, link: LinkId, instance: int) -> bool:
        """Say whether ``instance`` of ``link`` is a leg of this call."""
        leg = self.legs.get(link)
        return leg is not None and leg.instance == instance


@dataclass(frozen=True, slots=True)
class Before:
    """An over that is past: a slower link may still tell its talker."""

    talker: UnitId | None
    ended_ms: MonoMs


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOn:
    """What a patch says on a member: the over that it passes on, and by which patch."""

    patch: PatchId
    label: str
    source: "Transmission"


@dataclass(slots=True, kw_only=True, eq=False)
class Transmission:
    """One over. A desk's own has a ``request``.

    ``link`` is where it is heard from, or sent by. ``receptions`` has what each link that hears it
    records it as: this over's own id for the first, an id of its own for every further one.
    """

    id: TransmissionId
    call: Call
    started_ms: MonoMs
    started_utc: UtcUs
    link: LinkId = field(default=LinkId(""))
    receptions: dict[LinkId, TransmissionId] = field(default_factory=dict)
    talker: UnitId | None = None
    alias: str = ""
    position: PositionId | None = None
    operator: str = ""
    request: RequestId | None = None
    emergency: bool = False
    encryption: Encryption = UNKNOWN_ENCRYPTION
    late_entry: bool = False
    bit_error_rate: float | None = None
    """Share of wrong bits in what the heard link received, 0 to 1."""
    lost_frames: int = 0
    passed: PassedOn | None = None
    """Set on what a patch says: it is passed on to nobody again."""
    sounded: bool = False
    """Whether listeners have got a frame of it."""
    spoken_ms: MonoMs | None = None
    """When the first block of a desk's own microphone went to the radio."""

    def __post_init__(self) -> None:
        """Hear it where its call began, unless a link is given."""
        self.link = self.link or self.call.link
        if self.request is None:
            self.receptions[self.link] = self.id

    @property
    def encrypted(self) -> bool:
        """Whether it is encrypted on the air."""
        return self.encryption.encrypted


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPress:
    """What the call book needs to know of a press that was granted."""

    request: RequestId
    position: PositionId
    operator: str
    number: int
    priority: int
    passed: PassedOn | None = None


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
        """Note that it is over, at every link that still hears it."""
        ...

    def heard_too(self, transmission: Transmission, link: LinkId) -> None:
        """Another link hears it as well; ``receptions`` says as what it is recorded."""
        ...

    def heard_no_more(self, transmission: Transmission, link: LinkId, end: RecordingEnd) -> None:
        """One of several links stopped hearing it."""
        ...

    def heard_from(self, transmission: Transmission, link: LinkId) -> None:
        """From here on people hear this link's sound."""
        ...

"""Events of the centre itself, beside those of the gateways; the same envelope and rules."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.events import Event
from gateway.model.ids import (
    CallId,
    IncidentId,
    MessageId,
    PatchId,
    PositionId,
    TalkgroupId,
    UtcUs,
)

# ---- incidents and cameras ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened(Event):
    """A camera, or a person, opened an incident. Calls that belong to it are asked for apart."""

    type: ClassVar[str] = "incident.opened"
    incident: IncidentId
    label: str
    title: str
    kind: str
    severity: str
    opened_utc: UtcUs
    camera: str = ""
    camera_group: str = ""
    place: str = ""
    talkgroup: TalkgroupId | None = None
    talkgroups: tuple[TalkgroupId, ...] = ()
    """Set for an incident that a person opened on talkgroups: who sees one of them, sees this."""
    state: str = "new"
    priority: int = 3
    owner: str = ""
    exercise: bool = False
    events: int = 1
    source: str = ""
    storm: bool = False
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    t_event_utc: int = 0
    """Time of the first event as its source claims it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentUpdated(Event):
    """Something of it changed; ``what`` names it: events, suggestion, call, note and so on."""

    type: ClassVar[str] = "incident.updated"
    incident: IncidentId
    what: str
    state: str = "new"
    title: str = ""
    severity: str = ""
    camera_group: str = ""
    events: int = 0
    by: str = ""
    label: str = ""
    storm_events: int = 0
    last_event_utc: int = 0
    suggested: int = 0
    """Calls that are suggested at the top (60 points and more) and not yet judged."""
    talkgroups: tuple[TalkgroupId, ...] = ()
    """Set for an incident that a person opened on talkgroups: who sees one of them, sees this."""
    priority: int = 0
    """1 to 4; 0 where this says nothing of it."""
    owner: str = ""
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMerged(Event):
    """Two incidents were one: ``incident`` went into ``into``. ``undone``: it was not so."""

    type: ClassVar[str] = "incident.merged"
    incident: IncidentId
    into: IncidentId
    camera_group: str = ""
    by: str = ""
    undone: bool = False
    talkgroups: tuple[TalkgroupId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSplit(Event):
    """A part of ``incident`` became ``into``, which is told of by ``incident.opened`` too."""

    type: ClassVar[str] = "incident.split"
    incident: IncidentId
    into: IncidentId
    camera_group: str = ""
    by: str = ""
    talkgroups: tuple[TalkgroupId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceChanged(Event):
    """Health of a camera source, or of one ``camera``: up, down, silent, flooding."""

    type: ClassVar[str] = "source.changed"
    source: str
    state: str
    reason: str = ""
    camera_group: str = ""
    camera: str = ""
    skew_ms: int | None = None
    """Estimated offset of its clock (source minus ours); None while nothing is known."""


# ---- desk --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionTaken(Event):
    """An operator sat down at a position."""

    type: ClassVar[str] = "position.taken"
    position: PositionId
    user: str
    operator: str
    taken_over_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionGivenUp(Event):
    """An operator left a position. ``cause``: left, taken_over, signed_out, revoked, expired."""

    type: ClassVar[str] = "position.left"
    position: PositionId
    user: str
    operator: str
    cause: str = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionListening(Event):
    """Whether the desk has sound: its page reports a running, advancing sink every 2 s."""

    type: ClassVar[str] = "position.listening"
    position: PositionId
    listening: bool


# ---- records -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOpened(Event):
    """A person read a text."""

    type: ClassVar[str] = "message.opened"
    message: MessageId
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNoted(Event):
    """A person wrote a note on a call."""

    type: ClassVar[str] = "call.noted"
    call: CallId
    talkgroup: TalkgroupId
    note: str
    text: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MixConfirmed(Event):
    """A person agreed to talk on a patch of encrypted and unencrypted talkgroups, for a shift."""

    type: ClassVar[str] = "patch.mix_confirmed"
    patch: PatchId
    label: str
    user: str
    until_utc: int


# ---- service -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanActivated(Event):
    """Another plan is live."""

    type: ClassVar[str] = "plan.activated"
    plan: int
    name: str
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChanged(Event):
    """Rights changed for these users; each page gets a new snapshot, tracks are dropped at once."""

    type: ClassVar[str] = "access.changed"
    users: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState(Event):
    """Whether the audit log can be written."""

    type: ClassVar[str] = "log.state"
    writable: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskLow(Event):
    """Room on the disk of the state folder. ``step``: ok, warn (10 %), stop (2 %: no new media)."""

    type: ClassVar[str] = "disk.low"
    step: str
    free_percent: int
    free_bytes: int

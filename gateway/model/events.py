"""Events on the bus: ``<thing>.<past verb>``, each a frozen dataclass with its ``type``.

The envelope adds ``{v, id, seq, type, t_utc, gateway, trace}``. Every event goes through JSON and
comes back equal. ``transient`` events are not part of the ordered stream's history.
"""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model import individual_events as individual_events
from gateway.model.envelope import ENVELOPE_VERSION as ENVELOPE_VERSION
from gateway.model.envelope import EVENT_TYPES as EVENT_TYPES
from gateway.model.envelope import Envelope as Envelope
from gateway.model.envelope import Event as Event
from gateway.model.ids import (
    AlarmId,
    CallId,
    LinkId,
    PatchId,
    PositionId,
    RequestId,
    TalkgroupId,
    TransmissionId,
    UnitId,
    UtcUs,
)
from gateway.model.link_events import LinkChanged as LinkChanged
from gateway.model.link_events import LinkGroupChanged as LinkGroupChanged
from gateway.model.link_events import LinkGroupsKnown as LinkGroupsKnown
from gateway.model.link_events import LinkLineSeen as LinkLineSeen
from gateway.model.link_events import NamedGroup as NamedGroup
from gateway.model.message_events import MessageProgressed as MessageProgressed
from gateway.model.message_events import MessageQueued as MessageQueued
from gateway.model.message_events import MessageReceived as MessageReceived
from gateway.model.message_events import UnitPositioned as UnitPositioned
from gateway.model.message_events import UnitStatusSet as UnitStatusSet
from gateway.model.patch import PatchCallJoined as PatchCallJoined
from gateway.model.patch import PatchChanged as PatchChanged
from gateway.model.patch import PatchEnded as PatchEnded
from gateway.model.patch import PatchMade as PatchMade
from gateway.model.patch import PatchMemberChanged as PatchMemberChanged
from gateway.model.patch import PatchSkipped as PatchSkipped
from gateway.model.patch import PatchWaits as PatchWaits
from gateway.model.sound_events import SoundMeasured as SoundMeasured

# ---- calls and transmissions -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted(Event):
    """A conversation begins; ``call_seq`` counts without gaps per gateway.

    ``exercise``: it is on a test talkgroup, and no real emergency.
    """

    type: ClassVar[str] = "call.started"
    call: CallId
    call_seq: int
    talkgroup: TalkgroupId
    link: LinkId
    caller: UnitId | None = None
    priority: int = 0
    emergency: bool = False
    encrypted: bool = False
    late_entry: bool = False
    plan: int = 1
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUpdated(Event):
    """The call turned into an emergency or changed its priority in mid-call."""

    type: ClassVar[str] = "call.updated"
    call: CallId
    talkgroup: TalkgroupId
    emergency: bool
    priority: int
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    """The conversation is over. ``cause`` in words."""

    type: ClassVar[str] = "call.ended"
    call: CallId
    talkgroup: TalkgroupId
    cause: str
    code: int | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionStarted(Event):
    """One over begins. A desk's own has ``position`` and ``operator`` instead of ``talker``.

    ``algorithm`` and ``key_id``: of the encryption, where the link tells them (P25). What a patch
    passes on names the ``source`` over; ``alias``, or ``position``, then says who is heard.
    """

    type: ClassVar[str] = "transmission.started"
    transmission: TransmissionId
    call: CallId
    talkgroup: TalkgroupId
    link: LinkId
    talker: UnitId | None = None
    alias: str = ""
    position: PositionId | None = None
    operator: str = ""
    priority: int = 0
    emergency: bool = False
    encrypted: bool = False
    readable: bool = True
    late_entry: bool = False
    algorithm: int | None = None
    key_id: int | None = None
    exercise: bool = False
    patch: PatchId | None = None
    patch_label: str = ""
    source: TransmissionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionUpdated(Event):
    """Talker or encryption became known, or an emergency began in mid-transmission."""

    type: ClassVar[str] = "transmission.updated"
    transmission: TransmissionId
    call: CallId
    talkgroup: TalkgroupId
    talker: UnitId | None
    alias: str
    emergency: bool
    encrypted: bool = False
    readable: bool = True
    algorithm: int | None = None
    key_id: int | None = None
    exercise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionMeasured(Event):
    """How well the running over is received: share of wrong bits until now, 0 to 1."""

    type: ClassVar[str] = "transmission.measured"
    transient: ClassVar[bool] = True
    transmission: TransmissionId
    talkgroup: TalkgroupId
    bit_error_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionEnded(Event):
    """The over ended. ``cause``: ended, cut, lost, preempted, moved, limit, interrupted.

    ``bit_error_rate``: share of wrong bits in what was received, 0 to 1; None where it is unknown.
    """

    type: ClassVar[str] = "transmission.ended"
    transmission: TransmissionId
    call: CallId
    talkgroup: TalkgroupId
    duration_ms: int
    cause: str
    emergency: bool = False
    lost_frames: int = 0
    bit_error_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFile:
    """One file of a recording: ``kind`` is opus, frames, gain or raw."""

    kind: str
    sha256: str
    size_bytes: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingClosed(Event):
    """The sound of a transmission is on disk, hashed. ``late`` after a crash or from a spool.

    ``copy_of`` names the over where this is what a further ``link`` heard of it.
    """

    type: ClassVar[str] = "recording.closed"
    transmission: TransmissionId
    call: CallId
    talkgroup: TalkgroupId
    files: tuple[RecordingFile, ...]
    duration_ms: int
    started_utc: UtcUs
    late: bool = False
    interrupted: bool = False
    link: LinkId | None = None
    copy_of: TransmissionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFailed(Event):
    """A transmission could not be recorded (disk full, fault): NOT RECORDED on the tile."""

    type: ClassVar[str] = "recording.failed"
    transmission: TransmissionId
    talkgroup: TalkgroupId
    reason: str


# ---- floor -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRequested(Event):
    """A position pressed. ``source``: key, button, pedal, latch, test.

    ``test_link``: set for a test transmission, which no position makes; ``test_sound`` then is
    ``tone`` or ``microphone``.
    """

    type: ClassVar[str] = "floor.requested"
    request: RequestId
    position: PositionId
    operator: str
    talkgroup: TalkgroupId
    priority: int = 0
    source: str = "button"
    test_link: LinkId | None = None
    test_sound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorGranted(Event):
    """On air."""

    type: ClassVar[str] = "floor.granted"
    request: RequestId
    position: PositionId
    talkgroup: TalkgroupId
    transmission: TransmissionId
    wait_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorQueued(Event):
    """Waiting for a channel or for a colleague; ``place`` only where the link tells it."""

    type: ClassVar[str] = "floor.queued"
    request: RequestId
    position: PositionId
    talkgroup: TalkgroupId
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRefused(Event):
    """Refused before time on air. ``not_sent``: nothing was keyed; ``reason`` in words or empty."""

    type: ClassVar[str] = "floor.refused"
    request: RequestId
    position: PositionId
    talkgroup: TalkgroupId
    reason: str
    not_sent: bool = False
    discarded_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorUnheard(Event):
    """On air without microphone sound for a second (``silent``), or it comes again."""

    type: ClassVar[str] = "floor.unheard"
    request: RequestId
    position: PositionId
    talkgroup: TalkgroupId
    silent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorEnding(Event):
    """Released; what is left in the press buffer is still being sent."""

    type: ClassVar[str] = "floor.ending"
    request: RequestId
    position: PositionId
    talkgroup: TalkgroupId
    left_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorReleased(Event):
    """Un-keyed after a normal release or a withdrawn request; the times between in ms.

    ``grant_ms`` and ``first_ms`` count from the press to the grant and to the first block of the
    desk's microphone that went to the radio; ``unkey_ms`` from the release to the un-key.
    """

    type: ClassVar[str] = "floor.released"
    request: RequestId
    position: PositionId
    talkgroup: TalkgroupId
    cause: str
    grant_ms: int | None = None
    on_air_ms: int = 0
    discarded_ms: int = 0
    first_ms: int | None = None
    unkey_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorLost(Event):
    """Cut off after time on air: lease, preempted, moved, limit, link_lost, revoked, socket.

    ``grant_ms`` and ``first_ms`` as in ``floor.released``.
    """

    type: ClassVar[str] = "floor.lost"
    request: RequestId
    position: PositionId
    talkgroup: TalkgroupId
    cause: str
    reason: str
    on_air_ms: int
    grant_ms: int | None = None
    first_ms: int | None = None


# ---- alarms ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Event):
    """An emergency, new or raised anew (``again``) by a new sign after acknowledgement.

    ``exercise`` was marked beforehand, or a simulated terminal gave it on a test talkgroup.
    ``no_exercise``: a real one on a test talkgroup.
    """

    type: ClassVar[str] = "alarm.raised"
    alarm: AlarmId
    unit: UnitId | None
    alias: str
    talkgroup: TalkgroupId | None
    link: LinkId
    sign: str
    call: CallId | None = None
    again: bool = False
    exercise: bool = False
    no_exercise: bool = False
    t_sign_utc: int = 0
    late: bool = False
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    error_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmShown(Event):
    """Rendered on at least one position that is listening."""

    type: ClassVar[str] = "alarm.shown"
    alarm: AlarmId
    position: PositionId


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged(Event):
    """A person has seen it. ``way``: sent, confirmed, not_sent, not_possible (to the radio)."""

    type: ClassVar[str] = "alarm.acknowledged"
    alarm: AlarmId
    operator: str
    position: PositionId | None
    way: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAnswered(Event):
    """What became of the acknowledgement on its way to the radio: ``confirmed`` or ``not_sent``."""

    type: ClassVar[str] = "alarm.answered"
    alarm: AlarmId
    way: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLinkChanged(Event):
    """The alarm's link was lost or came back while the alarm is open; the banner stays."""

    type: ClassVar[str] = "alarm.link_changed"
    alarm: AlarmId
    lost: bool
    last_heard_utc: UtcUs


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEscalated(Event):
    """Nobody acknowledged in time. ``step``: supervisor, everyone, sounder."""

    type: ClassVar[str] = "alarm.escalated"
    alarm: AlarmId
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEnded(Event):
    """``reason``: handled, accidental_press, no_cause_found, duplicate."""

    type: ClassVar[str] = "alarm.ended"
    alarm: AlarmId
    operator: str
    reason: str

"""What a link tells the call engine: one vocabulary for TETRA and P25.

A protocol core turns bytes into these; the engine turns these into calls, transmissions and
alarms. ``demand`` names one press (see ``gateway.model.ids.RequestId``).
"""

import enum
from dataclasses import dataclass, field

from gateway.model.ids import MessageId, RequestId
from gateway.model.radio_time import FixTime, RadioTime


class Capability(enum.Enum):
    """What a link can know or carry. What it cannot, the console does not show."""

    EMERGENCY_IN = "emergency_in"
    EMERGENCY_ACK = "emergency_ack"
    DELIVERY = "delivery"
    MEMBERS = "members"
    QUEUE_PLACE = "queue_place"
    AFFILIATION = "affiliation"
    SELECT_GROUP = "select_group"
    TEXT = "text"
    POSITION_REQUEST = "position_request"
    STATUS = "status"
    SIGNAL = "signal"
    INDIVIDUAL = "individual"
    TELEPHONE = "telephone"
    EMERGENCY_OUT = "emergency_out"
    UNIT_ACTS = "unit_acts"


class LinkState(enum.Enum):
    """Health of a link, in the order of a start."""

    CLOSED = "closed"
    STARTING = "starting"
    UP = "up"
    UNREGISTERED = "unregistered"
    DOWN = "down"


class EmergencySign(enum.Enum):
    """The independent signs of one emergency; each may come alone."""

    CALL_PRIORITY = "call_priority"
    STATUS = "status"
    POSITION_REASON = "position_reason"
    ALARM = "alarm"
    """An alarm message of its own, as P25 has it."""


class SendState(enum.Enum):
    """How far a text or status got; each is a claim of its own."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioEvent:
    """Base of what a link reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChanged(RadioEvent):
    """The link's health or identity changed."""

    state: LinkState
    reason: str = ""
    model: str = ""
    firmware: str = ""
    own_number: int | None = None
    mode: str = ""
    registered: bool | None = None
    signal_dbm: int | None = None
    speed_bps: int | None = None
    """Speed of the port, where it was found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChanged(RadioEvent):
    """The radio's selected group; ``asked`` is False when a hand turned the knob."""

    number: int | None
    scanned: tuple[int, ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGroup:
    """A group that is programmed into a radio, or was given to it over the air."""

    number: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsKnown(RadioEvent):
    """The groups that a radio has: programmed ones, and dynamic ones that the network gave it."""

    static: tuple[KnownGroup, ...] = ()
    dynamic: tuple[KnownGroup, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUp(RadioEvent):
    """A call begins (or is joined late). ``instance`` is the link's own handle.

    ``algorithm`` and ``key_id`` of an encrypted call, where the link tells them; ``readable`` is
    False where nobody here can decode it: then the link gives no sound of it.
    """

    instance: int
    group: int | None
    caller: int | None = None
    priority: int = 0
    emergency: bool = False
    encrypted: bool = False
    late_entry: bool = False
    outgoing: bool = False
    duplex: bool = False
    readable: bool = True
    algorithm: int | None = None
    key_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkStarted(RadioEvent):
    """Somebody else talks on the call; again with more, when more of the same over is known."""

    instance: int
    talker: int | None = None
    encrypted: bool = False
    may_ask: bool = True
    readable: bool = True
    algorithm: int | None = None
    key_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalQuality(RadioEvent):
    """How well the running over of another radio is received, from its start until now.

    ``bit_error_rate``: share of the received bits that error correction found wrong, 0 to 1;
    ``frames``: vocoder frames of 20 ms that were counted. At most once a second, and before
    ``TalkEnded`` for the whole over.
    """

    instance: int
    bit_error_rate: float
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded(RadioEvent):
    """The talker stopped; the call may stay up for its hang time."""

    instance: int
    may_ask: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDown(RadioEvent):
    """The call is over; ``cause`` in words, ``code`` as the link gave it."""

    instance: int
    code: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TxGranted(RadioEvent):
    """Ours: sound may be sent from here on."""

    demand: RequestId
    instance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TxQueued(RadioEvent):
    """The system waits for a channel; nothing is sent."""

    demand: RequestId
    place: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TxRefused(RadioEvent):
    """The system or the radio said no. ``reason`` is empty where the link gives none."""

    demand: RequestId
    reason: str = ""
    may_ask: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TxNotSent(RadioEvent):
    """Nothing was keyed: the radio is on another group, or the link is not able to."""

    demand: RequestId
    reason: str
    radio_group: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TxEnded(RadioEvent):
    """Un-keyed on the wire. ``cause``: released, withdrawn, preempted, link_lost, moved, failed.

    ``talker`` is who took the channel, where the link says it.
    """

    demand: RequestId
    cause: str
    reason: str = ""
    talker: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReceived(RadioEvent):
    """A text (SDS). ``text`` as decoded, ``raw_hex`` the whole payload as received."""

    sender: int | None
    to: int | None
    text: str
    pid: int
    coding: str = ""
    guessed: bool = False
    reference: int | None = None
    immediate: bool = False
    raw_hex: str = ""
    written: RadioTime | None = None
    handle: int | None = None
    """Set where the sender waits to hear that a person has read it: for ``message_opened``."""
    parts: int = 1
    parts_missing: int = 0
    opta: str = ""
    itsi: str = ""
    """Leading and trailing identity that some networks write into a text; cut from ``text``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReceived(RadioEvent):
    """A pre-coded status, 16 bits."""

    sender: int | None
    to: int | None
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAlertReceived(RadioEvent):
    """A unit asks ``to`` to call it back (P25 call alert)."""

    sender: int | None
    to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReceived(RadioEvent):
    """A unit's place; ``error_m`` is the upper limit of the class the radio stated."""

    sender: int | None
    latitude_deg: float
    longitude_deg: float
    error_m: float | None = None
    speed_kmh: float | None = None
    direction_deg: float | None = None
    altitude_m: float | None = None
    age_s: int | None = None
    """Upper limit of the fix's age when it was sent; None unknown."""
    reason: int | None = None
    taken: FixTime | None = None
    """When the position was taken, where the radio said it; then ``age_s`` is None."""
    user_data: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencySigned(RadioEvent):
    """One sign of an emergency from a unit."""

    unit: int | None
    sign: EmergencySign
    group: int | None = None
    instance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendProgress(RadioEvent):
    """How far a message that we sent has come."""

    message: MessageId
    state: SendState
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataReceived(RadioEvent):
    """Payload that we keep whole and do not read.

    ``pid`` is its protocol id (SDS type 4); ``words`` what is known of it; ``routine`` where it is
    of no concern to a dispatcher.
    """

    sender: int | None
    to: int | None
    pid: int | None
    raw_hex: str
    sds_type: int = 4
    words: str = ""
    routine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSeen(RadioEvent):
    """One protocol line with its meaning in words, for the engineer's page."""

    outgoing: bool
    raw: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed(RadioEvent):
    """Bytes that could not be read; nothing else is lost by it."""

    raw: bytes
    offset: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDemand:
    """The wish to talk on ``group``. ``priority`` 0 low, 1 high, 2 pre-emptive, 3 emergency.

    ``individual`` is the instance of a private simplex call; then ``group`` says nothing (0).
    """

    demand: RequestId
    group: int
    priority: int = 0
    individual: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInfo:
    """What a link says of itself before it is opened."""

    technology: str
    capabilities: frozenset[Capability] = field(default_factory=frozenset)
    many_calls: bool = False
    """Several calls at once, each with its sound; else one sound belongs to all that is heard."""

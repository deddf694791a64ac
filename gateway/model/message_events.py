"""Events of units and messages; all of them can be had from ``gateway.model.events`` too."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.envelope import Event
from gateway.model.ids import LinkId, MessageId, TalkgroupId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPositioned(Event):
    """A unit's place. ``error_m`` upper limit of its class; ``age_s`` of the fix when sent."""

    type: ClassVar[str] = "unit.positioned"
    unit: UnitId
    link: LinkId
    latitude_deg: float
    longitude_deg: float
    error_m: float | None = None
    age_s: int | None = None
    speed_kmh: float | None = None
    direction_deg: float | None = None
    altitude_m: float | None = None
    reason: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStatusSet(Event):
    """A unit sent a status; words and digit come from the plan's table."""

    type: ClassVar[str] = "unit.status_set"
    unit: UnitId
    link: LinkId
    value: int
    digit: str = ""
    words: str = ""
    kind: str = "other"
    to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(Event):
    """A text from a unit, or data that nobody here reads (``kind`` data, ``text`` says so).

    ``written`` is the sender's own time, without Z where it is local to its network. ``kind``
    call_alert: the sender asks to be called back.
    """

    type: ClassVar[str] = "message.received"
    message: MessageId
    link: LinkId
    sender: UnitId | None
    to: int | None
    talkgroup: TalkgroupId | None
    text: str
    coding: str = ""
    guessed: bool = False
    immediate: bool = False
    raw_hex: str = ""
    kind: str = "text"
    pid: int | None = None
    written: str = ""
    parts: int = 1
    parts_missing: int = 0
    opta: str = ""
    itsi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQueued(Event):
    """What a desk sends waits for the radio.

    ``kind``: text, status, position_request, call_alert, status_query, status_update, radio_check,
    inhibit, uninhibit.
    """

    type: ClassVar[str] = "message.queued"
    message: MessageId
    link: LinkId
    to: UnitId | TalkgroupId
    talkgroup: TalkgroupId | None
    text: str
    operator: str
    kind: str = "text"
    value: int | None = None
    immediate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProgressed(Event):
    """One claim about a message: accepted, sent, delivered, read, failed or unknown.

    Each of the first four is known by itself, or not; they may come in any order. The same state
    again tells a new ``reason`` alone.
    """

    type: ClassVar[str] = "message.progressed"
    message: MessageId
    state: str
    reason: str = ""

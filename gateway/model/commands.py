"""Commands on the bus: what a position or the centre asks of a gateway."""

from dataclasses import dataclass
from typing import ClassVar

import gateway.model.individual_commands
import gateway.model.message_commands
import gateway.model.patch
import gateway.model.unit_commands  # noqa: F401 - they register theirs
from gateway.model.command import Command
from gateway.model.ids import AlarmId, LinkId, MessageId, PositionId, RequestId, TalkgroupId, UnitId
from gateway.model.transmit_test import TransmitTest


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRequest(Command):
    """A press. The lease starts here and must be renewed every 100 ms."""

    type: ClassVar[str] = "floor.request"
    request: RequestId
    position: PositionId
    operator: str
    talkgroup: TalkgroupId
    priority: int = 0
    source: str = "button"
    test: TransmitTest | None = None
    """Set for a test transmission: then it goes to this link, and ``priority`` says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRenew(Command):
    """The key is still held."""

    type: ClassVar[str] = "floor.renew"
    request: RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRelease(Command):
    """The key was let go (``normal``) or the press ended for ``cause``: then un-key at once."""

    type: ClassVar[str] = "floor.release"
    request: RequestId
    normal: bool
    cause: str = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSelect(Command):
    """A position selected a talkgroup: retune its radio unless another position uses it."""

    type: ClassVar[str] = "link.select"
    position: PositionId
    talkgroup: TalkgroupId


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionLeft(Command):
    """A position was given up: it uses no radio any more, what it keyed is un-keyed."""

    type: ClassVar[str] = "position.left"
    position: PositionId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSend(Command):
    """Send a text to a unit or talkgroup; ``immediate``: the radio shows it at once."""

    type: ClassVar[str] = "message.send"
    message: MessageId
    to: UnitId | TalkgroupId
    to_talkgroup: bool
    text: str
    operator: str
    immediate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledge(Command):
    """A person has seen the alarm."""

    type: ClassVar[str] = "alarm.acknowledge"
    alarm: AlarmId
    operator: str
    position: PositionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmShow(Command):
    """A listening position has rendered the alarm."""

    type: ClassVar[str] = "alarm.show"
    alarm: AlarmId
    position: PositionId


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEnd(Command):
    """End an acknowledged alarm with one of the four reasons."""

    type: ClassVar[str] = "alarm.end"
    alarm: AlarmId
    operator: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyExercise(Command):
    """Mark alarms of a unit as EXERCISE beforehand."""

    type: ClassVar[str] = "alarm.exercise"
    unit: UnitId
    until_utc: int
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRestart(Command):
    """Close and re-open a link (engineer)."""

    type: ClassVar[str] = "link.restart"
    link: LinkId
    operator: str

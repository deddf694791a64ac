"""Commands about statuses, positions and the reading of texts; texts are in ``commands``."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.command import Command
from gateway.model.ids import MessageId, TalkgroupId, UnitId

POSITION_ACTIONS = ("ask", "enable", "disable")
"""What can be asked of a unit: its position now, reports by itself, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSend(Command):
    """Send a status of the plan's table to a unit or talkgroup."""

    type: ClassVar[str] = "status.send"
    message: MessageId
    to: UnitId | TalkgroupId
    to_talkgroup: bool
    value: int
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRequest(Command):
    """Ask a unit where it is (``ask``), or to report it by itself (``enable``, ``disable``)."""

    type: ClassVar[str] = "position.request"
    message: MessageId
    unit: UnitId
    action: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOpen(Command):
    """A person has opened a received text: its sender is told, where it waits for that."""

    type: ClassVar[str] = "message.open"
    message: MessageId
    operator: str

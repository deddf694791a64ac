"""Commands of private and telephone calls.

The microphone of a duplex call is a press like any other: ``microphone`` names it beforehand, and
the desk then presses on the call's line with it. Nothing is answered or dialled on the air before
that press is there, and the call ends when the press does.
"""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.command import Command
from gateway.model.ids import CallId, LinkId, PositionId, RequestId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualAnswer(Command):
    """Take a ringing call; the first position wins."""

    type: ClassVar[str] = "individual.answer"
    call: CallId
    position: PositionId
    operator: str
    microphone: RequestId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualDecline(Command):
    """Do not let it ring at this position any more."""

    type: ClassVar[str] = "individual.decline"
    call: CallId
    position: PositionId
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualDial(Command):
    """Call a unit, or an external number (``digits``), with one of ``links`` (empty: any)."""

    type: ClassVar[str] = "individual.dial"
    call: CallId
    position: PositionId
    operator: str
    kind: str
    unit: UnitId | None = None
    digits: str = ""
    duplex: bool = False
    microphone: RequestId | None = None
    rings: bool = True
    emergency: bool = False
    links: tuple[LinkId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualHangUp(Command):
    """End a call that this position has, or withdraw one that it dialled."""

    type: ClassVar[str] = "individual.hang_up"
    call: CallId
    position: PositionId
    operator: str

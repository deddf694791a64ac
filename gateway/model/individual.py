"""Private and telephone calls, as a link reports and carries them.

A call of two has no talkgroup. In **simplex** one talks at a time: a press is a ``KeyDemand`` with
``individual`` set, with the grants of a group call. In **duplex** both talk: the microphone is open
from the connection to the end, so ``dial`` and ``answer`` take the request that stands for it; the
link answers ``TxGranted`` for it when the call is connected and ends the call when it is ended.
"""

import enum
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.model.ids import CallId, RequestId
from gateway.model.radio import RadioEvent


class IndividualKind(enum.Enum):
    """Who is at the other end."""

    PRIVATE = "private"
    TELEPHONE = "telephone"


class Progress(enum.Enum):
    """How far a call that we dialled has come (EN 300 392-5 call status)."""

    DIALLING = "dialling"
    QUEUED = "queued"
    RINGING = "ringing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Whom to call. ``digits``: an ISSI, a longer TETRA address, or an external number, <= 25."""

    call: CallId
    kind: IndividualKind
    digits: str
    duplex: bool
    microphone: RequestId | None = None
    """Of a duplex call: what stands for our open microphone."""
    rings: bool = True
    """Hook signalling: the called person has to answer. False: direct set-up."""
    emergency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualRinging(RadioEvent):
    """Somebody calls the radio itself.

    ``answer_needed`` is False for direct set-up: the call is up with this event, and nobody is
    asked. ``caller_digits`` holds an external number as the radio gave it.
    """

    instance: int
    kind: IndividualKind
    caller: int | None = None
    caller_digits: str = ""
    duplex: bool = False
    answer_needed: bool = True
    priority: int = 0
    emergency: bool = False
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualProgressed(RadioEvent):
    """A call of ours is under way; ``instance`` once the radio has told it."""

    call: CallId
    progress: Progress
    instance: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualConnected(RadioEvent):
    """Both ends are there. ``call`` of a call that we dialled, else None."""

    instance: int
    call: CallId | None = None
    duplex: bool = False
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualEnded(RadioEvent):
    """Over, before or after it was connected; ``instance`` None if the radio never told one."""

    instance: int | None
    call: CallId | None = None
    code: int | None = None
    cause: str = ""


@runtime_checkable
class CarriesIndividualCalls(Protocol):
    """A link with the capability INDIVIDUAL (and TELEPHONE, where it can)."""

    def dial(self, dial: Dial) -> None:
        """Call somebody. Answers: IndividualProgressed, then Connected or Ended."""
        ...

    def answer(self, instance: int, microphone: RequestId | None = None) -> None:
        """Take a ringing call; ``microphone`` for a duplex one. Answer: IndividualConnected."""
        ...

    def hang_up(self, call: CallId | int) -> None:
        """Decline, withdraw or end: by our call id, or the instance. Answer: IndividualEnded."""
        ...

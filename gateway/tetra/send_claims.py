"""What is known of a message on its way, joined from its parts: never more than all of them say.

``accepted``, ``sent``, ``delivered`` and ``read`` are claims of their own, each told once and only
when every part has it. One part that failed is a message that failed. ``unknown`` ends what was
neither sent nor failed.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.model.ids import MessageId
from gateway.model.radio import SendProgress, SendState

MAX_REMEMBERED = 256
"""Messages that claims are still taken for; the oldest is forgotten first."""
Part = tuple[MessageId, int]
"""One part of a message: its message and its number, from 1."""
_BEYOND_DOUBT = frozenset({SendState.SENT, SendState.DELIVERED, SendState.READ, SendState.FAILED})
_THERE = frozenset({SendState.DELIVERED, SendState.READ})


@dataclass(slots=True)
class _Journey:
    parts: int
    claims: dict[SendState, set[int]] = field(default_factory=dict)
    told: set[SendState] = field(default_factory=set)


class SendClaims:
    """Takes claims of parts, tells those of messages."""

    def __init__(self, emit: Callable[[SendProgress], None]) -> None:
        """``emit`` is told of each claim of a message."""
        self._emit = emit
        self._journeys: OrderedDict[MessageId, _Journey] = OrderedDict()

    def begin(self, message: MessageId, parts: int) -> None:
        """Take note of a message that sets out in so many parts."""
        self._journeys[message] = _Journey(parts=parts)
        if len(self._journeys) > MAX_REMEMBERED:
            self._journeys.popitem(last=False)

    def claim(self, part: Part, state: SendState, reason: str = "") -> None:
        """Take one claim of a part: accepted, sent, delivered or read."""
        message, number = part
        journey = self._journeys.get(message)
        if journey is None or state in journey.told:
            return
        reached = journey.claims.setdefault(state, set())
        reached.add(number)
        if len(reached) == journey.parts:
            journey.told.add(state)
            self._emit(SendProgress(message=message, state=state, reason=reason))

    def failed(self, part: Part, reason: str) -> None:
        """Take note of a part that did not get there."""
        message, number = part
        journey = self._journeys.get(message)
        if journey is None or journey.told & (_THERE | {SendState.FAILED}):
            return
        if journey.parts > 1:
            reason = f"part {number} of {journey.parts}: {reason}"
        journey.told.add(SendState.FAILED)
        self._emit(SendProgress(message=message, state=SendState.FAILED, reason=reason))

    def unknown(self, part: Part, reason: str) -> None:
        """Nobody knows whether a part went out."""
        journey = self._journeys.get(part[0])
        if journey is None or journey.told & (_BEYOND_DOUBT | {SendState.UNKNOWN}):
            return
        journey.told.add(SendState.UNKNOWN)
        self._emit(SendProgress(message=part[0], state=SendState.UNKNOWN, reason=reason))

    def note(self, part: Part, reason: str) -> None:
        """Tell what somebody on the way said, without a claim: stored, forwarded."""
        journey = self._journeys.get(part[0])
        if journey is None or journey.told & (_THERE | {SendState.FAILED}):
            return
        told = journey.told & {SendState.SENT, SendState.ACCEPTED}
        if told:
            state = SendState.SENT if SendState.SENT in told else SendState.ACCEPTED
            self._emit(SendProgress(message=part[0], state=state, reason=reason))

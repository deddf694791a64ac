"""One press of a push-to-talk key, and the table of what may follow what.

Theory of operation. A press is HELD while a pad may still turn out to be a slip (150 ms), WAITING
behind a colleague on the same radio, DEMANDED once the link was asked, QUEUED when the radio
system waits for a channel, ON_AIR from the grant, ENDING from a normal release until what is left
in the press buffer was sent, and OVER. Every state but ENDING lives on a lease. Nothing ever leads
back from OVER: whoever was cut off must let go and press again.
"""

import enum
from dataclasses import dataclass, field
from typing import Protocol

from gateway.engine.call_state import OwnPress, PassedOn, Transmission
from gateway.engine.settings import LEASE_LOOKS, EngineSettings
from gateway.model.commands import FloorRequest
from gateway.model.errors import InvalidCommand
from gateway.model.ids import LinkId, MonoMs, PositionId, RequestId, TalkgroupId, split_address
from gateway.model.transmit_test import TransmitTest


class PressState(enum.Enum):
    """Where a press is."""

    HELD = "held"
    WAITING = "waiting"
    DEMANDED = "demanded"
    QUEUED = "queued"
    ON_AIR = "on_air"
    ENDING = "ending"
    OVER = "over"


MOVES: dict[PressState, frozenset[PressState]] = {
    PressState.HELD: frozenset({PressState.WAITING, PressState.OVER}),
    PressState.WAITING: frozenset({PressState.DEMANDED, PressState.OVER}),
    PressState.DEMANDED: frozenset(
        {PressState.QUEUED, PressState.WAITING, PressState.ON_AIR, PressState.OVER}
    ),
    PressState.QUEUED: frozenset({PressState.WAITING, PressState.ON_AIR, PressState.OVER}),
    PressState.ON_AIR: frozenset({PressState.ENDING, PressState.OVER}),
    PressState.ENDING: frozenset({PressState.OVER}),
    PressState.OVER: frozenset(),
}

NO_LIMIT_MS = 1 << 40
"""A press without a limit: the open microphone of a duplex call lives on its lease alone."""

TALKING = frozenset({PressState.ON_AIR, PressState.ENDING})
ASKED = frozenset({PressState.DEMANDED, PressState.QUEUED})

TEST_PRIORITY = -1
"""A test transmission gives way to every press of a desk."""
TEST_MARGIN_MS = 250
"""A test ends by itself at its limit; where it does not, it is cut this much later."""


class Relay(Protocol):
    """Who keys a member of a patch: asked for its names, told what becomes of its press."""

    @property
    def name(self) -> str:
        """Who is heard, for the desks: ``A 911 via P1``."""
        ...

    @property
    def passed(self) -> PassedOn:
        """What is passed on."""
        ...

    def granted(self) -> None:
        """Take that it is on air."""
        ...

    def over(self, cause: str, reason: str) -> None:
        """Take that it is over, or never came on air (``refused``); ``reason`` in words."""
        ...


class PressSound(Protocol):
    """Where the sound of presses waits and goes out: the uplink of microphones, that of patches."""

    def __contains__(self, request: object) -> bool:
        """Say whether it has the sound of a press."""
        ...

    def grant(self, request: RequestId, transmission: Transmission) -> None:
        """Go on air."""
        ...

    def release(self, request: RequestId) -> int:
        """Take no more; returns the milliseconds still to send."""
        ...

    def drained(self, request: RequestId) -> bool:
        """Say whether a released press has nothing left to send."""
        ...

    def close(self, request: RequestId) -> int:
        """Drop what is left; returns how many ms were never sent."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Press:
    """A press with its times."""

    request: RequestId
    position: PositionId
    operator: str
    talkgroup: TalkgroupId
    number: int
    link: LinkId
    priority: int
    source: str
    pressed_ms: MonoMs
    renewed_ms: MonoMs
    looks: int = 0
    """How often a renewal was looked for since the lease was over."""
    order: int = 0
    """Given when it is taken: of equal ones the first goes first."""
    state: PressState = PressState.HELD
    granted_ms: MonoMs | None = None
    released_ms: MonoMs | None = None
    transmission: Transmission | None = None
    end_words: str = ""
    """Why it was cut."""
    test: TransmitTest | None = None
    """Set for a test transmission."""
    relay: "Relay | None" = None
    """Set for what a patch keys: it is told what becomes of it, and no desk is."""

    def move(self, state: PressState) -> None:
        """Go to another state; raises InvalidCommand when the table does not have the step."""
        if state not in MOVES[self.state]:
            raise InvalidCommand(f"press {self.request}: {self.state.value} to {state.value}")
        self.state = state

    def looked_for(self) -> bool:
        """Count a look for a renewal when the lease is over; says whether there were enough.

        Between two looks the loop reads what the desk may have sent meanwhile.
        """
        self.looks += 1
        return self.looks > LEASE_LOOKS

    def on_air_ms(self, now: MonoMs) -> int:
        """Return the time on air so far."""
        return 0 if self.granted_ms is None else now - self.granted_ms

    @property
    def grant_ms(self) -> int | None:
        """Return the time from press to grant, None without one."""
        return None if self.granted_ms is None else self.granted_ms - self.pressed_ms

    @property
    def first_ms(self) -> int | None:
        """Return the time from press to the first block of the microphone that was sent."""
        over = self.transmission
        return None if over is None or over.spoken_ms is None else over.spoken_ms - self.pressed_ms

    @property
    def name(self) -> str:
        """Return who presses, for the other desks."""
        if self.relay is not None:
            return self.relay.name
        who = "Test transmission" if self.test else f"Position {self.position}"
        return f"{who}, {self.operator}" if self.operator else who


def press_of(command: FloorRequest, link: LinkId, now: MonoMs) -> Press:
    """Return the press that a command begins on ``link``; its lease starts now."""
    return Press(
        request=command.request,
        position=command.position,
        operator=command.operator,
        talkgroup=command.talkgroup,
        number=split_address(command.talkgroup)[1],
        link=link,
        priority=command.priority if command.test is None else TEST_PRIORITY,
        source=command.source,
        pressed_ms=now,
        renewed_ms=now,
        test=command.test,
    )


def own_of(press: Press) -> OwnPress:
    """Return a press as the call book takes it."""
    return OwnPress(
        request=press.request,
        position=press.position,
        operator=press.operator,
        number=press.number,
        priority=max(0, press.priority),
        passed=press.relay.passed if press.relay else None,
    )


def lease_end_ms(press: Press, settings: EngineSettings) -> int:
    """Return when a press that is not renewed any more is cut."""
    return press.renewed_ms + (settings.patch_lease_ms if press.relay else settings.lease_ms)


def due_ms(press: Press, settings: EngineSettings, limit_ms: int) -> MonoMs:
    """Return when something must be done about a press that is not renewed any more."""
    if press.state is PressState.ENDING and press.released_ms is not None:
        return MonoMs(press.released_ms + settings.ending_limit_ms)
    due = lease_end_ms(press, settings)
    if press.state is PressState.HELD:
        due = min(due, press.pressed_ms + settings.short_press_ms)
    if press.granted_ms is not None:
        due = min(due, press.granted_ms + limit_ms)
    if press.granted_ms is not None and press.test is not None:
        due = min(due, press.granted_ms + press.test.limit_ms + TEST_MARGIN_MS)
    return MonoMs(due)


@dataclass(slots=True, eq=False)
class Unkeying:
    """A demand that was ended and that the link has not yet reported as ended."""

    request: RequestId
    until_ms: MonoMs
    released: Press | None = None
    """A normal release: reported when the radio is un-keyed."""
    discarded_ms: int = 0


@dataclass(slots=True, eq=False)
class RadioFloor:
    """The presses on one radio: one has it, the others wait by priority and order."""

    link: LinkId
    current: Press | None = None
    unkeying: Unkeying | None = None
    waiting: list[Press] = field(default_factory=list)

    def pop_next(self) -> Press | None:
        """Take the next press out of the queue."""
        best = min(self.waiting, key=lambda press: (-press.priority, press.order), default=None)
        if best is not None:
            self.waiting.remove(best)
        return best

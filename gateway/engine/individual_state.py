"""One private call, and the table of what may follow what.

Theory of operation. A call to us is RINGING until a position takes it, a call of ours DIALLING
until the other side does. TAKEN is between our answer and the radio's word that the call is up.
ENDING waits for the radio to say that it is over; it is told as over then, or after two seconds.
"""

import enum
from dataclasses import dataclass, field

from gateway.engine.call_state import Call
from gateway.engine.individual_rules import Recording
from gateway.engine.private_lines import PrivateLine
from gateway.model.errors import InvalidCommand
from gateway.model.ids import CallId, LinkId, MonoMs, PositionId, RequestId, TalkgroupId, UnitId
from gateway.model.individual import Dial, IndividualKind
from gateway.model.individual_plan import IndividualRule


class State(enum.Enum):
    """Where a private call is."""

    RINGING = "ringing"
    TAKEN = "taken"
    DIALLING = "dialling"
    CONNECTED = "connected"
    ENDING = "ending"
    OVER = "over"


MOVES: dict[State, frozenset[State]] = {
    State.RINGING: frozenset({State.TAKEN, State.ENDING, State.OVER}),
    State.TAKEN: frozenset({State.CONNECTED, State.ENDING, State.OVER}),
    State.DIALLING: frozenset({State.CONNECTED, State.ENDING, State.OVER}),
    State.CONNECTED: frozenset({State.ENDING, State.OVER}),
    State.ENDING: frozenset({State.OVER}),
    State.OVER: frozenset(),
}
UP = frozenset({State.TAKEN, State.DIALLING, State.CONNECTED, State.ENDING})
"""The radio is in this call, or about to be."""


@dataclass(slots=True, kw_only=True, eq=False)
class PrivateCall:
    """A private or telephone call with its times."""

    id: CallId
    seq: int
    line: PrivateLine
    kind: IndividualKind
    incoming: bool
    started_ms: MonoMs
    other: UnitId | None = None
    digits: str = ""
    alias: str = ""
    direct: bool = False
    emergency: bool = False
    priority: int = 0
    encrypted: bool = False
    rule: IndividualRule
    recording: Recording
    state: State
    rings_at: tuple[PositionId, ...] = ()
    declined: set[PositionId] = field(default_factory=set)
    passed_on: bool = False
    operator: str = ""
    dial: Dial | None = None
    """What we asked for, until the microphone of a duplex call is there."""
    call: Call | None = None
    connected_ms: MonoMs | None = None
    due_ms: MonoMs | None = None
    """When something must be done about this state."""
    outcome: str = ""
    cause: str = ""

    def move(self, state: State) -> None:
        """Go to another state; raises InvalidCommand when the table does not have the step."""
        if state not in MOVES[self.state]:
            raise InvalidCommand(f"call {self.id}: {self.state.value} to {state.value}")
        self.state = state
        self.line.takes_radio = state in UP
        self.line.connected = state is State.CONNECTED

    @property
    def link(self) -> LinkId:
        """The radio."""
        return self.line.link

    @property
    def instance(self) -> int | None:
        """The link's own handle, once it told one."""
        return self.line.instance

    @property
    def position(self) -> PositionId | None:
        """Who has it: answered or dialled."""
        return self.line.position

    @property
    def microphone(self) -> RequestId | None:
        """The press that is the open microphone of a duplex call."""
        return self.line.microphone

    @property
    def waits_for_microphone(self) -> bool:
        """Whether the radio is asked only when the desk's microphone is there."""
        return self.line.duplex and not self.line.microphone_open

    @property
    def line_id(self) -> TalkgroupId:
        """The line, in the place of a talkgroup."""
        return self.line.id

    @property
    def name(self) -> str:
        """Who is at the other end, for people."""
        return self.alias or self.digits or "unknown number"

"""Events of private and telephone calls. ``line`` stands for the call in voice and presses.

Every call has one ``individual.ringing`` (somebody calls us) or one ``individual.dialled`` (we
call) and one ``individual.ended``, whatever comes between.
"""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.envelope import Event
from gateway.model.ids import CallId, LinkId, PositionId, TalkgroupId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualRinging(Event):
    """Somebody calls: it rings at ``rings_at``, and whether it is recorded is decided.

    ``direct``: the radio has taken it already (direct set-up); it waits to be picked up.
    """

    type: ClassVar[str] = "individual.ringing"
    call: CallId
    call_seq: int
    line: TalkgroupId
    link: LinkId
    kind: str
    caller: UnitId | None = None
    digits: str = ""
    alias: str = ""
    duplex: bool = False
    direct: bool = False
    emergency: bool = False
    priority: int = 0
    queue_priority: int = 0
    encrypted: bool = False
    recorded: bool = True
    why: str = ""
    protected: bool = False
    """On the list of numbers that are never recorded: who calls is shown only where it rings."""
    retention: str = "private_call"
    rule: str = ""
    rings_at: tuple[PositionId, ...] = ()
    plan: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualPassedOn(Event):
    """It rings at other positions now: the next of the rule, or fewer after a decline."""

    type: ClassVar[str] = "individual.passed_on"
    call: CallId
    rings_at: tuple[PositionId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualDialled(Event):
    """A position calls somebody; whether it is recorded is decided before."""

    type: ClassVar[str] = "individual.dialled"
    call: CallId
    call_seq: int
    line: TalkgroupId
    link: LinkId
    kind: str
    position: PositionId
    operator: str
    called: UnitId | None = None
    digits: str = ""
    alias: str = ""
    duplex: bool = False
    emergency: bool = False
    recorded: bool = True
    why: str = ""
    protected: bool = False
    retention: str = "private_call"
    plan: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualProgressed(Event):
    """A call that we dialled is under way: dialling, queued or ringing."""

    type: ClassVar[str] = "individual.progressed"
    call: CallId
    progress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualAnswered(Event):
    """A position took a ringing call; it stops ringing everywhere else."""

    type: ClassVar[str] = "individual.answered"
    call: CallId
    position: PositionId
    operator: str
    waited_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualDeclined(Event):
    """A position does not want it: it stops ringing there."""

    type: ClassVar[str] = "individual.declined"
    call: CallId
    position: PositionId
    operator: str
    rings_at: tuple[PositionId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualConnected(Event):
    """Both ends are there."""

    type: ClassVar[str] = "individual.connected"
    call: CallId
    duplex: bool = False
    encrypted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualTalkerChanged(Event):
    """Who talks in a simplex call: them, us, or nobody (empty)."""

    type: ClassVar[str] = "individual.talker_changed"
    call: CallId
    talker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualMissed(Event):
    """Nobody answered before the caller gave up, or the time to ring was over."""

    type: ClassVar[str] = "individual.missed"
    call: CallId
    waited_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndividualEnded(Event):
    """Over. ``outcome``: talked, missed, declined, not_reached, cancelled; ``cause`` in words."""

    type: ClassVar[str] = "individual.ended"
    call: CallId
    outcome: str
    cause: str
    code: int | None = None
    talked_ms: int = 0
    interrupted: bool = False

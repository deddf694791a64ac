"""One private or telephone call at the radio, and what is written to set it up."""

import enum
from dataclasses import dataclass

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import Dial, IndividualKind, Progress
from gateway.tetra import tables
from gateway.tetra.addressing import parse_address
from gateway.tetra.command_queue import Command
from gateway.tetra.pei_lines import IncomingCall
from gateway.tetra.radio_state import Call, RadioState, ssi

MAX_CALL_MS = 1_800_000
"""Longest call with an open microphone; the system's own limit is shorter."""
QUIET_MS = 600_000
"""A simplex call without news for this long is hung up."""
_EXTERNAL = frozenset({tables.IdentityType.PABX, tables.IdentityType.PSTN})
_CALLED_TYPES = {
    15: tables.IdentityType.TSI,
    16: tables.IdentityType.TSI,
    17: tables.IdentityType.EXTENDED_TSI,
}
"""Digits of a long address -> called party type; shorter ones are an SSI."""

_START = MonoMs(0)


class Stage(enum.Enum):
    """Where a call of two stands."""

    RINGING = "ringing"
    SETTING_UP = "setting_up"
    DIALLING = "dialling"
    WAITING = "waiting"
    ANSWERING = "answering"
    UP = "up"
    ENDING = "ending"


@dataclass(slots=True, eq=False, kw_only=True)
class Individual:
    """One call of two. ``open`` while our microphone may be heard in it."""

    stage: Stage
    kind: IndividualKind
    duplex: bool
    dial: Dial | None = None
    instance: int | None = None
    microphone: RequestId | None = None
    ours: bool = False
    """Whether we dialled or answered it: then we may have keyed the radio."""
    open: bool = False
    granted: bool = False
    taken: int = 0
    """How often the radio took our hang-up without a release that followed."""
    answer_wanted: bool = False
    """A person answered while a press held the radio; it is taken once that is over."""
    told: tuple[Progress, int | None] | None = None
    command: Command | None = None
    due: MonoMs | None = None
    tries: int = 0
    dials: int = 1
    words: str = ""
    """Why we end it; empty until we do."""
    microphone_cause: str = "released"
    stray_until: MonoMs = _START
    """Until then a grant that nobody pressed for is un-keyed: the set-up may have keyed."""

    @property
    def call(self) -> CallId | None:
        """Our id of a call that we dialled."""
        return None if self.dial is None else self.dial.call

    @property
    def untouched(self) -> bool:
        """Whether no byte that calls was handed out."""
        if self.stage is Stage.SETTING_UP:
            return True
        waits = self.stage in (Stage.DIALLING, Stage.ANSWERING) and self.command is not None
        return waits and self.command is not None and not self.command.handed_out


def wrong_number(dial: Dial, state: RadioState) -> str:
    """Return why a number cannot be called, in words; empty where it can."""
    digits = dial.digits
    if not digits.isascii() or not digits.isdecimal() or len(digits) > tables.MAX_DIAL_DIGITS:
        return f"number: expected 1 to {tables.MAX_DIAL_DIGITS} digits, got {digits[:40]!r}"
    if dial.kind is IndividualKind.TELEPHONE:
        return ""
    try:
        called = parse_address(digits).ssi
    except ValueError as fault:
        return str(fault)
    if called == state.own_number:
        return f"{called} is the radio's own number"
    return f"{called} is a group, no unit" if state.is_group(called) else ""


def set_up(dial: Dial, state: RadioState) -> str:
    """Return the set-up of a call of two.

    In simplex we do not ask to talk first: only a press keys. (Request to transmit: 0 asks.)
    """
    called = _called_type(dial, state)
    hook = 0 if dial.rings else 1
    simplex = 0 if dial.duplex else 1
    quiet = simplex
    priority = tables.CALL_PRIORITY_EMERGENCY if dial.emergency else 0
    return f"AT+CTSDC=0,{called},0,{hook},{simplex},0,0,1,{quiet},{priority},0"


def _called_type(dial: Dial, state: RadioState) -> int:
    if dial.kind is IndividualKind.PRIVATE:
        return _CALLED_TYPES.get(len(dial.digits), tables.IdentityType.SSI).value
    only_pabx = tables.NUMBER_PABX in state.gateways and tables.NUMBER_PSTN not in state.gateways
    kind = tables.IdentityType.PABX if only_pabx else tables.IdentityType.PSTN
    return kind.value


def kind_of(line: IncomingCall, state: RadioState) -> IndividualKind:
    """Return who calls: through a gateway, or with an external number, it is a telephone."""
    through = ssi(line.calling) in state.gateways.values()
    if line.calling_type in _EXTERNAL or through:
        return IndividualKind.TELEPHONE
    return IndividualKind.PRIVATE


def limit_ms(duplex: bool) -> int:
    """Return how long a call may last without news."""
    return MAX_CALL_MS if duplex else QUIET_MS


def as_call(instance: int, one: Individual, own_number: int | None, now: MonoMs) -> Call:
    """Return a number that we dialled as a call at the radio, once its instance is known."""
    emergency = one.dial is not None and one.dial.emergency
    return Call(
        instance=instance,
        private=True,
        duplex=one.duplex,
        connected=False,
        outgoing=True,
        caller=own_number,
        priority=tables.CALL_PRIORITY_EMERGENCY if emergency else 0,
        confirmed=True,
        last_news=now,
    )

"""Push-to-talk: one press from the demand to the last byte un-keyed.

Theory of operation::

    IDLE       demand, call on the target up  -> ASKING      AT+CTXD
    IDLE       demand, no call, group right   -> SETTING_UP  AT+CTSDC
    SETTING_UP OK                             -> DIALLING    ATD
    DIALLING   OK                             -> WAITING
    ASKING     OK                             -> WAITING
    ASKING     error 3, call still up         -> CALL_GONE   its release may follow: dial once
    waiting *  grant 0 -> ON_AIR, 1 -> IDLE (refused), 2 -> QUEUED, 3 -> no change
    any        let go, moved, failed          -> ENDING      AT+CUTXC, or ATH while no call is known
    ENDING     OK or +CDTXC                   -> IDLE

**Never elsewhere.** The target is compared with the running call's group, or with the selected
group when no call is up, at the demand, before dialling and at the grant. A call or a group change
elsewhere in between un-keys at once (``moved``).
"""

import enum
from collections.abc import Callable

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    KeyDemand,
    RadioEvent,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxQueued,
    TxRefused,
)
from gateway.tetra import tables
from gateway.tetra.calls import CallTracker, cause_words
from gateway.tetra.command_queue import Command, CommandQueue, Lane, Result
from gateway.tetra.pei_lines import CallReleased, TxCeased, TxGrant
from gateway.tetra.radio_state import Call, RadioState
from gateway.tetra.target import Elsewhere, elsewhere
from gateway.tetra.words import error_words

DEMAND_ANSWER_MS = 5_000
"""How long the system may leave a demand without any grant line while nobody else talks."""
CALL_GONE_MS = 300
"""How long the release of a call may follow the refusal of a demand in it."""
UNKEY_ANSWER_MS = 400
"""How long an un-key may go unanswered before it is written again."""
MAX_UNKEY_TRIES = 6
MAX_KEY_MS = 180_000
"""The core's own key time-out, behind the engine's."""
WITHDRAWN_MS = 5_000
"""How long a grant that crosses its withdrawal is answered by another un-key."""
_FIRST_INSTANCE = 1
_CAUSES = frozenset({"released", "withdrawn", "preempted", "link_lost", "moved", "failed"})


class Phase(enum.Enum):
    """Where a press stands."""

    IDLE = "idle"
    SETTING_UP = "setting_up"
    DIALLING = "dialling"
    ASKING = "asking"
    WAITING = "waiting"
    QUEUED = "queued"
    CALL_GONE = "call_gone"
    ON_AIR = "on_air"
    ENDING = "ending"


_ASKED = frozenset({Phase.DIALLING, Phase.ASKING, Phase.WAITING, Phase.QUEUED, Phase.CALL_GONE})


class Transmitter:
    """Keys and un-keys the radio for one press at a time."""

    def __init__(self, state: RadioState, queue: CommandQueue, tracker: CallTracker) -> None:
        """Share state, queue and calls with the other parts of the core."""
        self._state = state
        self._queue = queue
        self._tracker = tracker
        self.phase = Phase.IDLE
        self.key_epoch = 0
        """Grows whenever ``guard_bytes`` changes."""
        self._guard = b""
        self._demand: KeyDemand | None = None
        self._next: KeyDemand | None = None
        self._command: Command | None = None
        self._instance: int | None = None
        self._was_granted = False
        self._dialled = False
        self._selected_then: int | None = None
        self._last_event: RadioEvent | None = None
        self._due: MonoMs | None = None
        self._unkey_tries = 0
        self._withdrawn: dict[int, MonoMs] = {}
        self._hung_up_until = MonoMs(0)
        self._hung_up_group = 0
        self._emergency_profile = False

    @property
    def busy(self) -> bool:
        """Whether a press is in hand."""
        return self.phase is not Phase.IDLE

    @property
    def on_air(self) -> RequestId | None:
        """The press whose sound may be sent right now."""
        return self._demand.demand if self.phase is Phase.ON_AIR and self._demand else None

    def guard_bytes(self) -> bytes:
        """Return what must be sent to un-key should this process die; empty when not keyed."""
        return self._guard

    # -- the engine's verbs

    def demand(self, wanted: KeyDemand, now: MonoMs) -> None:
        """Ask to talk; a press during the last un-key waits for its end."""
        if self.phase is Phase.ENDING and self._next is None:
            self._next = wanted
        elif self.busy:
            self._not_sent(wanted, Elsewhere(reason="another press holds the radio"))
        else:
            self._begin(wanted, now)

    def end(self, request: RequestId, cause: str, now: MonoMs) -> None:
        """Let go, ahead of everything else."""
        if self._next is not None and self._next.demand == request:
            self._next = None
            self._state.emit(TxEnded(demand=request, cause="withdrawn"))
            return
        if self._demand is None or self._demand.demand != request or self.phase is Phase.ENDING:
            return
        plain = "released" if self._was_granted else "withdrawn"
        known = cause in _CAUSES and cause != "released"
        event = TxEnded(
            demand=request,
            cause=cause if known else plain,
            reason="" if cause in _CAUSES else cause,
        )
        self._stop(event, now)

    # -- what the radio tells

    def grant(self, line: TxGrant, now: MonoMs) -> bool:
        """Take ``+CTXG``; returns whether the line was about our own press."""
        self._adopt(line.instance, now)
        ours = self._instance == line.instance and self.phase is not Phase.SETTING_UP
        match line.grant:
            case tables.Grant.MINE:
                return self._grant_mine(line.instance, ours, now)
            case tables.Grant.OTHER:
                if ours:
                    self._grant_other(line, now)
                return False
            case _:
                if ours:
                    self._grant_no(line, now)
                return True

    def ceased(self, line: TxCeased, now: MonoMs) -> None:
        """Take ``+CDTXC``: the end of our un-key, or of our transmission."""
        if self._instance != line.instance or not self.busy:
            return
        if self.phase is Phase.ENDING:
            self._ended(now)
        elif self.phase is Phase.ON_AIR:
            self._tell_then_unkey("failed", "the system ended the transmission", now)
        elif self.phase is Phase.WAITING:
            self._due = MonoMs(now + DEMAND_ANSWER_MS)

    def released(self, line: CallReleased, now: MonoMs) -> None:
        """Take ``+CTCR``, once the call is out of the list."""
        self._withdrawn.pop(line.instance, None)
        if self._instance != line.instance or self._demand is None or not self.busy:
            return
        words = cause_words(line.cause)
        taken = line.cause in tables.PRE_EMPTION_CAUSES
        demand = self._demand
        if self.phase is Phase.ENDING:
            self._ended(now)
        elif self.phase is Phase.ON_AIR:
            self._finish(
                TxEnded(
                    demand=demand.demand, cause="preempted" if taken else "failed", reason=words
                ),
                now,
            )
        elif self._dialled or taken:
            self._finish(TxRefused(demand=demand.demand, reason=words), now)
        else:
            self._dial_again(demand, now)

    def progress(self, instance: int, status: int | None, now: MonoMs) -> None:
        """Take ``+CTOCP`` or ``+CTCC``: the instance of the call that we dialled."""
        self._adopt(instance, now)
        if self._instance != instance or self.phase not in (Phase.DIALLING, Phase.WAITING):
            return
        if status == tables.CallStatus.QUEUED:
            self._queued()

    def moved_to(self, group: int | None, now: MonoMs) -> None:
        """Take a change of the selected group."""
        if self._demand is None or not self.busy or self.phase is Phase.ENDING:
            return
        if group not in (self._demand.group, self._selected_then):
            self._moved(group, now)

    def other_call(self, call: Call, now: MonoMs) -> None:
        """Take an incoming call: on another group, or on our instance, it moves us."""
        if self._demand is None or not self.busy or call.group == self._demand.group:
            return
        if self.phase is Phase.ENDING or (call.private and call.instance != self._instance):
            return
        self._moved(call.group, now)

    def not_ready(self, reason: str, now: MonoMs) -> None:
        """Take the loss of the radio's service."""
        if self._demand is None or not self.busy or self.phase is Phase.ENDING:
            return
        demand = self._demand.demand
        if self._was_granted:
            self._stop(TxEnded(demand=demand, cause="failed", reason=reason), now)
        else:
            self._stop(TxRefused(demand=demand, reason=reason), now)

    def link_lost(self, reason: str) -> None:
        """Take the loss of the line: nothing can be written. The guard's bytes are kept."""
        for demand in (self._demand if self.busy else None, self._next):
            if demand is not None:
                event = TxEnded(demand=demand.demand, cause="link_lost", reason=reason)
                self._state.emit(event)
        self._next = None
        self._reset()

    def forget_guard(self) -> None:
        """Disarm: the bytes were written on the line opened anew."""
        self._arm(b"")

    # -- time

    def deadline(self) -> MonoMs | None:
        """When ``tick`` is due."""
        return self._due

    def tick(self, now: MonoMs) -> None:
        """Repeat an un-key, give up a demand, end an over that is too long."""
        if self._due is None or now < self._due or self._demand is None:
            return
        demand = self._demand.demand
        match self.phase:
            case Phase.ENDING:
                self._repeat_unkey(now)
            case Phase.WAITING:
                reason = "the system did not answer"
                self._stop(TxRefused(demand=demand, reason=reason), now)
            case Phase.CALL_GONE:
                reason = error_words(3)
                self._finish(TxRefused(demand=demand, reason=reason), now)
            case Phase.ON_AIR:
                self._stop(TxEnded(demand=demand, cause="failed", reason="key time-out"), now)
            case _:
                self._due = None

    # -- starting

    def _begin(self, wanted: KeyDemand, now: MonoMs, *, dialled_again: bool = False) -> None:
        wrong = elsewhere(self._state, wanted.group)
        if wrong is not None:
            self._not_sent(wanted, wrong)
            return
        call = next(iter(self._state.calls.values()), None)
        urgent = wanted.priority == tables.DemandPriority.EMERGENCY
        if call is not None and not call.may_ask and not urgent:
            reason = "nobody may ask to talk now"
            self._state.emit(TxRefused(demand=wanted.demand, reason=reason, may_ask=False))
            return
        self._demand = wanted
        self._selected_then = self._state.selected
        self._was_granted = False
        self._dialled = call is None or dialled_again
        self._instance = None if call is None else call.instance
        self._arm_for_instance()
        if call is None:
            self.phase = Phase.SETTING_UP
            self._write(_profile(urgent), self._set_up, now)
            self._emergency_profile = urgent
        else:
            self._withdrawn.pop(call.instance, None)
            self.phase = Phase.ASKING
            self._write(f"AT+CTXD={call.instance},{wanted.priority}", self._asked, now)

    def _dial_again(self, demand: KeyDemand, now: MonoMs) -> None:
        if self._command is not None:
            self._queue.remove(self._command)
        self._reset()
        self._begin(demand, now, dialled_again=True)
        if not self.busy:
            self._arm(b"")

    def _write(
        self, text: str, done: Callable[[Command, Result, MonoMs], None], now: MonoMs
    ) -> None:
        command = Command(text=text, lane=Lane.KEY)

        def ended(result: Result, then: MonoMs) -> None:
            if self._command is command:
                self._command = None
                done(command, result, then)

        command.done = ended
        self._command = command
        self._queue.push(command, now)

    def _set_up(self, _command: Command, result: Result, now: MonoMs) -> None:
        if self._demand is None or self.phase is not Phase.SETTING_UP:
            return
        wanted = self._demand
        if not result.ok:
            self._finish(TxRefused(demand=wanted.demand, reason=_why(result)), now)
            return
        wrong = elsewhere(self._state, wanted.group)
        if wrong is not None:
            self._finish(_not_sent_event(wanted, wrong), now)
            return
        self.phase = Phase.DIALLING
        self._write(f"ATD{wanted.group}", self._asked, now)

    def _asked(self, _command: Command, result: Result, now: MonoMs) -> None:
        """Take the final result of ``AT+CTXD`` or ``ATD``; a grant line may have come before."""
        if self._demand is None or self.phase not in (Phase.ASKING, Phase.DIALLING):
            return
        demand = self._demand
        if result.ok:
            self.phase = Phase.WAITING
            self._due = self._answer_due(now)
        elif result.timed_out:
            self._stop(TxRefused(demand=demand.demand, reason=_why(result)), now)
        elif self.phase is Phase.ASKING and result.code == 3:
            self.phase = Phase.CALL_GONE
            self._due = MonoMs(now + CALL_GONE_MS)
        else:
            self._finish(TxRefused(demand=demand.demand, reason=_why(result)), now)

    def _answer_due(self, now: MonoMs) -> MonoMs | None:
        call = self._state.calls.get(-1 if self._instance is None else self._instance)
        return None if call is not None and call.talking else MonoMs(now + DEMAND_ANSWER_MS)

    def _adopt(self, instance: int, now: MonoMs) -> None:
        """Learn the instance of the call that we dialled from the first line that names it."""
        if self.phase is Phase.IDLE and now < self._hung_up_until:
            self._withdraw_late(instance, now)
        if self._demand is None or self._instance is not None or not self._dialled:
            return
        if self.phase not in (Phase.DIALLING, Phase.WAITING, Phase.QUEUED, Phase.ENDING):
            return
        call = self._state.calls.get(instance)
        if call is None:
            urgent = self._demand.priority == tables.DemandPriority.EMERGENCY
            self._tracker.outgoing(instance, self._demand.group, now, emergency=urgent)
        elif call.group != self._demand.group:
            return
        self._instance = instance
        self._arm_for_instance()
        if self.phase is Phase.ENDING:
            self._write_unkey(now)

    def _withdraw_late(self, instance: int, now: MonoMs) -> None:
        """Un-key a call that comes up after we let go of it, its instance being unknown then."""
        if instance not in self._state.calls:
            self._tracker.outgoing(instance, self._hung_up_group, now, emergency=False)
            self._unkey_stray(instance, now)

    # -- grants

    def _grant_mine(self, instance: int, ours: bool, now: MonoMs) -> bool:
        if ours and self.phase in _ASKED and self._demand is not None:
            self._to_air(self._demand, instance, now)
            return True
        if ours and self.phase is Phase.ON_AIR:
            return True
        if ours and self.phase is Phase.ENDING:
            self._write_unkey(now)
            return True
        if self.busy and self._demand is not None:
            self._unkey_stray(instance, now)
            call = self._state.calls.get(instance)
            self._moved(None if call is None else call.group, now)
            return True
        if now < self._withdrawn.get(instance, MonoMs(0)):
            self._unkey_stray(instance, now)
            return True
        return False

    def _to_air(self, wanted: KeyDemand, instance: int, now: MonoMs) -> None:
        wrong = elsewhere(self._state, wanted.group)
        if wrong is not None:
            self._moved(wrong.radio_group, now)
            return
        self.phase = Phase.ON_AIR
        self._was_granted = True
        self._due = MonoMs(now + MAX_KEY_MS)
        self._state.emit(TxGranted(demand=wanted.demand, instance=instance))

    def _grant_other(self, line: TxGrant, now: MonoMs) -> None:
        if self.phase is Phase.ON_AIR:
            talker = None if line.talker is None else line.talker.ssi
            self._tell_then_unkey("preempted", "", now, talker)
        elif self.phase is Phase.WAITING:
            self._due = None

    def _grant_no(self, line: TxGrant, now: MonoMs) -> None:
        """Take refused or queued."""
        call = self._state.calls.get(line.instance)
        if call is not None:
            call.may_ask = line.may_ask
            call.last_news = now
        if self._demand is None:
            return
        if self.phase is Phase.ON_AIR:
            self._tell_then_unkey("failed", "the system took the grant back", now)
        elif self.phase not in _ASKED:
            return
        elif line.grant == tables.Grant.QUEUED:
            self._queued()
        else:
            self._finish(TxRefused(demand=self._demand.demand, may_ask=line.may_ask), now)

    def _queued(self) -> None:
        if self.phase is not Phase.QUEUED and self._demand is not None:
            self.phase = Phase.QUEUED
            self._due = None
            self._state.emit(TxQueued(demand=self._demand.demand))

    # -- stopping

    def _moved(self, group: int | None, now: MonoMs) -> None:
        if self._demand is None or self.phase is Phase.ENDING:
            return
        reason = "radio is on another group" if group is None else f"radio is on {group}"
        if self._nothing_keyed():
            wrong = Elsewhere(reason=reason, radio_group=group)
            self._take_back()
            self._finish(_not_sent_event(self._demand, wrong), now)
            return
        self._stop(TxEnded(demand=self._demand.demand, cause="moved", reason=reason), now)

    def _nothing_keyed(self) -> bool:
        """Whether no byte of a command that keys was handed out."""
        if self.phase is Phase.SETTING_UP:
            return True
        waiting = self.phase in (Phase.ASKING, Phase.DIALLING) and self._command is not None
        return waiting and self._command is not None and not self._command.handed_out

    def _take_back(self) -> None:
        if self._command is not None:
            self._queue.remove(self._command)
            self._command = None

    def _stop(self, event: RadioEvent, now: MonoMs) -> None:
        """Un-key, and tell ``event`` once the radio confirmed it."""
        if self._nothing_keyed():
            self._take_back()
            self._finish(event, now)
            return
        self._last_event = event
        self.phase = Phase.ENDING
        self._unkey_tries = 0
        self._write_unkey(now)

    def _tell_then_unkey(
        self, cause: str, reason: str, now: MonoMs, talker: int | None = None
    ) -> None:
        """Tell that the radio took us off the air, and make sure on the wire."""
        if self._demand is not None:
            demand = self._demand.demand
            self._state.emit(TxEnded(demand=demand, cause=cause, reason=reason, talker=talker))
        self._last_event = None
        self.phase = Phase.ENDING
        self._unkey_tries = 0
        self._write_unkey(now)

    def _write_unkey(self, now: MonoMs) -> None:
        if self._instance is None:
            self._hung_up_until = MonoMs(now + WITHDRAWN_MS)
            self._hung_up_group = 0 if self._demand is None else self._demand.group
            text = "ATH"
        else:
            self._withdrawn[self._instance] = MonoMs(now + WITHDRAWN_MS)
            text = f"AT+CUTXC={self._instance}"
        self._unkey_tries += 1
        self._due = MonoMs(now + UNKEY_ANSWER_MS)
        self._write_urgent(text, now)

    def _write_urgent(self, text: str, now: MonoMs) -> None:
        command = Command(text=text, lane=Lane.UNKEY)

        def ended(result: Result, then: MonoMs) -> None:
            if self._command is command and self.phase is Phase.ENDING:
                self._command = None
                self._unkeyed(text, result, then)

        command.done = ended
        self._command = command
        self._queue.push(command, now)

    def _unkeyed(self, text: str, result: Result, now: MonoMs) -> None:
        if result.ok:
            self._ended(now)
        elif result.timed_out:
            return
        elif self._was_granted and text != "ATH" and self._instance in self._state.calls:
            self._due = MonoMs(now + UNKEY_ANSWER_MS)
            self._write_urgent("ATH", now)
        else:
            self._ended(now)

    def _repeat_unkey(self, now: MonoMs) -> None:
        if self._unkey_tries >= MAX_UNKEY_TRIES:
            self._ended(now)
        elif self._unkey_tries == MAX_UNKEY_TRIES - 1:
            self._unkey_tries += 1
            self._due = MonoMs(now + UNKEY_ANSWER_MS)
            self._write_urgent("ATH", now)
        else:
            self._write_unkey(now)

    def _unkey_stray(self, instance: int, now: MonoMs) -> None:
        """Answer a grant that nobody waits for any more."""
        self._withdrawn[instance] = MonoMs(now + WITHDRAWN_MS)
        self._queue.push(Command(text=f"AT+CUTXC={instance}", lane=Lane.UNKEY), now)

    def _ended(self, now: MonoMs) -> None:
        event, self._last_event = self._last_event, None
        self._finish(event, now)

    def _finish(self, event: RadioEvent | None, now: MonoMs) -> None:
        """Back to idle; the press that waited for this begins."""
        self._reset()
        self._arm(b"")
        if event is not None:
            self._state.emit(event)
        if self._emergency_profile:
            self._emergency_profile = False
            self._queue.push(Command(text=_profile(False)), now)
        if self._next is not None:
            following, self._next = self._next, None
            self._begin(following, now)

    def _reset(self) -> None:
        self.phase = Phase.IDLE
        self._demand = self._command = self._last_event = None
        self._instance = self._due = None
        self._dialled = False

    def _not_sent(self, wanted: KeyDemand, wrong: Elsewhere) -> None:
        self._state.emit(_not_sent_event(wanted, wrong))

    # -- the guard

    def _arm_for_instance(self) -> None:
        instance = _FIRST_INSTANCE if self._instance is None else self._instance
        self._arm(b"\x1b\rAT+CUTXC=%d\rATH\r" % instance)

    def _arm(self, guard: bytes) -> None:
        if guard != self._guard:
            self._guard = guard
            self.key_epoch += 1


def _profile(emergency: bool) -> str:
    """Return the set-up of a group call: speech, SSI, direct, simplex, clear, group, codec."""
    priority = tables.CALL_PRIORITY_EMERGENCY if emergency else 0
    return f"AT+CTSDC=0,0,0,1,1,0,1,1,0,{priority},0"


def _why(result: Result) -> str:
    if result.final is None:
        return "the radio did not answer"
    if result.final.code is None:
        return result.final.kind.lower()
    return error_words(result.final.code)


def _not_sent_event(wanted: KeyDemand, wrong: Elsewhere) -> TxNotSent:
    return TxNotSent(demand=wanted.demand, reason=wrong.reason, radio_group=wrong.radio_group)

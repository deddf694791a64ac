"""Push-to-talk: one press from the demand to the last byte un-keyed.

Theory of operation::

    IDLE       demand, call on the target up  -> ASKING      AT+CTXD
    IDLE       demand, no call, group right   -> SETTING_UP  AT+CTSDC
    SETTING_UP OK                             -> DIALLING    ATD
    DIALLING   OK                             -> WAITING
    ASKING     OK                             -> WAITING
    asking     error 42, 31, 0     -> AGAIN        the same after a pause, while the key is held
    ASKING     error 3, call still up         -> CALL_GONE   its release may follow: dial once
    waiting *  grant 0 -> ON_AIR, 1 -> IDLE (refused), 2 -> QUEUED, 3 -> no change
    any        let go, moved, failed          -> ENDING      AT+CUTXC, or ATH while no call is known
    ENDING     OK or +CDTXC                   -> IDLE

**Never elsewhere.** The target is compared with the running call's group, or with the selected
group when no call is up, at the demand, before dialling and at the grant. A call or a group change
elsewhere in between un-keys at once (``moved``).
"""

from collections.abc import Callable

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    KeyDemand,
    TxEnded,
    TxGranted,
    TxQueued,
    TxRefused,
)
from gateway.tetra import tables
from gateway.tetra.calls import CallTracker, cause_words
from gateway.tetra.command_queue import Command, CommandQueue, Lane, Result
from gateway.tetra.pei_lines import CallReleased, TxCeased, TxGrant
from gateway.tetra.radio_state import Call, RadioState
from gateway.tetra.target import Elsewhere, elsewhere, is_target, target_call
from gateway.tetra.unkey import (
    ASKED,
    CALL_GONE_MS,
    CAUSES,
    DEMAND_ANSWER_MS,
    MAX_KEY_MS,
    Phase,
    Unkeying,
    group_profile,
    not_sent_event,
    why,
)
from gateway.tetra.words import error_words


class Transmitter(Unkeying):
    """Keys and un-keys the radio for one press at a time."""

    def __init__(self, state: RadioState, queue: CommandQueue, tracker: CallTracker) -> None:
        """Share state, queue and calls with the other parts of the core."""
        super().__init__(state, queue)
        self._tracker = tracker

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
        known = cause in CAUSES and cause != "released"
        event = TxEnded(
            demand=request,
            cause=cause if known else plain,
            reason="" if cause in CAUSES else cause,
        )
        self._stop(event, now)

    # -- what the radio tells

    def grant(self, line: TxGrant, now: MonoMs) -> bool:
        """Take ``+CTXG``; returns whether the line was about our own press."""
        self._adopt(line.instance, now, dialled=line.grant != tables.Grant.OTHER)
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
                elif line.grant == tables.Grant.QUEUED and self._left(line.instance, now):
                    self._unkey_stray(line.instance, now)
                return True

    def ceased(self, line: TxCeased, now: MonoMs) -> None:
        """Take ``+CDTXC``: the end of our un-key or transmission, or of somebody else's."""
        if self._sure_of_over and self._sure is not None and self._sure[1] == line.instance:
            self._sure = None
        if self._instance != line.instance or not self.busy:
            return
        call = self._state.calls.get(line.instance)
        if self.phase is Phase.ENDING and not (call is not None and call.talking):
            self._ended(now)  # and made sure of, unless the un-key is answered as well
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
        elif self._dialled or taken or demand.individual is not None:
            self._finish(TxRefused(demand=demand.demand, reason=words), now)
        else:
            self._dial_again(demand, now)

    def progress(self, instance: int, status: int | None, now: MonoMs) -> None:
        """Take ``+CTOCP``: the instance of the call that we dialled."""
        self._adopt(instance, now, dialled=True)
        if self._instance != instance or self.phase not in (Phase.DIALLING, Phase.WAITING):
            return
        if status == tables.CallStatus.QUEUED:
            self._queued()

    def connected(self, instance: int, now: MonoMs) -> None:
        """Take ``+CTCC``: most likely of the call that we dialled, where no other has it."""
        self._adopt(instance, now)

    def moved_to(self, group: int | None, now: MonoMs) -> None:
        """Take a change of the selected group."""
        if self._demand is None or not self.busy or self.phase is Phase.ENDING:
            return
        if self._demand.individual is not None:
            return
        if group not in (self._demand.group, self._selected_then):
            self._moved(group, now)

    def other_call(self, call: Call, now: MonoMs) -> None:
        """Take an incoming call: on another group, or on our instance, it moves us."""
        if self._demand is None or not self.busy or is_target(call, self._demand):
            return
        if self.phase is Phase.ENDING or (call.ringing and call.instance != self._instance):
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
        told = self.phase is Phase.ENDING and self._last_event is None
        for demand in (self._demand if self.busy and not told else None, self._next):
            if demand is not None:
                event = TxEnded(demand=demand.demand, cause="link_lost", reason=reason)
                self._state.emit(event)
        self._next = None
        self.stuck = False
        self._reset()

    def unkey_stray(self, instance: int, now: MonoMs) -> None:
        """Un-key a grant in a private call that nobody pressed for."""
        self._unkey_stray(instance, now)

    # -- time

    def deadline(self) -> MonoMs | None:
        """When ``tick`` is due."""
        sure = None if self._sure is None else self._sure[0]
        return min((time for time in (self._due, sure) if time is not None), default=None)

    def tick(self, now: MonoMs) -> None:
        """Repeat an un-key, give up a demand, end an over that is too long."""
        self._make_sure(now)
        if self._due is None or now < self._due or self._demand is None:
            return
        demand = self._demand.demand
        match self.phase:
            case Phase.ENDING:
                self._repeat_unkey(now)
            case Phase.WAITING:
                reason = "the system did not answer"
                self._stop(TxRefused(demand=demand, reason=reason), now)
            case Phase.AGAIN:
                self._again(now)
            case Phase.CALL_GONE:
                # The call is up, and yet a demand is not allowed: it may hold one of ours.
                if self._instance is not None:
                    self._unkey_stray(self._instance, now)
                reason = error_words(3)
                self._finish(TxRefused(demand=demand, reason=reason), now)
            case Phase.ON_AIR:
                self._stop(TxEnded(demand=demand, cause="failed", reason="key time-out"), now)
            case _:
                self._due = None

    # -- starting

    def _begin(self, wanted: KeyDemand, now: MonoMs, *, dialled_again: bool = False) -> None:
        wrong = elsewhere(self._state, wanted)
        if wrong is not None:
            self._not_sent(wanted, wrong)
            return
        call = target_call(self._state, wanted)
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
            self._write(group_profile(emergency=urgent), self._set_up, now)
            self._emergency_profile = urgent
        else:
            self._withdrawn.pop(call.instance, None)
            self.phase = Phase.ASKING
            self._write(f"AT+CTXD={call.instance},{wanted.priority}", self._asked, now)

    def _dial_again(self, demand: KeyDemand, now: MonoMs) -> None:
        self._leave_behind(now)
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
            self._refused(wanted, result, now)
            return
        wrong = elsewhere(self._state, wanted)
        if wrong is not None:
            self._finish(not_sent_event(wanted, wrong), now)
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
            self._stop(TxRefused(demand=demand.demand, reason=why(result)), now)
        elif self.phase is Phase.ASKING and result.code == 3:
            self.phase = Phase.CALL_GONE
            self._due = MonoMs(now + CALL_GONE_MS)
        else:
            self._refused(demand, result, now)

    def _answer_due(self, now: MonoMs) -> MonoMs | None:
        call = self._state.calls.get(-1 if self._instance is None else self._instance)
        return None if call is not None and call.talking else MonoMs(now + DEMAND_ANSWER_MS)

    def _adopt(self, instance: int, now: MonoMs, *, dialled: bool = False) -> None:
        """Learn the instance of the call that we dialled from the first line that names it."""
        if self.phase is Phase.IDLE and now < self._hung_up_until:
            self._withdraw_late(instance, now, dialled=dialled)
        if self._demand is None or self._instance is not None or not self._dialled:
            return
        if self.phase not in (Phase.DIALLING, Phase.WAITING, Phase.QUEUED, Phase.ENDING):
            return
        call = self._state.calls.get(instance)
        if call is None:
            urgent = self._demand.priority == tables.DemandPriority.EMERGENCY
            self._tracker.outgoing(instance, self._demand.group, now, emergency=urgent)
        elif not is_target(call, self._demand):
            return
        self._instance = instance
        self._arm_for_instance()
        if self.phase is Phase.ENDING:
            self._write_unkey(now)

    def _withdraw_late(self, instance: int, now: MonoMs, *, dialled: bool) -> None:
        """Un-key a call that comes up after we let go of it, its instance being unknown then.

        ``+CTOCP`` and an answer to a demand say that it is ours; of another its group is not known.
        """
        if instance in self._state.calls:
            return
        if dialled:
            self._tracker.outgoing(instance, self._hung_up_group, now, emergency=False)
        self._unkey_stray(instance, now)

    # -- grants

    def _grant_mine(self, instance: int, ours: bool, now: MonoMs) -> bool:
        if ours and self.phase in ASKED and self._demand is not None:
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
        if self._left(instance, now):
            self._unkey_stray(instance, now)
            return True
        return False

    def _to_air(self, wanted: KeyDemand, instance: int, now: MonoMs) -> None:
        wrong = elsewhere(self._state, wanted)
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
        elif self.phase not in ASKED:
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

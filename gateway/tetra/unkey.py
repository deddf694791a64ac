"""The way back: un-keying, in whatever phase a press is, and what the un-key guard must know.

An un-key is written ahead of everything else, again when it is not answered, and as ``ATH`` when
that does not help. See ``transmit`` for the whole machine.
"""

import enum
from abc import ABC, abstractmethod

from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    KeyDemand,
    RadioEvent,
    TxEnded,
    TxNotSent,
    TxRefused,
)
from gateway.tetra import tables
from gateway.tetra.command_queue import Command, CommandQueue, Lane, Result
from gateway.tetra.error_actions import retry_pause
from gateway.tetra.radio_state import RadioState
from gateway.tetra.target import Elsewhere
from gateway.tetra.words import final_words

DEMAND_ANSWER_MS = 5_000
"""How long the system may leave a demand without any grant line while nobody else talks."""
CALL_GONE_MS = 300
"""How long the release of a call may follow the refusal of a demand in it."""
UNKEY_ANSWER_MS = 400
"""How long an un-key may go unanswered before it is written again."""
MAKE_SURE_MS = 2_500
"""An un-key is written once more after this: a grant may have crossed it, or its OK have been
another command's. Not where ``+CDTXC`` told the end of our over as well. A demand that was refused
is withdrawn after this, too: the error may have been another command's."""
MAX_UNKEY_TRIES = 6
MAX_KEY_MS = 180_000
"""The core's own key time-out, behind the engine's."""
WITHDRAWN_MS = 5_000
"""How long a grant that crosses its withdrawal is answered by another un-key."""
LATE_GRANT_MS = 60_000
"""The same where the radio refused the withdrawal: a queued demand may be granted much later."""
_REFUSED_UNKEYS = 2
"""How often a withdrawal is written that the radio refuses: the line may have been damaged."""
_FIRST_INSTANCE = 1
_DAMAGED = frozenset({1, 4, 33, 34, 35, 44})
"""Errors by which a radio says that it could not read a line."""
CAUSES = frozenset({"released", "withdrawn", "preempted", "link_lost", "moved", "failed"})


class Phase(enum.Enum):
    """Where a press stands."""

    IDLE = "idle"
    SETTING_UP = "setting_up"
    DIALLING = "dialling"
    ASKING = "asking"
    WAITING = "waiting"
    QUEUED = "queued"
    CALL_GONE = "call_gone"
    AGAIN = "again"
    """The radio refused for now; it is asked again after a pause."""
    ON_AIR = "on_air"
    ENDING = "ending"


ASKED = frozenset({Phase.DIALLING, Phase.ASKING, Phase.WAITING, Phase.QUEUED, Phase.CALL_GONE})


class Unkeying(ABC):
    """State of one press, its guard, and every way to its end."""

    def __init__(self, state: RadioState, queue: CommandQueue) -> None:
        """Share state, queue and calls with the other parts of the core."""
        self._state = state
        self._queue = queue
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
        self._tries = 1
        """How often this press was tried, where the radio says that it may work later."""
        self._withdrawn: dict[int, MonoMs] = {}
        self._sure: tuple[MonoMs, int] | None = None
        """When, and in which call, an un-key is written once more."""
        self._sure_of_over = False
        self._guarded = _FIRST_INSTANCE
        self._unsure: int | None = None
        """The call in which a radio was keyed when its line was lost."""
        self._any_grant_until = MonoMs(0)
        """Until then a grant of any instance is undone: ours may have been told wrongly."""
        self._hung_up_until = MonoMs(0)
        self._hung_up_group = 0
        self._emergency_profile = False
        self.stuck = False
        """Whether no un-key was confirmed: the port has to be opened again."""

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

    @abstractmethod
    def _begin(self, wanted: KeyDemand, now: MonoMs) -> None:
        """Start a press."""

    # -- stopping

    def _moved(self, group: int | None, now: MonoMs) -> None:
        if self._demand is None or self.phase is Phase.ENDING:
            return
        reason = "radio is on another group" if group is None else f"radio is on {group}"
        if self._nothing_keyed():
            wrong = Elsewhere(reason=reason, radio_group=group)
            self._take_back()
            self._finish(not_sent_event(self._demand, wrong), now)
            return
        self._stop(TxEnded(demand=self._demand.demand, cause="moved", reason=reason), now)

    def _nothing_keyed(self) -> bool:
        """Whether no byte of a command that keys was handed out."""
        if self.phase in (Phase.SETTING_UP, Phase.AGAIN):
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
        if self._command is not None and self._command.lane is Lane.KEY:
            self._queue.remove(self._command)
        command, demand = Command(text=text, lane=Lane.UNKEY), self._demand
        instance = self._instance

        def ended(result: Result, then: MonoMs) -> None:
            if self.phase is not Phase.ENDING or self._demand is not demand:
                self._answered_late(instance, result)
                return
            if self._command is command or result.ok:
                # The OK of a repeat is taken for the first one's where that one's was lost.
                self._command = None
                self._unkeyed(text, result, then)

        command.done = ended
        self._command = command
        self._queue.push(command, now)

    def _answered_late(self, instance: int | None, result: Result) -> None:
        """Take the answer to an un-key whose over ``+CDTXC`` has ended before: it is sure now."""
        ours = self._sure is not None and self._sure[1] == instance
        if ours and self._sure_of_over and result.ok:
            self._sure = None

    def _unkeyed(self, text: str, result: Result, now: MonoMs) -> None:
        if result.ok:
            self._ended(now)
        elif result.timed_out or not_understood(result):
            return
        elif self._was_granted and text != "ATH" and self._instance in self._state.calls:
            self._due = MonoMs(now + UNKEY_ANSWER_MS)
            self._write_urgent("ATH", now)
        elif self._unkey_tries < _REFUSED_UNKEYS and self._instance in self._state.calls:
            self._write_unkey(now)
        else:
            if not self._was_granted and self._instance is not None:
                # The radio took back no demand of ours: the system may still grant it.
                self._withdrawn[self._instance] = MonoMs(now + LATE_GRANT_MS)
                self._any_grant_until = MonoMs(now + LATE_GRANT_MS)
            self._ended(now)

    def _repeat_unkey(self, now: MonoMs) -> None:
        if self._unkey_tries >= MAX_UNKEY_TRIES:
            # Nothing says that it is un-keyed: the guard stays armed, and the port is opened anew,
            # which un-keys first.
            self.stuck, self._due = True, None
        elif self._unkey_tries == MAX_UNKEY_TRIES - 1:
            self._unkey_tries += 1
            self._due = MonoMs(now + UNKEY_ANSWER_MS)
            self._write_urgent("ATH", now)
        else:
            self._write_unkey(now)

    def _unkey_stray(self, instance: int, now: MonoMs, tries: int = 1) -> None:
        """Answer a grant that nobody waits for any more; again until the radio answers."""
        until = max(self._withdrawn.get(instance, MonoMs(0)), MonoMs(now + WITHDRAWN_MS))
        self._withdrawn[instance] = until
        if not self.busy:
            self._arm_to_unkey(instance)

        def ended(result: Result, then: MonoMs) -> None:
            most = MAX_UNKEY_TRIES if result.timed_out else _REFUSED_UNKEYS
            if not result.ok and tries < most:
                self._unkey_stray(instance, then, tries + 1)
            elif result.timed_out:
                self.stuck = True
            elif not self.busy:
                self._arm(b"")

        text = f"AT+CUTXC={instance}"
        command = Command(text=text, lane=Lane.UNKEY, timeout_ms=UNKEY_ANSWER_MS, done=ended)
        self._queue.push(command, now)

    def _left(self, instance: int, now: MonoMs) -> bool:
        """Whether a demand of ours in a call may still be there, though its press has ended.

        One that was hung up before its call was known may turn up in any: the ``ATH`` may have been
        damaged, and the number dialled have joined a call that was coming in.
        """
        until = self._withdrawn.get(instance, MonoMs(0))
        return now < max(until, self._any_grant_until, self._hung_up_until)

    def _leave_behind(self, now: MonoMs) -> None:
        """Take back a key-up that was not written; undo one that the radio takes all the same.

        A press that ended without an un-key may still be granted: the line that ended it, or
        one before, may have been another call's.
        """
        command, instance = self._command, self._instance
        asked = self.phase is Phase.AGAIN or not self._nothing_keyed()
        if self.phase is not Phase.ENDING and asked:
            self._any_grant_until = max(self._any_grant_until, MonoMs(now + WITHDRAWN_MS))
        if command is None or command.lane is not Lane.KEY or self._queue.remove(command):
            return
        if instance is None:
            return
        self._withdrawn[instance] = MonoMs(now + LATE_GRANT_MS)

        def ended(result: Result, then: MonoMs) -> None:
            if result.ok:
                self._unkey_stray(instance, then)

        command.done = ended

    def _make_sure(self, now: MonoMs) -> None:
        """Write an un-key once more, where its call is still up and nobody presses."""
        if self._sure is None or now < self._sure[0]:
            return
        instance, self._sure = self._sure[1], None
        if not self.busy and instance in self._state.calls:
            self._unkey_stray(instance, now)

    def _ended(self, now: MonoMs) -> None:
        if self._instance is not None:
            self._sure = (MonoMs(now + MAKE_SURE_MS), self._instance)
            self._sure_of_over = self._was_granted
        event, self._last_event = self._last_event, None
        self._finish(event, now)

    def _refused(self, wanted: KeyDemand, result: Result, now: MonoMs) -> None:
        """Take the radio's error: again after a pause where the table says so, else the end."""
        pause_ms = retry_pause(result.code, self._tries)
        if pause_ms is None:
            if self._instance is not None:  # the error may have been another command's
                self._sure, self._sure_of_over = (MonoMs(now + MAKE_SURE_MS), self._instance), False
            self._finish(TxRefused(demand=wanted.demand, reason=why(result)), now)
        else:
            self.phase, self._due = Phase.AGAIN, MonoMs(now + pause_ms)

    def _again(self, now: MonoMs) -> None:
        demand, tries = self._demand, self._tries
        if demand is None:
            return
        self._reset()
        self._begin(demand, now)
        self._tries = tries + 1
        if not self.busy:
            self._arm(b"")

    def _finish(self, event: RadioEvent | None, now: MonoMs) -> None:
        """Back to idle; the press that waited for this begins."""
        self._leave_behind(now)
        self._reset()
        self._arm(b"")
        if event is not None:
            self._state.emit(event)
        if self._emergency_profile:
            self._emergency_profile = False
            self._queue.push(Command(text=group_profile(emergency=False)), now)
        if self._next is not None:
            following, self._next = self._next, None
            self._begin(following, now)

    def _reset(self) -> None:
        self.phase = Phase.IDLE
        self._demand = self._command = self._last_event = None
        self._instance = self._due = None
        self._dialled = False
        self._tries = 1

    def _not_sent(self, wanted: KeyDemand, wrong: Elsewhere) -> None:
        self._state.emit(not_sent_event(wanted, wrong))

    # -- the guard

    def _arm_for_instance(self) -> None:
        self._arm_to_unkey(_FIRST_INSTANCE if self._instance is None else self._instance)

    def forget_guard(self) -> None:
        """Disarm: its bytes were written on the line opened anew, and are made sure later."""
        self._unsure = self._guarded if self._guard else self._unsure
        self._arm(b"")

    def answers(self, now: MonoMs) -> None:
        """Take it that a radio that was keyed when its line was lost hears us again."""
        instance, self._unsure = self._unsure, None
        if instance is not None and not self.busy:
            self._unkey_stray(instance, now)

    def _arm_to_unkey(self, instance: int) -> None:
        self._guarded = instance
        self._arm(b"\x1b\rAT+CUTXC=%d\rATH\r" % instance)

    def _arm(self, guard: bytes) -> None:
        if guard != self._guard:
            self._guard = guard
            self.key_epoch += 1


def group_profile(*, emergency: bool) -> str:
    """Return the set-up of a group call: speech, SSI, direct, simplex, clear, group, codec."""
    priority = tables.CALL_PRIORITY_EMERGENCY if emergency else 0
    return f"AT+CTSDC=0,0,0,1,1,0,1,1,0,{priority},0"


def not_understood(result: Result) -> bool:
    """Whether the radio could not read a line: what ends a call or a key-up is written again."""
    return result.code in _DAMAGED


def why(result: Result) -> str:
    """Return why a command failed, in words."""
    if result.final is None:
        return "the radio did not answer"
    return final_words(result.final)


def not_sent_event(wanted: KeyDemand, wrong: Elsewhere) -> TxNotSent:
    """Return the event of a press that was not sent."""
    return TxNotSent(demand=wanted.demand, reason=wrong.reason, radio_group=wrong.radio_group)

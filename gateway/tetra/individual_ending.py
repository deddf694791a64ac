"""Calls of two from their records to their end: hanging up, the guard, and what bars presses.

A hang-up is written ahead of everything else, and again when it is not answered. See
``individual_calls`` for the whole machine.
"""

from collections.abc import Callable

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import IndividualEnded
from gateway.model.radio import TxEnded, TxGranted, TxRefused
from gateway.tetra import tables
from gateway.tetra.calls import CallTracker
from gateway.tetra.command_queue import Command, CommandQueue, Lane, Result
from gateway.tetra.individual_record import Individual, Stage
from gateway.tetra.radio_state import Call, RadioState
from gateway.tetra.transmit import Transmitter
from gateway.tetra.unkey import (
    CAUSES,
    MAX_UNKEY_TRIES,
    UNKEY_ANSWER_MS,
    group_profile,
    not_understood,
)

GUARD = b"\x1b\rATH\rATH\r"
"""What ends a call of two should this process die; the first line may drown in a port's noise."""
RELEASE_MS = 1_000
"""How long ``+CTCR`` may follow the answer to ``ATH``."""
SURE = 2
"""So many hang-ups taken without a release: it was lost. One may have been a damaged ``ATH``."""
LATE_MS = 5_000
"""How long a call that comes up after we gave it up is hung up again."""
_UNDER_WAY = (Stage.SETTING_UP, Stage.DIALLING, Stage.WAITING, Stage.ENDING)


class EndingCalls:
    """The records of all calls of two, and every way to their end."""

    def __init__(
        self,
        state: RadioState,
        queue: CommandQueue,
        tracker: CallTracker,
        transmitter: Transmitter,
    ) -> None:
        """Share the parts of the core; the tracker tells the ends of private calls here."""
        self._state = state
        self._queue = queue
        self._tracker = tracker
        self._transmitter = transmitter
        self._calls: list[Individual] = []
        self._guard = b""
        self._guard_kept = False
        self._late_until = MonoMs(0)
        self.key_epoch = 0
        """Grows whenever ``guard_bytes`` changes."""
        self.stuck = False
        """Whether no hang-up was answered: the port has to be opened again."""
        tracker.private_ended = self._gone

    # -- what the core asks

    def guard_bytes(self) -> bytes:
        """Return what ends the call should this process die; empty where nothing may be keyed."""
        return self._guard

    @property
    def on_air(self) -> RequestId | None:
        """The open microphone whose sound may be sent right now."""
        return next((one.microphone for one in self._calls if one.open), None)

    @property
    def in_hand(self) -> bool:
        """Whether a call of two is being set up, answered or ended."""
        return any(one.stage not in (Stage.RINGING, Stage.UP) for one in self._calls)

    def not_ready(self, reason: str, now: MonoMs) -> None:
        """Take the loss of the radio's service."""
        for one in list(self._calls):
            if one.stage not in (Stage.RINGING, Stage.ENDING):
                self._end(one, reason, "failed", now)

    def link_lost(self, reason: str) -> None:
        """Take the loss of the line: nothing can be written. The guard's bytes are kept."""
        self._guard_kept = True
        for one in list(self._calls):
            one.microphone_cause, one.words = "link_lost", reason
            self._finish(one, None, reason)
        self._state.private_busy = ""
        self.stuck = False

    def forget_guard(self) -> None:
        """Disarm: the bytes were written on the line opened anew."""
        self._guard_kept = False
        self._arm(b"")

    # -- writing

    def _write(
        self,
        one: Individual,
        text: str,
        done: Callable[[Individual, Result, MonoMs], None],
        now: MonoMs,
        lane: Lane = Lane.KEY,
    ) -> None:
        command = Command(text=text, lane=lane)

        def ended(result: Result, then: MonoMs) -> None:
            if one.command is command:
                one.command = None
                done(one, result, then)
                self._rearm(then)

        command.done = ended
        one.command = command
        self._queue.push(command, now)

    # -- the microphone

    def _open_microphone(self, one: Individual) -> None:
        if one.microphone is None or one.instance is None:
            return
        if one.duplex:
            one.open = one.granted = True
            self._state.emit(TxGranted(demand=one.microphone, instance=one.instance))
            return
        reason = "the call was connected in simplex: press to talk"
        self._state.emit(TxRefused(demand=one.microphone, reason=reason))
        one.microphone = None

    def _other_connected(self, instance: int, now: MonoMs) -> None:
        reason = "radio is in another call"
        for one in list(self._calls):
            if one.stage is not Stage.UP or one.instance == instance:
                continue
            if one.ours:
                self._end(one, reason, "moved", now)
            else:
                self._finish(one, None, reason)

    # -- ending

    def _end(self, one: Individual, words: str, cause: str, now: MonoMs) -> None:
        """Hang up, ahead of everything else; the sound stops at once."""
        if one.stage is Stage.ENDING:
            return
        one.open, one.answer_wanted = False, False
        one.words = words
        one.microphone_cause = cause if cause in CAUSES else "failed"
        if one.untouched:
            self._take_back(one)
            if one.stage is not Stage.ANSWERING:
                self._finish(one, None, words)
                return
            one.stage = Stage.RINGING
        if one.stage is Stage.RINGING and self._others_up(one):
            self._decline_by_instance(one, now)
            return
        one.stage, one.tries = Stage.ENDING, 0
        if one.instance is None:
            self._late_until = MonoMs(now + LATE_MS)
        self._hang_up(one, now)
        self._rearm(now)

    def _take_back(self, one: Individual) -> None:
        if one.command is not None:
            self._queue.remove(one.command)
            one.command = None

    def _others_up(self, one: Individual) -> bool:
        up = [call for call in self._state.calls.values() if not call.ringing]
        return bool(up) or self._transmitter.busy

    def _decline_by_instance(self, one: Individual, now: MonoMs) -> None:
        """Decline a call while another is up: ``ATH`` might end that one instead."""
        one.stage = Stage.ENDING
        self._write(one, f"AT+CTCR={one.instance}", self._declined, now)

    def _declined(self, one: Individual, result: Result, now: MonoMs) -> None:
        if result.ok:
            one.taken, one.due = SURE, MonoMs(now + RELEASE_MS)
        else:
            reason = "declined here; the radio could not be told"
            self._finish(one, None, reason, rings_on=True)

    def _hang_up(self, one: Individual, now: MonoMs) -> None:
        one.tries += 1
        one.due = MonoMs(now + UNKEY_ANSWER_MS)
        self._write(one, "ATH", self._hung_up, now, Lane.UNKEY)

    def _hung_up(self, one: Individual, result: Result, now: MonoMs) -> None:
        if one.stage is not Stage.ENDING or result.timed_out or not_understood(result):
            return
        if one.instance is not None:
            # Also a refusal: finals may be one behind after a line that came twice.
            one.taken, one.due = one.taken + 1, MonoMs(now + RELEASE_MS)
            self._close(one)
        else:
            self._finish(one, None, one.words)

    def _repeat_hang_up(self, one: Individual, now: MonoMs) -> None:
        if one.taken >= SURE:
            self._finish(one, None, one.words)
        elif one.tries >= MAX_UNKEY_TRIES:
            self.stuck, one.due = True, None
        else:
            self._hang_up(one, now)

    def _gone(self, call: Call, code: int | None, words: str) -> None:
        """Take the end of a private call, told by the radio or found out."""
        one = self._by_instance(call.instance)
        if one is None:
            return
        ours = one.stage is Stage.ENDING and one.microphone_cause != "released"
        if one.stage is not Stage.ENDING:
            one.microphone_cause = "preempted" if code in tables.PRE_EMPTION_CAUSES else "failed"
            if code == 1:
                one.microphone_cause = "released"
        self._take_back(one)
        self._finish(one, code, one.words if ours else words)

    def _close(self, one: Individual) -> None:
        """Tell the end of our microphone, once."""
        one.open = False
        if one.microphone is not None:
            if one.microphone_cause == "released" and not one.granted:
                one.microphone_cause = "withdrawn"
            reason = one.words if one.microphone_cause not in ("released", "withdrawn") else ""
            self._state.emit(
                TxEnded(demand=one.microphone, cause=one.microphone_cause, reason=reason)
            )
            one.microphone = None

    def _finish(
        self, one: Individual, code: int | None, words: str, *, rings_on: bool = False
    ) -> None:
        if one not in self._calls:
            return
        self._calls.remove(one)
        one.words = one.words or words
        self._close(one)
        call = self._state.calls.get(-1 if one.instance is None else one.instance)
        if call is not None and call.private and not rings_on:
            self._tracker.ended(call, code, words)
        self._state.emit(
            IndividualEnded(instance=one.instance, call=one.call, code=code, cause=words)
        )
        if one.dial is not None:
            self._queue.push(Command(text=group_profile(emergency=False)), MonoMs(0))

    # -- the guard and the flag that bars presses

    def _rearm(self, now: MonoMs) -> None:
        if self._guard_kept:
            return
        keyed = any(self._may_be_keyed(one, now) for one in self._calls)
        self._arm(GUARD if keyed else b"")
        dialling = any(o.stage in _UNDER_WAY and o.instance is None for o in self._calls)
        answering = any(one.stage is Stage.ANSWERING for one in self._calls)
        busy = dialling or answering
        self._state.private_busy = "radio is in a private call" if busy else ""

    def _may_be_keyed(self, one: Individual, now: MonoMs) -> bool:
        if one.stage is Stage.RINGING or not one.ours:
            return False
        if one.stage is not Stage.UP:
            return one.taken < SURE
        return one.duplex or now < one.stray_until

    def _stray_window(self, one: Individual) -> bool:
        return one.stage is Stage.UP and not one.duplex

    def _arm(self, guard: bytes) -> None:
        if guard != self._guard:
            self._guard = guard
            self.key_epoch += 1

    # -- looking up

    def _by_instance(self, instance: int) -> Individual | None:
        return next((one for one in self._calls if one.instance == instance), None)

    def _by_call(self, call: CallId) -> Individual | None:
        return next((one for one in self._calls if one.call == call), None)

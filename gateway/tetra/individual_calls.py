"""Private and telephone calls: dialled, answered, ended; duplex with an open microphone.

Theory of operation::

    dial       -> SETTING_UP  AT+CTSDC     OK -> DIALLING  ATD     OK -> WAITING
    +CTOCP     -> progress is told (dialling, queued, ringing)
    +CTICN     -> RINGING, or UP at once for direct set-up
    answer     -> ANSWERING   ATA
    +CTCC      -> UP; a duplex call's microphone is granted
    hang up    -> ENDING      ATH, again until it is answered; +CTCR or the answer ends it

**Never elsewhere.** A group press is not sent while a private call is dialled or up, a press for a
private call goes by its instance alone, and a call of two is neither dialled nor answered while a
press holds the radio. Should another call turn out to be the one that is connected, the microphone
is closed and the radio hangs up. In simplex we do not ask to talk first, and a grant that nobody
pressed for is un-keyed.
"""

from collections.abc import Callable

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import (
    Dial,
    IndividualConnected,
    IndividualEnded,
    IndividualKind,
    IndividualProgressed,
    IndividualRinging,
    Progress,
)
from gateway.model.radio import TxEnded, TxGranted, TxNotSent, TxRefused
from gateway.tetra import tables
from gateway.tetra.calls import CallTracker, cause_words
from gateway.tetra.command_queue import Command, CommandQueue, Lane, Result
from gateway.tetra.individual_record import Individual, Stage, set_up, wrong_number
from gateway.tetra.pei_lines import CallConnected, CallProgress, IncomingCall
from gateway.tetra.radio_state import Call, RadioState, ssi
from gateway.tetra.transmit import Transmitter
from gateway.tetra.unkey import CAUSES, MAX_UNKEY_TRIES, UNKEY_ANSWER_MS, group_profile, why

GUARD = b"\x1b\rATH\r"
"""What ends a call of two should this process die."""
DIAL_ANSWER_MS = 10_000
"""How long the system may leave a number that was dialled without any line."""
RING_MS = 60_000
"""How long a call of ours rings, or waits in the queue, before we give it up."""
RING_IN_MS = 120_000
"""A call that rings for so long has lost its release."""
CONNECT_MS = 10_000
"""How long the connection may follow ``ATA``."""
RELEASE_MS = 1_000
"""How long ``+CTCR`` may follow the answer to ``ATH``."""
STRAY_GRANT_MS = 2_000
"""How long after the connection a grant may be the set-up's own, which nobody pressed for."""
MAX_CALL_MS = 1_800_000
"""Longest call with an open microphone; the system's own limit is shorter."""
QUIET_MS = 600_000
"""A simplex call without news for this long is hung up."""
LATE_MS = 5_000
"""How long a call that comes up after we gave it up is hung up again."""

_PROGRESS: dict[int, Progress] = {
    tables.CallStatus.PROGRESSING: Progress.DIALLING,
    tables.CallStatus.QUEUED: Progress.QUEUED,
    tables.CallStatus.RINGING: Progress.RINGING,
}
_EXTERNAL = frozenset({tables.IdentityType.PABX, tables.IdentityType.PSTN})


class IndividualCalls:
    """All calls of two at one radio."""

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
        tracker.private_began = self._began
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

    # -- the engine's verbs

    def dial(self, dial: Dial, now: MonoMs) -> None:
        """Call somebody."""
        reason = wrong_number(dial, self._state) or self._why_not_free()
        if reason:
            self._not_dialled(dial, reason)
            return
        one = Individual(
            stage=Stage.SETTING_UP,
            kind=dial.kind,
            duplex=dial.duplex,
            dial=dial,
            ours=True,
            microphone=dial.microphone if dial.duplex else None,
        )
        if dial.microphone is not None and not dial.duplex:
            reason = "in a simplex call one presses to talk"
            self._state.emit(TxNotSent(demand=dial.microphone, reason=reason))
        self._calls.append(one)
        self._write(one, set_up(dial, self._state), self._profile_set, now)
        self._rearm(now)

    def answer(self, instance: int, microphone: RequestId | None, now: MonoMs) -> None:
        """Take a ringing call; of one that is up by itself, open the microphone."""
        one = self._by_instance(instance)
        if one is None or one.microphone is not None:
            reason = "the call is over" if one is None else "the call is answered already"
            if microphone is not None:
                self._state.emit(TxNotSent(demand=microphone, reason=reason))
            return
        one.microphone, one.ours = microphone, True
        if one.stage is Stage.RINGING:
            one.answer_wanted = True
            self._answer_when_free(one, now)
        elif one.stage is Stage.UP:
            self._open_microphone(one)
        self._rearm(now)

    def hang_up(self, call: CallId | int, now: MonoMs) -> None:
        """Decline, withdraw or end."""
        one = self._by_instance(call) if isinstance(call, int) else self._by_call(call)
        if one is None:
            ours, instance = (None, call) if isinstance(call, int) else (call, None)
            self._state.emit(
                IndividualEnded(instance=instance, call=ours, cause="there is no such call")
            )
            return
        self._end(one, cause_words(1), "released", now)

    def end_microphone(self, request: RequestId, cause: str, now: MonoMs) -> bool:
        """Close a microphone, which ends its call; returns whether the request is one of ours."""
        one = next((one for one in self._calls if one.microphone == request), None)
        if one is None:
            return False
        words = cause_words(1) if cause in ("released", "withdrawn") else cause
        self._end(one, words, cause, now)
        return True

    # -- what the radio tells

    def _began(self, call: Call, line: IncomingCall, now: MonoMs) -> None:
        """Take ``+CTICN`` of a call of two, once the tracker has entered it."""
        if self._by_instance(line.instance) is not None:
            return
        one = Individual(
            stage=Stage.RINGING if call.ringing else Stage.UP,
            kind=self._kind(line),
            duplex=call.duplex,
            instance=line.instance,
            due=MonoMs(now + (RING_IN_MS if call.ringing else self._limit_ms(call.duplex))),
        )
        self._calls.append(one)
        self._state.emit(
            IndividualRinging(
                instance=line.instance,
                kind=one.kind,
                caller=call.caller,
                caller_digits=line.calling_digits,
                duplex=call.duplex,
                answer_needed=call.ringing,
                priority=line.priority,
                emergency=call.emergency,
                encrypted=line.encrypted,
            )
        )
        self._rearm(now)

    def progress(self, line: CallProgress, now: MonoMs) -> bool:
        """Take ``+CTOCP``; returns whether it was about a call of ours."""
        one = self._adopt(line.instance, line.comms_type, now)
        if one is None:
            return False
        told = None if line.status is None else _PROGRESS.get(line.status)
        if one.stage is Stage.WAITING or one.stage is Stage.DIALLING:
            one.due = MonoMs(now + RING_MS)
            self._tell_progress(one, told or Progress.DIALLING)
        return True

    def connected(self, line: CallConnected, now: MonoMs) -> bool:
        """Take ``+CTCC``; returns whether it was about a call of two."""
        one = self._adopt(line.instance, line.comms_type, now)
        if one is None and self._joined(line, now):
            return True
        if one is None:
            self._other_connected(line.instance, now)
            return False
        if one.stage in (Stage.ENDING, Stage.UP):
            return True
        self._up(one, line, now)
        return True

    def _joined(self, line: CallConnected, now: MonoMs) -> bool:
        """Enter a call of two of which we hear first that it is connected."""
        private = line.comms_type == tables.CommsType.POINT_TO_POINT
        if not private or line.instance in self._state.calls or now < self._late_until:
            return False
        duplex = line.simplex == 0
        call = Call(instance=line.instance, private=True, duplex=duplex, last_news=now)
        self._state.calls[line.instance] = call
        self._began(call, IncomingCall(instance=line.instance, encrypted=line.encrypted), now)
        return True

    def other_call(self, instance: int, now: MonoMs) -> None:
        """Take a sign that another call is the one that the radio takes part in."""
        if self._by_instance(instance) is None:
            self._other_connected(instance, now)

    def stray_grant(self, instance: int, now: MonoMs) -> bool:
        """Un-key a grant that nobody pressed for; returns whether it was one."""
        one = self._adopt(instance, None, now)
        if one is None or one.duplex or one.dial is None:
            return False
        if one.stage is Stage.UP and now >= one.stray_until:
            return False
        self._transmitter.unkey_stray(instance, now)
        return True

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

    # -- time

    def deadline(self) -> MonoMs | None:
        """When ``tick`` is due."""
        times = [one.due for one in self._calls if one.due is not None]
        if self._guard:
            times += [one.stray_until for one in self._calls if self._stray_window(one)]
        return min(times, default=None)

    def tick(self, now: MonoMs) -> None:
        """Repeat a hang-up, give up what is not answered, take a call once the radio is free."""
        for one in list(self._calls):
            if one.due is not None and now >= one.due:
                self._late(one, now)
        self.proceed(now)

    def proceed(self, now: MonoMs) -> None:
        """Take the call that was answered while a press held the radio."""
        for one in list(self._calls):
            if one.answer_wanted and one.stage is Stage.RINGING:
                self._answer_when_free(one, now)
        self._rearm(now)

    def _late(self, one: Individual, now: MonoMs) -> None:
        match one.stage:
            case Stage.ENDING:
                self._repeat_hang_up(one, now)
            case Stage.RINGING:
                self._finish(one, None, "no news of the call")
            case Stage.UP if one.duplex:
                self._end(one, "the call took too long", "failed", now)
            case Stage.UP:
                self._quiet(one, now)
            case _ if one.told is not None and one.told[0] is not Progress.DIALLING:
                self._end(one, "not answered", "failed", now)
            case _:
                self._end(one, "the system did not answer", "failed", now)

    def _quiet(self, one: Individual, now: MonoMs) -> None:
        call = self._state.calls.get(-1 if one.instance is None else one.instance)
        last = None if call is None else MonoMs(call.last_news + QUIET_MS)
        if last is None or now >= last:
            self._end(one, "no news of the call", "failed", now)
        else:
            one.due = last

    # -- dialling and answering

    def _why_not_free(self) -> str:
        state = self._state
        if self._transmitter.busy:
            return "another press holds the radio"
        if self.in_hand or any(one.stage is Stage.UP for one in self._calls):
            return "radio is in a private call"
        for call in state.calls.values():
            if not call.ringing and (call.talking or call.emergency):
                return f"radio is in a call on {call.group or 'an unknown group'}"
        return state.why_not_ready()

    def _not_dialled(self, dial: Dial, reason: str) -> None:
        if dial.microphone is not None:
            self._state.emit(TxNotSent(demand=dial.microphone, reason=reason))
        self._state.emit(IndividualEnded(instance=None, call=dial.call, cause=reason))

    def _profile_set(self, one: Individual, result: Result, now: MonoMs) -> None:
        if one.stage is not Stage.SETTING_UP or one.dial is None:
            return
        reason = "" if result.ok else why(result)
        if reason or self._transmitter.busy:
            self._finish(one, None, reason or "another press holds the radio")
            return
        one.stage = Stage.DIALLING
        self._write(one, f"ATD{one.dial.digits}", self._dialled, now)

    def _dialled(self, one: Individual, result: Result, now: MonoMs) -> None:
        if one.stage is not Stage.DIALLING:
            return
        if result.ok:
            one.stage = Stage.WAITING
            one.due = MonoMs(now + DIAL_ANSWER_MS)
            if one.told is None:
                self._tell_progress(one, Progress.DIALLING)
        elif result.timed_out:
            self._end(one, why(result), "failed", now)
        else:
            self._finish(one, None, why(result))

    def _answer_when_free(self, one: Individual, now: MonoMs) -> None:
        if self._transmitter.busy or self.in_hand:
            return
        one.answer_wanted = False
        if any(other.stage is Stage.UP for other in self._calls):
            self._end(one, "radio is in another private call", "failed", now)
        elif sum(other.stage is Stage.RINGING for other in self._calls) > 1:
            reason = "several calls ring at the radio, and it takes only the one it chooses"
            self._end(one, reason, "failed", now)
        else:
            one.stage = Stage.ANSWERING
            self._write(one, "ATA", self._answered, now)

    def _answered(self, one: Individual, result: Result, now: MonoMs) -> None:
        if one.stage is not Stage.ANSWERING:
            return
        if result.ok:
            one.due = MonoMs(now + CONNECT_MS)
        else:
            self._end(one, why(result), "failed", now)

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

    def _adopt(self, instance: int, comms_type: int | None, now: MonoMs) -> Individual | None:
        """Return the call with this instance; a number that we dialled learns its own."""
        one = self._by_instance(instance)
        if one is not None or comms_type not in (None, tables.CommsType.POINT_TO_POINT):
            return one
        known, sure = self._state.calls.get(instance), comms_type is not None
        if known is not None and not (sure and not known.private):
            return None
        waiting = (Stage.DIALLING, Stage.WAITING, Stage.ENDING)
        one = next((o for o in self._calls if o.stage in waiting and o.instance is None), None)
        if one is None or one.dial is None:
            if sure and now < self._late_until:
                self._queue.push(Command(text="ATH", lane=Lane.UNKEY), now)
            return None
        if known is not None:
            self._tracker.ended(known, None, "radio is in another call")
        one.instance = instance
        self._enter(one, now)
        return one

    def _enter(self, one: Individual, now: MonoMs) -> None:
        if one.instance is None or one.dial is None:
            return
        self._state.calls[one.instance] = Call(
            instance=one.instance,
            private=True,
            duplex=one.duplex,
            connected=False,
            outgoing=True,
            caller=self._state.own_number,
            priority=tables.CALL_PRIORITY_EMERGENCY if one.dial.emergency else 0,
            confirmed=True,
            last_news=now,
        )

    def _tell_progress(self, one: Individual, progress: Progress) -> None:
        told = (progress, one.instance)
        if one.dial is not None and told != one.told:
            one.told = told
            self._state.emit(
                IndividualProgressed(call=one.dial.call, progress=progress, instance=one.instance)
            )

    # -- connected

    def _up(self, one: Individual, line: CallConnected, now: MonoMs) -> None:
        if line.simplex is not None:
            one.duplex = line.simplex == 0
        one.stage, one.tries = Stage.UP, 0
        one.due = MonoMs(now + self._limit_ms(one.duplex))
        one.stray_until = MonoMs(now + STRAY_GRANT_MS)
        call = self._state.calls.get(line.instance)
        if call is not None:
            call.ringing, call.connected, call.duplex = False, True, one.duplex
            call.last_news = now
        for other in list(self._state.calls.values()):
            if other.instance != line.instance and not other.ringing:
                self._tracker.ended(other, None, "radio is in another call")
        self._state.emit(
            IndividualConnected(
                instance=line.instance,
                call=one.call,
                duplex=one.duplex,
                encrypted=line.encrypted,
            )
        )
        self._open_microphone(one)
        self._rearm(now)

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
            one.answered, one.due = True, MonoMs(now + RELEASE_MS)
        else:
            reason = "declined here; the radio could not be told"
            self._finish(one, None, reason, rings_on=True)

    def _hang_up(self, one: Individual, now: MonoMs) -> None:
        one.tries += 1
        one.due = MonoMs(now + UNKEY_ANSWER_MS)
        self._write(one, "ATH", self._hung_up, now, Lane.UNKEY)

    def _hung_up(self, one: Individual, result: Result, now: MonoMs) -> None:
        if one.stage is not Stage.ENDING or result.timed_out:
            return
        if result.ok and one.instance is not None:
            one.answered, one.due = True, MonoMs(now + RELEASE_MS)
            self._close(one)
        else:
            self._finish(one, None, one.words)

    def _repeat_hang_up(self, one: Individual, now: MonoMs) -> None:
        if one.answered:
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
            return not one.answered
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

    def _kind(self, line: IncomingCall) -> IndividualKind:
        gateway = ssi(line.calling) in self._state.gateways.values()
        if line.calling_type in _EXTERNAL or gateway:
            return IndividualKind.TELEPHONE
        return IndividualKind.PRIVATE

    @staticmethod
    def _limit_ms(duplex: bool) -> int:
        return MAX_CALL_MS if duplex else QUIET_MS


_UNDER_WAY = (Stage.SETTING_UP, Stage.DIALLING, Stage.WAITING, Stage.ENDING)

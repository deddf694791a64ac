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

from gateway.model.ids import CallId, MonoMs, RequestId
from gateway.model.individual import (
    Dial,
    IndividualConnected,
    IndividualEnded,
    IndividualProgressed,
    IndividualRinging,
    Progress,
)
from gateway.model.radio import TxNotSent
from gateway.tetra import tables
from gateway.tetra.calls import CallTracker, cause_words
from gateway.tetra.command_queue import Command, CommandQueue, Lane, Result
from gateway.tetra.error_actions import retry_pause
from gateway.tetra.individual_ending import EndingCalls
from gateway.tetra.individual_record import (
    QUIET_MS,
    Individual,
    Stage,
    as_call,
    kind_of,
    limit_ms,
    set_up,
    wrong_number,
)
from gateway.tetra.pei_lines import CallConnected, CallProgress, IncomingCall
from gateway.tetra.radio_state import Call, RadioState
from gateway.tetra.transmit import Transmitter
from gateway.tetra.unkey import why

DIAL_ANSWER_MS = 10_000
"""How long the system may leave a number that was dialled without any line."""
RING_MS = 60_000
"""How long a call of ours rings, or waits in the queue, before we give it up."""
RING_IN_MS = 120_000
"""A call that rings for so long has lost its release."""
CONNECT_MS = 10_000
"""How long the connection may follow ``ATA``."""
STRAY_GRANT_MS = 2_000
"""How long after the connection a grant may be the set-up's own, which nobody pressed for."""

_PROGRESS: dict[int, Progress] = {
    tables.CallStatus.PROGRESSING: Progress.DIALLING,
    tables.CallStatus.QUEUED: Progress.QUEUED,
    tables.CallStatus.RINGING: Progress.RINGING,
}


class IndividualCalls(EndingCalls):
    """All calls of two at one radio."""

    def __init__(
        self,
        state: RadioState,
        queue: CommandQueue,
        tracker: CallTracker,
        transmitter: Transmitter,
    ) -> None:
        """Share the parts of the core; the tracker tells the begin of private calls here."""
        super().__init__(state, queue, tracker, transmitter)
        tracker.private_began = self._began

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
            kind=kind_of(line, self._state),
            duplex=call.duplex,
            instance=line.instance,
            due=MonoMs(now + (RING_IN_MS if call.ringing else limit_ms(call.duplex))),
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
        known = self._state.calls.get(line.instance)
        private = line.comms_type == tables.CommsType.POINT_TO_POINT
        if not private or now < self._late_until or (known is not None and not known.private):
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
            case Stage.SETTING_UP:
                self._dial_again(one, now)
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
        if not result.ok:
            self._refused(one, result, now)
            return
        if self._transmitter.busy:
            self._finish(one, None, "another press holds the radio")
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
            self._refused(one, result, now)

    def _refused(self, one: Individual, result: Result, now: MonoMs) -> None:
        """Take the radio's error: again after a pause where the table says so, else the end."""
        pause_ms = retry_pause(result.code, one.dials)
        if pause_ms is None:
            self._finish(one, None, why(result))
        else:
            one.stage, one.due = Stage.SETTING_UP, MonoMs(now + pause_ms)

    def _dial_again(self, one: Individual, now: MonoMs) -> None:
        if one.dial is None:
            return
        one.due = None
        one.dials += 1
        self._write(one, set_up(one.dial, self._state), self._profile_set, now)

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
        self._state.calls[instance] = as_call(instance, one, self._state.own_number, now)
        return one

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
        one.due = MonoMs(now + limit_ms(one.duplex))
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

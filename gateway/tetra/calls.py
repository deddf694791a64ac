"""Calls as they are received: who talks, on what group, until when.

The caller of ``+CTICN`` is the first talker; a later ``+CTXG`` with another address corrects it.
An empty address is an unknown talker. A call of which nothing was heard for long (its ``+CTCR``
was lost) is given up, so that it cannot bar the way for ever.
"""

from collections.abc import Callable

from gateway.model.ids import MonoMs
from gateway.model.radio import (
    CallDown,
    CallUp,
    EmergencySign,
    EmergencySigned,
    TalkEnded,
    TalkStarted,
)
from gateway.tetra import tables
from gateway.tetra.pei_lines import CallConnected, CallReleased, IncomingCall, TxCeased, TxGrant
from gateway.tetra.radio_state import Call, RadioState, ssi

QUIET_CALL_MS = 60_000
"""A call without a talker and without news for this long is over."""
LONG_OVER_MS = 600_000
"""A talker without news for this long has stopped."""
UNKNOWN_CALL_MS = 60_000
"""A call on a group that was never told bars every press; it is given up even while it talks."""
UNCONFIRMED_CALL_MS = 10_000
"""One that a single line spoke of, without its group, is most likely a damaged line."""
PRIVATE_CALL_MS = 2_000_000
"""A private call has limits of its own; this one is behind them."""
MAX_CALLS = 32
"""Most calls kept at once; a terminal has a handful."""


def cause_words(cause: int | None) -> str:
    """Return a disconnect cause in words."""
    if cause is None:
        return "no cause given"
    return tables.DISCONNECT_CAUSE_WORDS.get(cause, f"cause {cause}")


class CallTracker:
    """Follows the calls at the radio and tells what is heard of them."""

    def __init__(self, state: RadioState) -> None:
        """Share ``state`` with the other parts of the core."""
        self._state = state
        self.private_began: Callable[[Call, IncomingCall, MonoMs], None] = _nobody_began
        """Told of a call of two instead of a ``CallUp``."""
        self.private_ended: Callable[[Call, int | None, str], None] = _nobody_ended
        """Told of its end instead of a ``CallDown``."""

    def incoming(self, line: IncomingCall, now: MonoMs) -> Call:
        """Take ``+CTICN``; the same call told again is no new call."""
        call = self._state.calls.get(line.instance)
        if call is not None and self._same_call(call, line):
            call.last_news = now
            return call
        if call is not None:
            self.ended(call, None, "instance used for another call")
        call = self._new_call(line, now)
        if not call.private:
            self._announce(call, encrypted=line.encrypted, duplex=call.duplex)
        elif line.service in (None, tables.AiService.SPEECH):
            self.private_began(call, line, now)
        if call.emergency:
            self._sign_emergency(call)
        if not call.ringing and not call.duplex:
            self._start_talk(call, call.caller, line.encrypted)
        return call

    def outgoing(self, instance: int, group: int, now: MonoMs, *, emergency: bool) -> Call:
        """Enter the call that we dialled, once the radio has told its instance."""
        self._make_room()
        call = Call(
            instance=instance,
            group=group,
            caller=self._state.own_number,
            outgoing=True,
            priority=tables.CALL_PRIORITY_EMERGENCY if emergency else 0,
            last_news=now,
        )
        self._state.calls[instance] = call
        self._announce(call, encrypted=False, duplex=False)
        return call

    def connected(self, line: CallConnected, now: MonoMs) -> Call:
        """Take ``+CTCC``; of a call never heard of, nothing is known but that it is up."""
        call = self._known(line.instance, now)
        call.last_news, call.confirmed = now, True
        return call

    def granted_to_other(self, line: TxGrant, now: MonoMs) -> Call:
        """Take ``+CTXG`` with grant 3: somebody talks."""
        call = self._known(line.instance, now)
        call.last_news, call.confirmed = now, True
        call.may_ask = line.may_ask
        talker = ssi(line.talker)
        if call.talking and talker in (None, call.talker):
            return call
        self._start_talk(call, talker, line.encrypted)
        if call.emergency and talker is not None and not call.emergency_unit_known:
            self._sign_emergency(call, talker)
        return call

    def own_key(self, line: TxGrant, now: MonoMs) -> None:
        """Take a grant that nobody here asked for: the radio's own key was pressed."""
        call = self._known(line.instance, now)
        call.last_news, call.confirmed = now, True
        self._start_talk(call, self._state.own_number, line.encrypted)

    def ceased(self, line: TxCeased, now: MonoMs) -> None:
        """Take ``+CDTXC``: the talker stopped; the call stays up for its hang time."""
        call = self._state.calls.get(line.instance)
        if call is None:
            return
        call.last_news, call.confirmed = now, True
        call.may_ask = line.may_ask
        self._end_talk(call)

    def released(self, line: CallReleased) -> Call | None:
        """Take ``+CTCR`` out of the list; returns the call, whose end is not yet told."""
        return self._state.calls.pop(line.instance, None)

    def ended(self, call: Call, code: int | None, words: str) -> None:
        """Tell the end of a call."""
        self._state.calls.pop(call.instance, None)
        self._end_talk(call)
        if call.private:
            self.private_ended(call, code, words)
            return
        self._state.emit(CallDown(instance=call.instance, code=code, cause=words))

    def all_ended(self, words: str) -> None:
        """Tell the end of every call: the radio is gone."""
        for call in list(self._state.calls.values()):
            self.ended(call, None, words)

    def deadline(self) -> MonoMs | None:
        """When the next call is given up."""
        return min((_due(call) for call in self._state.calls.values()), default=None)

    def tick(self, now: MonoMs) -> None:
        """Give up calls of which nothing was heard."""
        for call in list(self._state.calls.values()):
            if now >= _due(call):
                self.ended(call, None, "no news of the call")

    def _same_call(self, call: Call, line: IncomingCall) -> bool:
        group, private = self._group_of(line)
        return (
            call.group == group
            and call.private == private
            and (call.caller == ssi(line.calling) or call.outgoing)
        )

    def _group_of(self, line: IncomingCall) -> tuple[int | None, bool]:
        called = ssi(line.called)
        private = line.comms_type == tables.CommsType.POINT_TO_POINT or (
            called is not None and called == self._state.own_number
        )
        return (None if private else called), private

    def _new_call(self, line: IncomingCall, now: MonoMs) -> Call:
        self._make_room()
        group, private = self._group_of(line)
        call = Call(
            instance=line.instance,
            group=group,
            private=private,
            ringing=private and line.hook == 0,
            duplex=line.simplex == 0,
            caller=ssi(line.calling),
            priority=line.priority,
            last_news=now,
        )
        self._state.calls[line.instance] = call
        return call

    def _known(self, instance: int, now: MonoMs) -> Call:
        """Return the call, made up as joined late where it was never announced."""
        call = self._state.calls.get(instance)
        if call is None:
            self._make_room()
            call = Call(instance=instance, last_news=now)
            self._state.calls[instance] = call
            self._state.emit(CallUp(instance=instance, group=None, late_entry=True))
        return call

    def _make_room(self) -> None:
        if len(self._state.calls) >= MAX_CALLS:
            oldest = min(self._state.calls.values(), key=lambda call: call.last_news)
            self.ended(oldest, None, "too many calls")

    def _announce(self, call: Call, *, encrypted: bool, duplex: bool) -> None:
        self._state.emit(
            CallUp(
                instance=call.instance,
                group=call.group,
                caller=call.caller,
                priority=call.priority,
                emergency=call.emergency,
                encrypted=encrypted,
                late_entry=call.caller is None,
                outgoing=call.outgoing,
                duplex=duplex,
            )
        )

    def _sign_emergency(self, call: Call, unit: int | None = None) -> None:
        unit = call.caller if unit is None else unit
        call.emergency_unit_known = unit is not None
        self._state.emit(
            EmergencySigned(
                unit=unit,
                sign=EmergencySign.CALL_PRIORITY,
                group=call.group,
                instance=call.instance,
            )
        )

    def _start_talk(self, call: Call, talker: int | None, encrypted: bool) -> None:
        call.talking, call.talker = True, talker
        self._state.emit(
            TalkStarted(
                instance=call.instance, talker=talker, encrypted=encrypted, may_ask=call.may_ask
            )
        )

    def _end_talk(self, call: Call) -> None:
        if call.talking:
            call.talking, call.talker = False, None
            self._state.emit(TalkEnded(instance=call.instance, may_ask=call.may_ask))


def _nobody_began(_call: Call, _line: IncomingCall, _now: MonoMs) -> None:
    """Take the begin of a private call that nobody follows."""


def _nobody_ended(_call: Call, _code: int | None, _words: str) -> None:
    """Take the end of a private call that nobody follows."""


def _due(call: Call) -> MonoMs:
    if call.private:
        return MonoMs(call.last_news + PRIVATE_CALL_MS)
    if call.group is None:
        limit_ms = UNKNOWN_CALL_MS if call.confirmed else UNCONFIRMED_CALL_MS
    else:
        limit_ms = LONG_OVER_MS if call.talking else QUIET_CALL_MS
    return MonoMs(call.last_news + limit_ms)

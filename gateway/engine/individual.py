"""Private and telephone calls: they ring, are taken or declined, connect and end.

What is heard of a call is heard by the position that has it and by nobody else; whether it is
recorded is decided from the plan when it rings or is dialled, before anybody speaks. Each side is
a transmission of its own: in simplex one after the other, in duplex two at once. The book says
what happens to calls; ``individual_desk`` is what positions ask of it.
"""

from typing import Protocol

from gateway.engine.call_state import Call, Encryption
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.individual_report import IndividualReport
from gateway.engine.individual_rules import positions_of, recording_for, rule_for
from gateway.engine.individual_state import PrivateCall, State
from gateway.engine.presses import Press
from gateway.engine.private_lines import PrivateLine
from gateway.model import individual, radio
from gateway.model.errors import InvalidCommand
from gateway.model.ids import CallId, LinkId, MonoMs, PositionId, TalkgroupId
from gateway.model.individual import CarriesIndividualCalls
from gateway.model.individual_plan import IndividualRule
from gateway.model.private_line import private_line
from gateway.ports import SequenceCounter

MICROPHONE_MS = 3000
"""A duplex call that was taken or dialled is given up when the desk's microphone is not there."""
CONNECT_MS = 10_000
"""An answered call that the radio does not connect is given up."""
DIAL_MS = 120_000
"""A call of ours that nobody takes is given up; networks do so before."""
HANG_UP_MS = 2000
"""A radio that does not report the end of a call in this time is taken to have ended it."""
_OUTCOMES = {
    State.RINGING: "missed",
    State.TAKEN: "not_reached",
    State.DIALLING: "not_reached",
    State.CONNECTED: "talked",
}


class Floor(Protocol):
    """What the book needs of the arbiter of presses."""

    def line_over(self, line: TalkgroupId, reason: str, *, duplex: bool) -> None:
        """Cut the presses of a call that is over."""
        ...

    def resume(self, link: LinkId) -> None:
        """Go on with the presses that waited for the radio."""
        ...


class IndividualBook:
    """Every private call that is not over, on all links."""

    def __init__(self, ctx: Context, calls: CallBook, counter: SequenceCounter) -> None:
        """Begin with no call."""
        self._ctx = ctx
        self._calls = calls
        self._counter = counter
        self._open: dict[CallId, PrivateCall] = {}
        self._floor: Floor | None = None
        self._listening: frozenset[PositionId] = frozenset()
        self.report = IndividualReport(ctx)
        lines = ctx.lines
        lines.open_microphone, lines.make_way = self.open_microphone, self.make_way
        lines.talking, lines.press_over = self._talking, self._press_over

    def attach(self, floor: Floor) -> None:
        """Take the arbiter of presses."""
        self._floor = floor

    # ---- look-ups

    def find(self, call: CallId) -> PrivateCall | None:
        """Return a call that is not over."""
        return self._open.get(call)

    def on(self, link: LinkId, instance: int | None) -> PrivateCall | None:
        """Return the call of a link's instance."""
        if instance is None:
            return None
        calls = self._open.values()
        return next((c for c in calls if c.link == link and c.instance == instance), None)

    def of_position(self, position: PositionId) -> PrivateCall | None:
        """Return the call that a position has."""
        return next((c for c in self._open.values() if c.position == position), None)

    def set_listening(self, positions: frozenset[PositionId]) -> None:
        """Tell which positions hear it ring."""
        self._listening = positions

    # ---- from a link

    def ringing(self, link: LinkId, event: individual.IndividualRinging) -> PrivateCall | None:
        """Somebody calls; None when it is known already."""
        known = self.on(link, event.instance)
        if known is not None and known.state is State.RINGING:
            return None
        if known is not None:
            self.over(known, "replaced by another call", None)
        addresses = self._ctx.addresses
        number = event.caller_digits or ("" if event.caller is None else str(event.caller))
        rule = rule_for(addresses.plan, link, event.kind, number)
        unit = addresses.unit_on(link, event.caller)
        call = self.new(
            PrivateCall(
                id=CallId(self._ctx.new_id("c")),
                seq=self._counter.next(),
                line=PrivateLine(id=TalkgroupId(""), link=link, instance=event.instance),
                kind=event.kind,
                incoming=True,
                started_ms=self._ctx.now(),
                other=unit,
                digits=number,
                alias="" if event.caller_digits else addresses.alias(unit),
                direct=not event.answer_needed,
                emergency=event.emergency,
                priority=event.priority,
                encrypted=event.encrypted,
                rule=rule,
                recording=recording_for(addresses.plan, rule, number),
                state=State.RINGING,
            )
        )
        call.line.duplex = event.duplex
        call.rings_at = self._first(rule)
        self._ring_due(call)
        self.report.ringing(call)
        if call.direct:
            self._adopt(call)
        return call

    def progressed(self, event: individual.IndividualProgressed) -> None:
        """Tell how far a call of ours has come."""
        call = self.find(event.call)
        if call is not None and call.state is State.DIALLING:
            call.line.instance = call.instance if event.instance is None else event.instance
            self.report.progressed(call, event.progress.value)

    def connected(self, link: LinkId, event: individual.IndividualConnected) -> None:
        """Both ends are there. One that still rings here was taken at the radio itself."""
        call = self.find(event.call) if event.call is not None else self.on(link, event.instance)
        if call is None:
            return
        call.encrypted = call.encrypted or event.encrypted
        if call.state is State.RINGING:
            call.direct = True
            self._adopt(call)
        else:
            self.connect(call, event.instance)

    def granted(self, event: radio.TxGranted) -> None:
        """Sound may go out: a call whose microphone this is, is connected."""
        for call in list(self._open.values()):
            if call.microphone == event.demand:
                self.connect(call, event.instance)

    def connect(self, call: PrivateCall, instance: int | None) -> None:
        """Go over to talking."""
        if call.state not in (State.TAKEN, State.DIALLING):
            return
        other = self.on(call.link, instance)
        if other is not None and other is not call:
            self.over(other, "replaced by another call", None)
        call.line.instance = instance
        call.move(State.CONNECTED)
        call.connected_ms, call.due_ms = self._ctx.now(), None
        self._adopt(call)
        self.report.connected(call)

    def talker(self, link: LinkId, instance: int, talker: str) -> None:
        """Somebody began or stopped to talk in a simplex call."""
        call = self.on(link, instance)
        if call is not None and not call.line.duplex:
            self.report.talker(call, talker)

    def ended(self, link: LinkId, event: individual.IndividualEnded) -> None:
        """Close the call that the radio says is over."""
        call = self.find(event.call) if event.call is not None else self.on(link, event.instance)
        if call is not None:
            self.over(call, event.cause or "the call ended", event.code)

    def link_lost(self, link: LinkId) -> None:
        """End everything on a link that is gone."""
        for call in [c for c in self._open.values() if c.link == link]:
            self.over(call, "link lost", None, over_cause="lost")

    # ---- from the presses

    def open_microphone(self, press: Press) -> None:
        """Ask the radio for a duplex call, now that its microphone is there."""
        call = self._of_line(press.talkgroup)
        if call is None:
            return
        call.line.microphone_open = True
        if call.incoming:
            call.due_ms = self._in(CONNECT_MS)
            self.carrier(call.link).answer(call.instance or 0, press.request)
        elif call.dial is not None:
            dial, call.dial = call.dial, None
            call.due_ms = self._in(DIAL_MS)
            self.carrier(call.link).dial(dial)

    def make_way(self, link: LinkId) -> None:
        """End what is up on a radio: a desk makes an emergency call."""
        for call in [c for c in self._open.values() if c.link == link and c.line.takes_radio]:
            self._ctx.lines.clearing.add(link)
            self.finish(call, "ended for an emergency call of the desk")

    def _talking(self, press: Press) -> None:
        call = self._of_line(press.talkgroup)
        if call is not None and not call.line.duplex:
            self.report.talker(call, "us")

    def _press_over(self, press: Press) -> None:
        call = self._of_line(press.talkgroup)
        if call is None or call.state in (State.ENDING, State.OVER):
            return
        if press.request == call.microphone:
            # The link was told to end this press, and ends the call with it.
            asked = call.line.microphone_open
            why = press.end_words or "the microphone was closed"
            self._expect_end(call, why, asked=asked)
        elif not call.line.duplex and press.granted_ms is not None:
            self.report.talker(call, "")

    def _of_line(self, line: TalkgroupId) -> PrivateCall | None:
        return next((c for c in self._open.values() if c.line_id == line), None)

    # ---- beginnings and ends

    def new(self, call: PrivateCall) -> PrivateCall:
        """Keep a call, and give it its line."""
        call.line.id = private_line(call.seq)
        self._open[call.id] = call
        self._ctx.lines.lines[call.line_id] = call.line
        return call

    def carrier(self, link: LinkId) -> CarriesIndividualCalls:
        """Return a link as one that carries private calls; raises InvalidCommand for others."""
        found = self._ctx.links[link]
        if not isinstance(found, CarriesIndividualCalls):
            raise InvalidCommand(f"link {link}: expected one that carries private calls")
        return found

    def finish(self, call: PrivateCall, cause: str, outcome: str = "") -> None:
        """End a call from our side."""
        if call.state in (State.ENDING, State.OVER):
            return
        self._expect_end(call, cause, outcome=outcome)

    def _expect_end(
        self, call: PrivateCall, cause: str, *, outcome: str = "", asked: bool = False
    ) -> None:
        call.outcome = outcome or _OUTCOMES[call.state]
        call.cause = cause
        unknown = call.dial is not None
        call.move(State.ENDING)
        call.due_ms = self._in(HANG_UP_MS)
        if unknown:  # the radio was never asked for this call
            self.over(call, cause, None)
            return
        if not asked:
            self._hang_up(call)
        self._close_presses(call)

    def _hang_up(self, call: PrivateCall) -> None:
        whom = call.instance if call.incoming and call.instance is not None else call.id
        self.carrier(call.link).hang_up(whom)

    def _close_presses(self, call: PrivateCall) -> None:
        if self._floor is not None:
            self._floor.line_over(call.line_id, call.cause, duplex=call.line.duplex)

    def over(
        self,
        call: PrivateCall,
        cause: str,
        code: int | None,
        *,
        over_cause: str = "ended",
        interrupted: bool = False,
    ) -> None:
        """Close a call: its presses, its transmissions, its line."""
        if call.state is State.OVER:
            return
        call.outcome = call.outcome or _OUTCOMES[call.state]
        call.cause = call.cause or cause
        call.move(State.OVER)
        self._close_presses(call)
        if call.call is not None:
            self._calls.dismiss(call.call, over_cause)
        self._open.pop(call.id, None)
        self._ctx.lines.lines.pop(call.line_id, None)
        self.report.ended(call, code, interrupted=interrupted)
        if call.link in self._ctx.lines.clearing and not self._ctx.lines.busy(call.link):
            self._ctx.lines.clearing.discard(call.link)
            if self._floor is not None:
                self._floor.resume(call.link)

    def _adopt(self, call: PrivateCall) -> None:
        if call.call is not None or call.instance is None:
            return
        call.call = Call(
            id=call.id,
            seq=call.seq,
            link=call.link,
            instance=call.instance,
            number=call.seq,
            talkgroup=call.line_id,
            caller=call.other,
            priority=call.priority,
            emergency=call.emergency,
            encryption=Encryption(encrypted=call.encrypted),
            late_entry=False,
            quiet_since_ms=self._ctx.now(),
            private=call.recording.terms(duplex=call.line.duplex),
        )
        self._calls.adopt(call.call)
        if call.line.duplex:
            self._calls.start_other(call.call, call.other, call.name)

    # ---- ringing

    def _first(self, rule: IndividualRule) -> tuple[PositionId, ...]:
        plan = self._ctx.addresses.plan
        first = positions_of(plan, rule.positions)
        if rule.next_positions and self._listening and not self._listening & set(first):
            return tuple(dict.fromkeys((*first, *positions_of(plan, rule.next_positions))))
        return first

    def pass_on(self, call: PrivateCall) -> bool:
        """Let it ring at the next positions of its rule too; False when there are none."""
        further = positions_of(self._ctx.addresses.plan, call.rule.next_positions)
        if call.passed_on or not call.rule.next_positions:
            return False
        call.passed_on = True
        everyone = dict.fromkeys((*call.rings_at, *further))
        call.rings_at = tuple(p for p in everyone if p not in call.declined)
        self._ring_due(call)
        self.report.passed_on(call)
        return bool(self.hearers(call))

    def hearers(self, call: PrivateCall) -> frozenset[PositionId]:
        """Return the positions that hear it ring; where nobody listens, all it rings at."""
        at = frozenset(call.rings_at)
        return at & self._listening if self._listening else at

    def _ring_due(self, call: PrivateCall) -> None:
        seconds = call.rule.ring_s
        if call.rule.next_positions and not call.passed_on:
            seconds = min(seconds, call.rule.next_after_s)
        call.due_ms = MonoMs(call.started_ms + seconds * 1000)

    # ---- time

    def _in(self, ms: int) -> MonoMs:
        return MonoMs(self._ctx.now() + ms)

    def deadline(self) -> MonoMs | None:
        """Return when tick() is due next."""
        return min((c.due_ms for c in self._open.values() if c.due_ms is not None), default=None)

    def tick(self, now: MonoMs) -> None:
        """Pass on, give up, close what the radio does not close."""
        for call in list(self._open.values()):
            if call.due_ms is not None and now >= call.due_ms:
                self._due(call, now)

    def _due(self, call: PrivateCall, now: MonoMs) -> None:
        match call.state:
            case State.RINGING:
                if now >= call.started_ms + call.rule.ring_s * 1000:
                    self.finish(call, f"not answered in {call.rule.ring_s} s")
                else:
                    self.pass_on(call)
            case State.TAKEN | State.DIALLING if call.waits_for_microphone:
                self.finish(call, "no microphone at the desk")
            case State.TAKEN:
                self.finish(call, "the radio did not connect it")
            case State.DIALLING:
                self.finish(call, "not answered")
            case _:
                self.over(call, call.cause, None)

    def close(self) -> None:
        """End everything: the server stops."""
        for call in list(self._open.values()):
            call.cause = "server stopped"
            if call.state is not State.ENDING and call.dial is None:
                self._hang_up(call)
            self.over(call, "server stopped", None, over_cause="interrupted", interrupted=True)

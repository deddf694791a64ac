"""What positions ask of private calls: answer, decline, dial, hang up."""

from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.individual import CONNECT_MS, DIAL_MS, MICROPHONE_MS, IndividualBook
from gateway.engine.individual_rules import MAX_DIGITS, digits_of, recording_for, rule_for
from gateway.engine.individual_state import PrivateCall, State
from gateway.engine.private_lines import BUSY, PrivateLine
from gateway.model.command import Reply
from gateway.model.ids import LinkId, MonoMs, PositionId, TalkgroupId, split_address
from gateway.model.individual import CarriesIndividualCalls, Dial, IndividualKind
from gateway.model.individual_commands import (
    IndividualAnswer,
    IndividualDecline,
    IndividualDial,
    IndividualHangUp,
)
from gateway.model.radio import Capability
from gateway.ports import SequenceCounter

GONE = "the call is over"
NEEDED = {
    IndividualKind.PRIVATE: (Capability.INDIVIDUAL, "no radio here makes private calls"),
    IndividualKind.TELEPHONE: (Capability.TELEPHONE, "no radio here makes telephone calls"),
}
"""Capability of a link for each kind of call, and the words when none has it."""


class IndividualDesk:
    """Carries out the commands of positions."""

    def __init__(
        self,
        ctx: Context,
        book: IndividualBook,
        calls: CallBook,
        health: Health,
        counter: SequenceCounter,
    ) -> None:
        """Act on the calls of ``book``."""
        self._ctx = ctx
        self._book = book
        self._calls = calls
        self._health = health
        self._counter = counter

    def answer(self, command: IndividualAnswer) -> Reply:
        """Take a ringing call, from whatever position: it stops ringing everywhere else."""
        call = self._book.find(command.call)
        if call is None or not call.incoming:
            return Reply(ok=False, reason=GONE)
        if call.state is not State.RINGING:
            taken = f"Position {call.position} has it" if call.position else GONE
            return Reply(ok=call.position == command.position, reason=taken)
        refusal = self._cannot_talk(command.position, call.line.duplex, command.microphone)
        if refusal:
            return Reply(ok=False, reason=refusal)
        call.line.position, call.operator = command.position, command.operator
        call.move(State.TAKEN)
        self._book.report.answered(call)
        if call.line.duplex:
            call.line.microphone = command.microphone
            call.due_ms = self._in(MICROPHONE_MS)
        elif call.direct:
            self._book.connect(call, call.instance)
        else:
            call.due_ms = self._in(CONNECT_MS)
            self._book.carrier(call.link).answer(call.instance or 0)
        return Reply(ok=True)

    def decline(self, command: IndividualDecline) -> Reply:
        """Stop it ringing here; when nobody is left who hears it, it is hung up."""
        call = self._book.find(command.call)
        if call is None or call.state is not State.RINGING:
            return Reply(ok=True)
        call.declined.add(command.position)
        call.rings_at = tuple(p for p in call.rings_at if p != command.position)
        self._book.report.declined(call, command.position, command.operator)
        if not self._book.hearers(call) and not self._book.pass_on(call):
            self._book.finish(call, "declined at every position", "declined")
        return Reply(ok=True)

    def dial(self, command: IndividualDial) -> Reply:
        """Call a unit or a telephone number."""
        kind = IndividualKind(command.kind)
        digits = command.digits if command.unit is None else str(split_address(command.unit)[1])
        dialled = "".join(c for c in digits if c in "0123456789*#+")
        if not 0 < len(dialled) <= MAX_DIGITS or not digits_of(dialled):
            return Reply(ok=False, reason=f"a number has 1 to {MAX_DIGITS} digits")
        refusal = self._cannot_talk(command.position, command.duplex, command.microphone)
        link, reason = self._way(command, kind)
        if refusal or link is None or self._book.find(command.call) is not None:
            return Reply(ok=False, reason=refusal or reason or "this call was made before")
        self._begin(command, kind, dialled, link)
        return Reply(ok=True)

    def _begin(
        self, command: IndividualDial, kind: IndividualKind, digits: str, link: LinkId
    ) -> None:
        addresses = self._ctx.addresses
        rule = rule_for(addresses.plan, link, kind, digits)
        call = self._book.new(
            PrivateCall(
                id=command.call,
                seq=self._counter.next(),
                line=PrivateLine(
                    id=TalkgroupId(""),
                    link=link,
                    position=command.position,
                    duplex=command.duplex,
                    microphone=command.microphone if command.duplex else None,
                    takes_radio=True,
                ),
                kind=kind,
                incoming=False,
                started_ms=self._ctx.now(),
                other=command.unit,
                digits=digits,
                alias=addresses.alias(command.unit),
                emergency=command.emergency,
                rule=rule,
                recording=recording_for(addresses.plan, rule, digits),
                state=State.DIALLING,
                operator=command.operator,
            )
        )
        self._book.report.dialled(call)
        dial = Dial(
            call=call.id,
            kind=kind,
            digits=digits,
            duplex=command.duplex,
            microphone=call.microphone,
            rings=command.rings,
            emergency=command.emergency,
        )
        if command.duplex:
            call.dial, call.due_ms = dial, self._in(MICROPHONE_MS)
            return
        call.due_ms = self._in(DIAL_MS)
        self._book.carrier(link).dial(dial)

    def hang_up(self, command: IndividualHangUp) -> Reply:
        """End the call that a position has."""
        call = self._book.find(command.call)
        if call is None:
            return Reply(ok=True)
        if call.position != command.position:
            where = f"it is at Position {call.position}" if call.position else "answer it first"
            return Reply(ok=False, reason=where)
        connected = call.state is State.CONNECTED
        outcome = "talked" if connected else "cancelled"
        self._book.finish(call, f"ended at Position {command.position}", outcome)
        return Reply(ok=True)

    def position_left(self, position: PositionId) -> None:
        """End the call of a position that was given up."""
        call = self._book.of_position(position)
        if call is not None:
            self._book.finish(call, "position was left")

    # ---- inside

    def _in(self, ms: int) -> MonoMs:
        return MonoMs(self._ctx.now() + ms)

    def _cannot_talk(self, position: PositionId, duplex: bool, microphone: str | None) -> str:
        other = self._book.of_position(position)
        if other is not None:
            return f"this position is in a call with {other.name}"
        return "a duplex call needs the desk's microphone" if duplex and not microphone else ""

    def _way(self, command: IndividualDial, kind: IndividualKind) -> tuple[LinkId | None, str]:
        """Return the radio to call with, or why there is none."""
        capability, words = NEEDED[kind]
        system = split_address(command.unit)[0] if command.unit else None
        able = [
            link.id
            for link in self._ctx.addresses.plan.links
            if link.id in self._ctx.links
            and (not command.links or link.id in command.links)
            and (system is None or link.system == system)
            and capability in self._ctx.links[link.id].info.capabilities
            and isinstance(self._ctx.links[link.id], CarriesIndividualCalls)
        ]
        reasons = {link: self._hindrance(link) for link in able}
        free = next((link for link, reason in reasons.items() if not reason), None)
        return free, "" if free else next(iter(reasons.values()), words)

    def _hindrance(self, link: LinkId) -> str:
        if not self._health.is_up(link):
            return self._health.words(link)
        if self._ctx.lines.busy(link):
            return BUSY
        if link in self._ctx.lines.pressed():
            return "radio is in use"
        talking = [c for c in self._calls.on_link(link) if c.transmission is not None]
        if talking:
            name = self._ctx.addresses.talkgroup_name(talking[0].talkgroup)
            return f"radio is receiving {name}"
        return ""

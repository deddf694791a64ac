"""What a desk asks of one radio besides talking: alert, query, check, inhibit.

An act is a message of its own kind (``message.queued``, then a claim each: ``message.progressed``).
Silence is an answer too: without one in time the act has failed, in words.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.engine.claims import Claims
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.message_sending import Sending
from gateway.model import radio
from gateway.model import unit_acts as acts
from gateway.model.command import Reply
from gateway.model.errors import InvalidCommand
from gateway.model.events import MessageProgressed, MessageQueued
from gateway.model.ids import LinkId, MessageId, MonoMs, UnitId, split_address, system_part
from gateway.model.radio import Capability, SendState
from gateway.model.unit_commands import INHIBITS, UNIT_ACT_WORDS, UnitActAsk

SEND_MS = 10_000
"""An act that the link has not sent by then has failed (a choice of this project)."""
ANSWER_MS = 10_000
"""A radio that has not answered this long after an act was sent is told as such (the same)."""
MAX_OPEN = 1000
NOT_SENT = "not sent in time"
NO_ANSWER = "no answer from the radio"
NOT_POSSIBLE = "not possible on this link"
NO_LINK = "no link reaches this number"
_LINK_LOST = "link lost"

_MAKERS: dict[str, Callable[[MessageId, int, int], acts.UnitAct]] = {
    "call_alert": lambda m, to, _: acts.CallAlert(message=m, to=to),
    "status_query": lambda m, to, _: acts.QueryStatus(message=m, to=to),
    "status_update": lambda m, to, value: acts.UpdateStatus(message=m, to=to, value=value),
    "radio_check": lambda m, to, _: acts.RadioCheck(message=m, to=to),
    "inhibit": lambda m, to, _: acts.Inhibit(message=m, to=to, enabled=False),
    "uninhibit": lambda m, to, _: acts.Inhibit(message=m, to=to, enabled=True),
}


@dataclass(slots=True)
class _Asked:
    unit: UnitId
    act: str
    claims: Claims
    due_ms: MonoMs


class UnitActs:
    """Acts on their way to radios."""

    def __init__(self, ctx: Context, sending: Sending, health: Health) -> None:
        """Begin with nothing asked; ``sending`` knows where units were heard."""
        self._ctx = ctx
        self._sending = sending
        self._health = health
        self._open: dict[MessageId, _Asked] = {}

    # ---- what desks ask

    def ask(self, command: UnitActAsk) -> Reply:
        """Do it; what cannot be done fails at once, with the reason in words."""
        words = self._words(command)
        try:
            number = split_address(command.unit)[1]
        except ValueError as error:
            raise InvalidCommand(str(error)) from error
        link, reason = self._way(command.unit)
        if link is None:
            return Reply(ok=False, reason=reason)
        self._ctx.publish(
            MessageQueued(
                message=command.message,
                link=link,
                to=command.unit,
                talkgroup=None,
                text=words,
                operator=command.operator,
                kind=command.act,
                value=command.value,
            )
        )
        if reason:
            self._tell(command.message, SendState.FAILED, reason)
            return Reply(ok=False, reason=reason)
        self._keep(command, link)
        carrier = self._ctx.links[link]
        if isinstance(carrier, acts.ReachesUnits):
            carrier.act(_MAKERS[command.act](command.message, number, command.value or 0))
        return Reply(ok=True)

    # ---- what links tell

    def progress(self, event: radio.SendProgress) -> bool:
        """Take a claim; says whether it is of an act."""
        asked = self._open.get(event.message)
        if asked is None:
            return False
        if asked.claims.take(event):
            if event.state is SendState.SENT:
                asked.due_ms = MonoMs(self._ctx.now() + ANSWER_MS)
            self._tell(event.message, event.state, event.reason)
        return True

    def status_heard(self, unit: UnitId, words: str) -> None:
        """Take a status: it is the answer to the queries that wait for it."""
        for message, asked in self._open.items():
            if asked.act != "status_query" or asked.unit != unit:
                continue
            answer = radio.SendProgress(message=message, state=SendState.DELIVERED, reason=words)
            if self._ctx.now() < asked.due_ms and asked.claims.take(answer):
                self._tell(message, SendState.DELIVERED, words)

    def link_lost(self, link: LinkId) -> None:
        """Tell of acts that had not been sent: nobody knows."""
        for message, asked in self._open.items():
            if asked.claims.link == link and asked.claims.lose():
                self._tell(message, SendState.UNKNOWN, _LINK_LOST)

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when the next silence is an answer."""
        waiting = [asked.due_ms for asked in self._open.values() if not asked.claims.answered]
        return min(waiting, default=None)

    def tick(self, now: MonoMs) -> None:
        """Tell of acts that nothing came back of."""
        for message, asked in self._open.items():
            if now < asked.due_ms or asked.claims.answered:
                continue
            words = NO_ANSWER if SendState.SENT in asked.claims.told else NOT_SENT
            failed = radio.SendProgress(message=message, state=SendState.FAILED, reason=words)
            if asked.claims.take(failed):
                self._tell(message, SendState.FAILED, words)

    # ---- inside

    def _words(self, command: UnitActAsk) -> str:
        """Return what is asked, in words; raises InvalidCommand where it is not whole."""
        if command.act not in UNIT_ACT_WORDS:
            allowed = ", ".join(UNIT_ACT_WORDS)
            raise InvalidCommand(f"act: expected one of {allowed}, got {command.act!r}")
        words = UNIT_ACT_WORDS[command.act]
        if command.act in INHIBITS:
            if not command.reason.strip():
                raise InvalidCommand("reason: an inhibit needs a written reason")
            return f"{words}: {command.reason.strip()}"
        if command.act != "status_update":
            return words
        system = system_part(command.unit)
        value = command.value
        meaning = None if value is None else self._ctx.addresses.status(value, system)
        if meaning is None:
            raise InvalidCommand(f"status {command.value} is not in the plan's table")
        if meaning.kind == "emergency":
            raise InvalidCommand(f"{meaning.words} is an emergency and is not sent from a desk")
        return f"{words}: {meaning.words}"

    def _way(self, unit: UnitId) -> tuple[LinkId | None, str]:
        """Return the link for a unit, and why it cannot be reached on it (empty when it can)."""
        candidates = self._sending.links_to(unit)
        if not candidates:
            return None, NO_LINK
        able = [link for link in candidates if self._can(link)]
        if not able:
            return candidates[0], NOT_POSSIBLE
        up = [link for link in able if self._health.is_up(link)]
        return (up[0], "") if up else (able[0], self._health.words(able[0]))

    def _can(self, link: LinkId) -> bool:
        carrier = self._ctx.links[link]
        reaches = isinstance(carrier, acts.ReachesUnits)
        return reaches and Capability.UNIT_ACTS in carrier.info.capabilities

    def _keep(self, command: UnitActAsk, link: LinkId) -> None:
        self._open[command.message] = _Asked(
            unit=command.unit,
            act=command.act,
            claims=Claims(link=link),
            due_ms=MonoMs(self._ctx.now() + SEND_MS),
        )
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]

    def _tell(self, message: MessageId, state: SendState, reason: str) -> None:
        self._ctx.publish(MessageProgressed(message=message, state=state.value, reason=reason))

"""Texts, statuses and requests from a desk to the radios, and what is known of each on its way.

``accepted``, ``sent``, ``delivered`` and ``read`` are claims of their own, each told once, in the
order in which they come to be known; never more than the link knows.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.engine.claims import Claims
from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.routing import Routing
from gateway.model import messages as acts
from gateway.model import radio
from gateway.model.command import Reply
from gateway.model.commands import MessageSend
from gateway.model.errors import InvalidCommand
from gateway.model.events import MessageProgressed, MessageQueued
from gateway.model.ids import LinkId, MessageId, TalkgroupId, UnitId, split_address, system_part
from gateway.model.message_commands import POSITION_ACTIONS, PositionRequest, StatusSend
from gateway.model.radio import Capability, SendState

MAX_OPEN = 1000
"""Messages on their way; the oldest is forgotten first."""
EMERGENCY_STATUS = 0
"""Pre-coded status 0x0000 is an emergency, whatever the plan calls it (EN 300 392-2 14.8.34)."""
_LINK_LOST = "link lost"
_POSITION_WORDS = {
    "ask": "Asked for its position",
    "enable": "Asked to report its position",
    "disable": "Asked not to report its position",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    address: UnitId | TalkgroupId
    number: int
    talkgroup: TalkgroupId | None


Make = Callable[[int], acts.MessageAct]
"""Makes the act for the link, given the number of its receiver there."""


class Sending:
    """Messages of the desks on their way out."""

    def __init__(self, ctx: Context, routing: Routing, health: Health) -> None:
        """Begin with nothing on its way."""
        self._ctx = ctx
        self._routing = routing
        self._health = health
        self._open: dict[MessageId, Claims] = {}
        self.heard_on: dict[UnitId, LinkId] = {}

    # ---- what desks ask

    def text(self, command: MessageSend) -> Reply:
        """Send a text; what cannot be sent fails at once, with the reason in words."""
        target = _target(command.to, command.to_talkgroup)
        queued = MessageQueued(
            message=command.message,
            link=LinkId(""),
            to=command.to,
            talkgroup=target.talkgroup,
            text=command.text,
            operator=command.operator,
            immediate=command.immediate,
        )

        def make(number: int) -> acts.MessageAct:
            return acts.SendText(
                message=command.message,
                to=number,
                text=command.text,
                group=command.to_talkgroup,
                immediate=command.immediate,
            )

        return self._send(target, Capability.TEXT, queued, make)

    def status(self, command: StatusSend) -> Reply:
        """Send a status of the plan's table."""
        target = _target(command.to, command.to_talkgroup)
        meaning = self._ctx.addresses.status(command.value, system_part(command.to))
        if meaning is None:
            raise InvalidCommand(f"status {command.value} is not in the plan's table")
        if command.value == EMERGENCY_STATUS or meaning.kind == "emergency":
            raise InvalidCommand(f"{meaning.words} is an emergency and is not sent from a desk")
        queued = MessageQueued(
            message=command.message,
            link=LinkId(""),
            to=command.to,
            talkgroup=target.talkgroup,
            text=meaning.words,
            operator=command.operator,
            kind="status",
            value=command.value,
        )

        def make(number: int) -> acts.MessageAct:
            return acts.SendStatus(message=command.message, to=number, value=command.value)

        return self._send(target, Capability.STATUS, queued, make)

    def position_request(self, command: PositionRequest) -> Reply:
        """Ask a unit for its position, or to report it by itself."""
        target = _target(command.unit, False)
        if command.action not in POSITION_ACTIONS:
            allowed = ", ".join(POSITION_ACTIONS)
            raise InvalidCommand(f"action: expected one of {allowed}, got {command.action!r}")
        queued = MessageQueued(
            message=command.message,
            link=LinkId(""),
            to=command.unit,
            talkgroup=None,
            text=_POSITION_WORDS[command.action],
            operator=command.operator,
            kind="position_request",
        )

        def make(number: int) -> acts.MessageAct:
            if command.action == "ask":
                return acts.AskPosition(message=command.message, to=number)
            enabled = command.action == "enable"
            return acts.SetReporting(message=command.message, to=number, enabled=enabled)

        return self._send(target, Capability.POSITION_REQUEST, queued, make)

    # ---- what links tell

    def progress(self, event: radio.SendProgress) -> None:
        """Tell a claim once; the same again only where it has something new to say."""
        known = self._open.get(event.message)
        if known is None or not known.take(event):
            return
        if event.state is SendState.READ:
            del self._open[event.message]
        self._publish(event.message, event.state, event.reason)

    def link_lost(self, link: LinkId) -> None:
        """Tell of messages that the radio had not yet sent: nobody knows."""
        for message, known in self._open.items():
            if known.link == link and known.lose():
                self._publish(message, SendState.UNKNOWN, _LINK_LOST)

    # ---- inside

    def _send(
        self, target: _Target, needed: Capability, queued: MessageQueued, make: Make
    ) -> Reply:
        link, reason = self._way(target, needed)
        if link is None:
            return Reply(ok=False, reason=reason)
        self._ctx.publish(replace(queued, link=link))
        if reason:
            self._publish(queued.message, SendState.FAILED, reason)
            return Reply(ok=False, reason=reason)
        self._open[queued.message] = Claims(link=link)
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        carrier = self._ctx.links[link]
        if isinstance(carrier, acts.CarriesMessages):
            carrier.message(make(target.number))
        return Reply(ok=True)

    def _way(self, target: _Target, needed: Capability) -> tuple[LinkId | None, str]:
        """Return the link for a message, and why it cannot be sent on it (empty when it can)."""
        candidates = self._candidates(target)
        if not candidates:
            return None, "no link reaches this number"
        able = [link for link in candidates if self._can(link, needed)]
        if not able:
            return candidates[0], "not possible on this link"
        up = [link for link in able if self._health.is_up(link)]
        return (up[0], "") if up else (able[0], self._health.words(able[0]))

    def _can(self, link: LinkId, needed: Capability) -> bool:
        carrier = self._ctx.links[link]
        carries = isinstance(carrier, acts.CarriesMessages)
        return carries and needed in carrier.info.capabilities

    def _candidates(self, target: _Target) -> list[LinkId]:
        """Return the links that may reach the target, the best first."""
        if target.talkgroup is not None:
            best = self._routing.link_for(target.talkgroup)
            return [best.id] if best else []
        return self.links_to(UnitId(target.address))

    def links_to(self, unit: UnitId) -> list[LinkId]:
        """Return the links of a unit's system: first where it was heard, then where it belongs."""
        addresses = self._ctx.addresses
        system = split_address(unit)[0]
        links = [k for k in addresses.plan.links if k.system == system and k.id in self._ctx.links]
        heard, home = self.heard_on.get(unit), addresses.home_talkgroup(unit)
        at_home = {link.id for link in addresses.links_of(home)} if home else set()
        return sorted(
            (link.id for link in links), key=lambda link: (link != heard, link not in at_home)
        )

    def _publish(self, message: MessageId, state: SendState, reason: str) -> None:
        self._ctx.publish(MessageProgressed(message=message, state=state.value, reason=reason))


def _target(to: UnitId | TalkgroupId, to_talkgroup: bool) -> _Target:
    try:
        number = split_address(to)[1]
    except ValueError as error:
        raise InvalidCommand(str(error)) from error
    return _Target(address=to, number=number, talkgroup=TalkgroupId(to) if to_talkgroup else None)

"""Texts, statuses and places: from a unit to the desks, and from a desk to the radios.

A state of a text is a claim of its own and is never more than the link knows; a state that would
go back is not told.
"""

from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.routing import Routing
from gateway.model import radio
from gateway.model.commands import MessageSend, Reply
from gateway.model.errors import InvalidCommand
from gateway.model.events import (
    MessageProgressed,
    MessageQueued,
    MessageReceived,
    UnitPositioned,
    UnitStatusSet,
)
from gateway.model.ids import LinkId, MessageId, TalkgroupId, UnitId, split_address
from gateway.model.radio import Capability, SendState

RANK = {
    SendState.UNKNOWN: 0,
    SendState.ACCEPTED: 1,
    SendState.SENT: 2,
    SendState.FAILED: 3,
    SendState.DELIVERED: 4,
    SendState.READ: 5,
}
"""A later claim must be worth more than the one before; UNKNOWN only ends an open one."""
MAX_OPEN = 1000
"""Texts on their way; the oldest is forgotten first."""


EMERGENCY_STATUS = 0
"""Pre-coded status 0x0000 is an emergency, whatever the plan calls it (EN 300 392-2 14.8.34)."""


class Messages:
    """Texts, statuses and places of all links."""

    def __init__(self, ctx: Context, routing: Routing, health: Health) -> None:
        """Begin with nothing on its way."""
        self._ctx = ctx
        self._routing = routing
        self._health = health
        self._open: dict[MessageId, tuple[LinkId, SendState | None]] = {}
        self._heard_on: dict[UnitId, LinkId] = {}

    # ---- in

    def heard(self, link: LinkId, unit: UnitId | None) -> None:
        """Remember over which link a unit can be reached."""
        if unit is not None:
            self._heard_on[unit] = link

    def text(self, link: LinkId, event: radio.TextReceived) -> None:
        """Tell of a text."""
        sender = self._ctx.addresses.unit_on(link, event.sender)
        self.heard(link, sender)
        self._ctx.publish(
            MessageReceived(
                message=MessageId(self._ctx.new_id("m")),
                link=link,
                sender=sender,
                to=event.to,
                talkgroup=self._talkgroup(link, event.to),
                text=event.text,
                coding=event.coding,
                guessed=event.guessed,
                immediate=event.immediate,
                raw_hex=event.raw_hex,
            )
        )

    def status(self, link: LinkId, event: radio.StatusReceived) -> str:
        """Tell of a status; returns its kind by the plan's table (``other`` without one)."""
        unit = self._ctx.addresses.unit_on(link, event.sender)
        meaning = self._ctx.addresses.status(event.value)
        emergency = meaning is None and event.value == EMERGENCY_STATUS
        kind = meaning.kind if meaning else "emergency" if emergency else "other"
        words = meaning.words if meaning else f"Status {event.value}"
        self.heard(link, unit)
        if unit is not None:
            self._ctx.publish(
                UnitStatusSet(
                    unit=unit,
                    link=link,
                    value=event.value,
                    digit=meaning.digit if meaning else "",
                    words="Emergency" if emergency else words,
                    kind=kind,
                    to=event.to,
                )
            )
        return kind

    def position(self, link: LinkId, event: radio.PositionReceived) -> UnitId | None:
        """Tell of a place; returns whose it is."""
        unit = self._ctx.addresses.unit_on(link, event.sender)
        self.heard(link, unit)
        if unit is not None:
            self._ctx.publish(
                UnitPositioned(
                    unit=unit,
                    link=link,
                    latitude_deg=event.latitude_deg,
                    longitude_deg=event.longitude_deg,
                    error_m=event.error_m,
                    age_s=event.age_s,
                    speed_kmh=event.speed_kmh,
                    direction_deg=event.direction_deg,
                    altitude_m=event.altitude_m,
                    reason=event.reason,
                )
            )
        return unit

    # ---- out

    def send(self, command: MessageSend) -> Reply:
        """Send a text; what cannot be sent fails at once, with the reason in words."""
        try:
            number = split_address(command.to)[1]
        except ValueError as error:
            raise InvalidCommand(str(error)) from error
        talkgroup = TalkgroupId(command.to) if command.to_talkgroup else None
        link, reason = self._way(command)
        if link is None:
            return Reply(ok=False, reason=reason)
        self._ctx.publish(
            MessageQueued(
                message=command.message,
                link=link,
                to=command.to,
                talkgroup=talkgroup,
                text=command.text,
                operator=command.operator,
            )
        )
        if reason:
            self._publish(command.message, SendState.FAILED, reason)
            return Reply(ok=False, reason=reason)
        self._open[command.message] = (link, None)
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        self._ctx.links[link].send_text(command.message, number, command.text)
        return Reply(ok=True)

    def progress(self, event: radio.SendProgress) -> None:
        """Tell how far a text got."""
        known = self._open.get(event.message)
        if known is None:
            return
        link, before = known
        if before is not None and RANK[event.state] <= RANK[before]:
            return
        self._open[event.message] = (link, event.state)
        if event.state is SendState.READ:
            del self._open[event.message]
        self._publish(event.message, event.state, event.reason)

    def link_lost(self, link: LinkId) -> None:
        """Tell of texts that the radio had not yet sent: nobody knows."""
        for message, (used, state) in list(self._open.items()):
            if used == link and state in (None, SendState.ACCEPTED):
                self._open[message] = (used, SendState.UNKNOWN)
                self._publish(message, SendState.UNKNOWN, "link lost")

    # ---- inside

    def _way(self, command: MessageSend) -> tuple[LinkId | None, str]:
        """Return the link for a text, and why it cannot be sent on it (empty when it can)."""
        candidates = self._candidates(command)
        if not candidates:
            return None, "no link reaches this number"
        able = [k for k in candidates if Capability.TEXT in self._ctx.links[k].info.capabilities]
        if not able:
            return candidates[0], "not possible on this link"
        up = [link for link in able if self._health.is_up(link)]
        return (up[0], "") if up else (able[0], self._health.words(able[0]))

    def _candidates(self, command: MessageSend) -> list[LinkId]:
        """Return the links that may reach the target, the best first."""
        if command.to_talkgroup:
            best = self._routing.link_for(TalkgroupId(command.to))
            return [best.id] if best else []
        system = split_address(command.to)[0]
        plan = self._ctx.addresses.plan
        links = [k.id for k in plan.links if k.system == system and k.id in self._ctx.links]
        heard = self._heard_on.get(UnitId(command.to))
        return sorted(links, key=lambda link: link != heard)

    def _talkgroup(self, link: LinkId, number: int | None) -> TalkgroupId | None:
        if number is None:
            return None
        talkgroup = self._ctx.addresses.talkgroup_on(link, number)
        return talkgroup if self._ctx.addresses.talkgroup(talkgroup) else None

    def _publish(self, message: MessageId, state: SendState, reason: str) -> None:
        self._ctx.publish(MessageProgressed(message=message, state=state.value, reason=reason))

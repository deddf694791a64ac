"""Texts, statuses, data and places from units to the desks; what desks send is in ``sending``."""

from collections import OrderedDict

from gateway.engine.context import Context
from gateway.engine.health import Health
from gateway.engine.message_sending import EMERGENCY_STATUS, Sending
from gateway.engine.routing import Routing
from gateway.engine.unit_acts import UnitActs
from gateway.model import messages as acts
from gateway.model import radio
from gateway.model.command import Command, Reply
from gateway.model.commands import MessageSend
from gateway.model.events import MessageReceived, UnitPositioned, UnitStatusSet
from gateway.model.ids import LinkId, MessageId, TalkgroupId, UnitId
from gateway.model.message_commands import MessageOpen, PositionRequest, StatusSend
from gateway.model.unit_commands import CALL_ALERT, UNIT_ACT_WORDS, UnitActAsk

MAX_UNREAD = 1000
"""Received texts whose senders wait for a read report; the oldest is forgotten first."""


class Messages:
    """Texts, statuses, data and places of all links."""

    def __init__(self, ctx: Context, routing: Routing, health: Health) -> None:
        """Begin with nothing read and nothing on its way."""
        self._ctx = ctx
        self.sending = Sending(ctx, routing, health)
        self.acts = UnitActs(ctx, self.sending, health)
        self._waits: OrderedDict[MessageId, tuple[LinkId, int]] = OrderedDict()

    def command(self, command: Command) -> Reply | None:
        """Carry out a command about messages; None where it is about something else."""
        match command:
            case MessageSend():
                return self.sending.text(command)
            case StatusSend():
                return self.sending.status(command)
            case PositionRequest():
                return self.sending.position_request(command)
            case UnitActAsk():
                return self.acts.ask(command)
            case MessageOpen():
                return self.opened(command)
            case _:
                return None

    def heard(self, link: LinkId, unit: UnitId | None) -> None:
        """Remember over which link a unit can be reached."""
        if unit is not None:
            self.sending.heard_on[unit] = link

    def text(self, link: LinkId, event: radio.TextReceived) -> None:
        """Tell of a text."""
        sender = self._ctx.addresses.unit_on(link, event.sender)
        self.heard(link, sender)
        message = MessageId(self._ctx.new_id("m"))
        if event.handle is not None:
            self._waits[message] = (link, event.handle)
            if len(self._waits) > MAX_UNREAD:
                self._waits.popitem(last=False)
        now = self._ctx.clock.utc_us()
        self._ctx.publish(
            MessageReceived(
                message=message,
                link=link,
                sender=sender,
                to=event.to,
                talkgroup=self._talkgroup(link, event.to),
                text=event.text,
                coding=event.coding,
                guessed=event.guessed,
                immediate=event.immediate,
                raw_hex=event.raw_hex,
                pid=event.pid,
                written=event.written.nearest(now) if event.written else "",
                parts=event.parts,
                parts_missing=event.parts_missing,
                opta=event.opta,
                itsi=event.itsi,
            )
        )

    def data(self, link: LinkId, event: radio.DataReceived) -> None:
        """Tell of data that nobody here reads, except what machines send each other."""
        sender = self._ctx.addresses.unit_on(link, event.sender)
        self.heard(link, sender)
        if event.routine:
            return
        self._ctx.publish(
            MessageReceived(
                message=MessageId(self._ctx.new_id("m")),
                link=link,
                sender=sender,
                to=event.to,
                talkgroup=self._talkgroup(link, event.to),
                text=event.words[:1].upper() + event.words[1:],
                raw_hex=event.raw_hex,
                kind="data",
                pid=event.pid,
            )
        )

    def opened(self, command: MessageOpen) -> Reply:
        """Let the link tell the sender that a person has read the text; once."""
        link, handle = self._waits.pop(command.message, (None, 0))
        carrier = None if link is None else self._ctx.links.get(link)
        if isinstance(carrier, acts.CarriesMessages):
            carrier.message(acts.MarkOpened(handle=handle))
        return Reply(ok=True)

    def status(self, link: LinkId, event: radio.StatusReceived) -> str:
        """Tell of a status; returns its kind by the plan's table (``other`` without one)."""
        unit = self._ctx.addresses.unit_on(link, event.sender)
        meaning = self._ctx.addresses.status_on(link, event.value)
        technology = self._ctx.links[link].info.technology
        kind = meaning.kind if meaning else "other"
        words = meaning.words if meaning else _unnamed(event.value, technology)
        if technology == "tetra" and event.value == EMERGENCY_STATUS and kind != "emergency":
            kind, words = "emergency", "Emergency"
        self.heard(link, unit)
        if unit is not None:
            self._ctx.publish(
                UnitStatusSet(
                    unit=unit,
                    link=link,
                    value=event.value,
                    digit=meaning.digit if meaning else "",
                    words=words,
                    kind=kind,
                    to=event.to,
                )
            )
            self.acts.status_heard(unit, words)
        return kind

    def call_alert(self, link: LinkId, event: radio.CallAlertReceived) -> None:
        """Tell that a unit asks to be called back."""
        sender = self._ctx.addresses.unit_on(link, event.sender)
        self.heard(link, sender)
        self._ctx.publish(
            MessageReceived(
                message=MessageId(self._ctx.new_id("m")),
                link=link,
                sender=sender,
                to=event.to,
                talkgroup=None,
                text=UNIT_ACT_WORDS[CALL_ALERT],
                kind=CALL_ALERT,
            )
        )

    def position(self, link: LinkId, event: radio.PositionReceived) -> UnitId | None:
        """Tell of a place; returns whose it is."""
        unit = self._ctx.addresses.unit_on(link, event.sender)
        self.heard(link, unit)
        if unit is not None:
            age_s = event.age_s
            if event.taken is not None:
                age_s = event.taken.age_s(self._ctx.clock.utc_us())
            self._ctx.publish(
                UnitPositioned(
                    unit=unit,
                    link=link,
                    latitude_deg=event.latitude_deg,
                    longitude_deg=event.longitude_deg,
                    error_m=event.error_m,
                    age_s=age_s,
                    speed_kmh=event.speed_kmh,
                    direction_deg=event.direction_deg,
                    altitude_m=event.altitude_m,
                    reason=event.reason,
                )
            )
        return unit

    def progress(self, event: radio.SendProgress) -> None:
        """Tell what is known of a message on its way."""
        if not self.acts.progress(event):
            self.sending.progress(event)

    def link_lost(self, link: LinkId) -> None:
        """Take the end of a link: what was on its way there is unknown."""
        self.sending.link_lost(link)
        self.acts.link_lost(link)

    def _talkgroup(self, link: LinkId, number: int | None) -> TalkgroupId | None:
        if number is None:
            return None
        talkgroup = self._ctx.addresses.talkgroup_on(link, number)
        return talkgroup if self._ctx.addresses.talkgroup(talkgroup) else None


def _unnamed(value: int, technology: str) -> str:
    """Return the words for a status that the plan's table does not have; P25's is two octets."""
    if technology == "p25":
        return f"Unit status {value >> 8}, user status {value & 0xFF}"
    return f"Status {value}"

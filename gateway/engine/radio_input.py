"""Who hears what a link reports, and in which order."""

from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.emergency import AlarmBook
from gateway.engine.floor import FloorArbiter
from gateway.engine.health import Health
from gateway.engine.messages import Messages
from gateway.engine.routing import Routing
from gateway.engine.voice_path import VoicePath
from gateway.model import events, radio
from gateway.model.ids import LinkId, TalkgroupId
from gateway.model.radio import EmergencySign, LinkState, RadioEvent

EMERGENCY_REASON = 2
"""LIP "reason for sending" that says emergency (tables of the position protocol)."""
_LOST = (LinkState.CLOSED, LinkState.STARTING, LinkState.DOWN)


class RadioInput:
    """Takes the events of all links."""

    def __init__(
        self,
        ctx: Context,
        *,
        calls: CallBook,
        floor: FloorArbiter,
        alarms: AlarmBook,
        messages: Messages,
        routing: Routing,
        health: Health,
        voice: VoicePath,
    ) -> None:
        """Be given every part."""
        self._ctx = ctx
        self._calls = calls
        self._floor = floor
        self._alarms = alarms
        self._messages = messages
        self._routing = routing
        self._health = health
        self._voice = voice

    def take(self, link: LinkId, event: RadioEvent) -> None:
        """Give an event to those it concerns."""
        if isinstance(event, radio.LinkChanged):
            self._link_changed(link, event)
            return
        self._health.heard(link)
        if not (self._of_call(link, event) or self._of_floor(link, event)):
            self._of_unit(link, event)

    def _of_call(self, link: LinkId, event: RadioEvent) -> bool:
        match event:
            case radio.CallUp():
                self._call_up(link, event)
            case radio.TalkStarted():
                self._talk_started(link, event)
            case radio.TalkEnded():
                self._calls.talk_ended(link, event.instance)
            case radio.CallDown():
                self._call_down(link, event)
            case radio.GroupChanged():
                self._group_changed(link, event)
            case _:
                return False
        return True

    def _of_floor(self, link: LinkId, event: RadioEvent) -> bool:
        match event:
            case radio.TxGranted():
                self._floor.granted(link, event)
            case radio.TxQueued():
                self._floor.queued(link, event)
            case radio.TxRefused():
                self._floor.refused(link, event)
            case radio.TxNotSent():
                self._floor.not_sent(link, event)
            case radio.TxEnded():
                self._floor.ended(link, event)
            case _:
                return False
        return True

    def _of_unit(self, link: LinkId, event: RadioEvent) -> None:
        match event:
            case radio.TextReceived():
                self._messages.text(link, event)
            case radio.StatusReceived():
                self._status(link, event)
            case radio.PositionReceived():
                self._position(link, event)
            case radio.EmergencySigned():
                unit = self._ctx.addresses.unit_on(link, event.unit)
                self._alarms.sign(
                    link, unit, event.sign, group=event.group, instance=event.instance
                )
            case radio.SendProgress():
                self._messages.progress(event)
            case radio.LineSeen() | radio.Malformed():
                self._line(link, event)
            case _:
                return

    # ---- what concerns several

    def _link_changed(self, link: LinkId, event: radio.LinkChanged) -> None:
        if event.own_number is not None:
            self._voice.own_numbers[link] = event.own_number
        was_up, is_up = self._health.changed(link, event)
        if was_up and not is_up:
            self._floor.link_lost(link)
            self._messages.link_lost(link)
        if event.state in _LOST:
            self._calls.link_lost(link)
            self._routing.set_group(link, None)
        if was_up is not is_up:
            self._alarms.link_changed(link, up=is_up)

    def _group_changed(self, link: LinkId, event: radio.GroupChanged) -> None:
        before = self._routing.group(link)
        self._routing.set_group(link, event.number, event.scanned)
        self._ctx.publish(
            events.LinkGroupChanged(
                link=link,
                number=event.number,
                talkgroup=self._group(link, event.number),
                scanned=event.scanned,
                asked=event.asked,
            )
        )
        if before is not None and before != event.number:
            self._floor.group_moved(link, event.number)

    def _group(self, link: LinkId, number: int | None) -> TalkgroupId | None:
        return None if number is None else self._ctx.addresses.talkgroup_on(link, number)

    def _call_up(self, link: LinkId, event: radio.CallUp) -> None:
        caller = self._ctx.addresses.unit_on(link, event.caller)
        if not event.outgoing:
            self._messages.heard(link, caller)
        known = self._calls.find(link, event.instance)
        was_emergency = known is not None and known.emergency
        call = self._calls.call_up(link, event, self._routing.only_group(link))
        if call is not None and event.emergency and not event.outgoing and not was_emergency:
            self._alarms.sign(
                link, caller, EmergencySign.CALL_PRIORITY, group=call.number, instance=call.instance
            )

    def _call_down(self, link: LinkId, event: radio.CallDown) -> None:
        self._floor.call_down(link, event.instance, event.cause)
        if self._calls.find(link, event.instance) is None:
            self._voice.forget(link)  # what was said there is nobody's here
        self._calls.call_down(link, event.instance, event.cause, event.code)

    def _talk_started(self, link: LinkId, event: radio.TalkStarted) -> None:
        own = self._voice.own_numbers.get(link)
        if event.talker is not None and event.talker == own and self._floor.on_air(link):
            return
        talker = self._ctx.addresses.unit_on(link, event.talker)
        self._messages.heard(link, talker)
        self._floor.talker_changed(link, event.instance, self._ctx.addresses.unit_name(talker))
        if self._calls.talk_started(link, event, self._routing.only_group(link)) is None:
            self._voice.forget(link)

    def _status(self, link: LinkId, event: radio.StatusReceived) -> None:
        if self._messages.status(link, event) == "emergency":
            unit = self._ctx.addresses.unit_on(link, event.sender)
            self._alarms.sign(link, unit, EmergencySign.STATUS)

    def _position(self, link: LinkId, event: radio.PositionReceived) -> None:
        unit = self._messages.position(link, event)
        if unit is not None:
            self._alarms.fix(unit, event)
        if event.reason == EMERGENCY_REASON:
            self._alarms.sign(link, unit, EmergencySign.POSITION_REASON)

    def _line(self, link: LinkId, event: radio.LineSeen | radio.Malformed) -> None:
        if isinstance(event, radio.Malformed):
            seen = events.LinkLineSeen(
                link=link,
                outgoing=False,
                raw=event.raw.decode("latin-1"),
                words=event.reason,
                malformed=True,
            )
        else:
            seen = events.LinkLineSeen(
                link=link, outgoing=event.outgoing, raw=event.raw, words=event.words
            )
        self._ctx.publish(seen)

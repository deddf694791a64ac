"""Who hears what a link reports, and in which order."""

from dataclasses import replace

from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.emergency import AlarmBook
from gateway.engine.floor import FloorArbiter
from gateway.engine.health import Health
from gateway.engine.individual import IndividualBook
from gateway.engine.messages import Messages
from gateway.engine.routing import Routing
from gateway.engine.twice import Twice
from gateway.engine.voice_path import VoicePath
from gateway.model import events, individual, radio
from gateway.model.ids import LinkId, TalkgroupId, split_address
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
        individual: IndividualBook,
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
        self._individual = individual
        self._twice = Twice(ctx)

    def take(self, link: LinkId, event: RadioEvent) -> None:
        """Give an event to those it concerns."""
        if isinstance(event, radio.LinkChanged):
            self._link_changed(link, event)
            return
        self._health.heard(link)
        for given in (self._of_individual, self._of_call, self._of_floor):
            if given(link, event):
                return
        self._of_unit(link, event)

    def _of_individual(self, link: LinkId, event: RadioEvent) -> bool:
        match event:
            case individual.IndividualRinging():
                self._rings(link, event)
            case individual.IndividualProgressed():
                self._individual.progressed(event)
            case individual.IndividualConnected():
                self._individual.connected(link, event)
            case individual.IndividualEnded():
                self._individual.ended(link, event)
            case _:
                return False
        return True

    def _of_call(self, link: LinkId, event: RadioEvent) -> bool:
        match event:
            case radio.CallUp():
                self._call_up(link, event)
            case radio.TalkStarted():
                self._talk_started(link, event)
            case radio.SignalQuality():
                self._calls.measured(link, event)
            case radio.TalkEnded():
                self._calls.talk_ended(link, event.instance)
                self._individual.talker(link, event.instance, "")
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
                self._individual.granted(event)
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
        if self._twice.seen(link, event):
            return
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
            case radio.DataReceived():
                self._messages.data(link, event)
            case radio.CallAlertReceived():
                self._messages.call_alert(link, event)
            case _:
                self._of_link(link, event)

    def _of_link(self, link: LinkId, event: RadioEvent) -> None:
        match event:
            case radio.GroupsKnown():
                self._groups_known(link, event)
            case radio.SendProgress():
                if not self._alarms.progress(event):
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
            self._individual.link_lost(link)
            self._floor.link_lost(link)
            self._messages.link_lost(link)
        if event.state in _LOST:
            self._individual.link_lost(link)
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

    def _groups_known(self, link: LinkId, event: radio.GroupsKnown) -> None:
        static, dynamic = (
            tuple(events.NamedGroup(number=g.number, name=g.name) for g in groups)
            for groups in (event.static, event.dynamic)
        )
        self._ctx.publish(events.LinkGroupsKnown(link=link, static=static, dynamic=dynamic))

    def _group(self, link: LinkId, number: int | None) -> TalkgroupId | None:
        return None if number is None else self._ctx.addresses.talkgroup_on(link, number)

    def _rings(self, link: LinkId, event: individual.IndividualRinging) -> None:
        if self._ctx.fenced(link):
            return  # a simulated terminal belongs to exercise talkgroups: it rings at no desk
        caller = self._ctx.addresses.unit_on(link, event.caller)
        self._messages.heard(link, caller)
        if self._individual.ringing(link, event) is not None and event.emergency:
            self._alarms.sign(link, caller, EmergencySign.CALL_PRIORITY)

    def _call_up(self, link: LinkId, event: radio.CallUp) -> None:
        private = self._individual.on(link, event.instance)
        if private is not None and event.group is None:
            return  # the same call, told as any other
        if private is not None:
            self._individual.over(private, "replaced by another call", None)
        caller = self._ctx.addresses.unit_on(link, event.caller)
        if not event.outgoing:
            self._messages.heard(link, caller)
        known = self._calls.find(link, event.instance)
        was_emergency = known is not None and known.emergency
        call = self._calls.call_up(link, event, self._routing.only_group(link))
        if call is not None and event.emergency and not event.outgoing and not was_emergency:
            self._alarms.sign(
                link,
                caller,
                EmergencySign.CALL_PRIORITY,
                group=call.number,
                instance=event.instance,
            )

    def _call_down(self, link: LinkId, event: radio.CallDown) -> None:
        private = self._individual.on(link, event.instance)
        if private is not None:
            self._individual.over(private, event.cause, event.code)
            return
        self._floor.call_down(link, event.instance, event.cause)
        if self._calls.find(link, event.instance) is None:
            self._voice.forget(link)  # what was said there is nobody's here
        self._calls.call_down(link, event.instance, event.cause, event.code)

    def _talk_started(self, link: LinkId, event: radio.TalkStarted) -> None:
        own = self._voice.own_numbers.get(link)
        if event.talker is not None and event.talker == own and self._floor.on_air(link):
            return
        private = self._individual.on(link, event.instance)
        if private is not None and event.talker is None and private.other is not None:
            event = replace(event, talker=split_address(private.other)[1])
        talker = self._ctx.addresses.unit_on(link, event.talker)
        self._messages.heard(link, talker)
        self._individual.talker(link, event.instance, "them")
        self._floor.talker_changed(link, event.instance, self._ctx.addresses.unit_name(talker))
        group, ours = self._routing.only_group(link), self._is_ours(link, event.talker)
        if self._calls.talk_started(link, event, group, ours=ours) is None:
            self._voice.forget(link)

    def _is_ours(self, link: LinkId, talker: int | None) -> bool:
        """Say whether a desk talks, or is about to, through another radio, which is the talker."""
        if talker is None:
            return False
        pressed = self._floor.pressed_links()
        return any(
            other != link and number == talker and other in pressed
            for other, number in self._voice.own_numbers.items()
        )

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

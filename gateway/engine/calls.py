"""Calls and transmissions: what a link says of its call instances becomes things with ids.

A link hands out small numbers ("instances") and uses them again; state is keyed by link and
instance and dropped when the call goes down. A call is up from its first sign to its end, through
its hang time; inside it one transmission at a time runs. A talker heard on an instance that nobody
announced is a call joined late. What a desk says joins the call that is up.
"""

from gateway.engine.call_state import (
    EMERGENCY_PRIORITY,
    Call,
    OwnPress,
    Transmission,
    TransmissionListener,
    is_duplex,
)
from gateway.engine.context import Context
from gateway.model import radio
from gateway.model.events import (
    CallEnded,
    CallStarted,
    CallUpdated,
    TransmissionEnded,
    TransmissionStarted,
    TransmissionUpdated,
)
from gateway.model.ids import CallId, LinkId, MonoMs, TransmissionId, UnitId
from gateway.model.recording import RecordingEnd
from gateway.ports import SequenceCounter


class CallBook:
    """Every call that is up, on all links."""

    def __init__(self, ctx: Context, counter: SequenceCounter) -> None:
        """Begin with no call."""
        self._ctx = ctx
        self._counter = counter
        self._calls: dict[tuple[LinkId, int], Call] = {}
        self._untold: set[tuple[LinkId, int]] = set()
        self.listener: TransmissionListener | None = None

    # ---- look-ups

    def find(self, link: LinkId, instance: int) -> Call | None:
        """Return the call of an instance."""
        return self._calls.get((link, instance))

    def on_link(self, link: LinkId) -> list[Call]:
        """Return the calls of talkgroups that are up on a link."""
        return [c for c in self._calls.values() if c.link == link and c.private is None]

    def group_up(self, link: LinkId, number: int) -> bool:
        """Say whether a call on group ``number`` is up on the link."""
        return any(call.number == number for call in self.on_link(link))

    def of_unit(self, link: LinkId, unit: UnitId) -> Call | None:
        """Return the call in which ``unit`` talks now, else the one it called."""
        calls = self.on_link(link)
        for call in calls:
            if call.transmission is not None and call.transmission.talker == unit:
                return call
        return next((call for call in calls if call.caller == unit), None)

    # ---- from a link

    def call_up(self, link: LinkId, event: radio.CallUp, group: int | None) -> Call | None:
        """Begin a call or bring one up to date.

        ``group`` is the only group that the radio can be heard on: it stands in for an unknown
        one of a call joined late. A call to the radio itself (no group, caller known) and a late
        one whose group nobody knows are not told, nor is what is said in them.
        """
        number = group if event.group is None and event.late_entry else event.group
        if number is None:
            self._untold.add((link, event.instance))
            return None
        self._untold.discard((link, event.instance))
        known = self.find(link, event.instance)
        if known is not None and known.number == number:
            self._refresh(known, event)
            return known
        if known is not None:
            self.call_down(link, event.instance, "replaced by another call", None)
        return self._begin(link, event, number)

    def talk_started(
        self, link: LinkId, event: radio.TalkStarted, group: int | None
    ) -> Transmission | None:
        """Somebody talks: the same over goes on, or a new one begins."""
        call = self.find(link, event.instance)
        if call is None and (link, event.instance) in self._untold:
            return None
        if call is None:
            up = radio.CallUp(
                instance=event.instance, group=group, encrypted=event.encrypted, late_entry=True
            )
            call = self.call_up(link, up, group)
            if call is None:
                return None
        talker = self._ctx.addresses.unit_on(link, event.talker)
        running = call.transmission
        if running is not None and running.request is None:
            if talker is None or running.talker == talker:
                return running
            if running.talker is None:
                return self._name(running, talker)
        if running is not None:
            self.end_transmission(call, "ended")
        return self._talk(call, talker, event.encrypted)

    def talk_ended(self, link: LinkId, instance: int) -> None:
        """End the over of another radio; hang time begins."""
        call = self.find(link, instance)
        if call is not None and call.transmission and call.transmission.request is None:
            self.end_transmission(call, "ended")

    def call_down(self, link: LinkId, instance: int, cause: str, code: int | None) -> None:
        """End a call."""
        self._untold.discard((link, instance))
        call = self._calls.pop((link, instance), None)
        if call is not None:
            self._end(call, cause, code, "ended")

    def link_lost(self, link: LinkId) -> None:
        """End everything on a link that is gone."""
        self._untold = {key for key in self._untold if key[0] != link}
        for call in self.on_link(link):
            del self._calls[(link, call.instance)]
            self._end(call, "link lost", None, "lost")

    # ---- own

    def start_own(self, link: LinkId, instance: int, press: OwnPress) -> Transmission:
        """Start a desk's transmission: it joins the running call, or begins one."""
        emergency = press.priority >= EMERGENCY_PRIORITY
        call = self.find(link, instance)
        if call is None:
            up = radio.CallUp(
                instance=instance,
                group=press.number,
                priority=press.priority,
                emergency=emergency,
                outgoing=True,
            )
            call = self._begin(link, up, press.number)
        if call.transmission is not None and not is_duplex(call):
            self.end_transmission(call, "preempted")
        over = Transmission(
            id=TransmissionId(self._ctx.new_id("t")),
            call=call,
            started_ms=self._ctx.now(),
            started_utc=self._ctx.utc(),
            position=press.position,
            operator=press.operator,
            request=press.request,
            emergency=emergency,
            encrypted=call.encrypted,
        )
        if emergency and not call.emergency:
            call.emergency = True
            self._announce(call)
        self._start(over)
        return over

    def end_own(self, transmission: Transmission, cause: str) -> None:
        """End a desk's transmission."""
        call = transmission.call
        if call.transmission is transmission:
            self.end_transmission(call, cause)
        elif call.own is transmission:
            call.own = None
            self._finish(transmission, cause)

    # ---- private calls: begun and ended by the book of private calls

    def adopt(self, call: Call) -> None:
        """Carry the transmissions of a private call."""
        self._untold.discard((call.link, call.instance))
        self._calls[(call.link, call.instance)] = call

    def start_other(self, call: Call, talker: UnitId | None, alias: str) -> None:
        """Begin what the other side of a private call says, where no sign of the radio does."""
        over = Transmission(
            id=TransmissionId(self._ctx.new_id("t")),
            call=call,
            started_ms=self._ctx.now(),
            started_utc=self._ctx.utc(),
            talker=talker,
            alias=alias,
            emergency=call.emergency,
            encrypted=call.encrypted,
        )
        self._start(over)

    def dismiss(self, call: Call, cause: str) -> None:
        """End what is said in a private call, and forget the call."""
        self.end_transmission(call, cause)
        if call.own is not None:
            self.end_own(call.own, cause)
        if self._calls.get((call.link, call.instance)) is call:
            del self._calls[(call.link, call.instance)]

    # ---- emergency

    def mark_emergency(self, call: Call, unit: UnitId | None) -> None:
        """Mark a running call, and its transmission if it is that unit's."""
        call.emergency_unit = unit or call.emergency_unit
        if not call.emergency:
            call.emergency = True
            self._announce(call)
        over = call.transmission
        if over is None or over.emergency or over.request is not None:
            return
        if unit is None or over.talker in (None, unit):
            over.emergency = True
            self._update(over)

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when the next forgotten call is due."""
        quiet = [c.quiet_since_ms for c in self._groups() if c.transmission is None]
        return MonoMs(min(quiet) + self._ctx.settings.call_idle_limit_ms) if quiet else None

    def tick(self, now: MonoMs) -> None:
        """Close calls whose end was missed."""
        for call in self._groups():
            idle_ms = now - call.quiet_since_ms
            if call.transmission is None and idle_ms >= self._ctx.settings.call_idle_limit_ms:
                self.call_down(call.link, call.instance, "no news from the radio", None)

    def close(self) -> None:
        """End everything: the server stops."""
        for call in list(self._calls.values()):
            del self._calls[(call.link, call.instance)]
            self._end(call, "server stopped", None, "cut", interrupted=True)

    # ---- inside

    def end_transmission(self, call: Call, cause: str) -> None:
        """End what runs in a call; the call goes on."""
        over = call.transmission
        if over is None:
            return
        call.transmission = None
        call.quiet_since_ms = self._ctx.now()
        self._finish(over, cause)

    def _groups(self) -> list[Call]:
        return [call for call in self._calls.values() if call.private is None]

    def _finish(self, over: Transmission, cause: str) -> None:
        call = over.call
        duration = self._ctx.now() - over.started_ms
        if self.listener is not None:
            end = RecordingEnd(
                duration_ms=duration,
                cause=cause,
                talker=over.talker,
                alias=over.alias,
                emergency=over.emergency,
                lost_frames=over.lost_frames,
            )
            self.listener.ended(over, end)
        self._ctx.publish(
            TransmissionEnded(
                transmission=over.id,
                call=call.id,
                talkgroup=call.talkgroup,
                duration_ms=duration,
                cause=cause,
                emergency=over.emergency,
                lost_frames=over.lost_frames,
            )
        )

    def _begin(self, link: LinkId, event: radio.CallUp, number: int) -> Call:
        call = Call(
            id=CallId(self._ctx.new_id("c")),
            seq=self._counter.next(),
            link=link,
            instance=event.instance,
            number=number,
            talkgroup=self._ctx.addresses.talkgroup_on(link, number),
            caller=self._ctx.addresses.unit_on(link, event.caller),
            priority=event.priority,
            emergency=event.emergency,
            encrypted=event.encrypted,
            late_entry=event.late_entry,
            quiet_since_ms=self._ctx.now(),
        )
        if event.emergency:
            call.emergency_unit = call.caller
        self._calls[(link, event.instance)] = call
        self._ctx.publish(
            CallStarted(
                call=call.id,
                call_seq=call.seq,
                talkgroup=call.talkgroup,
                link=link,
                caller=call.caller,
                priority=call.priority,
                emergency=call.emergency,
                encrypted=call.encrypted,
                late_entry=call.late_entry,
                plan=self._ctx.addresses.number,
            )
        )
        return call

    def _refresh(self, call: Call, event: radio.CallUp) -> None:
        call.quiet_since_ms = self._ctx.now()
        call.encrypted = call.encrypted or event.encrypted
        call.caller = call.caller or self._ctx.addresses.unit_on(call.link, event.caller)
        raised = event.emergency and not call.emergency
        if raised or event.priority > call.priority:
            call.emergency = call.emergency or event.emergency
            call.priority = max(call.priority, event.priority)
            self._announce(call)

    def _announce(self, call: Call) -> None:
        self._ctx.publish(
            CallUpdated(
                call=call.id,
                talkgroup=call.talkgroup,
                emergency=call.emergency,
                priority=call.priority,
            )
        )

    def _talk(self, call: Call, talker: UnitId | None, encrypted: bool) -> Transmission:
        if call.emergency and call.emergency_unit is None:
            call.emergency_unit = talker
        over = Transmission(
            id=TransmissionId(self._ctx.new_id("t")),
            call=call,
            started_ms=self._ctx.now(),
            started_utc=self._ctx.utc(),
            talker=talker,
            alias=self._ctx.addresses.alias(talker),
            emergency=call.emergency and talker == call.emergency_unit,
            encrypted=encrypted or call.encrypted,
            late_entry=call.late_entry,
        )
        call.late_entry = False  # only the over that ran when we joined was joined late
        self._start(over)
        return over

    def _start(self, over: Transmission) -> None:
        call = over.call
        if over.request is not None and is_duplex(call):
            call.own = over
        else:
            call.transmission = over
        self._ctx.publish(
            TransmissionStarted(
                transmission=over.id,
                call=call.id,
                talkgroup=call.talkgroup,
                link=call.link,
                talker=over.talker,
                alias=over.alias,
                position=over.position,
                operator=over.operator,
                priority=call.priority,
                emergency=over.emergency,
                encrypted=over.encrypted,
                late_entry=over.late_entry,
            )
        )
        if self.listener is not None:
            self.listener.began(over)

    def _name(self, over: Transmission, talker: UnitId | None) -> Transmission:
        over.talker = talker
        over.alias = self._ctx.addresses.alias(talker)
        self._update(over)
        return over

    def _update(self, over: Transmission) -> None:
        if self.listener is not None:
            self.listener.changed(over)
        self._ctx.publish(
            TransmissionUpdated(
                transmission=over.id,
                call=over.call.id,
                talkgroup=over.call.talkgroup,
                talker=over.talker,
                alias=over.alias,
                emergency=over.emergency,
            )
        )

    def _end(
        self,
        call: Call,
        cause: str,
        code: int | None,
        over_cause: str,
        *,
        interrupted: bool = False,
    ) -> None:
        self.end_transmission(call, over_cause)
        self._ctx.publish(
            CallEnded(
                call=call.id,
                talkgroup=call.talkgroup,
                cause=cause,
                code=code,
                interrupted=interrupted,
            )
        )

"""Calls and transmissions: what a link says of its call instances becomes things with ids.

A link hands out small numbers ("instances") and uses them again; state is keyed by link and
instance and dropped when the call goes down. A call is up from its first sign to its end, through
its hang time; inside it one transmission at a time runs. A talker heard on an instance that nobody
announced is a call joined late. What a desk says joins the call that is up. Links of one system
that hear the same talkgroup are legs of one call.
"""

from gateway.engine.call_state import (
    EMERGENCY_PRIORITY,
    Call,
    Encryption,
    Leg,
    OwnPress,
    Transmission,
    TransmissionListener,
    is_duplex,
)
from gateway.engine.context import Context
from gateway.engine.overs import Overs
from gateway.model import radio
from gateway.model.events import (
    CallEnded,
    CallStarted,
    CallUpdated,
)
from gateway.model.ids import CallId, LinkId, MonoMs, UnitId
from gateway.ports import SequenceCounter


class CallBook:
    """Every call that is up, on all links."""

    def __init__(self, ctx: Context, counter: SequenceCounter) -> None:
        """Begin with no call."""
        self._ctx = ctx
        self._counter = counter
        self._calls: dict[tuple[LinkId, int], Call] = {}
        self._untold: set[tuple[LinkId, int]] = set()
        self._overs = Overs(ctx)

    @property
    def listener(self) -> TransmissionListener | None:
        """Who is told of the beginnings and ends of transmissions."""
        return self._overs.listener

    @listener.setter
    def listener(self, listener: TransmissionListener) -> None:
        self._overs.listener = listener

    # ---- look-ups

    def find(self, link: LinkId, instance: int) -> Call | None:
        """Return the call of an instance."""
        return self._calls.get((link, instance))

    def on_link(self, link: LinkId) -> list[Call]:
        """Return the calls of talkgroups that are up on a link."""
        return [c for (on, _), c in self._calls.items() if on == link and c.private is None]

    def on_group(self, link: LinkId, number: int) -> Call | None:
        """Return the call of a group that is up on any link of the same system."""
        talkgroup = self._ctx.addresses.talkgroup_on(link, number)
        return next((call for call in self._groups() if call.talkgroup == talkgroup), None)

    def running(self) -> list[Transmission]:
        """Return the overs of other radios that more than one link hears."""
        overs = [call.transmission for call in self._groups() if call.transmission is not None]
        return [o for o in overs if o.request is None and len(o.receptions) > 1]

    def use(self, over: Transmission, link: LinkId) -> None:
        """Let people hear another link's reception of an over."""
        self._overs.use(over, link)

    def groups(self) -> list[Call]:
        """Return every call of a talkgroup that is up, each once."""
        return self._groups()

    def rename(self, over: Transmission, alias: str) -> None:
        """Tell who is heard in what a patch passes on, once that became known."""
        over.alias = alias
        self._overs.update(over)

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
        """Begin a call, join the one that another link hears, or bring one up to date.

        ``group`` is the only group that the radio can be heard on: it stands in for an unknown
        one of a call joined late. A call to the radio itself (no group, caller known) and a late
        one whose group nobody knows are not told, nor is what is said in them; no more is a
        simulated terminal's call on anything but a test talkgroup.
        """
        number = group if event.group is None and event.late_entry else event.group
        if number is None or self._beyond_fence(link, number):
            self._untold.add((link, event.instance))
            return None
        self._untold.discard((link, event.instance))
        known = self.find(link, event.instance)
        if known is not None and known.number == number:
            self._refresh(known, event)
            return known
        if known is not None:
            self.call_down(link, event.instance, "replaced by another call", None)
        other = self.on_group(link, number)
        if other is not None:
            self._join(other, link, event.instance)
            self._refresh(other, event)
            return other
        return self._begin(link, event, number)

    def talk_started(
        self, link: LinkId, event: radio.TalkStarted, group: int | None, *, ours: bool = False
    ) -> Transmission | None:
        """Somebody talks: the same over goes on, or a new one begins.

        ``ours``: the talker is a radio of ours that a desk has asked to talk with; its over begins
        with the grant that this radio gets, and not with what another radio hears of it.
        """
        call = self.find(link, event.instance)
        if call is None and (link, event.instance) in self._untold:
            return None
        if call is None:
            up = radio.CallUp(
                instance=event.instance,
                group=group,
                encrypted=event.encrypted,
                late_entry=True,
                readable=event.readable,
                algorithm=event.algorithm,
                key_id=event.key_id,
            )
            call = self.call_up(link, up, group)
            if call is None:
                return None
        leg = call.legs[link]
        leg.talking, leg.talker = True, self._ctx.addresses.unit_on(link, event.talker)
        running = call.transmission
        if not ours or (running is not None and running.request is not None):
            self._overs.heard(call, link, leg.talker, Encryption.of(event))
        return call.transmission

    def measured(self, link: LinkId, event: radio.SignalQuality) -> None:
        """Keep how well the link that people hear receives the running over."""
        call = self.find(link, event.instance)
        over = call.transmission if call is not None else None
        if over is not None and over.request is None and over.link == link and event.frames > 0:
            self._overs.measure(over, event.bit_error_rate)

    def talk_ended(self, link: LinkId, instance: int) -> None:
        """End the over of another radio; hang time begins."""
        call = self.find(link, instance)
        if call is not None:
            call.legs[link].talking = False
            self._overs.heard_end(call, link, "ended")

    def call_down(self, link: LinkId, instance: int, cause: str, code: int | None) -> None:
        """End a call, unless another link still hears it."""
        self._untold.discard((link, instance))
        call = self._calls.pop((link, instance), None)
        if call is not None:
            self._leave(call, link, cause, code, "ended")

    def link_lost(self, link: LinkId) -> None:
        """End everything on a link that is gone, but for what another link hears too."""
        self._untold = {key for key in self._untold if key[0] != link}
        for call in self.on_link(link):
            del self._calls[(link, call.legs[link].instance)]
            self._leave(call, link, "link lost", None, "lost")

    # ---- own

    def start_own(self, link: LinkId, instance: int, press: OwnPress) -> Transmission:
        """Start a desk's transmission: it joins the running call, or begins one."""
        emergency = press.priority >= EMERGENCY_PRIORITY
        call = self.find(link, instance) or self.on_group(link, press.number)
        if call is None:
            up = radio.CallUp(
                instance=instance,
                group=press.number,
                priority=press.priority,
                emergency=emergency,
                outgoing=True,
            )
            call = self._begin(link, up, press.number)
        elif link not in call.legs:
            self._join(call, link, instance)
        if call.transmission is not None and not is_duplex(call):
            self.end_transmission(call, "preempted")
        if emergency and not call.emergency:
            call.emergency = True
            self._announce(call)
        return self._overs.begin_own(call, link, press, emergency=emergency)

    def end_own(self, transmission: Transmission, cause: str) -> None:
        """End a desk's transmission."""
        call = transmission.call
        if call.transmission is transmission:
            self.end_transmission(call, cause)
        elif call.own is transmission:
            call.own = None
            self._overs.finish(transmission, cause)

    # ---- private calls: begun and ended by the book of private calls

    def adopt(self, call: Call) -> None:
        """Carry the transmissions of a private call; what had its instance before is over."""
        if self.find(call.link, call.instance) not in (None, call):
            self.call_down(call.link, call.instance, "replaced by another call", None)
        self._untold.discard((call.link, call.instance))
        self._calls[(call.link, call.instance)] = call

    def start_other(self, call: Call, talker: UnitId | None, alias: str) -> None:
        """Begin what the other side of a private call says, where no sign of the radio does."""
        self._overs.begin(call, call.link, talker, alias=alias)

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
            self._overs.update(over)

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when the next forgotten call is due."""
        limit_ms = self._ctx.settings.call_idle_limit_ms
        quiet = [c.quiet_since_ms + limit_ms for c in self._groups() if c.transmission is None]
        tail = self._overs.deadline()
        due = [*quiet, *([] if tail is None else [tail])]
        return MonoMs(min(due)) if due else None

    def tick(self, now: MonoMs) -> None:
        """Close calls whose end was missed."""
        for call in self._groups():
            idle_ms = now - call.quiet_since_ms
            if call.transmission is None and idle_ms >= self._ctx.settings.call_idle_limit_ms:
                for leg in list(call.legs.values()):
                    self.call_down(leg.link, leg.instance, "no news from the radio", None)
        self._overs.tick(now, self._groups())

    def close(self) -> None:
        """End everything: the server stops."""
        calls = dict.fromkeys(self._calls.values())
        self._calls.clear()
        for call in calls:
            self._end(call, "server stopped", None, "cut", interrupted=True)

    def no_exercise(self, call: Call) -> None:
        """Take the mark of an exercise from a call: there is a real emergency in it."""
        if call.exercise:
            call.exercise = False
            self._announce(call)
            if call.transmission is not None:
                self._overs.update(call.transmission)

    # ---- inside

    def _beyond_fence(self, link: LinkId, number: int) -> bool:
        addresses = self._ctx.addresses
        if not self._ctx.fenced(link):
            return False
        return not addresses.is_test(addresses.talkgroup_on(link, number))

    def end_transmission(self, call: Call, cause: str) -> None:
        """End what runs in a call; the call goes on."""
        self._overs.end(call, cause)

    def _groups(self) -> list[Call]:
        """Return the calls of talkgroups, each once."""
        return list(dict.fromkeys(c for c in self._calls.values() if c.private is None))

    def _join(self, call: Call, link: LinkId, instance: int) -> None:
        """Take another link's part in a call that is up."""
        old = call.legs.get(link)
        if old is not None:  # the link uses another number for the same call
            self._calls.pop((link, old.instance), None)
            old.instance = instance
            if call.link == link:
                call.instance = instance
        else:
            call.legs[link] = Leg(link, instance)
        self._calls[(link, instance)] = call

    def _leave(self, call: Call, link: LinkId, cause: str, code: int | None, over: str) -> None:
        """Take a link's part out of a call; with the last one the call is over."""
        call.legs[link].talking = False
        if len(call.legs) > 1:
            self._overs.heard_end(call, link, over)
            if code is None:  # no word from the network: the radio is gone, not the talker
                self._overs.was_lost(call)
            del call.legs[link]
            if call.link == link:
                first = next(iter(call.legs.values()))
                call.link, call.instance = first.link, first.instance
            return
        self._end(call, cause, code, over)

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
            encryption=Encryption.of(event),
            late_entry=event.late_entry,
            quiet_since_ms=self._ctx.now(),
            exercise=self._ctx.addresses.is_test(self._ctx.addresses.talkgroup_on(link, number)),
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
                encrypted=call.encryption.encrypted,
                late_entry=call.late_entry,
                plan=self._ctx.addresses.number,
                exercise=call.exercise,
            )
        )
        return call

    def _refresh(self, call: Call, event: radio.CallUp) -> None:
        call.quiet_since_ms = self._ctx.now()
        call.encryption = Encryption.of(event).after(call.encryption)
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
                exercise=call.exercise,
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

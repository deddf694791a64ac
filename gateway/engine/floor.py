"""Who may talk: the presses of all positions on all radios, in order and by priority.

The gateway, not the desk, decides when a transmitter is un-keyed: every press lives on a lease of
350 ms and is cut off without a renewal. ``RadioLink.end`` is called before anything else is done
about the end of a press, so that nothing delays the un-key.
"""

import logging

from gateway.engine.admission import Admission
from gateway.engine.calls import CallBook
from gateway.engine.context import Context
from gateway.engine.floor_report import HUNG_UP, OVER_CAUSES, REASONS, FloorReport
from gateway.engine.floors import Floors
from gateway.engine.health import Health
from gateway.engine.presses import (
    ASKED,
    NO_LIMIT_MS,
    TALKING,
    Press,
    PressSound,
    PressState,
    RadioFloor,
    Unkeying,
    due_ms,
    lease_end_ms,
    own_of,
    press_of,
)
from gateway.engine.private_lines import OVER
from gateway.engine.routing import Routing
from gateway.engine.tone_source import tone_of
from gateway.engine.transmit_tests import TransmitTests
from gateway.engine.uplink import Uplink
from gateway.model import radio
from gateway.model.command import Reply
from gateway.model.commands import FloorRelease, FloorRenew, FloorRequest
from gateway.model.ids import LinkId, MonoMs, PositionId, RequestId, TalkgroupId
from gateway.model.private_line import is_private

logger = logging.getLogger(__name__)


class FloorArbiter:
    """All presses."""

    def __init__(
        self,
        ctx: Context,
        calls: CallBook,
        routing: Routing,
        health: Health,
        uplink: Uplink,
        *,
        tests: TransmitTests,
    ) -> None:
        """Begin with no press."""
        self._ctx = ctx
        self._calls = calls
        self._routing = routing
        self._health = health
        self._uplink = uplink
        self.passing: PressSound = uplink  # the sound of what patches key, set by their book
        self._presses: dict[RequestId, Press] = {}
        self._floors = Floors(ctx.links)
        self._order = 0
        self._report = FloorReport(ctx)
        self._tests = tests
        self._admission = Admission(ctx, routing, health, tests)

    # ---- commands

    def request(self, command: FloorRequest) -> Reply:
        """Take a press. What becomes of it is told by events, a refusal too.

        The reply of a refused press is ok all the same, so that nobody tells it twice in other
        words; its ``reason`` is that of the event.
        """
        if command.request in self._presses:
            return Reply(ok=True)
        self._report.requested(command)
        link = self._admission.link_for(command)
        if link is None:
            reason = self._admission.no_link(command)
            self._report.refused(command, reason, True, 0)
            return Reply(ok=True, reason=reason)
        press = press_of(command, link, self._ctx.now())
        self._uplink.open(press.request, press.position, press.link, tone_of(press.test))
        return self.take(press)

    def take(self, press: Press) -> Reply:
        """Take a press on its radio, whoever made it; its sound is kept somewhere already."""
        self._order += 1
        press.order = self._order
        self._presses[press.request] = press
        refusal = self._admission.refusal(press, self._presses.values(), self._floors.of(press))
        if refusal is not None:
            return self._refuse(press, *refusal)
        if press.source in self._ctx.settings.short_press_sources:
            return Reply(ok=True)
        return self._admit(press)

    def renew(self, command: FloorRenew) -> Reply:
        """Renew the lease: the key is still held."""
        press = self._presses.get(command.request)
        if press is None:
            return Reply(ok=False, reason="this press is over")
        press.renewed_ms = self._ctx.now()
        press.looks = 0
        return Reply(ok=True)

    def release(self, command: FloorRelease) -> Reply:
        """End a press: the key was let go, or the desk has a cause."""
        press = self._presses.get(command.request)
        if press is None:
            return Reply(ok=True)
        if command.normal and press.state is PressState.ON_AIR:
            self._ending(press)
        elif not command.normal or press.state is not PressState.ENDING:
            self.cut(press, "release" if command.normal else command.cause)
        return Reply(ok=True)

    def position_left(self, position: PositionId, cause: str = "position_left") -> None:
        """Un-key and withdraw everything of a position."""
        for press in [p for p in self._presses.values() if p.position == position]:
            self.cut(press, cause)

    def pressed_links(self) -> frozenset[LinkId]:
        """Return the links with a press on them or still un-keying."""
        return self._floors.unkeying() | {press.link for press in self._presses.values()}

    def on_air(self, link: LinkId) -> bool:
        """Say whether a desk talks through this radio."""
        return self._floors.on_air(link)

    def is_test(self, request: RequestId) -> bool:
        """Say whether a press is a test transmission."""
        return request in self._presses and self._presses[request].test is not None

    # ---- test transmissions

    def watch_tests(self) -> bool:
        """Cut a test as soon as a call or an alarm is up on its link; says whether one was."""
        found = [(p, self._tests.must_end(p)) for p in self._presses.values() if p.test is not None]
        for press, reason in found:
            if reason:
                self.cut(press, "gave_way", reason)
        return any(reason for _, reason in found)

    # ---- answers of a link

    def granted(self, link: LinkId, event: radio.TxGranted) -> None:
        """Go on air, unless the press is over or the call is another group's."""
        press = self._asked(link, event.demand)
        if press is None:
            self._ctx.links[link].end(event.demand, "withdrawn")
            return
        call = self._calls.find(link, event.instance)
        if call is None and is_private(press.talkgroup):
            self._refuse(press, OVER, True)
            return
        if call is not None and call.number != press.number:
            self._refuse(press, self._routing.elsewhere(link, call.number), True)
            return
        now = self._ctx.now()
        press.move(PressState.ON_AIR)
        press.granted_ms = now
        press.transmission = self._calls.start_own(link, event.instance, own_of(press))
        self._report.granted(press, press.transmission.id)
        self._ctx.lines.talking(press)
        self._sound(press.request).grant(press.request, press.transmission)

    def queued(self, link: LinkId, event: radio.TxQueued) -> None:
        """Note that the radio system waits for a channel."""
        press = self._asked(link, event.demand)
        if press is not None:
            if press.state is PressState.DEMANDED:
                press.move(PressState.QUEUED)
            self._report.queued(press, event.place)

    def refused(self, link: LinkId, event: radio.TxRefused) -> None:
        """Refuse the press: the radio system said no."""
        self._answered_no(link, event.demand, event.reason, not_sent=False)

    def not_sent(self, link: LinkId, event: radio.TxNotSent) -> None:
        """Nothing was keyed."""
        number = event.radio_group
        reason = event.reason if number is None else self._routing.elsewhere(link, number)
        self._answered_no(link, event.demand, reason, not_sent=True)

    def ended(self, link: LinkId, event: radio.TxEnded) -> None:
        """Un-keyed on the wire: as asked, or by the radio itself."""
        floor = self._floors.holding(link, event.demand)
        press = floor.current
        if press is not None and press.request == event.demand:
            self._ended_unasked(press, event)
        self._unkeyed(floor, event.demand)

    def talker_changed(self, link: LinkId, instance: int, name: str) -> None:
        """Somebody else talks on the call that we have: the channel is theirs."""
        press = self._floors.talking(link, instance)
        if press is not None:
            self.cut(press, "preempted", name)

    def group_moved(self, link: LinkId, number: int | None) -> None:
        """Cut what would be said on another group than meant."""
        for press in self._of_link(link):
            if press.number != number and not is_private(press.talkgroup):
                self.cut(press, "moved", self._routing.elsewhere(link, number))

    def link_lost(self, link: LinkId) -> None:
        """Cut every press on a link that is gone."""
        for press in self._of_link(link):
            self.cut(press, "link_lost", self._health.words(link))
        for floor in self._floors.on(link):
            if floor.unkeying is not None:
                self._unkeyed(floor, floor.unkeying.request)

    def forget(self, link: LinkId) -> None:
        """Drop the floors of a link that was taken out of the plan."""
        self._floors.forget(link)

    def call_down(self, link: LinkId, instance: int, cause: str) -> None:
        """Cut our transmission: the call under it is over."""
        press = self._floors.talking(link, instance)
        if press is not None:
            self.cut(press, "call_ended", cause or REASONS["call_ended"])

    def line_over(self, line: TalkgroupId, reason: str, *, duplex: bool) -> None:
        """Cut the presses of a private call that is over; an open microphone is just closed."""
        for press in [p for p in self._presses.values() if p.talkgroup == line]:
            self.cut(press, HUNG_UP if duplex else "call_ended", reason)

    def resume(self, link: LinkId) -> None:
        """Go on: the private call that stood in the way of an emergency is over."""
        for floor in self._floors.on(link):
            self._next(floor)

    # ---- time

    def deadline(self) -> MonoMs | None:
        """Return when tick() is due next."""
        due = [self._due(press) for press in self._presses.values()]
        due += [f.unkeying.until_ms for f in self._floors.all() if f.unkeying]
        return min(due) if due else None

    def tick(self, now: MonoMs) -> None:
        """Cut what lost its lease or reached its limit, and admit pads that were really held."""
        faults: list[Exception] = []
        for press in list(self._presses.values()):
            try:
                self._tick_press(press, now)
            except Exception as fault:  # told below: the other presses may have to be un-keyed
                faults.append(fault)
        for floor in self._floors.all():
            if floor.unkeying and now >= floor.unkeying.until_ms:
                logger.warning("link %s did not report the end of a demand", floor.link)
                self._unkeyed(floor, floor.unkeying.request)
        if faults:
            raise ExceptionGroup("floor: faults in presses", faults)

    def emptied(self, request: RequestId) -> None:
        """All of a released press was sent: un-key. A test's tone that is over releases it."""
        press = self._presses.get(request)
        if press is not None and press.test is not None and press.state is PressState.ON_AIR:
            self._ending(press)
            return
        if press is None or press.state is not PressState.ENDING:
            return
        self._ctx.links[press.link].end(request, "released")
        floor = self._leave(press)
        if press.transmission is not None:
            self._calls.end_own(press.transmission, "ended")
        floor.unkeying = self._unkeying(request, press, self._sound(request).close(request))

    def close(self) -> None:
        """Un-key everything: the server stops."""
        for press in list(self._presses.values()):
            self.cut(press, "server")

    # ---- ends

    def cut(self, press: Press, cause: str, reason: str = "") -> None:
        """End a press at once, whatever state it is in; what is left in its buffer is dropped."""
        state = press.state
        if state is PressState.OVER:
            return
        keyed = state in TALKING or state in ASKED
        if keyed:
            word = cause if state in TALKING else "withdrawn"
            self._ctx.links[press.link].end(press.request, word)
        press.end_words = words = reason or REASONS.get(cause, cause)
        floor = self._leave(press)
        discarded = self._sound(press.request).close(press.request)
        if keyed:
            floor.unkeying = self._unkeying(press.request)
        if press.transmission is not None:
            self._calls.end_own(press.transmission, OVER_CAUSES.get(cause, "cut"))
        if state in TALKING and cause != HUNG_UP:
            self._report.lost(press, cause, words)
        elif cause in ("moved", "link_lost", "server"):
            self._report.refused(press, words, True, discarded)
        else:
            self._report.released(press, cause, discarded)
        self._next(floor)

    def _ending(self, press: Press) -> None:
        press.move(PressState.ENDING)
        press.released_ms = self._ctx.now()
        left_ms = self._sound(press.request).release(press.request)
        self._report.ending(press, left_ms)
        if self._sound(press.request).drained(press.request):
            self.emptied(press.request)

    def _ended_unasked(self, press: Press, event: radio.TxEnded) -> None:
        cause = event.cause if event.cause in REASONS or event.cause in OVER_CAUSES else "failed"
        words = event.reason
        if cause == "moved":
            words = self._routing.where_else(press.link, press.number) or event.reason
        if event.talker is not None:
            addresses = self._ctx.addresses
            words = addresses.unit_name(addresses.unit_on(press.link, event.talker))
        if press.state in ASKED:
            self._refuse(press, words or REASONS.get(cause, ""), True)
        else:
            self.cut(press, cause, words or {"preempted": "the network"}.get(cause, ""))

    def _answered_no(self, link: LinkId, demand: RequestId, reason: str, *, not_sent: bool) -> None:
        press = self._asked(link, demand)
        if press is not None:
            floor = self._leave(press)
            self._report.refused(press, reason, not_sent, self._sound(demand).close(demand))
            self._next(floor)
        self._unkeyed(self._floors.holding(link, demand), demand)

    def _leave(self, press: Press) -> RadioFloor:
        """Take a press out of every list."""
        floor = self._floors.of(press)
        self._presses.pop(press.request, None)
        press.move(PressState.OVER)
        self._ctx.lines.press_over(press)
        if floor.current is press:
            floor.current = None
        if press in floor.waiting:
            floor.waiting.remove(press)
        return floor

    def _unkeying(
        self, request: RequestId, released: Press | None = None, discarded_ms: int = 0
    ) -> Unkeying:
        until = MonoMs(self._ctx.now() + self._ctx.settings.unkey_wait_ms)
        return Unkeying(request, until, released, discarded_ms)

    def _unkeyed(self, floor: RadioFloor, request: RequestId) -> None:
        unkeying = floor.unkeying
        if unkeying is None or unkeying.request != request:
            return
        floor.unkeying = None
        if unkeying.released is not None:
            self._report.released(unkeying.released, "release", unkeying.discarded_ms)
        self._next(floor)

    # ---- beginnings

    def _admit(self, press: Press) -> Reply:
        """Put a press in the queue of its radio, ahead of and instead of lower priorities."""
        refusal = self._admission.refusal(press, self._presses.values(), self._floors.of(press))
        if refusal is not None:
            return self._refuse(press, *refusal)
        press.move(PressState.WAITING)
        self._ctx.lines.clear(press)
        floor = self._floors.of(press)
        floor.waiting.append(press)
        holder = floor.current
        if holder is not None and holder.priority < press.priority:
            self._preempt(floor, holder, press)
        self._next(floor)
        if press.state is PressState.WAITING and (floor.current or len(floor.waiting) > 1):
            self._report.queued(press, None)
        return Reply(ok=True)

    def _preempt(self, floor: RadioFloor, holder: Press, by: Press) -> None:
        if holder.state in TALKING:
            self.cut(holder, "preempted", by.name)
            return
        self._ctx.links[floor.link].end(holder.request, "withdrawn")
        holder.move(PressState.WAITING)
        floor.current = None
        floor.waiting.append(holder)
        floor.unkeying = self._unkeying(holder.request)
        self._report.queued(holder, None)

    def _next(self, floor: RadioFloor) -> None:
        if floor.current or floor.unkeying or floor.link in self._ctx.lines.clearing:
            return
        press = floor.pop_next()
        if press is None:
            return
        floor.current = press
        press.move(PressState.DEMANDED)
        self._ctx.lines.demand(press, self._ctx.links[floor.link])

    def _sound(self, request: RequestId) -> PressSound:
        return self.passing if request in self.passing else self._uplink

    def _asked(self, link: LinkId, demand: RequestId) -> Press | None:
        press = self._floors.holding(link, demand).current
        return press if press and press.request == demand and press.state in ASKED else None

    def _of_link(self, link: LinkId) -> list[Press]:
        return [press for press in self._presses.values() if press.link == link]

    # ---- time, one press

    def _due(self, press: Press) -> MonoMs:
        limit_ms = self._ctx.addresses.transmit_limit_ms(press.talkgroup)
        if not self._ctx.lines.has_limit(press):
            limit_ms = NO_LIMIT_MS
        return due_ms(press, self._ctx.settings, limit_ms)

    def _tick_press(self, press: Press, now: MonoMs) -> None:
        if press.state is PressState.OVER or now < self._due(press):
            return
        if press.state is PressState.ENDING:
            self.cut(press, "failed")
        elif now >= lease_end_ms(press, self._ctx.settings):
            if press.looked_for():
                self.cut(press, "lease")
        elif press.state is PressState.HELD:
            self._admit(press)
        else:
            self.cut(press, "limit")

    def _refuse(self, press: Press, reason: str, not_sent: bool) -> Reply:
        if press.state in ASKED:
            self._ctx.links[press.link].end(press.request, "withdrawn")
        keyed = press.state in ASKED
        floor = self._leave(press)
        if keyed:
            floor.unkeying = self._unkeying(press.request)
        self._report.refused(
            press, reason, not_sent, self._sound(press.request).close(press.request)
        )
        self._next(floor)
        return Reply(ok=True, reason=reason)

"""How a plan becomes what runs: made ready in threads, then taken at one moment.

Theory of operation. What people use keeps cell, name and link (``dispatch.plans.overlay``). To
work that out for a long plan takes longer than the event loop may be held, and meanwhile people
press and let go. So it is worked out in a thread for what is used at its beginning, and holds when
everything that the plan touches and that is used at its end was used then already; else it is
worked out again with both. What was kept for somebody who has let go meanwhile is let go at the
next look.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dispatch.plans.events import PlanWaits
from dispatch.plans.overlay import Overlay, carried, overlay
from dispatch.plans.usage import Usage
from dispatch.services.plans import LivePlan, Prepared
from gateway.bus import Bus
from gateway.model.ids import TalkgroupId
from gateway.model.plan import Plan

TRIES = 4
"""After so many everything that the plan touches counts as used, for one look."""
A_MOMENT_AGO = "it was used a moment ago"
Busy = Mapping[TalkgroupId, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A plan made ready: what may run of it, for whom, on what, and in the place of what."""

    target: Plan
    before: Plan
    touched: frozenset[TalkgroupId]
    busy: Busy
    found: Overlay
    prepared: Prepared


class GoingLive:
    """Brings plans into this process, and what waits of them."""

    def __init__(self, live: LivePlan, bus: Bus, usage: Callable[[], Usage]) -> None:
        """Take the live plan, and what tells what people use."""
        self._live = live
        self._bus = bus
        self._usage = usage
        self._last: Ready | None = None
        self.waits: tuple[str, ...] = ()
        """What of the live plan waits to be released, in words."""

    async def make_ready(self, target: Plan, more: Busy | None = None) -> Ready:
        """Work out what may run of ``target`` now; ``more`` counts as used besides."""
        before, busy = self._live.plan, {**(more or {}), **self._usage().busy()}
        touched = await asyncio.to_thread(touched_talkgroups, before, target)
        used = {talkgroup: busy[talkgroup] for talkgroup in touched if talkgroup in busy}
        found = await asyncio.to_thread(_overlaid, before, target, used)
        prepared = await self._live.prepare(found.plan)
        return Ready(target, before, touched, used, found, prepared)

    async def take(self, ready: Ready, number: int, operator: str) -> None:
        """Let a plan run that was made ready, worked out again when people use more of it now."""
        for tried in range(TRIES + 1):
            if self._holds(ready):
                break
            more = dict(ready.busy)
            if tried == TRIES - 1:
                more |= dict.fromkeys(ready.touched, A_MOMENT_AGO)
            ready = await self.make_ready(ready.target, more)
        self._use(ready, number, operator)

    async def release(self) -> None:
        """Let go through what waited for somebody who has released it."""
        last, live = self._last, self._live
        if not self.waits or last is None or last.target is not live.target:
            return
        if self._used(last.touched) == last.busy:
            self._tell_waits(last.found)
            return
        ready = await self.make_ready(live.target)
        if self._holds(ready) and ready.target is live.target:
            self._use(ready, live.number, "")

    def _used(self, touched: frozenset[TalkgroupId]) -> Busy:
        busy = self._usage().busy()
        return {talkgroup: busy[talkgroup] for talkgroup in touched if talkgroup in busy}

    def _holds(self, ready: Ready) -> bool:
        return ready.before is self._live.plan and not (
            self._used(ready.touched).keys() - ready.busy.keys()
        )

    def _use(self, ready: Ready, number: int, operator: str) -> None:
        live, found = self._live, ready.found
        self._last = ready
        if found.plan != live.plan or number != live.number:
            live.use(ready.target, number, operator, running=found.plan, prepared=ready.prepared)
        self._tell_waits(found)

    def _tell_waits(self, found: Overlay) -> None:
        positions = self._live.plan.positions
        gone = sorted(one for one in self._usage().taken if one not in positions)
        words = (
            *(f"{one.name} {one.words}" for one in found.kept),
            *(f"Position {one} goes when it is left" for one in gone),
        )
        if words != self.waits:
            self.waits = words
            self._bus.publish(PlanWaits(plan=self._live.number, waits=words))


def touched_talkgroups(before: Plan, target: Plan) -> frozenset[TalkgroupId]:
    """Return the talkgroups that change themselves, or by a link or a board that has them."""
    if (before.layouts, before.positions) != (target.layouts, target.positions):
        return frozenset(group.id for group in (*before.talkgroups, *target.talkgroups))
    found = _changed_groups(before, target)
    links = {link.id: link for link in before.links}
    for link in target.links:
        known = links.pop(link.id, None)
        if known != link:
            found |= carried(link) | (carried(known) if known else frozenset())
    for link in links.values():
        found |= carried(link)
    return frozenset(found)


def _changed_groups(before: Plan, target: Plan) -> set[TalkgroupId]:
    old = {group.id: group for group in before.talkgroups}
    found: set[TalkgroupId] = set()
    for group in target.talkgroups:
        talkgroup = group.id
        known = old.pop(talkgroup, None)
        if known is not group and known != group:
            found.add(talkgroup)
    return found | set(old)


def _overlaid(before: Plan, target: Plan, busy: Busy) -> Overlay:
    """Return the overlay; where it changes nothing, the plan that runs is the target itself."""
    found = overlay(before, target, busy)
    return Overlay(target, found.kept) if found.plan == target else found

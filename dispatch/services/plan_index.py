"""Look-ups in one plan with its guests: made in a thread, then taken at one moment.

A plan may have ten thousand talkgroups and a hundred thousand units; to index it on the event loop
would keep every press waiting.
"""

from collections.abc import Callable

from dispatch.plans.guests import Guests, beside
from gateway.model.ids import LinkId, TalkgroupId, UnitId, talkgroup_id
from gateway.model.plan import Link, Plan, Talkgroup, Unit
from gateway.model.unit_rules import UnitNames

Lead = Callable[[Plan], Plan]
"""Returns a plan whose links lead to the far ends of this start; pure, and called in any thread."""


class PlanIndex:
    """One plan, indexed. Nothing here changes once it is made."""

    def __init__(self, plan: Plan, guests: Guests, lead: Lead | None = None) -> None:
        """Index ``plan`` and what stands beside it; ``lead`` gives its links their far ends."""
        self.plan = plan
        self.guests = guests
        self.running = beside(lead(plan) if lead is not None else plan, guests)
        self.talkgroups: dict[TalkgroupId, Talkgroup] = {tg.id: tg for tg in plan.talkgroups}
        self.units: dict[UnitId, Unit] = {unit.id: unit for unit in self.running.units}
        self.members: dict[TalkgroupId, list[Unit]] = {}
        for unit in plan.units:
            if unit.talkgroup is not None:
                self.members.setdefault(unit.talkgroup, []).append(unit)
        self.names = UnitNames(plan.unit_rules)
        self.links: dict[LinkId, Link] = {link.id: link for link in self.running.links}
        self.carried: dict[LinkId, tuple[TalkgroupId, ...]] = {}
        self.links_of: dict[TalkgroupId, tuple[Link, ...]] = dict.fromkeys(self.talkgroups, ())
        for link in self.running.links:
            groups = (talkgroup_id(link.system, number) for number in link.talkgroups)
            known = tuple(dict.fromkeys(group for group in groups if group in self.talkgroups))
            self.carried[link.id] = known
            for group in known:
                self.links_of[group] = (*self.links_of[group], link)

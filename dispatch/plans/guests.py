"""What stands beside the plan for an exercise: links and units of no version, gone when it ends.

While an exercise link carries a talkgroup, no other link may transmit on it: what a desk says there
goes to the simulated radio and never on the air.
"""

from dataclasses import dataclass, replace

from gateway.model.ids import SiteId
from gateway.model.plan import Link, Plan, Site, Unit

EXERCISE_SITE = Site(id=SiteId("exercise"), name="EXERCISE")


@dataclass(frozen=True, slots=True)
class Guests:
    """Links and units beside the plan."""

    links: tuple[Link, ...] = ()
    units: tuple[Unit, ...] = ()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.links)


def beside(plan: Plan, guests: Guests) -> Plan:
    """Return the plan with its guests; without any it is the plan itself."""
    if not guests:
        return plan
    taken = {(link.system, number) for link in guests.links for number in link.talkgroups}
    known = {unit.id for unit in plan.units}
    return replace(
        plan,
        sites=(*plan.sites, EXERCISE_SITE),
        units=(*plan.units, *(unit for unit in guests.units if unit.id not in known)),
        links=(
            *(
                replace(
                    link,
                    talkgroups=tuple(n for n in link.talkgroups if (link.system, n) not in taken),
                )
                for link in plan.links
            ),
            *guests.links,
        ),
    )

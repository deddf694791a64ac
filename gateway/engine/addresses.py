"""Look-ups in the plan: names of talkgroups and units, which link carries what."""

from collections.abc import Iterable

from gateway.model.ids import (
    LinkId,
    SystemId,
    TalkgroupId,
    UnitId,
    split_address,
    talkgroup_id,
    unit_id,
)
from gateway.model.plan import Link, Plan, StatusText, Talkgroup, Unit
from gateway.model.private_line import LINE_NAME, PRIVATE_HANDLE, PRIVATE_SYSTEM, is_private
from gateway.model.unit_rules import UnitNames


class Addresses:
    """One plan, indexed. What the plan does not know still has an id and a number as its name."""

    def __init__(self, plan: Plan, number: int = 1) -> None:
        """Index ``plan``; ``number`` is its version."""
        self.plan = plan
        self.number = number
        self._talkgroups: dict[TalkgroupId, Talkgroup] = {t.id: t for t in plan.talkgroups}
        self._units: dict[UnitId, Unit] = {unit.id: unit for unit in plan.units}
        self._names = UnitNames(plan.unit_rules)
        self._links: dict[LinkId, Link] = {link.id: link for link in plan.links}
        self._carriers = _carriers(plan.links)
        self._handles = {system.id: system.handle for system in plan.systems}
        self._handles[PRIVATE_SYSTEM] = PRIVATE_HANDLE
        self._statuses = {(status.system, status.value): status for status in plan.statuses}

    def talkgroup(self, talkgroup: TalkgroupId) -> Talkgroup | None:
        """Return the talkgroup, None when the plan does not have it."""
        return self._talkgroups.get(talkgroup)

    def link(self, link: LinkId) -> Link | None:
        """Return the link, None when the plan does not have it."""
        return self._links.get(link)

    def talkgroup_on(self, link: LinkId, number: int) -> TalkgroupId:
        """Return the id of group ``number`` on the system of ``link``."""
        return talkgroup_id(self._system(link), number)

    def unit_on(self, link: LinkId, number: int | None) -> UnitId | None:
        """Return the id of unit ``number`` on the system of ``link``; None when not known."""
        return None if number is None else unit_id(self._system(link), number)

    def group_name(self, link: LinkId, number: int | None) -> str:
        """Return the name of a group for the operator; its number when it has none."""
        if number is None:
            return "no group"
        talkgroup = self._talkgroups.get(self.talkgroup_on(link, number))
        return talkgroup.name if talkgroup else f"group {number}"

    def talkgroup_name(self, talkgroup: TalkgroupId) -> str:
        """Return the name of a talkgroup; its id when the plan does not have it."""
        if is_private(talkgroup):
            return LINE_NAME
        known = self._talkgroups.get(talkgroup)
        return known.name if known else talkgroup

    def alias(self, unit: UnitId | None) -> str:
        """Return the name of a unit, empty when it has none."""
        if unit is None:
            return ""
        known = self._units.get(unit)
        return known.alias if known else self._names.alias(unit)

    def unit_name(self, unit: UnitId | None) -> str:
        """Return alias, or the number, or ``unknown unit``."""
        if unit is None:
            return "unknown unit"
        return self.alias(unit) or str(split_address(unit)[1])

    def home_talkgroup(self, unit: UnitId | None) -> TalkgroupId | None:
        """Return the talkgroup that the plan gives to a unit."""
        known = self._units.get(unit) if unit else None
        return known.talkgroup if known else None

    def status(self, value: int, system: str) -> StatusText | None:
        """Return the meaning of a pre-coded status in a network: its own, else that for all."""
        own = self._statuses.get((SystemId(system), value))
        return own or self._statuses.get((None, value))

    def status_on(self, link: LinkId, value: int) -> StatusText | None:
        """Return the meaning of a pre-coded status that came on a link."""
        return self.status(value, self._system(link))

    def links_of(self, talkgroup: TalkgroupId) -> tuple[Link, ...]:
        """Return the links that may transmit on ``talkgroup``, in the order of the plan."""
        return self._carriers.get(talkgroup, ())

    def is_test(self, talkgroup: TalkgroupId | None) -> bool:
        """Say whether the plan marks a talkgroup as one for tests and exercises."""
        known = self._talkgroups.get(talkgroup) if talkgroup else None
        return known is not None and known.test

    def is_simulated(self, link: LinkId) -> bool:
        """Say whether a simulated terminal or station is at a link's port."""
        known = self._links.get(link)
        return known is not None and known.simulated

    def exercise_talkgroup(self, link: LinkId) -> TalkgroupId | None:
        """Return the first test talkgroup that a link carries, None without one."""
        known = self._links.get(link)
        numbers = known.talkgroups if known else ()
        found = (self.talkgroup_on(link, number) for number in numbers)
        return next((talkgroup for talkgroup in found if self.is_test(talkgroup)), None)

    def handle(self, talkgroup: TalkgroupId) -> int:
        """Return the number that stands for the talkgroup's system in a VoiceFrame, 0 unknown."""
        return self._handles.get(split_address(talkgroup)[0], 0)

    def recorded(self, talkgroup: TalkgroupId) -> bool:
        """Say whether the plan has this talkgroup recorded; one it does not know is."""
        known = self._talkgroups.get(talkgroup)
        return known.recorded if known else True

    def retention(self, talkgroup: TalkgroupId) -> str:
        """Return the retention class of the talkgroup's recordings."""
        known = self._talkgroups.get(talkgroup)
        return known.retention if known else "call"

    def transmit_limit_ms(self, talkgroup: TalkgroupId) -> int:
        """Return how long one press may stay on air, in ms."""
        known = self._talkgroups.get(talkgroup)
        return (known.transmit_limit_s if known else 60) * 1000

    def _system(self, link: LinkId) -> str:
        known = self._links.get(link)
        return known.system if known else "unknown"


def _carriers(links: Iterable[Link]) -> dict[TalkgroupId, tuple[Link, ...]]:
    """Return the links that may transmit on each talkgroup, in the order of the plan."""
    found: dict[TalkgroupId, list[Link]] = {}
    for link in links:
        for number in dict.fromkeys(link.talkgroups):
            found.setdefault(talkgroup_id(link.system, number), []).append(link)
    return {talkgroup: tuple(carriers) for talkgroup, carriers in found.items()}

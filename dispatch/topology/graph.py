"""The parts of a plan and what joins them, indexed once for drawing and for finding faults."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from gateway.model.ids import LinkId, SiteId, SystemId, TalkgroupId
from gateway.model.link_kinds import WITHOUT_EMERGENCY
from gateway.model.plan import Link, Plan, System, Talkgroup

NO_FOLDER = "without a folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A patch as it matters here: a label, a name, the talkgroups that it joins."""

    id: str
    name: str
    members: tuple[TalkgroupId, ...]
    active: bool = True
    """Whether it is made with the plan; else it is prepared for the day."""


def carried(link: Link) -> tuple[TalkgroupId, ...]:
    """Return the talkgroups that a link may transmit on, in the order of the plan."""
    return tuple(TalkgroupId(f"{link.system}/{number}") for number in link.talkgroups)


def carries_emergencies(link: Link) -> bool:
    """Say whether the protocol of a link knows emergencies at all."""
    return link.kind not in WITHOUT_EMERGENCY


class Graph:
    """One plan, with the gateway that all its links hang on."""

    def __init__(self, plan: Plan, gateway: str, patches: Iterable[Joined] | None = None) -> None:
        """Index ``plan``. ``patches`` are those of the day; None takes the plan's own."""
        self.plan = plan
        self.gateway = gateway
        self.patches = patches_of(plan) if patches is None else tuple(patches)

    @cached_property
    def talkgroups(self) -> dict[TalkgroupId, Talkgroup]:
        """Talkgroups by id."""
        return {group.id: group for group in self.plan.talkgroups}

    @cached_property
    def links(self) -> dict[LinkId, Link]:
        """Links by id."""
        return {link.id: link for link in self.plan.links}

    @cached_property
    def systems(self) -> dict[SystemId, System]:
        """Systems by id."""
        return {system.id: system for system in self.plan.systems}

    @cached_property
    def links_of(self) -> dict[TalkgroupId, tuple[Link, ...]]:
        """The links that may transmit on each talkgroup of the plan."""
        found: dict[TalkgroupId, list[Link]] = {group: [] for group in self.talkgroups}
        for link in self.plan.links:
            for group in dict.fromkeys(carried(link)):
                if group in found:
                    found[group].append(link)
        return {group: tuple(links) for group, links in found.items()}

    @cached_property
    def folders(self) -> dict[str, tuple[Talkgroup, ...]]:
        """Talkgroups by folder, in the order in which folders first come."""
        found: dict[str, list[Talkgroup]] = {}
        for group in self.plan.talkgroups:
            found.setdefault(group.folder or NO_FOLDER, []).append(group)
        return {folder: tuple(groups) for folder, groups in found.items()}

    @cached_property
    def site_names(self) -> dict[SiteId, str]:
        """Names of sites; one that the plan does not have is called by its id."""
        names = {link.site: str(link.site) for link in self.plan.links}
        return names | {site.id: site.name for site in self.plan.sites}

    @cached_property
    def links_at(self) -> dict[SiteId, tuple[Link, ...]]:
        """Links by site, sites in the order of the plan."""
        return {
            site: tuple(link for link in self.plan.links if link.site == site)
            for site in dict.fromkeys((*(s.id for s in self.plan.sites), *self.site_names))
        }

    @cached_property
    def patches_with(self) -> dict[TalkgroupId, tuple[Joined, ...]]:
        """The patches that each patched talkgroup is in."""
        found: dict[TalkgroupId, list[Joined]] = {}
        for patch in self.patches:
            for member in dict.fromkeys(patch.members):
                found.setdefault(member, []).append(patch)
        return {member: tuple(patches) for member, patches in found.items()}

    def name(self, talkgroup: TalkgroupId) -> str:
        """Return the name of a talkgroup; its id when the plan does not have it."""
        known = self.talkgroups.get(talkgroup)
        return known.name if known else talkgroup

    def network(self, system: SystemId) -> tuple[object, ...]:
        """Return what tells a radio network apart, the same for two entries of one network."""
        known = self.systems.get(system)
        if known is None:
            return ("id", system)
        if known.mcc is not None and known.mnc is not None:
            return ("tetra", known.mcc, known.mnc)
        if known.wacn is not None and known.system_id is not None:
            return ("p25", known.wacn, known.system_id)
        return ("id", system)


def patches_of(plan: Plan) -> tuple[Joined, ...]:
    """Return the patches that a plan holds."""
    return tuple(
        Joined(id=one.id, name=one.name, members=tuple(one.members), active=one.active)
        for one in plan.patches
    )

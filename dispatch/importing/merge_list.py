"""A whole reading against a plan: talkgroups, radios, rules, sites; difference and next plan.

What each policy does stands in ``dispatch.importing.settle``. What would be removed is always
listed before anything is done.
"""

from dataclasses import dataclass, replace

from dispatch.importing.earlier import NOTHING, Earlier
from dispatch.importing.merge import merge
from dispatch.importing.merge_sites import merge_sites
from dispatch.importing.merge_units import merge_rules, merge_units, units_to_remove
from dispatch.importing.reading import Reading
from dispatch.importing.settle import GONE, POLICIES, REPLACE, UPDATE, Change, Settling
from dispatch.plans.follow import without_missing
from gateway.model.ids import SystemId
from gateway.model.plan import Plan

__all__ = ["POLICIES", "REPLACE", "ListDiff", "merge_list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDiff:
    """What an import does to a plan."""

    plan: Plan
    added: tuple[str, ...]
    changed: tuple[Change, ...]
    removed: tuple[str, ...]
    kept: tuple[Change, ...]
    unchanged: int
    lost: tuple[Change, ...] = ()
    """Those of ``changed`` that go over an edit made here."""

    @property
    def empty(self) -> bool:
        """Whether the plan stays as it is."""
        return not (self.added or self.changed or self.removed)


def merge_list(
    plan: Plan, system: str, reading: Reading, policy: str, earlier: Earlier = NOTHING
) -> ListDiff:
    """Return the difference and the next plan; raises ServiceError on system and policy."""
    inner = UPDATE if policy == REPLACE else policy
    settling = Settling(inner, earlier)
    groups = merge(plan, system, reading.talkgroups, inner, settling)
    known = SystemId(system)
    changed, kept = len(settling.changed), len(settling.kept)
    after, units = merge_units(groups.plan, known, reading.units, settling)
    of_units = (*settling.changed[changed:], *settling.kept[kept:])
    touched = {one.talkgroup for one in of_units}
    after, rules = merge_rules(after, known, reading.rules, settling)
    after, sites = merge_sites(after, known, reading.sites, settling)
    removed: list[str] = []
    if policy == REPLACE:
        after, removed = _without(after, known, reading)
        after, others = _without_rest(after, known, reading, settling)
        removed += others
    same_units = len(reading.units) - len(units) - len(touched)
    return ListDiff(
        plan=after,
        added=(*groups.added, *units, *rules, *sites),
        changed=tuple(settling.changed),
        removed=tuple(removed),
        kept=tuple(settling.kept),
        unchanged=groups.unchanged + same_units,
        lost=tuple(settling.lost),
    )


def _without(plan: Plan, system: SystemId, reading: Reading) -> tuple[Plan, list[str]]:
    """Take out what the file does not have, of its kinds; links and boards lose it too."""
    gone: list[str] = []
    if reading.talkgroups:
        named = {item.number for item in reading.talkgroups}
        groups = [g for g in plan.talkgroups if g.system == system and g.number not in named]
        numbers, ids = {g.number for g in groups}, {g.id for g in groups}
        gone += sorted(ids)
        plan = replace(
            plan,
            talkgroups=tuple(g for g in plan.talkgroups if g.id not in ids),
            units=tuple(
                replace(u, talkgroup=None) if u.talkgroup in ids else u for u in plan.units
            ),
            links=tuple(
                replace(
                    link,
                    talkgroups=tuple(n for n in link.talkgroups if n not in numbers),
                    group=None if link.group in numbers else link.group,
                )
                if link.system == system
                else link
                for link in plan.links
            ),
        )
        plan = without_missing(plan)
    if reading.units:
        units = set(units_to_remove(plan, system, reading))
        gone += sorted(units)
        plan = replace(plan, units=tuple(u for u in plan.units if u.id not in units))
    return plan, gone


def _without_rest(
    plan: Plan, system: SystemId, reading: Reading, settling: Settling
) -> tuple[Plan, list[str]]:
    """Take out the rules and the sites that the file does not have; a site with a link stays."""
    gone: list[str] = []
    if reading.rules:
        named = {rule.name for rule in reading.rules}
        rules = [r for r in plan.unit_rules if r.system == system and r.name not in named]
        gone += [f"{system}/{rule.name}" for rule in rules]
        plan = replace(plan, unit_rules=tuple(r for r in plan.unit_rules if r not in rules))
    if reading.sites:
        numbers = {(site.rfss, site.number) for site in reading.sites}
        used = {link.site: link.name for link in plan.links}
        sites = [
            site
            for site in plan.sites
            if site.system == system
            and site.rfss is not None
            and (site.rfss, site.number) not in numbers
        ]
        for site in sites:
            if site.id in used:
                words = f"link {used[site.id]} is there"
                settling.kept.append(
                    Change(talkgroup=site.id, field=GONE, before=words, after="not in the file")
                )
        out = {site.id for site in sites if site.id not in used}
        gone += sorted(out)
        plan = replace(plan, sites=tuple(site for site in plan.sites if site.id not in out))
    return plan, gone

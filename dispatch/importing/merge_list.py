"""A whole reading against a plan: talkgroups, radios, rules, sites; difference and next plan.

Policies: ``add`` takes only what is new; ``keep`` fills gaps too, and what was edited by hand
stays; ``update`` lets the file win; ``replace`` removes besides what the file does not have. What
would be removed is always listed before anything is done.
"""

from dataclasses import dataclass, replace

from dispatch.importing.merge import Change, merge
from dispatch.importing.merge_sites import merge_sites
from dispatch.importing.merge_units import merge_rules, merge_units, units_to_remove
from dispatch.importing.reading import Reading
from dispatch.plans.follow import without_missing
from gateway.model.ids import SystemId
from gateway.model.plan import Plan

REPLACE = "replace"
POLICIES = ("keep", "update", "add", REPLACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDiff:
    """What an import does to a plan."""

    plan: Plan
    added: tuple[str, ...]
    changed: tuple[Change, ...]
    removed: tuple[str, ...]
    kept: tuple[Change, ...]
    unchanged: int

    @property
    def empty(self) -> bool:
        """Whether the plan stays as it is."""
        return not (self.added or self.changed or self.removed)


def merge_list(plan: Plan, system: str, reading: Reading, policy: str) -> ListDiff:
    """Return the difference and the next plan; raises ServiceError on system and policy."""
    inner = "update" if policy == REPLACE else policy
    groups = merge(plan, system, reading.talkgroups, inner)
    known = SystemId(system)
    after, units, units_changed, units_kept = merge_units(groups.plan, known, reading.units, inner)
    after, rules, rules_changed, rules_kept = merge_rules(after, known, reading.rules, inner)
    after, sites, sites_changed, sites_kept = merge_sites(after, known, reading.sites, inner)
    removed: list[str] = []
    if policy == REPLACE:
        after, removed = _without(after, known, reading)
    touched = {change.talkgroup for change in (*units_changed, *units_kept)}
    same_units = len(reading.units) - len(units) - len(touched)
    return ListDiff(
        plan=after,
        added=(*groups.added, *units, *rules, *sites),
        changed=(*groups.changed, *units_changed, *rules_changed, *sites_changed),
        removed=tuple(removed),
        kept=(*groups.kept, *units_kept, *rules_kept, *sites_kept),
        unchanged=groups.unchanged + same_units,
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

"""Compares a file's radios and rules with the plan. Deletes nothing unless told to."""

from dataclasses import replace

from dispatch.importing.merge import Change
from dispatch.importing.reading import ImportedRule, ImportedUnit, Reading
from gateway.model.ids import SystemId, TalkgroupId, talkgroup_id
from gateway.model.plan import Plan, Unit
from gateway.model.unit_rules import UnitRule

UNIT_FIELDS = ("alias", "owner", "kind", "talkgroup")


def merge_units(
    plan: Plan, system: SystemId, units: list[ImportedUnit], policy: str
) -> tuple[Plan, list[str], list[Change], list[Change]]:
    """Return the plan with these units, what is new, what changes, and what is left alone."""
    groups = {group.id for group in plan.talkgroups}
    known = {unit.number: unit for unit in plan.units if unit.system == system}
    added: list[Unit] = []
    changed: list[Change] = []
    kept: list[Change] = []
    result = dict(known)
    for item in units:
        wanted = _unit(system, item, groups)
        before = known.get(item.number)
        if before is None:
            added.append(wanted)
            continue
        values = {}
        for name in UNIT_FIELDS:
            old, new = getattr(before, name), getattr(wanted, name)
            if new in (None, "", old):
                continue
            by_hand = policy == "add" or (policy == "keep" and old not in (None, ""))
            change = Change(talkgroup=before.id, field=name, before=str(old or ""), after=str(new))
            (kept if by_hand else changed).append(change)
            if not by_hand:
                values[name] = new
        if values:
            result[item.number] = replace(before, **values)
    rows = tuple(result[u.number] if u.system == system else u for u in plan.units)
    return replace(plan, units=(*rows, *added)), [u.id for u in added], changed, kept


def _unit(system: SystemId, item: ImportedUnit, groups: set[TalkgroupId]) -> Unit:
    home = talkgroup_id(system, item.talkgroup) if item.talkgroup is not None else None
    return Unit(
        system=system,
        number=item.number,
        alias=item.alias,
        owner=item.owner or "",
        kind=item.kind or "",
        talkgroup=home if home in groups else None,
    )


def merge_rules(
    plan: Plan, system: SystemId, rules: list[ImportedRule], policy: str
) -> tuple[Plan, list[str], list[Change], list[Change]]:
    """Return the plan with these rules behind its own: the first that fits holds."""
    known = {rule.name: rule for rule in plan.unit_rules if rule.system == system}
    added: list[UnitRule] = []
    changed: list[Change] = []
    kept: list[Change] = []
    for item in rules:
        before = known.get(item.name)
        if before is None:
            added.append(_rule(system, item))
        elif before.alias != item.alias:
            thing = f"{system}/{item.name}"
            change = Change(talkgroup=thing, field="alias", before=before.alias, after=item.alias)
            (changed if policy == "update" else kept).append(change)
            if policy == "update":
                known[item.name] = replace(before, alias=item.alias)
    rows = tuple(known[r.name] if r.system == system else r for r in plan.unit_rules)
    names = [f"{system}/{rule.name}" for rule in added]
    return replace(plan, unit_rules=(*rows, *added)), names, changed, kept


def _rule(system: SystemId, item: ImportedRule) -> UnitRule:
    return UnitRule(
        system=system,
        name=item.name,
        alias=item.alias,
        first=item.first,
        last=item.last,
        pattern=item.pattern,
    )


def units_to_remove(plan: Plan, system: SystemId, reading: Reading) -> list[str]:
    """Return the units of a system that the file does not have (policy ``replace``)."""
    named = {unit.number for unit in reading.units}
    return [u.id for u in plan.units if u.system == system and u.number not in named]

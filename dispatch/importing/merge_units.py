"""Compares a file's radios and rules with the plan. Deletes nothing unless told to."""

from dataclasses import replace

from dispatch.importing.earlier import rule_key
from dispatch.importing.reading import ImportedRule, ImportedUnit, Reading
from dispatch.importing.settle import Settling
from gateway.model.ids import SystemId, TalkgroupId, talkgroup_id
from gateway.model.plan import Plan, Unit
from gateway.model.unit_rules import UnitRule

UNIT_FIELDS = ("alias", "owner", "kind", "talkgroup")


def merge_units(
    plan: Plan, system: SystemId, units: list[ImportedUnit], settling: Settling
) -> tuple[Plan, list[str]]:
    """Return the plan with these units, and the ids of the new ones."""
    groups = {group.id for group in plan.talkgroups}
    known = {unit.number: unit for unit in plan.units if unit.system == system}
    added: list[Unit] = []
    result = dict(known)
    for item in units:
        wanted = _unit(system, item, groups)
        before = known.get(item.number)
        if before is not None:
            result[item.number] = _merged(before, wanted, settling)
        elif not settling.stays_away("unit", wanted.id, wanted.alias):
            added.append(wanted)
    rows = tuple(result[u.number] if u.system == system else u for u in plan.units)
    return replace(plan, units=(*rows, *added)), [u.id for u in added]


def _merged(before: Unit, wanted: Unit, settling: Settling) -> Unit:
    """Return a unit with what is taken from the file; itself when nothing is."""
    values = {}
    for name in UNIT_FIELDS:
        old, new = getattr(before, name), getattr(wanted, name)
        if new in (None, "") or new == old:
            continue
        if settling.takes(("unit", before.id), name, (old, new), shown=_shown):
            values[name] = new
    return replace(before, **values) if values else before


def _shown(value: object) -> str:
    return str(value or "")


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
    plan: Plan, system: SystemId, rules: list[ImportedRule], settling: Settling
) -> tuple[Plan, list[str]]:
    """Return the plan with these rules behind its own, and the new ones: the first fit holds."""
    known = {rule.name: rule for rule in plan.unit_rules if rule.system == system}
    added: list[UnitRule] = []
    for item in rules:
        before, thing = known.get(item.name), ("unit_rule", rule_key(system, item))
        if before is None:
            if not settling.stays_away(*thing, item.alias):
                added.append(_rule(system, item))
        elif before.alias != item.alias and settling.takes(
            thing, "alias", (before.alias, item.alias)
        ):
            known[item.name] = replace(before, alias=item.alias)
    rows = tuple(known[r.name] if r.system == system else r for r in plan.unit_rules)
    return replace(plan, unit_rules=(*rows, *added)), [f"{system}/{rule.name}" for rule in added]


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

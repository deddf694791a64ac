"""Looks at a draft without changing it: what edits would break, and what names a number. Pure."""

from dataclasses import dataclass

from dispatch.plans.check import Checker
from dispatch.plans.edit import TABLES, Edit, apply_edits
from dispatch.plans.finding import Finding
from gateway.model.ids import SystemId, UnitId, unit_id
from gateway.model.plan import Plan, Unit
from gateway.model.unit_rules import UnitNames


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What names a number in one system. ``by``: row, rule or nothing."""

    system: SystemId
    by: str
    rule: str = ""
    alias: str = ""


def look_at(checker: Checker, plan: Plan, edits: list[Edit]) -> list[Finding]:
    """Return the findings on the objects that edits touch; raises as ``apply_edits`` does."""
    after = apply_edits(plan, edits)
    touched = _touched(plan, after, edits)
    return [one for one in checker.check(after).findings if (one.kind, one.id) in touched]


def _touched(before: Plan, after: Plan, edits: list[Edit]) -> set[tuple[str, str]]:
    """Return kind and id of the objects of edits, by their former and by their new ids."""
    touched = {(edit.kind, edit.id) for edit in edits}
    for kind in {edit.kind for edit in edits} & TABLES.keys():
        table = TABLES[kind]
        old, new = (
            {table.id_of(row) for row in getattr(plan, table.field)} for plan in (before, after)
        )
        touched |= {(kind, key) for key in new - old}
    for edit in edits:
        if edit.kind in ("position", "text"):
            touched.add((edit.kind, str((edit.value or {}).get("text", edit.id))))
    return touched


def names_of(plan: Plan, number: int) -> list[Named]:
    """Return what names a unit's number in each system of the plan."""
    rows = {unit.id: unit for unit in plan.units if unit.number == number}
    rules = UnitNames(plan.unit_rules)
    return [_named(rows, rules, system.id, number) for system in plan.systems]


def _named(rows: dict[UnitId, Unit], rules: UnitNames, system: SystemId, number: int) -> Named:
    unit = unit_id(system, number)
    if unit in rows:
        return Named(system=system, by="row", alias=rows[unit].alias)
    found = rules.find(unit)
    if found is None:
        return Named(system=system, by="nothing")
    return Named(system=system, by="rule", rule=found[0].name, alias=found[1])

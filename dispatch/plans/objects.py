"""A plan as objects: what an engineer points at, each with a kind, an id, a name and fields."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from gateway.model.layouts import Layout
from gateway.model.plan import Plan, Talkgroup, Unit

KINDS: dict[str, str] = {
    "system": "System",
    "site": "Site",
    "talkgroup": "Talkgroup",
    "unit": "Unit",
    "unit_rule": "Unit rule",
    "link": "Link",
    "layout": "Layout",
    "patch": "Patch",
    "status": "Status",
    "individual_rule": "Rule of private calls",
    "never_recorded": "Number never recorded",
    "text": "Predefined text",
    "position": "Position",
    "plan": "Plan",
}
"""Kinds of objects and their words, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class PlanObject:
    """One object. ``fields`` are plain values by name; a nested table's as ``p25.nac``."""

    kind: str
    id: str
    name: str
    fields: dict[str, Any]  # values of the model: numbers, texts, tuples
    folder: str = ""
    number: int | None = None
    layout: Layout | None = None
    """Of a layout: its cells are compared one by one."""


@dataclass(frozen=True, slots=True)
class Same:
    """Talkgroups and units that two plans have alike, by id: most of a long list."""

    talkgroups: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()


def same_in(before: Plan, after: Plan) -> Same:
    """Return what need not be looked at when two plans are compared."""
    return Same(
        _alike(before.talkgroups, after.talkgroups),
        _alike(before.units, after.units),
    )


def _alike(
    before: tuple[Talkgroup, ...] | tuple[Unit, ...],
    after: tuple[Talkgroup, ...] | tuple[Unit, ...],
) -> frozenset[str]:
    old: dict[str, Talkgroup | Unit] = {}
    new: dict[str, Talkgroup | Unit] = {}
    for rows, found in ((before, old), (after, new)):
        for row in rows:
            found.setdefault(row.id, row)
    return frozenset(key for key, row in new.items() if old.get(key) == row)


def objects_of(plan: Plan, same: Same | None = None) -> dict[tuple[str, str], PlanObject]:
    """Return every object of a plan by kind and id, without those of ``same``.

    Of two with one id the first counts.
    """
    found: dict[tuple[str, str], PlanObject] = {}
    for one in _all(plan, same or Same()):
        found.setdefault((one.kind, one.id), one)
    return found


def _all(plan: Plan, same: Same) -> Iterator[PlanObject]:
    yield PlanObject("plan", "plan", plan.name, {"name": plan.name})
    for system in plan.systems:
        yield PlanObject("system", system.id, system.name, _fields(system))
    for site in plan.sites:
        yield PlanObject("site", site.id, site.name, _fields(site))
    yield from _addresses(plan, same)
    for link in plan.links:
        yield PlanObject("link", link.id, link.name, _fields(link))
    yield from _patches(plan)
    yield from _layouts(plan)
    for status in plan.statuses:
        yield PlanObject("status", status.id, status.words, _fields(status))
    yield from _private(plan)
    for text in plan.predefined_texts:
        yield PlanObject("text", text, text, {"text": text})
    for position in plan.positions:
        yield PlanObject("position", position, position, {"position": position})


def _addresses(plan: Plan, same: Same) -> Iterator[PlanObject]:
    for group in plan.talkgroups:
        if group.id in same.talkgroups:
            continue
        values = _fields(group)
        yield PlanObject("talkgroup", group.id, group.name, values, group.folder, group.number)
    for unit in plan.units:
        if unit.id in same.units:
            continue
        yield PlanObject("unit", unit.id, unit.alias, _fields(unit), unit.owner, unit.number)
    for place, rule in enumerate(plan.unit_rules, start=1):
        values = _fields(rule) | {"place": place}
        yield PlanObject("unit_rule", f"{rule.system}/{rule.name}", rule.name, values)


def _layouts(plan: Plan) -> Iterator[PlanObject]:
    for one in plan.layouts:
        values = {
            "name": one.name,
            "size": f"{one.columns} x {one.rows}",
            "positions": one.positions,
            "emergency": one.emergency,
            "others": one.others,
            "pages": tuple(page.title for page in one.pages),
        }
        yield PlanObject("layout", one.id, one.name, values, layout=one)


def _patches(plan: Plan) -> Iterator[PlanObject]:
    """Give patches with their members in one order, and what their encryption comes to."""
    encrypted = {group.id: group.encrypted for group in plan.talkgroups}
    for patch in plan.patches:
        modes = {encrypted[member] for member in patch.members if member in encrypted}
        values = _fields(patch) | {
            "members": tuple(sorted(patch.members)),
            "encryption": encryption_words(modes),
        }
        yield PlanObject("patch", patch.id, f"{patch.id} {patch.name}", values)


def encryption_words(modes: set[bool]) -> str:
    """Return what the members of a patch are together: encrypted, unencrypted or mixed."""
    if len(modes) > 1:
        return "mixed"
    return "encrypted" if True in modes else "unencrypted"


def _private(plan: Plan) -> Iterator[PlanObject]:
    for place, rule in enumerate(plan.individual_rules, start=1):
        values = _fields(rule) | {"place": place}
        yield PlanObject("individual_rule", rule.name, rule.name, values)
    for entry in plan.never_recorded:
        yield PlanObject("never_recorded", entry.number, entry.number, _fields(entry))


def _fields(row: object, prefix: str = "") -> dict[str, Any]:
    values: dict[str, Any] = {}  # values of the model
    for field in fields(row):  # type: ignore[arg-type]  # every row of a plan is a dataclass
        value = getattr(row, field.name)
        if hasattr(value, "__dataclass_fields__"):
            values |= _fields(value, f"{prefix}{field.name}.")
        else:
            values[prefix + field.name] = value
    return values

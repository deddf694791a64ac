"""Edits of a draft: put or remove one object of the plan by kind and id. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dispatch.errors import NotFound, ServiceError
from dispatch.plans.follow import follow_positions, follow_talkgroups
from gateway.model.errors import InvalidCommand
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.layouts import Layout
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Link, Plan, Site, StatusText, System, Talkgroup, Unit
from gateway.model.unit_rules import UnitRule
from gateway.model.wire import from_json, to_json

MAX_EDITS = 20_000
"""Edits of one request; a list of more units is imported."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the plan: its field, its rows' class, and what a row's id is."""

    field: str
    row: type
    id_of: Callable[[Any], str]  # a row of that class


TABLES: dict[str, Table] = {
    "system": Table("systems", System, lambda row: row.id),
    "site": Table("sites", Site, lambda row: row.id),
    "talkgroup": Table("talkgroups", Talkgroup, lambda row: row.id),
    "unit": Table("units", Unit, lambda row: row.id),
    "unit_rule": Table("unit_rules", UnitRule, lambda row: f"{row.system}/{row.name}"),
    "link": Table("links", Link, lambda row: row.id),
    "patch": Table("patches", PlanPatch, lambda row: row.id),
    "layout": Table("layouts", Layout, lambda row: row.id),
    "status": Table("statuses", StatusText, lambda row: row.id),
    "individual_rule": Table("individual_rules", IndividualRule, lambda row: row.name),
    "never_recorded": Table("never_recorded", NeverRecorded, lambda row: row.number),
}
LISTS = {"text": "predefined_texts", "position": "positions"}
"""Kinds that are plain texts."""


@dataclass(frozen=True, slots=True)
class Edit:
    """``op`` is put or remove. ``value`` holds the fields that are set; the others stay.

    ``place`` (from 0) moves the object in the order of its table.
    """

    op: str
    kind: str
    id: str = ""
    value: Mapping[str, Any] | None = None  # JSON values, read by the model
    place: int | None = None


def apply_edits(plan: Plan, edits: list[Edit]) -> Plan:
    """Return the plan after all edits; raises ServiceError or NotFound naming the first fault."""
    if len(edits) > MAX_EDITS:
        raise ServiceError(f"edits: {len(edits)}, at most {MAX_EDITS} at once")
    tables: dict[str, dict[str, Any]] = {}  # rows of the model by id, in order
    for number, edit in enumerate(edits, start=1):
        where = f"edit {number}"
        if edit.kind == "plan":
            plan = replace(plan, name=str((edit.value or {}).get("name", plan.name)))
        elif edit.kind in LISTS:
            plan = _edit_list(plan, edit, where)
        else:
            _edit_table(plan, tables, edit, where)
    changed = {TABLES[kind].field: tuple(rows.values()) for kind, rows in tables.items()}
    plan = _with(plan, changed)
    plan = follow_talkgroups(plan, _moved("talkgroup", edits))
    return follow_positions(plan, _moved("position", edits))


def _moved(kind: str, edits: list[Edit]) -> dict[str, str | None]:
    """Return what became of ids of one kind: another one, or None when the object went."""
    moved: dict[str, str | None] = {}
    for edit in edits:
        if edit.kind != kind or not edit.id:
            continue
        now = None if edit.op == "remove" else _id_after(kind, edit)
        if now != edit.id:
            moved[edit.id] = now
    return moved


def _id_after(kind: str, edit: Edit) -> str:
    """Return the id that an object has after an edit that was taken."""
    value = edit.value or {}
    if kind == "position":
        return str(value.get("text", edit.id)).strip()
    system, _, number = edit.id.partition("/")
    return f"{value.get('system', system)}/{value.get('number', number)}"


def _with(plan: Plan, changed: Mapping[str, Any]) -> Plan:
    """Return the plan with these fields; their rows were read by the model."""
    return replace(plan, **changed)


def _edit_list(plan: Plan, edit: Edit, where: str) -> Plan:
    field = LISTS[edit.kind]
    items = [item for item in getattr(plan, field) if item != edit.id]
    if edit.op == "put":
        text = str((edit.value or {}).get("text", edit.id)).strip()
        if not text:
            raise ServiceError(f"{where}: {edit.kind}: expected a text")
        before = getattr(plan, field)
        place = before.index(edit.id) if edit.id in before else len(items)
        items.insert(edit.place if edit.place is not None else place, text)
    return _with(plan, {field: tuple(dict.fromkeys(items))})


def _edit_table(plan: Plan, tables: dict[str, dict[str, Any]], edit: Edit, where: str) -> None:
    table = TABLES.get(edit.kind)
    if table is None:
        known = ", ".join((*TABLES, *LISTS, "plan"))
        raise ServiceError(f"{where}: kind: expected one of {known}, got {edit.kind!r}")
    if edit.kind not in tables:
        tables[edit.kind] = {table.id_of(row): row for row in getattr(plan, table.field)}
    rows = tables[edit.kind]
    if edit.op == "remove":
        if rows.pop(edit.id, None) is None:
            raise NotFound(f"{where}: there is no {edit.kind} {edit.id}")
        return
    if edit.op != "put":
        raise ServiceError(f"{where}: op: expected put or remove, got {edit.op!r}")
    row = _row(table, rows.get(edit.id), edit, where)
    _place(rows, edit, table.id_of(row), row, where)


def _row(table: Table, before: object | None, edit: Edit, where: str) -> object:
    values = _merged(to_json(before) if before is not None else {}, edit.value or {})
    unknown = values.keys() - table.row.__dataclass_fields__.keys()  # type: ignore[attr-defined]  # a dataclass, by the table
    if unknown:
        raise ServiceError(f"{where}: {edit.kind}.{min(unknown)}: unknown")
    try:
        return from_json(table.row, values, f"{where}: {edit.kind}")
    except InvalidCommand as error:
        raise ServiceError(str(error)) from error


def _merged(before: dict[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:  # JSON values
    """Return a row with what is set; of a table within it too only what is set changes."""
    inner = {
        key: {**before[key], **one}
        for key, one in value.items()
        if isinstance(one, dict) and isinstance(before.get(key), dict)
    }
    return {**before, **value, **inner}


def _place(rows: dict[str, Any], edit: Edit, key: str, row: object, where: str) -> None:
    """Put a row where it was, at its new place, or at the end; its id may have changed."""
    if key != edit.id and key in rows:
        raise ServiceError(f"{where}: {edit.kind} {key} is in the plan already")
    if edit.place is None and key == edit.id:
        rows[key] = row
        return
    order = list(rows)
    place = order.index(edit.id) if edit.id in order else len(order)
    kept = [(k, v) for k, v in rows.items() if k != edit.id]
    kept.insert(place if edit.place is None else edit.place, (key, row))
    rows.clear()
    rows.update(kept)

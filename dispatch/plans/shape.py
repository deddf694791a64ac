"""The shape of a plan in a file: unknown, missing and wrongly typed keys, all named at once."""

from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any

from gateway.model.errors import InvalidCommand
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.layouts import Cell, Layout, LayoutPage
from gateway.model.p25_settings import P25Settings
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Link, Plan, Site, StatusText, System, Talkgroup, Unit
from gateway.model.unit_rules import UnitRule
from gateway.model.wire import from_json

TABLES: dict[str, type] = {
    "systems": System,
    "sites": Site,
    "talkgroups": Talkgroup,
    "units": Unit,
    "unit_rules": UnitRule,
    "links": Link,
    "patches": PlanPatch,
    "layouts": Layout,
    "statuses": StatusText,
    "individual_rules": IndividualRule,
    "never_recorded": NeverRecorded,
}
"""Tables of a plan file and what their rows are."""
NESTED: dict[type, dict[str, type]] = {
    Link: {"p25": P25Settings},
    Layout: {"pages": LayoutPage},
    LayoutPage: {"cells": Cell},
}
"""Tables within a row."""


def shape_faults(data: dict[str, Any]) -> list[str]:
    """Return what is wrong with the shape, row by row so that all is found."""
    faults = []
    known = {field.name for field in fields(Plan)}
    faults += [
        f"{key}: not a key of a plan; known: {', '.join(sorted(known))}"
        for key in data
        if key not in known
    ]
    if "name" not in data:
        faults.append('name: missing; example: name = "Norrvik 2026"')
    for table, kind in TABLES.items():
        rows = data.get(table, [])
        if not isinstance(rows, list):
            faults.append(f"{table}: expected [[{table}]] tables, got {rows!r}")
            continue
        for number, row in enumerate(rows):
            faults += _row_faults(f"{table}[{number}]", kind, row)
    return faults


def _row_faults(where: str, kind: type, row: Any) -> list[str]:
    if not isinstance(row, dict):
        return [f"{where}: expected a table, got {row!r}"]
    known = {field.name: field for field in fields(kind)}
    faults = _unknown(where, known, row)
    for key, inner in NESTED.get(kind, {}).items():
        value = row.get(key)
        if isinstance(value, dict):
            faults += _row_faults(f"{where}.{key}", inner, value)
        elif isinstance(value, list):
            for number, one in enumerate(value):
                faults += _row_faults(f"{where}.{key}[{number}]", inner, one)
    missing = [
        name
        for name, field in known.items()
        if name not in row and field.default is MISSING and field.default_factory is MISSING
    ]
    faults += [f"{where}.{name}: missing" for name in missing]
    for key, value in row.items():
        if key in known and not missing:
            try:
                from_json(kind, {**row, key: value}, where)
            except InvalidCommand as error:
                text = str(error)
                if text.startswith(f"{where}.{key}") and text not in faults:
                    faults.append(text)
    return faults


def _unknown(where: str, known: Iterable[str], row: dict[str, Any]) -> list[str]:
    names = list(known)
    return [f"{where}.{key}: unknown; known: {', '.join(names)}" for key in row if key not in names]

"""A plan as a TOML file: the same shape as in the store, every mistake named at once."""

from collections.abc import Iterable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from dispatch.plans.rules_ids import RULES
from gateway.model.errors import InvalidCommand
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.link_kinds import TETRA_PEI
from gateway.model.p25_settings import P25Settings
from gateway.model.plan import Link, Plan, Site, StatusText, System, Talkgroup, Unit
from gateway.model.unit_rules import UnitRule
from gateway.model.wire import from_json
from gateway.tetra.settings import check_settings
from hardware.p25_addresses import p25_link_faults
from hardware.ptt_address import link_faults, ptt_ports
from samband.plan_sound import sound_faults
from samband.toml_faults import read_toml, refuse

TABLES: dict[str, type] = {
    "systems": System,
    "sites": Site,
    "talkgroups": Talkgroup,
    "units": Unit,
    "unit_rules": UnitRule,
    "links": Link,
    "statuses": StatusText,
    "individual_rules": IndividualRule,
    "never_recorded": NeverRecorded,
}


def load_plan(path: Path) -> Plan:
    """Read a plan file; raises ConfigError that names every mistake."""
    data = read_toml(path)
    faults = _shape_faults(data)
    refuse(path, faults, "plan")
    try:
        plan = from_json(Plan, data, "plan")
    except InvalidCommand as error:
        refuse(path, [str(error)], "plan")
        raise
    refuse(path, plan_faults(plan), "plan")
    return plan


def _shape_faults(data: dict[str, Any]) -> list[str]:
    """Unknown, missing and wrongly typed keys, each row by itself so that all are found."""
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
    if isinstance(row.get("p25"), dict):
        faults += _unknown(f"{where}.p25", [f.name for f in fields(P25Settings)], row["p25"])
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


def plan_faults(plan: Plan) -> list[str]:
    """Return what contradicts itself in a well-formed plan, a sentence each."""
    faults = [finding.words for rule in RULES for finding in rule.findings(plan)]
    return faults + [words for _, words in link_opening_faults(plan)]


def link_opening_faults(plan: Plan) -> list[tuple[str, str]]:
    """Return (link, sentence) for each thing that a driver would refuse."""
    faults = [(link.id, f"link {link.id}: {f}") for link in plan.links for f in link_faults(link)]
    faults += [(link.id, fault) for link in plan.links for fault in _terminal_faults(link)]
    faults += [
        (link.id, f"link {link.id}: {fault}")
        for link in plan.links
        for fault in p25_link_faults(link)
    ]
    keys = {link.id: ptt_ports((link,)) for link in plan.links}
    for link in plan.links:
        for other in plan.links:
            if other.id != link.id and link.port and link.port in keys[other.id]:
                faults.append((link.id, f"link {link.id}: port {link.port} keys link {other.id}"))
    return faults + [(_named(words), words) for words in sound_faults(plan)]


def _named(words: str) -> str:
    """Return the link that a sentence begins with, empty when it is about several."""
    return words.removeprefix("link ").partition(":")[0] if words.startswith("link ") else ""


def _terminal_faults(link: Link) -> list[str]:
    if link.kind != TETRA_PEI:
        return []
    try:
        check_settings(link.profile, link.mode)
    except ValueError as fault:
        return [f"link {link.id}: {fault}"]
    return []

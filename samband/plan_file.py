"""A plan as a TOML file: the same shape as in the store, every mistake named at once."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from gateway.model.errors import InvalidCommand
from gateway.model.ids import MAX_SSI, parse_system
from gateway.model.individual import IndividualKind
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.p25_settings import MAX_TGID, MAX_UNIT, P25Settings
from gateway.model.plan import Link, Plan, Site, StatusText, System, Talkgroup, Unit
from gateway.model.private_line import PRIVATE_HANDLE, PRIVATE_SYSTEM
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
    "links": Link,
    "statuses": StatusText,
    "individual_rules": IndividualRule,
    "never_recorded": NeverRecorded,
}
AGENCIES = ("police", "fire", "ems", "port", "misc")
STATUS_KINDS = ("unit", "request", "urgent_request", "emergency", "other")
LABEL_MAX = 24


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
    faults: list[str] = []
    for check in CHECKS:
        faults += check(plan)
    return faults


def _duplicates(what: str, keys: list[Any]) -> list[str]:
    return [
        f"{what} {key}: named {count} times" for key, count in Counter(keys).items() if count > 1
    ]


def _check_ids(plan: Plan) -> list[str]:
    faults = _duplicates("system", [s.id for s in plan.systems])
    faults += _duplicates("system handle", [s.handle for s in plan.systems])
    faults += _duplicates("site", [s.id for s in plan.sites])
    faults += _duplicates("link", [link.id for link in plan.links])
    faults += _duplicates("talkgroup", [t.id for t in plan.talkgroups])
    faults += _duplicates("unit", [u.id for u in plan.units])
    faults += _duplicates("status", [s.value for s in plan.statuses])
    faults += _duplicates("port", [link.port for link in plan.links if link.port])
    places = [(t.folder, t.address) for t in plan.talkgroups if t.address is not None]
    faults += _duplicates("tile", [f"{address} in folder {folder}" for folder, address in places])
    for system in plan.systems:
        try:
            parse_system(system.id)
        except ValueError as error:
            faults.append(f"systems: {error}")
    return faults


def _check_references(plan: Plan) -> list[str]:
    systems = {s.id for s in plan.systems}
    sites = {s.id for s in plan.sites}
    groups = {t.id for t in plan.talkgroups}
    faults = [
        f"{kind} {row.id}: system {row.system!r} is not in the plan"
        for kind, rows in (
            ("talkgroup", plan.talkgroups),
            ("unit", plan.units),
            ("link", plan.links),
        )
        for row in rows
        if row.system not in systems
    ]
    for link in plan.links:
        if link.site not in sites:
            faults.append(f"link {link.id}: site {link.site!r} is not in the plan")
        for number in (*link.talkgroups, *([link.group] if link.group is not None else [])):
            if f"{link.system}/{number}" not in groups:
                faults.append(f"link {link.id}: talkgroup {number} is not in the plan")
        if link.group is not None and link.group not in link.talkgroups:
            faults.append(f"link {link.id}: group {link.group} is not one of its talkgroups")
    faults += [
        f"unit {u.id}: talkgroup {u.talkgroup!r} is not in the plan"
        for u in plan.units
        if u.talkgroup is not None and u.talkgroup not in groups
    ]
    return faults


def _check_ranges(plan: Plan) -> list[str]:
    tetra = {s.id for s in plan.systems if s.technology == "tetra"}
    faults = [
        f"{kind} {row.id}: expected 1 to {MAX_SSI}, got {row.number}"
        for kind, rows in (("talkgroup", plan.talkgroups), ("unit", plan.units))
        for row in rows
        if row.system in tetra and not 1 <= row.number <= MAX_SSI
    ]
    p25 = {s.id for s in plan.systems if s.technology == "p25"}
    faults += [
        f"{kind} {row.id}: expected 1 to {limit}, got {row.number}"
        for kind, rows, limit in (
            ("talkgroup", plan.talkgroups, MAX_TGID),
            ("unit", plan.units, MAX_UNIT),
        )
        for row in rows
        if row.system in p25 and not 1 <= row.number <= limit
    ]
    for group in plan.talkgroups:
        if len(group.name) > LABEL_MAX:
            faults.append(f"talkgroup {group.id}: name longer than {LABEL_MAX} characters")
        if group.agency_kind not in AGENCIES:
            faults.append(f"talkgroup {group.id}: agency_kind: one of {', '.join(AGENCIES)}")
        if not 1 <= group.transmit_limit_s <= 600:
            faults.append(f"talkgroup {group.id}: transmit_limit_s: expected 1 to 600")
        if group.area and (len(group.area) < 3 or any(len(point) != 2 for point in group.area)):
            faults.append(f"talkgroup {group.id}: area: expected 3 or more [latitude, longitude]")
    for status in plan.statuses:
        if not 0 <= status.value <= 0xFFFF:
            faults.append(f"status {status.value}: expected 0 to 65535")
        if status.kind not in STATUS_KINDS:
            faults.append(f"status {status.value}: kind: one of {', '.join(STATUS_KINDS)}")
    return faults


def _check_links(plan: Plan) -> list[str]:
    faults = [f"link {link.id}: {fault}" for link in plan.links for fault in link_faults(link)]
    faults += [fault for link in plan.links for fault in _terminal_faults(link)]
    faults += [f"link {link.id}: {fault}" for link in plan.links for fault in p25_link_faults(link)]
    keys = {link.id: ptt_ports((link,)) for link in plan.links}
    for link in plan.links:
        for other in plan.links:
            if other.id != link.id and link.port and link.port in keys[other.id]:
                faults.append(f"link {link.id}: port {link.port} keys link {other.id}")
    return faults


def _terminal_faults(link: Link) -> list[str]:
    if link.kind != "tetra-pei":
        return []
    try:
        check_settings(link.profile, link.mode)
    except ValueError as fault:
        return [f"link {link.id}: {fault}"]
    return []


def _check_individual(plan: Plan) -> list[str]:
    faults = _duplicates("individual rule", [rule.name for rule in plan.individual_rules])
    links = {link.id for link in plan.links}
    kinds = ("", *(kind.value for kind in IndividualKind))
    for rule in plan.individual_rules:
        where = f"individual rule {rule.name}"
        faults += [
            f"{where}: position {name!r} is not in the plan"
            for name in (*rule.positions, *rule.next_positions)
            if name not in plan.positions
        ]
        faults += [
            f"{where}: link {one!r} is not in the plan" for one in rule.links if one not in links
        ]
        if rule.kind not in kinds:
            faults.append(
                f"{where}: kind: expected private, telephone or nothing, got {rule.kind!r}"
            )
        if not 5 <= rule.ring_s <= 600 or not 1 <= rule.next_after_s <= 600:
            faults.append(f"{where}: expected ring_s 5 to 600 and next_after_s 1 to 600")
        if rule.next_positions and not rule.positions:
            faults.append(f"{where}: next_positions need positions that ring first")
        faults += [f"{where}: callers: {n!r} is no number" for n in rule.callers if not _number(n)]
    for entry in plan.never_recorded:
        if not _number(entry.number) or not entry.reason.strip():
            faults.append(
                f"never_recorded {entry.number!r}: expected a number and a reason; example: "
                'number = "+49 30 1234*", reason = "lawyer"'
            )
    reserved = [s.id for s in plan.systems if s.id == PRIVATE_SYSTEM or s.handle == PRIVATE_HANDLE]
    faults += [f"system {one}: this id or handle stands for private calls" for one in reserved]
    return faults


def _number(text: str) -> bool:
    """Say whether a text has a digit: ``*`` alone would be every number."""
    return any(character.isdigit() for character in text)


CHECKS: tuple[Callable[[Plan], list[str]], ...] = (
    _check_ids,
    _check_references,
    _check_ranges,
    _check_links,
    _check_individual,
    sound_faults,
)

"""Lists out in the formats they came in: the same plan gives the same bytes, headers always.

What a format has no place for is lost, and named in ``LOSSES``. Texts that a spreadsheet would run
as a formula get an apostrophe before them.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from xml.sax.saxutils import quoteattr

from dispatch.errors import ServiceError
from dispatch.importing.formats import dvm, sdrtrunk, sites, talkgroup_csv, unit_csv
from dispatch.importing.table_fields import FORMULAS
from gateway.model.plan import Plan, Site, Talkgroup, Unit

NOT_RECORDED = -1
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
TALKGROUPS, UNITS, SITES = "talkgroups", "units", "sites"
KINDS = (TALKGROUPS, UNITS, SITES)
LOSSES = {
    talkgroup_csv.TRUNK_RECORDER: "colour of the agency, tile, area, limits; one system a file",
    talkgroup_csv.RADIO_REFERENCE: "priority, recording rule, and the above",
    talkgroup_csv.OPENMHZ: "all but number, name, description, priority and recording off",
    talkgroup_csv.RDIO: "priority, recording rule, encryption, and the above",
    talkgroup_csv.TETRA: "agency, recording rule, and the above",
    sdrtrunk.FORMAT: "description, agency, encryption, recording off",
    dvm.RULES: "all but number, name and folder; characters that YAML cannot show",
    unit_csv.TAGS: "owner, kind, home talkgroup",
    unit_csv.RID_ACL: "owner, kind, home talkgroup, rules; commas in names become blanks",
    dvm.ALIASES: "owner, kind, home talkgroup, rules",
    unit_csv.TETRA: "owner, home talkgroup, rules",
    unit_csv.OP25: "all but number, name and priority; tabs in names become blanks",
    sites.FORMAT: "sites without numbers of RFSS and site; ids; names beyond 100 characters",
}
"""Format -> what is lost on the way out."""


def write_list(plan: Plan, system: str, kind: str, name: str) -> bytes:
    """Return the list of one system; raises ServiceError when the format does not carry it."""
    if system not in {one.id for one in plan.systems}:
        raise ServiceError(f"system: {system!r} is not in the plan")
    writers = _WRITERS.get(kind, {})
    if name not in writers:
        raise ServiceError(f"format: expected one of {', '.join(writers)}, got {name!r}")
    return writers[name](plan, system).encode("utf-8")


def formats_out(kind: str) -> tuple[str, ...]:
    """Return the formats that a kind of list can be written in."""
    return tuple(_WRITERS.get(kind, {}))


def safe(text: str) -> str:
    """Return a text that no spreadsheet runs; a number below zero is none to run."""
    return f"'{text}" if text[:1] in FORMULAS and not _NUMBER.fullmatch(text) else text


def _table(header: Sequence[str], rows: Iterable[Sequence[object]], *, tabs: bool = False) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t" if tabs else ",", lineterminator="\r\n")
    if header:
        writer.writerow(header)
    for row in rows:
        writer.writerow([safe(one_line(v)) if isinstance(v, str) else v for v in row])
    return out.getvalue()


def one_line(text: str) -> str:
    """Return a text without line ends: a row is one line in every reader of the field."""
    return " ".join(text.splitlines()) if "\n" in text or "\r" in text else text


def _groups(plan: Plan, system: str) -> list[Talkgroup]:
    return sorted((g for g in plan.talkgroups if g.system == system), key=lambda g: g.number)


def _units(plan: Plan, system: str) -> list[Unit]:
    return sorted((u for u in plan.units if u.system == system), key=lambda u: u.number)


def _mode(group: Talkgroup) -> str:
    return "DE" if group.encrypted else "D"


def _priority(group: Talkgroup) -> int:
    return group.priority if group.recorded else NOT_RECORDED


def _trunk_recorder(plan: Plan, system: str) -> str:
    header = ("Decimal", "Hex", "Mode", "Alpha Tag", "Description", "Tag", "Category", "Priority")
    return _table(
        header,
        (
            (
                group.number,
                f"{group.number:03x}",
                _mode(group),
                group.name,
                group.description,
                group.agency,
                group.folder,
                _priority(group),
            )
            for group in _groups(plan, system)
        ),
    )


def _radioreference(plan: Plan, system: str) -> str:
    header = ("Decimal", "Hex", "Alpha Tag", "Mode", "Description", "Tag", "Category")
    return _table(header, _reference_rows(plan, system))


def _reference_rows(plan: Plan, system: str) -> Iterable[Sequence[object]]:
    for group in _groups(plan, system):
        yield (
            group.number,
            f"{group.number:03x}",
            group.name,
            _mode(group),
            group.description,
            group.agency,
            group.folder,
        )


def _rdio(plan: Plan, system: str) -> str:
    return _table((), _reference_rows(plan, system))


def _openmhz(plan: Plan, system: str) -> str:
    header = ("Decimal", "Alpha Tag", "Description", "Priority")
    rows = ((g.number, g.name, g.description, _priority(g)) for g in _groups(plan, system))
    return _table(header, rows)


def _tetra_groups(plan: Plan, system: str) -> str:
    header = (
        "mcc",
        "mnc",
        "gssi",
        "opta",
        "alias",
        "folder",
        "type",
        "priority",
        "encryption",
        "emergency",
    )
    network = next(one for one in plan.systems if one.id == system)
    mcc, mnc = network.mcc or "", network.mnc or ""
    return _table(
        header,
        (
            (
                mcc,
                mnc,
                group.number,
                group.description,
                group.name,
                group.folder,
                "TMO",
                group.priority,
                "yes" if group.encrypted else "no",
                "",
            )
            for group in _groups(plan, system)
        ),
    )


def _op25_groups(plan: Plan, system: str) -> str:
    rows = ((g.number, g.name.replace("\t", " "), g.priority) for g in _groups(plan, system))
    return _table((), rows, tabs=True)


def _sdrtrunk(plan: Plan, system: str) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<playlist version="4">']
    listed = quoteattr(system)
    for group in _groups(plan, system):
        lines += _alias(group.name, group.folder, listed, "talkgroup", group.number)
        if group.priority > 0:
            lines.append(f'    <id type="priority" priority="{min(group.priority, 100)}"/>')
        if group.recorded:
            lines.append('    <id type="record"/>')
        lines.append("  </alias>")
    for unit in _units(plan, system):
        lines += _alias(unit.alias, unit.owner, listed, "radio", unit.number)
        lines.append("  </alias>")
    return "\n".join([*lines, "</playlist>", ""])


def _alias(name: str, group: str, listed: str, kind: str, number: int) -> list[str]:
    head = f'  <alias name={quoteattr(name)} list={listed} group={quoteattr(group)} color="0">'
    return [head, f'    <id type="{kind}" value="{number}" protocol="APCO25"/>']


def _dvm_rules(plan: Plan, system: str) -> str:
    lines = ["groupVoice:"]
    for group in _groups(plan, system):
        lines += [
            f"  - name: {_yaml(group.name)}",
            f"    alias: {_yaml(group.folder)}",
            "    config:",
            "      active: true",
            "    source:",
            f"      tgid: {group.number}",
            "      slot: 1",
        ]
    return "\n".join([*lines, ""])


def _dvm_aliases(plan: Plan, system: str) -> str:
    lines = []
    for unit in _units(plan, system):
        lines += [f"- alias: {_yaml(unit.alias)}", f"  rid: {unit.number}"]
    return "\n".join([*lines, ""])


def _yaml(text: str) -> str:
    """Return a double-quoted scalar; what cannot be printed is left out."""
    plain = "".join(sign for sign in one_line(text) if sign.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rid_acl(plan: Plan, system: str) -> str:
    lines = [f"{u.number},1,{_no_comma(u.alias)},," for u in _units(plan, system)]
    return "\n".join(["#RID,Enabled,Alias,IP Address,", *lines, ""])


def _no_comma(text: str) -> str:
    return " ".join(one_line(text).replace(",", " ").split())


def _tags(plan: Plan, system: str) -> str:
    """Units first: the first fit holds, and a unit's own name goes before every rule."""
    rows: list[Sequence[object]] = [(u.number, u.alias) for u in _units(plan, system)]
    rows += [
        (rule.pattern, rule.alias)
        for rule in plan.unit_rules
        if rule.system == system and rule.pattern
    ]
    lines = [f"{first},{_quoted(str(name))}" for first, name in rows]
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if set(escaped) & set(',"\\\t') else escaped


def _tetra_units(plan: Plan, system: str) -> str:
    header = ("mcc", "mnc", "issi", "opta", "alias", "type", "vehicle", "primary", "status_group")
    network = next(one for one in plan.systems if one.id == system)
    mcc, mnc = network.mcc or "", network.mnc or ""
    rows = ((mcc, mnc, u.number, "", u.alias, u.kind, "", "", "") for u in _units(plan, system))
    return _table(header, rows)


def _op25_units(plan: Plan, system: str) -> str:
    rows = ((u.number, u.alias.replace("\t", " ")) for u in _units(plan, system))
    return _table((), rows, tabs=True)


def _sites(plan: Plan, system: str) -> str:
    header = (
        "RFSS",
        "Site Dec",
        "Site Hex",
        "Site NAC",
        "Description",
        "County Name",
        "Lat",
        "Lon",
        "Range",
        "Frequencies",
    )
    mine = (s for s in plan.sites if s.system == system and s.rfss is not None)
    rows = (_site_row(site) for site in sorted(mine, key=lambda s: (s.rfss, s.number)))
    return _table(header, rows)


def _degrees(value: float | None) -> str:
    """Return degrees to a millimetre, never with an exponent."""
    return "" if value is None else f"{value:.8f}".rstrip("0").rstrip(".")


def _site_row(site: Site) -> Sequence[object]:
    number = site.number or 0
    return (
        site.rfss,
        f"{number:03d}",
        f"{number:X}",
        "" if site.nac is None else f"{site.nac:X}",
        site.name,
        site.county,
        _degrees(site.latitude),
        _degrees(site.longitude),
        "",
        *(f"{hz / 1e6:.6f}{'c' if hz in site.control_hz else ''}" for hz in site.frequencies_hz),
    )


_Writer = Callable[[Plan, str], str]
_TALKGROUPS: dict[str, _Writer] = {
    talkgroup_csv.TRUNK_RECORDER: _trunk_recorder,
    talkgroup_csv.RADIO_REFERENCE: _radioreference,
    talkgroup_csv.OPENMHZ: _openmhz,
    talkgroup_csv.RDIO: _rdio,
    talkgroup_csv.TETRA: _tetra_groups,
    sdrtrunk.FORMAT: _sdrtrunk,
    dvm.RULES: _dvm_rules,
    unit_csv.OP25: _op25_groups,
}
_UNITS: dict[str, _Writer] = {
    unit_csv.TAGS: _tags,
    unit_csv.RID_ACL: _rid_acl,
    dvm.ALIASES: _dvm_aliases,
    unit_csv.TETRA: _tetra_units,
    unit_csv.OP25: _op25_units,
    sdrtrunk.FORMAT: _sdrtrunk,
}
_WRITERS: dict[str, dict[str, _Writer]] = {
    TALKGROUPS: _TALKGROUPS,
    UNITS: _UNITS,
    SITES: {sites.FORMAT: _sites},
}

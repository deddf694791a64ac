"""Rules about ids, references and ranges: broken, a plan contradicts itself. All are errors."""

from collections import Counter
from collections.abc import Iterable

from dispatch.plans.finding import Broken, Rule, Severity
from gateway.model.ids import MAX_SSI, parse_system
from gateway.model.individual import IndividualKind
from gateway.model.p25_settings import MAX_TGID, MAX_UNIT
from gateway.model.plan import Plan, Site, Talkgroup
from gateway.model.private_line import PRIVATE_HANDLE, PRIVATE_SYSTEM
from gateway.model.unit_rules import unit_rule_faults

AGENCIES = ("police", "fire", "ems", "port", "misc")
STATUS_KINDS = ("unit", "request", "urgent_request", "emergency", "other")
LABEL_MAX = 24
MAX_NAC = 0xFFF
MAX_SITE_NUMBER = 255
"""P25 numbers subsystems and sites with eight bits."""
MIN_HZ, MAX_HZ = 10_000_000, 6_000_000_000
LIMITS = {"tetra": (MAX_SSI, MAX_SSI), "p25": (MAX_TGID, MAX_UNIT)}
"""Technology -> largest group and unit number."""


def _twice(kind: str, what: str, keys: Iterable[object]) -> Broken:
    for key, count in Counter(keys).items():
        if count > 1:
            yield kind, str(key), "id", f"{what} {key}: named {count} times"


def _duplicates(plan: Plan) -> Broken:
    yield from _twice("system", "system", (s.id for s in plan.systems))
    yield from _twice("system", "system handle", (s.handle for s in plan.systems))
    yield from _twice("site", "site", (s.id for s in plan.sites))
    yield from _twice("link", "link", (link.id for link in plan.links))
    yield from _twice("talkgroup", "talkgroup", (t.id for t in plan.talkgroups))
    yield from _twice("unit", "unit", (u.id for u in plan.units))
    yield from _twice("unit_rule", "unit rule", (f"{r.system}/{r.name}" for r in plan.unit_rules))
    yield from _twice("status", "status", (s.id for s in plan.statuses))
    yield from _twice(
        "individual_rule", "individual rule", (rule.name for rule in plan.individual_rules)
    )
    yield from _twice("position", "position", plan.positions)


def _ports(plan: Plan) -> Broken:
    ports = Counter(link.port for link in plan.links if link.port)
    for link in plan.links:
        if ports[link.port] > 1:
            words = f"port {link.port}: named {ports[link.port]} times"
            yield "link", link.id, "port", words
            ports[link.port] = 0


def _tiles(plan: Plan) -> Broken:
    placed = [group for group in plan.talkgroups if group.address is not None]
    places = Counter((group.folder, group.address) for group in placed)
    last = {(group.folder, group.address): group.id for group in placed}
    for (folder, address), count in places.items():
        if count > 1:
            words = f"tile {address} in folder {folder}: named {count} times"
            yield "talkgroup", last[folder, address], "address", words


def _system_ids(plan: Plan) -> Broken:
    for system in plan.systems:
        try:
            parse_system(system.id)
        except ValueError as error:
            yield "system", system.id, "id", f"systems: {error}"
        if system.id == PRIVATE_SYSTEM or system.handle == PRIVATE_HANDLE:
            words = f"system {system.id}: this id or handle stands for private calls"
            yield "system", system.id, "id", words


def _references(plan: Plan) -> Broken:
    systems = {s.id for s in plan.systems}
    rows = (("talkgroup", plan.talkgroups), ("unit", plan.units), ("link", plan.links))
    for kind, of_kind in rows:
        for row in of_kind:
            if row.system not in systems:
                words = f"{kind} {row.id}: system {row.system!r} is not in the plan"
                yield kind, row.id, "system", words
    of_one = (("site", plan.sites), ("status", plan.statuses))
    for kind, may_name in of_one:
        for one in may_name:
            if one.system is not None and one.system not in systems:
                words = f"{kind} {one.id}: system {one.system!r} is not in the plan"
                yield kind, one.id, "system", words
    yield from _unit_references(plan)


def _unit_references(plan: Plan) -> Broken:
    systems = {s.id for s in plan.systems}
    groups = {t.id for t in plan.talkgroups}
    for rule in plan.unit_rules:
        if rule.system not in systems:
            words = f"unit rule {rule.name}: system {rule.system!r} is not in the plan"
            yield "unit_rule", f"{rule.system}/{rule.name}", "system", words
    for unit in plan.units:
        if unit.talkgroup is not None and unit.talkgroup not in groups:
            words = f"unit {unit.id}: talkgroup {unit.talkgroup!r} is not in the plan"
            yield "unit", unit.id, "talkgroup", words


def _link_references(plan: Plan) -> Broken:
    sites = {s.id for s in plan.sites}
    groups = {t.id for t in plan.talkgroups}
    for link in plan.links:
        where = f"link {link.id}"
        if link.site not in sites:
            yield "link", link.id, "site", f"{where}: site {link.site!r} is not in the plan"
        for number in (*link.talkgroups, *([link.group] if link.group is not None else [])):
            if f"{link.system}/{number}" not in groups:
                words = f"{where}: talkgroup {number} is not in the plan"
                yield "link", link.id, "talkgroups", words
        if link.group is not None and link.group not in link.talkgroups:
            words = f"{where}: group {link.group} is not one of its talkgroups"
            yield "link", link.id, "group", words


def _numbers(plan: Plan) -> Broken:
    limits = {s.id: LIMITS[s.technology] for s in plan.systems if s.technology in LIMITS}
    for place, kind, rows in ((0, "talkgroup", plan.talkgroups), (1, "unit", plan.units)):
        for row in rows:
            limit = limits.get(row.system, (0, 0))[place]
            if limit and not 1 <= row.number <= limit:
                words = f"{kind} {row.id}: expected 1 to {limit}, got {row.number}"
                yield kind, row.id, "number", words


def _talkgroup_faults(group: Talkgroup) -> Iterable[tuple[str, str]]:
    if len(group.name) > LABEL_MAX:
        yield "name", f"name longer than {LABEL_MAX} characters"
    if group.agency_kind not in AGENCIES:
        yield "agency_kind", f"agency_kind: one of {', '.join(AGENCIES)}"
    if not 1 <= group.transmit_limit_s <= 600:
        yield "transmit_limit_s", "transmit_limit_s: expected 1 to 600"
    if group.area and (len(group.area) < 3 or any(len(point) != 2 for point in group.area)):
        yield "area", "area: expected 3 or more [latitude, longitude]"


def _site_faults(site: Site) -> Iterable[tuple[str, str]]:
    for field, most in (("nac", MAX_NAC), ("rfss", MAX_SITE_NUMBER), ("number", MAX_SITE_NUMBER)):
        value = getattr(site, field)
        if value is not None and not 0 <= value <= most:
            yield field, f"{field}: expected 0 to {most}, got {value}"
    for field, degrees in (("latitude", 90), ("longitude", 180)):
        value = getattr(site, field)
        if value is not None and not -degrees <= value <= degrees:
            yield field, f"{field}: expected -{degrees} to {degrees}, got {value}"
    if (site.latitude is None) != (site.longitude is None):
        yield "latitude", "latitude and longitude: expected both or neither"
    if any(not MIN_HZ <= hz <= MAX_HZ for hz in site.frequencies_hz):
        yield "frequencies_hz", f"frequencies_hz: expected {MIN_HZ} to {MAX_HZ}"
    if not set(site.control_hz) <= set(site.frequencies_hz):
        yield "control_hz", "control_hz: expected some of frequencies_hz"


def _values(plan: Plan) -> Broken:
    for site in plan.sites:
        for field, words in _site_faults(site):
            yield "site", site.id, field, f"site {site.id}: {words}"
    for group in plan.talkgroups:
        for field, words in _talkgroup_faults(group):
            yield "talkgroup", group.id, field, f"talkgroup {group.id}: {words}"
    for status in plan.statuses:
        where = f"status {status.id}"
        if not 0 <= status.value <= 0xFFFF:
            yield "status", status.id, "value", f"{where}: expected 0 to 65535"
        if status.kind not in STATUS_KINDS:
            words = f"{where}: kind: one of {', '.join(STATUS_KINDS)}"
            yield "status", status.id, "kind", words
    for rule in plan.unit_rules:
        for fault in unit_rule_faults(rule):
            words = f"unit rule {rule.name}: {fault}"
            yield "unit_rule", f"{rule.system}/{rule.name}", "", words


def _individual(plan: Plan) -> Broken:
    links = {link.id for link in plan.links}
    kinds = ("", *(kind.value for kind in IndividualKind))
    for rule in plan.individual_rules:
        faults = [
            f"position {name!r} is not in the plan"
            for name in (*rule.positions, *rule.next_positions)
            if name not in plan.positions
        ]
        faults += [f"link {one!r} is not in the plan" for one in rule.links if one not in links]
        if rule.kind not in kinds:
            faults.append(f"kind: expected private, telephone or nothing, got {rule.kind!r}")
        if not 5 <= rule.ring_s <= 600 or not 1 <= rule.next_after_s <= 600:
            faults.append("expected ring_s 5 to 600 and next_after_s 1 to 600")
        if rule.next_positions and not rule.positions:
            faults.append("next_positions need positions that ring first")
        faults += [f"callers: {n!r} is no number" for n in rule.callers if not _number(n)]
        for fault in faults:
            yield "individual_rule", rule.name, "", f"individual rule {rule.name}: {fault}"
    for entry in plan.never_recorded:
        if not _number(entry.number) or not entry.reason.strip():
            words = (
                f"never_recorded {entry.number!r}: expected a number and a reason; example: "
                'number = "+49 30 1234*", reason = "lawyer"'
            )
            yield "never_recorded", entry.number, "", words


def _number(text: str) -> bool:
    """Say whether a text has a digit: ``*`` alone would be every number."""
    return any(character.isdigit() for character in text)


RULES = (
    Rule("ID-1", Severity.ERROR, "every id is there once", _duplicates),
    Rule("ID-2", Severity.ERROR, "two links never share a port", _ports),
    Rule("ID-3", Severity.ERROR, "two talkgroups never share a tile", _tiles),
    Rule("ID-4", Severity.ERROR, "ids of systems are well formed and not taken", _system_ids),
    Rule("REF-1", Severity.ERROR, "what is named is in the plan", _references),
    Rule("REF-2", Severity.ERROR, "sites and talkgroups of a link are there", _link_references),
    Rule("NUM-1", Severity.ERROR, "numbers are inside the system's range", _numbers),
    Rule("VAL-1", Severity.ERROR, "values are what they can be", _values),
    Rule("PRV-1", Severity.ERROR, "rules of private calls can be kept", _individual),
)

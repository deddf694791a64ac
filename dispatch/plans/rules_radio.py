"""Rules about what an operator would miss: a way to transmit, a way for alarms, a clear label."""

from collections.abc import Callable, Iterable

from dispatch.plans.finding import Broken, Rule, Severity
from dispatch.plans.rules_layouts import placed_talkgroups, takes_emergencies
from gateway.model.ids import TalkgroupId
from gateway.model.layouts import layout_of
from gateway.model.link_kinds import WITHOUT_EMERGENCY
from gateway.model.number_pattern import compile_pattern
from gateway.model.plan import Link, Plan
from gateway.model.unit_rules import UnitRule, rule_name, unit_rule_faults

TILE_CHARACTERS = 20
"""Capitals that fit on a tile (console conventions, TalkgroupTile)."""
ALIAS_CHARACTERS = 12
"""Characters that the display of a radio shows of an alias."""


def _links_of(plan: Plan) -> dict[TalkgroupId, list[Link]]:
    found: dict[TalkgroupId, list[Link]] = {group.id: [] for group in plan.talkgroups}
    for link in plan.links:
        for number in link.talkgroups:
            found.get(TalkgroupId(f"{link.system}/{number}"), []).append(link)
    return found


def _no_link(plan: Plan) -> Broken:
    links, placed = _links_of(plan), placed_talkgroups(plan)
    homes = {unit.talkgroup for unit in plan.units}
    for group in plan.talkgroups:
        if links[group.id] or group.id not in homes | placed:
            continue
        use = "a home talkgroup" if group.id in homes else "in a layout"
        yield "talkgroup", group.id, "", f"{group.name} is {use}, and no link transmits on it"


def _unused(plan: Plan) -> Broken:
    links = _links_of(plan)
    used = {unit.talkgroup for unit in plan.units} | placed_talkgroups(plan)
    tail = "no unit's home" + (" and in no layout" if plan.layouts else "")
    for group in plan.talkgroups:
        if not links[group.id] and group.id not in used:
            words = f"{group.name} is on no link, {tail}: nothing is heard of it"
            yield "talkgroup", group.id, "", words


def _no_emergency(plan: Plan) -> Broken:
    links_of = _links_of(plan)
    for group in plan.talkgroups:
        links = links_of[group.id]
        if links and all(link.kind in WITHOUT_EMERGENCY for link in links):
            via = ", ".join(link.name for link in links)
            words = f"{group.name}: {via} can carry no emergency, and no other link does"
            yield "talkgroup", group.id, "", words


def _no_emergency_talkgroup(plan: Plan) -> Broken:
    able = takes_emergencies(plan)
    for position in plan.positions:
        layout = layout_of(plan.layouts, position)
        if layout is None and not able:
            words = f"position {position}: no talkgroup of the plan can take its emergency call"
            yield "position", position, "", words
        elif layout is not None and not able & frozenset(layout.emergency):
            words = (
                f"position {position}: layout {layout.name} names no emergency talkgroup that can "
                "take its emergency call"
            )
            yield "position", position, "", words


def _retention(known: Iterable[str]) -> Callable[[Plan], Broken]:
    classes = frozenset(known)

    def check(plan: Plan) -> Broken:
        for group in plan.talkgroups:
            if group.retention not in classes:
                words = (
                    f"{group.name}: retention class {group.retention!r} is not in the policy; "
                    f"known: {', '.join(sorted(classes))}"
                )
                yield "talkgroup", group.id, "retention", words
        for rule in plan.individual_rules:
            if rule.recorded and rule.retention not in classes:
                words = f"rule {rule.name}: retention class {rule.retention!r} is not in the policy"
                yield "individual_rule", rule.name, "retention", words

    return check


def _long_labels(plan: Plan) -> Broken:
    for group in plan.talkgroups:
        if len(group.name) > TILE_CHARACTERS:
            words = f"{group.name}: {len(group.name)} characters, a tile shows {TILE_CHARACTERS}"
            yield "talkgroup", group.id, "name", words


def _long_aliases(plan: Plan) -> Broken:
    for unit in plan.units:
        if len(unit.alias) > ALIAS_CHARACTERS:
            words = f"{unit.alias}: {len(unit.alias)} characters, radios show {ALIAS_CHARACTERS}"
            yield "unit", unit.id, "alias", words


def _same_names(plan: Plan) -> Broken:
    seen: dict[tuple[str, str], str] = {}
    for group in plan.talkgroups:
        key = (group.folder, group.name.casefold())
        if key in seen:
            words = f"{group.name}: {seen[key]} in folder {group.folder} has the same name"
            yield "talkgroup", group.id, "name", words
        seen.setdefault(key, group.id)


def _mixed_encryption(plan: Plan) -> Broken:
    mode = {group.id: group.encrypted for group in plan.talkgroups}
    for link in plan.links:
        modes = {mode.get(TalkgroupId(f"{link.system}/{n}")) for n in link.talkgroups} - {None}
        if len(modes) > 1:
            words = f"link {link.name} carries encrypted and unencrypted talkgroups"
            yield "link", link.id, "talkgroups", words


def _shadowed(plan: Plan) -> Broken:
    for place, rule in enumerate(plan.unit_rules):
        before = _before(plan.unit_rules[:place], rule)
        if before is not None:
            words = f"rule {rule.name} never holds: {before.name} stands before it and takes all"
            yield "unit_rule", f"{rule.system}/{rule.name}", "", words


def _overruled(plan: Plan) -> Broken:
    for rule in plan.unit_rules:
        fits = fitting(rule)
        named = [u for u in plan.units if u.system == rule.system and fits(u.number)]
        if named:
            more = f" and {len(named) - 1} more" if len(named) > 1 else ""
            words = f"rule {rule.name}: {named[0].alias}{more} keep the name of their own row"
            yield "unit_rule", f"{rule.system}/{rule.name}", "", words


def _before(earlier: tuple[UnitRule, ...], rule: UnitRule) -> UnitRule | None:
    """Return the rule that takes every number of ``rule`` beforehand, as far as it can be told."""
    for one in earlier:
        if one.system != rule.system:
            continue
        if rule.pattern and one.pattern == rule.pattern:
            return one
        if rule.first is None or rule.last is None or one.first is None or one.last is None:
            continue
        if one.first <= rule.first and rule.last <= one.last:
            return one
    return None


def fitting(rule: UnitRule) -> Callable[[int], bool]:
    """Return what tells whether a rule fits a number; a rule with faults fits none."""
    if unit_rule_faults(rule):
        return lambda _number: False
    pattern = compile_pattern(rule.pattern) if rule.pattern else None
    return lambda number: rule_name(rule, pattern, number) is not None


def radio_rules(retention_classes: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules; ``retention_classes`` are those of the policy in force."""
    warning, note = Severity.WARNING, Severity.NOTE
    retention = _retention(retention_classes)
    return (
        Rule("TG-1", warning, "a talkgroup in use has a link to transmit", _no_link),
        Rule("TG-2", note, "no talkgroup is unused", _unused),
        Rule("TG-3", warning, "a talkgroup has a link that carries emergencies", _no_emergency),
        Rule("TG-4", warning, "a name fits on a tile", _long_labels),
        Rule("TG-5", warning, "two talkgroups of a folder have two names", _same_names),
        Rule(
            "POS-1",
            warning,
            "a position has an emergency talkgroup",
            _no_emergency_talkgroup,
        ),
        Rule(
            "RET-1",
            Severity.ERROR,
            "every retention class is in the policy",
            retention,
        ),
        Rule("UNIT-1", note, "an alias fits on a radio's display", _long_aliases),
        Rule("UNIT-2", warning, "every rule of unit names can hold", _shadowed),
        Rule("UNIT-3", note, "no unit's row overrules a rule", _overruled),
        Rule("ENC-1", note, "a link does not mix encrypted and unencrypted", _mixed_encryption),
    )

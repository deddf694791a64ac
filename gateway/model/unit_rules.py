"""Names for units that no row of the plan names: by a span of numbers or by a pattern.

The first rule that fits holds, in the order of the plan; a unit of the plan goes before all rules.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.model.ids import SystemId, UnitId, split_address
from gateway.model.number_pattern import NumberPattern, compile_pattern

MAX_KNOWN = 50_000
"""Names kept from rules; beyond it the oldest are worked out again."""
_PLACEHOLDER = re.compile(r"\$(\d)|\{number\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRule:
    """Units ``first`` to ``last``, or those whose number fits ``pattern``, and what to call them.

    ``alias`` may hold ``{number}`` and, for a pattern, ``$1`` to ``$9``: what its groups caught.
    """

    system: SystemId
    name: str
    alias: str
    first: int | None = None
    last: int | None = None
    pattern: str = ""
    kind: str = ""
    agency_kind: str = "misc"


def unit_rule_faults(rule: UnitRule) -> list[str]:
    """Return what cannot be used, a phrase each."""
    span = rule.first is not None or rule.last is not None
    if span == bool(rule.pattern):
        return ["expected first and last, or a pattern"]
    if span and (rule.first is None or rule.last is None or rule.last < rule.first):
        return [f"expected first and last, the lower first, got {rule.first} and {rule.last}"]
    if not rule.alias.strip():
        return ["alias: expected a name"]
    if rule.pattern:
        try:
            groups = compile_pattern(rule.pattern).groups
        except ValueError as error:
            return [str(error)]
        wanted = [int(n) for n in re.findall(r"\$(\d)", rule.alias)]
        if any(n > groups for n in wanted):
            return [f"alias: {rule.alias!r} wants group {max(wanted)}, the pattern has {groups}"]
    return []


class UnitNames:
    """All rules of a plan, ready to be asked. Rules with faults never fit."""

    def __init__(self, rules: Iterable[UnitRule]) -> None:
        """Compile the rules."""
        self._rules = [
            (rule, compile_pattern(rule.pattern) if rule.pattern else None)
            for rule in rules
            if not unit_rule_faults(rule)
        ]
        self._known: dict[UnitId, tuple[UnitRule, str] | None] = {}

    def find(self, unit: UnitId) -> tuple[UnitRule, str] | None:
        """Return the rule that names a unit and the name; None when no rule does."""
        if not self._rules:
            return None
        if unit not in self._known:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[unit] = self._work_out(unit)
        return self._known[unit]

    def alias(self, unit: UnitId) -> str:
        """Return the name that a rule gives, empty when none does."""
        found = self.find(unit)
        return found[1] if found else ""

    def _work_out(self, unit: UnitId) -> tuple[UnitRule, str] | None:
        try:
            system, number = split_address(unit)
        except ValueError:
            return None
        for rule, pattern in self._rules:
            if rule.system != system:
                continue
            name = rule_name(rule, pattern, number)
            if name is not None:
                return rule, name
        return None


def rule_name(rule: UnitRule, pattern: NumberPattern | None, number: int) -> str | None:
    """Return what a rule calls a number, None when it does not fit."""
    if pattern is None:
        if rule.first is None or rule.last is None or not rule.first <= number <= rule.last:
            return None
        return _filled(rule.alias, number, {})
    caught = pattern.match(str(number))
    if caught is None:
        return None
    return _filled(rule.alias, number, dict(enumerate(caught)))


def _filled(alias: str, number: int, caught: Mapping[int, str]) -> str:
    def put(found: re.Match[str]) -> str:
        return caught.get(int(found[1]), "") if found[1] else str(number)

    return _PLACEHOLDER.sub(put, alias).strip() or str(number)

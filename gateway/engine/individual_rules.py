"""Where a private call rings and whether it is recorded: decided from the plan, before it is told.

Numbers are compared as digits: blanks, dashes and a leading ``+`` or ``00`` do not count. A caller
who hides the number fits no list; the rule of the link holds then.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.engine.call_state import PrivateTerms
from gateway.model.ids import LinkId, PositionId
from gateway.model.individual import IndividualKind
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.plan import Plan

DEFAULT_RULE = IndividualRule(name="every position")
"""Holds where the plan has no rule that fits."""
_NOT_DIGITS = re.compile(r"[^0-9*#]")
MAX_DIGITS = 25
"""Longest dial string that a terminal takes (CME error 26: over 25 digits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Whether a call is recorded, and the words for it: known before anybody answers."""

    recorded: bool
    why: str
    protected: bool
    retention: str

    def terms(self, *, duplex: bool) -> PrivateTerms:
        """Return what the voice path needs of it."""
        return PrivateTerms(recorded=self.recorded, retention=self.retention, duplex=duplex)


def digits_of(number: str) -> str:
    """Return a number in the form in which numbers are compared."""
    digits = _NOT_DIGITS.sub("", number)
    return digits.removeprefix("00")


def fits(pattern: str, number: str) -> bool:
    """Say whether a number is the pattern, or begins with it where it ends in ``*``."""
    if not number:
        return False
    wanted = digits_of(pattern)
    if wanted.endswith("*"):
        return digits_of(number).startswith(wanted[:-1])
    return digits_of(number) == wanted


def rule_for(plan: Plan, link: LinkId, kind: IndividualKind, number: str) -> IndividualRule:
    """Return the first rule of the plan that fits."""
    for rule in plan.individual_rules:
        if rule.links and link not in rule.links:
            continue
        if rule.kind and rule.kind != kind.value:
            continue
        if rule.callers and not any(fits(caller, number) for caller in rule.callers):
            continue
        return rule
    return DEFAULT_RULE


def recording_for(plan: Plan, rule: IndividualRule, number: str) -> Recording:
    """Return whether a call with this number is recorded: the list goes before the rule."""
    listed = _listed(plan.never_recorded, number)
    if listed is not None:
        return Recording(
            recorded=False, why=listed.reason, protected=True, retention=rule.retention
        )
    why = "" if rule.recorded else f"rule {rule.name}"
    return Recording(recorded=rule.recorded, why=why, protected=False, retention=rule.retention)


def positions_of(plan: Plan, names: Sequence[str]) -> tuple[PositionId, ...]:
    """Return these positions as far as the plan has them; all for none."""
    known = [PositionId(name) for name in names if name in plan.positions]
    return tuple(known) if names else tuple(PositionId(name) for name in plan.positions)


def _listed(numbers: Sequence[NeverRecorded], number: str) -> NeverRecorded | None:
    return next((entry for entry in numbers if fits(entry.number, number)), None)

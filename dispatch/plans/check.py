"""A plan held against every rule. Errors keep it from being activated."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dispatch.plans.canonical import plan_hash
from dispatch.plans.finding import Finding, Rule, Severity
from dispatch.plans.rules_ids import RULES as ID_RULES
from dispatch.plans.rules_layouts import RULES as LAYOUT_RULES
from dispatch.plans.rules_patches import RULES as PATCH_RULES
from dispatch.plans.rules_radio import radio_rules
from dispatch.plans.rules_simulated import simulated_rules
from dispatch.store.retention import RETENTION_DAYS
from gateway.model.p25_settings import P25Settings
from gateway.model.plan import Link, Plan

HARDWARE_RULE = "LNK-1"
HARDWARE_WORDS = "a link can be opened as it is written"
MAX_FINDINGS_OF_A_RULE = 500
"""Further ones of the same rule are counted in one finding."""
_LINK_FIELDS = frozenset(
    (*Link.__dataclass_fields__, *(f"p25.{name}" for name in P25Settings.__dataclass_fields__))
)
LinkFaults = Callable[[Plan], Iterable[tuple[str, str]]]
"""Gives (link, sentence) for what a driver would refuse; given by the wiring."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found, for the plan with this hash."""

    plan_sha256: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the plan may be activated."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that keep it from being activated."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)

    def counts(self) -> dict[str, int]:
        """Return how many findings of each severity there are."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity.value: found[severity] for severity in Severity}


class Checker:
    """All rules, with what the policy and the drivers know."""

    def __init__(
        self,
        link_faults: LinkFaults | None = None,
        retention_classes: Iterable[str] = tuple(RETENTION_DAYS),
        *,
        simulated_anywhere: bool = False,
    ) -> None:
        """Take what a driver would refuse and the retention classes of the policy.

        ``simulated_anywhere``: the server is a demonstration, its simulated links carry everything.
        """
        self._link_faults = link_faults
        self.rules: tuple[Rule, ...] = (
            *ID_RULES,
            *radio_rules(retention_classes),
            *simulated_rules(anywhere=simulated_anywhere),
            *PATCH_RULES,
            *LAYOUT_RULES,
        )

    def check(self, plan: Plan) -> Report:
        """Return every finding, errors first."""
        return Report(plan_hash(plan), self.findings(plan))

    def findings(self, plan: Plan) -> tuple[Finding, ...]:
        """Return the same without the plan's hash, which takes long of a long plan."""
        found: list[Finding] = []
        for rule in self.rules:
            found += _at_most(list(rule.findings(plan)))
        if self._link_faults is not None:
            found += [
                Finding(HARDWARE_RULE, Severity.ERROR, "link", link, words, _field(link, words))
                for link, words in self._link_faults(plan)
            ]
        order = list(Severity)
        found.sort(key=lambda finding: order.index(finding.severity))
        return tuple(found)


def _field(link: str, words: str) -> str:
    """Return the setting that a driver's sentence begins with, empty when it names none."""
    name = words.removeprefix(f"link {link}: ").partition(":")[0]
    return name if name in _LINK_FIELDS else ""


def _at_most(findings: list[Finding]) -> list[Finding]:
    more = len(findings) - MAX_FINDINGS_OF_A_RULE
    if more <= 0:
        return findings
    last = findings[MAX_FINDINGS_OF_A_RULE]
    words = f"and {more} more of this kind"
    counted = Finding(last.rule, last.severity, last.kind, last.id, words)
    return [*findings[:MAX_FINDINGS_OF_A_RULE], counted]

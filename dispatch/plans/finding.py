"""What a check of a plan finds: rule, severity, the object it is about, a sentence."""

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gateway.model.plan import Plan


class Severity(enum.Enum):
    """An error keeps a plan from being activated; a warning asks; a note only tells."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``kind`` and ``id`` name the object, as in ``dispatch.plans.objects``."""

    rule: str
    severity: Severity
    kind: str
    id: str
    words: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that every plan is held against."""

    id: str
    severity: Severity
    words: str
    check: Callable[[Plan], Iterable[tuple[str, str, str, str]]]
    """Gives (kind, id, field, sentence) for each place where the rule is broken."""

    def findings(self, plan: Plan) -> Iterator[Finding]:
        """Hold a plan against this rule."""
        for kind, thing, field, words in self.check(plan):
            yield Finding(self.id, self.severity, kind, thing, words, field)


Broken = Iterator[tuple[str, str, str, str]]
"""What a check gives: kind, id, field, sentence."""

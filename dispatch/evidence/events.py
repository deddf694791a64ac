"""Events of evidence: for those who see packages, and the alert about a large one."""

from dataclasses import dataclass
from typing import Any, ClassVar

from dispatch.auth.access import Access
from gateway.model.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceChanged(Event):
    """A package was built, decided, handed out or erased (``state``)."""

    type: ClassVar[str] = "evidence.changed"
    package: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLarge(Event):
    """Somebody had more than 500 MB packed: an alert for those who watch over look-ups."""

    type: ClassVar[str] = "evidence.large"
    package: str
    size_bytes: int
    asked_by: str


def who_sees(event: Any, access: Access) -> Event | None:  # either event of this module
    """Return the event for those who may see packages, None for all others."""
    return event if access.may("evidence.see") else None

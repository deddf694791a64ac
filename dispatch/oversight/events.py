"""Events of oversight: seen by whoever has to act on them, and by whom they are about."""

from dataclasses import dataclass
from typing import Any, ClassVar

from dispatch.auth.access import Access
from gateway.model.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(Event):
    """Somebody asks for a second person; whoever has ``permission`` may agree."""

    type: ClassVar[str] = "approval.asked"
    approval: str
    approval_kind: str
    words: str
    asked_by: str
    asked_name: str
    permission: str
    expires_utc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided(Event):
    """A request is agreed, refused, withdrawn or expired (``state``)."""

    type: ClassVar[str] = "approval.decided"
    approval: str
    approval_kind: str
    state: str
    asked_by: str
    permission: str
    by: str = ""
    """Name of who decided."""


def who_acts(event: Any, access: Access) -> Event | None:  # any event with these two fields
    """Return the event for who asked and for those who may decide, None for all others."""
    concerned = event.asked_by == access.user.id or access.may(event.permission)
    return event if concerned else None

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAdded(Event):
    """A task for the review queue: a sampled look, an alert, a broken glass."""

    type: ClassVar[str] = "review.added"
    review: str
    review_kind: str
    rule: str
    words: str
    audience: str
    """auditor or dpo."""
    user: str
    due_utc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GlassBroken(Event):
    """Somebody took an extra right in need; supervisors are told at once."""

    type: ClassVar[str] = "glass.broken"
    glass: str
    user: str
    operator: str
    scope_kind: str
    scope: str
    words: str
    until_utc: int


def who_reviews(event: ReviewAdded, access: Access) -> Event | None:
    """Return the event for those of its audience, but never for the person it is about."""
    mine = access.user.role.value == event.audience and access.user.id != event.user
    return event if mine and access.may("review.see") else None


def who_watches(event: GlassBroken, access: Access) -> Event | None:
    """Return the event for supervisors, reviewers and who broke it."""
    return event if access.may("glass.see") or access.user.id == event.user else None

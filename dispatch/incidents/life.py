"""The life of an incident: its states, the steps between them, its priorities. Pure."""

from typing import Literal

from dispatch.errors import Conflict, ServiceError

State = Literal["new", "active", "waiting", "closed", "merged"]
NEW, ACTIVE, WAITING, CLOSED, MERGED = "new", "active", "waiting", "closed", "merged"
GOING_ON = frozenset({NEW, ACTIVE, WAITING})
"""States in which an incident is worked on; ``open`` in a query means these three."""
STEPS: dict[str, frozenset[str]] = {
    NEW: frozenset({ACTIVE, WAITING, CLOSED, MERGED}),
    ACTIVE: frozenset({WAITING, CLOSED, MERGED}),
    WAITING: frozenset({ACTIVE, CLOSED, MERGED}),
    CLOSED: frozenset({ACTIVE}),
    MERGED: frozenset(),
}
"""From each state to these. Closed to active needs a reason; a merge is only undone."""
PRIORITIES = (1, 2, 3, 4)
PRIORITY_OF = {"alert": 2, "detection": 3, "info": 4}
"""Priority that a severity begins with; 1 is given by people alone."""
CLOSE_REASONS = ("handled", "no_cause_found", "duplicate", "false_alarm")
"""An exercise is a mark that is set beforehand, never a reason."""
MIN_REASON_CHARACTERS = 3


def demand_step(label: str, before: str, after: str) -> None:
    """Raise Conflict unless an incident may go from one state to another."""
    if after not in STEPS:
        raise ServiceError(f"state: expected one of {', '.join(STEPS)}, got {after!r}")
    if before == after:
        raise Conflict(f"{label} is {before} already")
    if after not in STEPS[before]:
        allowed = ", ".join(sorted(STEPS[before])) or "nothing"
        raise Conflict(f"{label} is {before}; from there it goes to {allowed}, not to {after}")


def demand_priority(priority: int) -> None:
    """Raise ServiceError unless it is 1 to 4."""
    if priority not in PRIORITIES:
        raise ServiceError(f"priority: expected 1 to 4, got {priority}")


def demand_reason(reason: str, what: str) -> str:
    """Return the reason without outer blanks; raises ServiceError when it says nothing."""
    words = reason.strip()
    if len(words) < MIN_REASON_CHARACTERS:
        raise ServiceError(f"reason: {what} needs a reason in words")
    return words

"""Events of live view: each is for the person who watches, and for nobody else."""

from dataclasses import dataclass
from typing import Any, ClassVar

from dispatch.auth.access import Access
from gateway.model.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewEnded(Event):
    """A person's view of a camera was ended; ``reason`` is for that person."""

    type: ClassVar[str] = "view.ended"
    view: str
    camera: str
    user: str
    reason: str


def the_viewer(event: Any, access: Access) -> Event | None:  # the class of its rule
    """Return the event for who watched, None for all others."""
    return event if event.user == access.user.id else None

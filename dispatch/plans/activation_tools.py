"""What activations stand on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dispatch.plans.drafts import Draft, Drafts
from dispatch.plans.trial import TrialWatch
from dispatch.plans.usage import Usage
from dispatch.services.plans import LivePlan
from dispatch.services.record import Record
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.ports import Clock

SecondPerson = Callable[[Draft, str], Awaitable[str]]
"""Demands the second person's yes to (draft, digest); returns the approval's id, or raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What activations stand on."""

    store: Store
    record: Record
    bus: Bus
    clock: Clock
    live: LivePlan
    drafts: Drafts
    usage: Callable[[], Usage]
    second_person: SecondPerson
    trial: TrialWatch

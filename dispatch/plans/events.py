"""Events of plans, for whoever has a part in them."""

from dataclasses import dataclass
from typing import ClassVar

from gateway.model.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTrial(Event):
    """A plan is live on trial: without *Keep* the former one returns at ``keep_until_utc``."""

    type: ClassVar[str] = "plan.trial"
    plan: int
    previous: int
    keep_until_utc: int
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettled(Event):
    """A plan on trial was kept, or the former one returned; ``why`` says it in words."""

    type: ClassVar[str] = "plan.settled"
    plan: int
    state: str
    """kept or returned."""
    why: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanScheduled(Event):
    """A plan will be activated; ``waits_for`` says what it waits for beside its time."""

    type: ClassVar[str] = "plan.scheduled"
    draft: str
    at_utc: int
    state: str
    """scheduled, waiting or cancelled."""
    waits_for: str = ""
    operator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWaits(Event):
    """What of the live plan waits until it is released; empty: nothing any more."""

    type: ClassVar[str] = "plan.waits"
    plan: int
    waits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNoticed(Event):
    """Something changed for these positions with the plan that is live now; each can ask what."""

    type: ClassVar[str] = "plan.noticed"
    plan: int
    previous: int
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNoticeSeen(Event):
    """Somebody at a position has seen what changed for it, up to this notice."""

    type: ClassVar[str] = "plan.notice_seen"
    position: str
    notice: int
    operator: str = ""

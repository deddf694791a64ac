"""What activations stand on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from dispatch.plans.drafts import Draft, Drafts
from dispatch.plans.trial import TrialWatch
from dispatch.plans.usage import Usage
from dispatch.services.plans import LivePlan
from dispatch.services.record import Record
from dispatch.store.engine import Store
from gateway.bus import Bus
from gateway.ports import Clock

T = TypeVar("T")
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


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, T]) -> AsyncIterator["asyncio.Task[T]"]:
    """Let work begin while something else is done; whoever waits for the task has its result.

    Work that nobody waited for, because what was done inside failed, is cancelled.
    """
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

"""Who still uses what a plan takes out, for the pages that show a removal."""

import asyncio
from typing import Any

from dispatch.plans.compare import Comparison
from dispatch.plans.still_used import Live, Removed, heard, removed_of, uses_of, with_uses
from dispatch.plans.usage import ALARM, CALL, Usage, usage_now
from dispatch.services.board import Board
from dispatch.services.desk import Desk
from dispatch.services.registry import Services
from gateway.model.plan import Plan
from gateway.model.wire import to_json

Rows = dict[str, Any]
"""A JSON object."""


async def uses_now(services: Services, before: Plan, removed: Removed) -> Rows:
    """Return who uses talkgroups and units of a plan now, and when they were last heard."""
    if not removed:
        return {"uses": [], "log_from_utc": None}
    known = await services.store.read(lambda db: heard(db, removed))
    live = live_now(services)
    uses = await asyncio.to_thread(uses_of, before, removed, live, known)
    return {"uses": to_json(uses), "log_from_utc": known.log_from_utc}


async def told(services: Services, before: Plan, found: Comparison) -> Comparison:
    """Return a comparison whose sentences say who still uses what goes."""
    removed = removed_of(found.changes)
    if not removed:
        return found
    known = await services.store.read(lambda db: heard(db, removed))
    live = live_now(services)
    uses = await asyncio.to_thread(uses_of, before, removed, live, known)
    return with_uses(found, uses, known.log_from_utc)


def live_now(services: Services) -> Live:
    """Return what goes on now; quick, for the event loop."""
    board = services.use(Board)
    usage = usage_now(board, services.use(Desk))
    return Live(
        selected={position: str(group) for position, group in usage.selected.items()},
        why=_why(usage),
        patches=[
            (row["label"], [member["talkgroup"] for member in row["members"]])
            for row in board.patches.patches.values()
        ],
    )


def _why(usage: Usage) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for words, groups in ((CALL, usage.calls), (ALARM, usage.alarms)):
        for group in groups:
            found[group] = (*found.get(group, ()), words)
    return found

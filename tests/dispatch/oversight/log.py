"""Reads the audit log of a test room."""

import json
from typing import Any

from sqlmodel import select

from dispatch.audit.tables import AuditLog
from tests.dispatch.room import Room


async def entries(room: Room) -> list[dict[str, Any]]:
    """Return all entries in order, after what waits has been written."""
    await room.audit.checkpoint()
    rows = room.store.read_now(lambda db: list(db.exec(select(AuditLog).order_by("seq"))))
    return [json.loads(row.entry) for row in rows]

"""Desk telemetry: what a desk was set to, kept for its own time and for nothing else.

A row a change of volume, focus or selection, at most one a second a person. No figure is made of
it; it leaves only when an order names it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dispatch.retention.tables import DeskTelemetry
from dispatch.store.engine import Store
from dispatch.store.retention import expiry_utc
from gateway.model.ids import ulid
from gateway.ports import Clock

CLASS = "telemetry"
REST_US = 1_000_000
MAX_BYTES = 8192


class Telemetry:
    """Writes the rows."""

    def __init__(self, store: Store, clock: Clock, randomness: Callable[[int], bytes]) -> None:
        """Take the store."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._last: dict[str, tuple[int, Mapping[str, Any]]] = {}

    async def changed(self, user: str, position: str, body: Mapping[str, Any]) -> bool:
        """Keep what a desk is set to now, if that changed; returns whether a row was written."""
        now = self._clock.utc_us()
        at, before = self._last.get(user, (0, {}))
        difference = {key: value for key, value in body.items() if before.get(key) != value}
        if not difference or (before and now - at < REST_US):
            return False
        self._last[user] = (now, dict(body))
        row = DeskTelemetry(
            id="d-" + ulid(now, self._randomness(10)),
            user=user,
            position=position,
            body=difference,
            t_utc=now,
            expires_utc=expiry_utc(CLASS, now),
        )
        await self._store.write(lambda db: db.add(row))
        return True

"""Bounds what all uploads together may hold in memory while they come in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from dispatch.uploads import refused

BUDGET_BYTES = 64 << 20
WAIT_S = 15.0


class BodyBudget:
    """So many bytes at once; who comes later waits a while, then is told to come again."""

    def __init__(self, most_bytes: int = BUDGET_BYTES) -> None:
        """Begin with nothing held."""
        self._most = most_bytes
        self._held = 0
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Hold ``size`` bytes, at most all there are; raises Refused when none get free."""
        size = min(size, self._most)
        try:
            async with asyncio.timeout(WAIT_S), self._changed:
                await self._changed.wait_for(lambda: self._held + size <= self._most)
                self._held += size
        except TimeoutError as error:
            raise refused.later(refused.BUSY, "The server is busy.", 5) from error
        try:
            yield
        finally:
            async with self._changed:
                self._held -= size
                self._changed.notify_all()

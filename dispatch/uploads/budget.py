"""Bounds what all uploads together may hold in memory while they come in."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

from dispatch.uploads import refused

BUDGET_BYTES = 64 << 20
WAIT_S = 15.0


class BodyBudget:
    """So many bytes at once; who comes later waits a while, then is told to come again.

    One address holds at most half: who sends slowly, or without a key, does not keep others out.
    """

    def __init__(self, most_bytes: int = BUDGET_BYTES) -> None:
        """Begin with nothing held."""
        self._most = most_bytes
        self._held: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    @contextlib.asynccontextmanager
    async def hold(self, size: int, address: str = "") -> AsyncIterator[None]:
        """Hold ``size`` bytes, at most half of all; raises Refused when none get free."""
        size = min(size, self._most // 2)
        try:
            async with asyncio.timeout(WAIT_S), self._changed:
                await self._changed.wait_for(lambda: self._fits(size, address))
                self._held[address] += size
        except TimeoutError as error:
            raise refused.later(refused.BUSY, "The server is busy.", 5) from error
        try:
            yield
        finally:
            async with self._changed:
                self._held[address] -= size
                self._held += Counter()  # forgets who holds nothing
                self._changed.notify_all()

    def _fits(self, size: int, address: str) -> bool:
        return (
            self._held.total() + size <= self._most
            and self._held[address] + size <= self._most // 2
        )

"""Long work of many pages on the event loop, a few pieces in each of its turns.

When a plan becomes live each page asks for a snapshot. Were a piece of each made in the same turn
of the loop, whoever presses meanwhile would wait for all of them, several times before the radio is
keyed. A few in a turn take as long together, and who presses waits for a few.
"""

import asyncio
from collections import deque

AT_ONCE = 2


class LoopTurns:
    """Whose turn it is; first come, first served."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        """Let ``at_once`` go on in a turn of the loop."""
        self._at_once = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._called = False

    async def mine(self) -> None:
        """Wait for a turn; what is done until the next await is one piece of work."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiting.append(waiter)
        if not self._called:
            self._called = True
            loop.call_soon(self._next)
        await waiter

    def _next(self) -> None:
        left = self._at_once
        while left and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():  # who was cancelled takes nobody's turn
                waiter.set_result(None)
                left -= 1
        self._called = bool(self._waiting)
        if self._called:
            asyncio.get_running_loop().call_soon(self._next)

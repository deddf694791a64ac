"""Long work of many pages on the event loop, a little in each of its turns.

When a plan becomes live each page asks for a snapshot. Were a piece of each made in the same turn
of the loop, whoever presses meanwhile would wait for all of them, several times before the radio is
keyed. Were it one piece in a turn, all would take long: between two turns comes what the radios
have to say. So a turn does pieces until a little time is spent.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

BUDGET_MS = 1.0
"""No other piece is begun in a turn after this."""
T = TypeVar("T")


class LoopTurns:
    """Does pieces of work one after the other; first come, first served."""

    def __init__(
        self, budget_ms: float = BUDGET_MS, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """Begin pieces for ``budget_ms`` in a turn of the loop; ``clock`` gives seconds."""
        self._budget_s = budget_ms / 1000
        self._clock = clock
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        self._called = False

    async def do(self, work: Callable[[], T]) -> T:
        """Do one piece when it is its turn; returns or raises what it does.

        A piece whose caller was cancelled meanwhile is not done.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, done))
        if not self._called:
            self._called = True
            loop.call_soon(self._turn)
        return await done

    def _turn(self) -> None:
        began = self._clock()
        while self._waiting:
            _do(*self._waiting.popleft())
            if self._clock() - began >= self._budget_s:
                break
        self._called = bool(self._waiting)
        if self._called:
            asyncio.get_running_loop().call_soon(self._turn)


def _do(work: Callable[[], T], done: "asyncio.Future[T]") -> None:
    if done.done():  # who was cancelled takes nobody's turn
        return
    try:
        found = work()
    except Exception as error:
        done.set_exception(error)
    else:
        done.set_result(found)

"""Which incidents are open, read once for all pages that ask at the same time.

An activation gives each page a new snapshot, and each has in it the incidents its person may see.
Each read of its own would wait in turn for a thread and the loop; those who ask while a read is
under way wait for the next one and share it: what they get was never read before they asked. Who
has the same rights gets the same rows.
"""

import asyncio
from collections.abc import Awaitable, Callable

from dispatch.auth.access import Access
from dispatch.services.rows import Row

ReadAll = Callable[[list[Access]], Awaitable[list[list[Row]]]]


class OpenIncidents:
    """Reads for several pages at once."""

    def __init__(self, read: ReadAll) -> None:
        """``read`` gives the rows for each of several people, by their rights alone."""
        self._read = read
        self._asked: list[tuple[Access, asyncio.Future[list[Row]]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def of(self, access: Access) -> list[Row]:
        """Return the open incidents that somebody may see; raises what the read raises."""
        loop = asyncio.get_running_loop()
        rows: asyncio.Future[list[Row]] = loop.create_future()
        self._asked.append((access, rows))
        if self._reading is None:
            self._reading = loop.create_task(self._answer(), name="open-incidents")
        return await rows

    async def _answer(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                await self._answer_these(asked)
        finally:
            self._reading = None

    async def _answer_these(self, asked: "list[tuple[Access, asyncio.Future[list[Row]]]]") -> None:
        rights = _different([access for access, _ in asked])
        try:
            found = await self._read(rights)
        except Exception as error:  # each who asked is told
            for _, rows in asked:
                if not rows.done():
                    rows.set_exception(error)
            return
        for access, rows in asked:
            theirs = next(n for n, one in enumerate(rights) if access.same_rights(one))
            if not rows.done():
                rows.set_result(found[theirs])


def _different(people: list[Access]) -> list[Access]:
    """Return one of each who have the same rights."""
    found: list[Access] = []
    for access in people:
        if not any(access.same_rights(one) for one in found):
            found.append(access)
    return found

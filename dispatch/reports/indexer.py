"""Keeps the index of the audit log near its end, and up to it before anybody reads.

Beside the writer, never in it: while many entries come in, the index falls behind on purpose
(``MOST_A_TURN`` each ``TURN_S``), and whoever asks waits for the rest.
"""

import asyncio
import logging

from dispatch.audit.log_index import IndexUnavailable, LogIndex

logger = logging.getLogger(__name__)

TURN_S = 1.0
MOST_A_TURN = 5000


class Indexer:
    """One task of the loop; the work runs in a thread."""

    def __init__(self, index: LogIndex, *, turn_s: float = TURN_S) -> None:
        """Take the index."""
        self.index = index
        self._turn_s = turn_s
        self._task: asyncio.Task[None] | None = None
        self._said = ""

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="audit-index")

    async def close(self) -> None:
        """End; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def current(self) -> LogIndex:
        """Return the index with every durable entry in it; raises IndexUnavailable."""
        await asyncio.to_thread(self.index.catch_up)
        return self.index

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.index.catch_up, MOST_A_TURN)
                self._said = ""
            except IndexUnavailable as error:
                if str(error) != self._said:  # once, not each second
                    logger.warning("%s", error)
                self._said = str(error)
            await asyncio.sleep(self._turn_s)

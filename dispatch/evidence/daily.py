"""The daily comparison of recorder, call table, files and log; its result enters the log.

Packages whose day has passed are erased at the same time.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from dispatch.errors import LogNotWritable
from dispatch.evidence.completeness import Completeness, check_completeness
from dispatch.services.record import Record
from dispatch.store.engine import Store, StoreUnavailable

logger = logging.getLogger(__name__)

FIRST_S = 300
EVERY_S = 24 * 3600


class DailyCheck:
    """Runs the completeness check some minutes after a start, and each day from then on."""

    def __init__(
        self,
        store: Store,
        state: Path,
        gateway: str,
        record: Record,
        *,
        first_s: float = FIRST_S,
        every_s: float = EVERY_S,
    ) -> None:
        """Take what is compared and where the result is logged."""
        self._store = store
        self._state = state
        self._gateway = gateway
        self._record = record
        self._first_s = first_s
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self.last: Completeness | None = None
        self.also: list[Callable[[], Awaitable[object]]] = []
        """Done each time after the comparison."""

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="completeness")

    async def close(self) -> None:
        """End; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        wait_s = self._first_s
        while True:
            await asyncio.sleep(wait_s)
            wait_s = self._every_s
            try:
                await self.check()
            except StoreUnavailable as error:
                logger.warning("completeness check: %s", error)
                wait_s = self._first_s
            except Exception:  # whatever a file holds: tomorrow is another day
                logger.exception("completeness check failed")
            await self._others()

    async def _others(self) -> None:
        for act in self.also:
            try:
                await act()
            except (LogNotWritable, StoreUnavailable, OSError) as error:
                logger.warning("daily work of evidence: %s", error)
            except Exception:  # one piece of work does not end the next day's
                logger.exception("daily work of evidence failed")

    async def check(self) -> Completeness:
        """Compare now and log the result; raises StoreUnavailable."""
        found = await asyncio.to_thread(check_completeness, self._store, self._state, self._gateway)
        self.last = found
        self._record.note(found.act())
        for words, one in found.findings.items():
            logger.error("completeness check: %d %s: %s", one.count, words, ", ".join(one.first))
        return found

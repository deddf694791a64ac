"""Works off the rows of ``camera_media`` that are due, a few at a time, until it is closed."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.cameras.media import PARTIAL, WANTED
from dispatch.cameras.tables import CameraMedia
from dispatch.store.engine import Store, StoreUnavailable
from gateway.ports import Clock

logger = logging.getLogger(__name__)

AT_ONCE = 4
LOOK_S = 1.0


class DueMedia:
    """One worker of the table: which rows are its own, and what it does with one."""

    def __init__(
        self,
        name: str,
        *,
        store: Store,
        clock: Clock,
        mine: Callable[[], list[Any]],
        work: Callable[[CameraMedia], Awaitable[None]],
        allowed: Callable[[], bool],
    ) -> None:
        """Take the conditions of its rows; ``allowed`` False begins nothing for now."""
        self._name = name
        self._store = store
        self._clock = clock
        self._mine = mine
        self._work = work
        self._allowed = allowed
        self._busy: set[str] = set()
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()

    def look(self) -> None:
        """Look at once: something may have become due."""
        self._wake.set()

    async def run(self) -> None:
        """Work until ``close``; ends when what was begun has ended."""
        async with asyncio.TaskGroup() as group:
            while not self._closing.is_set():
                for row in await self.due():
                    self._busy.add(row.id)
                    group.create_task(self._one(row), name=f"{self._name} {row.id}")
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._wake.wait()

    async def due(self) -> list[CameraMedia]:
        """Return the next rows to work on, as many as there is room for."""
        room = AT_ONCE - len(self._busy)
        if room <= 0 or not self._allowed():
            return []
        now, busy, mine = self._clock.utc_us(), set(self._busy), self._mine()

        def read(db: Session) -> list[CameraMedia]:
            query = select(CameraMedia).where(
                col(CameraMedia.state).in_([WANTED, PARTIAL]),
                col(CameraMedia.next_utc) > 0,
                col(CameraMedia.next_utc) <= now,
                col(CameraMedia.id).not_in(busy),
                *mine,
            )
            # A still first: it is small, and somebody waits for it.
            ordered = query.order_by(col(CameraMedia.kind).desc(), col(CameraMedia.next_utc))
            return list(db.exec(ordered.limit(room)))

        try:
            return await self._store.read(read)
        except StoreUnavailable:
            return []

    async def _one(self, row: CameraMedia) -> None:
        try:
            await self._work(row)
        except (StoreUnavailable, OSError) as error:
            logger.warning("%s %s: %s", self._name, row.id, error)
        finally:
            self._busy.discard(row.id)
            self._wake.set()

    def close(self) -> None:
        """End ``run`` when what is being fetched has ended; safe twice."""
        self._closing.set()
        self._wake.set()

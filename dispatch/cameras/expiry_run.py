"""The camera side's own daily erasure, until one job erases for the whole house."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.cameras.expiry import DEFAULT_PERIODS, Expired, Periods, erase, expired
from dispatch.services.record import Record
from dispatch.store.engine import Store, StoreUnavailable
from gateway.ports import Clock

logger = logging.getLogger(__name__)

EVERY_S = 3600.0


class CameraExpiry:
    """Erases what has expired, in small batches, each logged with what it takes."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        record: Record,
        destroy: Callable[[str], None],
        periods: Periods = DEFAULT_PERIODS,
    ) -> None:
        """``destroy`` takes a file of the media folder away (blocking)."""
        self._store = store
        self._clock = clock
        self._record = record
        self._destroy = destroy
        self.periods = periods
        self.enabled = True
        """False: another job calls ``expired`` and ``erase``."""
        self._closing = asyncio.Event()

    async def run(self) -> None:
        """Erase once an hour until ``close``."""
        while not self._closing.is_set():
            if self.enabled:
                try:
                    await self.once()
                except (StoreUnavailable, OSError) as error:
                    logger.warning("expired camera data stays for now: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._closing.wait()

    async def once(self) -> int:
        """Erase all that has expired now; returns how many objects."""
        total, now = 0, self._clock.utc_us()
        while not self._closing.is_set():
            found = await self._store.read(lambda db: expired(db, now, self.periods))
            if not found:
                break
            total += await self._batch(found)
        return total

    async def _batch(self, found: list[Expired]) -> int:
        def work(db: Session) -> list[Expired]:
            return erase(db, found, self._clock.utc_us())

        files = await self._store.write(work)
        for one in files:
            await asyncio.to_thread(self._destroy, one.file)
        for kind in sorted({one.type for one in found}):
            some = [one.id for one in found if one.type == kind]
            detail = {"count": len(some), "ids": some, "why": "its time is over"}
            self._record.note(
                Act(
                    op="erase",
                    verb="camera.expired",
                    actor=SYSTEM,
                    obj=Obj(type=kind, id=some[0], cat="camera"),
                    detail=detail,
                )
            )
        return len(found)

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()

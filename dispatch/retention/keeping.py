"""What retention does by itself: mend, follow the policy, fill the review queue, erase daily."""

import asyncio
import contextlib
import json
import logging
from pathlib import Path

from dispatch.errors import LogNotWritable
from dispatch.policy.live import LivePolicy
from dispatch.retention.board import board
from dispatch.retention.classes import reclassify, reexpire
from dispatch.retention.erasure import Erasure
from dispatch.retention.erasure_list import DAILY
from dispatch.retention.reviews import Reviews, fill
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model.errors import RadioError
from gateway.ports import Clock

logger = logging.getLogger(__name__)

FIRST_LOOK_S = 600.0
"""After a start, so that a server that restarts often does its radio work first."""
DAY_S = 24 * 3600.0
RETRY_S = 60.0
KEPT_S = 60.0
BACKUP_FILE = "backup.json"
"""``samband backup`` says there when it made the last one."""


class Retention:
    """The tasks of retention, and its board."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        state: Path,
        policy: LivePolicy,
        erasure: Erasure,
        reviews: Reviews,
    ) -> None:
        """Take the parts; nothing runs yet."""
        self._store = store
        self._clock = clock
        self._state = state
        self._policy = policy
        self.erasure = erasure
        self.reviews = reviews
        self._closing = asyncio.Event()
        self._wake = asyncio.Event()
        self._kept: tuple[int, list[Row]] | None = None

    def policy_changed(self) -> None:
        """Give everything the times that the policy now says; may be called from any task."""
        self._kept = None
        self._wake.set()

    async def run(self) -> None:
        """Mend what was interrupted, then look daily, until ``close``."""
        while not await self._guarded_resume():
            if await self._closed_within(RETRY_S):
                return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._daily(), name="erasure-daily")
            group.create_task(self._follow_policy(), name="retention-policy")

    async def _guarded_resume(self) -> bool:
        try:
            await self.erasure.resume()
        except (RadioError, OSError) as error:
            logger.warning("erasure waits: %s", error)
            return False
        return True

    async def _daily(self) -> None:
        if await self._closed_within(FIRST_LOOK_S):
            return
        while True:
            try:
                await self.look()
            except (RadioError, OSError) as error:
                logger.warning("the daily erasure did not run: %s", error)
            if await self._closed_within(DAY_S):
                return

    async def look(self) -> Row | None:
        """Make the day's list and carry it out where no second person is needed.

        Returns the job; None when there is nothing to erase.
        """
        now = self._clock.utc_us()
        await reclassify(self._store, now)
        await self._store.write(lambda db: fill(db, now))
        row = await self.erasure.make(None, DAILY)
        if not row["planned"]:
            await self.erasure.drop(row["id"])
            return None
        if row["needs_two"]:
            logger.warning("%d objects wait to be erased: two persons agree", row["planned"])
            return row
        try:
            await self.erasure.begin(row["id"])
        except LogNotWritable:
            logger.warning("nothing is erased: the log cannot be written")
        return await self.erasure.one(row["id"])

    async def _follow_policy(self) -> None:
        while not self._closing.is_set():
            try:
                await reexpire(self._store)
            except RadioError as error:
                logger.warning("times of the policy: %s", error)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DAY_S):
                    await self._wake.wait()

    async def _closed_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()
        self._wake.set()
        await self.erasure.close()

    # ---- the board -----------------------------------------------------------------------------

    async def board(self) -> Row:
        """Return the board's rows, at most a minute old, and when the last backup was made."""
        now = self._clock.utc_us()
        backup = await asyncio.to_thread(self._backup_utc)
        if self._kept is None or now - self._kept[0] > KEPT_S * 1_000_000:
            rows = await self._store.read(lambda db: board(db, now, backup))
            self._kept = (now, rows)
        return {
            "made_utc": self._kept[0],
            "classes": self._kept[1],
            "backup_utc": backup,
            "policy": self._policy.number,
            "next_change_utc": self._policy.next_utc,
        }

    def _backup_utc(self) -> int | None:
        try:
            return int(json.loads((self._state / BACKUP_FILE).read_bytes())["made_utc"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

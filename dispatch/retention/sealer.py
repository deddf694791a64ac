"""Seals recordings and media once the database names them and they have rested a minute.

The last minute stays plain: what was just said can be played even while the key store is away.
Files that cannot be sealed now (key store away, database away) stay plain and are tried again.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Iterable

from sqlmodel import Session, col, select

from dispatch.cameras.tables import CameraMedia
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.tombstones import MEDIA_FOLDER, RECORDINGS
from dispatch.store.engine import Store
from dispatch.store.tables import RecordingFileRow
from gateway.bus import Bus, Lagged
from gateway.model.errors import RadioError
from gateway.model.events import RecordingClosed
from gateway.ports import Clock

logger = logging.getLogger(__name__)

REST_MS = 60_000
LOOK_S = 5.0
SCAN_EVERY = 12
"""Every twelfth look, the media folder is looked through; recordings tell of themselves."""
KEPT_STATES = ("fetched", "partial", "gone")


class Sealer:
    """Runs beside dispatch; what a stop leaves plain is sealed at the next start."""

    def __init__(
        self, *, store: Store, files: SealedFiles, bus: Bus, clock: Clock, rest_ms: int = REST_MS
    ) -> None:
        """Subscribe at once, so that nothing before ``run`` is missed."""
        self._store = store
        self._files = files
        self._bus = bus
        self._clock = clock
        self._rest_ms = rest_ms
        self._closed = bus.subscribe("sealer", RecordingClosed)
        self._waiting: deque[tuple[int, str]] = deque()
        self._closing = asyncio.Event()
        self.sealed = 0
        self.problem = ""
        """Why files stay plain, in words; empty while all is well."""

    async def run(self) -> None:
        """Seal until ``close``."""
        await self._guarded(self._start())
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="sealer-listen")
            group.create_task(self._work(), name="sealer-work")

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()
        self._closed.close()

    async def _start(self) -> None:
        for name in await asyncio.to_thread(self._files.mend):
            self._waiting.append((0, name))

    async def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                async for envelope in self._closed:
                    event = envelope.event
                    if isinstance(event, RecordingClosed):
                        due = self._clock.mono_ms() + self._rest_ms
                        names = (f"{RECORDINGS}/{file.name}" for file in event.files)
                        self._waiting.extend((due, name) for name in names)
                return
            except Lagged:
                self._closed.close()
                self._closed = self._bus.subscribe("sealer", RecordingClosed)
                await self._guarded(self._start())

    async def _work(self) -> None:
        looks = 0
        while not self._closing.is_set():
            if looks % SCAN_EVERY == 0:
                await self._guarded(self._scan_media())
            looks += 1
            await self._guarded(self.seal_due())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._closing.wait()

    async def _scan_media(self) -> None:
        known = {name for _, name in self._waiting}
        for name in await asyncio.to_thread(self._files.plain_files, MEDIA_FOLDER):
            if name not in known:
                self._waiting.append((0, name))

    def add(self, names: Iterable[str]) -> None:
        """Seal further files (names below the state folder) once they have rested."""
        due = self._clock.mono_ms() + self._rest_ms
        self._waiting.extend((due, name) for name in names)

    @property
    def waiting(self) -> int:
        """Number of files that are still plain."""
        return len(self._waiting)

    async def seal_due(self) -> int:
        """Seal what has rested; returns how many files. Raises RadioError, OSError."""
        done, now = 0, self._clock.mono_ms()
        for _ in range(len(self._waiting)):
            due, name = self._waiting[0]
            if due > now:
                break
            self._waiting.popleft()
            try:
                done += await self._one(name, now)
            except (RadioError, OSError):
                self._waiting.append((now + self._rest_ms, name))
                raise
        self.problem = ""
        self.sealed += done
        return done

    async def _one(self, name: str, now: int) -> bool:
        sha256 = await self._store.read(lambda db: _logged(db, name))
        if sha256 is not None:
            return await asyncio.to_thread(self._files.seal, name, sha256)
        if name.startswith(RECORDINGS) and await asyncio.to_thread(self._files.exists, name):
            self._waiting.append((now + self._rest_ms, name))  # the journal has not told of it yet
        return False

    async def _guarded(self, work: Awaitable[object]) -> None:
        try:
            await work
        except (RadioError, OSError) as error:
            if str(error) != self.problem:
                logger.error("files stay plain for now: %s", error)
            self.problem = str(error)


def _logged(db: Session, name: str) -> str | None:
    """Return the SHA-256 that a closed file was logged with; None while nobody names it."""
    folder, file = name.split("/", 1)
    if folder == MEDIA_FOLDER:
        media = select(CameraMedia.sha256).where(
            CameraMedia.file == file,
            col(CameraMedia.state).in_(KEPT_STATES),
            col(CameraMedia.erased_utc).is_(None),
        )
        return db.exec(media.limit(1)).first()
    query = select(RecordingFileRow.sha256).where(RecordingFileRow.name == file)
    return db.exec(query.limit(1)).first()

"""The journal: bus events to database, in order, each once; live acts never wait for it.

Events go to a bounded queue and from there, many in one commit, to the writer thread. When the
database is slow or away (older than 500 ms in the queue, or too many), what waits goes to the spool
file, and so does all that follows, until the spool is in the database; those rows are ``late``.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sqlmodel import Session, col, func, select

from dispatch.services.journal_write import JournalWriter, close_interrupted
from dispatch.services.spool import JournalSpool
from dispatch.store.engine import Store
from dispatch.store.tables import Call, JournalMark
from gateway.bus import Bus, Lagged, Subscription
from gateway.model.errors import RadioError
from gateway.model.events import Envelope
from gateway.model.ids import GatewayId, MonoMs
from gateway.ports import Clock

logger = logging.getLogger(__name__)

BATCH_EVENTS = 200
QUEUE_EVENTS = 5000
SPOOL_AFTER_MS = 500
RETRY_MS = 250
SUBSCRIPTION_EVENTS = 50_000
START_LEAP = 1_000_000
"""More event numbers than a server gives out before the database has the first of them."""


class Journal:
    """Takes every event of the bus that is stored."""

    def __init__(
        self, *, bus: Bus, store: Store, writer: JournalWriter, clock: Clock, spool_folder: Path
    ) -> None:
        """Subscribe at once, so that nothing before ``run`` is missed."""
        self._store = store
        self._writer = writer
        self._clock = clock
        self._spool = JournalSpool(spool_folder)
        self._bus = bus
        self._subscription = self._subscribe()
        self._queue: deque[tuple[MonoMs, Envelope]] = deque()
        self._wake = asyncio.Event()
        self._spooling = bool(self._spool)
        self._in_spool = self._spool.count()
        self._offset = 0
        self._closing = asyncio.Event()
        self._noted: list[Callable[[Envelope], None]] = []
        self._state: list[Callable[[bool], None]] = []
        self.seen = 0
        self.written = 0
        self.spooled = 0

    def _subscribe(self) -> Subscription[Envelope]:
        return self._bus.subscribe("journal", capacity=SUBSCRIPTION_EVENTS)

    def on_event(self, callback: Callable[[Envelope], None]) -> None:
        """Call ``callback`` at once with each event (the audit notes of live acts)."""
        self._noted.append(callback)

    def on_state(self, callback: Callable[[bool], None]) -> None:
        """Call ``callback`` with False when the database falls behind, True when it is back."""
        self._state.append(callback)

    @property
    def idle(self) -> bool:
        """Whether everything seen so far is in the database."""
        return not self._queue and not self._spooling

    @property
    def waiting(self) -> int:
        """How many events are not in the database yet, those in the spool included."""
        return len(self._queue) + self._in_spool

    @property
    def waits_ms(self) -> int:
        """How long the oldest event in the queue waits."""
        return self._clock.mono_ms() - self._queue[0][0] if self._queue else 0

    @property
    def behind(self) -> bool:
        """Whether events wait in the spool."""
        return self._spooling

    # ---- running -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take events and write them, until ``close``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take(), name="journal-take")
            group.create_task(self._write(), name="journal-write")
            group.create_task(self._watch(), name="journal-watch")

    async def close(self) -> None:
        """Write or spool all that came, then end; safe twice."""
        self._subscription.close()
        self._closing.set()
        self._wake.set()

    async def _take(self) -> None:
        while True:
            try:
                async for envelope in self._subscription:
                    self._take_one(envelope)
                return
            except Lagged:
                logger.critical("the journal lagged by over %d events", SUBSCRIPTION_EVENTS)
                self._subscription.close()
                self._subscription = self._subscribe()

    def _take_one(self, envelope: Envelope) -> None:
        self._note(envelope)
        self.seen = envelope.seq
        if self._writer.writes(envelope.event.type):
            self._queue.append((self._clock.mono_ms(), envelope))
            self._wake.set()

    def _note(self, envelope: Envelope) -> None:
        for callback in self._noted:
            try:
                callback(envelope)
            except Exception:  # one listener's fault may not end the journal: calls would be lost
                logger.exception("journal: a listener failed on %s", envelope.event.type)

    async def _watch(self) -> None:
        """Move what waits too long to the spool."""
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SPOOL_AFTER_MS / 1000 / 2):
                    await self._closing.wait()
            if self._must_spool():
                await self._to_spool()

    def _must_spool(self) -> bool:
        if not self._queue:
            return False
        waits_ms = self._clock.mono_ms() - self._queue[0][0]
        return self._spooling or waits_ms > SPOOL_AFTER_MS or len(self._queue) > QUEUE_EVENTS

    async def _to_spool(self) -> None:
        batch = [envelope for _, envelope in self._queue]
        if not self._spooling:
            self._spooling = True
            logger.warning("the database is slow or away: events go to the spool")
            self._tell(False)
        await asyncio.to_thread(self._spool.append, batch)
        self._drop(batch)
        self.spooled += len(batch)
        self._in_spool += len(batch)
        self._wake.set()

    async def _write(self) -> None:
        while not (self._closing.is_set() and not self._queue):
            if self._spooling:
                await self._deliver()
            elif self._queue:
                await self._write_queue()
            elif not self._closing.is_set():
                self._wake.clear()
                await self._wake.wait()
            if self._closing.is_set() and self._spooling:
                await self._to_spool()
                return

    async def _write_queue(self) -> None:
        """Write a batch; it stays at the front of the queue until it is committed."""
        batch = [envelope for _, envelope in list(self._queue)[:BATCH_EVENTS]]
        if not await self._try(batch, late=False):
            await asyncio.sleep(RETRY_MS / 1000)
            return
        self._drop(batch)

    def _drop(self, batch: list[Envelope]) -> None:
        """Take a batch from the front: it is in the database or the spool (or both: see mark)."""
        done = {envelope.id for envelope in batch}
        while self._queue and self._queue[0][1].id in done:
            self._queue.popleft()

    async def _deliver(self) -> None:
        """Bring the spool into the database; go back to the queue when it is empty."""
        batch, offset = await asyncio.to_thread(self._spool.read, self._offset, BATCH_EVENTS)
        if batch and not await self._try(batch, late=True):
            await asyncio.sleep(RETRY_MS / 1000)
            return
        if offset != self._offset:
            self._offset = offset
            self._in_spool = max(0, self._in_spool - len(batch))
            return
        if self._queue:
            await self._to_spool()
            return  # what came meanwhile stands behind what was in the spool
        self._spool.clear()
        self._spooling, self._offset, self._in_spool = False, 0, 0
        logger.info("the spool is in the database")
        self._tell(True)

    async def _try(self, batch: list[Envelope], *, late: bool) -> bool:
        try:
            await self._store.write(lambda db: self._writer.write(db, batch, late=late))
        except RadioError as error:
            logger.warning("journal: %d events wait: %s", len(batch), error)
            return False
        except Exception as error:  # an event that the database cannot take ends no journal
            return await self._one_by_one(batch, error, late=late)
        self.written += len(batch)
        return True

    async def _one_by_one(self, batch: list[Envelope], error: Exception, *, late: bool) -> bool:
        """Find the event that the database does not take, set it aside, write the others."""
        if len(batch) == 1:
            logger.critical("journal: %s is set aside: %s", batch[0].event.type, error)
            await asyncio.to_thread(self._spool.refuse, batch[0], str(error))
            return True
        for envelope in batch:
            if not await self._try([envelope], late=late):
                return False
        return True

    def _tell(self, up: bool) -> None:
        for callback in self._state:
            callback(up)


def recover(store: Store, gateway: GatewayId) -> list[str]:
    """Close what a crash left open; returns the calls. In the calling thread, before the bus."""
    return store.write_now(lambda db: close_interrupted(db, gateway))


def first_numbers(store: Store, gateway: GatewayId) -> tuple[int, int]:
    """Return the first event number and the first call number that this gateway may use next.

    Event numbers leap at a start: those that a crash kept from the database were seen by pages, and
    a page that resumes with one of them must get a new picture, not go on with the old.
    """

    def work(db: Session) -> tuple[int, int]:
        mark = db.get(JournalMark, gateway)
        last = db.exec(select(func.max(col(Call.call_seq))).where(Call.gateway == gateway)).one()
        return (mark.seq + START_LEAP if mark else 0) + 1, (last or 0) + 1

    return store.read_now(work)

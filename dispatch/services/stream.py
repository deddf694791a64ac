"""The one ordered event stream: snapshot, then events by number, cut to each person's rights.

One loop takes events from the bus, updates the board, keeps the last ones for ``resume`` and gives
each client what it may see. A client that lags gets ``gap`` and a new snapshot, never silence.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from dispatch.auth.access import Access
from dispatch.auth.book import AccessBook
from dispatch.auth.sessions import SessionInfo
from dispatch.compact import compact
from dispatch.events import (
    AccessChanged,
    IncidentMerged,
    IncidentOpened,
    IncidentSplit,
    IncidentUpdated,
    PlanActivated,
)
from dispatch.services.board import Board
from dispatch.services.loop_turns import LoopTurns
from dispatch.services.sight import Sight
from dispatch.services.snapshot import Snapshots
from gateway.bus import Bus, Lagged, Subscription
from gateway.model.events import Envelope, Event
from gateway.ports import Clock

logger = logging.getLogger(__name__)

RING_EVENTS = 3000
"""Events kept for clients that come back; some 700 bytes each."""
CLIENT_QUEUE = 2000
BEAT_MS = 1000
READ_AGAIN = 3
"""How often open incidents are read when others come all the time."""
OF_INCIDENTS = (IncidentOpened, IncidentUpdated, IncidentMerged, IncidentSplit)


class StreamClient:
    """One page's end of the stream: take its messages with ``next``."""

    def __init__(self, session: SessionInfo, user_id: str) -> None:
        """Begin with nothing to send."""
        self.session = session
        self.user_id = user_id
        self.closed = False
        self.needs_snapshot = True
        self.gap = False
        self.parts: Iterator[str] | None = None
        """What is left of a snapshot's long tables; events come in between."""
        self._queue: deque[str] = deque()
        self._wake = asyncio.Event()

    def offer(self, text: str) -> None:
        """Queue a message; when there are too many, all go and a gap stands in their place."""
        if len(self._queue) >= CLIENT_QUEUE:
            self._queue.clear()
            self.gap = self.needs_snapshot = True
        if not self.gap:
            self._queue.append(text)
        self._wake.set()

    def renew(self, *, gap: bool = False) -> None:
        """Ask for a new snapshot; with ``gap`` what waits is thrown away first."""
        self.needs_snapshot = True
        if gap:
            self._queue.clear()
            self.gap = True
        self._wake.set()

    def close(self) -> None:
        """End the client; ``take`` returns what is left, then nothing more comes."""
        self.closed = True
        self._wake.set()

    def take(self) -> list[str]:
        """Take what waits."""
        texts = list(self._queue)
        self._queue.clear()
        return texts

    async def wait(self) -> None:
        """Wait until there is something to do, at most until the next beat."""
        if not (self._queue or self.needs_snapshot or self.closed or self.parts):
            self._wake.clear()
            try:
                async with asyncio.timeout(BEAT_MS / 1000):
                    await self._wake.wait()
            except TimeoutError:
                return


class EventStream:
    """The stream of one server."""

    def __init__(
        self,
        *,
        bus: Bus,
        board: Board,
        sight: Sight,
        snapshots: Snapshots,
        access: AccessBook,
        clock: Clock,
    ) -> None:
        """Subscribe at once, so that no event between now and ``run`` is missed."""
        self._bus = bus
        self._board = board
        self._sight = sight
        self._snapshots = snapshots
        self._tables = snapshots.tables
        self._access = access
        self._clock = clock
        self._ring: deque[Envelope] = deque(maxlen=RING_EVENTS)
        self._clients: set[StreamClient] = set()
        self._turns = LoopTurns()
        self._appliers: list[Callable[[Event], None]] = []
        self._subscription = self._subscribe()
        self._incidents_told = 0
        self.seq = 0
        self.gaps = 0

    def _subscribe(self) -> Subscription[Envelope]:
        return self._bus.subscribe("stream")

    def on_event(self, applier: Callable[[Event], None]) -> None:
        """Call ``applier`` with each event, in order, after the board has taken it."""
        self._appliers.append(applier)

    @property
    def clients(self) -> int:
        """How many pages are connected."""
        return len(self._clients)

    @property
    def kept(self) -> int:
        """How many events are kept for pages that come back."""
        return len(self._ring)

    async def run(self) -> None:
        """Take events until cancelled or closed."""
        while True:
            try:
                async for envelope in self._subscription:
                    self.take(envelope)
                return
            except Lagged:
                logger.exception("the event stream lagged: every page gets a new snapshot")
                self._subscription.close()
                self._subscription = self._subscribe()
                self.gaps += 1
                for client in self._clients:
                    client.renew(gap=True)

    def take(self, envelope: Envelope) -> None:
        """Take one event: board first, then everyone who may see it."""
        self._apply(envelope)
        self.seq = envelope.seq
        self._incidents_told += isinstance(envelope.event, OF_INCIDENTS)
        if not envelope.event.transient:
            self._ring.append(envelope)
        texts: dict[int, str] = {}
        for client in self._clients:
            try:
                self._give(client, envelope, texts)
            except Exception:  # one page's fault keeps the event from no other page
                logger.exception("stream: %s failed for one page", envelope.event.type)
                client.renew(gap=True)

    def _apply(self, envelope: Envelope) -> None:
        """Bring the picture up to date; a fault in it keeps the event from nobody."""
        try:
            self._board.apply(envelope)
            for applier in self._appliers:
                applier(envelope.event)
        except Exception:  # the stream carries emergencies: it goes on
            logger.exception("stream: the picture did not take %s", envelope.event.type)

    def _give(self, client: StreamClient, envelope: Envelope, texts: dict[int, str]) -> None:
        if client.needs_snapshot:
            return  # the snapshot that comes has this event in it
        event = self._sight.cut(envelope.event, self._access.of(client.user_id))
        if event is None:
            return
        if event is envelope.event:
            text = texts.get(0) or _event_text(envelope, event)
            texts[0] = text  # most clients see the whole event: its text is made once
        else:
            text = _event_text(envelope, event)
        client.offer(text)
        if isinstance(event, AccessChanged | PlanActivated):
            client.renew()

    # ---- clients -------------------------------------------------------------------------------

    def open(self, session: SessionInfo, user_id: str, resume: int | None) -> StreamClient:
        """Add a client: it goes on after ``resume`` if that is still known, else a gap is told."""
        client = StreamClient(session, user_id)
        if resume is not None:
            if self._covers(resume):
                client.needs_snapshot = False
                for envelope in self._ring:
                    if envelope.seq > resume:
                        self._give(client, envelope, {})
            else:
                client.gap = True
        self._clients.add(client)
        return client

    def _covers(self, seq: int) -> bool:
        if seq == self.seq:
            return bool(self._ring)  # nothing was told yet: the number is of another life
        return bool(self._ring) and self._ring[0].seq - 1 <= seq < self.seq

    def close(self, client: StreamClient) -> None:
        """Remove a client; safe twice."""
        client.close()
        self._clients.discard(client)

    def session_ended(self, session: SessionInfo) -> None:
        """End every client of a session."""
        for client in [c for c in self._clients if c.session.id == session.id]:
            self.close(client)

    async def messages(self, client: StreamClient) -> list[str]:
        """Wait for and return the next messages of a client, a beat when there is nothing else."""
        await client.wait()
        texts = client.take()
        if client.gap:
            texts = [json.dumps({"kind": "gap"})]
            client.gap = False
        if client.needs_snapshot and not client.closed:
            texts += await self._head(client)
        elif client.parts is not None:
            return texts + await self._next_part(client)
        return texts or [self.beat()]

    async def _head(self, client: StreamClient) -> list[str]:
        """Return what still waits, then the snapshot.

        Of what is told before the snapshot a page gets nothing, for the snapshot has it in it. So
        the incidents in it are read anew when one was told of since they were read.
        """
        left, texts = READ_AGAIN, None
        while texts is None:
            left -= 1
            texts = await self._try_head(client, whatever_happens=not left)
        return texts

    async def _try_head(self, client: StreamClient, *, whatever_happens: bool) -> list[str] | None:
        told, access = self._incidents_told, self._access.of(client.user_id)
        incidents = await self._snapshots.open_incidents(access)

        def work() -> list[str] | None:
            now = self._access.of(client.user_id)
            as_read = told == self._incidents_told and access is now
            if not (as_read or whatever_happens):
                return None
            return [*client.take(), self.snapshot(client, now, incidents)]

        return await self._turns.do(work)

    async def _next_part(self, client: StreamClient) -> list[str]:
        """Return the next rows of a snapshot; in between the loop does something else."""
        parts = client.parts or iter(())
        part = await self._turns.do(lambda: next(parts, None))
        if part is None:
            client.parts = None
        return [part] if part else []

    def snapshot(self, client: StreamClient, access: Access, incidents: list[Any]) -> str:
        """Return a snapshot message; events that follow are newer than it.

        With ``more`` its long tables are empty and follow as ``rows``, with events in between: a
        row has in it what was told before it, so events since the snapshot are taken again at the
        end, in order.
        """
        client.needs_snapshot = False
        short = self._tables.short(access)
        client.parts = None if short else self._parts(access)
        data = self._snapshots.cut(client.session, access, incidents, tables=short)
        return compact({"kind": "snapshot", "seq": self.seq, "more": not short, "data": data})

    def _parts(self, access: Access) -> Iterator[str]:
        board = access.may("board.see")
        return self._tables.parts(access, self._snapshots.groups.texts(access) if board else ())

    def beat(self) -> str:
        """Return the message that says: nothing new, and still here."""
        return compact({"kind": "beat", "seq": self.seq, "t_utc": self._clock.utc_us()})

    def stop(self) -> None:
        """Leave the bus and end all clients."""
        self._subscription.close()
        for client in list(self._clients):
            self.close(client)


def _event_text(envelope: Envelope, event: Event) -> str:
    if event is not envelope.event:
        envelope = Envelope(
            id=envelope.id,
            seq=envelope.seq,
            t_utc=envelope.t_utc,
            gateway=envelope.gateway,
            event=event,
            trace=envelope.trace,
        )
    return compact({"kind": "event", **envelope.to_json()})

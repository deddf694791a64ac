"""Sends webhooks to other systems: a queue in the database, a thin client, dead letters shown.

One message of a target at a time, so that a receiver gets them in order while it takes them; one
that fails waits for its own next try and does not hold up the others.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from dispatch.cameras.grouping import Bucket
from dispatch.cameras.ingest import Batch
from dispatch.cameras.tables import WebhookOut
from dispatch.cameras.webhook_out import (
    DEAD,
    SENT,
    WAITING,
    OutKey,
    event_body,
    follow,
    headers,
    incident_body,
)
from dispatch.errors import Conflict, NotFound
from dispatch.events import IncidentOpened, IncidentUpdated
from dispatch.store.engine import Store, StoreUnavailable
from gateway.bus import Bus, Lagged, Subscription
from gateway.model.envelope import Envelope
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger(__name__)

TIMEOUT_S = 10.0
LOOK_S = 1.0
AT_ONCE = 20
EVENT_TOKENS, EVENT_REFILL_US = 200, 20_000
"""Camera events to one target: 200 at once, 50 a second; more are counted, not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One receiver. ``groups``: camera groups that it may know of; ``*`` is all of them."""

    id: str
    url: str
    keys: tuple[OutKey, ...]
    types: frozenset[str]
    groups: frozenset[str] = frozenset({"*"})

    def wants(self, kind: str, group: str) -> bool:
        """Whether a message of this type and camera group goes there."""
        return kind in self.types and ("*" in self.groups or group in self.groups)


class WebhookSender:
    """All receivers; ``run`` sends until ``close``."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        targets: Mapping[str, Target] | None = None,
        group_of: Callable[[str], str] = lambda camera: "",
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        """Subscribe at once; ``group_of`` tells a camera's group."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self.targets = dict(targets or {})
        self._group_of = group_of
        self._transport = transport
        self.counters: Counter[tuple[str, str]] = Counter()
        """(target, outcome) -> messages."""
        self._buckets: dict[str, Bucket] = {}
        self._bus = bus
        self._subscription = self._subscribe() if self.targets else None
        self._wake = asyncio.Event()
        self._closing = False

    def _subscribe(self) -> Subscription[Envelope]:
        return self._bus.subscribe("webhooks-out", capacity=50_000)

    # ---- what is sent --------------------------------------------------------------------------

    def in_batch(self, db: Session, batch: Batch) -> None:
        """Queue the camera events of a batch, in the batch's own transaction."""
        for target in self.targets.values():
            if "camera.event" not in target.types:
                continue
            for row in batch.rows:
                if not target.wants("camera.event", self._group_of(row["camera"])):
                    continue
                bucket = self._buckets.setdefault(target.id, Bucket(EVENT_TOKENS, EVENT_REFILL_US))
                if not bucket.take(UtcUs(row["t_recv_utc"])):
                    self.counters[target.id, "too many, not sent"] += 1
                    continue
                body = event_body(row)
                self._add(db, target.id, "camera.event", body, row["incident"] or "")
        self._wake.set()

    def _add(  # the row's columns
        self, db: Session, target: str, kind: str, body: bytes, incident: str
    ) -> None:
        now = self._clock.utc_us()
        db.add(
            WebhookOut(
                id="w-" + ulid(now, self._randomness(10)),
                target=target,
                type=kind,
                body=body,
                incident=incident,
                made_utc=now,
                next_utc=now,
            )
        )

    async def tell(self, kind: str, body: bytes, incident: str, group: str) -> int:
        """Queue a message for every target that wants it; returns how many."""
        wanting = [target.id for target in self.targets.values() if target.wants(kind, group)]
        if not wanting:
            return 0

        def work(db: Session) -> None:
            for target in wanting:
                self._add(db, target, kind, body, incident)

        await self._store.write(work)
        self._wake.set()
        return len(wanting)

    async def _listen(self) -> None:
        """Queue what happens to incidents."""
        while self._subscription is not None and not self._closing:
            try:
                async for envelope in self._subscription:
                    await self._take(envelope.event)
            except Lagged:
                logger.error("webhooks out: too many events at once; some were not told")
                self.counters["", "lagged"] += 1
                self._subscription.close()
                self._subscription = self._subscribe()

    async def _take(self, event: object) -> None:
        if not isinstance(event, IncidentOpened | IncidentUpdated):
            return
        made = incident_body(event, self._clock.utc_us())
        if made is None:
            return
        kind, body = made
        while not self._closing:
            try:
                await self.tell(kind, body, event.incident, event.camera_group)
            except StoreUnavailable:
                await asyncio.sleep(LOOK_S)
            else:
                return

    # ---- sending -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send what is due until ``close``."""
        if not self.targets:
            return
        import httpx  # noqa: PLC0415 - costs only who has one

        async with (
            httpx.AsyncClient(
                timeout=TIMEOUT_S, follow_redirects=False, transport=self._transport
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._listen(), name="webhooks-out-listen")
            for target in self.targets.values():
                group.create_task(self._serve(client, target), name=f"webhook {target.id}")

    async def _serve(self, client: "httpx.AsyncClient", target: Target) -> None:
        while not self._closing:
            try:
                due = await self._due(target.id)
                for row in due:
                    if self._closing:
                        return
                    await self._send(client, target, row)
            except StoreUnavailable as error:
                logger.warning("webhook %s waits for the database: %s", target.id, error)
                due = []
            if len(due) < AT_ONCE:
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._wake.wait()

    async def _due(self, target: str) -> list[WebhookOut]:
        now = self._clock.utc_us()

        def work(db: Session) -> list[WebhookOut]:
            query = select(WebhookOut).where(
                WebhookOut.target == target,
                WebhookOut.state == WAITING,
                col(WebhookOut.next_utc) <= now,
            )
            return list(db.exec(query.order_by(col(WebhookOut.id)).limit(AT_ONCE)))

        return await self._store.read(work)

    async def _send(self, client: "httpx.AsyncClient", target: Target, row: WebhookOut) -> None:
        import httpx  # noqa: PLC0415 - costs only who has one

        status, error, retry_after = 0, "", ""
        signed = headers(target.keys, row.id, row.body, self._clock.utc_us())
        try:
            answer = await client.post(target.url, content=row.body, headers=signed)
            status, retry_after = answer.status_code, answer.headers.get("retry-after", "")
        except httpx.HTTPError as failed:
            error = f"{type(failed).__name__}: {failed}"[:200]
        now = self._clock.utc_us()
        outcome = follow(row.tries + 1, status, now, error=error, retry_after=retry_after)
        self.counters[target.id, outcome.state] += 1

        def work(db: Session) -> None:
            fresh = db.get(WebhookOut, row.id)
            if fresh is None:
                return
            fresh.tries, fresh.state = row.tries + 1, outcome.state
            fresh.next_utc, fresh.last_status = outcome.next_utc, status
            fresh.last_error = outcome.error
            fresh.done_utc = now if outcome.state != WAITING else None
            db.add(fresh)

        await self._store.write(work)

    # ---- shown ---------------------------------------------------------------------------------

    async def rows(self, state: str | None, limit: int) -> list[dict[str, Any]]:
        """Return messages, newest first, without their bodies."""

        def work(db: Session) -> list[dict[str, Any]]:
            query = select(WebhookOut).order_by(col(WebhookOut.id).desc()).limit(limit)
            if state:
                query = query.where(WebhookOut.state == state)
            return [
                {
                    "id": row.id,
                    "target": row.target,
                    "type": row.type,
                    "incident": row.incident,
                    "state": row.state,
                    "tries": row.tries,
                    "made_utc": row.made_utc,
                    "next_utc": row.next_utc,
                    "last_status": row.last_status,
                    "last_error": row.last_error,
                }
                for row in db.exec(query)
            ]

        return await self._store.read(work)

    async def again(self, message: str) -> None:
        """Send a dead message again, from the first try on; raises NotFound or Conflict."""
        now = self._clock.utc_us()

        def work(db: Session) -> None:
            row = db.get(WebhookOut, message)
            if row is None:
                raise NotFound(f"there is no message {message}")
            if row.state != DEAD:
                words = "was taken already" if row.state == SENT else "is still being tried"
                raise Conflict(f"{message} {words}")
            row.state, row.tries, row.next_utc, row.done_utc = WAITING, 0, now, None
            db.add(row)

        await self._store.write(work)
        self._wake.set()

    async def close(self) -> None:
        """End ``run``; what waits is sent after the next start. Safe twice."""
        self._closing = True
        if self._subscription is not None:
            self._subscription.close()
        self._wake.set()

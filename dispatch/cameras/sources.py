"""All camera sources of a server: webhooks read here, batches of other processes written here.

One writer task takes batches in order and gives them to the incidents in one transaction each; a
batch that the database cannot take now is tried again, and meanwhile what comes in is held back:
webhooks get 503, and the MQTT process stops reading, so that the broker keeps its messages.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlmodel import Session, col, delete, select

from dispatch.cameras.event import CameraEvent, Standing, Unread
from dispatch.cameras.grouping import DROP
from dispatch.cameras.ingest import Batch, Health, Ingest
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.cameras.tables import Camera, CameraSource, CameraUnread, WebhookSeen
from dispatch.cameras.webhook import MAX_BODY_BYTES, StandardScheme, WebhookKey
from dispatch.errors import NotFound, ServiceError, TooLarge
from dispatch.events import SourceChanged
from dispatch.incidents.service import Incidents, open_groups
from dispatch.store.engine import Store, StoreUnavailable
from gateway.bus import Bus
from gateway.model.errors import LinkError
from gateway.model.ids import IncidentId, UtcUs
from gateway.ports import Clock

logger = logging.getLogger(__name__)

SETTLE_MS = 10
RETRY_MS = 250
WAITING_BATCHES = 8
WAITING_WEBHOOKS = 2000
WEBHOOK_WAIT_MS = 5000
REMEMBER_ID_US = 24 * 3_600_000_000
MAX_STANDING = 50_000
SWEEP_US = 3_600_000_000
ADOPT_US = 120_000_000
WEBHOOK_TOKENS, WEBHOOK_REFILL_US = 500, 2_000
"""A sender of webhooks may send 500 a second; beyond that it is told to wait."""


class TooMany(ServiceError):
    """The sender sends too much; it may try again after ``retry_after_s``."""

    status = 429
    retry_after_s = 1


class Backlogged(LinkError):
    """Events wait for the database; nothing more is taken now."""


class Scheme(Protocol):
    """How a kind of sender signs, and what its bodies mean."""

    def check(self, headers: Mapping[str, str], body: bytes, now: UtcUs) -> str:
        """Return the id that tells a message that came before; raises Unsigned."""

    def read(self, source: str, body: bytes, webhook_id: str, now: UtcUs) -> CameraEvent | Unread:
        """Return what a body means; raises ServiceError (400) when the sender must correct it."""


@dataclass(slots=True)
class _Hook:
    ingest: Ingest
    scheme: Scheme
    seen: dict[str, UtcUs]
    tokens: float = WEBHOOK_TOKENS
    at: UtcUs = UtcUs(0)  # noqa: RUF009  # a NewType call makes no shared value

    def allows(self, now: UtcUs) -> bool:
        """Take a token if there is one."""
        if self.at:
            self.tokens += max(0, now - self.at) / WEBHOOK_REFILL_US
            self.tokens = min(float(WEBHOOK_TOKENS), self.tokens)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The answer to a webhook."""

    duplicate: bool
    outcome: str
    incident: str | None


class CameraSources:
    """Front of the camera side for server, routes and the MQTT processes."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        incidents: Incidents,
        register: CameraRegister,
        media_allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        """Take where events go; ``media_allowed`` False (disk full) leaves raw messages out."""
        self._store = store
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._incidents = incidents
        self._media_allowed = media_allowed
        self.register = register
        self.counters: Counter[tuple[str, str]] = Counter()
        """(source, reason) -> messages; for the metrics."""
        self.health: dict[tuple[str, str], Health] = {}
        self._last: dict[str, tuple[int, int | None]] = {}
        """By source: when its last event came, and how long that was on its way (ms)."""
        self._standing: dict[tuple[str, str, str], Standing] = {}
        """(source, camera, topic) -> what was active before we listened."""
        self._hooks: dict[str, _Hook] = {}
        self._waiting: list[tuple[str, Batch]] = []
        self._replies: list[asyncio.Future[None]] = []
        self._new_ids: list[tuple[str, str, UtcUs]] = []
        self._swept_utc = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False

    async def add_webhook(
        self, source: str, keys: Sequence[WebhookKey], *, tolerance_ms: int = 300_000
    ) -> None:
        """Take webhooks of a source, signed by the Standard Webhooks scheme, from now on."""
        await self.add_hook(source, StandardScheme(keys, tolerance_ms))

    def change_scheme(self, source: str, scheme: Scheme) -> None:
        """Take other keys for a source, without a gap."""
        self._hooks[source].scheme = scheme

    async def add_hook(self, source: str, scheme: Scheme) -> None:
        """Take webhooks of a source from now on."""
        ingest = Ingest(source, self.register.find, self._randomness)
        since = UtcUs(self._clock.utc_us() - ADOPT_US)
        for row in await open_groups(self._store, source, since):
            camera = self.register.by_id(row["camera"]) or CameraInfo(id=row["camera"])
            ingest.grouper.adopt(
                IncidentId(row["incident"]), camera, tuple(row["zones"]), row["last"]
            )
        oldest = self._clock.utc_us() - REMEMBER_ID_US

        def known(db: Session) -> dict[str, UtcUs]:
            db.exec(delete(WebhookSeen).where(col(WebhookSeen.t_utc) < oldest))
            rows = db.exec(select(WebhookSeen).where(WebhookSeen.source == source))
            return {row.webhook_id: UtcUs(row.t_utc) for row in rows}

        seen = await self._store.write(known)
        self._hooks[source] = _Hook(ingest, scheme, seen)
        self.report(Health(source=source, state="unknown", reason="nothing received yet"))

    async def receive(self, source: str, headers: Mapping[str, str], body: bytes) -> Received:
        """Take a webhook; returns once its event is stored or counted.

        Raises NotFound, TooLarge, Unsigned, TooMany, ServiceError (400) or Backlogged (503).
        """
        hook = self._hooks.get(source)
        if hook is None:
            raise NotFound(f"there is no webhook source {source}")
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"body: {len(body)} bytes, at most {MAX_BODY_BYTES} are taken")
        now = self._clock.utc_us()
        try:
            webhook_id = hook.scheme.check(headers, body, now)
        except ServiceError:
            self.counters[source, "bad signature"] += 1
            raise
        if webhook_id in hook.seen:
            self.counters[source, "duplicate webhook"] += 1
            return Received(duplicate=True, outcome=DROP, incident=None)
        if not hook.allows(now):
            self.counters[source, "too many"] += 1
            raise TooMany(f"more than {1_000_000 // WEBHOOK_REFILL_US} webhooks a second")
        if len(self._replies) >= WAITING_WEBHOOKS:
            raise Backlogged("events wait for the database", hint="Send it again later.")
        meaning = hook.scheme.read(source, body, webhook_id, now)
        if isinstance(meaning, Unread):
            hook.ingest.unread("webhook", body, meaning.reason, now)
            await self._stored(source, hook, webhook_id, now)
            return Received(duplicate=False, outcome="not understood", incident=None)
        placed = hook.ingest.take(meaning)
        await self._stored(source, hook, webhook_id, now)
        return Received(duplicate=False, outcome=placed.outcome, incident=placed.incident)

    def verify(self, source: str, headers: Mapping[str, str], body: bytes) -> tuple[str, bool]:
        """Check a signed message of another kind; returns its id and whether it came before.

        Raises NotFound, Unsigned or TooMany. Call ``remember`` when it has been dealt with.
        """
        hook, now = self._hooks.get(source), self._clock.utc_us()
        if hook is None:
            raise NotFound(f"there is no webhook source {source}")
        webhook_id = hook.scheme.check(headers, body, now)
        if not hook.allows(now):
            raise TooMany(f"more than {1_000_000 // WEBHOOK_REFILL_US} webhooks a second")
        return webhook_id, webhook_id in hook.seen

    async def remember(
        self, source: str, webhook_id: str, body: bytes = b"", unread: str = ""
    ) -> None:
        """Remember a signed message; with ``unread`` it is kept as one that was not understood."""
        hook, now = self._hooks[source], self._clock.utc_us()
        if unread:
            hook.ingest.unread("webhook", body, unread, now)
        await self._stored(source, hook, webhook_id, now)

    async def _stored(self, source: str, hook: _Hook, webhook_id: str, now: UtcUs) -> None:
        """Wait until what was taken is in the database; raises Backlogged."""
        hook.seen[webhook_id] = now
        self._new_ids.append((source, webhook_id, now))
        if len(hook.seen) % 1000 == 0:
            self._forget(hook, now)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._replies.append(done)
        self._wake.set()
        try:
            async with asyncio.timeout(WEBHOOK_WAIT_MS / 1000):
                await asyncio.shield(done)
        except TimeoutError:
            hook.seen.pop(webhook_id, None)
            raise Backlogged("the database is slow", hint="Send it again later.") from None
        self._seen_alive(source, hook)

    def _forget(self, hook: _Hook, now: UtcUs) -> None:
        hook.seen = {key: t for key, t in hook.seen.items() if now - t < REMEMBER_ID_US}

    def _seen_alive(self, source: str, hook: _Hook) -> None:
        skew = hook.ingest.grouper.skew.skew_ms
        self.report(Health(source=source, state="up", skew_ms=skew))

    async def put(self, source: str, batch: Batch) -> None:
        """Take a batch of another process; waits while too many wait for the database."""
        while len(self._waiting) >= WAITING_BATCHES:
            self._room.clear()
            await self._room.wait()
        self._waiting.append((source, batch))
        self._wake.set()

    def report(self, health: Health) -> None:
        """Take the health of a source or camera; tells when it changed."""
        key = (health.source, health.camera)
        before = self.health.get(key)
        self.health[key] = health
        if before is not None and (before.state, before.reason) == (health.state, health.reason):
            return
        self._bus.publish(
            SourceChanged(
                source=health.source,
                state=health.state,
                reason=health.reason,
                camera=health.camera,
                camera_group=health.camera_group,
                skew_ms=health.skew_ms,
            )
        )

    def _stand(self, source: str, standing: Standing) -> None:
        key = (source, standing.camera, standing.topic)
        self._standing.pop(key, None)
        if standing.active:
            self._standing[key] = standing
            if len(self._standing) > MAX_STANDING:
                self._standing.pop(next(iter(self._standing)))

    def rows(self) -> list[dict[str, Any]]:
        """Return cameras with the state of camera and source (``GET /cameras``)."""
        return [
            {
                "id": camera.id,
                "name": camera.name,
                "place": camera.place or camera.name,
                "source": camera.source,
                "group": camera.group,
                "latitude_deg": camera.latitude_deg,
                "longitude_deg": camera.longitude_deg,
                "bearing_deg": camera.bearing_deg,
                "range_m": camera.range_m,
                "state": self.state_of(camera)[0],
            }
            for camera in self.register.all()
        ]

    def source_rows(self, sees: Callable[[str], bool] = lambda group: True) -> list[dict[str, Any]]:
        """Return every source with health, delay and counters (``GET /camera-sources``).

        ``sees``: whether the asker may know of cameras of a group.
        """
        names = {source for source, camera in self.health if not camera}
        names |= {source for source, _ in self.counters}
        rows = []
        for source in sorted(names):
            health = self.health.get((source, ""), Health(source=source, state="unknown"))
            last_utc, lag_ms = self._last.get(source, (None, None))
            rows.append(
                {
                    "id": source,
                    "state": health.state,
                    "reason": health.reason,
                    "skew_ms": health.skew_ms,
                    "last_event_utc": last_utc,
                    "lag_ms": lag_ms,
                    "counters": {
                        reason: number
                        for (one, reason), number in sorted(self.counters.items())
                        if one == source
                    },
                    "already_active": [
                        {
                            "camera": one.camera,
                            "kind": one.kind,
                            "topic": one.topic,
                            "since_utc": one.since_utc,
                        }
                        for (of, _, _), one in self._standing.items()
                        if of == source and sees(self._group(one.camera))
                    ],
                    "offline": sorted(
                        camera
                        for (one, camera), state in self.health.items()
                        if one == source
                        and camera
                        and state.state == "down"
                        and sees(self._group(camera) or state.camera_group)
                    ),
                }
            )
        return rows

    def skew_ms(self, source: str) -> int | None:
        """Return the estimated offset of a source's clock, None while nothing is known."""
        return self.health.get((source, ""), Health(source=source, state="")).skew_ms

    def _group(self, camera: str) -> str:
        known = self.register.by_id(camera)
        return known.group if known else ""

    def state_of(self, camera: CameraInfo) -> tuple[str, str]:
        """Return the state of a camera and why, the source's where its own is not known."""
        own = self.health.get((camera.source, camera.id))
        whole = self.health.get((camera.source, ""))
        known = own or whole or Health(source="", state="unknown")
        return known.state, known.reason

    # ---- writing -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write batches until ``close``."""
        while not self._closing or self._waiting or self._replies:
            await self._wake.wait()
            if not self._waiting:
                await asyncio.sleep(SETTLE_MS / 1000)
            self._wake.clear()
            await self._write_all()
            await self._forget_unread()

    async def _forget_unread(self) -> None:
        """Erase messages that were not understood when their 72 hours are over, once an hour."""
        now = self._clock.utc_us()
        if now < self._swept_utc + SWEEP_US:
            return
        self._swept_utc = now

        def work(db: Session) -> None:
            db.exec(delete(CameraUnread).where(col(CameraUnread.expires_utc) <= now))

        await self._persist(lambda: self._store.write(work))

    async def _write_all(self) -> None:
        replies, self._replies = self._replies, []
        ids, self._new_ids = self._new_ids, []
        for source, hook in self._hooks.items():
            batch = hook.ingest.drain()
            if batch:
                self._waiting.append((source, batch))
        while self._waiting:
            source, batch = self._waiting[0]
            await self._write_one(source, batch)
            self._waiting.pop(0)
            self._room.set()
        if ids:
            await self._persist(lambda: self._store.write(lambda db: _remember(db, ids)))
        for reply in replies:
            if not reply.done():
                reply.set_result(None)

    async def _write_one(self, source: str, batch: Batch) -> None:
        if not self._media_allowed():
            for row in batch.rows:
                row["raw"], row["media"] = b"", {}
            for row in batch.unread:
                row["raw"] = b""
        await self._persist(lambda: self._incidents.apply(batch))
        for reason, number in batch.counters.items():
            self.counters[source, reason] += number
        for standing in batch.standing:
            self._stand(source, standing)
        if batch.last_recv_utc:
            self._last[source] = (batch.last_recv_utc, batch.lag_ms)
        for health in batch.health:
            self.report(health)

    async def _persist(self, write: Callable[[], Any]) -> None:
        # ``write`` returns an awaitable of no interest; Any, as its result differs.
        while True:
            try:
                await write()
            except StoreUnavailable as error:
                logger.warning("camera events wait: %s", error)
                await asyncio.sleep(RETRY_MS / 1000)
            else:
                return

    async def close(self) -> None:
        """Write what waits, then end ``run``; safe twice."""
        self._closing = True
        self._wake.set()


def _remember(db: Session, ids: list[tuple[str, str, UtcUs]]) -> None:
    for source, webhook_id, at in ids:
        db.merge(WebhookSeen(source=source, webhook_id=webhook_id, t_utc=at))


def store_register(db: Session, register: CameraRegister, sources: Mapping[str, str]) -> None:
    """Write cameras and sources (id -> kind) of the configuration into the store."""
    for source, kind in sources.items():
        row = db.get(CameraSource, source) or CameraSource(id=source, kind=kind)
        row.kind = kind
        db.add(row)
    for camera in register.all():
        row_ = db.get(Camera, camera.id) or Camera(id=camera.id, source="", name_at_source="")
        row_.source, row_.name_at_source = camera.source, camera.name_at_source or camera.id
        row_.name, row_.place, row_.group = camera.name, camera.place, camera.group
        row_.latitude_deg, row_.longitude_deg = camera.latitude_deg, camera.longitude_deg
        row_.bearing_deg, row_.range_m = camera.bearing_deg, camera.range_m
        db.add(row_)

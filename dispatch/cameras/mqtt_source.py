"""Events over MQTT (Frigate, ONVIF Profile M): a thin client round a reader and ``Ingest``.

QoS 1, a session that the broker keeps, a bounded queue in the client (aiomqtt's is unbounded by
default), reconnecting with a growing pause. Runs where it is put: in the ingest process.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

import aiomqtt

from dispatch.cameras.event import (
    DEFAULT_THRESHOLDS,
    CameraEvent,
    CameraHealth,
    Meaning,
    SourceHealth,
    Thresholds,
    Unread,
)
from dispatch.cameras.frigate import read, rest_reviews, topics
from dispatch.cameras.ingest import Batch, Health, Ingest
from gateway.model.ids import UtcUs
from gateway.ports import Clock

logger = logging.getLogger(__name__)

QUEUED_MESSAGES = 40_000
FLUSH_MS = 20
FLOOD_FLUSH_MS, FLOOD_EVENTS = 100, 12
"""After a batch of so many events the next may grow longer: one transaction for ten, and one line
for each incident that grew."""
BATCH_EVENTS = 400
HELD_EVENTS = 20_000
"""Events that may wait for the server in this process; more stay in the queue and the broker."""
RECONNECT_MS = (250, 500, 1000, 2000, 5000, 10_000)
KEEP_ALIVE_S = 20
QOS_AT_LEAST_ONCE = 1
SLEEP_EVERY_MESSAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSettings:
    """Where the broker is. ``source`` is the id under which its events are known."""

    source: str
    host: str
    port: int = 1883
    prefix: str = "frigate"
    username: str | None = None
    password: str | None = None
    tls: bool = False
    client_id: str = "samband"
    kind: str = "frigate"
    """frigate, or onvif for one device's Profile M bridge (then ``camera`` is its name)."""
    camera: str = ""
    motion: bool = False
    alert_topics: tuple[str, ...] = ()
    face_threshold: float = DEFAULT_THRESHOLDS.face
    plate_threshold: float = DEFAULT_THRESHOLDS.plate
    http: str | None = None
    """Frigate's own address: asked after a lost connection for the reviews that were missed."""
    http_user: str | None = None
    http_password: str | None = None
    http_ca_file: str | None = None

    def __repr__(self) -> str:
        """Hide the passwords."""
        return f"MqttSettings({self.source}, {self.host}:{self.port}, {self.prefix})"


class Reader(Protocol):
    """A core: which topics it reads, and what a message means."""

    def topics(self) -> tuple[str, ...]:
        """Return the topics to subscribe to."""

    def read(self, topic: str, payload: bytes, now: UtcUs, *, retained: bool) -> Meaning:
        """Return what a message means; raises nothing."""


@dataclass(frozen=True, slots=True)
class FrigateReader:
    """``frigate.read`` as a reader."""

    source: str
    prefix: str
    thresholds: Thresholds = DEFAULT_THRESHOLDS

    def topics(self) -> tuple[str, ...]:
        """Return Frigate's topics."""
        return topics(self.prefix)

    def read(self, topic: str, payload: bytes, now: UtcUs, *, retained: bool) -> Meaning:
        """Return what a message of Frigate means; its events are never kept by the broker."""
        return read(self.source, self.prefix, topic, payload, now, self.thresholds)


class CountingQueue(asyncio.Queue[aiomqtt.Message]):
    """The client's bounded queue: what it had to discard is counted, never silent."""

    discarded = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Put a message in; a full queue discards it, as the client does, and counts it."""
        if self.full():
            CountingQueue.discarded += 1
        super().put_nowait(item)


Deliver = Callable[[Batch], Awaitable[None]]
Missed = Callable[[float], Awaitable[bytes | None]]
OVERLAP_S = 60
"""How far before the last message is asked again: what is known is passed over."""


class MqttSource:
    """Reads one Frigate until cancelled; gives batches to ``deliver``, which may hold it back."""

    def __init__(
        self,
        settings: MqttSettings,
        ingest: Ingest,
        clock: Clock,
        deliver: Deliver,
        *,
        reader: Reader | None = None,
        missed: Missed | None = None,
        seen_utc: UtcUs | None = None,
    ) -> None:
        """Take broker, grouper and where batches go.

        ``missed`` gives the reviews since a moment (``GET /api/review``); ``seen_utc`` is when the
        last event came before this process began.
        """
        self._reader = reader or FrigateReader(
            settings.source,
            settings.prefix,
            Thresholds(face=settings.face_threshold, plate=settings.plate_threshold),
        )
        self._missed = missed
        self._seen_utc = seen_utc
        self._settings = settings
        self._ingest = ingest
        self._clock = clock
        self._deliver = deliver
        self._due = asyncio.Event()
        self._flushed = asyncio.Event()
        self._online: dict[tuple[str, str], bool] = {}
        self._offline_since: dict[tuple[str, str], UtcUs] = {}
        self._was_up = False
        self.received = 0

    async def run(self) -> None:
        """Connect, read, reconnect; ends when cancelled."""
        failures = 0
        async with asyncio.TaskGroup() as group:
            group.create_task(self._flush(), name=f"mqtt-flush {self._settings.source}")
            while True:
                try:
                    await self._read()
                except aiomqtt.MqttError as error:
                    pause_ms = RECONNECT_MS[min(failures, len(RECONNECT_MS) - 1)]
                    failures = 0 if self._was_up else failures + 1
                    self._health("down", f"broker: {error}")
                    await asyncio.sleep(pause_ms / 1000)

    async def _read(self) -> None:
        self._was_up = False
        settings = self._settings
        async with aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password,
            identifier=settings.client_id,
            clean_session=False,
            keepalive=KEEP_ALIVE_S,
            tls_params=aiomqtt.TLSParameters() if settings.tls else None,
            max_queued_incoming_messages=QUEUED_MESSAGES,
            queue_type=CountingQueue,
        ) as client:
            wanted = [(topic, QOS_AT_LEAST_ONCE) for topic in self._reader.topics()]
            await client.subscribe(wanted)
            self._was_up = True
            self._health("up", "")
            await self._reconcile()
            async for message in client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                self.take(str(message.topic), payload, retained=message.retain)
                if self.received % SLEEP_EVERY_MESSAGES == 0:
                    await self._breathe()

    async def _reconcile(self) -> None:
        """Take the reviews that the broker did not keep for us, when Frigate can be asked."""
        if self._missed is None or self._seen_utc is None:
            return
        payload = await self._missed(self._seen_utc / 1_000_000 - OVERLAP_S)
        if payload is None:
            self._ingest.count("missed reviews could not be asked for")
            return
        now = self._clock.utc_us()
        for meaning in rest_reviews(self._settings.source, payload, now):
            if isinstance(meaning, CameraEvent) and not self._ingest.grouper.knows(
                meaning.src_event_id
            ):
                self._ingest.count("missed review taken")
                self._ingest.take(replace(meaning, t_fresh_utc=None))
            elif isinstance(meaning, Unread):
                self._ingest.unread("api/review", payload, meaning.reason, now)
        self._due.set()

    async def _breathe(self) -> None:
        """Let the flush run; hold back while the server cannot take more."""
        self._count_lost()
        await asyncio.sleep(0)
        if len(self._ingest.batch.rows) > HELD_EVENTS:
            self._flushed.clear()
            await self._flushed.wait()

    def _count_lost(self) -> None:
        """Count what the client's full queue had to discard."""
        lost, CountingQueue.discarded = CountingQueue.discarded, 0
        if lost:
            self._ingest.overflow(lost, self._clock.utc_us())
            self._health("flooding", f"{lost} messages discarded: more came than could be read")

    def take(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Take one message; ``retained``: the broker kept it from before we subscribed."""
        self.received += 1
        now = self._clock.utc_us()
        meaning = self._reader.read(topic, payload, now, retained=retained)
        match meaning:
            case SourceHealth():
                state = "up" if meaning.online else "down"
                self._health(state, "" if meaning.online else f"Frigate says {meaning.word}")
            case CameraHealth():
                self._camera(meaning, now)
            case _:
                if isinstance(meaning, CameraEvent):
                    self._seen_utc = now
                self._ingest.consume(meaning, topic, payload, now)
        self._due.set()

    def _camera(self, health: CameraHealth, now: UtcUs) -> None:
        key = (health.camera, health.role)
        before = self._online.get(key)
        self._online[key] = health.online
        if before == health.online or (before is None and health.online):
            return
        camera = self._ingest.camera(health.camera)
        state = "up" if health.online else "down"
        reason = "" if health.online else f"{health.role} is offline"
        self._ingest.batch.health.append(
            Health(
                source=self._settings.source,
                state=state,
                reason=reason,
                camera=camera.id,
                camera_group=camera.group,
            )
        )
        if not health.online:
            self._offline_since[key] = now
        since = self._offline_since.get(key, now)
        self._ingest.take(_health_event(self._settings.source, health, since, now))

    def _health(self, state: str, reason: str) -> None:
        self._ingest.batch.health.append(
            Health(
                source=self._settings.source,
                state=state,
                reason=reason,
                skew_ms=self._ingest.grouper.skew.skew_ms,
            )
        )
        self._due.set()

    async def _flush(self) -> None:
        flood = False
        while True:
            await self._due.wait()
            if len(self._ingest.batch.rows) < BATCH_EVENTS:
                await asyncio.sleep((FLOOD_FLUSH_MS if flood else FLUSH_MS) / 1000)
            self._due.clear()
            self._count_lost()
            batch = self._ingest.drain()
            self._flushed.set()
            flood = batch.counters.total() >= FLOOD_EVENTS
            await self._deliver(batch)


def _health_event(source: str, health: CameraHealth, since: UtcUs, now: UtcUs) -> CameraEvent:
    word = "online" if health.online else "offline"
    return CameraEvent(
        source=source,
        src_event_id=f"{health.camera}/status/{health.role}@{since}",
        kind="health",
        phase="end" if health.online else "new",
        camera=health.camera,
        t_event_utc=now,
        t_recv_utc=now,
        severity="info" if health.online else "detection",
        raw=word.encode(),
        raw_sha256=hashlib.sha256(word.encode()).hexdigest(),
        labels=("camera",),
    )

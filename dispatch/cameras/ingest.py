"""Collects what the groupers decide into batches, and the batch's form between two processes.

A batch is what the server writes in one transaction: incidents to open, events to store, sums of
what a storm counted, health. The same class serves a source inside the server (webhook) and one in
a process of its own (MQTT); there it crosses a pipe as one JSON line and the raw bytes behind it.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dispatch.cameras.event import (
    CameraEvent,
    CameraHealth,
    Meaning,
    Passed,
    SourceHealth,
    Standing,
    Unread,
    louder,
)
from dispatch.cameras.grouping import COUNT, DROP, Bucket, Grouper, Opening, Placed
from dispatch.cameras.register import CameraInfo
from gateway.model.ids import IncidentId, UtcUs, ulid

EVENT_RETENTION_US = 72 * 3_600_000_000
"""An event that belongs to no incident with a class of its own is kept 72 hours."""
DISCARDED = "discarded by the client"
UNREAD_TOKENS, UNREAD_REFILL_US = 100, 1_000_000
"""Messages not understood that a source may keep: 100 at once, one a second; more are counted."""
UNREAD_BYTES = 256 * 1024
"""What is kept of a larger one."""


@dataclass(slots=True, kw_only=True)
class Growth:
    """What a batch adds to one incident."""

    events: int = 0
    storm_events: int = 0
    last_event_utc: int = 0
    severity: str = "info"


@dataclass(slots=True, kw_only=True)
class Health:
    """State of a source, or of one of its cameras."""

    source: str
    state: str
    reason: str = ""
    camera: str = ""
    camera_group: str = ""
    skew_ms: int | None = None


@dataclass(slots=True, kw_only=True)
class Batch:
    """What is written at once. ``rows`` are values of the table ``camera_event``."""

    openings: list[Opening] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)  # column values, made by ``row_of``
    growth: dict[str, Growth] = field(default_factory=dict)
    storms: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(incident, camera, reason) -> events that were counted."""
    health: list[Health] = field(default_factory=list)
    unread: list[dict[str, Any]] = field(default_factory=list)  # values of ``camera_unread``
    standing: list[Standing] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    """Stills that came inside messages: object, camera, incident, t_utc, raw."""
    counters: Counter[str] = field(default_factory=Counter)
    source: str = ""
    """Set where one process reads many sources."""
    last_recv_utc: int = 0
    lag_ms: int | None = None
    """How long the last new event was on its way, by both clocks; None when none told."""

    def __bool__(self) -> bool:
        """Whether anything is in it."""
        told = self.health or self.counters or self.unread or self.standing
        return bool(self.openings or self.growth or told)

    def grow(self, incident: str) -> Growth:
        """Return the growth of an incident."""
        return self.growth.setdefault(incident, Growth())


class Ingest:
    """One source's way from events to batches."""

    def __init__(
        self,
        source: str,
        find_camera: Callable[[str, str], CameraInfo],
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take the camera register and a source of random bytes for ids."""
        self._source = source
        self._find = find_camera
        self._randomness = randomness
        self.grouper = Grouper(source, find_camera, self._incident_id)
        self.batch = Batch()
        self._unread_bucket = Bucket(UNREAD_TOKENS, UNREAD_REFILL_US)

    def _incident_id(self, now: UtcUs) -> IncidentId:
        return IncidentId("i-" + ulid(now, self._randomness(10)))

    def camera(self, name: str) -> CameraInfo:
        """Return the camera that the source calls by this name."""
        return self._find(self._source, name)

    def take(self, event: CameraEvent) -> Placed:
        """Place an event and put the consequence into the batch."""
        placed = self.grouper.take(event)
        batch = self.batch
        batch.counters[placed.outcome] += 1
        batch.last_recv_utc = event.t_recv_utc
        if event.t_fresh_utc is not None:
            batch.lag_ms = (event.t_recv_utc - event.t_fresh_utc) // 1000
        if placed.outcome == DROP or placed.incident is None or placed.camera is None:
            return placed
        if placed.opening is not None:
            batch.openings.append(placed.opening)
        growth = batch.grow(placed.incident)
        growth.last_event_utc = max(growth.last_event_utc, placed.t_corrected_utc)
        growth.severity = louder(growth.severity, event.severity)
        if placed.outcome == COUNT:
            growth.storm_events += 1
            batch.storms[placed.incident, placed.camera.id, placed.reason] += 1
        else:
            growth.events += 1
            event_id = "e-" + ulid(event.t_recv_utc, self._randomness(10))
            batch.rows.append(row_of(event, placed, event_id))
            if event.picture:
                batch.pictures.append(_picture_of(event, placed))
        return placed

    def count(self, reason: str) -> None:
        """Count a message that carries no event."""
        self.batch.counters[reason] += 1

    def overflow(self, number: int, now: UtcUs) -> None:
        """Count messages that came faster than they could be read, in the source's storm."""
        incident, opening = self.grouper.overflow(now)
        batch = self.batch
        if opening is not None:
            batch.openings.append(opening)
        growth = batch.grow(incident)
        growth.storm_events += number
        growth.last_event_utc = max(growth.last_event_utc, now)
        batch.storms[incident, "", DISCARDED] += number
        batch.counters[DISCARDED] += number

    def unread(self, topic: str, payload: bytes, reason: str, now: UtcUs) -> None:
        """Keep a message that was not understood; beyond the limit it is counted only."""
        self.batch.counters["not understood"] += 1
        if not self._unread_bucket.take(now):
            self.batch.counters["not understood, not kept"] += 1
            return
        self.batch.unread.append(
            {
                "id": "m-" + ulid(now, self._randomness(10)),
                "source": self._source,
                "topic": topic[:200],
                "reason": reason[:200],
                "t_recv_utc": now,
                "size_bytes": len(payload),
                "raw_sha256": hashlib.sha256(payload).hexdigest(),
                "raw": zlib.compress(payload[:UNREAD_BYTES], 1),
                "expires_utc": now + EVENT_RETENTION_US,
            }
        )

    def consume(self, meaning: Meaning, topic: str, payload: bytes, now: UtcUs) -> None:
        """Take whatever a reader made of a message."""
        match meaning:
            case CameraEvent():
                self.take(meaning)
            case Passed():
                self.count(meaning.reason)
            case Unread():
                self.unread(topic, payload, meaning.reason, now)
            case Standing():
                self.count("state")
                camera = self.camera(meaning.camera)
                self.batch.standing.append(replace(meaning, camera=camera.id))
            case SourceHealth() | CameraHealth():
                raise AssertionError("the source's client keeps health itself")

    def drain(self) -> Batch:
        """Take the batch and begin a new one."""
        batch, self.batch = self.batch, Batch()
        return batch


def row_of(event: CameraEvent, placed: Placed, event_id: str) -> dict[str, Any]:
    """Return the column values of an event."""
    return {
        "id": event_id,
        "source": event.source,
        "src_event_id": event.src_event_id,
        "kind": event.kind,
        "phase": event.phase,
        "camera": placed.camera.id if placed.camera else event.camera,
        "t_event_utc": event.t_event_utc,
        "t_recv_utc": event.t_recv_utc,
        "t_skew_ms": placed.skew_ms,
        "severity": event.severity,
        "labels": list(event.labels),
        "zones": list(event.zones),
        "score": event.score,
        "claims": [asdict(claim) for claim in event.claims],
        "media": event.media,
        "notes": list(event.notes),
        "raw_sha256": event.raw_sha256,
        "raw": zlib.compress(event.raw, 1),
        "incident": placed.incident,
        "retention": "event",
        "expires_utc": event.t_recv_utc + EVENT_RETENTION_US,
    }


def _picture_of(event: CameraEvent, placed: Placed) -> dict[str, Any]:
    return {
        "source": event.source,
        "object": event.src_event_id,
        "camera": placed.camera.id if placed.camera else event.camera,
        "incident": placed.incident,
        "t_utc": event.t_event_utc,
        "raw": event.picture,
    }


def to_bytes(batch: Batch) -> bytes:
    """Return a batch as a JSON line (lengths of the raws in it) and the raws."""
    raws = [row["raw"] for row in [*batch.rows, *batch.unread, *batch.pictures]]
    head = {
        "openings": [asdict(opening) for opening in batch.openings],
        "rows": [{**row, "raw": len(row["raw"])} for row in batch.rows],
        "unread": [{**row, "raw": len(row["raw"])} for row in batch.unread],
        "pictures": [{**row, "raw": len(row["raw"])} for row in batch.pictures],
        "standing": [asdict(standing) for standing in batch.standing],
        "growth": {key: asdict(growth) for key, growth in batch.growth.items()},
        "storms": [[*key, events] for key, events in batch.storms.items()],
        "health": [asdict(health) for health in batch.health],
        "counters": dict(batch.counters),
        "source": batch.source,
        "last": [batch.last_recv_utc, batch.lag_ms],
    }
    line = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join([line, b"\n", *raws])


def from_bytes(data: bytes) -> Batch:
    """Read what ``to_bytes`` made."""
    end = data.index(b"\n")
    head = json.loads(data[:end])
    place = end + 1
    for row in [*head["rows"], *head["unread"], *head["pictures"]]:
        length = row["raw"]
        row["raw"] = data[place : place + length]
        place += length
    return Batch(
        openings=[_opening(values) for values in head["openings"]],
        rows=head["rows"],
        unread=head["unread"],
        pictures=head["pictures"],
        standing=[Standing(**values) for values in head["standing"]],
        growth={key: Growth(**values) for key, values in head["growth"].items()},
        storms=Counter({(i, camera, reason): n for i, camera, reason, n in head["storms"]}),
        health=[Health(**values) for values in head["health"]],
        counters=Counter(head["counters"]),
        source=head["source"],
        last_recv_utc=head["last"][0],
        lag_ms=head["last"][1],
    )


def _opening(values: dict[str, Any]) -> Opening:
    camera = values.pop("camera")
    zones = tuple(values.pop("zones"))
    return Opening(camera=CameraInfo(**camera) if camera else None, zones=zones, **values)

"""Fetches wanted stills and clips in the background, keeps them by their SHA-256, serves them.

What is wanted stands in the table ``camera_media``, so a restart loses nothing: every row is tried
when its time has come, within the source's own retention.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from sqlmodel import Session, col, select

from dispatch.cameras.frigate_http import Fetched
from dispatch.cameras.grouping import Bucket
from dispatch.cameras.ingest import Batch
from dispatch.cameras.media import (
    FETCHED,
    GONE,
    PARTIAL,
    STILL,
    Want,
    follow,
    frigate_wants,
)
from dispatch.cameras.media_due import DueMedia
from dispatch.cameras.mp4 import duration_ms
from dispatch.cameras.tables import CameraMedia
from dispatch.store.engine import Store
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

DAY_US = 86_400 * 1_000_000
WANT_TOKENS, WANT_REFILL_US = 200, 200_000
"""Events of a source whose media are fetched unasked: 200 at once, five a second."""
SUFFIXES = {"image/jpeg": ".jpg", "image/webp": ".webp", "image/png": ".png", "video/mp4": ".mp4"}
"""Other types are kept without one."""
PICTURE_STARTS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


class MediaSource(Protocol):
    """Who can fetch a path below its own address."""

    async def fetch(
        self, path: str, target: Path, *, still: bool, measure: Callable[[Path], int | None] = ...
    ) -> Fetched:
        """Fetch into a file."""


class MediaStore:
    """Wanted media of all sources that have an address."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        randomness: Callable[[int], bytes],
        folder: Path,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        """Take the folder; ``allowed`` False (disk full) fetches nothing for now."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self.folder = folder
        self.allowed = allowed
        self._sources: dict[str, tuple[MediaSource, int]] = {}
        self._fetching = DueMedia(
            "media",
            store=store,
            clock=clock,
            mine=self._mine,
            work=self._try,
            allowed=allowed,
        )
        self._buckets: dict[str, Bucket] = {}
        self.counters: Counter[tuple[str, str]] = Counter()
        """(source, reason) -> events whose media nobody asked for."""
        self.on_kept: Callable[[CameraMedia, Mapping[str, Any]], None] = lambda row, values: None
        """Told of each file that is kept, before it is shown: the audit log's entry."""

    def add_source(self, source: str, fetcher: MediaSource, *, keeps_days: float) -> None:
        """Fetch media of a source, which keeps them ``keeps_days`` itself."""
        self._sources[source] = (fetcher, round(keeps_days * DAY_US))

    def in_batch(self, db: Session, batch: Batch) -> None:
        """Write down what the events of a batch want, in the batch's own transaction."""
        for row in batch.rows:
            if row["source"] not in self._sources or not row["incident"]:
                continue
            wants = frigate_wants(row)
            if wants and not row["claims"] and not self._allows(row):
                self.counters[row["source"], "too many to fetch"] += 1
                continue
            for want in wants:
                self._add(db, want, row["source"], row["camera"], row["incident"], "")
        for picture in batch.pictures:
            self._add_picture(db, picture)
        self._fetching.look()

    def _allows(self, row: dict[str, Any]) -> bool:
        """Whether a source may want one more; what has a claim of identity always may."""
        bucket = self._buckets.setdefault(row["source"], Bucket(WANT_TOKENS, WANT_REFILL_US))
        return bucket.take(UtcUs(row["t_recv_utc"]))

    def _add_picture(self, db: Session, picture: dict[str, Any]) -> None:
        """Keep a still that came inside a message, as fetched."""
        if not self.allowed():
            return
        raw: bytes = picture["raw"]
        digest, now = hashlib.sha256(raw).hexdigest(), self._clock.utc_us()
        kind = next((k for start, k in PICTURE_STARTS.items() if raw.startswith(start)), "")
        name = f"{digest}{SUFFIXES.get(kind, '')}"
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{name}.part"
        part.write_bytes(raw)
        part.replace(self.folder / name)
        row = CameraMedia(
            id="v-" + ulid(now, self._randomness(10)),
            incident=picture["incident"],
            source=picture["source"],
            camera=picture["camera"],
            object=picture["object"],
            kind=STILL,
            path="",
            from_utc=picture["t_utc"],
            state=FETCHED,
            made_utc=now,
            done_utc=now,
            file=name,
            sha256=digest,
            size_bytes=len(raw),
            content_type=kind,
        )
        known = select(CameraMedia.id).where(
            CameraMedia.source == row.source,
            CameraMedia.object == row.object,
            CameraMedia.kind == STILL,
            CameraMedia.from_utc == row.from_utc,
        )
        if db.exec(known).first() is None:
            db.add(row)
            kept = {"sha256": digest, "size_bytes": len(raw), "how": "inside the message"}
            self.on_kept(row, kept)

    def _add(  # noqa: PLR0917  # what a row is made of
        self, db: Session, want: Want, source: str, camera: str, incident: str, who: str
    ) -> CameraMedia | None:
        known = db.exec(
            select(CameraMedia.id).where(
                CameraMedia.source == source,
                CameraMedia.object == want.object,
                CameraMedia.kind == want.kind,
                CameraMedia.from_utc == want.from_utc,
            )
        ).first()
        if known is not None:
            return None
        now = self._clock.utc_us()
        keeps = self._sources[source][1]
        row = CameraMedia(
            id="v-" + ulid(now, self._randomness(10)),
            incident=incident,
            source=source,
            camera=camera,
            made_by=who,
            made_utc=now,
            next_utc=now,
            give_up_utc=max(want.to_utc, now) + keeps,
            **asdict(want),
        )
        db.add(row)
        db.flush()
        return row

    async def run(self) -> None:
        """Fetch what is due until ``close``."""
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        await self._fetching.run()

    def _mine(self) -> list[Any]:
        return [col(CameraMedia.source).in_(list(self._sources)), col(CameraMedia.path) != ""]

    async def _try(self, row: CameraMedia) -> None:
        fetcher, _ = self._sources[row.source]
        target = self.folder / row.id
        fetched = await fetcher.fetch(
            row.path, target, still=row.kind == STILL, measure=duration_ms
        )
        want = Want(
            kind=row.kind,
            object=row.object,
            path=row.path,
            from_utc=row.from_utc,
            to_utc=row.to_utc,
        )
        now = self._clock.utc_us()
        step = follow(want, row.tries + 1, fetched.answer, now, row.give_up_utc)
        values: dict[str, Any] = {
            "tries": row.tries + 1,
            "state": step.state,
            "reason": step.reason,
            "next_utc": step.next_utc,
        }
        if step.keep:
            values |= await asyncio.to_thread(self._keep, target, fetched)
            values["how"] = how_frigate(remuxed=row.remuxed)
            self.on_kept(row, values)
        else:
            await asyncio.to_thread(target.unlink, missing_ok=True)
        if not step.keep and row.state == PARTIAL:
            values["state"] = PARTIAL  # what is there is not lost by a later refusal
        if step.state == GONE or not step.next_utc:
            values["done_utc"] = now
        await self._store.write(lambda db: _change(db, row.id, values))

    def _keep(self, target: Path, fetched: Fetched) -> dict[str, Any]:
        suffix = SUFFIXES.get(fetched.content_type, "")
        name = f"{fetched.sha256}{suffix}"
        target.replace(self.folder / name)
        return {
            "file": name,
            "sha256": fetched.sha256,
            "size_bytes": fetched.answer.size_bytes,
            "duration_ms": fetched.answer.duration_ms,
            "content_type": fetched.content_type,
        }

    async def close(self) -> None:
        """End ``run`` when what is being fetched has ended; safe twice."""
        self._fetching.close()


def _change(db: Session, media: str, values: Mapping[str, Any]) -> None:
    row = db.get(CameraMedia, media)
    if row is None:
        return
    for name, value in values.items():
        setattr(row, name, value)
    db.add(row)


def media_rows(db: Session, incident: str) -> list[dict[str, Any]]:
    """Return stills and clips of an incident as its sheet shows them."""
    query = select(CameraMedia).where(CameraMedia.incident == incident)
    return [media_row(row) for row in db.exec(query.order_by(col(CameraMedia.made_utc)).limit(200))]


def media_row(row: CameraMedia) -> dict[str, Any]:
    """Return a still or clip as it is shown."""
    return {
        "id": row.id,
        "kind": row.kind,
        "camera": row.camera,
        "state": row.state,
        "reason": row.reason,
        "from_utc": row.from_utc,
        "to_utc": row.to_utc,
        "made_by": row.made_by,
        "made_utc": row.made_utc,
        "tries": row.tries,
        "next_utc": row.next_utc,
        "sha256": row.sha256,
        "size_bytes": row.size_bytes,
        "duration_ms": row.duration_ms,
        "content_type": row.content_type,
        "remuxed": row.remuxed,
        "why": row.why,
        "how": row.how,
        "skew_ms": row.skew_ms,
        "event_utc": row.event_utc,
    }


def how_frigate(*, remuxed: bool) -> str:
    """Return how Frigate made a file."""
    return "by Frigate, packed anew" if remuxed else "by Frigate"


def clip_around(first_utc: UtcUs, last_utc: UtcUs, before_s: int, after_s: int) -> tuple[int, int]:
    """Return the times of a clip with its rolls."""
    return first_utc - before_s * 1_000_000, last_utc + after_s * 1_000_000

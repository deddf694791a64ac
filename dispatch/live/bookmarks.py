"""Clips that a person wants kept: tried at every recorder until its retention has passed.

A bookmark is a row of ``camera_media`` whose path is empty: how it is fetched is decided anew in
each try, so that a recorder that comes back, or is configured later, still gives it. It outlives a
restart. Each file that is kept is a ``collect`` entry of the audit log, with its SHA-256.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.cameras.grouping import Bucket
from dispatch.cameras.ingest import Batch
from dispatch.cameras.media import (
    CLIP,
    FETCHED,
    GONE,
    MAX_CLIP_S,
    PARTIAL,
    STILL,
    WANTED,
    Answer,
    Want,
    follow,
)
from dispatch.cameras.media_due import DueMedia
from dispatch.cameras.media_store import SUFFIXES, WANT_REFILL_US, WANT_TOKENS, MediaStore
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.cameras.tables import CameraMedia
from dispatch.errors import ServiceError
from dispatch.live.camera_http import NoPicture, Still
from dispatch.live.recorders import Clip, Recorder
from dispatch.live.rtsp import RtspRecorder
from dispatch.live.stills import Stills
from dispatch.services.record import Record
from dispatch.store.engine import Store
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

KEEPS_US = 10 * 86_400 * 1_000_000
"""How long a clip is tried when no recorder says how long it keeps anything."""
NOBODY = "no recorder is known for this camera"
SECOND_US = 1_000_000


class Bookmarks:
    """Wanted clips and stills that are fetched by looking for who has them."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        randomness: Callable[[int], bytes],
        register: CameraRegister,
        media: MediaStore,
        stills: Stills,
        record: Record,
        skew_ms: Callable[[str], int | None] = lambda source: None,
    ) -> None:
        """Take the register, the store of files, and how to know a source's clock."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._register = register
        self._media = media
        self._stills = stills
        self._record = record
        self._skew_ms = skew_ms
        self._recorders: list[Recorder] = []
        self.rtsp: RtspRecorder | None = None
        self._buckets: dict[str, Bucket] = {}
        self.counters: Counter[tuple[str, str]] = Counter()
        """(source, reason) -> alerts whose still nobody fetched."""
        self._fetching = DueMedia(
            "bookmark",
            store=store,
            clock=clock,
            mine=lambda: [col(CameraMedia.path) == ""],
            work=self._one,
            allowed=media.allowed,
        )

    def add_recorder(self, recorder: Recorder) -> None:
        """Ask one more recorder, after those that were added before."""
        self._recorders.append(recorder)

    def recorders_of(self, camera: CameraInfo) -> list[Recorder]:
        """Return who may have a camera's recordings."""
        return [one for one in self._recorders if one.has(camera)]

    # ---- wanting -------------------------------------------------------------------------------

    async def want(  # what a bookmark is made of
        self,
        camera: CameraInfo,
        between: tuple[int, int],
        *,
        event_utc: int,
        incident: str,
        who: str,
        why: str,
        source: str = "",
    ) -> str:
        """Want the clip of a camera between two times; returns its id. Raises ServiceError."""
        from_utc, to_utc = between
        seconds = (to_utc - from_utc) / SECOND_US
        if not 0 < seconds <= MAX_CLIP_S:
            raise ServiceError(f"expected a clip of up to {MAX_CLIP_S} s, got {seconds:.0f} s")
        now = self._clock.utc_us()
        if from_utc > now + MAX_CLIP_S * SECOND_US:
            raise ServiceError(f"a clip may begin at most {MAX_CLIP_S} s from now")
        recorders = self.recorders_of(camera)
        keeps = max((one.keeps_us for one in recorders), default=KEEPS_US)
        by_stream = self._by_stream(camera)
        row = CameraMedia(
            id="v-" + ulid(now, self._randomness(10)),
            incident=incident,
            source=source or camera.source or "camera",
            camera=camera.id,
            object="b-" + ulid(now, self._randomness(10)),
            kind=CLIP,
            path="",
            from_utc=from_utc,
            to_utc=to_utc,
            made_by=who,
            made_utc=now,
            next_utc=max(now, from_utc) if by_stream else max(now, to_utc),
            give_up_utc=max(to_utc, now) + keeps,
            why=why,
            event_utc=event_utc,
        )
        await self._store.write(lambda db: db.add(row))
        self._fetching.look()
        return row.id

    def _by_stream(self, camera: CameraInfo) -> bool:
        """Whether only a recording begun now can give a camera's clip."""
        return self.rtsp is not None and self.rtsp.has(camera) and not self.recorders_of(camera)

    def in_batch(self, db: Session, batch: Batch) -> None:
        """Want a still of each alert, at its beginning and end, where no message names one."""
        now = self._clock.utc_us()
        for row in batch.rows:
            camera = self._register.by_id(row["camera"])
            phase = row["phase"]
            if row["severity"] != "alert" or not row["incident"] or phase not in ("new", "end"):
                continue
            if camera is None or row["source"].startswith("frigate:"):
                continue  # Frigate has a better one: of the object
            if not self._stills.has(camera) or self._known(db, row):
                continue
            bucket = self._buckets.setdefault(row["source"], Bucket(WANT_TOKENS, WANT_REFILL_US))
            if not bucket.take(UtcUs(row["t_recv_utc"])):
                self.counters[row["source"], "too many stills"] += 1
                continue
            db.add(
                CameraMedia(
                    id="v-" + ulid(now, self._randomness(10)),
                    incident=row["incident"],
                    source=row["source"],
                    camera=row["camera"],
                    object=row["src_event_id"],
                    kind=STILL,
                    path="",
                    from_utc=row["t_event_utc"],
                    made_utc=now,
                    next_utc=now,
                    give_up_utc=now + MAX_CLIP_S * SECOND_US,
                    why=f"alert, {phase}",
                )
            )
            self._fetching.look()

    def _known(self, db: Session, row: Mapping[str, Any]) -> bool:
        query = select(CameraMedia.id).where(
            CameraMedia.source == row["source"],
            CameraMedia.object == row["src_event_id"],
            CameraMedia.kind == STILL,
            CameraMedia.from_utc == row["t_event_utc"],
        )
        return db.exec(query).first() is not None

    async def keep_still(self, camera: CameraInfo, incident: str, who: str, still: Still) -> str:
        """Keep a picture that a person looks at; returns its id."""
        now = self._clock.utc_us()
        row = CameraMedia(
            id="v-" + ulid(now, self._randomness(10)),
            incident=incident,
            source=camera.source or "camera",
            camera=camera.id,
            object="b-" + ulid(now, self._randomness(10)),
            kind=STILL,
            path="",
            from_utc=now,
            made_by=who,
            made_utc=now,
        )
        values = await asyncio.to_thread(self._write_still, row.id, still)
        self.log_kept(row, values)
        for name, value in (values | {"state": FETCHED, "done_utc": now}).items():
            setattr(row, name, value)
        await self._store.write(lambda db: db.add(row))
        return row.id

    def _write_still(self, media: str, still: Still) -> dict[str, Any]:
        name = still.sha256 + SUFFIXES.get(still.content_type, "")
        self._media.folder.mkdir(parents=True, exist_ok=True)
        part = self._media.folder / f"{media}.part"
        part.write_bytes(still.raw)
        part.replace(self._media.folder / name)
        return {
            "file": name,
            "sha256": still.sha256,
            "size_bytes": len(still.raw),
            "content_type": still.content_type,
            "how": f"still, {still.via}",
        }

    # ---- fetching ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Fetch what is due until ``close``."""
        await self._fetching.run()

    async def _one(self, row: CameraMedia) -> None:
        await (self._try_still(row) if row.kind == STILL else self._try(row))

    async def _try_still(self, row: CameraMedia) -> None:
        now = self._clock.utc_us()
        camera = self._camera(row)
        want = Want(kind=STILL, object=row.object, path="", from_utc=row.from_utc)
        try:
            still = await self._stills.now(camera)
        except NoPicture as error:
            step = follow(
                want, row.tries + 1, Answer(status=0, reason=str(error)), now, row.give_up_utc
            )
            await self._save(row, _values(row, step.state, step.next_utc, step.reason), now)
            return
        kept = await asyncio.to_thread(self._write_still, row.id, still)
        self.log_kept(row, kept)
        await self._save(row, _values(row, FETCHED, 0, "") | kept, now)

    async def _try(self, row: CameraMedia) -> None:
        camera = self._camera(row)
        target = self._media.folder / f"{row.id}.fetch"
        await asyncio.to_thread(self._media.folder.mkdir, parents=True, exist_ok=True)
        clip = await self._fetch(camera, row, target)
        now = self._clock.utc_us()
        want = Want(kind=CLIP, object=row.object, path="", from_utc=row.from_utc, to_utc=row.to_utc)
        answer = Answer(
            status=clip.status,
            reason=clip.reason,
            size_bytes=clip.size_bytes,
            duration_ms=clip.duration_ms,
        )
        step = follow(want, row.tries + 1, answer, now, row.give_up_utc)
        reason = "; ".join(words for words in (step.reason, clip.gaps) if words)
        state, next_utc = step.state, step.next_utc
        if self._by_stream(camera) and now >= row.to_utc:
            next_utc = 0  # nobody else has it: what was not recorded is nowhere
            state = GONE if state == WANTED else state
        values = _values(row, state, next_utc, reason)
        if step.keep and (clip.duration_ms or 0) >= (row.duration_ms or 0):
            values |= await asyncio.to_thread(self._keep, target, clip)
            values["skew_ms"] = self._skew_ms(row.source)
            self.log_kept(row, values)
        await asyncio.to_thread(target.unlink, missing_ok=True)
        if row.file and values["state"] in (WANTED, GONE):
            values["state"] = PARTIAL  # what is there is not lost by a later refusal
        await self._save(row, values, now)

    async def _fetch(self, camera: CameraInfo, row: CameraMedia, target: Path) -> Clip:
        """Ask every recorder; returns the first whole clip, else the longest, else why not."""
        asked_ms = (row.to_utc - row.from_utc) // 1000
        best, words = Clip(status=0), []
        recorders = list(self.recorders_of(camera))
        if not recorders and self.rtsp is not None and self.rtsp.has(camera):
            recorders.append(self.rtsp)
        for number, recorder in enumerate(recorders):
            place = target.with_suffix(f".{number}")
            clip = await recorder.clip(camera, row.from_utc, row.to_utc, place)
            if clip.status != 200 or not clip.size_bytes:
                why = clip.reason or f"{recorder.id} answered {clip.status}"
                words.append(f"{why}; {clip.gaps}" if clip.gaps else why)
                await asyncio.to_thread(place.unlink, missing_ok=True)
                continue
            if best.status != 200 or (clip.duration_ms or 0) > (best.duration_ms or 0):
                best = clip
                await asyncio.to_thread(place.replace, target)
            else:
                await asyncio.to_thread(place.unlink, missing_ok=True)
            if clip.duration_ms is None or clip.duration_ms >= asked_ms - 1000:
                break
        if best.status == 200:
            return best
        return Clip(status=0, reason="; ".join(words) or NOBODY)

    def _keep(self, target: Path, clip: Clip) -> dict[str, Any]:
        name = clip.sha256 + SUFFIXES.get(clip.content_type, "")
        target.replace(self._media.folder / name)
        return {
            "file": name,
            "sha256": clip.sha256,
            "size_bytes": clip.size_bytes,
            "duration_ms": clip.duration_ms,
            "content_type": clip.content_type,
            "remuxed": clip.remuxed,
            "how": clip.how,
        }

    def _camera(self, row: CameraMedia) -> CameraInfo:
        return self._register.by_id(row.camera) or self._register.find(row.source, row.camera)

    def log_kept(self, row: CameraMedia, values: Mapping[str, Any]) -> None:
        """Write the log's entry of a file that is kept: what, of whom, how, and its SHA-256."""
        detail = {
            "sha256": [values["sha256"]],
            "bytes": values["size_bytes"],
            "camera": row.camera,
            "incident": row.incident,
            "how": values.get("how", ""),
            "remuxed": bool(values.get("remuxed", row.remuxed)),
            "from": row.from_utc,
            "to": row.to_utc,
            "state": values.get("state", FETCHED),
        }
        if values.get("skew_ms") is not None:
            detail["skew_ms"] = values["skew_ms"]
        self._record.note(
            Act(
                op="collect",
                verb=f"camera.{row.kind}.kept",
                actor=SYSTEM,
                obj=Obj(type="media", id=row.id, cat="camera"),
                detail=detail,
            )
        )

    async def _save(self, row: CameraMedia, values: Mapping[str, Any], now: int) -> None:
        values = dict(values)
        if not values["next_utc"]:
            values["done_utc"] = now

        def work(db: Session) -> None:
            found = db.get(CameraMedia, row.id)
            if found is None:
                return
            for name, value in values.items():
                setattr(found, name, value)
            db.add(found)

        await self._store.write(work)

    async def close(self) -> None:
        """End ``run`` when what is being fetched has ended; safe twice."""
        self._fetching.close()


def _values(row: CameraMedia, state: str, next_utc: int, reason: str) -> dict[str, Any]:
    return {"tries": row.tries + 1, "state": state, "next_utc": next_utc, "reason": reason[:500]}

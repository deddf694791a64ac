"""Makes listening copies of what was received, in the background, one file after the other.

What waits is in the database, so that it survives a restart and takes no memory. The received file
stays as it came; a copy is one Ogg Opus file an over, as the player and the waveform want it. What
cannot be decoded stays as it came too, with the reason.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import func, inspect
from sqlmodel import Session, SQLModel, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.errors import ServiceError
from dispatch.retention.sealed import SealedFiles
from dispatch.services.record import Record
from dispatch.store.engine import Store
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from dispatch.uploads.copier_process import CopierProcess, Copies
from dispatch.uploads.joining import settle
from dispatch.uploads.received import US_PER_MS
from dispatch.uploads.rows import READY, UNPLAYABLE, WAITING
from dispatch.uploads.tables import Upload, UploadOver
from gateway.model.errors import RadioError
from gateway.ports import Clock
from gateway.recording.files import sync_folder

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""Copies that are written in one transaction."""
BATCHES = 50
LOOK_S = 30.0
IDLE_S = 60.0
"""The process that decodes ends after this long without work."""
RETRY_S = 10.0
FILE_MODE = 0o640
OPUS = "opus"
T = TypeVar("T", bound=SQLModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What copying needs."""

    store: Store
    files: SealedFiles
    record: Record
    clock: Clock
    folder: Path
    closed: Callable[[Iterable[str]], None]
    """Told of new files of the folder: they are sealed later on."""
    done: Callable[[str], None] = lambda key: None
    """Told of the key whose upload no longer waits."""


@dataclass(frozen=True, slots=True)
class _Work:
    """An upload that waits: its row, and its overs in order."""

    row: Upload
    overs: tuple[UploadOver, ...]


@dataclass(slots=True)
class _Made:
    """What was made of one upload."""

    work: _Work
    copies: Copies
    files: dict[str, RecordingFileRow] = field(default_factory=dict)
    """The copy's row by over; none where an over has no sound."""


class Copying:
    """Make, ``run`` beside the server, ``close``."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts; nothing runs yet."""
        self._p = parts
        self._process = CopierProcess()
        self._wake = asyncio.Event()
        self.waiting = 0
        """How many wait, as far as is known."""

    def wake(self) -> None:
        """Say that something new waits."""
        self._wake.set()

    def waiting_by_key(self) -> Counter[str]:
        """Return how many wait, by key (blocking: at start only)."""
        query = select(Upload.key, func.count()).where(Upload.state == WAITING).group_by(Upload.key)
        return Counter(self._p.store.read_now(lambda db: dict(db.exec(query).all())))

    async def run(self) -> None:
        """Work off what waits, oldest first, until cancelled."""
        try:
            while True:
                self._wake.clear()
                if not await self._round():
                    await self._rest()
        finally:
            await self._process.close()

    async def _rest(self) -> None:
        """Wait for work; without any for a minute the child is ended."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S if self._process.pid else LOOK_S):
                await self._wake.wait()
            return
        await self._process.close()

    async def _round(self) -> bool:
        """Work off what waits, to its end; returns whether there was anything."""
        try:
            async with asyncio.TaskGroup() as group:
                return await self._all(group)
        except* (RadioError, OSError) as errors:
            logger.warning("uploads: listening copies wait: %s", errors.exceptions[0])
        await asyncio.sleep(RETRY_S)
        return True

    async def _all(self, group: asyncio.TaskGroup) -> bool:
        """Make copies of a few uploads after the other, and write some while the next are made.

        After a while it is begun anew: what came out of order lies before where it has got to.
        """
        after, writing = "", None
        for _ in range(BATCHES):
            works, self.waiting = await self._p.store.read(partial(_waiting, after=after))
            if not works:
                break
            made = [await self._make(work) for work in works]
            if writing is not None:
                await writing
            writing = group.create_task(self._keep(made), name="uploads-copies")
            after = works[-1].row.id
        return bool(after)

    async def _keep(self, made: Sequence[_Made]) -> None:
        """Store copies and write them together."""
        await asyncio.to_thread(self._store, made)
        fresh = await self._p.store.write(lambda db: _write_all(db, made))
        for one, written in zip(made, fresh, strict=True):
            if not written:
                await asyncio.to_thread(self._drop, one)
            else:
                for act in _acts(one):
                    self._p.record.note(act)
                self._p.closed(row.name for row in one.files.values())
            self.waiting = max(0, self.waiting - 1)
            self._p.done(one.work.row.key)

    async def _make(self, work: _Work) -> _Made:
        try:
            data = await asyncio.to_thread(self._read, work.row.file)
        except ServiceError as error:  # gone, or its key is: it is not coming back
            return _Made(work, Copies(ok=False, reason=str(error)))
        cuts = [(one.from_ms, one.to_ms) for one in work.overs]
        return _Made(work, await self._process.copies(data, work.row.ending, cuts))

    def _read(self, name: str) -> bytes:
        with self._p.files.open(self._p.folder / name) as reader:
            return reader.read_all()

    def _store(self, made: Sequence[_Made]) -> None:
        """Put the copies onto the disk."""
        for one in made:
            if one.copies.ok:
                self._store_one(one)
        sync_folder(self._p.folder)

    def _store_one(self, made: _Made) -> None:
        now = self._p.clock.utc_us()
        for number, over in enumerate(made.work.overs):
            data, length_ms = made.copies.parts[number], made.copies.lengths_ms[number]
            if not data:
                continue
            name = f"{made.work.row.id}-{number}.{OPUS}"
            _put(self._p.folder / name, data)
            made.files[over.transmission] = RecordingFileRow(
                transmission=over.transmission,
                kind=OPUS,
                sha256=hashlib.sha256(data).hexdigest(),
                size_bytes=len(data),
                name=name,
                duration_ms=length_ms,
                closed_utc=now,
            )

    def _drop(self, made: _Made) -> None:
        for row in made.files.values():
            (self._p.folder / row.name).unlink(missing_ok=True)


def _put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; one that a crash left behind is written again."""
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _waiting(db: Session, after: str) -> tuple[list[_Work], int]:
    """Return the oldest uploads that wait, after one, and how many there are in all."""
    query = select(Upload).where(Upload.state == WAITING, Upload.id > after)
    query = query.order_by(col(Upload.id)).limit(AT_ONCE)
    rows = list(db.exec(query))
    count = select(func.count()).select_from(Upload).where(Upload.state == WAITING)
    return [_Work(row, tuple(_overs(db, row.id))) for row in rows], db.exec(count).one()


def _overs(db: Session, upload: str) -> Sequence[UploadOver]:
    query = select(UploadOver).where(UploadOver.upload == upload)
    return db.exec(query.order_by(col(UploadOver.from_ms), col(UploadOver.transmission))).all()


def _write_all(db: Session, made: Sequence[_Made]) -> list[bool]:
    """Write what was made; False for each whose call was erased meanwhile."""
    rows = _rows(db, Upload, [one.work.row.id for one in made])
    calls = _rows(db, Call, [one.work.row.call for one in made])
    overs = _rows(db, Transmission, [over.transmission for one in made for over in one.work.overs])
    fresh = [
        _write(db, one, rows.get(one.work.row.id), calls.get(one.work.row.call), overs)
        for one in made
    ]
    db.flush()
    for call in {one.work.row.call for one, written in zip(made, fresh, strict=True) if written}:
        settle(db, calls[call])
    return fresh


def _rows(db: Session, model: type[T], ids: Sequence[str]) -> dict[str, T]:
    """Return rows by their ids, in one statement."""
    key = inspect(model).primary_key[0]
    return {getattr(row, key.name): row for row in db.exec(select(model).where(key.in_(ids)))}


def _write(
    db: Session,
    made: _Made,
    row: Upload | None,
    call: Call | None,
    overs: Mapping[str, Transmission],
) -> bool:
    """Write what was made of one upload; returns False when its call was erased meanwhile."""
    if row is None or call is None or call.erased_utc is not None or row.state != WAITING:
        return False
    row.state = READY if made.copies.ok else UNPLAYABLE
    row.reason = made.copies.reason
    row.length_ms = made.copies.length_ms or None
    db.add_all([row, *made.files.values()])
    if made.copies.ok:
        _lengths(db, made, call, overs)
    return True


def _lengths(db: Session, made: _Made, call: Call, overs: Mapping[str, Transmission]) -> None:
    """Let overs and call end when their sound does."""
    for number, place in enumerate(made.work.overs):
        over = overs.get(place.transmission)
        if over is None:
            continue
        over.duration_ms = made.copies.lengths_ms[number]
        over.ended_utc = over.started_utc + over.duration_ms * US_PER_MS
        db.add(over)
        if call.uploaded:
            call.ended_utc = max(call.ended_utc or 0, over.ended_utc)
    db.add(call)


def _acts(made: _Made) -> list[Act]:
    """Return the entries that name the copies: what is played is what was made."""
    return [
        Act(
            op="collect",
            verb="upload.copied",
            actor=SYSTEM,
            obj=Obj(type="recording", id=over, cat="radio"),
            detail={"sha256": [row.sha256], "copy_of": made.work.row.sha256},
        )
        for over, row in made.files.items()
    ]

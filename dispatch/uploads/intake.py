"""Takes uploads in: checked, the sound on disk, then the rows, and only then the answer.

What was answered as imported is on disk, hashed and in the call table; a crash before that makes
the sender try again. Uploads that come together are written in one transaction.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.retention.holds import Holds
from dispatch.services.plans import LivePlan
from dispatch.services.record import Record
from dispatch.store.engine import Store
from dispatch.uploads import refused
from dispatch.uploads.checking import Checks
from dispatch.uploads.counting import DUPLICATE, Refusal, UploadCounts, store_counts
from dispatch.uploads.joining import Taken, take
from dispatch.uploads.keys import KeyInfo, UploadKeys
from dispatch.uploads.kinds import ending_of
from dispatch.uploads.received import Incomplete, Received, complete
from dispatch.uploads.refused import Refused
from dispatch.uploads.rows import Arriving, fields_bytes
from gateway.model.errors import RadioError
from gateway.model.ids import ulid
from gateway.ports import Clock
from gateway.recording.files import sync_folder

logger = logging.getLogger(__name__)

BATCH = 16
"""Uploads of one transaction: it may not keep the journal and the audit log waiting for long."""
MAX_QUEUED = 256
REST_S, REST_SHARE = 0.03, 0.25
"""Between two transactions of a burst, so that who waits for the database's lock gets it: at least
so long, and longer where a transaction itself takes long."""
COUNTS_S = 2.0
MAX_FIELDS_BYTES = 512 * 1024
MAX_CLIENT_CHARACTERS = 80
SAFE_MODE = 0o640


@dataclass(slots=True)
class _Waiting:
    arriving: Arriving
    done: "asyncio.Future[Taken]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the intake is made of."""

    store: Store
    plan: LivePlan
    record: Record
    clock: Clock
    randomness: Callable[[int], bytes]
    keys: UploadKeys
    checks: Checks
    counts: UploadCounts
    folder: Path
    """Where recordings lie."""
    taken: Callable[[Sequence[str]], None]
    """Told of the files that wait for a listening copy and for their seal."""
    holds: Holds | None = None
    stored: Callable[[], None] = lambda: None
    """Told when a call was stored, with sound or without."""


class Intake:
    """One for the server. Make, ``run`` beside it, ``close``."""

    def __init__(self, parts: Parts) -> None:
        """Take the parts; nothing runs yet."""
        self._p = parts
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(MAX_QUEUED)
        self._flushing = asyncio.Lock()

    # ---- from the network ----------------------------------------------------------------------

    async def take(self, call: Received, *, address: str, client: str) -> Taken:
        """Take one call; raises Refused, which is counted and kept for the engineer."""
        key = self._p.keys.find(call.key)
        try:
            return await self._take(call, key, client)
        except Refused as no:
            self.refuse(no.reason, key, call.talkgroup, address)
            raise

    def refuse(
        self, reason: str, key: KeyInfo | None = None, talkgroup: int = 0, address: str = ""
    ) -> None:
        """Count a refusal."""
        self._p.counts.refuse(
            Refusal(
                t_utc=self._p.clock.utc_us(),
                key=key.id if key else "",
                recorder=key.name if key else "",
                reason=reason,
                talkgroup=talkgroup,
                address=address,
            )
        )

    async def _take(self, call: Received, found: KeyInfo | None, client: str) -> Taken:
        checks, now = self._p.checks, self._p.clock.utc_us()
        if call.test:
            checks.key(call, found)
            raise refused.incomplete(call, "no talkgroup", "connection test")
        try:
            complete(call)
        except Incomplete as error:
            raise refused.incomplete(call, str(error)) from error
        key = checks.key(call, found)
        talkgroup = checks.talkgroup(call, key)
        checks.time(call, now)
        checks.limits(key, now)
        told = fields_bytes(call.fields)
        if len(told) > MAX_FIELDS_BYTES:
            raise refused.incomplete(call, "metadata too large")
        arriving = Arriving(
            id="u-" + ulid(now, self._p.randomness(10)),
            key=key,
            call=call,
            talkgroup=talkgroup,
            received_utc=now,
            client=client[:MAX_CLIENT_CHARACTERS],
            fields_sha256=hashlib.sha256(told).hexdigest(),
            no_sound=checks.why_no_sound(call, talkgroup),
        )
        return await self._keep(arriving)

    async def _keep(self, arriving: Arriving) -> Taken:
        """Store sound and rows; raises Refused when that is not possible now."""
        if not arriving.no_sound:
            arriving.ending = ending_of(arriving.call.audio)
            arriving.file = f"{arriving.id}.{arriving.ending}"
        waiting = _Waiting(arriving, asyncio.get_running_loop().create_future())
        try:
            if arriving.file:
                await asyncio.to_thread(self._write, arriving)
            self._queue.put_nowait(waiting)
            taken = await waiting.done
        except asyncio.QueueFull as error:
            self._forget(arriving)
            raise refused.later(refused.BUSY, "The server is busy.", 5) from error
        except (OSError, RadioError) as error:
            logger.error("uploads: a call could not be stored: %s", error)
            self._forget(arriving)
            raise refused.later(refused.FAILED, "The call could not be stored.", 30) from error
        if taken.outcome == DUPLICATE:
            self._forget(arriving)
        return taken

    def _write(self, arriving: Arriving) -> None:
        data = arriving.call.audio
        arriving.sha256 = hashlib.sha256(data).hexdigest()
        handle = os.open(
            self._p.folder / arriving.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SAFE_MODE
        )
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _forget(self, arriving: Arriving) -> None:
        if arriving.file:
            (self._p.folder / arriving.file).unlink(missing_ok=True)

    # ---- into the store ------------------------------------------------------------------------

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_batches(), name="uploads-intake")
            group.create_task(self._store_counts(), name="uploads-counts")

    async def _write_batches(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < BATCH and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            began = asyncio.get_running_loop().time()
            try:
                results = await self._p.store.write(partial(self._work, batch))
            except Exception as error:  # whatever it is, the senders are told and the rest goes on
                logger.exception("uploads: %d calls could not be stored", len(batch))
                for one in batch:
                    _fail(one, error)
                continue
            for one, result in zip(batch, results, strict=True):
                self._done(one, result)
            took_s = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(REST_S, took_s * REST_SHARE))

    def _work(self, batch: Sequence[_Waiting], db: Session) -> list[Taken | Exception]:
        sync_folder(self._p.folder)
        arrived = [one.arriving for one in batch]
        results: Sequence[Taken | Exception]
        try:
            with db.begin_nested():
                results = [self._one(db, one) for one in arrived]
                db.flush()
        except OperationalError:
            raise
        except Exception:  # a fault of one is not the others': each by itself
            results = [self._alone(db, one) for one in arrived]
        calls = {one.call for one in results if isinstance(one, Taken) and one.overs}
        if calls and self._p.holds is not None:
            self._p.holds.written(db, calls, set())
        return list(results)

    def _one(self, db: Session, arriving: Arriving) -> Taken:
        return take(db, arriving, self._p.plan, self._new_id)

    def _alone(self, db: Session, arriving: Arriving) -> Taken | Exception:
        try:
            with db.begin_nested():
                return self._one(db, arriving)
        except OperationalError:
            raise
        except Exception as error:  # it is told to its sender
            logger.exception("uploads: %s could not be written", arriving.id)
            return error

    def _new_id(self, letter: str) -> str:
        return f"{letter}-{ulid(self._p.clock.utc_us(), self._p.randomness(10))}"

    def _done(self, one: _Waiting, result: Taken | Exception) -> None:
        if isinstance(result, Exception):
            _fail(one, result)
            return
        arriving = one.arriving
        self._p.counts.count(arriving.key.id, result.outcome, arriving.received_utc)
        if result.overs:
            self._p.stored()
        if result.overs and arriving.file:
            self._p.checks.waiting[arriving.key.id] += 1
            for act in collected(arriving, result):
                self._p.record.note(act)
            self._p.taken((arriving.file,))
        if not one.done.done():  # the sender may be gone: the call is kept all the same
            one.done.set_result(result)

    async def _store_counts(self) -> None:
        while True:
            await asyncio.sleep(COUNTS_S)
            await self.flush_counts()

    async def flush_counts(self) -> None:
        """Store what was counted, and put the last minute's sums into the log."""
        async with self._flushing:  # who reads afterwards sees what another one is storing too
            await self._flush()

    async def _flush(self) -> None:
        counts = self._p.counts
        for act in counts.acts(self._p.clock.utc_us()):
            self._p.record.note(act)
        if not counts:
            return
        drained = counts.drain()
        try:
            await self._p.store.write(lambda db: store_counts(db, drained))
        except RadioError as error:
            logger.warning("uploads: counts wait: %s", error)
            counts.put_back(drained)


def _fail(one: _Waiting, error: Exception) -> None:
    if not one.done.done():
        words = error if isinstance(error, RadioError) else RadioError(str(error))
        one.done.set_exception(words)


def collected(arriving: Arriving, taken: Taken) -> list[Act]:
    """Return the entries that tie what was received to the log: one an over, with both hashes."""
    return [
        Act(
            op="collect",
            verb="upload.received",
            actor=SYSTEM,
            obj=Obj(type="recording", id=over, cat="radio"),
            detail={
                "sha256": [arriving.sha256, arriving.fields_sha256],
                "call": taken.call,
                "upload": arriving.id,
                "upload_key": arriving.key.id,
            },
        )
        for over in taken.overs
    ]

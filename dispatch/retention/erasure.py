"""The erasure job: a list that is looked at, agreed to where needed, carried out, certified.

Theory of operation. ``make`` freezes a list of objects whose time is over, with its Merkle root. A
list of up to 1,000 objects (the policy may say less) may run at once; a longer one, and any
erasure before its time, waits for a second person, whose agreement is bound to the root. ``carry``
erases in batches. A batch, in one transaction of the writer: look again at class and hold, bury
the rows, destroy the keys, append the ids to ``erased.list`` (synced), commit; then the files are
taken away. Killed anywhere, the next start goes on where it stood: what the list names behind the
database's mark is erased, what has no key is taken away, the job continues with what is listed.
Before the first batch an entry says what will be erased, after the last one what was, with count
and root; SQLite's own log is emptied in between, so that nothing is left there. While the audit log
cannot be written nothing is erased.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Actor, Obj, Via
from dispatch.audit.writer import AuditWriter
from dispatch.errors import Conflict, LogNotWritable, ServiceError
from dispatch.oversight.approvals import ApprovalRow, Approvals, digest_of
from dispatch.policy.live import LivePolicy
from dispatch.retention.classes import reclassify
from dispatch.retention.due import KINDS, LOG_WORDS, Due, due, gone, still_due
from dispatch.retention.erased_list import ErasedList, mark_of, set_mark
from dispatch.retention.erasure_list import (
    CANCELLED,
    DEMAND,
    DONE,
    EARLY,
    ERASED,
    LISTED,
    RUNNING,
    SKIPPED,
    WAITING,
    counts_of,
    early_objects,
    erased_of,
    freeze,
    load,
    next_items,
    what_happens,
)
from dispatch.retention.holds import Holds
from dispatch.retention.ids_root import root_of_ids
from dispatch.retention.log_words import LogWords
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.tables import ErasureItem, ErasureJob
from dispatch.retention.tombstones import Hook, bury
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model.ids import ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

KIND_LARGE, KIND_EARLY = "erasure.large", "erasure.early"
BATCH = 50
"""Objects of one transaction: some 150 ms, in which nobody else writes."""
MAX_LISTED = 200_000
"""Objects of one job; the rest is the next one's."""
MIN_CAUSE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the job stands on."""

    store: Store
    record: Record
    writer: AuditWriter
    clock: Clock
    randomness: Callable[[int], bytes]
    approvals: Approvals
    policy: LivePolicy
    holds: Holds
    files: SealedFiles
    erased: ErasedList
    words: LogWords


class Erasure:
    """Lists, has agreed, erases. ``at_step`` is called between its steps: tests stop there."""

    def __init__(self, tools: Tools) -> None:
        """Register the kinds of approval."""
        self._t = tools
        self._hooks: list[Hook] = []
        self._afterwards: list[Callable[[], Awaitable[object]]] = []
        self._carrying = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self.at_step: Callable[[str], None] = lambda step: None
        kinds = ((KIND_LARGE, "erase many objects"), (KIND_EARLY, "erase before the time is over"))
        for kind, words in kinds:
            tools.approvals.kind(
                kind, words=words, ask="retention.erase", approve="retention.agree"
            )
            tools.approvals.on_agreed(kind, self._agreed)

    def on_erase(self, hook: Hook) -> None:
        """Call ``hook`` inside each erasing transaction (indexes, other rooms' rows)."""
        self._hooks.append(hook)

    def on_done(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do ``work`` after each run: what went with the erased objects is told then."""
        self._afterwards.append(work)

    # ---- the list ------------------------------------------------------------------------------

    async def make(self, asker: Asker | None, kind: str = DEMAND) -> Row:
        """Freeze the list of everything whose time is over; an older list is cancelled.

        Nothing is erased. ``asker`` None: the daily look.
        """
        # Classes and holds first, so that the list is right.
        await reclassify(self._t.store, self._t.clock.utc_us())
        await self._t.store.write(self._t.holds.take_all)

        def work(db: Session) -> list[Due]:
            now = self._t.clock.utc_us()
            found = list(islice(due(db, now), MAX_LISTED))
            months = self._t.words.due(db, now)
            return found + [Due(type=LOG_WORDS, id=one, retention_class="audit") for one in months]

        found = await self._t.store.read(work)
        return await self.one(await self._freeze(found, asker, kind, ""))

    async def _freeze(
        self, found: Sequence[Due], asker: Asker | None, kind: str, cause: str
    ) -> str:
        """Keep a list that nobody has said yes to yet; returns its id."""
        now = self._t.clock.utc_us()
        job = ErasureJob(
            id="e-" + ulid(now, self._t.randomness(10)),
            kind=kind,
            state=LISTED,
            cause=cause,
            by=asker.access.user.id if asker else SYSTEM.id,
            by_name=asker.access.user.display_name if asker else "Samband",
            made_utc=now,
            policy=self._t.policy.number,
            planned=0,
            planned_root="",
        )
        async with self._listing:
            await freeze(self._t.store, job, found)
        return job.id

    async def early(self, asker: Asker, objects: Sequence[tuple[str, str]], cause: str) -> Row:
        """List objects to be erased before their time and ask a second person.

        Raises ServiceError without a cause, NotFound, Conflict when one is on hold.
        """
        if len(cause.strip()) < MIN_CAUSE:
            raise ServiceError(f"an early erasure says why, in at least {MIN_CAUSE} characters")
        await self._t.store.write(self._t.holds.take_all)

        now = self._t.clock.utc_us()
        found = await self._t.store.read(lambda db: early_objects(db, objects, now))
        return await self.start(asker, await self._freeze(found, asker, EARLY, cause.strip()))

    # ---- agreeing ------------------------------------------------------------------------------

    def needs_two(self, row: ErasureJob) -> bool:
        """Whether a second person has to agree to a list."""
        return row.kind == EARLY or row.planned > self._t.policy.policy.erasure_objects

    async def start(self, asker: Asker, job: str) -> Row:
        """Carry a list out, or ask a second person where it needs one."""
        self._t.record.demand_writable()
        row = await self._t.store.read(lambda db: load(db, job))
        if row.state != LISTED:
            raise Conflict(f"the list {job} is {row.state}")
        if not self.needs_two(row):
            await self.begin(row.id, actor=asker.actor, via=asker.via)
            return await self.one(job)
        detail = what_happens(row)
        early = " before their time" if row.kind == EARLY else ""
        approval = await self._t.approvals.ask(
            asker,
            kind=KIND_EARLY if row.kind == EARLY else KIND_LARGE,
            subject=job,
            digest=digest_of(detail),
            words=f"Erase {row.planned} objects{early}",
            detail=detail,
        )
        await self._change(job, state=WAITING, approval=approval)
        return await self.one(job)

    async def _agreed(self, approval: ApprovalRow, asker: Asker) -> None:
        row = await self._t.store.read(lambda db: load(db, approval.subject))
        if row.state not in (LISTED, WAITING) or digest_of(what_happens(row)) != approval.digest:
            raise Conflict(f"the list {row.id} is {row.state}: make a new one")
        by = asker.access.user
        await self._change(row.id, agreed_by=by.display_name, approval=approval.id)
        agreed = {"id": approval.id, "by": [by.id], "digest": approval.digest}
        await self.begin(row.id, actor=asker.actor, via=asker.via, approval=agreed)

    async def cancel(self, asker: Asker, job: str) -> Row:
        """Cancel a list that is not carried out yet; raises Conflict."""
        row = await self._t.store.read(lambda db: load(db, job))
        if row.state not in (LISTED, WAITING):
            raise Conflict(f"the list {job} is {row.state}")
        self._t.record.note_of(asker, "admin", "retention.cancelled", Obj(type="erasure", id=job))
        await self._change(job, state=CANCELLED, done_utc=self._t.clock.utc_us())
        return await self.one(job)

    async def drop(self, job: str) -> None:
        """Forget an empty list."""

        def work(db: Session) -> None:
            row = load(db, job)
            if row.planned == 0 and row.state == LISTED:
                db.delete(row)

        await self._t.store.write(work)

    # ---- carrying out --------------------------------------------------------------------------

    async def begin(
        self,
        job: str,
        *,
        actor: Actor = SYSTEM,
        via: Via | None = None,
        approval: Row | None = None,
    ) -> None:
        """Log what will be erased, then erase it in the background; raises LogNotWritable."""
        row = await self._t.store.read(lambda db: load(db, job))
        seq = await self._t.writer.append(
            Act(
                op="erase",
                verb="retention.erasure_begun",
                actor=actor,
                via=via or Via(),
                obj=Obj(type="erasure", id=job),
                detail=_detail(row, row.planned, row.planned_root),
                approval=approval,
            )
        )
        now = self._t.clock.utc_us()
        await self._change(job, state=RUNNING, started_utc=now, begun_seq=seq)
        task = asyncio.create_task(self._carry_guarded(job), name=f"erasure {job}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_guarded(self, job: str) -> None:
        try:
            await self.carry(job)
        except LogNotWritable:
            logger.warning("erasure %s waits: the log cannot be written", job)
        except Exception:  # it stays ``running`` and is resumed at the next look
            logger.exception("erasure %s was interrupted and is resumed", job)

    async def carry(self, job: str) -> None:
        """Erase what is listed, batch by batch, then log and close the job.

        Raises LogNotWritable, StoreUnavailable, OSError; whatever stops it, calling it again goes
        on where it stood.
        """
        async with self._carrying:
            row = await self._t.store.read(lambda db: load(db, job))
            if row.state != RUNNING:
                return
            early = row.kind == EARLY
            await self._t.store.write(self._t.holds.take_all)
            more = True
            while more:
                self._t.record.demand_writable()
                more = await self._t.store.write(lambda db: self._batch(db, job, early=early))
                self.at_step("committed")
                await asyncio.to_thread(self._t.files.sweep)
                self.at_step("swept")
            await self._forget_erased()
            await self._close(row)
        for work in self._afterwards:
            await work()

    def _batch(self, db: Session, job: str, *, early: bool) -> bool:
        """Erase the next objects in one transaction; returns whether there were any."""
        items = next_items(db, job, BATCH)
        if not items:
            return False
        kind, now = items[0].type, self._t.clock.utc_us()
        ids = [item.object for item in items]
        if kind == LOG_WORDS:
            free, before = set(ids) & set(self._t.words.due(db, now)), set[str]()
            before = set(ids) - set(self._t.words.months())
        else:
            free, before = still_due(db, kind, ids, now, early=early), gone(db, kind, ids)
        self.at_step("checked")
        self.bury(db, kind, sorted(free))
        for item in items:
            erased = item.object in free or item.object in before
            item.state = ERASED if erased else SKIPPED
            item.why = "" if erased else "held, or kept longer, since it was listed"
            db.add(item)
        db.flush()
        self.at_step("buried")
        set_mark(db, self._t.erased.add((kind, one) for one in sorted(free)))
        self.at_step("listed")
        return True

    def bury(self, db: Session, kind: str, ids: Sequence[str]) -> None:
        """Erase rows, words and keys of some objects; in the writer's thread."""
        if kind == LOG_WORDS:
            for month in ids:
                self._t.words.destroy(month)
            return
        for hook in self._hooks:
            hook(db, kind, ids)
        self._t.files.forget(db, bury(db, kind, ids, self._t.clock.utc_us()))

    async def _forget_erased(self) -> None:
        """Let what was erased leave the database's log too, before the run is said to be done."""
        if not await self._t.store.forget_erased():
            logger.warning("erased rows leave the database's log when its last reader has ended")

    async def _close(self, row: ErasureJob) -> None:
        objects = await self._t.store.read(lambda db: erased_of(db, row.id))
        counts = await self._t.store.read(lambda db: counts_of(db, row.id))
        root = root_of_ids(objects)
        detail = _detail(row, len(objects), root) | {"skipped": counts.get(SKIPPED, 0)}
        seq = await self._t.writer.append(
            Act(
                op="erase",
                verb="retention.erased",
                actor=SYSTEM,
                obj=Obj(type="erasure", id=row.id),
                detail=detail,
                approval={"id": row.approval} if row.approval else None,
            )
        )
        self.at_step("logged")
        await self._change(
            row.id,
            state=DONE,
            done_utc=self._t.clock.utc_us(),
            done_seq=seq,
            erased=len(objects),
            erased_root=root,
            skipped=counts.get(SKIPPED, 0),
        )

    # ---- after an interruption -----------------------------------------------------------------

    async def resume(self) -> None:
        """Finish what a crash or a restored backup left; raises LogNotWritable, OSError."""
        await self._t.store.write(self._follow)
        await asyncio.to_thread(self._t.erased.followed)
        await asyncio.to_thread(self._t.files.sweep)
        await self._forget_erased()
        running = select(ErasureJob.id).where(ErasureJob.state == RUNNING)
        for job in await self._t.store.read(lambda db: list(db.exec(running))):
            await self.carry(job)

    def _follow(self, db: Session) -> None:
        """Erase what ``erased.list`` names behind the mark.

        In a restored database that is all that was erased since: without a question. Else it is
        what a crash kept from being committed: what is on hold by now stays.
        """
        named: dict[str, list[str]] = {}
        for kind, one in self._t.erased.after(mark_of(db)):
            named.setdefault(kind, []).append(one)
        now = self._t.clock.utc_us()
        for kind, ids in named.items():
            if kind in KINDS:
                alive = set(ids) - gone(db, kind, ids)
                if not self._t.erased.restored:
                    alive &= still_due(db, kind, ids, now, early=True)
                self.bury(db, kind, sorted(alive))
            elif kind == LOG_WORDS:
                self.bury(db, kind, ids)
        set_mark(db, self._t.erased.size)

    # ---- looking -------------------------------------------------------------------------------

    async def one(self, job: str) -> Row:
        """Return a job with how far it is; raises NotFound."""

        def work(db: Session) -> Row:
            row = load(db, job)
            return self._row(db, row)

        return await self._t.store.read(work)

    async def all(self, limit: int = 100) -> list[Row]:
        """Return the newest jobs."""
        query = select(ErasureJob).order_by(col(ErasureJob.made_utc).desc()).limit(limit)
        return await self._t.store.read(lambda db: [self._row(db, row) for row in db.exec(query)])

    def _row(self, db: Session, row: ErasureJob) -> Row:
        counts = counts_of(db, row.id) if row.state == RUNNING else {}
        done = counts.get(ERASED, 0) + counts.get(SKIPPED, 0)
        return {**row.model_dump(), "needs_two": self.needs_two(row), "progress": done}

    async def items(self, job: str, after: int, limit: int = 200) -> list[Row]:
        """Return the objects of a job, in order, behind number ``after``."""
        query = (
            select(ErasureItem)
            .where(ErasureItem.job == job, ErasureItem.n > after)
            .order_by(col(ErasureItem.n))
            .limit(limit)
        )
        return await self._t.store.read(lambda db: [row.model_dump() for row in db.exec(query)])

    async def _change(self, job: str, **values: object) -> None:
        def work(db: Session) -> None:
            row = load(db, job)
            for name, value in values.items():
                setattr(row, name, value)
            db.add(row)

        await self._t.store.write(work)

    async def close(self) -> None:
        """Stop what runs; it is resumed at the next start. Safe twice."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _detail(row: ErasureJob, count: int, root: str) -> Row:
    return {
        "count": count,
        "root": root,
        "classes": dict(row.classes),
        "kind": row.kind,
        "policy": row.policy,
        "reason": row.cause,
    }

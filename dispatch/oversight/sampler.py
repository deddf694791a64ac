"""Draws yesterday's sample once its checkpoint is there, and puts it into the review queue."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.audit.tables import AuditLog
from dispatch.auth.people import People
from dispatch.oversight.reviews import Reviewed, Reviews
from dispatch.oversight.sampling import NoSample, Sample, sample_of
from dispatch.oversight.tables import ReviewTask, SampleRun
from dispatch.services.record import Record
from dispatch.store.engine import Store, StoreUnavailable
from gateway.ports import Clock

EVERY_S = 600.0


class Sampler:
    """The daily random check of one server."""

    def __init__(  # what a draw needs
        self,
        *,
        store: Store,
        audit: Store,
        database: Callable[[], Path],
        clock: Clock,
        people: People,
        record: Record,
        reviews: Reviews,
    ) -> None:
        """Take the store, and the one that holds the audit log (often the same)."""
        self._store = store
        self._audit = audit
        self._database = database
        self._clock = clock
        self._people = people
        self._record = record
        self._reviews = reviews

    async def draw(self, day: str) -> Sample | None:
        """Put the sample of a day into the queue; None when it is drawn or cannot be yet."""
        if await self._store.read(lambda db: db.get(SampleRun, day)) is not None:
            return None
        try:
            sample = await asyncio.to_thread(sample_of, self._database(), day)
        except NoSample:
            return None
        entries = await self._audit.read_audit(lambda db: _entries(db, sample.taken))
        tasks = [self._task(day, seq, entry) for seq, entry in entries]
        run = SampleRun(
            day=day,
            checkpoint_size=sample.size,
            root=sample.root,
            population=len(sample.population),
            taken=len(sample.taken),
            made_utc=self._clock.utc_us(),
        )

        def work(db: Session) -> None:
            db.add(run)
            db.add_all(tasks)

        await self._store.write(work)
        self._record.note(
            Act(
                op="system",
                verb="review.sampled",
                actor=SYSTEM,
                obj=Obj(type="audit_log", id=day),
                detail={
                    "checkpoint": sample.size,
                    "root": sample.root,
                    "population": len(sample.population),
                    "taken": len(sample.taken),
                },
            )
        )
        return sample

    def _task(self, day: str, seq: int, entry: dict[str, object]) -> ReviewTask:
        actor = entry["actor"]
        assert isinstance(actor, dict)
        user = self._people.user(actor["id"])
        of = Reviewed(
            user=actor["id"],
            person=(user.person if user else "") or actor["id"],
            name=user.display_name if user else actor["id"],
            role=actor["role"],
        )
        words = f"{entry['verb']}, drawn at random from the looks of {day}"
        return self._reviews.task("sample", of, words, day=day, entries=str(seq))

    async def run(self) -> None:
        """Draw each day's sample once it can be, until cancelled."""
        while True:
            with contextlib.suppress(StoreUnavailable):  # tried again
                await self.draw(self.yesterday())
                await self._reviews.overdue()
            await asyncio.sleep(EVERY_S)

    def yesterday(self) -> str:
        """Return the last UTC day that is over."""
        now = datetime.fromtimestamp(self._clock.utc_us() / 1_000_000, UTC)
        return f"{now - timedelta(days=1):%Y-%m-%d}"


def _entries(db: Session, numbers: tuple[int, ...]) -> list[tuple[int, dict[str, object]]]:
    query = select(AuditLog).where(col(AuditLog.seq).in_(numbers)).order_by(col(AuditLog.seq))
    return [(row.seq, json.loads(row.entry)) for row in db.exec(query)]

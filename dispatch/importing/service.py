"""Lists into drafts: read off the event loop, compared with the draft, put in when accepted."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.errors import Conflict, ServiceError
from dispatch.importing.history import (
    Sent,
    counts_by_plan,
    keep_report,
    line_of,
    of_draft,
    of_plan,
    prune,
    report_row,
    said_before,
    said_text,
    whole,
)
from dispatch.importing.jobs import Job, Jobs
from dispatch.importing.recognise import Wish
from dispatch.importing.tables import ImportMapping, ImportReport
from dispatch.importing.work import Mappings, Outcome, Task
from dispatch.plans.canonical import plan_text
from dispatch.plans.drafts import Draft, DraftHead, Drafts
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from dispatch.store.tables import US_PER_DAY
from gateway.model.ids import ulid
from gateway.model.plan import Plan
from gateway.ports import Clock

MAX_MAPPING = 200
MAX_SAVED = 300
"""Saved mappings that are looked through, the newest first."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is read into what. ``job``: an id by which it can be watched and ended."""

    data: bytes
    system: str
    policy: str = "keep"
    wish: Wish = field(default_factory=Wish)
    save_mapping: bool = False
    packed: bool = False
    job: str = ""
    file: str = ""
    """Its name, for the history: nothing is concluded from it."""


class Lists:
    """Reads lists for drafts."""

    def __init__(self, *, store: Store, drafts: Drafts, record: Record, clock: Clock) -> None:
        """Take the drafts and where mappings are kept."""
        self._store = store
        self._drafts = drafts
        self._record = record
        self._clock = clock
        self.jobs = Jobs()
        self._pruned_utc = 0

    async def look(self, asker: Asker, draft: str, order: Order, live: int) -> Outcome:
        """Return what a list would do to a draft; nothing is changed but a saved mapping."""
        head, body = await self._drafts.body(draft)
        texts = (body, await self._live(order, live), await self._said(order, draft))
        outcome = await self._do(asker, order, head.base, texts)
        if order.save_mapping and order.wish.mapping:
            await self._save(asker, outcome.source, order)
        return outcome

    async def against(self, asker: Asker, order: Order, plan: Plan, number: int) -> bytes:
        """Return the report on a list beside a plan; nothing is changed."""
        body = await asyncio.to_thread(plan_text, plan)
        texts = (body, "", await self._said(order, "", number))
        return (await self._do(asker, order, number, texts)).report

    async def apply(
        self, asker: Asker, draft: str, revision: int, order: Order, live: int
    ) -> tuple[bytes, DraftHead]:
        """Put a list into a draft and return the report; raises Conflict on an older revision."""
        head, body = await self._drafts.body(draft)
        if head.revision != revision:
            raise Conflict(
                "the draft was changed meanwhile", hint="Look at the list again; nothing was taken."
            )
        texts = (body, await self._live(order, live), await self._said(order, draft))
        outcome = await self._do(asker, order, head.base, texts, apply=True)
        row = self._report(asker, draft, order, outcome)
        told = {**outcome.told, "report": row.id}
        await self._record.before(
            asker, "admin", "plan.import", Obj(type="plan_draft", id=draft), detail=told
        )
        put = await self._drafts.put_text(
            asker,
            draft,
            revision,
            (outcome.plan, outcome.plan_sha256),
            also=lambda db: keep_report(db, row),
        )
        return outcome.report, put

    async def begin(
        self, asker: Asker, name: str, base: int, order: Order
    ) -> tuple[bytes, DraftHead]:
        """Begin a draft of a plan with a list in it."""
        draft: Draft = await self._drafts.begin(asker, name, base)
        return await self.apply(asker, draft.id, draft.revision, order, base)

    # ---- what came of imports ------------------------------------------------------------------

    async def of_draft(self, draft: str) -> list[dict[str, Any]]:  # JSON rows
        """Return what came of the lists put into a draft, the newest first."""
        return await self._store.read(lambda db: of_draft(db, draft))

    async def of_plan(self, number: int) -> list[dict[str, Any]]:  # JSON rows
        """Return what came of the lists put into the draft that became a plan."""
        return await self._store.read(lambda db: of_plan(db, number))

    async def counts(self) -> dict[int, int]:
        """Return how many lists were put into each plan; lets go once a day what is too old."""
        now = self._clock.utc_us()
        if now - self._pruned_utc >= US_PER_DAY:
            self._pruned_utc = now
            await self._store.write(lambda db: prune(db, now))
        return await self._store.read(counts_by_plan)

    async def report(self, report: str) -> ImportReport:
        """Return a report with its rows; raises NotFound."""
        return await self._store.read(lambda db: whole(db, report))

    async def _do(
        self,
        asker: Asker,
        order: Order,
        number: int,
        texts: tuple[str, str, str],
        *,
        apply: bool = False,
    ) -> Outcome:
        """Do the work; ``texts``: the plan's, the live one's, what was said before."""
        task = Task(
            system=order.system,
            policy=order.policy,
            wish=order.wish,
            saved={} if order.wish.mapping else await self._saved(order.wish.kind),
            number=number,
            apply=apply,
            packed=order.packed,
        )
        name = order.job or ulid(self._clock.utc_us(), b"\0" * 10)
        job = Job(name, asker.access.user.id)
        return await self.jobs.run(job, task, order.data, *texts)

    async def _said(self, order: Order, draft: str, base: int | None = None) -> str:
        """Return what imports that a draft (or a plan) stands on said before."""

        def work(db: Session) -> list[bytes]:
            return said_before(db, line_of(db, draft, base), order.system)

        return await asyncio.to_thread(said_text, await self._store.read(work))

    def _report(self, asker: Asker, draft: str, order: Order, outcome: Outcome) -> ImportReport:
        if outcome.kept is None:
            raise AssertionError("a list that is put in has what is kept of it")
        sent = Sent(
            by=asker.access.user.id,
            by_name=asker.access.user.display_name,
            file_name=order.file,
            file_bytes=len(order.data),
            file_sha256=outcome.told["file_sha256"],
            system=order.system,
            kind=order.wish.kind,
            policy=order.policy,
        )
        now = self._clock.utc_us()
        return report_row("i-" + ulid(now, os.urandom(10)), draft, sent, outcome.kept, now)

    async def _live(self, order: Order, number: int) -> str:
        return await self._drafts.plan_body(number) if order.packed and number else ""

    async def _saved(self, kind: str) -> Mappings:
        def work(db: Session) -> list[ImportMapping]:
            wanted = select(ImportMapping).where(ImportMapping.kind == kind)
            newest = wanted.order_by(col(ImportMapping.saved_utc).desc()).limit(MAX_SAVED)
            return list(db.exec(newest))

        rows = await self._store.read(work)
        return {row.source: _texts(json.loads(row.mapping)) for row in rows}

    async def _save(self, asker: Asker, source: str, order: Order) -> None:
        mapping: Mapping[str, str] = order.wish.mapping or {}
        if len(mapping) > MAX_MAPPING:
            raise ServiceError(f"mapping: at most {MAX_MAPPING} columns")
        kind = order.wish.kind
        now, who = self._clock.utc_us(), asker.access.user.display_name
        text = json.dumps(dict(mapping), ensure_ascii=False, sort_keys=True)

        def work(db: Session) -> None:
            row = db.get(ImportMapping, (source, kind)) or ImportMapping(
                source=source, kind=kind, mapping="", saved_by="", saved_utc=0
            )
            row.mapping, row.saved_by, row.saved_utc = text, who, now
            db.add(row)

        await self._store.write(work)


def _texts(values: Mapping[object, object]) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()}

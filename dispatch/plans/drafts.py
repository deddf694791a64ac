"""Drafts: where engineers change a plan. Nothing live knows of one until it is activated.

A plan may take a second to be read, changed, written and hashed: that is done before a transaction
begins, which then only compares the revision and takes the text.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.plans.canonical import SHELF, plan_text, text_hash
from dispatch.plans.check import Checker, Report
from dispatch.plans.compare import Comparison
from dispatch.plans.compared import compared
from dispatch.plans.edit import Edit, apply_edits
from dispatch.plans.tables import PlanDraft
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from dispatch.store.tables import PlanRow
from gateway.model.ids import UtcUs, ulid
from gateway.model.plan import Plan
from gateway.ports import Clock

OPEN, SCHEDULED, ACTIVATED, DISCARDED = "open", "scheduled", "activated", "discarded"
MAX_NAME_CHARACTERS = 80
MAX_DRAFTS = 200
"""Open drafts; a forgotten one is discarded first."""


@dataclass(frozen=True, slots=True)
class DraftHead:
    """A draft without its plan, as lists show it."""

    id: str
    name: str
    base: int
    sha256: str
    revision: int
    state: str
    author: str
    author_name: str
    created_utc: int
    changed_utc: int
    checked: bool
    """Whether a check of exactly this plan found no error."""
    compared_with: int
    """The live plan that exactly this plan was compared with, 0 none."""


@dataclass(frozen=True, slots=True)
class Draft(DraftHead):
    """A draft as services see it."""

    plan: Plan


class Drafts:
    """All drafts of a store."""

    def __init__(
        self,
        *,
        store: Store,
        record: Record,
        clock: Clock,
        randomness: Callable[[int], bytes],
        checker: Checker,
    ) -> None:
        """Take the store and the rules."""
        self._store = store
        self._record = record
        self._clock = clock
        self._randomness = randomness
        self.checker = checker

    # ---- reading -------------------------------------------------------------------------------

    async def all(self) -> list[DraftHead]:
        """Return open and scheduled drafts without their plans, the last changed first."""

        def work(db: Session) -> list[DraftHead]:
            wanted = select(PlanDraft).where(col(PlanDraft.state).in_((OPEN, SCHEDULED)))
            short = wanted.options(defer(_BODY)).order_by(col(PlanDraft.changed_utc).desc())
            return [DraftHead(**_head(row)) for row in db.exec(short)]

        return await self._store.read(work)

    async def find(self, draft: str) -> Draft:
        """Return a draft; raises NotFound."""
        return await asyncio.to_thread(shown, await self._store.read(lambda db: load(db, draft)))

    async def plan(self, number: int) -> Plan:
        """Return the plan of a number; raises NotFound."""
        return await self._store.read(lambda db: _shelved(numbered(db, number).body))

    async def body(self, draft: str) -> tuple[DraftHead, str]:
        """Return a draft's head and its plan's text as it is stored; raises NotFound."""

        def work(db: Session) -> tuple[DraftHead, str]:
            row = load(db, draft)
            return DraftHead(**_head(row)), row.body

        return await self._store.read(work)

    async def plan_body(self, number: int) -> str:
        """Return the text of a plan as it is stored; raises NotFound."""
        return await self._store.read(lambda db: numbered(db, number).body)

    # ---- changing ------------------------------------------------------------------------------

    async def begin(self, asker: Asker, name: str, base: int, plan: Plan | None = None) -> Draft:
        """Make a draft that begins as plan ``base``, or as ``plan`` (a file, an import)."""
        title = _title(name)
        now = self._clock.utc_us()
        draft = "d-" + ulid(now, self._randomness(10))
        await self._log(asker, "plan.draft_begun", draft, {"base": base})

        began = await self.plan(base) if plan is None else plan
        text, sha256 = await asyncio.to_thread(_written, began)

        def work(db: Session) -> PlanDraft:
            open_now = db.exec(select(PlanDraft.id).where(PlanDraft.state == OPEN)).all()
            if len(open_now) >= MAX_DRAFTS:
                raise Conflict(f"there are {MAX_DRAFTS} open drafts", hint="Discard one first.")
            user = asker.access.user
            row = PlanDraft(
                id=draft,
                name=title,
                base=base,
                body=text,
                sha256=sha256,
                author=user.id,
                author_name=user.display_name,
                created_utc=now,
                changed_utc=now,
            )
            db.add(row)
            return row

        row = await self._store.write(work)
        return await asyncio.to_thread(shown, row)

    async def edit(self, asker: Asker, draft: str, revision: int, edits: list[Edit]) -> Draft:
        """Change objects; raises Conflict when somebody changed the draft meanwhile."""
        return await self._change(
            asker, draft, revision, lambda plan: apply_edits(plan, edits), {"edits": len(edits)}
        )

    async def put(self, asker: Asker, draft: str, revision: int, plan: Plan) -> Draft:
        """Replace the whole plan of a draft: an edited file, an import that was accepted."""
        return await self._change(asker, draft, revision, lambda _: plan, {"whole": True})

    async def put_text(
        self,
        asker: Asker,
        draft: str,
        revision: int,
        written: tuple[str, str],
        *,
        also: Callable[[Session], None] = lambda _: None,
    ) -> DraftHead:
        """Do the same with a plan's text and its hash: our own, from a process that read a list.

        ``also`` is written in the same transaction: what came of the list.
        """
        text, sha256 = written
        now = self._clock.utc_us()
        name = asker.access.user.display_name

        def work(db: Session) -> DraftHead:
            row = self._changeable(db, draft, revision)
            row.body, row.sha256 = text, sha256
            also(db)
            return _changed(db, row, now, name)

        found = await self._store.write(work)
        noted = {"whole": True, "plan_sha256": sha256, "revision": found.revision}
        await self._log(asker, "plan.draft_changed", draft, noted)
        return found

    @staticmethod
    def _changeable(db: Session, draft: str, revision: int, *, lock: bool = True) -> PlanDraft:
        row = load(db, draft, lock=lock)
        demand_open(row)
        if row.revision != revision:
            raise Conflict(
                f"{row.changed_by or row.author_name} changed the draft meanwhile",
                hint="Load it again; your change was not taken.",
            )
        return row

    async def _change(
        self,
        asker: Asker,
        draft: str,
        revision: int,
        change: Callable[[Plan], Plan],
        detail: dict[str, Any],  # JSON values
    ) -> Draft:
        now = self._clock.utc_us()
        name = asker.access.user.display_name

        def make(row: PlanDraft) -> tuple[Plan, str, str]:
            plan = change(SHELF.read(row.sha256, row.body))
            text, sha256 = _written(plan)
            SHELF.keep(sha256, plan)
            return plan, text, sha256

        before = await self._store.read(
            lambda db: self._changeable(db, draft, revision, lock=False)
        )
        plan, text, sha256 = await asyncio.to_thread(make, before)

        def work(db: Session) -> DraftHead:
            row = self._changeable(db, draft, revision)
            row.body, row.sha256 = text, sha256
            return _changed(db, row, now, name)

        head = await self._store.write(work)
        found = Draft(**{one.name: getattr(head, one.name) for one in fields(head)}, plan=plan)
        noted = {**detail, "plan_sha256": found.sha256, "revision": found.revision}
        await self._log(asker, "plan.draft_changed", draft, noted)
        return found

    async def rename(self, asker: Asker, draft: str, name: str) -> Draft:
        """Give a draft another name."""
        title = _title(name)
        await self._log(asker, "plan.draft_renamed", draft, {})

        def work(db: Session) -> PlanDraft:
            row = load(db, draft, lock=True)
            demand_open(row)
            row.name = title
            db.add(row)
            return row

        return await asyncio.to_thread(shown, await self._store.write(work))

    async def discard(self, asker: Asker, draft: str) -> None:
        """Put a draft away; its rows stay for the history."""
        await self._log(asker, "plan.draft_discarded", draft, {})

        def work(db: Session) -> None:
            row = load(db, draft, lock=True)
            demand_open(row)
            row.state = DISCARDED
            db.add(row)

        await self._store.write(work)

    # ---- looking at it -------------------------------------------------------------------------

    async def check(self, asker: Asker, draft: str) -> Report:
        """Hold a draft against every rule; one without errors is marked for its hash."""
        found = await self.find(draft)
        report = await asyncio.to_thread(self.checker.check, found.plan)
        await self._log(
            asker,
            "plan.checked",
            draft,
            {
                "plan_sha256": report.plan_sha256,
                **{f"{severity}s": count for severity, count in report.counts().items()},
            },
        )

        def work(db: Session) -> None:
            row = load(db, draft, lock=True)
            row.checked_sha256 = report.plan_sha256 if report.ok else ""
            db.add(row)

        await self._store.write(work)
        return report

    async def compare(self, asker: Asker, draft: str, live: Plan, number: int) -> Comparison:
        """Compare a draft with the live plan; the comparison stands for this hash and number."""
        found = await self.find(draft)
        comparison = (await asyncio.to_thread(compared, live, found.plan)).differences
        detail = {"plan_sha256": found.sha256, "with": number, **comparison.counts()}
        await self._log(asker, "plan.compared", draft, detail)

        def work(db: Session) -> None:
            row = load(db, draft, lock=True)
            row.compared_sha256, row.compared_base = found.sha256, number
            db.add(row)

        await self._store.write(work)
        return comparison

    async def _log(
        self,
        asker: Asker,
        verb: str,
        draft: str,
        detail: dict[str, Any],  # JSON values
    ) -> None:
        await self._record.before(
            asker, "admin", verb, Obj(type="plan_draft", id=draft), detail=detail
        )


def _title(name: str) -> str:
    title = " ".join(name.split())
    if not 0 < len(title) <= MAX_NAME_CHARACTERS:
        raise ServiceError(f"name: expected 1 to {MAX_NAME_CHARACTERS} characters")
    return title


def load(db: Session, draft: str, *, lock: bool = False) -> PlanDraft:
    """Return a draft's row; raises NotFound."""
    query = select(PlanDraft).where(PlanDraft.id == draft)
    row = db.exec(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(f"there is no draft {draft}")
    return row


def numbered(db: Session, number: int) -> PlanRow:
    """Return the row of a plan; raises NotFound."""
    row = db.get(PlanRow, number)
    if row is None:
        raise NotFound(f"there is no plan {number}")
    return row


def demand_open(row: PlanDraft) -> None:
    """Raise Conflict unless a draft may be changed."""
    if row.state != OPEN:
        raise Conflict(f"draft {row.name} is {row.state}", hint="Begin a new one.")


_BODY: Any = PlanDraft.body
"""As a column of a query: sqlmodel's fields are typed as their values."""


def _head(row: PlanDraft) -> dict[str, Any]:  # the fields of a DraftHead
    return {
        "id": row.id,
        "name": row.name,
        "base": row.base,
        "sha256": row.sha256,
        "revision": row.revision,
        "state": row.state,
        "author": row.author,
        "author_name": row.author_name,
        "created_utc": row.created_utc,
        "changed_utc": row.changed_utc,
        "checked": row.checked_sha256 == row.sha256,
        "compared_with": row.compared_base if row.compared_sha256 == row.sha256 else 0,
    }


def _changed(db: Session, row: PlanDraft, now: UtcUs, name: str) -> DraftHead:
    """Count one more change of a draft."""
    row.revision += 1
    row.changed_utc, row.changed_by = now, name
    db.add(row)
    db.flush()
    return DraftHead(**_head(row))


def shown(row: PlanDraft) -> Draft:
    """Return a row as services see it."""
    return Draft(**_head(row), plan=SHELF.read(row.sha256, row.body))


def _written(plan: Plan) -> tuple[str, str]:
    text = plan_text(plan)
    return text, text_hash(text)


def _shelved(body: str) -> Plan:
    return SHELF.read(text_hash(body), body)

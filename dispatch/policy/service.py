"""Policy versions from draft to activation: compared in words, agreed to by a second person.

There is no way back to an older version: whoever wants its times again drafts a new version, and
what that keeps for less time waits 7 days with the list of what it would erase.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.approvals import ApprovalRow, Approvals
from dispatch.policy.live import ACTIVE, DRAFT, PAST, WITHDRAWN, LivePolicy, activated, wait_until
from dispatch.policy.model import Policy, compare, from_body, from_dict, shorter
from dispatch.policy.tables import PolicyRow
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store, StoreUnavailable
from gateway.model.errors import ConfigError
from gateway.ports import Clock

KIND = "policy.activate"
LOOK_S = 60.0
MAX_VERSIONS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the service stands on. ``would_erase`` counts what shorter times would erase."""

    store: Store
    record: Record
    clock: Clock
    approvals: Approvals
    live: LivePolicy
    would_erase: Callable[[Session, dict[str, int], int], Row]


class Policies:
    """All versions of the policy."""

    def __init__(self, tools: Tools) -> None:
        """Register the kind of approval."""
        self._store = tools.store
        self._record = tools.record
        self._clock = tools.clock
        self._approvals = tools.approvals
        self._would_erase = tools.would_erase
        self.live = tools.live
        self._closing = asyncio.Event()
        self._approvals.kind(
            KIND, words="activate a policy", ask="policy.edit", approve="policy.agree"
        )
        self._approvals.on_agreed(KIND, self._agreed)

    # ---- looking -------------------------------------------------------------------------------

    async def versions(self) -> list[Row]:
        """Return all versions, the newest first, without their bodies."""

        def work(db: Session) -> list[Row]:
            query = select(PolicyRow).order_by(col(PolicyRow.number).desc()).limit(MAX_VERSIONS)
            return [self._row(row) for row in db.exec(query)]

        return await self._store.read(work)

    async def one(self, number: int) -> Row:
        """Return a version with body, TOML, differences from what counts, and what it erases."""
        row = await self._store.read(lambda db: load(db, number))
        return await self._full(row)

    async def _full(self, row: PolicyRow) -> Row:
        policy = from_body(row.body)
        before = self.live.policy if row.state == DRAFT else await self._before(row)
        full = self._row(row)
        full |= {"policy": policy.to_dict(), "toml": policy.to_toml()}
        full["differences"] = compare(before, policy) if before else []
        full["shortens"] = await self._shortening(row, policy)
        return full

    async def _before(self, row: PolicyRow) -> Policy | None:
        rows = await self._store.read(activated)
        older = [one for one in rows if (one.activated_utc or 0) < (row.activated_utc or 0)]
        return from_body(older[0].body) if older else None

    async def _shortening(self, row: PolicyRow, policy: Policy) -> Row | None:
        """Return which classes get shorter and what that would erase; None when nothing does."""
        now = self._clock.utc_us()
        if row.state == DRAFT:
            at = wait_until(now)
        elif row.state == ACTIVE and (row.effective_utc or 0) > now:
            at = row.effective_utc or now
        else:
            return None
        less = shorter(self.live.days, policy.retention_days)
        if not less:
            return None
        days = {name: after for name, (_, after) in less.items()}
        found = await self._store.read(lambda db: self._would_erase(db, days, at))
        return {
            "from_utc": at,
            "classes": [
                {"class": name, "before": before, "after": after}
                for name, (before, after) in less.items()
            ],
            **found,
        }

    def _row(self, row: PolicyRow) -> Row:
        values = row.model_dump(exclude={"body"})
        waits = row.state == ACTIVE and (row.effective_utc or 0) > self._clock.utc_us()
        return {**values, "waits": waits}

    # ---- drafting ------------------------------------------------------------------------------

    async def draft(self, asker: Asker, value: dict[str, Any], note: str) -> Row:
        """Keep a draft; raises ServiceError with every fault in words."""
        policy = read(value)
        if not compare(self.live.policy, policy):
            raise ServiceError("this draft changes nothing", hint="Change something first.")
        now, user = self._clock.utc_us(), asker.access.user

        def work(db: Session) -> PolicyRow:
            last = db.exec(select(PolicyRow).order_by(col(PolicyRow.number).desc())).first()
            row = PolicyRow(
                number=(last.number if last else 0) + 1,
                body=policy.body(),
                digest=policy.digest(),
                state=DRAFT,
                note=note,
                author=user.id,
                author_name=user.display_name,
                created_utc=now,
            )
            db.add(row)
            db.flush()
            return row

        row = await self._store.write(work)
        await self._log(asker, "policy.drafted", row)
        return await self._full(row)

    async def withdraw(self, asker: Asker, number: int) -> Row:
        """Take a draft back; raises NotFound, Conflict."""

        def work(db: Session) -> PolicyRow:
            row = load(db, number)
            if row.state != DRAFT:
                raise Conflict(f"policy {number} is {row.state}: only a draft is withdrawn")
            row.state = WITHDRAWN
            db.add(row)
            return row

        row = await self._store.write(work)
        await self._log(asker, "policy.withdrawn", row)
        return self._row(row)

    # ---- activating ----------------------------------------------------------------------------

    async def ask(self, asker: Asker, number: int, digest: str) -> Row:
        """Ask a second person to activate a draft, for exactly the digest that was compared."""
        row = await self._store.read(lambda db: load(db, number))
        self._demand_draft(row, digest)
        policy = from_body(row.body)
        words = compare(self.live.policy, policy)
        shortening = await self._shortening(row, policy)
        approval = await self._approvals.ask(
            asker,
            kind=KIND,
            subject=str(number),
            digest=row.digest,
            words=f"Activate policy {number}: {len(words)} changes",
            detail={"policy": number, "changes": words, "shortens": shortening},
        )
        await self._store.write(lambda db: _set_approval(db, number, approval))
        return {"approval": approval, "policy": number}

    def _demand_draft(self, row: PolicyRow, digest: str) -> None:
        if row.state != DRAFT:
            raise Conflict(f"policy {row.number} is {row.state}: only a draft is activated")
        if digest != row.digest:
            raise Conflict("the draft is not the one that was compared", hint="Open it again.")

    async def _agreed(self, approval: ApprovalRow, asker: Asker) -> None:
        """Activate what the second person agreed to, at once."""
        number = int(approval.subject)
        row = await self._store.read(lambda db: load(db, number))
        self._demand_draft(row, approval.digest)
        less = shorter(self.live.days, from_body(row.body).retention_days)
        await self._record.before(
            asker,
            "admin",
            "policy.activated",
            Obj(type="policy", id=str(number)),
            detail={"digest": row.digest, "shortens": sorted(less), "author": row.author},
        )
        await self._store.write(
            lambda db: self._activate(db, number, approval, asker, waits=bool(less))
        )
        await self.reload(force=True)

    def _activate(
        self, db: Session, number: int, approval: ApprovalRow, asker: Asker, *, waits: bool
    ) -> None:
        now = self._clock.utc_us()
        row = load(db, number)
        self._demand_draft(row, approval.digest)
        for old in db.exec(select(PolicyRow).where(PolicyRow.state == ACTIVE)):
            old.state, old.ended_utc = PAST, now
            db.add(old)
        row.state, row.activated_utc, row.approval = ACTIVE, now, approval.id
        row.agreed_by = asker.access.user.display_name
        row.effective_utc = wait_until(now) if waits else now
        db.add(row)

    # ---- time ----------------------------------------------------------------------------------

    async def reload(self, *, force: bool = False) -> None:
        """Take over what counts now and tell everyone when that is something else."""
        if await asyncio.to_thread(self.live.load) or force:
            self.live.tell()

    async def run(self) -> None:
        """Look each minute whether a wait is over, until ``close``."""
        while not self._closing.is_set():
            due = self.live.next_utc
            if due is not None and due <= self._clock.utc_us():
                with contextlib.suppress(StoreUnavailable):  # at the next look
                    await self.reload()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._closing.wait()

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()

    async def _log(self, asker: Asker, verb: str, row: PolicyRow) -> None:
        await self._record.before(
            asker,
            "admin",
            verb,
            Obj(type="policy", id=str(row.number)),
            detail={"digest": row.digest, "note": row.note},
        )


def read(value: dict[str, Any]) -> Policy:
    """Read a policy that a person sent; raises ServiceError with every fault in words."""
    try:
        return from_dict(value)
    except ConfigError as error:
        raise ServiceError("; ".join((str(error), *error.faults))) from error


def load(db: Session, number: int) -> PolicyRow:
    """Return a version; raises NotFound."""
    row = db.get(PolicyRow, number)
    if row is None:
        raise NotFound(f"there is no policy {number}")
    return row


def _set_approval(db: Session, number: int, approval: str) -> None:
    row = load(db, number)
    row.approval = approval
    db.add(row)

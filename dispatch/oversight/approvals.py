"""Four eyes: what needs a second person is asked for, looked at, agreed to, and used once.

Theory of operation. A room registers a *kind* (``hold.lift``, ``plan.activate``) with the words of
what it is, who may ask and who may agree. ``ask`` keeps the SHA-256 of exactly what will happen.
A second person, at another desk, opens the request (which tells the digest, and is logged) and
decides on that digest. Whoever then does the thing calls ``demand`` with the digest of what it is
about to do: when that differs by one byte from what was agreed, nothing happens. An approval
stands for 24 hours and is used once. Every step, and every refusal, is in the audit log.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Actor, Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import PERMISSIONS
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight import ballot
from dispatch.oversight.ballot import (
    AGREED,
    REFUSED,
    WAITING,
    WITHDRAWN,
    ApprovalRow,
    Kind,
    NotApproved,
    digest_of,
)
from dispatch.oversight.events import ApprovalAsked, ApprovalDecided
from dispatch.oversight.tables import Approval
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store, StoreUnavailable
from gateway.bus import Bus
from gateway.model.errors import NotPermitted
from gateway.model.ids import UtcUs, ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

HOURS = 24
HOUR_US = 3_600_000_000
SWEEP_S = 30.0
MAX_ROWS = 200
MIN_REASON_CHARACTERS = 10

__all__ = ["ApprovalRow", "Approvals", "Kind", "NotApproved", "digest_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the approvals of a server stand on."""

    store: Store
    record: Record
    bus: Bus
    clock: Clock
    randomness: Callable[[int], bytes]


class Approvals:
    """All requests for a second person; ``run`` lets those expire that nobody decided."""

    def __init__(self, tools: Tools) -> None:
        """Begin with no kind; the rooms register theirs."""
        self._store = tools.store
        self._record = tools.record
        self._bus = tools.bus
        self._clock = tools.clock
        self._randomness = tools.randomness
        self._kinds: dict[str, Kind] = {}
        self._acts: dict[str, Callable[[ApprovalRow, Asker], Awaitable[None]]] = {}
        self._closing = asyncio.Event()

    # ---- kinds ---------------------------------------------------------------------------------

    def kind(self, name: str, *, words: str, ask: str, approve: str, needed: int = 1) -> None:
        """Register a kind: what it is in words, who may ask, who may agree, how many of them.

        Raises KeyError on an unknown permission, ValueError when the kind is there already.
        """
        if name in self._kinds:
            raise ValueError(f"the kind {name} is registered already")
        ask, approve = PERMISSIONS[ask].name, PERMISSIONS[approve].name
        self._kinds[name] = Kind(name=name, words=words, ask=ask, approve=approve, needed=needed)

    def kinds(self) -> tuple[Kind, ...]:
        """Return all kinds, by name."""
        return tuple(self._kinds[name] for name in sorted(self._kinds))

    def on_agreed(self, kind: str, act: Callable[[ApprovalRow, Asker], Awaitable[None]]) -> None:
        """Call ``act`` with the approval (used by that) and who agreed last, at once."""
        self._acts[kind] = act

    # ---- asking --------------------------------------------------------------------------------

    async def ask(
        self,
        asker: Asker,
        *,
        kind: str,
        subject: str,
        digest: str,
        words: str,
        detail: Mapping[str, Any],  # a JSON object: exactly what will happen
    ) -> str:
        """Ask for a second person; returns the request's id, the same one for the same question.

        ``subject`` is an id, never a name. Raises NotPermitted, Conflict when somebody else has
        asked for the same, LogNotWritable.
        """
        known = self._kinds[kind]
        asker.access.demand(known.ask)
        now = self._clock.utc_us()
        row = Approval(
            id="a-" + ulid(now, self._randomness(10)),
            kind=kind,
            subject=subject,
            digest=ballot.check_digest(digest),
            words=words,
            detail=json.dumps(dict(detail), ensure_ascii=False, sort_keys=True),
            needed=known.needed,
            asked_by=asker.access.user.id,
            asked_person=asker.person,
            asked_name=asker.access.user.display_name,
            asked_session=asker.session.id,
            asked_device=asker.session.device,
            asked_address=asker.address,
            asked_utc=now,
            expires_utc=now + HOURS * HOUR_US,
        )
        same = await self._store.read(lambda db: ballot.same_question(db, row, now))
        if same is not None:
            if same.asked_by == row.asked_by:
                return same.id
            raise Conflict(
                f"{same.asked_name} has asked for the same already",
                hint="Whoever may agree finds it under Approvals.",
            )
        await self._log(asker, "approval.asked", row, note=words)
        await self._store.write(lambda db: db.add(row))
        self._bus.publish(
            ApprovalAsked(
                approval=row.id,
                approval_kind=kind,
                words=words,
                asked_by=row.asked_by,
                asked_name=row.asked_name,
                permission=known.approve,
                expires_utc=row.expires_utc,
            )
        )
        return row.id

    async def withdraw(self, asker: Asker, approval: str) -> ApprovalRow:
        """Take one's own request back; raises NotFound, NotPermitted, Conflict."""
        row = await self._store.read(lambda db: ballot.load(db, approval))
        self._demand_known(asker.access, row)
        if row.asked_by != asker.access.user.id:
            raise NotPermitted("only who asked for it takes a request back")
        await self._log(asker, "approval.withdrawn", row)

        def work(db: Session) -> ApprovalRow:
            fresh = ballot.lock(db, approval)
            if fresh.state not in (WAITING, AGREED):
                raise Conflict(f"{approval} is {fresh.state} already")
            fresh.state, fresh.decided_utc = WITHDRAWN, self._clock.utc_us()
            db.add(fresh)
            return ballot.shown(db, fresh)

        return self._decided(await self._store.write(work))

    # ---- looking -------------------------------------------------------------------------------

    async def list(self, access: Access, *, waiting: bool | None = None) -> list[ApprovalRow]:
        """Return requests that concern this person, newest first, at most 200.

        ``waiting`` True: those that wait or stand unused; False: the decided ones; None: all.
        """
        mine = [name for name, kind in self._kinds.items() if access.may(kind.approve)]

        def work(db: Session) -> list[ApprovalRow]:
            query = select(Approval).where(
                col(Approval.kind).in_(mine) | (col(Approval.asked_by) == access.user.id)
            )
            open_states = (WAITING, AGREED)
            if waiting is not None:
                inside = col(Approval.state).in_(open_states)
                query = query.where(inside if waiting else ~inside)
            newest = query.order_by(col(Approval.asked_utc).desc()).limit(MAX_ROWS)
            return [ballot.shown(db, row) for row in db.exec(newest)]

        return await self._store.read(work)

    async def look(self, asker: Asker, approval: str) -> ApprovalRow:
        """Return one request with what will happen; logged before it is shown."""
        row = await self._store.read(lambda db: ballot.load(db, approval))
        self._demand_known(asker.access, row)
        await self._log(asker, "approval.looked", row, op="consult")
        return await self._store.read(lambda db: ballot.shown(db, ballot.load(db, approval)))

    def may_decide(self, access: Access, row: ApprovalRow) -> bool:
        """Whether this person's role may agree to requests of this kind."""
        known = self._kinds.get(row.kind)
        return known is not None and access.may(known.approve)

    def words_of(self, kind: str) -> str:
        """Return what a kind is, in words."""
        known = self._kinds.get(kind)
        return known.words if known else kind

    # ---- deciding ------------------------------------------------------------------------------

    async def decide(
        self, asker: Asker, approval: str, *, agree: bool, digest: str, reason: str = ""
    ) -> ApprovalRow:
        """Agree or refuse, as a second person at another desk, to exactly this digest.

        Raises NotFound, NotPermitted (logged), Conflict, ServiceError, LogNotWritable.
        """
        row = await self._store.read(lambda db: ballot.load(db, approval))
        self._demand_known(asker.access, row)
        votes = await self._store.read(lambda db: ballot.votes_of(db, approval))
        try:
            asker.access.demand(self._kinds[row.kind].approve)
            ballot.demand_other_person(row, votes, asker)
        except NotPermitted as error:
            await self._log(asker, "approval.decided", row, result="denied", note=str(error))
            raise
        ballot.demand_open(row, digest, self._clock.utc_us())
        words = reason.strip()
        if not agree and len(words) < MIN_REASON_CHARACTERS:
            raise ServiceError(
                f"a refusal says why, in at least {MIN_REASON_CHARACTERS} characters"
            )
        verb = "approval.agreed" if agree else "approval.refused"
        await self._log(asker, verb, row, note=words)
        decided = await self._store.write(
            lambda db: ballot.vote(
                db, approval, asker, agree=agree, digest=digest, reason=words, now=self._now()
            )
        )
        if decided.state != WAITING:
            self._decided(decided)
        if decided.state == AGREED:
            await self._act(decided, asker)
        return await self._store.read(lambda db: ballot.shown(db, ballot.load(db, approval)))

    async def _act(self, row: ApprovalRow, asker: Asker) -> None:
        act = self._acts.get(row.kind)
        if act is None:
            return
        used = await self.demand(row.kind, row.subject, row.digest)
        try:
            await act(used, asker)
        except Exception as error:
            await self._log(asker, "approval.acted", row, result="failed", note=str(error))
            raise

    # ---- using ---------------------------------------------------------------------------------

    async def demand(self, kind: str, subject: str, digest: str) -> ApprovalRow:
        """Use the approval that stands for exactly this; raises NotApproved when none does."""
        try:
            row = await self._store.write(lambda db: self.use_in(db, kind, subject, digest))
        except NotApproved as error:
            self._note("approval.used", kind, subject, digest, result="denied", note=str(error))
            raise
        self._note("approval.used", kind, subject, digest, approval=row)
        return row

    def use_in(self, db: Session, kind: str, subject: str, digest: str) -> ApprovalRow:
        """Do the same inside a transaction of the caller, so that both stand or fall together.

        Call ``used`` after the commit: it is what logs the use.
        """
        return ballot.use(db, self._kinds[kind], subject, digest, self._now())

    def used(self, row: ApprovalRow) -> None:
        """Log a use that ``use_in`` made."""
        self._note("approval.used", row.kind, row.subject, row.digest, approval=row)

    # ---- time ----------------------------------------------------------------------------------

    async def expire(self) -> int:
        """Let requests and approvals expire; returns how many."""
        gone = await self._store.write(lambda db: ballot.expire(db, self._now(), MAX_ROWS))
        for row in gone:
            self._note("approval.expired", row.kind, row.subject, row.digest, approval=row)
            self._decided(row)
        return len(gone)

    async def run(self) -> None:
        """Sweep until ``close``."""
        while not self._closing.is_set():
            with contextlib.suppress(StoreUnavailable):  # tried again at the next sweep
                await self.expire()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_S):
                    await self._closing.wait()

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()

    # ---- inside --------------------------------------------------------------------------------

    def _now(self) -> UtcUs:
        return self._clock.utc_us()

    def _demand_known(self, access: Access, row: Approval) -> None:
        known = self._kinds.get(row.kind)
        if known is None or not (row.asked_by == access.user.id or access.may(known.approve)):
            raise NotFound(f"there is no request {row.id}")

    def _decided(self, row: ApprovalRow) -> ApprovalRow:
        self._bus.publish(
            ApprovalDecided(
                approval=row.id,
                approval_kind=row.kind,
                state=row.state,
                asked_by=row.asked_by,
                by=row.votes[-1].name if row.votes and row.state in (AGREED, REFUSED) else "",
                permission=self._kinds[row.kind].approve if row.kind in self._kinds else "",
            )
        )
        return row

    async def _log(  # the parts of an entry
        self,
        asker: Asker,
        verb: str,
        row: Approval | ApprovalRow,
        *,
        op: str = "admin",
        result: str = "ok",
        note: str = "",
    ) -> None:
        detail = {"kind": row.kind, "subject": row.subject, "digest": row.digest, "note": note}
        obj = Obj(type="approval", id=row.id)
        await self._record.before(asker, op, verb, obj, result=result, detail=detail)

    def _note(  # the parts of an entry
        self,
        verb: str,
        kind: str,
        subject: str,
        digest: str,
        *,
        approval: ApprovalRow | None = None,
        result: str = "ok",
        note: str = "",
    ) -> None:
        actor = Actor(id=approval.asked_by) if approval and verb != "approval.expired" else SYSTEM
        by = [vote.user for vote in approval.votes if vote.agree] if approval else []
        self._record.note(
            Act(
                op="admin",
                verb=verb,
                actor=actor,
                obj=Obj(type="approval", id=approval.id if approval else ""),
                result=result,
                detail={"kind": kind, "subject": subject, "digest": digest, "note": note},
                approval={"id": approval.id, "by": by, "digest": digest} if approval else None,
            )
        )

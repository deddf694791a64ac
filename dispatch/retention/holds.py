"""Holds: one person sets one at once, two lift it; while it stands nothing in it is erased."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.approvals import ApprovalRow, Approvals, digest_of
from dispatch.policy.live import LivePolicy
from dispatch.retention import hold_book
from dispatch.retention.scope import CALL, Scope, from_json
from dispatch.retention.tables import Hold, HoldMember
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store, StoreUnavailable
from dispatch.store.tables import US_PER_DAY, Call
from gateway.model.errors import RadioError
from gateway.model.ids import ulid
from gateway.model.private_line import is_private
from gateway.ports import Clock

logger = logging.getLogger(__name__)

KIND = "hold.lift"
LOOK_S = 24 * 3600.0
MIN_WORDS = 5
SOON_US = 14 * US_PER_DAY


class SourceKeeper(Protocol):
    """Has camera sources keep their video (``dispatch.live.source_hold``), and looks daily."""

    async def keep_at_source(self, camera: str, from_utc: int, to_utc: int, reason: str) -> str:
        """Have a camera's video kept at its source; returns an id."""

    async def release(self, hold: str) -> None:
        """Let it go again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the service stands on."""

    store: Store
    record: Record
    clock: Clock
    randomness: Callable[[int], bytes]
    approvals: Approvals
    policy: LivePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsk:
    """What a person asks for."""

    scope: Scope
    reason: str
    basis: str
    review_days: int | None = None
    """None: as late as the policy lets."""
    restricted_until_utc: int | None = None
    legal_order: str | None = None


class Holds:
    """Sets and lifts holds, and looks each day what else they take."""

    def __init__(self, tools: Tools) -> None:
        """Register the kind of approval."""
        self._store = tools.store
        self._record = tools.record
        self._clock = tools.clock
        self._randomness = tools.randomness
        self._approvals = tools.approvals
        self._policy = tools.policy
        self._standing: tuple[hold_book.Standing, ...] | None = None
        self._closing = asyncio.Event()
        self.keeper: SourceKeeper | None = None
        self._approvals.kind(KIND, words="lift a hold", ask="hold.lift", approve="hold.lift")
        self._approvals.on_agreed(KIND, self._agreed)

    # ---- setting -------------------------------------------------------------------------------

    async def place(self, asker: Asker, ask: HoldAsk) -> Row:
        """Hold everything in a scope from now on; raises ServiceError, NotFound, LogNotWritable."""
        self._check(ask)
        await self._store.read(lambda db: demand_known(db, asker.access, ask.scope))
        now, user = self._clock.utc_us(), asker.access.user
        most = self._policy.policy.hold_review_days
        days = min(ask.review_days or most, most)
        row = Hold(
            id="h-" + ulid(now, self._randomness(10)),
            scope=ask.scope.to_json(),
            from_utc=ask.scope.from_utc,
            to_utc=ask.scope.to_utc,
            reason=ask.reason.strip(),
            basis=ask.basis.strip(),
            by=user.id,
            by_name=user.display_name,
            legal_order=ask.legal_order,
            set_utc=now,
            review_utc=now + days * US_PER_DAY,
            restricted_until_utc=ask.restricted_until_utc,
        )
        await self._log(asker, "hold.set", row)
        await self._store.write(lambda db: self._insert(db, row, now))
        await self._tell_sources(row)
        return await self.one(asker.access, row.id)

    def _insert(self, db: Session, row: Hold, now: int) -> None:
        db.add(row)
        db.flush()
        hold = hold_book.Standing(row.id, from_json(row.scope), hold_book.words_of(row))
        hold_book.take(db, hold, now)
        self._standing = None

    def _check(self, ask: HoldAsk) -> None:
        if ask.scope.empty:
            raise ServiceError("a hold names what it takes", hint="Calls, or talkgroups and times.")
        if ask.scope.by_time and ask.scope.from_utc is None:
            raise ServiceError("a hold over a time says from when")
        start, end = ask.scope.from_utc, ask.scope.to_utc
        if start is not None and end is not None and end <= start:
            raise ServiceError("a hold ends after it begins")
        if len(ask.reason.strip()) < MIN_WORDS or not ask.basis.strip():
            raise ServiceError("a hold says why, and on what basis")

    # ---- what the journal writes ---------------------------------------------------------------

    def written(self, db: Session, calls: set[str], messages: set[str]) -> None:
        """Take what fits of rows that are being written; in the writer's thread."""
        if self._standing is None:
            self._standing = hold_book.standing(db)
        if self._standing and (calls or messages):
            hold_book.take_new(db, self._standing, calls, messages, self._clock.utc_us())

    def take_all(self, db: Session) -> int:
        """Compare every hold with everything stored; in the writer's thread, before an erasure."""
        now = self._clock.utc_us()
        self._standing = hold_book.standing(db)
        return sum(hold_book.take(db, hold, now) for hold in self._standing)

    # ---- lifting -------------------------------------------------------------------------------

    async def ask_lift(self, asker: Asker, hold: str, reason: str) -> Row:
        """Ask a second person to lift a hold; returns the approval's id."""
        if len(reason.strip()) < MIN_WORDS:
            raise ServiceError("say why the hold is lifted")
        row = await self._store.read(lambda db: load(db, hold))
        await self._store.read(lambda db: demand_known(db, asker.access, from_json(row.scope)))
        if row.lifted_utc is not None:
            raise Conflict(f"{hold} is lifted already")
        counts = await self._store.read(lambda db: hold_book.members(db, hold))
        detail = {**_what_lifts(row, reason.strip()), "objects": counts}
        approval = await self._approvals.ask(
            asker,
            kind=KIND,
            subject=hold,
            digest=digest_of(detail),
            words=f"Lift the hold of {row.by_name}: {row.reason}",
            detail=detail,
        )
        return {"approval": approval, "hold": hold}

    async def _agreed(self, approval: ApprovalRow, asker: Asker) -> None:
        detail = dict(approval.detail)
        await self._record.before(
            asker,
            "admin",
            "hold.lifted",
            Obj(type="hold", id=approval.subject),
            detail={"reason": str(detail.get("lift_reason", "")), "approval": approval.id},
        )

        def work(db: Session) -> None:
            row = load(db, approval.subject)
            if row.lifted_utc is not None:
                raise Conflict(f"{row.id} is lifted already")
            row.lifted_utc = self._clock.utc_us()
            row.lifted_by, row.lifted_name = approval.asked_by, approval.asked_name
            row.lifted_with = asker.access.user.display_name
            row.lift_reason = str(detail.get("lift_reason", ""))
            db.add(row)
            db.flush()
            hold_book.let_go(db, row.id)
            self._standing = None

        await self._store.write(work)
        await self._release_sources(approval.subject)

    async def _release_sources(self, hold: str) -> None:
        row = await self._store.read(lambda db: load(db, hold))
        for part in filter(None, row.source_note.split("; ")) if self.keeper else ():
            kept = part.split(" ")[1]
            if self.keeper is not None and kept.startswith("k-"):
                with contextlib.suppress(RadioError):  # it ends at the source by its own time
                    await self.keeper.release(kept)

    # ---- looking -------------------------------------------------------------------------------

    async def all(self, access: Access, *, lifted: bool = False) -> list[Row]:
        """Return holds that this person may know of, the newest first."""

        def work(db: Session) -> list[Row]:
            over = col(Hold.lifted_utc).is_not(None) if lifted else col(Hold.lifted_utc).is_(None)
            query = select(Hold).where(over).order_by(col(Hold.set_utc).desc()).limit(500)
            return [
                self._row(db, row, access) for row in db.exec(query) if _may_know(db, access, row)
            ]

        return await self._store.read(work)

    async def one(self, access: Access, hold: str) -> Row:
        """Return one hold; raises NotFound."""

        def work(db: Session) -> Row:
            row = load(db, hold)
            if not _may_know(db, access, row):
                raise NotFound(f"there is no hold {hold}")
            return self._row(db, row, access)

        return await self._store.read(work)

    async def of_call(self, access: Access, call: str) -> list[Row]:
        """Return the holds on a call; raises NotFound when the call is not this person's."""

        def work(db: Session) -> list[Row]:
            demand_known(db, access, Scope(calls=(call,)))
            return [self._row(db, row, access) for row in hold_book.holds_of(db, CALL, call)]

        return await self._store.read(work)

    def _row(self, db: Session, row: Hold, access: Access) -> Row:
        now = self._clock.utc_us()
        counts = hold_book.members(db, row.id)
        counts[CALL] = _known_calls(db, access, row.id)
        state = "lifted" if row.lifted_utc else "stands"
        if state == "stands" and row.review_utc <= now + SOON_US:
            state = "review" if row.review_utc > now else "overdue"
        return {
            **row.model_dump(),
            "state": state,
            "objects": {name: count for name, count in counts.items() if count},
        }

    async def review(self, asker: Asker, hold: str, days: int, reason: str) -> Row:
        """Say that a hold is still needed: its next review is ``days`` from now."""
        most = self._policy.policy.hold_review_days
        if not 1 <= days <= most:
            raise ServiceError(f"a hold is looked at again after 1 to {most} days, got {days}")
        row = await self._store.read(lambda db: load(db, hold))
        await self._store.read(lambda db: demand_known(db, asker.access, from_json(row.scope)))
        await self._log(asker, "hold.reviewed", row, reason=reason)

        def work(db: Session) -> None:
            fresh = load(db, hold)
            fresh.review_utc = self._clock.utc_us() + days * US_PER_DAY
            db.add(fresh)

        await self._store.write(work)
        return await self.one(asker.access, hold)

    # ---- each day ------------------------------------------------------------------------------

    async def look(self) -> int:
        """Compare all holds with everything stored, and tell the camera sources again."""
        found = await self._store.write(self.take_all)
        rows = await self._store.read(
            lambda db: list(db.exec(select(Hold).where(col(Hold.lifted_utc).is_(None))))
        )
        for row in rows:
            if not row.source_note:
                await self._tell_sources(row)
        return found

    async def _tell_sources(self, row: Hold) -> None:
        """Ask camera sources to keep what is still with them; what they say is kept."""
        scope = from_json(row.scope)
        if self.keeper is None or scope.from_utc is None or not scope.cameras:
            return
        end = scope.to_utc or self._clock.utc_us()
        said = []
        for camera in scope.cameras:
            try:
                kept = await self.keeper.keep_at_source(camera, scope.from_utc, end, row.reason)
                said.append(f"{camera} {kept}")
            except RadioError as error:
                said.append(f"{camera} - {error}")
        note = "; ".join(said)

        def work(db: Session) -> None:
            fresh = load(db, row.id)
            fresh.source_note = note
            db.add(fresh)

        await self._store.write(work)

    async def run(self) -> None:
        """Look at the start and once a day, until ``close``."""
        while not self._closing.is_set():
            with contextlib.suppress(StoreUnavailable):  # tomorrow, and before each erasure
                await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._closing.wait()

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()

    async def _log(self, asker: Asker, verb: str, row: Hold, *, reason: str | None = None) -> None:
        scope = from_json(row.scope)
        detail = {
            "reason": row.reason if reason is None else reason,
            "basis": row.basis,
            "order": row.legal_order,
            "from": row.from_utc,
            "to": row.to_utc,
            "talkgroups": list(scope.talkgroups),
            "cameras": list(scope.cameras),
            "calls": list(scope.calls)[:100],
            "units": len(scope.units),
            "restricted_until": row.restricted_until_utc,
        }
        await self._record.before(asker, "admin", verb, Obj(type="hold", id=row.id), detail=detail)


def load(db: Session, hold: str) -> Hold:
    """Return a hold; raises NotFound."""
    row = db.get(Hold, hold)
    if row is None:
        raise NotFound(f"there is no hold {hold}")
    return row


def _what_lifts(row: Hold, reason: str) -> dict[str, object]:
    return {
        "hold": row.id,
        "scope": row.scope,
        "reason": row.reason,
        "set_utc": row.set_utc,
        "lift_reason": reason,
    }


def knows_call(access: Access, call: Call) -> bool:
    """Whether a person may know of a call: a hold needs no more than that it exists."""
    if is_private(call.talkgroup):
        return access.individual(Action.SEE, call.link)
    return access.can(Action.SEE, call.talkgroup)


def demand_known(db: Session, access: Access, scope: Scope) -> None:
    """Raise NotFound unless the person may know of every talkgroup and call that is named."""
    for talkgroup in scope.talkgroups:
        if not access.can(Action.SEE, talkgroup):
            raise NotFound(f"there is no talkgroup {talkgroup}")
    for call in scope.calls:
        row = db.get(Call, call)
        if row is None or not knows_call(access, row):
            raise NotFound(f"there is no call {call}")


def _may_know(db: Session, access: Access, row: Hold) -> bool:
    try:
        demand_known(db, access, from_json(row.scope))
    except NotFound:
        return False
    return True


def _known_calls(db: Session, access: Access, hold: str) -> int:
    query = (
        select(Call)
        .join(HoldMember, col(HoldMember.object) == col(Call.id))
        .where(HoldMember.hold == hold, HoldMember.type == CALL)
    )
    return sum(knows_call(access, call) for call in db.exec(query))

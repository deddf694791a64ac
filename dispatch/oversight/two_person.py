"""What oversight itself does with four eyes: roles, faces, the watch-list, un-masking.

Each act is asked for with exactly what will happen, and happens when a second person has agreed.
Switching off and taking away needs one person: safety is never behind a queue.
"""

import json
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, delete, select

from dispatch.audit.entry import Obj
from dispatch.auth.book import AccessBook
from dispatch.auth.people import People
from dispatch.auth.permissions import EXCLUSIVE_ROLES, Action, Role
from dispatch.auth.sessions import Sessions
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.incidents.tables import ClaimHit
from dispatch.oversight.approvals import Approvals, digest_of
from dispatch.oversight.ballot import USED, ApprovalRow
from dispatch.oversight.identity import normal
from dispatch.oversight.reasons import why_empty
from dispatch.oversight.rules import DAY_US
from dispatch.oversight.tables import Approval, FaceSource, WatchEntry
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from gateway.model.ids import ulid
from gateway.ports import Clock

ROLE, FACE, WATCH, UNMASK = "user.role", "face.on", "watch.add", "claim.unmask"
MAX_DAYS = 90
WATCH_TYPES = ("plate", "face", "name")
MIN_BASIS = 10
MAX_ROWS = 500
Row = dict[str, Any]
"""A JSON object of the API."""


class TwoPersonActs:
    """The four acts of one server."""

    def __init__(  # the services that the acts touch
        self,
        *,
        approvals: Approvals,
        store: Store,
        people: People,
        sessions: Sessions,
        access: AccessBook,
        record: Record,
        clock: Clock,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Register the kinds and what happens when they are agreed to."""
        self._approvals = approvals
        self._store = store
        self._people = people
        self._sessions = sessions
        self._access = access
        self._record = record
        self._clock = clock
        self._randomness = randomness
        approvals.kind(
            ROLE,
            words="make somebody administrator or auditor",
            ask="user.manage",
            approve="user.approve_role",
        )
        approvals.kind(
            FACE, words="switch a source of faces on", ask="face.switch", approve="face.approve"
        )
        approvals.kind(
            WATCH, words="add to the watch-list", ask="watch.edit", approve="watch.approve"
        )
        approvals.kind(
            UNMASK, words="see whom a hit names", ask="claim.unmask", approve="claim.approve_unmask"
        )
        approvals.on_agreed(ROLE, self._role_agreed)
        approvals.on_agreed(FACE, self._face_agreed)
        approvals.on_agreed(WATCH, self._watch_agreed)

    # ---- roles ---------------------------------------------------------------------------------

    async def ask_role(self, asker: Asker, user: str, role: Role, *, enable: bool = False) -> str:
        """Ask that an account gets a role; returns the request's id. Raises Conflict, NotFound.

        ``enable``: a new account, disabled until somebody has agreed.
        """
        if role not in EXCLUSIVE_ROLES:
            raise ServiceError(f"the role {role.value} needs no second person")
        await self._people.check_role(user, role)
        detail = {"user": user, "role": role.value, "enable": enable}
        account = self._people.user(user)
        name = account.display_name if account else user
        return await self._approvals.ask(
            asker,
            kind=ROLE,
            subject=user,
            digest=digest_of(detail),
            words=f"{name} becomes {role.value}",
            detail=detail,
        )

    async def agreed_role(self, user: str, role: Role) -> bool:
        """Whether a second person once agreed that an account has this role."""

        def work(db: Session) -> bool:
            query = select(Approval).where(
                Approval.kind == ROLE, Approval.subject == user, Approval.state == USED
            )
            return any(json.loads(row.detail)["role"] == role.value for row in db.exec(query))

        return await self._store.read(work)

    async def _role_agreed(self, row: ApprovalRow, asker: Asker) -> None:
        user, role = str(row.detail["user"]), Role(str(row.detail["role"]))
        obj = Obj(type="user", id=user)
        detail = {"change": role.value, "approval": row.id}
        await self._record.before(asker, "admin", "user.role", obj, detail=detail)
        disabled = False if row.detail["enable"] else None
        await self._people.change(user, role=role, disabled=disabled)
        await self._sessions.end_all_of(user)
        self._access.refresh("role changed")

    # ---- faces ---------------------------------------------------------------------------------

    async def ask_face(self, asker: Asker, source: str, basis: str, days: int) -> str:
        """Ask that claims of faces and names of a source are used, for at most 90 days."""
        _check_basis(basis)
        _check_days(days)
        detail = {"source": source, "basis": basis.strip(), "days": days}
        return await self._approvals.ask(
            asker,
            kind=FACE,
            subject=source,
            digest=digest_of(detail),
            words=f"Faces and names of the source {source} are used for {days} days",
            detail=detail,
        )

    async def _face_agreed(self, row: ApprovalRow, asker: Asker) -> None:
        now, source = self._clock.utc_us(), str(row.detail["source"])
        obj = Obj(type="source", id=source, cat="camera")
        detail = {"approval": row.id, "days": row.detail["days"], "note": row.detail["basis"]}
        await self._record.before(asker, "admin", "face.on", obj, detail=detail)
        fresh = FaceSource(
            source=source,
            basis=str(row.detail["basis"]),
            on_by=row.asked_by,
            approval=row.id,
            on_utc=now,
            expires_utc=now + int(row.detail["days"]) * DAY_US,
        )
        await self._store.write(lambda db: db.merge(fresh))

    async def face_off(self, asker: Asker, source: str) -> None:
        """Switch a source of faces off at once; raises NotFound."""
        obj = Obj(type="source", id=source, cat="camera")
        await self._record.before(asker, "admin", "face.off", obj)

        def work(db: Session) -> None:
            row = db.get(FaceSource, source)
            if row is None:
                raise NotFound(f"the source {source} is off already")
            db.delete(row)

        await self._store.write(work)

    async def faces(self) -> list[Row]:
        """Return the sources of faces that are on, with basis and end."""
        now = self._clock.utc_us()

        def work(db: Session) -> list[Row]:
            query = select(FaceSource).where(col(FaceSource.expires_utc) > now)
            return [
                {
                    "source": row.source,
                    "basis": row.basis,
                    "on_utc": row.on_utc,
                    "expires_utc": row.expires_utc,
                    "approval": row.approval,
                }
                for row in db.exec(query)
            ]

        return await self._store.read(work)

    # ---- watch-list ----------------------------------------------------------------------------

    async def ask_watch(
        self,
        asker: Asker,
        claim_type: str,
        value: str,
        *,
        basis: str,
        days: int,
        category: str = "unknown",
    ) -> str:
        """Ask for an entry of the watch-list; its owner is the asker, its end within 90 days."""
        if claim_type not in WATCH_TYPES:
            raise ServiceError(f"type: expected one of {', '.join(WATCH_TYPES)}")
        if not value.strip():
            raise ServiceError("value: expected a text, got none")
        _check_basis(basis)
        _check_days(days)
        now = self._clock.utc_us()
        entry = "w-" + ulid(now, self._randomness(10))
        detail = {
            "entry": entry,
            "type": claim_type,
            "value": normal(claim_type, value),
            "category": category,
            "basis": basis.strip(),
            "days": days,
        }
        return await self._approvals.ask(
            asker,
            kind=WATCH,
            subject=entry,
            digest=digest_of(detail),
            words=f"A {claim_type} is looked for, for {days} days",
            detail=detail,
        )

    async def _watch_agreed(self, row: ApprovalRow, asker: Asker) -> None:
        now, what = self._clock.utc_us(), row.detail
        entry = WatchEntry(
            id=str(what["entry"]),
            type=str(what["type"]),
            value=str(what["value"]),
            owner=row.asked_by,
            owner_name=row.asked_name,
            category=str(what.get("category", "unknown")),
            basis=str(what["basis"]),
            approval=row.id,
            added_utc=now,
            expires_utc=now + int(what["days"]) * DAY_US,
        )
        obj = Obj(type="watch", id=entry.id, cat="camera", subject=entry.value)
        detail = {
            "approval": row.id,
            "type": entry.type,
            "category": entry.category,
            "note": entry.basis,
        }
        await self._record.before(asker, "admin", "watch.added", obj, detail=detail)
        await self._store.write(lambda db: db.add(entry))

    async def watch_list(self, asker: Asker) -> list[Row]:
        """Return the entries that stand; logged, as the list names people and cars."""
        now = self._clock.utc_us()

        def work(db: Session) -> list[Row]:
            query = select(WatchEntry).where(col(WatchEntry.expires_utc) > now)
            return [
                {
                    "id": row.id,
                    "type": row.type,
                    "value": row.value,
                    "owner": row.owner_name,
                    "category": row.category,
                    "basis": row.basis,
                    "added_utc": row.added_utc,
                    "expires_utc": row.expires_utc,
                }
                for row in db.exec(query.order_by(col(WatchEntry.expires_utc)).limit(MAX_ROWS))
            ]

        rows = await self._store.read(work)
        obj = Obj(type="watch", id="list", cat="camera")
        await self._record.before(asker, "consult", "watch.read", obj, detail={"hits": len(rows)})
        return rows

    async def watch_remove(self, asker: Asker, entry: str) -> None:
        """Take an entry away at once; raises NotFound."""
        obj = Obj(type="watch", id=entry, cat="camera")
        await self._record.before(asker, "erase", "watch.removed", obj)

        def work(db: Session) -> None:
            row = db.get(WatchEntry, entry)
            if row is None:
                raise NotFound(f"there is no entry {entry}")
            db.delete(row)

        await self._store.write(work)

    async def forget(self) -> None:
        """Erase entries of the watch-list, and switches of faces, whose time is over."""
        now = self._clock.utc_us()

        def work(db: Session) -> None:
            db.exec(delete(WatchEntry).where(col(WatchEntry.expires_utc) <= now))
            db.exec(delete(FaceSource).where(col(FaceSource.expires_utc) <= now))

        await self._store.write(work)

    # ---- un-masking ----------------------------------------------------------------------------

    async def ask_unmask(self, asker: Asker, hit: str, reason: str) -> str:
        """Ask to see, once, whom a hit names that people have not confirmed."""
        fault = why_empty(reason)
        if fault:
            raise ServiceError(f"reason: {reason.strip()!r} does not say why: {fault}")
        await self._hit(asker, hit)
        detail = _unmasking(asker, hit)
        return await self._approvals.ask(
            asker,
            kind=UNMASK,
            subject=hit,
            digest=digest_of(detail),
            words=f"{asker.access.user.display_name} sees whom {hit} names: {reason.strip()}",
            detail=detail,
        )

    async def unmasked(self, asker: Asker, hit: str) -> Row:
        """Return whom a hit names, once for each approval; raises NotApproved, NotFound."""
        row = await self._hit(asker, hit)
        used = await self._approvals.demand(UNMASK, hit, digest_of(_unmasking(asker, hit)))
        obj = Obj(type="claim", id=hit, cat="camera", subject=row.value)
        await self._record.before(
            asker, "consult", "claim.unmasked", obj, detail={"approval": used.id}
        )
        return {"id": hit, "type": row.type, "value": row.value, "state": row.state}

    async def _hit(self, asker: Asker, hit: str) -> ClaimHit:
        row = await self._store.read(lambda db: db.get(ClaimHit, hit))
        group = row.camera_group if row is not None else ""
        if row is None or (group and not asker.access.camera(Action.SEE, group)):
            raise NotFound(f"there is no candidate {hit}")
        if row.state == "confirmed":
            raise Conflict(f"{hit} is confirmed: it is masked to nobody who sees its incident")
        return row


def _unmasking(asker: Asker, hit: str) -> Row:
    return {"hit": hit, "user": asker.access.user.id}


def _check_basis(basis: str) -> None:
    if len(basis.strip()) < MIN_BASIS:
        raise ServiceError(
            f"basis: expected law, article and decision in at least {MIN_BASIS} characters"
        )


def _check_days(days: int) -> None:
    if not 1 <= days <= MAX_DAYS:
        raise ServiceError(f"days: expected 1 to {MAX_DAYS}, got {days}")

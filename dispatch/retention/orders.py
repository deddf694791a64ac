"""Orders of courts, prosecutors and supervisory authorities: as asked, with a deadline, held."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.retention.holds import HoldAsk, Holds, demand_known
from dispatch.retention.local_time import start_of_day, utc_of
from dispatch.retention.scope import Scope, from_json
from dispatch.retention.tables import Hold, LegalOrder
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model.ids import ulid
from gateway.ports import Clock

OPEN, ANSWERED, WITHDRAWN = "open", "answered", "withdrawn"
NOT_BEFORE = "not_before:"
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAsk:
    """An order as a person types it in. Times are local, in ``zone``."""

    number: str
    authority: str
    case: str
    basis: str
    deadline: str
    zone: str
    from_local: str
    to_local: str
    from_answer: str = ""
    to_answer: str = ""
    """Of a time in the doubled hour: first, second or both."""
    talkgroups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    places: tuple[Mapping[str, float], ...] = ()
    cameras: tuple[str, ...] = ()
    telemetry: bool = False
    document_sha256: str = ""
    document_name: str = ""
    tell: str = "yes"
    note: str = ""


class Orders:
    """Keeps orders; one click puts their results on hold."""

    def __init__(
        self,
        *,
        store: Store,
        record: Record,
        clock: Clock,
        randomness: Callable[[int], bytes],
        holds: Holds,
    ) -> None:
        """Take the store and the holds."""
        self._store = store
        self._record = record
        self._clock = clock
        self._randomness = randomness
        self._holds = holds

    async def add(self, asker: Asker, ask: OrderAsk) -> Row:
        """Keep an order; raises DoubledHour, SkippedHour, ServiceError, Conflict, NotFound."""
        row = self._read(asker, ask)
        scope = from_json(row.scope)
        await self._store.read(lambda db: demand_known(db, asker.access, scope))
        known = await self._store.read(lambda db: order_of(db, row.number))
        if known is not None:
            raise Conflict(f"there is an order {row.number} already")
        await self._log(asker, "order.added", row)
        await self._store.write(lambda db: db.add(row))
        return await self.one(asker.access, row.id)

    def _read(self, asker: Asker, ask: OrderAsk) -> LegalOrder:
        _check(ask)
        now, user = self._clock.utc_us(), asker.access.user
        start = utc_of(ask.from_local, ask.zone, ask.from_answer, end=False)
        end = utc_of(ask.to_local, ask.zone, ask.to_answer, end=True)
        if end <= start:
            raise ServiceError("order: its time ends before it begins")
        scope = from_json(
            {
                "from_utc": start,
                "to_utc": end,
                "talkgroups": list(ask.talkgroups),
                "units": list(ask.units),
                "places": [dict(one) for one in ask.places],
                "cameras": list(ask.cameras),
                "telemetry": ask.telemetry,
                "asked": {
                    "zone": ask.zone,
                    "from": ask.from_local,
                    "to": ask.to_local,
                    "from_answer": ask.from_answer,
                    "to_answer": ask.to_answer,
                },
            }
        )
        if not scope.by_time:
            raise ServiceError(
                "order: its scope names nothing",
                hint="Name talkgroups, units, places, cameras, or desk telemetry.",
            )
        return LegalOrder(
            id="o-" + ulid(now, self._randomness(10)),
            number=ask.number.strip(),
            authority=ask.authority.strip(),
            case=ask.case.strip(),
            basis=ask.basis.strip(),
            deadline_utc=utc_of(ask.deadline, ask.zone, "first", end=False),
            scope=scope.to_json(),
            document_sha256=ask.document_sha256.lower(),
            document_name=ask.document_name.strip(),
            tell=ask.tell,
            restricted_until_utc=restricted_until(ask.tell, ask.zone),
            by=user.id,
            by_name=user.display_name,
            made_utc=now,
            note=ask.note.strip(),
        )

    async def hold(self, asker: Asker, order: str) -> Row:
        """Put everything that an order asks for on hold, at once; raises NotFound, Conflict."""
        row = await self._store.read(lambda db: load(db, order))
        if row.state == WITHDRAWN:
            raise Conflict(f"order {row.number} is withdrawn")
        held = await self._store.read(lambda db: _standing_hold(db, order))
        if held is not None:
            raise Conflict(f"what order {row.number} asks for is on hold already ({held})")
        ask = HoldAsk(
            scope=from_json(row.scope),
            reason=f"order {row.number}",
            basis=row.basis,
            restricted_until_utc=row.restricted_until_utc,
            legal_order=row.id,
        )
        return await self._holds.place(asker, ask)

    async def close(self, asker: Asker, order: str, state: str, note: str) -> Row:
        """Mark an order as answered or withdrawn; its hold stays until it is lifted."""
        if state not in (ANSWERED, WITHDRAWN):
            raise ServiceError(f"an order becomes {ANSWERED} or {WITHDRAWN}, got {state!r}")

        def work(db: Session) -> None:
            row = load(db, order)
            if row.state != OPEN:
                raise Conflict(f"order {row.number} is {row.state} already")
            row.state, row.done_utc = state, self._clock.utc_us()
            row.done_by = asker.access.user.display_name
            row.note = f"{row.note}\n{note}".strip()
            db.add(row)

        found = await self._store.read(lambda db: load(db, order))
        if not _may_know(asker.access, found):
            raise NotFound(f"there is no order {order}")
        await self._log(asker, f"order.{state}", found)
        await self._store.write(work)
        return await self.one(asker.access, order)

    async def all(self, access: Access) -> list[Row]:
        """Return the orders that this person may know of: open ones first, by deadline."""

        def work(db: Session) -> list[Row]:
            query = select(LegalOrder).order_by(
                col(LegalOrder.state).desc(), col(LegalOrder.deadline_utc)
            )
            rows = [row for row in db.exec(query.limit(500)) if _may_know(access, row)]
            rows.sort(key=lambda row: (row.state != OPEN, row.deadline_utc))
            return [self._row(db, row) for row in rows]

        return await self._store.read(work)

    async def one(self, access: Access, order: str) -> Row:
        """Return one order; raises NotFound."""

        def work(db: Session) -> Row:
            row = load(db, order)
            if not _may_know(access, row):
                raise NotFound(f"there is no order {order}")
            return self._row(db, row)

        return await self._store.read(work)

    def _row(self, db: Session, row: LegalOrder) -> Row:
        late = row.state == OPEN and row.deadline_utc < self._clock.utc_us()
        return {**row.model_dump(), "hold": _standing_hold(db, row.id), "overdue": late}

    async def _log(self, asker: Asker, verb: str, row: LegalOrder) -> None:
        detail = {
            "number": row.number,
            "basis": row.basis,
            "from": row.scope.get("from_utc"),
            "to": row.scope.get("to_utc"),
            "talkgroups": row.scope.get("talkgroups", []),
            "document_sha256": row.document_sha256,
            "telemetry": bool(row.scope.get("telemetry")),
            "restricted_until": row.restricted_until_utc,
        }
        await self._record.before(asker, "admin", verb, Obj(type="order", id=row.id), detail=detail)


def _check(ask: OrderAsk) -> None:
    if not _NUMBER.fullmatch(ask.number.strip()):
        raise ServiceError(
            "order: expected a number of letters, digits and . _ / -, 64 at most",
            hint="It stands in the audit log as the purpose.",
        )
    for name in ("authority", "case", "basis"):
        if not str(getattr(ask, name)).strip():
            raise ServiceError(f"order: its {name} is missing")
    if not _SHA256.fullmatch(ask.document_sha256.lower()):
        raise ServiceError(
            "order: expected the SHA-256 of the document, 64 hex digits",
            hint="Choose the file: the browser makes the hash, the file stays with you.",
        )


def restricted_until(tell: str, zone: str) -> int | None:
    """Return until when persons are not told: the beginning of the date; None for ``yes``."""
    if tell == "yes":
        return None
    if not tell.startswith(NOT_BEFORE):
        raise ServiceError(f"order: expected tell to be yes or {NOT_BEFORE}2027-01-31")
    return start_of_day(tell.removeprefix(NOT_BEFORE), zone)


def load(db: Session, order: str) -> LegalOrder:
    """Return an order; raises NotFound."""
    row = db.get(LegalOrder, order)
    if row is None:
        raise NotFound(f"there is no order {order}")
    return row


def order_of(db: Session, number: str) -> LegalOrder | None:
    """Return the order with an authority's number: what a purpose ``order`` refers to."""
    return db.exec(select(LegalOrder).where(LegalOrder.number == number)).first()


def open_orders(db: Session) -> list[LegalOrder]:
    """Return the orders that are not answered, the nearest deadline first (for the day sheet)."""
    query = select(LegalOrder).where(LegalOrder.state == OPEN)
    return list(db.exec(query.order_by(col(LegalOrder.deadline_utc))))


def _may_know(access: Access, row: LegalOrder) -> bool:
    """Whether a person may see an order: of every talkgroup that it names, or of all for none."""
    scope: Scope = from_json(row.scope)
    return all(access.can(Action.SEE, talkgroup) for talkgroup in scope.talkgroups)


def _standing_hold(db: Session, order: str) -> str | None:
    query = select(Hold.id).where(Hold.legal_order == order, col(Hold.lifted_utc).is_(None))
    return db.exec(query).first()


def as_asked(row: LegalOrder) -> dict[str, Any]:
    """Return the local times and answers of an order as they were typed in."""
    return dict(row.scope.get("asked", {}))

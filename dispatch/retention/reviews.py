"""The review queue: incidents whose time is over, each waiting for a person's yes."""

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.incidents.tables import Incident
from dispatch.retention.classes import ERASED, ended, reclassify
from dispatch.retention.tables import ErasureReview
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from dispatch.store.retention import INCIDENT_CLASS
from dispatch.store.tables import US_PER_DAY
from gateway.ports import Clock

WAITING, ERASE, KEEP = "waiting", "erase", "keep"
MAX_KEEP_DAYS = 3660
MIN_REASON = 10


def fill(db: Session, now: int) -> int:
    """Put incidents whose time is over into the queue; returns how many are new.

    Their classes are brought up to date before (``reclassify``).
    """
    query = select(Incident).where(
        Incident.retention == INCIDENT_CLASS, col(Incident.expires_utc) <= now, ended()
    )
    added = 0
    for incident in db.exec(query):
        row = db.get(ErasureReview, incident.id)
        if row is None:
            row = ErasureReview(incident=incident.id, due_utc=incident.expires_utc or now)
            added += 1
        elif row.state == KEEP and (row.until_utc or 0) <= now:
            row.state, row.due_utc = WAITING, now
            added += 1
        db.add(row)
    return added


class Reviews:
    """Who says what becomes of an incident whose time is over."""

    def __init__(self, store: Store, record: Record, clock: Clock) -> None:
        """Take the store."""
        self._store = store
        self._record = record
        self._clock = clock

    async def queue(self) -> list[Row]:
        """Return the incidents that wait, and what was decided and is not carried out yet."""

        def work(db: Session) -> list[Row]:
            query = (
                select(ErasureReview, Incident)
                .join(Incident, col(Incident.id) == col(ErasureReview.incident))
                .where(Incident.retention != ERASED)
                .order_by(col(ErasureReview.due_utc))
                .limit(500)
            )
            return [
                {
                    **row.model_dump(),
                    "label": incident.label,
                    "title": incident.title,
                    "closed_utc": incident.closed_utc,
                    "expires_utc": incident.expires_utc,
                }
                for row, incident in db.exec(query)
            ]

        now = self._clock.utc_us()
        await reclassify(self._store, now)
        await self._store.write(lambda db: fill(db, now))
        return await self._store.read(work)

    async def decide(
        self, asker: Asker, incident: str, *, erase: bool, reason: str, keep_days: int | None = None
    ) -> None:
        """Say yes to erasing an incident, or keep it; raises NotFound, Conflict, ServiceError."""
        if len(reason.strip()) < MIN_REASON:
            raise ServiceError(f"say why, in at least {MIN_REASON} characters")
        if not erase and not 1 <= (keep_days or 0) <= MAX_KEEP_DAYS:
            raise ServiceError(f"an incident is kept for 1 to {MAX_KEEP_DAYS} days more")
        now, user = self._clock.utc_us(), asker.access.user
        until = None if erase else now + (keep_days or 0) * US_PER_DAY

        def check(db: Session) -> None:
            row = db.get(ErasureReview, incident)
            known = db.get(Incident, incident)
            if row is None or known is None:
                raise NotFound(f"no incident {incident} waits for review")
            if known.retention == ERASED:
                raise Conflict(f"{known.label} is erased already")

        await self._store.read(check)
        await self._record.before(
            asker,
            "admin",
            "retention.reviewed",
            Obj(type="incident", id=incident),
            detail={"erase": erase, "until": until, "reason": reason.strip()},
        )

        def work(db: Session) -> None:
            check(db)
            row, known = db.get(ErasureReview, incident), db.get(Incident, incident)
            if row is None or known is None:
                return
            row.state, row.reason = ERASE if erase else KEEP, reason.strip()
            row.until_utc, row.decided_utc = until, now
            row.by, row.by_name = user.id, user.display_name
            if until is not None:
                known.expires_utc = max(known.expires_utc or 0, until)
            db.add(row)
            db.add(known)

        await self._store.write(work)

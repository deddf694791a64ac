"""What belongs to staff, as keyed hashes: a look at it alerts the auditor and blocks nothing."""

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.keyed import Keyed
from dispatch.oversight.tables import StaffObject
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from gateway.model.ids import ulid
from gateway.ports import Clock

KINDS = ("radio", "telephone", "car", "home")
MAX_ROWS = 1000


class StaffList:
    """The list of one server. Nobody can read a name or a number out of it."""

    def __init__(
        self,
        store: Store,
        record: Record,
        clock: Clock,
        randomness: Callable[[int], bytes],
        keyed: Keyed,
    ) -> None:
        """Take the store and the key of the hashes."""
        self._store = store
        self._record = record
        self._clock = clock
        self._randomness = randomness
        self._keyed = keyed

    async def add(self, asker: Asker, kind: str, value: str, person: str) -> str:
        """Add an object of a person (the ``person`` of their accounts); returns its id.

        ``value`` is what is searched for: a unit ``system/number``, a telephone, a plate, a place.
        Only hashes are kept. Raises ServiceError, Conflict.
        """
        if kind not in KINDS:
            raise ServiceError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
        if not value.strip() or not person.strip():
            raise ServiceError("value and person: expected a text, got none")
        now = self._clock.utc_us()
        row = StaffObject(
            id="s-" + ulid(now, self._randomness(10)),
            key=self._keyed.of("staff", value.strip()),
            kind=kind,
            person_key=self._keyed.of("person", person.strip().lower()),
            added_by=asker.access.user.id,
            added_utc=now,
        )
        await self._log(asker, "staff.added", row.id, kind)

        def work(db: Session) -> None:
            if db.exec(select(StaffObject).where(StaffObject.key == row.key)).first() is not None:
                raise Conflict("this object is on the list already")
            db.add(row)

        await self._store.write(work)
        return row.id

    async def remove(self, asker: Asker, object_id: str) -> None:
        """Take an object off the list; raises NotFound."""
        await self._log(asker, "staff.removed", object_id, "")

        def work(db: Session) -> None:
            row = db.get(StaffObject, object_id)
            if row is None:
                raise NotFound(f"there is no object {object_id}")
            db.delete(row)

        await self._store.write(work)

    async def all(self) -> list[dict[str, Any]]:
        """Return the list: ids, kinds and times, nothing else can be told."""

        def work(db: Session) -> list[dict[str, Any]]:
            query = select(StaffObject).order_by(col(StaffObject.added_utc).desc()).limit(MAX_ROWS)
            return [
                {"id": row.id, "kind": row.kind, "added_utc": row.added_utc}
                for row in db.exec(query)
            ]

        return await self._store.read(work)

    async def _log(self, asker: Asker, verb: str, object_id: str, kind: str) -> None:
        obj = Obj(type="staff_object", id=object_id)
        await self._record.before(asker, "admin", verb, obj, detail={"kind": kind})

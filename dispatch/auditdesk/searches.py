"""Searches under a name: each person's own, on the server, so that they follow the sign-in."""

from collections.abc import Callable

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from dispatch.audit.entry import Obj
from dispatch.auditdesk.tables import SavedSearch
from dispatch.errors import NotFound, ServiceError
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model.ids import ulid
from gateway.ports import Clock

MAX_SEARCHES = 100
MAX_NAME_CHARACTERS = 60
MAX_QUERY_CHARACTERS = 4000


class SavedSearches:
    """Keeps the searches of each person."""

    def __init__(
        self, store: Store, record: Record, clock: Clock, randomness: Callable[[int], bytes]
    ) -> None:
        """Take where they are kept, and the log."""
        self._store = store
        self._record = record
        self._clock = clock
        self._randomness = randomness

    async def mine(self, user: str) -> list[Row]:
        """Return a person's searches by name: ``id``, ``name``, ``query``, ``made_utc``."""
        found = await self._store.read(
            lambda db: list(db.exec(_of(user).order_by(col(SavedSearch.name))))
        )
        return [_row(one) for one in found]

    async def save(self, asker: Asker, name: str, query: str) -> Row:
        """Keep a search; one of the same name is replaced. Raises ServiceError at the limits."""
        name, user, now = name.strip(), asker.access.user.id, self._clock.utc_us()
        if not 0 < len(name) <= MAX_NAME_CHARACTERS:
            raise ServiceError(f"name: expected 1 to {MAX_NAME_CHARACTERS} characters")
        if len(query) > MAX_QUERY_CHARACTERS:
            raise ServiceError(f"query: expected at most {MAX_QUERY_CHARACTERS} characters")
        fresh = f"s-{ulid(now, self._randomness(10))}"

        def work(db: Session) -> Row:
            mine = list(db.exec(_of(user)))
            row = next((one for one in mine if one.name == name), None)
            if row is None:
                if len(mine) >= MAX_SEARCHES:
                    raise ServiceError(
                        f"searches: there are {MAX_SEARCHES}, which is the most",
                        hint="Take one away first.",
                    )
                row = SavedSearch(id=fresh, user=user, name=name, query=query, made_utc=now)
            row.query, row.made_utc = query, now
            db.add(row)
            return _row(row)

        kept = await self._store.write(work)
        self._record.note_of(asker, "alter", "search.save", Obj(type="saved_search", id=kept["id"]))
        return kept

    async def remove(self, asker: Asker, search: str) -> None:
        """Take a search away; raises NotFound for one that is not this person's."""
        user = asker.access.user.id

        def work(db: Session) -> None:
            row = db.get(SavedSearch, search)
            if row is None or row.user != user:
                raise NotFound(f"there is no saved search {search}")
            db.delete(row)

        await self._store.write(work)
        self._record.note_of(asker, "alter", "search.remove", Obj(type="saved_search", id=search))


def _of(user: str) -> SelectOfScalar[SavedSearch]:
    return select(SavedSearch).where(SavedSearch.user == user)


def _row(row: SavedSearch) -> Row:
    return {"id": row.id, "name": row.name, "query": row.query, "made_utc": row.made_utc}

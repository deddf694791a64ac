"""Marks: moments that somebody noted while listening. They add to what is kept, and change none."""

from collections.abc import Callable

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auditdesk.tables import Mark
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import NotFound, ServiceError
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from dispatch.store.retention import DEFAULT_CLASS, expiry_utc
from gateway.model.ids import ulid
from gateway.ports import Clock

MAX_TEXT_CHARACTERS = 500
MAX_TALKGROUPS = 16
MAX_SHOWN = 500


class Marks:
    """Keeps marks; one lives as long as an ordinary call of the day when it was made."""

    def __init__(
        self, store: Store, record: Record, clock: Clock, randomness: Callable[[int], bytes]
    ) -> None:
        """Take where they are kept, and the log."""
        self._store = store
        self._record = record
        self._clock = clock
        self._randomness = randomness

    async def between(self, access: Access, from_utc: int, to_utc: int) -> list[Row]:
        """Return the marks of a time that this person may see, in order of time."""
        now = self._clock.utc_us()

        def work(db: Session) -> list[Row]:
            found = db.exec(
                select(Mark)
                .where(
                    col(Mark.t_utc) >= from_utc,
                    col(Mark.t_utc) <= to_utc,
                    col(Mark.withdrawn_utc).is_(None),
                    col(Mark.expires_utc) > now,
                )
                .order_by(col(Mark.t_utc))
                .limit(MAX_SHOWN)
            )
            return [_row(one, access) for one in found if _sees(access, one)]

        return await self._store.read(work)

    async def set(self, asker: Asker, t_utc: int, text: str, talkgroups: list[str]) -> Row:
        """Mark a moment; raises ServiceError, and NotFound for a talkgroup that is not seen."""
        words, now = text.strip(), self._clock.utc_us()
        if not 0 < len(words) <= MAX_TEXT_CHARACTERS:
            raise ServiceError(f"text: expected 1 to {MAX_TEXT_CHARACTERS} characters")
        if len(talkgroups) > MAX_TALKGROUPS:
            raise ServiceError(f"talkgroups: expected at most {MAX_TALKGROUPS}")
        for talkgroup in talkgroups:
            if not asker.access.can(Action.SEARCH, talkgroup):
                raise NotFound(f"there is no talkgroup {talkgroup}")
        mark = Mark(
            id=f"m-{ulid(now, self._randomness(10))}",
            t_utc=t_utc,
            text=words,
            user=asker.access.user.id,
            who=asker.access.user.display_name,
            talkgroups=sorted(set(talkgroups)),
            made_utc=now,
            expires_utc=expiry_utc(DEFAULT_CLASS, now),
        )
        row = _row(mark, asker.access)

        def work(db: Session) -> None:
            db.add(mark)

        await self._record.before(
            asker, "alter", "mark.set", Obj(type="mark", id=mark.id), detail={"text": words}
        )
        await self._store.write(work)
        return row

    async def withdraw(self, asker: Asker, mark: str) -> None:
        """Take an own mark back; raises NotFound for one of somebody else."""
        user, now = asker.access.user.id, self._clock.utc_us()

        def work(db: Session) -> None:
            row = db.get(Mark, mark)
            if row is None or row.user != user or row.withdrawn_utc is not None:
                raise NotFound(f"there is no mark {mark} of yours")
            row.withdrawn_utc = now
            db.add(row)

        await self._store.write(work)
        self._record.note_of(asker, "alter", "mark.withdraw", Obj(type="mark", id=mark))


def _sees(access: Access, mark: Mark) -> bool:
    if mark.user == access.user.id:
        return True
    return bool(mark.talkgroups) and all(access.can(Action.SEARCH, tg) for tg in mark.talkgroups)


def _row(mark: Mark, access: Access) -> Row:
    return {
        "id": mark.id,
        "t_utc": mark.t_utc,
        "text": mark.text,
        "who": mark.who,
        "mine": mark.user == access.user.id,
        "talkgroups": mark.talkgroups,
        "made_utc": mark.made_utc,
    }

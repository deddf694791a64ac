"""Watches what people look at: one row a look, then the rules, then a task for a reviewer.

``Record`` tells of each act of a person. Acts that show or give away what was recorded, and
refusals, become rows of ``look_up``; a task writes them in groups and asks the rules, so that no
request waits. Nothing here blocks anybody: an alert is for a reviewer to read.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from dispatch.audit.entry import Act
from dispatch.cameras.tables import Camera, CameraMedia
from dispatch.oversight.keyed import Keyed
from dispatch.oversight.reviews import Reviewed, Reviews
from dispatch.oversight.rules import DAY_US, KEPT_DAYS, RULES, Alert, Looked
from dispatch.oversight.tables import LookUp, StaffObject
from dispatch.services.record import Asker
from dispatch.store.engine import Store, StoreUnavailable
from dispatch.store.tables import Transmission
from gateway.model.ids import UtcUs
from gateway.ports import Clock

logger = logging.getLogger(__name__)

WATCHED = frozenset({"consult", "disclose"})
FLUSH_S = 0.5
MAX_WAITING = 10_000
"""Looks that wait for the store; the audit log has them all, so none beyond is a proof lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One look as it was told: subject in clear, in memory only."""

    asker: Asker
    act: Act
    seq: int | None
    t_utc: UtcUs


class LookUps:
    """The watcher of one server."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        keyed: Keyed,
        reviews: Reviews,
        seated: Callable[[str], bool],
    ) -> None:
        """Take the store and the queue that alerts go to."""
        self._store = store
        self._clock = clock
        self._keyed = keyed
        self._reviews = reviews
        self._seated = seated
        self._waiting: list[_Look] = []
        self._lock = asyncio.Lock()
        self._sizes: Callable[[str], int] = lambda package: 0

    def sizes(self, size_of: Callable[[str], int]) -> None:
        """Take the function that tells how large an evidence package is, in bytes."""
        self._sizes = size_of

    def take(self, asker: Asker, act: Act, seq: int | None) -> None:
        """Keep what concerns us; never waits."""
        if act.op not in WATCHED and act.result != "denied":
            return
        if len(self._waiting) < MAX_WAITING:
            look = _Look(asker=asker, act=act, seq=seq, t_utc=self._clock.utc_us())
            self._waiting.append(look)

    async def flush(self) -> int:
        """Write what waits and ask the rules; returns how many alerts were made."""
        async with self._lock:
            looks, self._waiting = self._waiting, []
            if not looks:
                return 0
            try:
                rows = await self._store.write(lambda db: self._write(db, looks))
                found = await self._store.read(lambda db: self._judge(db, rows))
            except StoreUnavailable:
                self._waiting = looks + self._waiting
                raise
            made = 0
            for row, alert in found:
                made += await self._reviews.alert(_reviewed(row, looks), alert, row.entry_seq)
            return made

    async def run(self) -> None:
        """Flush until cancelled."""
        while True:
            with contextlib.suppress(StoreUnavailable):  # tried again
                await self.flush()
            await asyncio.sleep(FLUSH_S)

    async def forget(self) -> None:
        """Delete rows that no rule needs any more."""
        before = self._clock.utc_us() - KEPT_DAYS * DAY_US
        await self._store.write(
            lambda db: db.exec(delete(LookUp).where(col(LookUp.t_utc) < before))
        )

    # ---- one look ------------------------------------------------------------------------------

    def _write(self, db: Session, looks: list[_Look]) -> list[tuple[LookUp, tuple[str, ...]]]:
        rows = []
        for look in looks:
            subjects = _subjects(db, look.act)
            row = self._row(db, look, subjects)
            db.add(row)
            rows.append((row, subjects))
        db.flush()
        return rows

    def _row(self, db: Session, look: _Look, subjects: tuple[str, ...]) -> LookUp:
        act, asker, obj = look.act, look.asker, look.act.obj
        subject = subjects[0] if subjects else obj.id if obj and obj.type not in _NOBODY else ""
        size = act.detail.get("size_bytes", 0)
        if act.verb == "evidence.disclosed" and obj is not None and not size:
            size = self._sizes(obj.id)
        return LookUp(
            t_utc=look.t_utc,
            user=asker.access.user.id,
            person=asker.person,
            role=asker.access.user.role.value,
            verb=act.verb,
            object_type=obj.type if obj else "",
            object=obj.id if obj else "",
            subject=self._keyed.of("subject", subject) if subject else "",
            reasoned=_reasoned(act),
            denied=act.result == "denied",
            camera_group=_camera_group(db, act),
            size_bytes=size if act.result == "ok" else 0,
            entry_seq=look.seq,
        )

    def _judge(
        self, db: Session, rows: Iterable[tuple[LookUp, tuple[str, ...]]]
    ) -> list[tuple[LookUp, Alert]]:
        found: list[tuple[LookUp, Alert]] = []
        now = self._clock.utc_us()
        for row, subjects in rows:
            looked = Looked(row=row, now=now, seated=self._seated(row.user))
            found += [(row, alert) for rule in RULES if (alert := rule(db, looked)) is not None]
            staff = self._staff(db, row, subjects)
            if staff is not None:
                found.append((row, staff))
        return found

    def _staff(self, db: Session, row: LookUp, subjects: tuple[str, ...]) -> Alert | None:
        """Tell of a look at something of a colleague, or of one's own; nothing is blocked."""
        keys = [self._keyed.of("staff", one) for one in (*subjects, row.object) if one]
        query = select(StaffObject).where(col(StaffObject.key).in_(keys))
        hit = db.exec(query).first()
        if hit is None or row.denied:
            return None
        own = hit.person_key == self._keyed.of("person", row.person)
        if own:
            return Alert(rule="self", words=f"looked up an object of their own ({hit.kind})")
        return Alert(rule="colleague", words=f"looked up an object of a colleague ({hit.kind})")


_NOBODY = frozenset({"call_log", "message_log", "audit_log", "engine", "approval", "package"})
"""Objects that are about nobody in particular."""


def _reasoned(act: Act) -> str:
    if act.purpose is None:
        return "none"
    return "named" if act.purpose.ref else "words"


def _subjects(db: Session, act: Act) -> tuple[str, ...]:
    """Return whom a look is about: who was searched for, else who is heard."""
    obj = act.obj
    if obj is None:
        return ()
    if obj.subject:
        return (obj.subject,)
    if obj.type == "call":
        query = select(Transmission.talker).where(Transmission.call == obj.id)
    elif obj.type == "recording":
        query = select(Transmission.talker).where(Transmission.id == obj.id)
    else:
        return ()
    return tuple(dict.fromkeys(one for one in db.exec(query.limit(100)) if one))


def _camera_group(db: Session, act: Act) -> str:
    """Return the group of the camera that a look is through, an empty text for none."""
    obj = act.obj
    if obj is None or obj.cat != "camera":
        return ""
    named = act.detail.get("camera", "")
    if obj.type == "media":
        media = db.get(CameraMedia, obj.id)
        named = media.camera if media else ""
    elif obj.type == "camera":
        named = obj.id
    camera = db.get(Camera, named) if named else None
    return camera.group if camera else ""


def _reviewed(row: LookUp, looks: list[_Look]) -> Reviewed:
    user = next(one.asker.access.user for one in looks if one.asker.access.user.id == row.user)
    return Reviewed(user=row.user, person=row.person, name=user.display_name, role=row.role)

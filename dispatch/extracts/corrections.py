"""Requests to have a record corrected (LED Art. 16): entered, decided, attached, never overwritten.

What was heard, written or seen stays as it is: it is evidence, also of a mistake. A correction that
the data protection officer releases stands beside it from then on: on its sheet and in each package
that is made. It goes when its record is erased.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select, update

from dispatch.audit.entry import Obj, Purpose
from dispatch.cameras.tables import CameraMedia
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.evidence.tables import EvidenceDisclosure, EvidenceObject
from dispatch.extracts.tables import Correction
from dispatch.incidents.tables import Incident
from dispatch.retention.erasure import Erasure
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from dispatch.store.tables import US_PER_DAY, Call, Message, Note, Transmission
from gateway.model.ids import TalkgroupId, ulid
from gateway.ports import Clock

KINDS = ("rectify", "complete", "restrict")
TYPES: dict[str, Any] = {
    "call": Call,
    "message": Message,
    "media": CameraMedia,
    "incident": Incident,
}
OPEN, GRANTED, REFUSED = "open", "granted", "refused"
DAYS = 30
"""To answer, unless somebody says otherwise: "without undue delay" in numbers."""
MIN_CHARACTERS, MOST_CHARACTERS = 10, 2000
LISTED = 500
MOST_UNITS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """What a person asks for."""

    kind: str
    ref: str
    type: str
    object: str
    received_utc: int
    days: int
    statement: str


class Corrections:
    """Keeps the requests; every step is in the log."""

    def __init__(
        self,
        *,
        store: Store,
        record: Record,
        clock: Clock,
        plan: LivePlan,
        randomness: Callable[[int], bytes],
    ) -> None:
        """Take where they are kept, and the log."""
        self._store = store
        self._record = record
        self._clock = clock
        self._plan = plan
        self._randomness = randomness

    def follow_erasure(self, erasure: Erasure) -> None:
        """Let the words go with their record."""
        erasure.on_erase(lambda db, kind, ids: forget(db, kind, ids, self._clock.utc_us()))

    # ---- entering ------------------------------------------------------------------------------

    async def enter(self, asker: Asker, asked: AskedFor) -> Row:
        """Enter a request; raises ServiceError, NotFound, LogNotWritable."""
        now = self._clock.utc_us()
        words = _words(asked.statement, "what the person says")
        if asked.received_utc > now:
            raise ServiceError("correction: the request came in later than now")
        row = Correction(
            id="x-" + ulid(now, self._randomness(10)),
            kind=asked.kind,
            ref=asked.ref,
            type=asked.type,
            object=asked.object,
            received_utc=asked.received_utc,
            due_utc=asked.received_utc + asked.days * US_PER_DAY,
            statement=words,
            made_by=asker.access.user.id,
            made_name=asker.access.user.display_name,
            made_utc=now,
        )
        await self._store.read(lambda db: _demand_there(db, asked.type, asked.object))
        detail = {"correction": row.id, "kind": row.kind, "text": words}
        await self._log(asker, "admin", "correction.entered", row, detail)
        shown = _shown(row)
        await self._store.write(lambda db: db.add(row))
        return shown

    # ---- looking -------------------------------------------------------------------------------

    async def all(self) -> list[Row]:
        """Return requests without their words: open ones first, the most pressing on top."""

        def work(db: Session) -> list[Row]:
            query = select(Correction).order_by(
                (col(Correction.state) != OPEN), col(Correction.due_utc)
            )
            return [_shown(row) for row in db.exec(query.limit(LISTED))]

        return await self._store.read(work)

    async def look(self, asker: Asker, correction: str) -> Row:
        """Return a request, the record, and who was given the record; logged first."""
        row = await self._store.read(lambda db: _load(db, correction))
        await self._log(asker, "consult", "correction.opened", row, {"correction": row.id})
        return await self._whole(row)

    async def _whole(self, row: Correction) -> Row:
        def work(db: Session) -> Row:
            return {
                **_shown(row),
                "statement": row.statement,
                "note": row.note,
                "reason": row.reason,
                "record": self._record_of(db, row),
                "given_to": _given_to(db, row.type, row.object),
            }

        return await self._store.read(work)

    def _record_of(self, db: Session, row: Correction) -> Row | None:
        """Return what the record says in words; None when it was erased. No sound, no picture."""
        found = db.get(TYPES[row.type], row.object)
        if found is None or getattr(found, "erased_utc", None) is not None:
            return None
        if isinstance(found, Call):
            return _call(db, found, self._plan)
        if isinstance(found, Message):
            people = [one for one in (found.sender, found.recipient) if one]
            return {"t_utc": found.t_utc, "where": "", "units": people, "texts": [found.text]}
        if isinstance(found, Incident):
            return {
                "t_utc": found.started_utc, "where": found.place, "units": [],
                "texts": [found.title],
            }  # fmt: skip
        assert isinstance(found, CameraMedia)
        return {"t_utc": found.from_utc or found.made_utc, "where": found.camera, "units": [],
                "texts": []}  # fmt: skip

    # ---- deciding ------------------------------------------------------------------------------

    async def decide(self, asker: Asker, correction: str, *, grant: bool, words: str) -> Row:
        """Release a note beside the record, or refuse with a reason; raises Conflict, NotFound."""
        text = _words(words, "the note" if grant else "the reason")
        row = await self._store.read(lambda db: _load(db, correction))
        if row.state != OPEN:
            raise Conflict(f"{correction} is {row.state} already", hint="Enter a new request.")
        if grant:
            await self._store.read(lambda db: _demand_there(db, row.type, row.object))
        told = {"note": text} if grant else {"reason": text}
        op, verb = ("alter", "correction.granted") if grant else ("admin", "correction.refused")
        detail = {"correction": row.id, "kind": row.kind, **told}
        seq = await self._log(asker, op, verb, row, detail)
        now, user = self._clock.utc_us(), asker.access.user

        def work(db: Session) -> Correction:
            fresh = _load(db, correction)
            if fresh.state != OPEN:
                raise Conflict(f"{correction} is {fresh.state} already")
            fresh.state = GRANTED if grant else REFUSED
            fresh.decided_utc, fresh.entry_seq = now, seq
            fresh.decided_by, fresh.decided_name = user.id, user.display_name
            fresh.note, fresh.reason = (text, "") if grant else ("", text)
            db.add(fresh)
            db.flush()
            return Correction(**fresh.model_dump())

        return await self._whole(await self._store.write(work))

    async def _log(
        self, asker: Asker, op: str, verb: str, row: Correction, detail: dict[str, Any]
    ) -> int:
        return await self._record.before(
            asker,
            op,
            verb,
            Obj(type=row.type, id=row.object),
            purpose=Purpose(code="access_request", ref=row.ref),
            detail=detail,
        )


def beside(db: Session, type_: str, ids: Sequence[str]) -> list[Row]:
    """Return the corrections that stand beside some records, the oldest first."""
    query = select(Correction).where(
        Correction.type == type_, col(Correction.object).in_(ids), Correction.state == GRANTED
    )
    return [
        {"kind": row.kind, "note": row.note, "since_utc": row.decided_utc, "object": row.object}
        for row in db.exec(query.order_by(col(Correction.decided_utc)))
        if row.erased_utc is None
    ]


def forget(db: Session, kind: str, ids: Iterable[str], now: int) -> None:
    """Erase the words about records that are being erased; that there was a request stays."""
    if kind in TYPES:
        db.exec(
            update(Correction)
            .where(col(Correction.type) == kind, col(Correction.object).in_(list(ids)))
            .values(statement="", note="", reason="", erased_utc=now)
        )


def _words(text: str, what: str) -> str:
    words = text.strip()
    if not MIN_CHARACTERS <= len(words) <= MOST_CHARACTERS:
        raise ServiceError(
            f"correction: {what} has {MIN_CHARACTERS} to {MOST_CHARACTERS} characters"
        )
    return words


def _load(db: Session, correction: str) -> Correction:
    row = db.get(Correction, correction)
    if row is None:
        raise NotFound(f"there is no request {correction}")
    return row


def _demand_there(db: Session, type_: str, object_: str) -> None:
    if type_ not in TYPES:
        raise ServiceError(f"correction: there is no type {type_}")
    found = db.get(TYPES[type_], object_)
    if found is None or getattr(found, "erased_utc", None) is not None:
        raise NotFound(f"there is no {type_} {object_}", hint="It may have been erased.")


def _call(db: Session, call: Call, plan: LivePlan) -> Row:
    units = db.exec(
        select(Transmission.talker, Transmission.alias)
        .where(Transmission.call == call.id)
        .distinct()
        .limit(MOST_UNITS)
    )
    notes = db.exec(select(Note.text).where(Note.call == call.id).order_by(col(Note.t_utc)))
    where = plan.talkgroup_name(TalkgroupId(call.talkgroup)) if call.talkgroup else ""
    return {
        "t_utc": call.started_utc,
        "where": where,
        "units": [f"{alias} ({unit})" if alias else unit for unit, alias in units if unit],
        "texts": list(notes),
    }


def _given_to(db: Session, type_: str, object_: str) -> list[Row]:
    """Return whom the record was given to in packages: they are told of a correction (16(6))."""
    held, ids = type_, [object_]
    if type_ == "call":
        held = "recording"
        ids = list(db.exec(select(Transmission.id).where(Transmission.call == object_)))
    packages = select(EvidenceObject.package).where(
        EvidenceObject.type == held, col(EvidenceObject.object).in_(ids)
    )
    query = select(EvidenceDisclosure).where(col(EvidenceDisclosure.package).in_(packages))
    return [
        {"package": row.package, "recipient": row.recipient, "country": row.country,
         "t_utc": row.t_utc}
        for row in db.exec(query.order_by(col(EvidenceDisclosure.t_utc)).limit(LISTED))
    ]  # fmt: skip


def _shown(row: Correction) -> Row:
    hidden = {"statement", "note", "reason", "made_by", "decided_by"}
    return row.model_dump(exclude=hidden)

"""The call log: search, the sheet of one call, notes. Every look is logged before its answer."""

from collections.abc import Callable

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.calllog.asking import Questions, rights
from dispatch.calllog.facets import ScopeNumbers
from dispatch.calllog.logged import asked_filters, asked_words
from dispatch.calllog.query import CallQuery
from dispatch.calllog.rows import CallRows
from dispatch.calllog.search import calls_of, find
from dispatch.calllog.words import words_of
from dispatch.errors import NotFound, ServiceError
from dispatch.events import CallNoted
from dispatch.services.integrity import RecordingIntegrity
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from dispatch.store.tables import AccessRow, Call, RecordingFileRow
from dispatch.uploads.looking import sources_of
from dispatch.uploads.rows import RECEIVED
from gateway.bus import Bus
from gateway.model.ids import CallId, TalkgroupId, ulid
from gateway.ports import Clock

MAX_NOTE_CHARACTERS = 4000


class CallLog:
    """Calls and transmissions of the store, within the asker's rights."""

    def __init__(
        self,
        *,
        store: Store,
        plan: LivePlan,
        record: Record,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        integrity: RecordingIntegrity,
    ) -> None:
        """Take the store and what proves a recording."""
        self._store = store
        self._rows = CallRows(plan)
        self._scopes = ScopeNumbers()
        self._record = record
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._integrity_of = integrity

    async def search(self, asker: Asker, query: CallQuery) -> Row:
        """Return one page of calls with totals; logged first, as a search is a consultation."""
        self._record.demand_writable()
        words = words_of(query.q)

        def work(db: Session) -> Row:
            allowed = rights(db, asker.access, self._scopes)
            found = find(db, query, allowed, Questions(db, asker.access, allowed))
            calls = calls_of(db, found.page)
            rows = self._rows.rows(db, calls, asker.access, words, calls)
            return {
                "calls": rows,
                "total": found.total,
                "total_more": found.more,
                "cursor": None if found.cursor is None else str(found.cursor),
                "transmissions_total": sum(len(row["transmissions"]) for row in rows),
                "duration_total_ms": sum(row["duration_ms"] for row in rows),
            }

        answer = await self._store.read(work)
        subject = query.units[0] if len(query.units) == 1 else None
        looked_for = Obj(type="call_log", id="search", subject=subject)
        detail = {
            "query": asked_words(query) or None,
            "hits": answer["total"],
            "more": answer["total_more"],
            "filters": asked_filters(query),
        }
        await self._record.before(
            asker,
            "consult",
            "call.search",
            looked_for,
            detail=detail,
            since_utc=query.from_utc,
        )
        return answer

    async def rows(self, access: Access, calls: list[str]) -> dict[str, Row]:
        """Return the rows of these calls that the person sees (for incidents)."""

        def work(db: Session) -> dict[str, Row]:
            found = db.exec(select(Call).where(col(Call.id).in_(calls)))
            ids = [call.id for call in found if access.sees(call.talkgroup)]
            return {row["id"]: row for row in self._rows.rows(db, ids, access)}

        return await self._store.read(work)

    async def sheet(self, asker: Asker, call_id: str) -> Row:
        """Return everything about one call; raises NotFound for one this person can't see."""
        self._record.demand_writable()

        def work(db: Session) -> Row:
            call = db.get(Call, call_id)
            if call is None or not asker.access.can_on(Action.SEARCH, call.talkgroup, call.link):
                raise NotFound(f"there is no call {call_id}")
            (row,) = self._rows.rows(db, [call_id], asker.access)
            heard = [item for t in row["transmissions"] for item in (t, *t["copies"])]
            ids = [call.id, *(item["id"] for item in heard)]
            row["listened"] = _listened(db, ids, asker.access)
            row["protocol"] = _protocol(call)
            row["plan"] = call.plan
            row["gateway"] = call.gateway
            row["held"] = call.held
            row["files"] = _files(db, ids)
            row["uploads"] = sources_of(db, call_id)
            return row

        row = await self._store.read(work)
        opened = Obj(type="call", id=call_id, cat="radio")
        seq = await self._record.before(
            asker, "consult", "call.open", opened, since_utc=row["started_utc"]
        )
        await self._record.remember(asker, [opened], "call.open", asker.purpose, seq)
        row["integrity"] = await self._integrity(row["files"])
        return row

    async def _integrity(self, files: list[Row]) -> Row | None:
        # Of what was uploaded, the file as it was received is the evidence, not the copy of it.
        sounds = [file for kind in (RECEIVED, "opus") for file in files if file["kind"] == kind]
        own = [file for file in sounds if file["kind"] == "opus" and not _is_copy(file, files)]
        sound = next(iter(own or sounds), None)
        if sound is None:
            return None
        return await self._integrity_of.check(sound["transmission"], sound["sha256"], sound["name"])

    async def note(self, asker: Asker, call_id: str, text: str) -> str:
        """Write a note on a call; returns its id. The journal stores it, the stream shows it."""
        words = text.strip()
        if not 0 < len(words) <= MAX_NOTE_CHARACTERS:
            raise ServiceError(
                f"note: expected 1 to {MAX_NOTE_CHARACTERS} characters, got {len(words)}"
            )
        call = await self._store.read(lambda db: db.get(Call, call_id))
        if call is None or not asker.access.knows(call.talkgroup, call.link):
            raise NotFound(f"there is no call {call_id}")
        note = "n-" + ulid(self._clock.utc_us(), self._randomness(10))
        self._record.note_of(
            asker,
            "alter",
            "call.note",
            Obj(type="call", id=call_id, cat="radio"),
            detail={"note": words},
        )
        self._bus.publish(
            CallNoted(
                call=CallId(call_id),
                talkgroup=TalkgroupId(call.talkgroup),
                note=note,
                text=words,
                operator=asker.access.user.display_name,
            )
        )
        return note


def _listened(db: Session, ids: list[str], access: Access) -> list[Row]:
    where: list[ColumnElement[bool]] = [col(AccessRow.object).in_(ids)]
    if not access.may("access.read"):
        where.append(col(AccessRow.user) == access.user.id)
    rows = db.exec(select(AccessRow).where(*where).order_by(col(AccessRow.t_utc).desc()).limit(100))
    return [
        {"t_utc": row.t_utc, "who": row.who, "verb": row.verb, "purpose": row.purpose}
        for row in rows
    ]


def _files(db: Session, ids: list[str]) -> list[Row]:
    rows = db.exec(
        select(RecordingFileRow)
        .where(col(RecordingFileRow.transmission).in_(ids))
        .order_by(col(RecordingFileRow.id))
    )
    return [
        {
            "transmission": row.transmission,
            "kind": row.kind,
            "name": row.name,
            "sha256": row.sha256,
            "size_bytes": row.size_bytes,
            "late": row.late,
            "interrupted": row.interrupted,
        }
        for row in rows
    ]


def _is_copy(file: Row, files: list[Row]) -> bool:
    """Whether a file is the listening copy of one that was uploaded."""
    return any(
        one["kind"] == RECEIVED and one["transmission"] == file["transmission"] for one in files
    )


def _protocol(call: Call) -> list[str]:
    """Return what the link told of the call, one fact a line, as it was stored."""
    lines = [
        f"gateway {call.gateway}, link {call.link or '-'}, call {call.call_seq or '-'}",
        f"caller {call.caller or '-'}, priority {call.priority}",
        f"encrypted {_encryption(call)}, joined late {'yes' if call.late_entry else 'no'}",
    ]
    if call.exercise:
        lines.append("EXERCISE: on a test talkgroup")
    if call.ended_utc is not None:
        lines.append(f"end: {call.cause or '-'}")
    return lines


def _encryption(call: Call) -> str:
    if not call.encrypted:
        return "no"
    if call.algorithm is None:
        return "yes"
    key = "-" if call.key_id is None else f"0x{call.key_id:04X}"
    return f"yes, algorithm 0x{call.algorithm:02X}, key {key}"

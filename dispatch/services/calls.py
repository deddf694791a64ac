"""The call log: search, the sheet of one call, notes. Every look is logged before its answer."""

import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.errors import NotFound, ServiceError
from dispatch.events import CallNoted
from dispatch.services.call_search import CallQuery, search
from dispatch.services.integrity import RecordingIntegrity
from dispatch.services.journal_individual import individual_name, individual_of
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row, transmission_row
from dispatch.store.engine import Store
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import AccessRow, Call, Note, RecordingFileRow, Transmission
from gateway.bus import Bus
from gateway.model.ids import CallId, TalkgroupId, ulid
from gateway.ports import Clock

MAX_NOTE_CHARACTERS = 4000
_CODE = re.compile(r"[a-z0-9_-]+/[0-9]{1,10}|i-[0-9a-z]{26}|[a-z_]{1,32}")
"""Id of a talkgroup or an incident, or an outcome."""


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
        self._plan = plan
        self._record = record
        self._bus = bus
        self._clock = clock
        self._randomness = randomness
        self._integrity_of = integrity

    async def search(self, asker: Asker, query: CallQuery) -> Row:
        """Return one page of calls with totals; logged first, as a search is a consultation."""
        self._record.demand_writable()

        def work(db: Session) -> Row:
            page = search(db, query, asker.access, self._plan)
            return {
                "calls": [self._row(db, call) for call in page.calls],
                "total": page.total,
                "transmissions_total": page.transmissions_total,
                "duration_total_ms": page.duration_total_ms,
            }

        answer = await self._store.read(work)
        asked = {k: v for k, v in asdict(query).items() if v not in (None, "") and k != "q"}
        words = " ".join(filter(None, (query.q, query.unit and f"unit:{query.unit}")))
        detail = {"query": words or None, "hits": answer["total"], "filters": _plain(asked)}
        looked_for = Obj(type="call_log", id="search", subject=query.unit or None)
        await self._record.before(asker, "consult", "call.search", looked_for, detail=detail)
        return answer

    async def rows(self, access: Access, calls: list[str]) -> dict[str, Row]:
        """Return the rows of these calls that the person sees (for incidents)."""

        def work(db: Session) -> dict[str, Row]:
            found = db.exec(select(Call).where(col(Call.id).in_(calls)))
            return {call.id: self._row(db, call) for call in found if access.sees(call.talkgroup)}

        return await self._store.read(work)

    async def sheet(self, asker: Asker, call_id: str) -> Row:
        """Return everything about one call; raises NotFound for one this person can't see."""
        self._record.demand_writable()

        def work(db: Session) -> Row:
            call = db.get(Call, call_id)
            if call is None or not asker.access.can_on(Action.SEARCH, call.talkgroup, call.link):
                raise NotFound(f"there is no call {call_id}")
            row = self._row(db, call)
            heard = [item for t in row["transmissions"] for item in (t, *t["copies"])]
            ids = [call.id, *(item["id"] for item in heard)]
            row["listened"] = _listened(db, ids, asker.access)
            row["protocol"] = _protocol(call)
            row["plan"] = call.plan
            row["gateway"] = call.gateway
            row["held"] = call.held
            row["files"] = _files(db, ids)
            return row

        row = await self._store.read(work)
        await self._record.before(
            asker, "consult", "call.open", Obj(type="call", id=call_id, cat="radio")
        )
        row["integrity"] = await self._integrity(row["files"])
        return row

    async def _integrity(self, files: list[Row]) -> Row | None:
        sound = next((file for file in files if file["kind"] == "opus"), None)
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

    def _row(self, db: Session, call: Call) -> Row:
        heard = list(
            db.exec(
                select(Transmission)
                .where(Transmission.call == call.id)
                .order_by(col(Transmission.started_utc))
            )
        )
        transmissions = [row for row in heard if row.copy_of is None]
        with_sound = set(
            db.exec(
                select(RecordingFileRow.transmission).where(
                    col(RecordingFileRow.transmission).in_([t.id for t in heard]),
                    RecordingFileRow.kind == "opus",
                )
            )
        )
        notes = db.exec(select(Note).where(Note.call == call.id).order_by(col(Note.t_utc)))
        individual = db.get(IndividualCall, call.id)
        units = dict.fromkeys(t.talker for t in transmissions if t.talker)
        return {
            "id": call.id,
            "call_seq": call.call_seq,
            "talkgroup": call.talkgroup,
            "talkgroup_name": individual_name(individual)
            or self._plan.talkgroup_name(call.talkgroup),
            "started_utc": call.started_utc,
            "ended_utc": call.ended_utc,
            "duration_ms": sum(t.duration_ms for t in transmissions),
            "units": [{"id": unit, "alias": self._plan.alias(unit)} for unit in units],
            "emergency": call.emergency,
            "encrypted": call.encrypted,
            "algorithm": call.algorithm,
            "key_id": call.key_id,
            "late_entry": call.late_entry,
            "outcome": _outcome(call),
            "interrupted": call.interrupted,
            "late": call.late,
            "notes": [
                {"id": n.id, "text": n.text, "operator": n.operator, "t_utc": n.t_utc}
                for n in notes
            ],
            "transmissions": [
                transmission_row(t, has_sound=t.id in with_sound)
                | {"link": t.link, "copies": self._copies(t, heard, with_sound)}
                for t in transmissions
            ],
            "individual": individual_of(individual),
            "retention": {"class": call.retention_class, "expires_utc": call.expires_utc},
        }

    def _copies(self, over: Transmission, heard: list[Transmission], kept: set[str]) -> list[Row]:
        """Return what further links heard of an over."""
        return [
            {
                "id": row.id,
                "link": row.link,
                "link_name": self._plan.link_name(row.link),
                "duration_ms": row.duration_ms,
                "has_sound": row.id in kept and row.erased_utc is None,
            }
            for row in heard
            if row.copy_of == over.id
        ]


def _outcome(call: Call) -> str:
    if call.ended_utc is None:
        return "open"
    return "interrupted" if call.interrupted else call.cause or "ended"


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


def _protocol(call: Call) -> list[str]:
    """Return what the link told of the call, one fact a line, as it was stored."""
    lines = [
        f"gateway {call.gateway}, link {call.link or '-'}, call {call.call_seq or '-'}",
        f"caller {call.caller or '-'}, priority {call.priority}",
        f"encrypted {_encryption(call)}, joined late {'yes' if call.late_entry else 'no'}",
    ]
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


def _plain(asked: dict[str, Any]) -> dict[str, Any]:
    """Return filters as JSON; a unit is a person's, so it does not stand in the log in clear.

    Nor does a text where an id or a code belongs: whoever types one there may type a name.
    """
    return {
        key: value if not isinstance(value, str) or _CODE.fullmatch(value) else "other"
        for key, value in asked.items()
        if key != "unit"
    }

"""A person's own extract of the log: drafted, looked at, released by the data protection officer.

Law: LED Art. 14 and CJEU C-579/21 (when and why were the data consulted; the clerk's name is not
given by default); Art. 13(3) and 15 (telling may be delayed or left out while it would harm).
The person's extract has numbers of its own and neither entry numbers nor totals, hashes or proofs,
so that what is left out leaves no trace. What was left out, and why, is in the log.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Act, Obj, Purpose
from dispatch.audit.keys import GroupKeys
from dispatch.audit.log_index import TrailQuery
from dispatch.audit.opened import opened
from dispatch.errors import Conflict, Gone, NotFound, ServiceError
from dispatch.extracts.restriction import FOREVER, restricted, restricted_orders
from dispatch.reports.indexer import Indexer
from dispatch.reports.shifts import Shifts
from dispatch.reports.subjects import Subject
from dispatch.reports.tables import LogExtract
from dispatch.reports.trail import Trails, utc_us
from dispatch.reports.words import object_words, purpose_words, verb_words
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from gateway.model.ids import ulid
from gateway.ports import Clock

TOLD = ("consult", "disclose")
"""Operations that a person is told of."""
MOST_ENTRIES = 20_000
KEEP_DAYS = 365
US_PER_DAY = 86_400_000_000
NONCE_BYTES = 12
LISTED = 200
MIN_REASON_CHARACTERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractTools:
    """What extracts are made with."""

    trails: Trails
    indexer: Indexer
    keys: GroupKeys
    store: Store
    record: Record
    clock: Clock
    randomness: Callable[[int], bytes]
    shifts: Shifts
    room: str


class Extracts:
    """Drafts and releases; every step is in the log."""

    def __init__(self, tools: ExtractTools) -> None:
        """Take the trails and the keys."""
        self._tools = tools

    async def draft(
        self, asker: Asker, subject: Subject, ref: str, days: tuple[str, str], purpose: Purpose
    ) -> Row:
        """Look up what is to be told, and keep it for the release; raises ServiceError."""
        if not subject.personal or not ref.strip():
            raise ServiceError("an extract is about a person, and answers a request with a number")
        tools, now = self._tools, self._tools.clock.utc_us()
        span = tools.shifts.days(*days)
        extract = "l-" + ulid(now, tools.randomness(10))
        obj = Obj(type="extract", id=extract, subject=subject.value)
        await tools.record.before(asker, "consult", "extract.drafted", obj, purpose=purpose)
        query = TrailQuery(
            ops=TOLD,
            result="ok",
            from_utc=span.from_utc,
            to_utc=span.to_utc,
            oldest_first=True,
            limit=MOST_ENTRIES + 1,
        )
        content = {
            "room": tools.room,
            "subject": {"kind": subject.kind, "value": subject.value},
            "ref": ref.strip(),
            "from_utc": span.from_utc,
            "to_utc": span.to_utc,
            "made_utc": now,
            "rows": await self._rows(subject, query, now),
        }
        key_id, sealed = self._seal(extract, content)
        row = LogExtract(
            id=extract,
            kind=subject.kind,
            key_id=key_id,
            sealed=sealed,
            ref=ref.strip(),
            made_by=asker.access.user.id,
            made_name=asker.access.user.display_name,
            made_utc=now,
            expires_utc=now + KEEP_DAYS * US_PER_DAY,
        )
        await tools.store.write(lambda db: db.add(row))
        return await self.look(asker, extract, logged=True)

    async def kept(self) -> list[Row]:
        """Return drafts and releases, newest first, without the person."""
        rows = await self._tools.store.read(
            lambda db: db.exec(
                select(LogExtract).order_by(col(LogExtract.made_utc).desc()).limit(LISTED)
            ).all()
        )
        return [_shown(row) for row in rows]

    async def look(
        self, asker: Asker, extract: str, *, offset: int = 0, limit: int = 100, logged: bool = False
    ) -> Row:
        """Return a draft with what is left out and why, for the officer; raises NotFound, Gone."""
        row, content = await self._load(extract)
        if not logged:
            obj = Obj(type="extract", id=extract, subject=content["subject"]["value"])
            await self._tools.record.before(asker, "consult", "extract.opened", obj)
        rows = content["rows"]
        return {
            **_shown(row),
            "subject": content["subject"],
            "from_utc": content["from_utc"],
            "to_utc": content["to_utc"],
            "total": len(rows),
            "left_out": sum(one["left_out"] is not None for one in rows),
            "offset": offset,
            "rows": [_in_words(one) for one in rows[offset : offset + limit]],
        }

    async def release(
        self, asker: Asker, extract: str, *, leave_out: dict[int, str], with_words: set[int]
    ) -> Row:
        """Release, judged by what may be told at this moment.

        Rows of ``leave_out`` (with a reason each) stay back; texts leave only as named.
        Raises NotFound, Conflict, ServiceError, LogNotWritable.
        """
        row, content = await self._load(extract)
        if row.state != "draft":
            raise Conflict(f"{extract} was released already", hint="Make a new one.")
        now = self._tools.clock.utc_us()
        index = await self._tools.indexer.current()
        seqs = tuple(one["seq"] for one in content["rows"])
        fresh = await self._judged(await asyncio.to_thread(index.entries, seqs), now)
        rows = [_decided(one, leave_out, with_words) for one in fresh]
        content["rows"] = rows
        content["made_utc"] = now
        back = [one for one in rows if one["left_out"] is not None]
        seq = await self._tools.record.append(
            Act(
                op="disclose",
                verb="extract.released",
                actor=asker.actor,
                via=asker.via,
                obj=Obj(type="extract", id=extract, subject=content["subject"]["value"]),
                purpose=Purpose(code="access_request", ref=row.ref),
                recipient={"name": "the person concerned", "country": "", "basis": "LED Art. 14"},
                detail={
                    "told": len(rows) - len(back),
                    "left_out": len(back),
                    "left_out_entries": [one["seq"] for one in back[:LISTED]],
                    "reason": "; ".join(
                        f"{one['seq']}: {one['left_out']['why']}" for one in back[:LISTED]
                    )[:8000]
                    or None,
                },
            )
        )
        row.key_id, row.sealed = self._seal(extract, content)
        row.state, row.released_utc, row.entry_seq = "released", now, seq
        row.released_by = asker.access.user.id
        row.released_name = asker.access.user.display_name
        await self._tools.store.write(lambda db: db.merge(row))
        return await self.look(asker, extract, logged=True)

    async def document(self, asker: Asker, extract: str) -> Row:
        """Return what the person is given, as codes to be rendered; raises Conflict on a draft."""
        row, content = await self._load(extract)
        if row.state != "released":
            raise Conflict("this extract was not released yet")
        obj = Obj(type="extract", id=extract, subject=content["subject"]["value"])
        await self._tools.record.before(asker, "disclose", "extract.handed_over", obj)
        told = [one for one in content["rows"] if one["left_out"] is None]
        names = ("t_utc", "op", "object", "code", "ref", "text", "recipient")
        return {
            **{key: content[key] for key in ("room", "ref", "from_utc", "to_utc", "made_utc")},
            "rows": [{name: one[name] for name in names} for one in told],
        }

    async def expire(self) -> int:
        """Delete extracts whose time is over; returns how many."""
        now = self._tools.clock.utc_us()

        def work(db: Session) -> int:
            old = db.exec(select(LogExtract).where(LogExtract.expires_utc < now)).all()
            for row in old:
                db.delete(row)
            return len(old)

        return await self._tools.store.write(work)

    # ---- inside --------------------------------------------------------------------------------

    async def _rows(self, subject: Subject, query: TrailQuery, now: int) -> list[Row]:
        tools = self._tools
        objects, hashes = await tools.trails.about(subject)
        index = await tools.indexer.current()
        asked = replace(query, objects=objects, subjects=hashes)
        found = await asyncio.to_thread(index.find, asked)
        if len(found.seqs) > MOST_ENTRIES:
            raise ServiceError(
                f"more than {MOST_ENTRIES} entries: choose a shorter time",
                hint="Several extracts may answer one request.",
            )
        pairs = await asyncio.to_thread(index.entries, found.seqs)
        return await self._judged(pairs, now)

    async def _judged(self, pairs: list[tuple[int, bytes]], now: int) -> list[Row]:
        """Return entries as rows, with what may not be told at this moment."""
        tools = self._tools
        entries = [(seq, opened(json.loads(raw), tools.keys)) for seq, raw in pairs]
        entries = [one for one in entries if not one[1]["verb"].startswith("extract.")]
        orders = await tools.store.read(lambda db: restricted_orders(db, now))
        back = restricted(entries, orders, now)
        return [_row(seq, entry, back.get(seq)) for seq, entry in entries]

    def _seal(self, extract: str, content: Row) -> tuple[str, bytes]:
        nonce = self._tools.randomness(NONCE_BYTES)
        raw = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
        now = self._tools.clock.utc_us()
        key_id, sealed = self._tools.keys.encrypt(
            raw, at=now, nonce=nonce, additional=extract.encode()
        )
        return key_id, nonce + sealed

    async def _load(self, extract: str) -> tuple[LogExtract, Row]:
        row = await self._tools.store.read(lambda db: db.get(LogExtract, extract))
        if row is None:
            raise NotFound(f"there is no extract {extract}")
        nonce, sealed = row.sealed[:NONCE_BYTES], row.sealed[NONCE_BYTES:]
        raw = self._tools.keys.decrypt(row.key_id, nonce, sealed, extract.encode())
        if raw is None:
            raise Gone("the key of this extract was destroyed")
        content: Row = json.loads(raw)
        return row, content


def _decided(one: Row, leave_out: dict[int, str], words: set[int]) -> Row:
    reason = leave_out.get(one["seq"], "").strip()
    kept = dict(one)
    if one["left_out"] is None and one["seq"] in leave_out:
        if len(reason) < MIN_REASON_CHARACTERS:
            raise ServiceError(
                "what is left out needs a reason", hint="LED Art. 15: whom would telling harm?"
            )
        kept["left_out"] = {"why": reason, "until_utc": None, "by_hand": True}
    if one["seq"] not in words:
        kept["text"] = ""
    return kept


def _row(seq: int, entry: dict[str, Any], back: Any) -> Row:
    purpose, recipient = entry.get("purpose") or {}, entry.get("recipient") or {}
    text = purpose.get("text") or ""
    return {
        "seq": seq,
        "t_utc": utc_us(entry["ts"]),
        "op": entry["op"],
        "verb": entry["verb"],
        "object": (entry.get("obj") or {}).get("type", ""),
        "code": purpose.get("code", ""),
        "ref": purpose.get("ref", ""),
        "text": "" if text.startswith("enc:") else text,
        "recipient": str(recipient.get("name", "")),
        "left_out": {
            "why": back.why,
            "until_utc": back.until_utc if back.until_utc < FOREVER else None,
            "by_hand": False,
        }
        if back
        else None,
    }


def _in_words(one: Row) -> Row:
    return {
        **one,
        "words": verb_words(one["verb"]),
        "object_words": object_words(one["object"]),
        "purpose_words": purpose_words(one["code"]) if one["code"] else "",
    }


def _shown(row: LogExtract) -> Row:
    return {
        "id": row.id,
        "kind": row.kind,
        "ref": row.ref,
        "state": row.state,
        "made_name": row.made_name,
        "made_utc": row.made_utc,
        "released_name": row.released_name,
        "released_utc": row.released_utc,
        "entry_seq": row.entry_seq,
        "expires_utc": row.expires_utc,
    }

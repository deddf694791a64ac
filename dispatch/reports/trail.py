"""Who saw X, and what did Y do: read from the audit log itself, each look logged beforehand.

The index names the entries, the words come from the log, opened with the month's key where there
still is one. At most 500 rows at a time, sorted here and not in the browser.
"""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj, Purpose
from dispatch.audit.keys import GroupKeys
from dispatch.audit.log_index import Found, LogIndex, TrailQuery
from dispatch.audit.opened import opened
from dispatch.auth.people import People
from dispatch.errors import NotFound
from dispatch.incidents.tables import Incident
from dispatch.reports.indexer import Indexer
from dispatch.reports.subjects import Subject, objects_about, written_forms
from dispatch.reports.words import object_words, operation_words, purpose_words, verb_words
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from dispatch.store.tables import PositionLog, User

MOST_ROWS = 500
SEALED = "(erased, or no key)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailTools:
    """What the trails are read with."""

    indexer: Indexer
    keys: GroupKeys
    store: Store
    plan: LivePlan
    people: People
    record: Record


class Trails:
    """Answers the auditor's two questions, and a person's one about themselves."""

    def __init__(self, tools: TrailTools) -> None:
        """Take index, keys and store."""
        self._tools = tools

    async def who_saw(
        self, asker: Asker, subject: Subject, query: TrailQuery, purpose: Purpose | None
    ) -> Row:
        """Return all operations on an object or on the data of a person, newest first."""
        self._tools.record.demand_writable()
        objects, hashes = await self.about(subject)
        query = replace(query, objects=objects, subjects=hashes)
        index = await self._tools.indexer.current()
        found = await asyncio.to_thread(index.find, query)
        verb = "trail.subject" if subject.personal else "trail.object"
        obj = Obj(
            type=subject.kind if subject.personal else "object",
            id="subject" if subject.personal else subject.value,
            subject=subject.value if subject.personal else None,
        )
        await self._log(asker, verb, obj, query, found, purpose)
        return await self._page(index, found, query)

    async def what_did(
        self, asker: Asker, user_id: str, query: TrailQuery, purpose: Purpose | None
    ) -> Row:
        """Return what a person did in a time, beside their time on duty; raises NotFound."""
        self._tools.record.demand_writable()
        accounts = await self._tools.store.read(lambda db: _accounts(db, user_id))
        if not accounts:
            raise NotFound(f"there is no account {user_id}")
        query = replace(query, actors=accounts)
        index = await self._tools.indexer.current()
        found = await asyncio.to_thread(index.find, query)
        await self._log(asker, "trail.person", Obj(type="user", id=user_id), query, found, purpose)
        page = await self._page(index, found, query)
        page["duty"] = await self._tools.store.read(lambda db: _duty(db, accounts, query))
        for row in page["rows"]:
            row["on_duty"] = _position_at(page["duty"], row["t_utc"])
        return page

    async def own(self, asker: Asker, query: TrailQuery) -> Row:
        """Return what the asker did, as the log has it: every member of staff may see that."""
        self._tools.record.demand_writable()
        user = asker.access.user.id
        query = replace(query, actors=(user,))
        index = await self._tools.indexer.current()
        found = await asyncio.to_thread(index.find, query)
        await self._log(asker, "trail.own", Obj(type="user", id=user), query, found, None)
        return await self._page(index, found, query)

    async def about(self, subject: Subject) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the ids, and the keyed hashes, by which the log knows a subject."""
        forms = written_forms(subject, self._tools.plan.plan)
        objects = await self._tools.store.read(lambda db: objects_about(db, subject, forms))
        if not subject.personal:
            return objects, ()
        hashes = await asyncio.to_thread(
            lambda: [one for form in forms for one in self._tools.keys.subject_everywhere(form)]
        )
        return objects, tuple(hashes)

    async def rows_of(self, index: LogIndex, seqs: tuple[int, ...]) -> list[Row]:
        """Return entries in words, opened where there is a key."""
        pairs = await asyncio.to_thread(index.entries, seqs)
        entries = await asyncio.to_thread(lambda: [self._opened(raw) for _, raw in pairs])
        labels = await self._tools.store.read(lambda db: _labels(db, entries))
        return [
            self._row(seq, entry, labels) for (seq, _), entry in zip(pairs, entries, strict=True)
        ]

    # ---- inside --------------------------------------------------------------------------------

    async def _page(self, index: LogIndex, found: Found, query: TrailQuery) -> Row:
        rows = await self.rows_of(index, found.seqs)
        full = len(found.seqs) == query.limit
        return {
            "rows": rows,
            "total": found.total,
            "total_more": found.more,
            "cursor": found.seqs[-1] if full else None,
        }

    async def _log(  # noqa: PLR0917  # the parts of an entry
        self,
        asker: Asker,
        verb: str,
        obj: Obj,
        query: TrailQuery,
        found: Found,
        purpose: Purpose | None,
    ) -> None:
        filters = {
            "ops": list(query.ops),
            "result": query.result,
            "from_utc": query.from_utc,
            "to_utc": query.to_utc,
            "before": query.before,
            "limit": query.limit,
        }
        detail = {"filters": {k: v for k, v in filters.items() if v}, "hits": found.total}
        await self._tools.record.before(asker, "consult", verb, obj, purpose=purpose, detail=detail)

    def _opened(self, raw: bytes) -> dict[str, Any]:
        value = opened(json.loads(raw), self._tools.keys)
        return value if isinstance(value, dict) else {}

    def _row(self, seq: int, entry: dict[str, Any], labels: dict[str, str]) -> Row:
        obj, purpose, actor = entry.get("obj"), entry.get("purpose"), entry.get("actor") or {}
        user = self._tools.people.user(actor.get("id", ""))
        detail = {k: v for k, v in (entry.get("detail") or {}).items() if v not in (None, "", [])}
        return {
            "seq": seq,
            "t_utc": utc_us(entry.get("ts", "")),
            "op": entry.get("op", ""),
            "op_words": operation_words(entry.get("op", "")),
            "verb": entry.get("verb", ""),
            "words": verb_words(entry.get("verb", "")),
            "who": {
                "id": actor.get("id", ""),
                "name": user.display_name if user else actor.get("id", ""),
                "role": actor.get("role", ""),
                "organisation": actor.get("unit", ""),
            },
            "from": {k: v for k, v in (entry.get("via") or {}).items() if v},
            "object": {
                "type": obj.get("type", ""),
                "words": object_words(obj.get("type", "")),
                "id": obj.get("id", ""),
                "label": labels.get(obj.get("id", ""), ""),
                "personal": bool(obj.get("sub")),
            }
            if obj
            else None,
            "purpose": {
                "code": purpose.get("code", ""),
                "words": purpose_words(purpose.get("code", "")),
                "ref": purpose.get("ref", ""),
                "text": _shown(purpose.get("text")),
                "basis": purpose.get("basis", ""),
            }
            if purpose
            else None,
            "result": entry.get("result", ""),
            "late": bool(entry.get("late")),
            "recipient": entry.get("recipient"),
            "approval": entry.get("approval"),
            "detail": {key: _shown(value) for key, value in detail.items()},
        }


def _shown(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("enc:"):
        return SEALED
    return value


def utc_us(text: str) -> int:
    """Return the time of an entry as UTC microseconds, 0 when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def _accounts(db: Session, user_id: str) -> tuple[str, ...]:
    """Return all accounts of the person who has this one."""
    person = db.exec(select(User.person).where(User.id == user_id)).first()
    if person is None:
        return ()
    return tuple(db.exec(select(User.id).where(User.person == person).order_by(col(User.id))))


def _duty(db: Session, accounts: tuple[str, ...], query: TrailQuery) -> list[Row]:
    where: list[ColumnElement[bool]] = [col(PositionLog.user).in_(accounts)]
    if query.to_utc is not None:
        where.append(col(PositionLog.taken_utc) < query.to_utc)
    if query.from_utc is not None:
        left = col(PositionLog.left_utc)
        where.append(left.is_(None) | (left > query.from_utc))
    rows = db.exec(
        select(PositionLog)
        .where(*where)
        .order_by(col(PositionLog.taken_utc).desc())
        .limit(MOST_ROWS)
    )
    return [
        {"position": row.position, "from_utc": row.taken_utc, "to_utc": row.left_utc}
        for row in rows
    ]


def _position_at(duty: list[Row], t_utc: int) -> str | None:
    for one in duty:
        if one["from_utc"] <= t_utc and (one["to_utc"] is None or t_utc <= one["to_utc"]):
            return str(one["position"])
    return None


def _labels(db: Session, entries: list[dict[str, Any]]) -> dict[str, str]:
    ids = {(entry.get("obj") or {}).get("id", "") for entry in entries}
    wanted = [one for one in ids if one.startswith("i-")]
    if not wanted:
        return {}
    pairs = db.exec(select(Incident.id, Incident.label).where(col(Incident.id).in_(wanted)))
    return {str(one): str(label) for one, label in pairs}

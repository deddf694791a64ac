"""Search in messages: rights first, in SQL. What is not granted is not counted either."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, true
from sqlmodel import Session, col, func, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.services.board import Board
from dispatch.services.message_rows import message_row
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row
from dispatch.store.engine import Store
from dispatch.store.tables import Message
from gateway.model.ids import split_address
from gateway.model.unit_commands import UNIT_ACT_WORDS

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
KINDS = ("text", "status", "data", "position_request", *UNIT_ACT_WORDS)
MAX_WORDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """What is looked for; times are UTC microseconds, None means any."""

    q: str = ""
    from_utc: int | None = None
    to_utc: int | None = None
    talkgroup: str | None = None
    unit: str | None = None
    kind: str | None = None
    before_utc: int | None = None
    limit: int = DEFAULT_LIMIT


class MessageSearch:
    """Stored messages, within the asker's rights."""

    def __init__(self, store: Store, plan: LivePlan, board: Board, record: Record) -> None:
        """Take the store, and what decides whose a unit is."""
        self._store = store
        self._plan = plan
        self._board = board
        self._record = record

    async def search(self, asker: Asker, query: MessageQuery) -> Row:
        """Return one page, newest first, with the total; logged before it is answered."""
        self._record.demand_writable()
        allowed = self._condition(query, asker.access)

        def work(db: Session) -> Row:
            total = db.exec(select(func.count()).select_from(Message).where(allowed)).one()
            page = allowed
            if query.before_utc is not None:
                page = and_(allowed, col(Message.t_utc) < query.before_utc)
            found = db.exec(
                select(Message)
                .where(page)
                .order_by(col(Message.t_utc).desc(), col(Message.id).desc())
                .limit(max(1, min(query.limit, MAX_LIMIT)))
            )
            return {"messages": [self._row(row) for row in found], "total": total}

        answer = await self._store.read(work)
        await self._record.before(
            asker,
            "consult",
            "message.search",
            Obj(type="message_log", id="search", subject=query.unit or None),
            detail={
                "query": _words(query) or None,
                "hits": answer["total"],
                "filters": _filters(query),
            },
        )
        return answer

    def _row(self, row: Message) -> Row:
        return message_row(row, self._plan.alias(row.sender if row.incoming else row.recipient))

    def _condition(self, query: MessageQuery, access: Access) -> ColumnElement[bool]:
        """Return the whole condition; the grants come first and always."""
        groups = access.talkgroups(Action.SEARCH)
        units = [
            unit
            for unit in self._board.units.known()
            if self._board.units.talkgroups_of(unit) & groups
        ]
        other_end = func.coalesce(col(Message.sender), col(Message.recipient))
        parts: list[ColumnElement[bool]] = [
            or_(
                col(Message.talkgroup).in_(sorted(groups)),
                and_(col(Message.talkgroup).is_(None), other_end.in_(sorted(units))),
            )
        ]
        if query.talkgroup:
            parts.append(col(Message.talkgroup) == query.talkgroup)
        if query.kind:
            parts.append(col(Message.kind) == query.kind)
        if query.from_utc is not None:
            parts.append(col(Message.t_utc) >= query.from_utc)
        if query.to_utc is not None:
            parts.append(col(Message.t_utc) <= query.to_utc)
        if query.unit:
            named = self._named(query.unit)
            parts.append(other_end.in_([query.unit, *named]))
        parts += [self._word(word) for word in query.q.split()[:MAX_WORDS]]
        return and_(true(), *parts)

    def _named(self, alias: str) -> list[str]:
        wanted = alias.lower()
        return [unit.id for unit in self._plan.plan.units if wanted in unit.alias.lower()]

    def _word(self, word: str) -> ColumnElement[bool]:
        """Match a word in the text, the operator's name, the other end and its alias."""
        like = f"%{_escape(word)}%"
        named = self._named(word)
        ends = (col(Message.sender), col(Message.recipient))
        return or_(
            col(Message.text).ilike(like, escape="\\"),
            col(Message.operator).ilike(like, escape="\\"),
            *(end.ilike(like, escape="\\") for end in ends),
            *(end.in_(named) for end in ends),
        )


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _words(query: MessageQuery) -> str:
    return " ".join(filter(None, (query.q, query.unit and f"unit:{query.unit}")))


def _filters(query: MessageQuery) -> dict[str, Any]:
    """Return the filters for the log: what a person typed stands in ``query`` alone."""
    asked = asdict(query) | {"talkgroup": query.talkgroup and _as_id(query.talkgroup)}
    return {
        name: value
        for name, value in asked.items()
        if name not in ("q", "unit") and value not in (None, "")
    }


def _as_id(text: str) -> str:
    """Return a talkgroup's id; anything else may be a name and is not written in clear."""
    try:
        split_address(text)
    except ValueError:
        return "other"
    return text

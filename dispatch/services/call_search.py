"""The call log's query: filters in SQL, rights first. What is not granted is not counted either."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, true
from sqlmodel import Session, col, func, select

from dispatch.auth.access import EVERYTHING, PRIVATE_PERMISSIONS, Access
from dispatch.auth.permissions import Action
from dispatch.incidents.tables import IncidentSuggestion
from dispatch.services.plans import LivePlan
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Call, Note, Transmission
from gateway.model.private_line import PRIVATE_SYSTEM

MAX_LIMIT = 500
DEFAULT_LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """What is looked for; times are UTC microseconds, None means any."""

    q: str = ""
    from_utc: int | None = None
    to_utc: int | None = None
    talkgroup: str | None = None
    unit: str | None = None
    incident: str | None = None
    emergency: bool | None = None
    outcome: str | None = None
    before_utc: int | None = None
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of calls, newest first, and the totals of all pages."""

    calls: list[Call]
    total: int
    transmissions_total: int
    duration_total_ms: int


def search(db: Session, query: CallQuery, access: Access, plan: LivePlan) -> CallPage:
    """Return the calls that match, of talkgroups with the action ``search``."""
    where = condition(query, access, plan)
    total = db.exec(select(func.count()).select_from(Call).where(where)).one()
    ids = select(Call.id).where(where)
    count, duration = db.exec(
        select(func.count(), func.coalesce(func.sum(Transmission.duration_ms), 0)).where(
            col(Transmission.call).in_(ids), col(Transmission.copy_of).is_(None)
        )
    ).one()
    page = where
    if query.before_utc is not None:
        page = and_(where, col(Call.started_utc) < query.before_utc)
    calls = db.exec(
        select(Call)
        .where(page)
        .order_by(col(Call.started_utc).desc(), col(Call.id).desc())
        .limit(max(1, min(query.limit, MAX_LIMIT)))
    )
    return CallPage(list(calls), total, count, int(duration))


def condition(query: CallQuery, access: Access, plan: LivePlan) -> ColumnElement[bool]:
    """Return the whole condition; the grants come first and always."""
    parts: list[ColumnElement[bool]] = [_allowed(access)]
    if query.talkgroup:
        parts.append(col(Call.talkgroup) == query.talkgroup)
    if query.from_utc is not None:
        parts.append(col(Call.started_utc) >= query.from_utc)
    if query.to_utc is not None:
        parts.append(col(Call.started_utc) <= query.to_utc)
    if query.emergency is not None:
        parts.append(col(Call.emergency) == query.emergency)
    if query.outcome:
        parts.append(_outcome(query.outcome))
    if query.unit:
        parts.append(_unit(query.unit, plan))
    if query.incident:
        parts.append(
            exists().where(
                col(IncidentSuggestion.call) == col(Call.id),
                col(IncidentSuggestion.incident) == query.incident,
                col(IncidentSuggestion.state) == "confirmed",
            )
        )
    parts += [_word(word, plan) for word in query.q.split()[:8]]
    return and_(true(), *parts)


def _allowed(access: Access) -> ColumnElement[bool]:
    """Return the condition of the grants: a talkgroup's, or for a private call its radio's."""
    groups = col(Call.talkgroup).in_(sorted(access.talkgroups(Action.SEARCH)))
    links = access.individual_links(Action.SEARCH, PRIVATE_PERMISSIONS[Action.SEARCH])
    if not links:
        return groups
    private = col(Call.talkgroup).startswith(f"{PRIVATE_SYSTEM}/")
    if EVERYTHING not in links:
        private = and_(private, col(Call.link).in_(sorted(links)))
    return or_(groups, private)


def _outcome(outcome: str) -> ColumnElement[bool]:
    if outcome == "interrupted":
        return col(Call.interrupted) == true()
    if outcome == "open":
        return col(Call.ended_utc).is_(None)
    if outcome == "not_recorded":
        return exists().where(
            col(Transmission.call) == col(Call.id), col(Transmission.not_recorded) != ""
        )
    return col(Call.cause) == outcome


def _unit(unit: str, plan: LivePlan) -> ColumnElement[bool]:
    named = [planned.id for planned in plan.plan.units if planned.alias.lower() == unit.lower()]
    talked = exists().where(
        col(Transmission.call) == col(Call.id),
        or_(
            col(Transmission.talker).in_([unit, *named]),
            col(Transmission.talker).like(f"%/{_escape(unit)}", escape="\\"),
        ),
    )
    party = exists().where(
        col(IndividualCall.id) == col(Call.id),
        or_(col(IndividualCall.other).in_([unit, *named]), col(IndividualCall.digits) == unit),
    )
    return or_(talked, party)


def _word(word: str, plan: LivePlan) -> ColumnElement[bool]:
    """Match a word in talkgroup names, aliases, operators, units and notes."""
    like = f"%{_escape(word)}%"
    named = [tg.id for tg in plan.plan.talkgroups if word.lower() in tg.name.lower()]
    in_transmissions = exists().where(
        col(Transmission.call) == col(Call.id),
        or_(
            col(Transmission.alias).ilike(like, escape="\\"),
            col(Transmission.operator).ilike(like, escape="\\"),
            col(Transmission.talker).ilike(like, escape="\\"),
        ),
    )
    in_notes = exists().where(
        col(Note.call) == col(Call.id), col(Note.text).ilike(like, escape="\\")
    )
    party = exists().where(
        col(IndividualCall.id) == col(Call.id),
        or_(
            col(IndividualCall.alias).ilike(like, escape="\\"),
            col(IndividualCall.digits).like(like, escape="\\"),
            col(IndividualCall.operator).ilike(like, escape="\\"),
        ),
    )
    return or_(
        col(Call.talkgroup).in_(named), col(Call.id) == word, in_transmissions, in_notes, party
    )


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""Holds in the store: what they take, when it is compared, and whether an object is held.

Everything here runs in the writer's thread, inside a transaction; one person's hold and the
journal's next call therefore come one after the other, and no call slips between them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists
from sqlmodel import Session, col, select

from dispatch.retention.scope import (
    CALL,
    MESSAGE,
    Scope,
    calls_in,
    from_json,
    messages_in,
    objects_in,
)
from dispatch.retention.tables import Hold, HoldMember
from dispatch.store.tables import Call

IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """A hold that stands, ready to be compared with new rows."""

    id: str
    scope: Scope
    words: str


def standing(db: Session) -> tuple[Standing, ...]:
    """Return all holds that are not lifted."""
    rows = db.exec(select(Hold).where(col(Hold.lifted_utc).is_(None)).order_by(col(Hold.id)))
    return tuple(Standing(row.id, from_json(row.scope), words_of(row)) for row in rows)


def words_of(hold: Hold) -> str:
    """Return what lists show as the reason of a hold."""
    return f"{hold.reason} ({hold.by_name})" if hold.by_name else hold.reason


def is_held(type_: str, column: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that the object whose id stands in ``column`` is on hold."""
    return exists(
        select(HoldMember.object)
        .join(Hold, col(Hold.id) == col(HoldMember.hold))
        .where(
            HoldMember.type == type_,
            col(HoldMember.object) == column,
            col(Hold.lifted_utc).is_(None),
        )
    )


def held_ids(db: Session, type_: str) -> set[str]:
    """Return the ids of all objects of a type that are on hold."""
    query = (
        select(HoldMember.object)
        .join(Hold, col(Hold.id) == col(HoldMember.hold))
        .where(HoldMember.type == type_, col(Hold.lifted_utc).is_(None))
    )
    return set(db.exec(query))


def holds_of(db: Session, type_: str, object_: str) -> list[Hold]:
    """Return the holds that stand on an object, the oldest first."""
    query = (
        select(Hold)
        .join(HoldMember, col(HoldMember.hold) == col(Hold.id))
        .where(
            HoldMember.type == type_,
            HoldMember.object == object_,
            col(Hold.lifted_utc).is_(None),
        )
    )
    return list(db.exec(query.order_by(col(Hold.set_utc))))


def take(db: Session, hold: Standing, now: int) -> int:
    """Compare a hold with everything stored and take what fits; returns how many are new."""
    known = {
        (row.type, row.object)
        for row in db.exec(select(HoldMember).where(HoldMember.hold == hold.id))
    }
    found = set(objects_in(db, hold.scope)) - known
    _add(db, hold, found, now)
    row = db.get(Hold, hold.id)
    if row is not None:
        row.checked_utc = now
        db.add(row)
    return len(found)


def take_new(
    db: Session,
    holds: Iterable[Standing],
    calls: set[str],
    messages: set[str],
    now: int,
) -> None:
    """Take what fits of calls and messages that are being written."""
    for hold in holds:
        found = {(CALL, one) for one in calls_in(db, hold.scope, calls)}
        found |= {(MESSAGE, one) for one in messages_in(db, hold.scope, messages)}
        fresh = {one for one in found if db.get(HoldMember, (hold.id, *one)) is None}
        _add(db, hold, fresh, now)


def _add(db: Session, hold: Standing, found: set[tuple[str, str]], now: int) -> None:
    for type_, object_ in sorted(found):
        db.add(HoldMember(hold=hold.id, type=type_, object=object_, t_utc=now))
    db.flush()
    for call in sorted(object_ for type_, object_ in found if type_ == CALL):
        row = db.get(Call, call)
        if row is not None and not row.held:
            row.held, row.hold_reason = True, hold.words
            db.add(row)
    db.flush()


def let_go(db: Session, hold: str) -> None:
    """Mark calls as free again that no other hold has; the hold is lifted already."""
    query = select(HoldMember.object).where(HoldMember.hold == hold, HoldMember.type == CALL)
    calls = list(db.exec(query))
    for call in calls:
        others = holds_of(db, CALL, call)
        row = db.get(Call, call)
        if row is not None:
            row.held = bool(others)
            row.hold_reason = words_of(others[0]) if others else ""
            db.add(row)


def members(db: Session, hold: str) -> dict[str, int]:
    """Return type -> how many objects a hold has taken."""
    found: dict[str, int] = {}
    for type_ in db.exec(select(HoldMember.type).where(HoldMember.hold == hold)):
        found[type_] = found.get(type_, 0) + 1
    return found

"""The retention board: for each class its rule, what there is, and what is erased next."""

from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.cameras.tables import CameraMedia
from dispatch.policy.model import CLASS_WORDS
from dispatch.retention.due import KINDS, Kind
from dispatch.services.rows import Row
from dispatch.store.retention import days_in_use
from dispatch.store.tables import US_PER_DAY, RecordingFileRow, Transmission

LISTED = 200
"""Objects that a list of a shortening names; the rest is counted."""
LAG_US = 2 * US_PER_DAY
"""An object that is in no backup and is erased in less than 48 hours is an alarm."""


def board(db: Session, now: int, backup_utc: int | None) -> list[Row]:
    """Return a row for each class of the policy and each other class that something is in."""
    known = [*CLASS_WORDS, *sorted(set(days_in_use()) - set(CLASS_WORDS))]
    rows: dict[str, Row] = {name: _empty(name, days_in_use().get(name)) for name in known}
    for kind in KINDS.values():
        for name, found in _by_class(db, kind, now, backup_utc).items():
            row = rows.setdefault(name, _empty(name, days_in_use().get(name)))
            row["count"] += found["count"]
            row["held"] += found["held"]
            row["due"] += found["due"]
            row["unsaved"] += found["unsaved"]
            row["oldest_utc"] = _least(row["oldest_utc"], found["oldest_utc"])
            row["next_utc"] = _least(row["next_utc"], found["next_utc"])
    for name, size in _sizes(db).items():
        if name in rows:
            rows[name]["size_bytes"] += size
    for row in rows.values():
        row["alarm"] = row["unsaved"] > 0
    return list(rows.values())


def _empty(name: str, days: int | None) -> Row:
    return {
        "class": name,
        "words": CLASS_WORDS.get(name, f"objects of the class {name}"),
        "days": days,
        "count": 0,
        "size_bytes": 0,
        "oldest_utc": None,
        "next_utc": None,
        "held": 0,
        "due": 0,
        "unsaved": 0,
    }


def _least(one: int | None, other: int | None) -> int | None:
    found = [value for value in (one, other) if value is not None]
    return min(found) if found else None


def _by_class(db: Session, kind: Kind, now: int, backup_utc: int | None) -> dict[str, Row]:
    name = kind.retention_class()
    total = kind.by_class(select(name, func.count(), func.min(col(kind.start))).where(*kind.alive))
    rows: dict[str, Row] = {
        str(key): {
            "count": count,
            "oldest_utc": oldest,
            "held": 0,
            "due": 0,
            "unsaved": 0,
            "next_utc": None,
        }
        for key, count, oldest in db.exec(total)
    }
    for field, terms in _further(kind, now, backup_utc).items():
        query = kind.by_class(select(name, func.count()).where(*kind.alive, *terms))
        for key, count in db.exec(query):
            if str(key) in rows:
                rows[str(key)][field] = count
    soon = kind.by_class(
        select(name, func.min(col(kind.expires))).where(
            *kind.alive, col(kind.expires).is_not(None), ~kind.held()
        )
    )
    for key, at in db.exec(soon):
        if str(key) in rows:
            rows[str(key)]["next_utc"] = at
    return rows


def _further(kind: Kind, now: int, backup_utc: int | None) -> dict[str, tuple[Any, ...]]:
    return {
        "held": (kind.held(),),
        "due": kind.due(now),
        "unsaved": (
            col(kind.expires) < now + LAG_US,
            col(kind.start) > (backup_utc or 0),
            ~kind.held(),
        ),
    }


def _sizes(db: Session) -> dict[str, int]:
    """Return class -> octets of recordings and media."""
    sound = (
        select(Transmission.retention_class, func.sum(RecordingFileRow.size_bytes))
        .join(RecordingFileRow, col(RecordingFileRow.transmission) == col(Transmission.id))
        .where(col(Transmission.erased_utc).is_(None))
        .group_by(Transmission.retention_class)
    )
    media = (
        select(CameraMedia.retention_class, func.sum(CameraMedia.size_bytes))
        .where(col(CameraMedia.erased_utc).is_(None))
        .group_by(CameraMedia.retention_class)
    )
    sizes: dict[str, int] = {}
    for query in (sound, media):
        for name, size in db.exec(query):
            sizes[name] = sizes.get(name, 0) + int(size or 0)
    return sizes


def would_erase(db: Session, days: dict[str, int], at_utc: int) -> Row:
    """Return what shorter times would erase at a moment: number by class, and the first ids."""
    counts: dict[str, int] = {}
    first: list[Row] = []
    for kind in KINDS.values():
        name = kind.retention_class()
        for wanted, new in days.items():
            start = col(kind.start) + new * US_PER_DAY
            class_is = kind.class_column == wanted if kind.class_column is not None else None
            if class_is is None and kind.name != wanted:
                continue
            terms = [*kind.alive, start <= at_utc, ~kind.held()]
            if class_is is not None:
                terms.append(class_is)
            count = db.exec(select(func.count()).select_from(kind.key.class_).where(*terms)).one()
            counts[wanted] = counts.get(wanted, 0) + count
            room = LISTED - len(first)
            query = select(kind.text_key, name, kind.start).where(*terms).limit(max(0, room))
            first += [
                {"type": kind.type, "id": str(one), "class": str(cls), "t_utc": t_utc}
                for one, cls, t_utc in db.exec(query.order_by(col(kind.start)))
            ]
    return {"counts": counts, "total": sum(counts.values()), "first": first}

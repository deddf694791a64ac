"""Lists of an erasure in the store: frozen, counted, cancelled."""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Any

from sqlmodel import Session, col, delete, insert, select

from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.retention.due import KINDS, Due, gone, still_due
from dispatch.retention.ids_root import root_of_ids
from dispatch.retention.tables import ErasureItem, ErasureJob
from dispatch.store.engine import Store

DAILY, DEMAND, EARLY = "daily", "demand", "early"
LISTED, WAITING, RUNNING, DONE, CANCELLED = "listed", "waiting", "running", "done", "cancelled"
ERASED, SKIPPED = "erased", "skipped"
LISTED_AT_ONCE = 1000
"""Objects of one transaction while a list is made."""


def load(db: Session, job: str) -> ErasureJob:
    """Return a job; raises NotFound."""
    row = db.get(ErasureJob, job)
    if row is None:
        raise NotFound(f"there is no erasure {job}")
    return row


async def freeze(store: Store, job: ErasureJob, found: Sequence[Due]) -> None:
    """Keep a job with its objects, their number by class and their root; older lists are over.

    The objects go in short transactions; the job's own row, the last one, makes them a list. One
    caller at a time. Raises StoreUnavailable, with no list then.
    """
    await asyncio.to_thread(_count, job, found)
    for half in await store.read(_without_job):
        while await store.write(partial(_drop_items, job=half)):
            pass
    for first in range(0, len(found), LISTED_AT_ONCE):
        some = found[first : first + LISTED_AT_ONCE]
        await store.write(partial(_put_items, job=job.id, found=some, first=first))

    def last(db: Session) -> None:
        if job.kind != EARLY:
            _cancel_older(db, job.made_utc)
        db.add(job)

    await store.write(last)


def _count(job: ErasureJob, found: Sequence[Due]) -> None:
    classes: dict[str, int] = {}
    for one in found:
        classes[one.retention_class] = classes.get(one.retention_class, 0) + 1
    job.planned, job.classes = len(found), classes
    job.planned_root = root_of_ids((one.type, one.id) for one in found)


def _put_items(db: Session, job: str, found: Sequence[Due], first: int) -> None:
    rows = [
        {
            "job": job,
            "n": n,
            "type": one.type,
            "object": one.id,
            "retention_class": one.retention_class,
            "state": LISTED,
            "why": "",
        }
        for n, one in enumerate(found, first)
    ]
    db.connection().execute(insert(ErasureItem), rows)


def _without_job(db: Session) -> list[str]:
    """Return ids under which objects were listed, but a stop came before the job was kept."""
    jobs = select(ErasureJob.id)
    query = select(ErasureItem.job).where(col(ErasureItem.job).not_in(jobs)).distinct()
    return list(db.exec(query))


def _drop_items(db: Session, job: str) -> int:
    some = select(ErasureItem.n).where(ErasureItem.job == job).limit(LISTED_AT_ONCE).subquery()
    gone_now = delete(ErasureItem).where(
        col(ErasureItem.job) == job, col(ErasureItem.n).in_(select(some.c.n))
    )
    return int(db.exec(gone_now).rowcount)


def _cancel_older(db: Session, now: int) -> None:
    """Cancel lists that nobody carried out: a newer one takes their place."""
    for old in db.exec(select(ErasureJob).where(col(ErasureJob.state).in_((LISTED, WAITING)))):
        if old.kind != EARLY:
            old.state, old.done_utc = CANCELLED, now
            db.add(old)


def early_objects(db: Session, objects: Sequence[tuple[str, str]], now: int) -> list[Due]:
    """Return objects to be erased before their time; raises NotFound, Conflict (held)."""
    found = []
    for type_, pairs in groupby(sorted(set(objects)), key=lambda pair: pair[0]):
        if type_ not in KINDS:
            raise ServiceError(f"erasure: there is no type {type_}")
        ids = [one for _, one in pairs]
        there = set(ids) - gone(db, type_, ids)
        if there != set(ids):
            raise NotFound(f"there is no {type_} {sorted(set(ids) - there)[0]}")
        free = still_due(db, type_, ids, now, early=True)
        if free != there:
            raise Conflict(f"{type_} {sorted(there - free)[0]} is on hold")
        found += [Due(type=type_, id=one, retention_class="early") for one in ids]
    if not found:
        raise ServiceError("erasure: nothing is named")
    return found


def what_happens(row: ErasureJob) -> dict[str, Any]:
    """Return what a second person agrees to."""
    return {
        "job": row.id,
        "kind": row.kind,
        "objects": row.planned,
        "root": row.planned_root,
        "classes": row.classes,
        "policy": row.policy,
        "reason": row.cause,
    }


def next_items(db: Session, job: str, count: int) -> list[ErasureItem]:
    """Return the next objects of a job, all of one type."""
    query = select(ErasureItem).where(ErasureItem.job == job, ErasureItem.state == LISTED)
    rows = list(db.exec(query.order_by(col(ErasureItem.n)).limit(count)))
    return [row for row in rows if row.type == rows[0].type]


def erased_of(db: Session, job: str) -> list[tuple[str, str]]:
    """Return the objects that a job erased, sorted."""
    query = select(ErasureItem.type, ErasureItem.object).where(
        ErasureItem.job == job, ErasureItem.state == ERASED
    )
    return sorted((kind, one) for kind, one in db.exec(query))


def counts_of(db: Session, job: str) -> dict[str, int]:
    """Return state -> number of objects of a job."""
    found: dict[str, int] = {}
    for state in db.exec(select(ErasureItem.state).where(ErasureItem.job == job)):
        found[state] = found.get(state, 0) + 1
    return found

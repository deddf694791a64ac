"""The auditor's first page: state, entries, verification, who saw an object."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathText
from sqlalchemy import text
from sqlmodel import Session, col, select

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.audit.mirror import Mirror
from dispatch.audit.outside import STALE_S, OutsideProof
from dispatch.audit.tables import AuditLog, Checkpoint
from dispatch.audit.writer import AuditWriter
from dispatch.deps import Person, require
from dispatch.reports.verification import Verification
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.store.tables import AccessRow

router = APIRouter(tags=["audit"])

MAX_ENTRIES = 500
ID = r"^[A-Za-z0-9._:/~-]*$"
"""What is asked for is logged in clear: ids and codes, never the name of a person."""


@router.get("/audit/state")
async def state(
    person: Annotated[Person, Depends(require("audit.state"))], services: ServicesOf
) -> dict[str, Any]:
    """Return size, root, head, newest checkpoint and the last verification."""
    status = services.use(AuditWriter).status
    newest = await services.store.read_audit(_newest_checkpoint)
    return {
        "origin": status.origin,
        "size": status.size,
        "root": status.root.hex(),
        "head": {"size": status.head_size},
        "checkpoint": newest,
        "writable": status.writable,
        "reason": status.reason,
        "spooled": status.spooled,
        **_outside(services),
        "last_verify": services.use(Verification).last,
    }


def _outside(services: Services) -> dict[str, Any]:
    """Return what witnesses and the time-stamp authority confirmed, null when there are none."""
    if not services.has(OutsideProof):
        return {"witness": None, "stamp": None}
    outside = services.use(OutsideProof)
    now_s = services.clock.utc_us() // 1_000_000
    witnesses = [
        {
            "name": one.name,
            "size": one.size,
            "at_utc": one.at_s * 1_000_000 or None,
            "fault": one.fault,
            "stale": now_s - one.at_s > STALE_S,
        }
        for one in outside.witnesses()
    ]
    stamped = outside.stamped()
    return {
        "witness": witnesses or None,
        "stamp": {"size": stamped.size, "fault": stamped.fault} if stamped else None,
    }


def _newest_checkpoint(db: Session) -> dict[str, Any] | None:
    row = db.exec(select(Checkpoint).order_by(col(Checkpoint.size).desc())).first()
    if row is None:
        return None
    return {"size": row.size, "root": row.root.hex(), "note": row.note, "at_utc": row.at_utc}


@router.get("/audit/entries")
async def entries(
    *,
    request: Request,
    person: Annotated[Person, Depends(require("audit.read"))],
    services: ServicesOf,
    before: Annotated[int | None, Query(ge=0)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100,
    op: Annotated[str | None, Query(max_length=16, pattern=ID)] = None,
    actor: Annotated[str | None, Query(max_length=64, pattern=ID)] = None,
    obj: Annotated[str | None, Query(max_length=64, pattern=ID)] = None,
) -> dict[str, Any]:
    """Return entries, newest first; reading the log is logged before they are sent."""
    filters = {"op": op or "", "actor": actor or "", "obj": obj or ""}
    await services.use(Record).before(
        asker_of(request, person),
        "consult",
        "audit.read",
        Obj(type="audit_log", id="entries"),
        detail={"filters": filters, "before": before, "limit": limit},
    )
    found = await services.store.read_audit(lambda db: _find(db, before, limit, filters))
    return {"entries": found, "size": services.use(AuditWriter).status.size}


def _find(
    db: Session, before: int | None, limit: int, filters: dict[str, str]
) -> list[dict[str, Any]]:
    query = select(AuditLog).order_by(col(AuditLog.seq).desc()).limit(limit)
    if before is not None:
        query = query.where(col(AuditLog.seq) < before)
    paths = {"op": "$.op", "actor": "$.actor.id", "obj": "$.obj.id"}
    for name, value in filters.items():
        if value:
            clause = f"json_extract(CAST(entry AS TEXT), '{paths[name]}') = :{name}"
            query = query.where(text(clause).bindparams(**{name: value}))
    return [{"seq": row.seq, **json.loads(row.entry)} for row in db.exec(query)]


@router.post("/audit/verify")
async def verify(
    request: Request,
    person: Annotated[Person, Depends(require("audit.verify"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Hash the whole log again and compare it with head and checkpoints."""
    return await services.use(Verification).run(asker_of(request, person))


@router.post("/audit/mirror")
async def mirror(
    request: Request,
    person: Annotated[Person, Depends(require("audit.mirror"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Renew the mirror of the log on the server's disk; that it leaves is logged beforehand."""
    kept = services.use(Mirror)
    obj = Obj(type="audit_log", id="mirror")
    await services.use(Record).before(asker_of(request, person), "disclose", "audit.mirrored", obj)
    done = await kept.renew()
    return {
        "size": done.size,
        "tiles": done.tiles,
        "bundles": done.bundles,
        "folder": str(kept.folder),
    }


@router.get("/access/{obj}")
async def access(
    obj: Annotated[str, PathText(max_length=64, pattern=ID)],
    request: Request,
    person: Annotated[Person, Depends(require("access.read"))],
    services: ServicesOf,
) -> list[dict[str, Any]]:
    """Return who searched, played or changed an object; logged before it is sent."""
    await services.use(Record).before(
        asker_of(request, person), "consult", "access.read", Obj(type="object", id=obj)
    )

    def work(db: Session) -> list[dict[str, Any]]:
        query = select(AccessRow).where(AccessRow.object == obj)
        newest = query.order_by(col(AccessRow.t_utc).desc()).limit(MAX_ENTRIES)
        return [
            {
                "t_utc": row.t_utc,
                "who": row.who,
                "user": row.user,
                "verb": row.verb,
                "purpose": row.purpose,
                "entry_seq": row.entry_seq,
            }
            for row in db.exec(newest)
        ]

    return await services.store.read(work)

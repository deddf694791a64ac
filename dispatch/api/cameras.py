"""Camera sources: how they are doing, and the messages that nobody understood."""

import zlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel import Session, col, select

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.auth.permissions import Action
from dispatch.cameras.sources import CameraSources
from dispatch.cameras.tables import CameraUnread
from dispatch.deps import Person, require
from dispatch.errors import NotFound
from dispatch.services.record import Record

router = APIRouter(tags=["cameras"])

Viewer = Annotated[Person, Depends(require("camera.see"))]
Engineer = Annotated[Person, Depends(require("camera.unread"))]


@router.get("/camera-sources")
async def sources(person: Viewer, services: ServicesOf) -> list[dict[str, Any]]:
    """List the sources with state, clock offset, delay and what became of their messages."""
    if not services.has(CameraSources):
        return []

    def sees(group: str) -> bool:
        return not group or person.access.camera(Action.SEE, group)

    return services.use(CameraSources).source_rows(sees)


@router.get("/camera-messages")
async def unread(
    person: Engineer,
    services: ServicesOf,
    source: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[dict[str, Any]]:
    """List messages that were not understood, newest first, without their content."""

    def work(db: Session) -> list[dict[str, Any]]:
        query = select(CameraUnread).order_by(col(CameraUnread.t_recv_utc).desc()).limit(limit)
        if source:
            query = query.where(CameraUnread.source == source)
        return [_head(row) for row in db.exec(query)]

    return await services.store.read(work)


@router.get("/camera-messages/{message}")
async def unread_message(
    message: str, request: Request, person: Engineer, services: ServicesOf
) -> dict[str, Any]:
    """Show one such message as it came; logged, as nobody knows yet what is in it."""
    row = await services.store.read(lambda db: db.get(CameraUnread, message))
    if row is None:
        raise NotFound(f"there is no camera message {message}")
    obj = Obj(type="camera_message", id=message, cat="camera")
    await services.use(Record).before(
        asker_of(request, person), "consult", "camera.message", obj, detail={"source": row.source}
    )
    raw = zlib.decompress(row.raw) if row.raw else b""
    return {**_head(row), "text": raw.decode("utf-8", "replace")}


def _head(row: CameraUnread) -> dict[str, Any]:
    return {
        "id": row.id,
        "source": row.source,
        "topic": row.topic,
        "reason": row.reason,
        "t_recv_utc": row.t_recv_utc,
        "size_bytes": row.size_bytes,
        "raw_sha256": row.raw_sha256,
    }

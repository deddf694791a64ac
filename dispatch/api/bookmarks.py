"""Bookmarks of cameras: a clip round a moment is fetched and kept, whenever its source gives it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from sqlmodel import Session, col, select

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.live import camera_of
from dispatch.api.media import keep_clip, sees
from dispatch.api.schemas import Body
from dispatch.cameras.media import CLIP, MAX_CLIP_S, ROLL_S, SECOND_US
from dispatch.cameras.media_store import media_row
from dispatch.cameras.sources import CameraSources
from dispatch.cameras.tables import CameraMedia
from dispatch.deps import Person, require
from dispatch.errors import NotFound
from dispatch.incidents import views
from dispatch.live.bookmarks import Bookmarks
from dispatch.live.stills import Stills

router = APIRouter(tags=["live view"])

Viewer = Annotated[Person, Depends(require("camera.media"))]
Keeper = Annotated[Person, Depends(require("camera.bookmark"))]
LIST_ROWS = 200


class Bookmark(Body):
    """A moment of a camera, or a time from and to, with what is kept before and after it."""

    camera: str = Field(max_length=200)
    from_utc: int
    to_utc: int | None = None
    before_s: int = Field(ROLL_S, ge=0, le=MAX_CLIP_S)
    after_s: int = Field(ROLL_S, ge=0, le=MAX_CLIP_S)
    incident: str = Field("", max_length=64)
    reason: str = Field("", max_length=500)


class KeepStill(Body):
    """Keep the picture of now, with an incident where there is one."""

    incident: str = Field("", max_length=64)


@router.post("/bookmarks", status_code=201)
async def bookmark(
    body: Bookmark, request: Request, person: Keeper, services: ServicesOf
) -> dict[str, Any]:
    """Have a clip fetched and kept; it is tried until the source's retention has passed."""
    camera = camera_of(body.camera, person, services)
    if body.incident:
        await services.store.read(lambda db: views.sheet(db, person.access, body.incident))
    last = body.to_utc if body.to_utc is not None else body.from_utc
    between = (body.from_utc - body.before_s * SECOND_US, last + body.after_s * SECOND_US)
    return await keep_clip(
        services,
        asker_of(request, person),
        camera,
        between,
        event_utc=body.from_utc,
        incident=body.incident,
        why=body.reason.strip(),
    )


@router.get("/bookmarks")
async def bookmarks(
    person: Viewer,
    services: ServicesOf,
    incident: Annotated[str, Query(max_length=64)] = "",
    camera: Annotated[str, Query(max_length=200)] = "",
) -> list[dict[str, Any]]:
    """List clips that are wanted or kept, newest first: of an incident, of a camera, or of none."""
    register = services.use(CameraSources).register

    def work(db: Session) -> list[dict[str, Any]]:
        query = select(CameraMedia).where(CameraMedia.kind == CLIP)
        if incident:
            views.sheet(db, person.access, incident)
            query = query.where(CameraMedia.incident == incident)
        elif camera:
            query = query.where(CameraMedia.camera == camera)
        else:
            query = query.where(CameraMedia.incident == "")
        rows = []
        for row in db.exec(query.order_by(col(CameraMedia.made_utc).desc()).limit(LIST_ROWS)):
            known = register.by_id(row.camera)
            nobody = known is None and not incident
            if nobody or (known is not None and not sees(person, known)):
                continue
            if not incident and row.incident and not _knows(db, person, row.incident):
                continue
            rows.append({**media_row(row), "incident": row.incident})
        return rows

    return await services.store.read(work)


@router.post("/cameras/{camera}/still", status_code=201)
async def keep_still(
    camera: str, body: KeepStill, request: Request, person: Keeper, services: ServicesOf
) -> dict[str, Any]:
    """Fetch the picture of now and keep it."""
    known = camera_of(camera, person, services)
    if body.incident:
        await services.store.read(lambda db: views.sheet(db, person.access, body.incident))
    found = await services.use(Stills).now(known)
    kept = await services.use(Bookmarks).keep_still(known, body.incident, person.name, found)
    return {"id": kept, "sha256": found.sha256, "via": found.via}


def _knows(db: Session, person: Person, incident: str) -> bool:
    try:
        views.sheet(db, person.access, incident)
    except NotFound:
        return False
    return True

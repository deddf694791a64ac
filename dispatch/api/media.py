"""Stills and clips of incidents: served after the log has the entry, and bookmarked."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.plain_response import plain_response
from dispatch.audit.entry import Obj
from dispatch.auth.permissions import Action, Role
from dispatch.cameras.media import MAX_CLIP_S, ROLL_S
from dispatch.cameras.media_store import SUFFIXES, MediaStore, clip_around
from dispatch.cameras.register import CameraInfo
from dispatch.cameras.sources import CameraSources
from dispatch.cameras.tables import CameraMedia
from dispatch.deps import Person, require
from dispatch.errors import Gone, NotFound, ServiceError
from dispatch.incidents import views
from dispatch.incidents.tables import Incident
from dispatch.live.bookmarks import Bookmarks
from dispatch.retention.sealed import SealedFiles
from dispatch.services.record import Asker, Record, purpose_of
from dispatch.services.registry import Services
from gateway.model.ids import UtcUs

router = APIRouter(tags=["incidents"])

Viewer = Annotated[Person, Depends(require("camera.media"))]
Editor = Annotated[Person, Depends(require("incident.edit"))]


class Clip(BaseModel):
    """A clip to fetch and keep; without times it is the whole incident."""

    camera: str = Field(max_length=200)
    from_utc: int | None = None
    to_utc: int | None = None
    before_s: int = Field(ROLL_S, ge=0, le=MAX_CLIP_S)
    after_s: int = Field(ROLL_S, ge=0, le=MAX_CLIP_S)


@router.get("/media/{media}", response_class=Response)
async def media_file(
    *,
    media: str,
    request: Request,
    person: Viewer,
    services: ServicesOf,
    purpose_code: Annotated[str, Query(max_length=32)] = "",
    purpose_ref: Annotated[str, Query(max_length=64)] = "",
    purpose_text: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Return a still or clip as the source gave it; logged before a byte leaves."""
    purpose = purpose_of(purpose_code, purpose_ref, purpose_text)
    if purpose is None and person.access.user.role is Role.AUDITOR:
        raise ServiceError(
            "purpose: an auditor states why a still or clip is viewed",
            hint="Give purpose_code with purpose_ref (incident, case, order) or purpose_text.",
        )

    def work(db: Session) -> CameraMedia:
        row = db.get(CameraMedia, media)
        if row is None:
            raise NotFound(f"there is no still or clip {media}")
        known = services.use(CameraSources).register.by_id(row.camera)
        if row.incident:
            views.sheet(db, person.access, row.incident)
        elif known is None:  # of no incident: who may see the camera, may see it
            raise NotFound(f"there is no still or clip {media}")
        if known is not None and not sees(person, known):
            raise NotFound(f"there is no still or clip {media}")
        return row

    row = await services.store.read(work)
    path, files = services.use(MediaStore).folder / row.file, services.use(SealedFiles)
    if row.erased_utc is not None:
        raise Gone(f"{media} was erased", hint=f"Class {row.retention_class}.")
    if not row.file or not await asyncio.to_thread(files.exists, path):
        raise NotFound(f"{media} is {row.state}: {row.reason or 'not fetched yet'}")
    obj = Obj(type="media", id=media, cat="camera")
    await services.use(Record).before(
        asker_of(request, person),
        "consult",
        f"camera.{row.kind}",
        obj,
        purpose=purpose,
        detail={"incident": row.incident, "camera": row.camera, "sha256": row.sha256},
    )
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
    kind = row.content_type if row.content_type in SUFFIXES else "application/octet-stream"
    return plain_response(
        await asyncio.to_thread(files.open, path),
        request.headers,
        media_type=kind,
        sha256=row.sha256,
        headers=headers,
    )


@router.post("/incidents/{incident}/clips", status_code=201)
async def bookmark(
    incident: str, body: Clip, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Fetch and keep the clip of a camera; it is tried until the source's retention has passed."""

    def work(db: Session) -> Incident:
        views.sheet(db, person.access, incident)
        row = db.get(Incident, incident)
        if row is None:
            raise NotFound(f"there is no incident {incident}")
        return row

    found = await services.store.read(work)
    register = services.use(CameraSources).register
    camera = register.by_id(body.camera) or register.find(found.source, body.camera)
    if not sees(person, camera):
        raise NotFound(f"there is no camera {body.camera}")
    first, last = body.from_utc or found.started_utc, body.to_utc or found.last_event_utc
    between = clip_around(UtcUs(first), UtcUs(last), body.before_s, body.after_s)
    return await keep_clip(
        services,
        asker_of(request, person),
        camera,
        between,
        event_utc=first,
        incident=incident,
        source=camera.source or found.source,
    )


async def keep_clip(  # what a bookmark is made of
    services: Services,
    asker: Asker,
    camera: CameraInfo,
    between: tuple[int, int],
    *,
    event_utc: int,
    incident: str,
    why: str = "",
    source: str = "",
) -> dict[str, Any]:
    """Want a clip and log it; returns the row's id, state and times. Raises ServiceError."""
    clip = await services.use(Bookmarks).want(
        camera,
        between,
        event_utc=event_utc,
        incident=incident,
        who=asker.access.user.display_name,
        why=why,
        source=source,
    )
    services.use(Record).note_of(
        asker,
        "collect",
        "camera.bookmark",
        Obj(type="media", id=clip, cat="camera"),
        detail={
            "incident": incident,
            "camera": camera.id,
            "from": between[0],
            "to": between[1],
            "reason": why,
        },
    )
    return {"id": clip, "state": "wanted", "from_utc": between[0], "to_utc": between[1]}


def sees(person: Person, camera: CameraInfo) -> bool:
    """Whether a person may see what a camera saw."""
    return not camera.group or person.access.camera(Action.SEE, camera.group)

"""Live view: a person's view of a camera, the exchange with the engine, stills, MediaMTX's hook."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field
from sqlmodel import Session

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import Body
from dispatch.audit.entry import Obj, Purpose
from dispatch.auth.permissions import Action
from dispatch.cameras.register import CameraInfo
from dispatch.cameras.sources import CameraSources
from dispatch.deps import Person, client_address, public, require
from dispatch.errors import NotFound, ServiceError, TooLarge
from dispatch.incidents import views as incident_views
from dispatch.incidents.tables import Incident
from dispatch.live.bookmarks import Bookmarks
from dispatch.live.camera_http import Still
from dispatch.live.engines import SDP
from dispatch.live.mediamtx_auth import MediaMtxAuth
from dispatch.live.stills import Stills
from dispatch.live.view import STILL
from dispatch.live.views import LiveViews
from dispatch.live.wall import tiles
from dispatch.services.record import Asker, Record, purpose_of
from dispatch.services.registry import Services

router = APIRouter(tags=["live view"])

Viewer = Annotated[Person, Depends(require("camera.live"))]
Wall = Annotated[Person, Depends(require("incident.see"))]
MAX_OFFER_BYTES = 64 * 1024


class OpenView(Body):
    """Why a camera is watched: an incident, or a purpose in words."""

    mode: Literal["live", "still"] = "live"
    incident: str = Field("", max_length=64)
    purpose_code: str = Field("", max_length=32)
    purpose_ref: str = Field("", max_length=64)
    purpose_text: str = Field("", max_length=500)


class Alive(Body):
    """A page's sign of life for its views; ``touched``: a person used the page since the last."""

    views: list[str] = Field(max_length=64)
    touched: bool = False


@router.post("/cameras/{camera}/view", status_code=201)
async def open_view(
    camera: str, body: OpenView, request: Request, person: Viewer, services: ServicesOf
) -> dict[str, Any]:
    """Begin to watch a camera; logged with its purpose before anything is shown."""
    known = camera_of(camera, person, services)
    asker = asker_of(request, person)
    stated = purpose_of(body.purpose_code, body.purpose_ref, body.purpose_text)
    purpose = await live_purpose(services, person, asker, body.incident, stated)
    views = services.use(LiveViews)
    view = await views.open(
        asker,
        known,
        services.use(Stills).ways_of(known),
        mode=body.mode,
        incident=body.incident,
        purpose=purpose,
    )
    return {
        "view": view.id,
        "camera": known.id,
        "mode": view.mode,
        "token": view.token,
        "whep_url": f"/api/v1/cameras/{known.id}/whep?view={view.id}",
        "idle_ms": views.idle_ms,
        "watermark": person.name,
        "started_utc": view.started_utc,
    }


@router.post("/cameras/{camera}/whep", status_code=201, response_class=Response)
async def whep(
    camera: str,
    request: Request,
    person: Viewer,
    services: ServicesOf,
    view: Annotated[str, Query(max_length=64)],
) -> Response:
    """Exchange session descriptions (WHEP): the page's offer for the engine's answer."""
    views = services.use(LiveViews)
    mine = views.mine(view, person.user_id, _bearer(request))
    if mine.camera != camera or mine.mode == STILL:
        raise NotFound(f"there is no live view {view} of {camera}")
    if request.headers.get("content-type", "").partition(";")[0].strip() != SDP:
        raise ServiceError(f"expected a body of {SDP}")
    raw = await request.body()
    if len(raw) > MAX_OFFER_BYTES:
        raise TooLarge(f"offer: {len(raw)} bytes, at most {MAX_OFFER_BYTES} are taken")
    offer = raw.decode("utf-8", "replace")
    if not offer.startswith("v=0"):
        raise ServiceError("expected a session description that begins with v=0")
    answer = await views.offer(mine, offer)
    headers = {"Location": f"/api/v1/cameras/{camera}/whep/{view}", "Cache-Control": "no-store"}
    return Response(answer, status_code=201, media_type=SDP, headers=headers)


@router.delete("/cameras/{camera}/whep/{view}", status_code=204, response_class=Response)
@router.delete("/cameras/{camera}/view/{view}", status_code=204, response_class=Response)
async def close_view(camera: str, view: str, person: Viewer, services: ServicesOf) -> Response:
    """End a view of one's own."""
    views = services.use(LiveViews)
    mine = views.mine(view, person.user_id)
    if mine.camera != camera:
        raise NotFound(f"there is no view {view} of {camera}")
    views.end(mine, "closed by the viewer", tell=False)
    return Response(status_code=204)


@router.post("/live-views/alive")
async def alive(body: Alive, person: Viewer, services: ServicesOf) -> dict[str, Any]:
    """Say that the page is there; tells in how many ms each view is closed as idle."""
    left = services.use(LiveViews).alive(person.user_id, body.views, touched=body.touched)
    return {"idle_in_ms": left}


@router.get("/cameras/{camera}/still", response_class=Response)
async def still(
    *,
    camera: str,
    request: Request,
    person: Viewer,
    services: ServicesOf,
    view: Annotated[str, Query(max_length=64)] = "",
    incident: Annotated[str, Query(max_length=64)] = "",
    purpose_code: Annotated[str, Query(max_length=32)] = "",
    purpose_ref: Annotated[str, Query(max_length=64)] = "",
    purpose_text: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Return a picture of now, byte for byte; logged, singly or as a part of an open view."""
    known = camera_of(camera, person, services)
    if view:
        mine = services.use(LiveViews).mine(view, person.user_id)
        if mine.camera != known.id:
            raise NotFound(f"there is no view {view} of {camera}")
        found = await services.use(Stills).now(known)
        services.use(LiveViews).mine(view, person.user_id)  # it may have ended meanwhile
        mine.pictures += 1
        return _answer(found)
    asker = asker_of(request, person)
    stated = purpose_of(purpose_code, purpose_ref, purpose_text)
    purpose = await live_purpose(services, person, asker, incident, stated)
    services.use(Record).demand_writable()
    found = await services.use(Stills).now(known)
    await services.use(Record).before(
        asker,
        "consult",
        "camera.still",
        Obj(type="camera", id=known.id, cat="camera"),
        purpose=purpose,
        detail={"sha256": found.sha256, "via": found.via, "incident": incident},
    )
    return _answer(found)


@router.post("/live/mediamtx-auth", dependencies=[Depends(public)], response_class=Response)
async def mediamtx_auth(request: Request, services: ServicesOf) -> Response:
    """Answer MediaMTX, which asks before every reader: 204 lets in, 401 asks for or refuses."""
    if not services.has(MediaMtxAuth):
        return Response(status_code=403)
    body = await request.body()
    status = services.use(MediaMtxAuth).answer(client_address(request), body)
    return Response(status_code=status)


@router.get("/incidents/{incident}/wall")
async def wall(incident: str, person: Wall, services: ServicesOf) -> list[dict[str, Any]]:
    """List the cameras of an incident as its wall shows them."""
    register = services.use(CameraSources).register
    sheet = await services.store.read(lambda db: incident_views.sheet(db, person.access, incident))
    names = [row["id"] for row in sheet.get("cameras", [])]
    cameras = [register.by_id(name) or CameraInfo(id=name) for name in dict.fromkeys(names)]
    cameras = [one for one in cameras if sees(person, one)]
    return tiles(
        cameras,
        sheet["media"],
        sources=services.use(CameraSources),
        views=services.use(LiveViews),
        stills=services.use(Stills),
        bookmarks=services.use(Bookmarks),
    )


def camera_of(camera: str, person: Person, services: Services) -> CameraInfo:
    """Return a camera that this person may see; the same words for one that does not exist."""
    known = services.use(CameraSources).register.by_id(camera)
    if known is None or not sees(person, known):
        raise NotFound(f"there is no camera {camera}")
    return known


def sees(person: Person, camera: CameraInfo) -> bool:
    """Whether a person may know what a camera sees."""
    return not camera.group or person.access.camera(Action.SEE, camera.group)


async def live_purpose(
    services: Services, person: Person, asker: Asker, incident: str, stated: Purpose | None
) -> Purpose:
    """Return why a camera is watched; raises ServiceError when nobody said so."""
    if incident:

        def work(db: Session) -> str:
            incident_views.sheet(db, person.access, incident)
            row = db.get(Incident, incident)
            return row.label if row else ""

        label = await services.store.read(work)
        return stated or asker.purpose or Purpose(code="incident", ref=label)
    purpose = stated or asker.purpose
    if purpose is None:
        raise ServiceError(
            "purpose: watching a camera is logged with its reason",
            hint="Open it from an incident, or say why.",
        )
    return purpose


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _answer(found: Still) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "X-Samband-Sha256": found.sha256,
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(found.raw, media_type=found.content_type, headers=headers)

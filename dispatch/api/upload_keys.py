"""Keys of recorders, and how their uploads do: for the engineer."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import Body
from dispatch.deps import Person, require
from dispatch.uploads.keys import MAX_LISTED, NewKey
from dispatch.uploads.setup import Uploads

router = APIRouter(tags=["uploads"])

Keeper = Annotated[Person, Depends(require("uploads.keys"))]


class MakeKey(Body):
    """A recorder: its name, the system of its calls, and which talkgroups it may upload."""

    name: str = Field(max_length=40)
    system: str = Field(max_length=32)
    short_name: str = Field(default="", max_length=32)
    told_system: int | None = None
    talkgroups: list[int] = Field(default_factory=list, max_length=MAX_LISTED)
    blocked: list[int] = Field(default_factory=list, max_length=MAX_LISTED)


@router.get("/uploads")
async def board(
    person: Annotated[Person, Depends(require("uploads.see"))], services: ServicesOf
) -> dict[str, Any]:
    """List keys with what came by them, what waits, and the last refusals."""
    return await services.use(Uploads).board()


@router.post("/upload-keys", status_code=201)
async def make(
    body: MakeKey, request: Request, person: Keeper, services: ServicesOf
) -> dict[str, Any]:
    """Make a key. ``secret`` is in this answer alone: only its hash is kept."""
    new = NewKey(
        name=body.name,
        system=body.system,
        short_name=body.short_name,
        told_system=body.told_system,
        talkgroups=tuple(body.talkgroups),
        blocked=tuple(body.blocked),
    )
    key, secret = await services.use(Uploads).keys.make(asker_of(request, person), new)
    return {"id": key.id, "name": key.name, "secret": secret}


@router.post("/upload-keys/{key}/revoke")
async def revoke(
    key: str, request: Request, person: Keeper, services: ServicesOf
) -> dict[str, Any]:
    """Refuse a key from now on; what was uploaded with it stays."""
    await services.use(Uploads).keys.revoke(asker_of(request, person), key)
    return {"id": key, "revoked": True}

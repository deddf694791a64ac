"""What happens only when a second person agrees: faces, the watch-list, un-masking."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.deps import Person, require
from dispatch.oversight.two_person import TwoPersonActs

router = APIRouter(tags=["oversight"])

Switcher = Annotated[Person, Depends(require("face.switch"))]
Watcher = Annotated[Person, Depends(require("watch.edit"))]
Unmasker = Annotated[Person, Depends(require("claim.unmask"))]
Basis = Annotated[str, Field(min_length=10, max_length=1000)]
Days = Annotated[int, Field(ge=1, le=90)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FaceOn(_Body):
    """The legal basis in words, and for how many days."""

    basis: Basis
    days: Days


class Watch(_Body):
    """A plate, face or name to look for, by what right and for how many days."""

    type: Annotated[str, Field(max_length=16)]
    value: Annotated[str, Field(min_length=1, max_length=200)]
    category: Literal["suspect", "victim", "witness", "other", "unknown"] = "unknown"
    basis: Basis
    days: Days


class Unmask(_Body):
    """Why somebody has to see whom a hit names."""

    reason: Annotated[str, Field(max_length=500)]


@router.get("/face-sources")
async def faces(person: Switcher, services: ServicesOf) -> list[dict[str, Any]]:
    """List the sources whose faces and names are used: none unless two people agreed."""
    return await services.use(TwoPersonActs).faces()


@router.post("/face-sources/{source}", status_code=202)
async def face_on(
    source: str, body: FaceOn, request: Request, person: Switcher, services: ServicesOf
) -> dict[str, Any]:
    """Ask that faces and names of a source are used; a second person agrees."""
    acts = services.use(TwoPersonActs)
    return {
        "approval": await acts.ask_face(asker_of(request, person), source, body.basis, body.days)
    }


@router.delete("/face-sources/{source}")
async def face_off(
    source: str, request: Request, person: Switcher, services: ServicesOf
) -> dict[str, Any]:
    """Switch a source of faces off, at once and by one person."""
    await services.use(TwoPersonActs).face_off(asker_of(request, person), source)
    return {"ok": True}


@router.get("/watch-list")
async def watch_list(
    request: Request, person: Watcher, services: ServicesOf
) -> list[dict[str, Any]]:
    """List what is looked for; logged, as it names people and cars."""
    return await services.use(TwoPersonActs).watch_list(asker_of(request, person))


@router.post("/watch-list", status_code=202)
async def watch(
    body: Watch, request: Request, person: Watcher, services: ServicesOf
) -> dict[str, Any]:
    """Ask for an entry of the watch-list; a second person agrees."""
    acts = services.use(TwoPersonActs)
    approval = await acts.ask_watch(
        asker_of(request, person),
        body.type,
        body.value,
        basis=body.basis,
        days=body.days,
        category=body.category,
    )
    return {"approval": approval}


@router.delete("/watch-list/{entry}")
async def unwatch(
    entry: str, request: Request, person: Watcher, services: ServicesOf
) -> dict[str, Any]:
    """Take an entry off the watch-list, at once and by one person."""
    await services.use(TwoPersonActs).watch_remove(asker_of(request, person), entry)
    return {"ok": True}


@router.post("/claims/{hit}/unmask", status_code=202)
async def ask_unmask(
    hit: str, body: Unmask, request: Request, person: Unmasker, services: ServicesOf
) -> dict[str, Any]:
    """Ask to see, once, whom an unconfirmed hit names; a second person agrees."""
    acts = services.use(TwoPersonActs)
    return {"approval": await acts.ask_unmask(asker_of(request, person), hit, body.reason)}


@router.get("/claims/{hit}/unmasked")
async def unmasked(
    hit: str, request: Request, person: Unmasker, services: ServicesOf
) -> dict[str, Any]:
    """Show whom a hit names, once, when a second person has agreed; logged before it is shown."""
    return await services.use(TwoPersonActs).unmasked(asker_of(request, person), hit)

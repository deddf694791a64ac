"""Patches: what stands, what is prepared, make, extend, drop."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import Body
from dispatch.deps import Person, require
from dispatch.services.patch_mix import MixedPatches
from dispatch.services.patches import DEFAULT_MINUTES, KEPT_ROWS, Patches, Wanted
from gateway.model.patch_plan import MAX_NAME

router = APIRouter(tags=["patches"])

Viewer = Annotated[Person, Depends(require("board.see"))]
Maker = Annotated[Person, Depends(require("patch.make"))]
Presser = Annotated[Person, Depends(require("ptt.press"))]


class MakePatch(Body):
    """Talkgroups to join, or ``prepared``: the label of a patch of the plan."""

    talkgroups: list[str] = Field(default_factory=list, max_length=64)
    prepared: str = Field(default="", max_length=8)
    name: str = Field(default="", max_length=MAX_NAME)
    reason: str = Field(max_length=400)
    minutes: int = DEFAULT_MINUTES
    mixed: bool = False
    """Agreed: what is said encrypted goes out unencrypted on other members."""


class ExtendPatch(Body):
    """How long from now it stands."""

    minutes: int


class DropPatch(Body):
    """Why; needed for another's patch."""

    reason: str = Field(default="", max_length=400)


class ConfirmMix(Body):
    """``key`` of the mix as the person was shown it: another one is asked for anew."""

    key: str = Field(max_length=64)


@router.get("/patches")
async def patches(person: Viewer, services: ServicesOf) -> dict[str, Any]:
    """List the patches that stand, those that wait, and those that this person could make."""
    use = services.use(Patches)
    make = person.access.may("patch.make")
    return {
        "patches": use.rows(person.access),
        "waits": use.waits(person.access),
        "prepared": use.prepared(person.access) if make else [],
    }


@router.get("/patches/past")
async def past(
    person: Viewer,
    services: ServicesOf,
    limit: Annotated[int, Query(ge=1, le=KEPT_ROWS)] = 50,
) -> list[dict[str, Any]]:
    """List patches that ended, the newest first."""
    return await services.use(Patches).past(person.access, limit)


@router.post("/patches", status_code=201)
async def make(
    body: MakePatch, request: Request, person: Maker, services: ServicesOf
) -> dict[str, Any]:
    """Join talkgroups that this position may talk on, for a time and with a reason."""
    wanted = Wanted(
        talkgroups=tuple(body.talkgroups),
        prepared=body.prepared,
        name=body.name,
        reason=body.reason,
        minutes=body.minutes,
        mixed=body.mixed,
    )
    return await services.use(Patches).make(asker_of(request, person), wanted)


@router.post("/patches/{patch}/extend")
async def extend(
    patch: str, body: ExtendPatch, request: Request, person: Maker, services: ServicesOf
) -> dict[str, Any]:
    """Let a patch stand longer, or end sooner."""
    await services.use(Patches).extend(asker_of(request, person), patch, body.minutes)
    return {"ok": True}


@router.post("/patches/{patch}/drop")
async def drop(
    patch: str, body: DropPatch, request: Request, person: Maker, services: ServicesOf
) -> dict[str, Any]:
    """End a patch; what it is passing on is un-keyed at once."""
    await services.use(Patches).drop(asker_of(request, person), patch, body.reason)
    return {"ok": True}


@router.post("/patches/{patch}/confirm_mix")
async def confirm_mix(
    patch: str, body: ConfirmMix, request: Request, person: Presser, services: ServicesOf
) -> dict[str, Any]:
    """Agree, for this shift, that what is said on a mixed patch is heard in clear by some."""
    until = services.use(MixedPatches).confirm(asker_of(request, person), patch, body.key)
    return {"until_utc": until}

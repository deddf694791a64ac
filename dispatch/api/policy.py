"""The policy: its versions, drafts in JSON or TOML, and the question to a second person."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.holds import known_talkgroups
from dispatch.auth.permissions import PERMISSIONS, Role
from dispatch.deps import Person, require
from dispatch.errors import ServiceError
from dispatch.policy.model import CLASS_WORDS, compare, from_toml
from dispatch.policy.service import Policies, read
from gateway.model.errors import ConfigError

router = APIRouter(prefix="/policies", tags=["policy"])

Reader = Annotated[Person, Depends(require("policy.see"))]
Editor = Annotated[Person, Depends(require("policy.edit"))]


class DraftBody(BaseModel):
    """A policy as JSON tables, or as TOML text."""

    policy: dict[str, Any] | None = None
    toml: str | None = Field(default=None, max_length=100_000)
    note: str = Field(default="", max_length=500)


class ActivateBody(BaseModel):
    """The digest of the draft that was compared."""

    digest: str = Field(min_length=64, max_length=64)


@router.get("", summary="Versions of the policy")
async def versions(person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Return all versions, what counts now, and the words of classes and permissions."""
    policies = services.use(Policies)
    return {
        "versions": await policies.versions(),
        "number": policies.live.number,
        "days": dict(policies.live.days),
        "next_change_utc": policies.live.next_utc,
        "policy": policies.live.policy.to_dict(),
        "class_words": CLASS_WORDS,
        "talkgroups": known_talkgroups(services, person),
        "permissions": {
            name: {"words": line.words, "roles": sorted(role.value for role in line.roles)}
            for name, line in PERMISSIONS.items()
        },
        "roles": [role.value for role in Role],
    }


@router.post("/check", summary="Check a policy")
async def check(body: DraftBody, person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Return every fault of a policy in words, or what it would change; nothing is kept."""
    try:
        policy = read(_value(body))
    except ServiceError as error:
        return {"faults": str(error).split("; "), "differences": []}
    live = services.use(Policies).live
    return {"faults": [], "differences": compare(live.policy, policy), "toml": policy.to_toml()}


@router.post("", status_code=201, summary="Keep a draft")
async def draft(
    body: DraftBody, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Keep a draft and return it compared with what counts, with what it would erase."""
    return await services.use(Policies).draft(asker_of(request, person), _value(body), body.note)


def _value(body: DraftBody) -> dict[str, Any]:
    if body.toml is not None:
        try:
            return from_toml(body.toml).to_dict()
        except ConfigError as error:
            raise ServiceError("; ".join((str(error), *error.faults))) from error
    if body.policy is None:
        raise ServiceError("policy: give policy or toml")
    return body.policy


@router.get("/{number}", summary="One version")
async def one(number: int, person: Reader, services: ServicesOf) -> dict[str, Any]:
    """Return a version, what it changes in words, and the list of what a shortening erases."""
    return await services.use(Policies).one(number)


@router.get("/{number}/toml", response_class=Response, summary="A version as TOML")
async def as_toml(number: int, person: Reader, services: ServicesOf) -> Response:
    """Return a version as a file that can be edited and imported again."""
    found = await services.use(Policies).one(number)
    name = {"Content-Disposition": f'attachment; filename="policy-{number}.toml"'}
    return PlainTextResponse(found["toml"], headers=name)


@router.post("/{number}/activate", status_code=202, summary="Ask that a draft is activated")
async def activate(
    number: int, body: ActivateBody, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Ask a second person, for exactly the draft that was compared."""
    return await services.use(Policies).ask(asker_of(request, person), number, body.digest)


@router.post("/{number}/withdraw", summary="Take a draft back")
async def withdraw(
    number: int, request: Request, person: Editor, services: ServicesOf
) -> dict[str, Any]:
    """Take back a draft that was not activated."""
    return await services.use(Policies).withdraw(asker_of(request, person), number)

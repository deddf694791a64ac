"""Accounts and grants: for administrators. Every change is in the audit log before it works."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import AddGrant, AddUser, ChangeRole, Disable
from dispatch.audit.entry import Obj
from dispatch.auth.access import GrantInfo, UserInfo
from dispatch.auth.invitations import check_name
from dispatch.auth.people import check_grant, parse_actions
from dispatch.auth.permissions import Role
from dispatch.deps import Person, require
from dispatch.errors import NotFound, ServiceError
from dispatch.services.record import Asker, Record
from dispatch.services.registry import Services
from gateway.model.ids import UtcUs

router = APIRouter(tags=["users"])

Manager = Annotated[Person, Depends(require("user.manage"))]
Giver = Annotated[Person, Depends(require("grant.manage"))]


@router.get("/users")
async def users(person: Manager, services: ServicesOf) -> list[dict[str, Any]]:
    """List all accounts."""
    return [_user_row(user) for user in services.people.users()]


@router.post("/users")
async def add(
    body: AddUser, request: Request, person: Manager, services: ServicesOf
) -> dict[str, Any]:
    """Add an account; the answer has a one-time token to set its password with."""
    role = parse_role(body.role)
    name = check_name(body.name)  # the log has it in clear: a sign-in name, never free text
    await _log(
        services, asker_of(request, person), "user.add", Obj(type="user", id=name), role.value
    )
    user = await services.people.add(
        name=body.name,
        display_name=body.display_name,
        role=role,
        organisation=body.organisation,
        password_hash=None,
        person=body.person,
    )
    token = await services.people.invite(role, body.organisation, user.id)
    return {**_user_row(user), "invitation": token}


@router.post("/users/{user}/disable")
async def disable(
    user: str, body: Disable, request: Request, person: Manager, services: ServicesOf
) -> dict[str, Any]:
    """Disable an account (its sessions end at once), or enable it again."""
    _demand(services, user)
    word = "disabled" if body.disabled else "enabled"
    await _log(services, asker_of(request, person), "user.disable", Obj(type="user", id=user), word)
    changed = await services.people.change(user, disabled=body.disabled)
    if body.disabled:
        await services.sessions.end_all_of(user)
    services.access.refresh(f"user {word}")
    return _user_row(changed)


@router.post("/users/{user}/reset")
async def reset(
    user: str, request: Request, person: Manager, services: ServicesOf
) -> dict[str, Any]:
    """Make a one-time token for a new password; sessions end at once."""
    info = _demand(services, user)
    await _log(
        services, asker_of(request, person), "user.reset", Obj(type="user", id=user), "reset"
    )
    await services.sessions.end_all_of(user)
    return {"invitation": await services.people.invite(info.role, info.organisation, user)}


@router.post("/users/{user}/role")
async def change_role(
    user: str, body: ChangeRole, request: Request, person: Manager, services: ServicesOf
) -> dict[str, Any]:
    """Give an account another role; its sessions end at once."""
    role = parse_role(body.role)
    _demand(services, user)
    await _log(
        services, asker_of(request, person), "user.role", Obj(type="user", id=user), role.value
    )
    changed = await services.people.change(user, role=role)
    await services.sessions.end_all_of(user)
    services.access.refresh("role changed")
    return _user_row(changed)


@router.get("/grants")
async def grants(person: Giver, services: ServicesOf) -> list[dict[str, Any]]:
    """List all grants."""
    return [_grant_row(grant) for grant in services.people.grants()]


@router.post("/grants")
async def give(
    body: AddGrant, request: Request, person: Giver, services: ServicesOf
) -> dict[str, Any]:
    """Give a grant; it works at once."""
    grant = GrantInfo(
        id=0,
        role=parse_role(body.role),
        organisation=body.organisation,
        scope_kind=body.scope_kind,
        scope=body.scope,
        actions=parse_actions(body.actions),
        expires_utc=UtcUs(body.expires_utc) if body.expires_utc is not None else None,
    )
    check_grant(grant)
    words = f"{grant.role.value} {grant.scope_kind} {','.join(sorted(body.actions))}"
    await _log(
        services, asker_of(request, person), "grant.give", Obj(type="grant", id=grant.scope), words
    )
    given = await services.people.give(grant, person.user_id)
    services.access.refresh("grant given")
    return _grant_row(given)


@router.delete("/grants/{grant}")
async def take(grant: int, request: Request, person: Giver, services: ServicesOf) -> dict[str, Any]:
    """Take a grant away; tracks, stream and open presses end within a second."""
    await _log(
        services, asker_of(request, person), "grant.take", Obj(type="grant", id=str(grant)), "taken"
    )
    await services.people.take(grant)
    services.access.refresh("grant taken")
    return {"ok": True}


def parse_role(text: str) -> Role:
    """Return a role; raises ServiceError that names all of them."""
    try:
        return Role(text)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise ServiceError(f"role: expected one of {known}, got {text!r}") from error


def _demand(services: Services, user: str) -> UserInfo:
    info = services.people.user(user)
    if info is None:
        raise NotFound(f"there is no user {user}")
    return info


async def _log(services: Services, asker: Asker, verb: str, obj: Obj, change: str) -> None:
    await services.use(Record).before(asker, "admin", verb, obj, detail={"change": change})


def _user_row(user: UserInfo) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "display_name": user.display_name,
        "role": user.role.value,
        "organisation": user.organisation,
        "disabled": user.disabled,
    }


def _grant_row(grant: GrantInfo) -> dict[str, Any]:
    return {
        "id": grant.id,
        "role": grant.role.value,
        "organisation": grant.organisation,
        "scope_kind": grant.scope_kind,
        "scope": grant.scope,
        "actions": sorted(action.value for action in grant.actions),
        "expires_utc": grant.expires_utc,
    }

"""Accounts and grants: for administrators. Every change is in the audit log before it works."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlmodel import Session, col, select

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.schemas import AddGrant, AddUser, ChangeRole, Disable
from dispatch.audit.entry import Obj
from dispatch.auth.access import GrantInfo, UserInfo
from dispatch.auth.invitations import check_name
from dispatch.auth.people import check_grant, parse_actions
from dispatch.auth.permissions import EXCLUSIVE_ROLES, Role
from dispatch.deps import Person, require
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.oversight.two_person import TwoPersonActs
from dispatch.services.record import Asker, Record
from dispatch.services.registry import Services
from dispatch.store.tables import Grant
from gateway.model.ids import UtcUs

MAX_GRANT_DAYS = 366
REVIEW_DAYS = 92
US_PER_DAY = 86_400_000_000
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
    """Add an account; the answer has a one-time token to set its password with.

    An administrator or auditor stays disabled until a second person has agreed (``approval``).
    """
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
        disabled=role in EXCLUSIVE_ROLES,
    )
    token = await services.people.invite(role, body.organisation, user.id)
    answer = {**_user_row(user), "invitation": token}
    if role in EXCLUSIVE_ROLES:
        acts = services.use(TwoPersonActs)
        asker = asker_of(request, person)
        answer["approval"] = await acts.ask_role(asker, user.id, role, enable=True)
    return answer


@router.post("/users/{user}/disable")
async def disable(
    user: str, body: Disable, request: Request, person: Manager, services: ServicesOf
) -> dict[str, Any]:
    """Disable an account (its sessions end at once), or enable it again."""
    _demand(services, user)
    word = "disabled" if body.disabled else "enabled"
    if not body.disabled and await _awaits(services, user):
        raise Conflict("this account waits for a second person", hint="See Approvals.")
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
    """Give an account another role; its sessions end at once.

    To become administrator or auditor needs a second person: the answer names the ``approval``.
    """
    role = parse_role(body.role)
    info = _demand(services, user)
    if role in EXCLUSIVE_ROLES and role is not info.role:
        acts = services.use(TwoPersonActs)
        approval = await acts.ask_role(asker_of(request, person), user, role)
        return {**_user_row(info), "approval": approval}
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
        expires_utc=_expiry(services, body.expires_utc),
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


def _expiry(services: Services, expires_utc: int | None) -> UtcUs:
    """Return when a grant ends: none is given without an end, and none for over a year."""
    now = services.clock.utc_us()
    if expires_utc is None:
        return UtcUs(now + MAX_GRANT_DAYS * US_PER_DAY)
    if expires_utc > now + MAX_GRANT_DAYS * US_PER_DAY + US_PER_DAY:
        raise ServiceError(f"expires_utc: a grant stands for at most {MAX_GRANT_DAYS} days")
    return UtcUs(expires_utc)


@router.get("/grants/review")
async def to_review(person: Giver, services: ServicesOf) -> list[dict[str, Any]]:
    """List the grants that nobody has approved again for a quarter, or that have no end."""
    due = services.clock.utc_us() - REVIEW_DAYS * US_PER_DAY

    def work(db: Session) -> list[tuple[Grant, int]]:
        rows = db.exec(select(Grant).order_by(col(Grant.id)))
        return [(row, row.reviewed_utc or row.created_utc) for row in rows]

    infos = {grant.id: grant for grant in services.people.grants()}
    return [
        {**_grant_row(infos[row.id]), "seen_utc": seen, "no_end": row.expires_utc is None}
        for row, seen in await services.store.read(work)
        if row.id in infos and not row.user and (seen <= due or row.expires_utc is None)
    ]


@router.post("/grants/{grant}/keep")
async def keep(grant: int, request: Request, person: Giver, services: ServicesOf) -> dict[str, Any]:
    """Approve a grant again for a quarter; one without an end gets one, a year from now."""
    await _log(
        services, asker_of(request, person), "grant.keep", Obj(type="grant", id=str(grant)), "kept"
    )
    return _grant_row(await services.people.keep(grant, MAX_GRANT_DAYS * US_PER_DAY))


def parse_role(text: str) -> Role:
    """Return a role; raises ServiceError that names all of them."""
    try:
        return Role(text)
    except ValueError as error:
        known = ", ".join(role.value for role in Role)
        raise ServiceError(f"role: expected one of {known}, got {text!r}") from error


async def _awaits(services: Services, user: str) -> bool:
    """Whether a new administrator or auditor has not been agreed to."""
    info = _demand(services, user)
    if info.role not in EXCLUSIVE_ROLES or not info.disabled:
        return False
    return not await services.use(TwoPersonActs).agreed_role(user, info.role)


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

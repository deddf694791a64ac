"""Sign-in, sign-out, invitations; what may be known before anybody signs in."""

import hashlib
import re
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session, col, select

from dispatch.api.asking import ServicesOf, asker_of, is_https
from dispatch.api.schemas import AcceptInvitation, SignIn
from dispatch.audit.entry import Act, Actor, Via
from dispatch.auth.sessions import SessionInfo
from dispatch.deps import COOKIE, DEVICE_COOKIE, Person, client_address, public, require
from dispatch.errors import NotSignedIn
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.services.snapshot import user_row
from dispatch.store.tables import AccessRow

router = APIRouter(tags=["session"])

OWN_ACCESS_ROWS = 200
DEVICE_DAYS = 400
_DEVICE = re.compile(r"[A-Za-z0-9_-]{32}")
Own = Annotated[Person, Depends(require("session.own"))]


@router.get("/room", dependencies=[Depends(public)])
async def room(services: ServicesOf) -> dict[str, Any]:
    """Return the room's name and the time: all that is shown before sign-in."""
    return {"room": services.room, "t_utc": services.clock.utc_us()}


@router.post("/session", dependencies=[Depends(public)])
async def sign_in(
    body: SignIn, request: Request, response: Response, services: ServicesOf
) -> dict[str, Any]:
    """Sign in; a wrong try answers 401 with the seconds to wait before the next."""
    address, device = client_address(request), _device(request, response)
    try:
        token, session = await services.sessions.sign_in(body.name, body.password, address, device)
    except NotSignedIn as error:
        _note(services, request, "session.refused", Actor(id="unknown"), "denied")
        raise error
    await _end_former(services, request)
    _set_cookie(request, response, token)
    answer = _session_row(services, session)
    person = Person(session, services.access.of(session.user))
    services.use(Record).note_of(asker_of(request, person), "auth", "session.opened", None)
    return answer


@router.get("/session")
async def session(person: Own, services: ServicesOf) -> dict[str, Any]:
    """Return who is signed in here and the token for changes."""
    return _session_row(services, person.session)


@router.get("/session/access")
async def own_access(
    person: Annotated[Person, Depends(require("access.own"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """List what the asker searched and played, newest first: own access is visible to everyone."""

    def work(db: Session) -> list[AccessRow]:
        mine = select(AccessRow).where(AccessRow.user == person.user_id)
        return list(db.exec(mine.order_by(col(AccessRow.t_utc).desc()).limit(OWN_ACCESS_ROWS)))

    return [
        {"t_utc": row.t_utc, "object": row.object, "verb": row.verb, "purpose": row.purpose}
        for row in await services.store.read(work)
    ]


@router.delete("/session")
async def sign_out(
    person: Own, request: Request, response: Response, services: ServicesOf
) -> dict[str, Any]:
    """Sign out: the position is left, tracks and streams end."""
    services.use(Record).note_of(asker_of(request, person), "auth", "session.closed", None)
    await services.sessions.end(request.cookies[COOKIE])
    response.delete_cookie(COOKIE, path="/")
    return {"ok": True}


@router.post("/invitation/{token}", dependencies=[Depends(public)])
async def accept(
    token: str, body: AcceptInvitation, request: Request, response: Response, services: ServicesOf
) -> dict[str, Any]:
    """Use a one-time link: make the account, or set a new password; signs in at once."""
    await services.people.check_invitation(token)  # before the work of a hash is done for anybody
    password_hash = await services.passwords.hash(body.password)
    user = await services.people.accept(
        token, name=body.name, display_name=body.display_name, password_hash=password_hash
    )
    services.access.refresh("invitation accepted")
    await services.sessions.end_all_of(user.id)  # of whoever knew the old password
    await _end_former(services, request)
    new_token, session = await services.sessions.open(
        user, client_address(request), _device(request, response)
    )
    _set_cookie(request, response, new_token)
    person = Person(session, services.access.of(user.id))
    services.use(Record).note_of(asker_of(request, person), "auth", "invitation.accepted", None)
    return _session_row(services, session)


async def _end_former(services: Services, request: Request) -> None:
    """End the session that this browser had before: its position would stay taken by nobody."""
    former = request.cookies.get(COOKIE)
    if former:
        await services.sessions.end(former)


def _device(request: Request, response: Response) -> str:
    """Return the hash of this browser's own cookie, set at its first sign-in.

    It tells two people at one desk from two people at two: see ``dispatch.oversight.ballot``.
    """
    known = request.cookies.get(DEVICE_COOKIE, "")
    if not _DEVICE.fullmatch(known):
        known = secrets.token_urlsafe(24)
        response.set_cookie(
            DEVICE_COOKIE,
            known,
            path="/api",
            max_age=DEVICE_DAYS * 86_400,
            httponly=True,
            samesite="strict",
            secure=is_https(request),
        )
    return hashlib.sha256(known.encode()).hexdigest()[:32]


def _set_cookie(request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        path="/",
        httponly=True,
        samesite="strict",
        secure=is_https(request),
    )


def _session_row(services: Services, session: SessionInfo) -> dict[str, Any]:
    access = services.access.of(session.user)
    return {
        "user": user_row(access),
        "permissions": sorted(access.permissions),
        "csrf": session.csrf,
        "expires_utc": session.expires_utc,
    }


def _note(services: Services, request: Request, verb: str, actor: Actor, result: str) -> None:
    services.use(Record).note(
        Act(
            op="auth",
            verb=verb,
            actor=actor,
            via=Via(ip=client_address(request), client=request.headers.get("user-agent", "")[:80]),
            result=result,
        )
    )

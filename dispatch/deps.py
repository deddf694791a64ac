"""What every route stands on: the services, who is asking, and the permission it needs.

A route names its permission with ``Depends(require("call.search"))`` or is marked ``public``.
Requests that change something carry the session's token in ``X-Samband-Csrf`` and, from a browser,
an ``Origin`` that is this site's own.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from dispatch.auth.access import Access
from dispatch.auth.permissions import PERMISSIONS
from dispatch.auth.sessions import SessionInfo
from dispatch.errors import NotSignedIn
from dispatch.services.registry import Services
from gateway.model.errors import NotPermitted

COOKIE = "samband_session"
DEVICE_COOKIE = "samband_device"
CSRF_HEADER = "x-samband-csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking: the session and its rights at this moment."""

    session: SessionInfo
    access: Access

    @property
    def user_id(self) -> str:
        """The user's id."""
        return self.access.user.id

    @property
    def name(self) -> str:
        """The name that others see."""
        return self.access.user.display_name


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the application that serves this connection."""
    return cast(Services, connection.app.state.services)  # set once by create_app


def client_address(connection: HTTPConnection) -> str:
    """Return the address of the other side, or an empty text."""
    return connection.client.host if connection.client else ""


def check_origin(connection: HTTPConnection) -> None:
    """Raise NotPermitted when a browser says that another site sent this."""
    origin = connection.headers.get("origin")
    if origin is None:
        return
    if urlsplit(origin).netloc != connection.headers.get("host", ""):
        raise NotPermitted(
            f"the request comes from {origin}, expected this site's own pages",
            hint="Open the console by the same address as before.",
        )


async def person_of(connection: HTTPConnection) -> Person:
    """Return who is signed in; raises NotSignedIn."""
    services = services_of(connection)
    token = connection.cookies.get(COOKIE, "")
    session = await services.sessions.find(token) if token else None
    if session is None:
        raise NotSignedIn("nobody is signed in here", hint="Sign in.")
    return Person(session, services.access.of(session.user))


def check_csrf(connection: HTTPConnection, session: SessionInfo) -> None:
    """Raise NotPermitted unless a changing request carries the session's token."""
    if connection.scope["type"] == "websocket":
        return
    if connection.scope["method"] in SAFE_METHODS:
        return
    given = connection.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(given.encode(), session.csrf.encode()):
        raise NotPermitted(
            "the header X-Samband-Csrf is missing or not this session's",
            hint="Load the page again; GET /api/v1/session tells the token.",
        )


@dataclass(frozen=True, slots=True)
class Require:
    """A dependency that lets through who has ``permission`` and returns the Person."""

    permission: str

    async def __call__(self, connection: HTTPConnection) -> Person:
        """Check origin, session, token and permission, in this order."""
        check_origin(connection)
        person = await person_of(connection)
        check_csrf(connection, person.session)
        person.access.demand(self.permission)
        return person


def require(permission: str) -> Callable[[HTTPConnection], Awaitable[Person]]:
    """Return the dependency for a permission of the table; raises KeyError on an unknown one."""
    return Require(PERMISSIONS[permission].name)


async def public(connection: HTTPConnection) -> None:
    """Mark a route that needs no session; the origin is checked all the same."""
    check_origin(connection)

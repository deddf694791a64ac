"""Small dependencies that many routers share."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from dispatch.deps import Person, client_address, services_of
from dispatch.services.record import Asker
from dispatch.services.registry import Services

ServicesOf = Annotated[Services, Depends(services_of)]


def asker_of(connection: HTTPConnection, person: Person) -> Asker:
    """Return who asks, with address and program, for the audit log."""
    return Asker(
        access=person.access,
        session=person.session,
        address=client_address(connection),
        client=connection.headers.get("user-agent", ""),
    )


def is_https(request: Request) -> bool:
    """Whether the request came over TLS."""
    return request.url.scheme == "https"

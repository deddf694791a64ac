"""Small dependencies that many routers share."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from dispatch.audit.entry import Purpose
from dispatch.deps import Person, client_address, services_of
from dispatch.oversight.purposes import Purposes
from dispatch.services.record import Asker, purpose_of
from dispatch.services.registry import Services

PURPOSE_HEADER = "x-samband-purpose"
ServicesOf = Annotated[Services, Depends(services_of)]


def asker_of(connection: HTTPConnection, person: Person) -> Asker:
    """Return who asks, with address and program, for the audit log."""
    return Asker(
        access=person.access,
        session=person.session,
        address=client_address(connection),
        client=connection.headers.get("user-agent", ""),
        purpose=_purpose(connection, person),
    )


def _purpose(connection: HTTPConnection, person: Person) -> Purpose | None:
    """Return the purpose that a request names: by its id, or in the older way by code and words.

    A page that cannot set a header (a sound or picture element) names it in the address.
    """
    asked = connection.query_params
    named = connection.headers.get(PURPOSE_HEADER) or asked.get("purpose", "")
    if named:
        return services_of(connection).use(Purposes).of(person.user_id, named)
    return purpose_of(
        asked.get("purpose_code", ""), asked.get("purpose_ref", ""), asked.get("purpose_text", "")
    )


def is_https(request: Request) -> bool:
    """Whether the request came over TLS."""
    return request.url.scheme == "https"

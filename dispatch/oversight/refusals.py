"""Refusals in the log: who was refused what, in words that name no object they may not know."""

from starlette.requests import HTTPConnection

from dispatch.api.asking import asker_of
from dispatch.audit.entry import Obj
from dispatch.deps import person_of
from dispatch.errors import ServiceError
from dispatch.services.record import Record
from gateway.model.errors import NotPermitted


async def note_refusal(connection: HTTPConnection, error: NotPermitted) -> None:
    """Log that a signed-in person was refused; a stranger's request is no act of a person."""
    try:
        person = await person_of(connection)
        asker = asker_of(connection, person)
    except (ServiceError, NotPermitted):
        return
    route = connection.scope.get("route")
    path = getattr(route, "path", "")
    method = connection.scope.get("method", "")
    connection.app.state.services.use(Record).note_of(
        asker,
        "auth",
        "request.refused",
        Obj(type="route", id=f"{method} {path}".strip()),
        result="denied",
        detail={"reason": str(error)},
    )

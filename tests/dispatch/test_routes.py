"""Every route names a permission or is public, and the full table role x route is as written."""

from typing import Any

import fastapi.routing
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from dispatch.app import know_routes
from dispatch.auth.permissions import PERMISSIONS
from dispatch.deps import Require, public
from tests.dispatch.room import Room

PUBLIC = {
    ("GET", "/api/v1/room"),
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/invitation/{token}"),
    ("POST", "/api/v1/live/mediamtx-auth"),
    ("GET", "/api/v1/events.schema.json"),
    ("GET", "/api/v1/docs"),
    ("POST", "/api/call-upload"),
    ("POST", "/api/trunk-recorder-call-upload"),
    ("POST", "/openmhz/{short_name}/upload"),
    ("POST", "/openmhz/{short_name}/authorize"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}
SIGNED = "/api/v1/webhooks/"
"""Webhooks carry a signature instead of a session."""


def permission_of(dependant: Any) -> str | None:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Require):
            return dependency.call.permission
        inner = permission_of(dependency)
        if inner is not None:
            return inner
    return None


def is_public(dependant: Any) -> bool:
    return any(dependency.call is public for dependency in dependant.dependencies)


def routes(app: Any) -> list[tuple[str, str, Any]]:
    found = []
    for prefix, router in app.state.routers:
        for route in router.routes:
            if isinstance(route, APIWebSocketRoute):
                found.append(("WS", prefix + route.path, route.dependant))
            if isinstance(route, APIRoute):
                found += [
                    (method, prefix + route.path, route.dependant) for method in route.methods or ()
                ]
    return found


async def test_every_route_names_its_permission_or_is_public(room: Room) -> None:
    listing = routes(room.app)
    assert len(listing) > 40
    for method, path, dependant in listing:
        if path.startswith(SIGNED):
            continue
        permission = permission_of(dependant)
        if permission is None:
            assert is_public(dependant), f"{method} {path} names no permission"
            assert (method, path) in PUBLIC, f"{method} {path} is public"
        else:
            assert permission in PERMISSIONS


async def test_known_routes_are_not_made_while_requests_wait(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = vars(fastapi.routing)["get_dependant"]  # FastAPI's own way to look into a function

    def counted(**asked: Any) -> Any:
        made.append(asked["path"])
        return make(**asked)

    monkeypatch.setattr("fastapi.routing.get_dependant", counted)
    know_routes(room.app)
    before = len(made)
    browser = await room.browser()
    for path in ("/room", "/plans", "/policy", "/nothing-at-all"):
        await browser.get(path)
    assert len(made) == before


async def test_nobody_without_session_gets_anything(room: Room) -> None:
    browser = await room.browser()
    for method, path, dependant in routes(room.app):
        if permission_of(dependant) is None or method == "WS":
            continue
        concrete = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
        answer = await browser.send(method, concrete, {} if method != "GET" else None)
        assert answer.status_code == 401, (method, path)

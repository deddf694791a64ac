"""The web application: API under ``/api/v1``, health and metrics at the root, the console."""

from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from dispatch.api import (
    approvals,
    audio_path,
    audit,
    auditdesk,
    auth,
    board,
    bookmarks,
    calls,
    cameras,
    claims,
    corrections,
    evidence,
    exchange,
    extracts,
    health,
    holds,
    import_reports,
    importing,
    incident_work,
    incidents,
    individual,
    integrity,
    lanes,
    links,
    links_live,
    links_test,
    live,
    media,
    messages,
    patches,
    places,
    plan_edit,
    plan_notices,
    plan_tables,
    plans,
    policy,
    positions,
    purposes,
    recordings,
    reports,
    retention,
    reviews,
    rtc,
    simulator,
    stream,
    topology,
    trails,
    two_person,
    units,
    upload_keys,
    uploads,
    users,
    webhooks,
    webhooks_out,
)
from dispatch.body_end import BodyEnd
from dispatch.console import STATIC, Console
from dispatch.deps import public
from dispatch.metrics import metrics_text, readiness
from dispatch.schema import events_schema
from dispatch.services.registry import Services
from dispatch.uploads.setup import Uploads
from dispatch.web import SecurityHeaders, SizeLimit, add_error_handlers

API = "/api/v1"
BODY_LIMIT_BYTES = 1 << 20
UPLOAD_LIMIT_BYTES = 51 << 20
"""A list of 50 MB and the fields of its form."""
ROUTERS = (
    auth,
    stream,
    positions,
    board,
    messages,
    units,
    calls,
    lanes,
    recordings,
    links,
    links_live,
    links_test,
    audio_path,
    health,
    plans,
    plan_edit,
    plan_notices,
    plan_tables,
    topology,
    simulator,
    users,
    rtc,
    individual,
    patches,
    incidents,
    incident_work,
    places,
    cameras,
    claims,
    media,
    live,
    bookmarks,
    exchange,
    webhooks,
    webhooks_out,
    audit,
    integrity,
    trails,
    reports,
    extracts,
    corrections,
    auditdesk,
    evidence,
    approvals,
    purposes,
    reviews,
    two_person,
    import_reports,
    importing,
    upload_keys,
    holds,
    retention,
    policy,
)


def create_app(
    services: Services,
    *,
    static: Path = STATIC,
    body_limit_bytes: int = BODY_LIMIT_BYTES,
    upload_limit_bytes: int = UPLOAD_LIMIT_BYTES,
) -> FastAPI:
    """Return the application that serves these services."""
    app = FastAPI(
        title="Samband",
        version="1",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(BodyEnd),
            Middleware(
                SizeLimit,
                limit_bytes=body_limit_bytes,
                upload_limit_bytes=upload_limit_bytes,
                more=dict.fromkeys(uploads.PREFIXES, services.use(Uploads).settings.max_bytes),
            ),
        ],
    )
    app.state.services = services
    add_error_handlers(app)
    routers = [(API, module.router) for module in ROUTERS]
    routers += [(API, _documents(app)), ("", _root(services)), ("", uploads.router)]
    for prefix, router in routers:
        app.include_router(router, prefix=prefix)
    app.state.routers = routers
    app.router.routes.append(Route("/{path:path}", Console(static).answer, methods=["GET"]))
    return app


def know_routes(app: FastAPI) -> None:
    """Make what FastAPI makes of a router's routes when a request first looks for one in it.

    It does so on the event loop, router after router until one has the path: after a start the
    first pages kept sound and keys waiting, tens of milliseconds a page. Call before anything runs.
    """
    nowhere = {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []}
    for route in app.router.routes:
        route.matches(dict(nowhere))


def _root(services: Services) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz", dependencies=[Depends(public)])
    async def healthz() -> Response:
        return PlainTextResponse("ok\n")

    @router.get("/readyz", dependencies=[Depends(public)])
    async def readyz() -> Response:
        state = readiness(services)
        return JSONResponse(state, status_code=200 if state["ready"] else 503)

    @router.get("/metrics", dependencies=[Depends(public)])
    async def metrics() -> Response:
        return PlainTextResponse(
            metrics_text(services), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    return router


def _documents(app: FastAPI) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/events.schema.json", dependencies=[Depends(public)])
    async def schema() -> dict[str, Any]:
        return events_schema()

    @router.get("/docs", dependencies=[Depends(public)])
    async def docs() -> Response:
        return HTMLResponse(api_page(app.openapi()))

    return router


def api_page(openapi: dict[str, Any]) -> str:
    """Return the API as a plain page: no script, nothing from another host."""
    rows = []
    for path, methods in sorted(openapi["paths"].items()):
        for method, operation in methods.items():
            words = operation.get("description") or operation.get("summary", "")
            rows.append(
                f"<tr><td>{escape(method.upper())}</td><td><code>{escape(path)}</code></td>"
                f"<td>{escape(words)}</td></tr>"
            )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Samband API</title>'
        '<h1>Samband API</h1><p>Machine-readable: <a href="openapi.json">openapi.json</a>, events: '
        '<a href="events.schema.json">events.schema.json</a>. WebSockets: '
        "<code>/api/v1/stream</code>, <code>/api/v1/ptt</code>.</p><table>"
        + "".join(rows)
        + "</table></html>"
    )

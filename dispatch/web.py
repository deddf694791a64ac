"""What stands between the network and the routes: sizes, security headers, errors in one shape."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatch.errors import NotSignedIn, http_status
from dispatch.oversight.refusals import note_refusal
from gateway.model.errors import ConfigError, NotPermitted, RadioError

logger = logging.getLogger(__name__)

LISTS = re.compile(r"/api/v1/(?:import/.*|plan/drafts/[^/]+/import)")
"""Paths that take whole lists as files."""
PLANS = re.compile(r"/api/v1/plan/drafts(?:/[^/]+)?")
"""Paths that take a whole plan as a text, or many edits at once."""
PLAN_LIMIT_BYTES = 24 << 20

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
}


class SecurityHeaders:
    """Adds the headers to every answer; over TLS also the one that keeps it there."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class SizeLimit:
    """Refuses bodies that are too large with 413, by their declared and by their real length."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit_bytes: int,
        upload_limit_bytes: int,
        more: Mapping[str, int] | None = None,
    ) -> None:
        """Wrap an application; uploads under ``/api/v1/import`` have their own limit.

        ``more`` has the limits of further paths, by their beginnings.
        """
        self._app = app
        self._more = dict(more or {})
        self._limit = limit_bytes
        self._upload_limit = upload_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._upload_limit if LISTS.fullmatch(scope["path"]) else self._limit
        if PLANS.fullmatch(scope["path"]):
            limit = max(limit, PLAN_LIMIT_BYTES)
        for start, other in self._more.items():
            limit = other if scope["path"].startswith(start) else limit
        if _declared(scope) > limit:
            await _refuse(scope, receive, send, limit)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413, _too_large(limit))  # answered in the one shape
            return message

        await self._app(scope, counted, send)


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _too_large(limit: int) -> str:
    return f"the request is larger than {limit} bytes"


async def _refuse(scope: Scope, receive: Receive, send: Send, limit: int) -> None:
    response = error_response(413, _too_large(limit), "Send less, or in parts.")
    await response(scope, receive, send)


def error_response(
    status: int, message: str, hint: str = "", **more: Any
) -> JSONResponse:  # JSON values of single errors
    """Return the one shape of errors: ``{"error": {"message", "hint"}}`` and what belongs to it."""
    return JSONResponse({"error": {"message": message, "hint": hint}, **more}, status_code=status)


async def _radio_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RadioError):
        raise error
    more: dict[str, Any] = {}
    if isinstance(error, NotSignedIn):
        more["wait_s"] = error.wait_s
    if isinstance(error, NotPermitted):
        await note_refusal(request, error)
    if isinstance(error, ConfigError):
        more["faults"] = list(error.faults)
    return error_response(http_status(error), str(error), error.hint, **more)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return error_response(error.status_code, str(error.detail))


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [
        f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        for fault in error.errors()
    ]
    return error_response(422, "; ".join(faults), "See /api/v1/openapi.json.")


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_response(500, "the server failed here; it is in the log", "Try again.")


Handler = Callable[[Request, Exception], Awaitable[JSONResponse]]


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error in the one shape."""
    handlers: dict[type[Exception], Handler] = {
        RadioError: _radio_error,
        HTTPException: _http_error,
        RequestValidationError: _validation_error,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)

"""Signed webhooks of cameras. No session: the signature is the right."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from dispatch.api.asking import ServicesOf
from dispatch.cameras.sources import CameraSources, TooMany
from dispatch.cameras.webhook import MAX_BODY_BYTES
from dispatch.deps import public
from dispatch.errors import TooLarge

router = APIRouter(tags=["cameras"])


@router.post("/webhooks/camera/{source}", dependencies=[Depends(public)], status_code=202)
async def receive(source: str, request: Request, services: ServicesOf) -> Response:
    """Take one camera event, signed by the Standard Webhooks scheme."""
    return await _receive(f"webhook:{source}", request, services)


@router.post("/webhooks/milestone/{source}", dependencies=[Depends(public)], status_code=202)
async def receive_milestone(source: str, request: Request, services: ServicesOf) -> Response:
    """Take one event of Milestone XProtect, signed by its X-Hub-Signature-256."""
    return await _receive(f"milestone:{source}", request, services)


async def _receive(source: str, request: Request, services: ServicesOf) -> Response:
    body = await _limited_body(request)
    try:
        received = await services.use(CameraSources).receive(source, request.headers, body)
    except TooMany as error:
        words = {"error": {"message": str(error), "hint": "Send slower."}}
        headers = {"Retry-After": str(error.retry_after_s)}
        return JSONResponse(words, status_code=error.status, headers=headers)
    answer = {
        "duplicate": received.duplicate,
        "outcome": received.outcome,
        "incident": received.incident,
    }
    return JSONResponse(answer, status_code=200 if received.duplicate else 202)


async def _limited_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"body: more than {MAX_BODY_BYTES} bytes")
    return bytes(body)

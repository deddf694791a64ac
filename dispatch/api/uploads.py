"""Where other recorders upload calls. No session and no cookie: a key in the form is the right.

Paths, names of parts and answers are those of the servers that these programs are made for; they
stand in ``docs/uploads.md``.
"""

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response

from dispatch.api.asking import ServicesOf
from dispatch.deps import client_address, public
from dispatch.services.registry import Services
from dispatch.uploads import openmhz, rdio, refused
from dispatch.uploads.budget import BodyBudget
from dispatch.uploads.counting import DUPLICATE
from dispatch.uploads.multipart import (
    MAX_PARTS,
    BadMultipart,
    MultipartReader,
    Part,
    boundary_of,
)
from dispatch.uploads.openmhz import BadOpenMhz
from dispatch.uploads.received import OPENMHZ, Received
from dispatch.uploads.refused import Refused
from dispatch.uploads.setup import Uploads
from dispatch.uploads.trunk_recorder import BadMeta

router = APIRouter(tags=["uploads"], include_in_schema=False)
PREFIXES = ("/api/call-upload", "/api/trunk-recorder-call-upload", "/openmhz/")
"""Paths that have the upload's limit of size."""
IMPORTED = "Call imported successfully.\n"
REJECTED = "duplicate call rejected\n"
BODY_S, STALL_S = 60.0, 10.0
"""An upload may take a minute, and stand still for ten seconds."""
URL_ENCODED = "application/x-www-form-urlencoded"
MAX_SHORT_FORM_BYTES = 16 * 1024
Parts = Mapping[str, Part]


@router.post("/api/call-upload", dependencies=[Depends(public)])
async def call_upload(request: Request, services: ServicesOf) -> Response:
    """Take a call in the shape of rdio-scanner, or in that of OpenMHz by its parts."""
    return await _upload(request, services, _by_its_parts)


@router.post("/api/trunk-recorder-call-upload", dependencies=[Depends(public)])
async def trunk_recorder_upload(request: Request, services: ServicesOf) -> Response:
    """Take a call with the metadata of trunk-recorder."""
    return await _upload(request, services, rdio.read)


@router.post("/openmhz/{short_name}/upload", dependencies=[Depends(public)])
async def openmhz_upload(short_name: str, request: Request, services: ServicesOf) -> Response:
    """Take a call in the shape of OpenMHz."""

    def read(parts: Parts) -> Received:
        call = openmhz.read(parts, short_name)
        _demand_name(services.use(Uploads), short_name)
        return call

    return await _upload(request, services, read)


@router.post("/openmhz/{short_name}/authorize", dependencies=[Depends(public)])
async def openmhz_authorize(short_name: str, request: Request, services: ServicesOf) -> Response:
    """Answer a test of the connection: 200, 403 for a wrong key, 500 for a wrong name."""
    uploads = services.use(Uploads)
    try:
        told = await _texts(request, uploads)
        _demand_name(uploads, short_name)
    except BadMultipart as error:
        return PlainTextResponse(f"{error}\n", status_code=400)
    except Refused as no:
        uploads.intake.refuse(no.reason, address=client_address(request))
        return _refusal(no)
    key = uploads.keys.find(told.get("api_key", "").strip())
    fits = key is not None and key.short_name.casefold() == short_name.casefold()
    if key is None or key.revoked or not fits:
        uploads.intake.refuse(refused.WRONG_KEY, address=client_address(request))
        return PlainTextResponse(openmhz.WRONG_KEY, status_code=403)
    return Response(status_code=200)


def _by_its_parts(parts: Parts) -> Received:
    return openmhz.read(parts, "") if openmhz.is_openmhz(parts) else rdio.read(parts)


def _demand_name(uploads: Uploads, short_name: str) -> None:
    if not uploads.keys.names(short_name):
        words = openmhz.no_short_name(short_name.lower()[:64])
        raise Refused(refused.NO_SHORT_NAME, 500, words)


async def _upload(
    request: Request, services: Services, read: Callable[[Parts], Received]
) -> Response:
    uploads, address = services.use(Uploads), client_address(request)
    try:
        call = await _read(request, uploads, read)
    except Refused as no:
        uploads.intake.refuse(no.reason, address=address)
        return _refusal(no)
    try:
        taken = await uploads.intake.take(
            call, address=address, client=request.headers.get("user-agent", "")
        )
    except Refused as no:
        return _refusal(no)
    if call.family == OPENMHZ:
        return Response(status_code=200)
    return PlainTextResponse(REJECTED if taken.outcome == DUPLICATE else IMPORTED)


async def _read(request: Request, uploads: Uploads, read: Callable[[Parts], Received]) -> Received:
    """Return the call of a request; raises Refused with what its sender expects to hear."""
    try:
        return read(await _parts(request, uploads))
    except BadMultipart as error:
        status = 417 if error.form else 400
        raise Refused(refused.MALFORMED, status, f"{error}\n") from error
    except BadMeta as error:
        raise Refused(refused.MALFORMED, 417, f"{error}\n") from error
    except BadOpenMhz as error:
        raise Refused(refused.MALFORMED, 500, str(error)) from error


async def _texts(request: Request, uploads: Uploads) -> dict[str, str]:
    """Read the fields of a short form, multipart or, as SDRTrunk sends it, URL-encoded."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != URL_ENCODED:
        return rdio.texts_of(await _parts(request, uploads))
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_SHORT_FORM_BYTES:
                    raise BadMultipart("the form is too long", form=True)
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MAX_PARTS))
    except (TimeoutError, ValueError, ClientDisconnect) as error:
        raise BadMultipart("the form cannot be read", form=True) from error


async def _parts(request: Request, uploads: Uploads) -> dict[str, Part]:
    """Read the parts of a form as it comes; raises BadMultipart, Refused."""
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity"):
        raise Refused(refused.MALFORMED, 415, f"Content-Encoding {packed[:20]} is not taken\n")
    reader = MultipartReader(boundary_of(request.headers.getlist("content-type")))
    budget: BodyBudget = uploads.budget
    size = _declared(request, uploads.settings.max_bytes)
    async with budget.hold(size, client_address(request)):
        try:
            async with asyncio.timeout(BODY_S), asyncio.timeout(STALL_S) as stall:
                async for chunk in request.stream():
                    stall.reschedule(asyncio.get_running_loop().time() + STALL_S)
                    reader.feed(chunk)
        except TimeoutError as error:
            raise refused.later(refused.MALFORMED, "The upload took too long.", 5, 408) from error
        except ClientDisconnect as error:
            raise BadMultipart("multipart: the sender went away", form=True) from error
    return reader.finish()


def _declared(request: Request, most: int) -> int:
    told = request.headers.get("content-length", "")
    return min(int(told), most) if told.isdecimal() else most


def _refusal(no: Refused) -> Response:
    headers = {"Retry-After": str(no.retry_s)} if no.retry_s else None
    return PlainTextResponse(str(no), status_code=no.status, headers=headers)

"""Evidence packages: asked for with a purpose, approved by a second person, then fetched."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.deps import Person, require
from dispatch.errors import ServiceError
from dispatch.evidence.builder import signed_text
from dispatch.evidence.draft import Recipient, Why
from dispatch.evidence.gather import Selection
from dispatch.evidence.making import Part, Redacting
from dispatch.evidence.service import Ask, Evidence
from dispatch.evidence.shelf import Package
from dispatch.services.record import purpose_of

router = APIRouter(tags=["evidence"])

Viewer = Annotated[Person, Depends(require("evidence.see"))]
Requester = Annotated[Person, Depends(require("evidence.request"))]
Decider = Annotated[Person, Depends(require("evidence.approve"))]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Body(BaseModel):
    """A request's body: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class RecipientBody(Body):
    """Who receives a package, and by what right."""

    name: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    basis: Text


class DisclosureBody(Body):
    """Why, for whom, and who approves."""

    purpose_code: str = ""
    purpose_ref: str = ""
    purpose_text: Annotated[str, Field(max_length=500)] = ""
    basis: Text
    recipient: RecipientBody
    approvers: Annotated[list[str], Field(min_length=1, max_length=5)]
    approver_keys: dict[str, str] = {}
    expires: date
    listening_copies: bool = True


class LeftOut(Body):
    """A recording that matches and stays out, and why."""

    id: Text
    why: Text


class RequestBody(DisclosureBody):
    """What is asked for: times in UTC microseconds."""

    talkgroups: Annotated[list[str], Field(min_length=1, max_length=100)]
    from_utc: int
    to_utc: int
    only: Annotated[list[str], Field(max_length=1000)] = []
    left_out: Annotated[list[LeftOut], Field(max_length=1000)] = []


class PartBody(Body):
    """A part of a recording, in milliseconds from its beginning."""

    transmission: Text
    from_ms: Annotated[int, Field(ge=0)]
    to_ms: Annotated[int, Field(gt=0)]


class RedactedBody(DisclosureBody):
    """What becomes silence and tone in a copy, and why."""

    parts: Annotated[list[PartBody], Field(min_length=1, max_length=1000)]
    reason: Text


class ApprovalBody(Body):
    """The hash that was looked at; ``line`` is the signature line of a card."""

    package_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    line: Annotated[str, Field(max_length=400)] = ""


class RefusalBody(Body):
    """Why a package may not leave."""

    reason: Annotated[str, Field(min_length=10, max_length=500)]


def _ask(body: DisclosureBody, selection: Selection) -> Ask:
    purpose = purpose_of(body.purpose_code, body.purpose_ref, body.purpose_text)
    if purpose is None:
        raise ServiceError(
            "purpose: an incident, a case, an order, or words that say why",
            hint="Give purpose_code with purpose_ref or purpose_text.",
        )
    return Ask(
        selection=selection,
        why=Why(
            code=purpose.code,
            basis=body.basis,
            ref=purpose.ref or None,
            text=purpose.text,
        ),
        recipient=Recipient(**body.recipient.model_dump()),
        approvers=tuple(body.approvers),
        approver_keys=body.approver_keys,
        expires=body.expires,
        listening_copies=body.listening_copies,
    )


def _shown(package: Package) -> dict[str, Any]:
    """Return a package as JSON, with the text that a card signs; sessions stay inside."""
    value = package.to_json()
    for name in ("session", "address"):
        del value[name]
    return {**value, "to_sign": signed_text(package.id, package.package_hash)}


@router.get("/evidence")
async def packages(person: Viewer, services: ServicesOf) -> list[dict[str, Any]]:
    """Return all packages, newest first."""
    return [_shown(one) for one in services.use(Evidence).packages()]


@router.get("/evidence/{package}")
async def package(package: str, person: Viewer, services: ServicesOf) -> dict[str, Any]:
    """Return one package: what will leave, for whom, why, what is missing from it."""
    return _shown(services.use(Evidence).find(package))


@router.get("/evidence/{package}/contents")
async def contents(
    package: str, request: Request, person: Viewer, services: ServicesOf
) -> dict[str, Any]:
    """Return record, coverage, file list and README of a package: what an approver looks at."""
    return await services.use(Evidence).look(asker_of(request, person), package)


@router.post("/evidence", status_code=201)
async def request_package(
    body: RequestBody, request: Request, person: Requester, services: ServicesOf
) -> dict[str, Any]:
    """Log the request and build the package; it waits for its approvers."""
    selection = Selection(
        talkgroups=tuple(dict.fromkeys(body.talkgroups)),
        start_utc=body.from_utc,  # type: ignore[arg-type]  # microseconds at the border
        end_utc=body.to_utc,  # type: ignore[arg-type]  # microseconds at the border
        only=tuple(body.only),
        left_out=tuple((one.id, one.why) for one in body.left_out),
    )
    if selection.start_utc > selection.end_utc:
        raise ServiceError("evidence: expected from_utc before to_utc")
    ask = _ask(body, selection)
    return _shown(await services.use(Evidence).request(asker_of(request, person), ask))


@router.post("/evidence/{package}/redacted", status_code=201)
async def request_redacted(
    package: str, body: RedactedBody, request: Request, person: Requester, services: ServicesOf
) -> dict[str, Any]:
    """Make a copy of a package in which parts are silence and tone; it names its parent."""
    evidence = services.use(Evidence)
    parent = evidence.find(package)
    selection = Selection(
        talkgroups=parent.talkgroups,
        start_utc=parent.start_utc,  # type: ignore[arg-type]  # microseconds at the border
        end_utc=parent.end_utc,  # type: ignore[arg-type]  # microseconds at the border
        only=parent.recordings,
        left_out=parent.left_out,
    )
    redacting = Redacting(
        parent=parent.id,
        parent_hash=parent.package_hash,
        parts=tuple(Part(**one.model_dump()) for one in body.parts),
        reason=body.reason,
    )
    ask = _ask(body, selection)
    asker = asker_of(request, person)
    return _shown(await evidence.request_redacted(asker, ask, redacting))


@router.post("/evidence/{package}/approve")
async def approve(
    package: str, body: ApprovalBody, request: Request, person: Decider, services: ServicesOf
) -> dict[str, Any]:
    """Approve exactly the build with this hash; only who is named in it may."""
    asker = asker_of(request, person)
    evidence = services.use(Evidence)
    return _shown(await evidence.approve(asker, package, body.package_hash, body.line))


@router.post("/evidence/{package}/refuse")
async def refuse(
    package: str, body: RefusalBody, request: Request, person: Decider, services: ServicesOf
) -> dict[str, Any]:
    """Refuse a package: it never leaves."""
    asker = asker_of(request, person)
    return _shown(await services.use(Evidence).refuse(asker, package, body.reason))


@router.get("/evidence/{package}/file", response_class=Response)
async def fetch(
    package: str, request: Request, person: Requester, services: ServicesOf
) -> Response:
    """Return the approved package; the disclosure is in the log before the first byte leaves."""
    path = await services.use(Evidence).hand_out(asker_of(request, person), package)
    return FileResponse(
        path,
        media_type="application/zip",
        filename=path.name,
        headers={"Cache-Control": "no-store"},
    )

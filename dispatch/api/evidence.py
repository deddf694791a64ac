"""Evidence packages: asked for with a purpose, approved by a second person, then fetched."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.auth.permissions import permissions_of
from dispatch.deps import Person, require
from dispatch.errors import ServiceError
from dispatch.evidence.builder import signed_text
from dispatch.evidence.draft import Recipient, Why
from dispatch.evidence.leaving import READ_BYTES, Leaves
from dispatch.evidence.pictures import Box
from dispatch.evidence.pyz import viewer_page
from dispatch.evidence.redacted_times import parts_between
from dispatch.evidence.redaction import Part, Redacting
from dispatch.evidence.selection import Selection
from dispatch.evidence.service import Ask, Evidence
from dispatch.evidence.shelf import Package
from dispatch.retention.tables import LegalOrder
from dispatch.services.record import Asker, purpose_of
from dispatch.services.registry import Services

router = APIRouter(tags=["evidence"])

Viewer = Annotated[Person, Depends(require("evidence.see"))]
Requester = Annotated[Person, Depends(require("evidence.request"))]
Decider = Annotated[Person, Depends(require("evidence.approve"))]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Ids = Annotated[list[Text], Field(max_length=1000)]
Times = Annotated[int, Field(ge=0)]


class Body(BaseModel):
    """A request's body: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class RecipientBody(Body):
    """Who receives a package, and by what right."""

    name: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    basis: Text


class DisclosureBody(Body):
    """Why, for whom, and who approves. ``recipient_key``: a key of age, the file is encrypted."""

    purpose_code: str = ""
    purpose_ref: str = ""
    purpose_text: Annotated[str, Field(max_length=500)] = ""
    basis: Text
    recipient: RecipientBody
    recipient_key: Annotated[str, Field(max_length=1000)] = ""
    approvers: Annotated[list[str], Field(min_length=1, max_length=5)]
    approver_keys: dict[str, str] = {}
    expires: date
    listening_copies: bool = True
    case_summary: bool = False
    ask: bool = True
    """False: built as the original of a redacted copy; nobody is asked until ``…/ask``."""


class LeftOut(Body):
    """A recording that matches and stays out, and why."""

    id: Text
    why: Text


class RequestBody(DisclosureBody):
    """What is asked for: times in UTC microseconds.

    By talkgroups and time, by calls, by an incident (its confirmed links), by an order (its scope),
    by cameras and time; talkgroups or cameras beside an incident or order choose a part of it.
    """

    talkgroups: Annotated[list[Text], Field(max_length=100)] = []
    calls: Ids = []
    units: Ids = []
    sites: Ids = []
    cameras: Ids = []
    incident: Annotated[str, Field(max_length=64)] = ""
    order: Annotated[str, Field(max_length=64)] = ""
    from_utc: Times = 0
    to_utc: Times = 0
    only: Ids = []
    left_out: Annotated[list[LeftOut], Field(max_length=1000)] = []
    desk: bool = False


class BoxBody(Body):
    """A rectangle in pixels, from the top left."""

    x: Annotated[int, Field(ge=0)]
    y: Annotated[int, Field(ge=0)]
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]


class PartBody(Body):
    """What is hidden of a recording (``transmission``), or of a still or clip (``media``).

    Times in milliseconds from its beginning; none: all of it. ``boxes``: of the picture.
    """

    transmission: str = ""
    media: str = ""
    from_ms: Annotated[int | None, Field(ge=0)] = None
    to_ms: Annotated[int | None, Field(gt=0)] = None
    boxes: Annotated[list[BoxBody], Field(max_length=50)] = []
    picture: bool = True
    sound: bool = False


class MuteBody(Body):
    """A time in which every recording and clip is made unhearable."""

    from_utc: Times
    to_utc: Times


class RedactedBody(DisclosureBody):
    """What is hidden in a copy, and why."""

    parts: Annotated[list[PartBody], Field(max_length=1000)] = []
    mute: Annotated[list[MuteBody], Field(max_length=50)] = []
    mask_units: bool = False
    reason: Text


class ApprovalBody(Body):
    """The hash that was looked at; ``line`` is the signature line of a card."""

    package_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    line: Annotated[str, Field(max_length=400)] = ""


class RefusalBody(Body):
    """Why a package may not leave."""

    reason: Annotated[str, Field(min_length=10, max_length=500)]


def _ask(body: DisclosureBody, selection: Selection, order: LegalOrder | None = None) -> Ask:
    code, ref = body.purpose_code, body.purpose_ref
    if order is not None and not (code or ref or body.purpose_text):
        code, ref = "order", order.number
    purpose = purpose_of(code, ref, body.purpose_text)
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
        case_summary=body.case_summary,
        recipient_key=body.recipient_key.strip(),
        ask=body.ask,
    )


def _shown(package: Package, services: Services) -> dict[str, Any]:
    """Return a package as JSON, with names and the text that a card signs; sessions stay inside."""
    value = package.to_json()
    for name in ("session", "address", "selection"):
        del value[name]
    people = {user.id: user.display_name for user in services.people.users()}
    named = (package.requested_by, *package.approvers, package.refused_by)
    return {
        **value,
        "talkgroup_names": {one: services.plan.talkgroup_name(one) for one in package.talkgroups},
        "names": {one: people.get(one, one) for one in named if one},
        "to_sign": signed_text(package.id, package.package_hash),
    }


@router.get("/evidence")
async def packages(person: Viewer, services: ServicesOf) -> list[dict[str, Any]]:
    """Return all packages, newest first."""
    return [_shown(one, services) for one in await services.use(Evidence).packages()]


@router.get("/evidence-approvers")
async def approvers(person: Requester, services: ServicesOf) -> list[dict[str, str]]:
    """Return who may be named to approve: every other person whose role allows it."""
    mine = person.access.user
    return [
        {"id": user.id, "name": user.display_name, "role": user.role.value}
        for user in services.people.users()
        if not user.disabled
        and "evidence.approve" in permissions_of(user.role)
        and user.id != mine.id
        and (user.person or user.id) != (mine.person or mine.id)
    ]


@router.get("/evidence-disclosures")
async def disclosures(person: Viewer, services: ServicesOf) -> list[dict[str, Any]]:
    """Return what left, when, by whom and to whom; newest first."""
    return await services.use(Evidence).leaving.disclosures()


@router.get("/evidence-viewer", response_class=Response)
async def viewer(person: Viewer) -> Response:
    """Return the page that shows packages: a file without data, to hand out beside them."""
    headers = {"Content-Disposition": 'attachment; filename="view_evidence.html"'}
    return Response(viewer_page(), media_type="text/html", headers=headers)


@router.get("/evidence/{package}")
async def package(package: str, person: Viewer, services: ServicesOf) -> dict[str, Any]:
    """Return one package: what will leave, for whom, why, what is missing from it."""
    return _shown(await services.use(Evidence).find(package), services)


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
        cut=bool(body.to_utc),
        only=tuple(body.only),
        left_out=tuple((one.id, one.why) for one in body.left_out),
        calls=tuple(dict.fromkeys(body.calls)),
        units=tuple(body.units),
        sites=tuple(body.sites),
        cameras=tuple(body.cameras),
        incident=body.incident,
        order=body.order,
        desk=body.desk,
    )
    order = None
    if body.order:
        order = await services.store.read(lambda db: db.get(LegalOrder, body.order))
    ask = _ask(body, selection, order)
    return _shown(await services.use(Evidence).request(asker_of(request, person), ask), services)


@router.post("/evidence/{package}/redacted", status_code=201)
async def request_redacted(
    package: str, body: RedactedBody, request: Request, person: Requester, services: ServicesOf
) -> dict[str, Any]:
    """Make a copy of a package in which parts are hidden; it names its parent."""
    evidence = services.use(Evidence)
    parent = await evidence.find(package)
    muted = [(one.from_utc, one.to_utc) for one in body.mute]
    parts = await services.store.read(lambda db: parts_between(db, parent, muted))
    redacting = Redacting(
        parent=parent.id,
        parent_hash=parent.package_hash,
        parts=(*(_part(one) for one in body.parts), *parts),
        reason=body.reason,
        mask_units=body.mask_units,
        parent_files={},
    )
    ask = _ask(body, Selection())
    made = await evidence.request_redacted(asker_of(request, person), ask, parent, redacting)
    return _shown(made, services)


def _part(body: PartBody) -> Part:
    if bool(body.transmission) == bool(body.media):
        raise ServiceError("redaction: name a transmission, or a still or clip (media)")
    return Part(
        object=body.transmission or body.media,
        from_ms=body.from_ms,
        to_ms=body.to_ms,
        boxes=tuple(Box(**one.model_dump()) for one in body.boxes),
        picture=body.picture,
        sound=body.sound,
    )


@router.post("/evidence/{package}/ask")
async def ask_again(
    package: str, request: Request, person: Requester, services: ServicesOf
) -> dict[str, Any]:
    """Ask the named persons once more, when a day has passed without a disclosure."""
    asker = asker_of(request, person)
    return _shown(await services.use(Evidence).deciding.ask_again(asker, package), services)


@router.post("/evidence/{package}/approve")
async def approve(
    package: str, body: ApprovalBody, request: Request, person: Decider, services: ServicesOf
) -> dict[str, Any]:
    """Approve exactly the build with this hash; only who is named in it may."""
    asker = asker_of(request, person)
    evidence = services.use(Evidence)
    return _shown(
        await evidence.deciding.approve(asker, package, body.package_hash, body.line), services
    )


@router.post("/evidence/{package}/refuse")
async def refuse(
    package: str, body: RefusalBody, request: Request, person: Decider, services: ServicesOf
) -> dict[str, Any]:
    """Refuse a package: it never leaves."""
    asker = asker_of(request, person)
    return _shown(
        await services.use(Evidence).deciding.refuse(asker, package, body.reason), services
    )


@router.get("/evidence/{package}/file", response_class=Response)
async def fetch(
    package: str, request: Request, person: Requester, services: ServicesOf
) -> Response:
    """Return the approved package; the disclosure is in the log before the first byte leaves."""
    asker: Asker = asker_of(request, person)
    return _file(await services.use(Evidence).leaving.hand_out(asker, package))


@router.get("/evidence/{package}/calls.csv", response_class=Response)
async def calls_csv(
    package: str, request: Request, person: Requester, services: ServicesOf
) -> Response:
    """Return the overs of an approved package as a table, to read beside it; logged likewise."""
    asker: Asker = asker_of(request, person)
    return _file(await services.use(Evidence).leaving.calls_csv(asker, package))


def _file(leaves: Leaves) -> Response:
    after = BackgroundTasks()
    if leaves.temporary:
        after.add_task(leaves.temporary.unlink, missing_ok=True)
    return StreamingResponse(
        _parts_of(leaves),
        media_type=leaves.media_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Length": str(leaves.size),
            "Content-Disposition": f'attachment; filename="{leaves.name}"',
        },
        background=after,
    )


def _parts_of(leaves: Leaves) -> Iterator[bytes]:
    """Yield what leaves as it is opened: no plain copy of a sealed package comes to be."""
    with leaves.open() as file:
        while part := file.read(READ_BYTES):
            yield part

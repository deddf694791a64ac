"""Lists into drafts, and out of plans, in the formats of the field."""

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.responses import Response

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.packed import packed_json, with_more
from dispatch.api.plan_uses import uses_now
from dispatch.deps import Person, require
from dispatch.errors import NotFound, ServiceError
from dispatch.importing.csv_rows import MAX_FILE_BYTES
from dispatch.importing.recognise import FORMATS, Wish
from dispatch.importing.service import Lists, Order
from dispatch.importing.settle import POLICIES
from dispatch.importing.table_fields import TALKGROUP_FIELDS, UNIT_FIELDS
from dispatch.importing.writing import KINDS, LOSSES, formats_out, write_list
from dispatch.plans.drafts import Drafts
from gateway.model.plan import Plan

router = APIRouter(tags=["plan"])

Kind = Literal["talkgroups", "units", "sites"]
JOB = "^[A-Za-z0-9-]{0,64}$"
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}
Policy = Literal["keep", "merge", "update", "add", "replace"]
Editor = Annotated[Person, Depends(require("plan.edit"))]


@router.get("/plan/formats")
async def formats(
    person: Annotated[Person, Depends(require("plan.see"))], services: ServicesOf
) -> dict[str, Any]:
    """List formats read and written, the fields of a mapping, what is lost, and policies."""
    return {
        "read": {name: words for name, (words, _) in FORMATS.items()},
        "write": {kind: formats_out(kind) for kind in KINDS},
        "losses": LOSSES,
        "fields": {"talkgroups": TALKGROUP_FIELDS, "units": UNIT_FIELDS},
        "policies": POLICIES,
    }


@router.post("/plan/drafts/{draft}/import", responses=ANSWER)
async def import_list(
    *,
    draft: str,
    request: Request,
    person: Editor,
    services: ServicesOf,
    file: Annotated[UploadFile, File()],
    system: Annotated[str, Form(max_length=32)],
    kind: Annotated[Kind, Form()] = "talkgroups",
    format: Annotated[str, Form(max_length=40)] = "",  # noqa: A002 - the field's name
    mapping: Annotated[str, Form(max_length=20_000)] = "",
    sheet: Annotated[str, Form(max_length=100)] = "",
    policy: Annotated[Policy, Form()] = "keep",
    save_mapping: Annotated[bool, Form()] = False,
    apply: Annotated[bool, Form()] = False,
    packed: Annotated[bool, Form()] = False,
    job: Annotated[str, Form(pattern=JOB)] = "",
    revision: Annotated[int, Form()] = 0,
) -> Response:
    """Read a list, report each row, compare with the draft; with ``apply`` put it in.

    ``packed`` gives rows and differences (against the live plan, in words) as packed tables. A
    ``job`` is an id of the asker's choice: ``/plan/imports/{job}`` then tells how far it is.
    """
    wish = Wish(kind=kind, format=format, mapping=_mapping(mapping), sheet=sheet)
    data = await file.read(MAX_FILE_BYTES + 1)
    name = file.filename or ""
    order = Order(data, system, policy, wish, save_mapping, packed=packed, job=job, file=name)
    asker, lists, live = asker_of(request, person), services.use(Lists), services.plan.number
    if not apply:
        looked = await lists.look(asker, draft, order, live)
        used = await uses_now(services, services.plan.target, looked.removed)
        return await packed_json(request, with_more(looked.report, json.dumps(used).encode()))
    told, put = await lists.apply(asker, draft, revision, order, live)
    more = {"draft": put.id, "revision": put.revision, "sha256": put.sha256}
    return await packed_json(request, with_more(told, json.dumps(more).encode()))


@router.get("/plan/imports/{job}")
async def import_progress(job: str, person: Editor, services: ServicesOf) -> dict[str, Any]:
    """Tell how far one's own import is: a stage, and rows done of how many (0: unknown).

    The stage of one that has not begun or is done is empty: its file may still be on the way.
    """
    try:
        found = services.use(Lists).jobs.find(job, person.access.user.id)
    except NotFound:
        return {"stage": "", "done": 0, "total": 0}
    return {"stage": found.stage, "done": found.done, "total": found.total}


@router.delete("/plan/imports/{job}")
async def import_cancel(job: str, person: Editor, services: ServicesOf) -> dict[str, Any]:
    """End one's own import; nothing is changed by it."""
    services.use(Lists).jobs.cancel(job, person.access.user.id)
    return {"ok": True}


@router.get("/plans/{number}/list")
async def export_list(
    *,
    number: int,
    system: str,
    kind: Kind,
    format: str,  # noqa: A002 - the parameter's name
    person: Annotated[Person, Depends(require("plan.see"))],
    services: ServicesOf,
) -> Response:
    """Return talkgroups, units or sites of a plan as a list in a format of the field."""
    plan = await services.use(Drafts).plan(number)
    return await _list(plan, (system, kind, format), f"plan-{number}")


@router.get("/plan/drafts/{draft}/list")
async def export_draft(
    *,
    draft: str,
    system: str,
    kind: Kind,
    format: str,  # noqa: A002 - the parameter's name
    person: Annotated[Person, Depends(require("plan.see"))],
    services: ServicesOf,
) -> Response:
    """Return the same of a draft."""
    found = await services.use(Drafts).find(draft)
    return await _list(found.plan, (system, kind, format), f"draft-{found.sha256[:8]}")


async def _list(plan: Plan, what: tuple[str, str, str], of: str) -> Response:
    data = await asyncio.to_thread(write_list, plan, *what)
    system, kind, name = what
    disposition = f'attachment; filename="{system}-{kind}-{of}.{_ending(name)}"'
    headers = {"Content-Disposition": disposition}
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.post("/import/talkgroups", responses=ANSWER)
async def import_talkgroups(
    *,
    request: Request,
    person: Editor,
    services: ServicesOf,
    file: Annotated[UploadFile, File()],
    system: Annotated[str, Form(max_length=32)],
    apply: Annotated[bool, Form()] = False,
    policy: Annotated[Policy, Form()] = "keep",
) -> Response:
    """Read a list against the live plan; with ``apply`` begin a draft with it."""
    asker, lists = asker_of(request, person), services.use(Lists)
    data = await file.read(MAX_FILE_BYTES + 1)
    order = Order(data, system, policy, file=file.filename or "")
    number = services.plan.number
    told = await lists.against(asker, order, services.plan.target, number)
    if not apply:
        return await packed_json(request, told)
    told, put = await lists.begin(asker, f"Import into {system}", number, order)
    return await packed_json(request, with_more(told, json.dumps({"draft": put.id}).encode()))


def _mapping(text: str) -> dict[str, str] | None:
    if not text:
        return None
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ServiceError(f"mapping: not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ServiceError("mapping: expected an object of title to field")
    return {str(title): str(field) for title, field in values.items()}


def _ending(name: str) -> str:
    if name == "sdrtrunk":
        return "xml"
    return "yml" if name in ("dvm-rules", "dvm-aliases") else "tsv" if name == "op25" else "csv"

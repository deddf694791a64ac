"""Importing talkgroup lists into the plan."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.deps import Person, require
from dispatch.importing.csv_rows import MAX_FILE_BYTES
from dispatch.importing.merge import merge
from dispatch.importing.report import report
from dispatch.importing.talkgroups import read_talkgroups
from dispatch.services.record import Record

router = APIRouter(tags=["plan"])


@router.post("/import/talkgroups")
async def import_talkgroups(
    *,
    request: Request,
    person: Annotated[Person, Depends(require("plan.edit"))],
    services: ServicesOf,
    file: Annotated[UploadFile, File()],
    system: Annotated[str, Form(max_length=32)],
    apply: Annotated[bool, Form()] = False,
    policy: Annotated[Literal["add", "update", "keep"], Form()] = "keep",
) -> dict[str, Any]:
    """Read a talkgroup list, compare it with the plan, and (with ``apply``) make a new plan."""
    reading = read_talkgroups(await file.read(MAX_FILE_BYTES + 1))
    plan = services.plan
    diff = merge(plan.plan, system, reading.talkgroups, policy)
    number = plan.number
    applied = apply and bool(diff.added or diff.changed)
    if applied:
        note = f"{len(diff.added)} added, {len(diff.changed)} fields changed, {reading.format}"
        await services.use(Record).before(
            asker_of(request, person),
            "admin",
            "plan.import",
            Obj(type="plan", id=str(number)),
            detail={
                "format": reading.format,
                "added": len(diff.added),
                "changed": len(diff.changed),
            },
        )
        number = await plan.activate(diff.plan, author=person.name, note=note)
    return report(reading, diff, applied=applied, plan=number)

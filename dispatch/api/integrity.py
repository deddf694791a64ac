"""The integrity page: verify now, the proof of one entry, a copy of the log for an authority."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathText
from pydantic import BaseModel, Field
from starlette.responses import FileResponse

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.audit.prover import Prover
from dispatch.audit.writer import AuditWriter
from dispatch.deps import Person, require
from dispatch.errors import ServiceError
from dispatch.reports.authority import LogExports
from dispatch.reports.clock_watch import ClockWatch
from dispatch.reports.verification import Verification, own_key, proof_of
from dispatch.services.record import Record, purpose_of
from dispatch.services.registry import Services

router = APIRouter(tags=["audit"])

EXPORT = r"^x-[0-9a-z]{26}$"
CHECKPOINTS = 50
DOES_NOT_PROVE = (
    "That everything that happened was logged. The completeness check compares recorder, call "
    "table, files and log each day.",
    "That the clock was right. Jumps of the clock and its time server are logged.",
    "That the person named sat at the keyboard. Sign-in, session and address are logged.",
    "That table, head and checkpoints were not cut together. Only a witness, or somebody who kept "
    "an older checkpoint, sees that.",
)


class AskExport(BaseModel):
    """For whom a copy of the log is, and why."""

    name: str = Field(min_length=1, max_length=200)
    country: str = Field(min_length=2, max_length=2)
    basis: str = Field(default="", max_length=200)
    purpose_code: str = Field(default="", max_length=32)
    purpose_ref: str = Field(default="", max_length=64)
    purpose_text: str = Field(default="", max_length=500)


@router.post("/audit/verification")
async def begin(
    request: Request,
    person: Annotated[Person, Depends(require("audit.verify"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Begin to hash the whole log again; returns at once, with how far it is."""
    verification = services.use(Verification)
    verification.start(asker_of(request, person))
    return _progress(services)


@router.get("/audit/verification")
async def verification_state(
    person: Annotated[Person, Depends(require("audit.state"))], services: ServicesOf
) -> dict[str, Any]:
    """Return how far a verification is, and the last result."""
    return _progress(services)


def _progress(services: Services) -> dict[str, Any]:
    verification = services.use(Verification)
    now = verification.running
    return {
        "running": {"started_utc": now.started_utc, "done": now.done, "of": now.of}
        if now
        else None,
        "last": verification.last,
    }


@router.get("/audit/integrity")
async def integrity(
    person: Annotated[Person, Depends(require("audit.state"))], services: ServicesOf
) -> dict[str, Any]:
    """Return the newest checkpoints, the log's key, the clock, and what a log does not prove."""
    writer, clock = services.use(AuditWriter), services.use(ClockWatch)

    def work() -> tuple[list[dict[str, Any]], str]:
        with Prover(writer.database) as prover:
            found = prover.checkpoints()
        rows = [
            {"size": one.size, "root": one.root.hex(), "at_utc": one.at_utc}
            for one in reversed(found[-CHECKPOINTS:])
        ]
        return rows, own_key(writer)

    rows, key = await asyncio.to_thread(work)
    return {
        "checkpoints": rows,
        "key": key,
        "clock": {
            "words": clock.state.words,
            "followed": clock.state.followed,
            "error_ms": clock.state.error_ms,
            "steps": clock.steps,
        },
        "does_not_prove": list(DOES_NOT_PROVE),
    }


@router.get("/audit/entries/{seq}/proof")
async def entry_proof(
    seq: Annotated[int, PathText(ge=0)],
    request: Request,
    person: Annotated[Person, Depends(require("audit.read"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Return an entry with its hashes up to a signed root; logged before it is sent."""
    obj = Obj(type="audit_log", id=str(seq))
    await services.use(Record).before(asker_of(request, person), "consult", "audit.proof", obj)
    return await asyncio.to_thread(proof_of, services.use(AuditWriter), seq)


@router.get("/audit/exports")
async def exports(
    person: Annotated[Person, Depends(require("audit.export"))], services: ServicesOf
) -> list[dict[str, Any]]:
    """Return the copies that were asked for."""
    return await services.use(LogExports).kept()


@router.post("/audit/exports")
async def ask_export(
    body: AskExport,
    request: Request,
    person: Annotated[Person, Depends(require("audit.export"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Ask for a copy of the log as it is now; a second person agrees under approvals."""
    asker = asker_of(request, person)
    stated = purpose_of(body.purpose_code, body.purpose_ref, body.purpose_text) or asker.purpose
    if stated is None:
        raise ServiceError("a copy of the log leaves for a purpose: name the case, or say why")
    recipient = {"name": body.name, "country": body.country, "basis": body.basis}
    return await services.use(LogExports).ask(asker, recipient, stated)


@router.post("/audit/exports/{export}/make")
async def make_export(
    export: Annotated[str, PathText(pattern=EXPORT)],
    request: Request,
    person: Annotated[Person, Depends(require("audit.export"))],
    services: ServicesOf,
) -> dict[str, Any]:
    """Make a copy that was agreed to; the disclosure is logged first."""
    return await services.use(LogExports).make(asker_of(request, person), export)


@router.get("/audit/exports/{export}/file")
async def export_file(
    export: Annotated[str, PathText(pattern=EXPORT)],
    request: Request,
    person: Annotated[Person, Depends(require("audit.export"))],
    services: ServicesOf,
) -> FileResponse:
    """Send a copy; logged first."""
    path, name = await services.use(LogExports).file(asker_of(request, person), export)
    return FileResponse(path, media_type="application/zip", filename=name)

"""Plans: drafts, check, comparison, simulation, activation, keeping, the way back."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.api.plan_uses import told, uses_now
from dispatch.deps import Person, require
from dispatch.importing.service import Lists
from dispatch.oversight.approvals import Approvals, digest_of
from dispatch.plans.activation import Activations
from dispatch.plans.check import Report
from dispatch.plans.compare import Comparison, compare
from dispatch.plans.drafts import DraftHead, Drafts
from dispatch.plans.edit import MAX_EDITS, Edit
from dispatch.plans.finding import Finding
from dispatch.plans.simulate import Effects
from dispatch.plans.still_used import removed_of
from dispatch.plans.toml import plan_toml, read_plan_text
from dispatch.plans.wiring import KIND, Plans, what_happens
from gateway.model.wire import to_json

router = APIRouter(tags=["plan"])

Reader = Annotated[Person, Depends(require("plan.see"))]
Editor = Annotated[Person, Depends(require("plan.edit"))]
Activator = Annotated[Person, Depends(require("plan.activate"))]
Returner = Annotated[Person, Depends(require("plan.return"))]
Rows = dict[str, Any]
"""A JSON object."""


class DraftBody(BaseModel):
    """A new draft: of a plan's number, of the live plan, or of a file's text."""

    name: str = Field(max_length=200)
    base: int | None = None
    file: str | None = Field(default=None, max_length=20_000_000)


class EditBody(BaseModel):
    """One edit."""

    op: Literal["put", "remove"] = "put"
    kind: str = Field(max_length=32)
    id: str = Field(default="", max_length=200)
    value: dict[str, Any] | None = None
    place: int | None = Field(default=None, ge=0)


class EditsBody(BaseModel):
    """Edits of the newest revision; or ``file``, which replaces the whole plan of the draft."""

    revision: int
    edits: list[EditBody] = Field(default_factory=list, max_length=MAX_EDITS)
    file: str | None = Field(default=None, max_length=20_000_000)
    name: str | None = Field(default=None, max_length=200)


class ActivateBody(BaseModel):
    """Which plan, when (UTC microseconds; None: now), and why."""

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    at_utc: int | None = None
    reason: str = Field(default="", max_length=2000)


class KeepBody(BaseModel):
    """Which plan is kept."""

    number: int


class ReasonBody(BaseModel):
    """Why."""

    reason: str = Field(max_length=2000)


class RollBackBody(ReasonBody):
    """Which plan comes back, and why."""

    number: int


@router.get("/plans")
async def history(person: Reader, services: ServicesOf) -> Rows:
    """Return the live plan's state, all plans by number, and the last activations."""
    activations = services.use(Activations)
    state = await activations.state()
    versions = await services.plan.versions()
    imports = await services.use(Lists).counts()
    return {
        **state,
        "second_person": services.use(Plans).rules.second_person,
        "plans": [{**row, "imports": imports.get(row["number"], 0)} for row in versions],
        "history": await activations.history(),
    }


@router.get("/plans/{number}")
async def one(number: int, person: Reader, services: ServicesOf) -> Rows:
    """Return a plan by its number."""
    plan = await services.use(Drafts).plan(number)
    return {"number": number, "plan": await asyncio.to_thread(to_json, plan)}


@router.get("/plans/{number}/file")
async def file_of(number: int, person: Reader, services: ServicesOf) -> Response:
    """Return a plan as a TOML file: to be edited elsewhere and taken in as a draft."""
    plan = await services.use(Drafts).plan(number)
    text = await asyncio.to_thread(plan_toml, plan)
    return _file(text, f"plan-{number}.toml")


@router.get("/plans/{number}/compare/{other}")
async def compare_plans(number: int, other: int, person: Reader, services: ServicesOf) -> Rows:
    """Return what plan ``other`` has otherwise than plan ``number``."""
    drafts = services.use(Drafts)
    before, after = await drafts.plan(number), await drafts.plan(other)
    comparison = await asyncio.to_thread(compare, before, after)
    used = await uses_now(services, before, removed_of(comparison.changes))
    return {**await asyncio.to_thread(_comparison, comparison), **used}


@router.get("/plan/drafts")
async def drafts(person: Reader, services: ServicesOf) -> list[Rows]:
    """List open and scheduled drafts."""
    return [draft_row(draft) for draft in await services.use(Drafts).all()]


@router.post("/plan/drafts")
async def begin(body: DraftBody, request: Request, person: Editor, services: ServicesOf) -> Rows:
    """Begin a draft."""
    base = services.plan.number if body.base is None else body.base
    plan = None
    if body.file is not None:
        plan = await asyncio.to_thread(read_plan_text, body.file)
    asker = asker_of(request, person)
    return draft_row(await services.use(Drafts).begin(asker, body.name, base, plan))


@router.get("/plan/drafts/{draft}")
async def draft_of(draft: str, person: Reader, services: ServicesOf) -> Rows:
    """Return a draft with its whole plan."""
    found = await services.use(Drafts).find(draft)
    return {**draft_row(found), "plan": await asyncio.to_thread(to_json, found.plan)}


@router.get("/plan/drafts/{draft}/file")
async def draft_file(draft: str, person: Reader, services: ServicesOf) -> Response:
    """Return a draft as a TOML file."""
    found = await services.use(Drafts).find(draft)
    text = await asyncio.to_thread(plan_toml, found.plan)
    return _file(text, f"draft-{found.sha256[:8]}.toml")


@router.patch("/plan/drafts/{draft}")
async def edit(
    draft: str, body: EditsBody, request: Request, person: Editor, services: ServicesOf
) -> Rows:
    """Change a draft: objects, its name, or the whole of it from a file."""
    asker, service = asker_of(request, person), services.use(Drafts)
    if body.name is not None:
        await service.rename(asker, draft, body.name)
    if body.file is not None:
        plan = await asyncio.to_thread(read_plan_text, body.file)
        return draft_row(await service.put(asker, draft, body.revision, plan))
    if not body.edits:
        return draft_row(await service.find(draft))
    edits = [Edit(e.op, e.kind, e.id, e.value, e.place) for e in body.edits]
    return draft_row(await service.edit(asker, draft, body.revision, edits))


@router.delete("/plan/drafts/{draft}")
async def discard(draft: str, request: Request, person: Editor, services: ServicesOf) -> Rows:
    """Put a draft away."""
    await services.use(Drafts).discard(asker_of(request, person), draft)
    return {"ok": True}


@router.post("/plan/drafts/{draft}/check")
async def check(draft: str, request: Request, person: Editor, services: ServicesOf) -> Rows:
    """Hold a draft against every rule."""
    return report_row(await services.use(Drafts).check(asker_of(request, person), draft))


@router.post("/plan/drafts/{draft}/compare")
async def compare_draft(draft: str, request: Request, person: Editor, services: ServicesOf) -> Rows:
    """Compare a draft with the live plan, and tell what activating it would do now."""
    asker, live = asker_of(request, person), services.plan
    service = services.use(Drafts)
    comparison = await service.compare(asker, draft, live.target, live.number)
    used = await uses_now(services, live.target, removed_of(comparison.changes))
    effects = await services.use(Activations).simulate(draft)
    now = {"with": live.number, "effects": await asyncio.to_thread(effects_row, effects)}
    return {**await asyncio.to_thread(_comparison, comparison), **used, **now}


@router.post("/plan/drafts/{draft}/ask")
async def ask(
    draft: str, body: ActivateBody, request: Request, person: Activator, services: ServicesOf
) -> Rows:
    """Ask a second person to agree to exactly this plan in the place of the live one."""
    found = await services.use(Drafts).find(draft)
    what = what_happens(found, body.sha256)
    live = services.plan.target
    comparison = await asyncio.to_thread(compare, live, found.plan)
    lines = (await told(services, live, comparison)).sentences()
    approval = await services.use(Approvals).ask(
        asker_of(request, person),
        kind=KIND,
        subject=draft,
        digest=digest_of(what),
        words=f"Activate draft {found.name} in the place of plan {found.compared_with}",
        detail={**what, "differences": lines[:500], "more": max(0, len(lines) - 500)},
    )
    return {"approval": approval}


@router.post("/plan/drafts/{draft}/activate")
async def activate(
    draft: str, body: ActivateBody, request: Request, person: Activator, services: ServicesOf
) -> Rows:
    """Activate a draft now or at a time."""
    row = await services.use(Activations).activate(
        asker_of(request, person), draft, body.sha256, reason=body.reason, at_utc=body.at_utc
    )
    return row.model_dump()


@router.post("/plan/keep")
async def keep(body: KeepBody, request: Request, person: Activator, services: ServicesOf) -> Rows:
    """Keep the plan that is on trial."""
    row = await services.use(Activations).keep(asker_of(request, person), body.number)
    return row.model_dump()


@router.post("/plan/return")
async def give_back(
    body: ReasonBody, request: Request, person: Returner, services: ServicesOf
) -> Rows:
    """Return from the plan on trial to the one before it."""
    asker = asker_of(request, person)
    return {"number": await services.use(Activations).give_back(asker, body.reason)}


@router.post("/plan/rollback")
async def roll_back(
    body: RollBackBody, request: Request, person: Activator, services: ServicesOf
) -> Rows:
    """Make an earlier plan live again."""
    asker = asker_of(request, person)
    number = await services.use(Activations).roll_back(asker, body.number, body.reason)
    return {"number": number}


@router.delete("/plan/schedule/{activation}")
async def cancel(
    activation: int, request: Request, person: Activator, services: ServicesOf
) -> Rows:
    """Take a scheduled activation back."""
    row = await services.use(Activations).cancel(asker_of(request, person), activation)
    return row.model_dump()


def draft_row(draft: DraftHead) -> Rows:
    """Return a draft without its plan as JSON values."""
    return {
        "id": draft.id,
        "name": draft.name,
        "base": draft.base,
        "sha256": draft.sha256,
        "revision": draft.revision,
        "state": draft.state,
        "author": draft.author_name,
        "created_utc": draft.created_utc,
        "changed_utc": draft.changed_utc,
        "checked": draft.checked,
        "compared_with": draft.compared_with,
    }


def report_row(report: Report) -> Rows:
    """Return a check's report as JSON values."""
    return {
        "plan_sha256": report.plan_sha256,
        "ok": report.ok,
        "counts": report.counts(),
        "findings": [finding_row(finding) for finding in report.findings],
    }


def finding_row(finding: Finding) -> Rows:
    """Return a finding as JSON values."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "kind": finding.kind,
        "id": finding.id,
        "field": finding.field,
        "words": finding.words,
    }


def _comparison(comparison: Comparison) -> Rows:
    return {"counts": comparison.counts(), "changes": to_json(comparison.changes)}


def effects_row(effects: Effects) -> Rows:
    """Return what an activation would do as JSON values."""
    row: Rows = to_json(effects)
    return row


def _file(text: str, name: str) -> Response:
    return Response(
        text,
        media_type="application/toml",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

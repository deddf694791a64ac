"""What came of the lists that were put into drafts and plans: heads, rows, CSV."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dispatch.api.asking import ServicesOf
from dispatch.api.packed import packed_json, with_more
from dispatch.deps import Person, require
from dispatch.errors import NotFound
from dispatch.importing.history import head_of
from dispatch.importing.kept_report import inflated, rows_csv
from dispatch.importing.service import Lists
from dispatch.importing.tables import ImportReport
from dispatch.plans.drafts import Drafts

router = APIRouter(tags=["plan"])
Reader = Annotated[Person, Depends(require("plan.see"))]
ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}}
}
Rows = list[dict[str, Any]]
"""JSON objects."""


@router.get("/plans/{number}/imports")
async def plan_imports(number: int, person: Reader, services: ServicesOf) -> Rows:
    """List what came of the lists that were put into the draft that became a plan."""
    return await services.use(Lists).of_plan(number)


@router.get("/plan/drafts/{draft}/imports")
async def draft_imports(draft: str, person: Reader, services: ServicesOf) -> Rows:
    """List what came of the lists that were put into a draft, the newest first."""
    await services.use(Drafts).body(draft)
    return await services.use(Lists).of_draft(draft)


@router.get("/plan/import-reports/{report}", responses=ANSWER)
async def import_report(
    report: str, request: Request, person: Reader, services: ServicesOf
) -> Response:
    """Return a report with its rows, packed; without them when they are kept no longer."""
    row = await services.use(Lists).report(report)
    head = json.dumps(head_of(row), ensure_ascii=False).encode()
    rows = '{"rows":0,"columns":{}}' if row.rows is None else await _inflated(row.rows)
    return await packed_json(request, with_more(head, f'{{"rows":{rows}}}'.encode()))


@router.get("/plan/import-reports/{report}/csv")
async def import_report_csv(report: str, person: Reader, services: ServicesOf) -> Response:
    """Return the rows of a report as CSV."""
    row = await services.use(Lists).report(report)
    if row.rows is None:
        raise NotFound("the rows of this import are kept no longer")
    text = await asyncio.to_thread(_csv, row)
    headers = {"Content-Disposition": f'attachment; filename="row-report-{row.id}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


async def _inflated(rows: bytes) -> str:
    return await asyncio.to_thread(inflated, rows)


def _csv(row: ImportReport) -> str:
    return "".join(rows_csv(row.rows or b""))

"""Day sheets, reports by talkgroup, site and shift, records of processing, lists for a breach."""

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi import Path as PathText
from starlette.responses import PlainTextResponse, Response

from dispatch.api.asking import ServicesOf, asker_of
from dispatch.audit.entry import Obj
from dispatch.deps import Person, require
from dispatch.reports import breach, processing
from dispatch.reports.daysheet import DaySheets
from dispatch.reports.indexer import Indexer
from dispatch.reports.service import Reports
from dispatch.reports.setup import ReportSide
from dispatch.reports.shifts import Shifts
from dispatch.services.record import Record
from dispatch.services.registry import Services

router = APIRouter(tags=["reports"])

DAY = r"^\d{4}-\d{2}-\d{2}$"
ACCOUNT = r"^[A-Za-z0-9._:-]*$"
DayText = Annotated[str, Query(pattern=DAY, examples=["2026-11-24"])]
MOST_LISTED = 200_000
"""Most rows in one list for a breach notice."""
CSV, MARKDOWN = "text/csv; charset=utf-8", "text/markdown; charset=utf-8"


@router.get("/daysheets")
async def days(
    person: Annotated[Person, Depends(require("daysheet.see"))], services: ServicesOf
) -> dict[str, Any]:
    """Return the days whose sheets are kept, and today's name."""
    sheets = services.use(DaySheets)
    return {"today": sheets.today, "days": await sheets.kept()}


@router.get("/daysheets/{day}")
async def day_sheet(
    day: Annotated[str, PathText(pattern=DAY)],
    request: Request,
    person: Annotated[Person, Depends(require("daysheet.see"))],
    services: ServicesOf,
    file: Annotated[bool, Query()] = False,
) -> Response:
    """Return a day's sheet, or how today stands so far; ``file`` gives it for keeping."""
    services.use(Record).note_of(
        asker_of(request, person), "system", "daysheet.read", Obj(type="day_sheet", id=day)
    )
    sheet = await services.use(DaySheets).show(day)
    text = json.dumps(sheet, ensure_ascii=False, indent=1 if file else None)
    return _answer(text, "application/json", f"day-sheet-{day}.json" if file else "")


@router.get("/reports")
async def reports(
    person: Annotated[Person, Depends(require("report.see"))], services: ServicesOf
) -> dict[str, Any]:
    """Return which reports there are and by what they can be broken down."""
    return services.use(Reports).listed()


@router.get("/reports/{kind}")
async def report(  # the parts of the query
    *,
    kind: Annotated[str, PathText(max_length=32, pattern=r"^[a-z_]+$")],
    request: Request,
    person: Annotated[Person, Depends(require("report.see"))],
    services: ServicesOf,
    first: DayText,
    last: DayText,
    by: Annotated[str, Query(max_length=16, pattern=r"^[a-z]+$")] = "talkgroup",
    form: Annotated[Literal["json", "csv"], Query()] = "json",
) -> Response:
    """Return a report of whole days, as JSON or CSV. Nothing in it is about a person."""
    asker = asker_of(request, person)
    table = await services.use(Reports).make(asker, kind, by, (first, last))
    if form == "csv":
        text = table.to_csv({"report": kind, "first": first, "last": last})
        return _answer(text, CSV, f"{kind}-{first}-{last}.csv")
    body = {**table.to_json(), "first": first, "last": last}
    return _answer(json.dumps(body, ensure_ascii=False), "application/json", "")


@router.get("/processing")
async def processing_record(
    request: Request,
    person: Annotated[Person, Depends(require("processing.see"))],
    services: ServicesOf,
    form: Annotated[Literal["json", "md", "csv"], Query()] = "json",
) -> Response:
    """Return the records of processing as configured now (LED Art. 24)."""
    services.use(Record).note_of(
        asker_of(request, person), "system", "processing.read", Obj(type="report", id="processing")
    )
    index = await services.use(Indexer).current()
    settings, now = services.use(ReportSide).settings, services.clock.utc_us()
    plan = services.plan.plan
    sections = await services.store.read(
        lambda db: processing.record_of_processing(db, index, plan, settings, now)
    )
    day = services.use(Shifts).day_of(now)
    if form == "md":
        text = processing.as_markdown(sections, services.room, day)
        return _answer(text, MARKDOWN, f"processing-{day}.md")
    if form == "csv":
        return _answer(processing.as_csv(sections), CSV, f"processing-{day}.csv")
    body = {"room": services.room, "day": day, "sections": processing.as_json(sections)}
    return _answer(json.dumps(body, ensure_ascii=False), "application/json", "")


@router.get("/breach")
async def touched(  # the parts of the query
    *,
    request: Request,
    person: Annotated[Person, Depends(require("breach.list"))],
    services: ServicesOf,
    from_utc: Annotated[int, Query(ge=0)],
    to_utc: Annotated[int, Query(ge=0)],
    actor: Annotated[str, Query(max_length=64, pattern=ACCOUNT)] = "",
    address: Annotated[str, Query(max_length=64, pattern=r"^[0-9A-Fa-f.:]*$")] = "",
    noticed_utc: Annotated[int | None, Query(ge=0)] = None,
    form: Annotated[Literal["json", "csv", "file"], Query()] = "json",
) -> Response:
    """Return which records were touched in a time, for the notice within 72 hours; logged first."""
    query = breach.BreachQuery(
        from_utc=from_utc, to_utc=to_utc, actor=actor, address=address, noticed_utc=noticed_utc
    )
    await _log_breach(services, request, person, query)
    index = await services.use(Indexer).current()
    found = await asyncio.to_thread(breach.summary, index, query)
    if form == "json":
        return _answer(json.dumps(found, ensure_ascii=False), "application/json", "")
    rows = await asyncio.to_thread(breach.listed, index, query, MOST_LISTED)
    if form == "csv":
        return _answer(await asyncio.to_thread(breach.as_csv, rows), CSV, "touched-records.csv")
    text = await asyncio.to_thread(breach.as_json, found, rows)
    return _answer(text, "application/json", "touched-records.json")


async def _log_breach(
    services: Services, request: Request, person: Person, query: breach.BreachQuery
) -> None:
    detail = {
        "from_utc": query.from_utc,
        "to_utc": query.to_utc,
        "actor": query.actor,
        "address": query.address,
    }
    obj = Obj(type="audit_log", id="breach")
    asker = asker_of(request, person)
    await services.use(Record).before(asker, "consult", "breach.listed", obj, detail=detail)


def _answer(text: str, kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'} if name else {}
    return PlainTextResponse(text, media_type=kind, headers=headers)

"""The reports of a time: which there are, made on request, never kept and never about a person."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from dispatch.audit.entry import Obj
from dispatch.errors import NotFound, ServiceError
from dispatch.evidence.outages import Outage, Outages
from dispatch.reports import equipment, figures
from dispatch.reports.grouping import DIMENSIONS, Frame
from dispatch.reports.shifts import Shifts, Span
from dispatch.reports.staffing import staffing
from dispatch.reports.table import Table
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store

OF_CALLS: dict[str, Callable[[Session, Frame], Table]] = {
    "channel_load": figures.channel_load,
    "refused": figures.refused,
    "emergencies": figures.emergencies,
    "unheard": figures.unheard,
    "cameras": equipment.cameras,
}
LINKS = "links"
REPORTS = (*OF_CALLS, LINKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTools:
    """What reports are made of."""

    store: Store
    plan: LivePlan
    record: Record
    shifts: Shifts
    outages: Callable[[], Outages | None]


class Reports:
    """Makes one report for whole days, by talkgroup, site or shift."""

    def __init__(self, tools: ReportTools) -> None:
        """Take the store and the plan."""
        self._tools = tools

    async def make(self, asker: Asker, kind: str, by: str, days: tuple[str, str]) -> Table:
        """Return a report; raises NotFound, ServiceError, ConfigError on days that are none."""
        if kind not in REPORTS:
            raise NotFound(f"there is no report {kind}")
        if by not in DIMENSIONS:
            raise ServiceError(
                f"by: expected one of {', '.join(DIMENSIONS)}, got {by!r}",
                hint="There is no report by person.",
            )
        span = self._tools.shifts.days(*days)
        detail = {"by": by, "from": days[0], "to": days[1]}
        obj = Obj(type="report", id=kind)
        self._tools.record.note_of(asker, "system", "report.read", obj, detail=detail)
        return await self.table(kind, by, span)

    async def table(self, kind: str, by: str, span: Span) -> Table:
        """Return a report of a time."""
        gone = await asyncio.to_thread(self._gone, span) if kind == LINKS else []

        def work(db: Session) -> Table:
            frame = Frame(
                span=span,
                shifts=self._tools.shifts,
                by=by,
                plan=self._tools.plan.plan,
                staffing=staffing(db, span, self._tools.shifts),
            )
            if kind == LINKS:
                return equipment.links(frame, gone)
            return OF_CALLS[kind](db, frame)

        return await self._tools.store.read(work)

    def _gone(self, span: Span) -> list[Outage]:
        outages = self._tools.outages()
        return outages.between(span.from_utc, span.to_utc) if outages else []

    def listed(self) -> dict[str, Any]:
        """Return which reports and dimensions there are, and the shifts."""
        return {
            "reports": list(REPORTS),
            "by": list(DIMENSIONS),
            "zone": str(self._tools.shifts.zone),
            "shifts": [self._tools.shifts.words(start) for start in self._tools.shifts.starts],
        }

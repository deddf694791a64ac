"""Files the services of reports, trails, integrity and extracts, and runs their tasks."""

import asyncio
import logging
from pathlib import Path
from typing import TypeVar

from dispatch.audit.log_index import LogIndex
from dispatch.audit.outside import OutsideProof
from dispatch.audit.writer import AuditWriter
from dispatch.evidence.outages import Outages
from dispatch.extracts.corrections import Corrections
from dispatch.extracts.service import Extracts, ExtractTools
from dispatch.oversight.approvals import Approvals
from dispatch.reports.authority import ExportTools, LogExports
from dispatch.reports.clock_watch import ClockWatch
from dispatch.reports.daysheet import DaySheets, SheetTools
from dispatch.reports.indexer import Indexer
from dispatch.reports.service import Reports, ReportTools
from dispatch.reports.settings import ReportSettings
from dispatch.reports.shifts import Shifts, shifts_of
from dispatch.reports.trail import Trails, TrailTools
from dispatch.reports.verification import Verification
from dispatch.retention.erasure import Erasure
from dispatch.services.record import Record
from dispatch.services.registry import Services
from dispatch.store.engine import StoreUnavailable

logger = logging.getLogger(__name__)

TIDY_S = 3600.0
T = TypeVar("T")


class ReportSide:
    """The tasks of this room."""

    def __init__(self, services: Services, settings: ReportSettings) -> None:
        """Take the services that ``add_reports`` filed."""
        self._services = services
        self._task: asyncio.Task[None] | None = None
        self.settings = settings

    def start(self) -> None:
        """Begin to index, to make day sheets, to watch the clock, to tidy."""
        self._services.use(ClockWatch).start()
        self._services.use(Indexer).start()
        self._services.use(DaySheets).start()
        self._task = asyncio.create_task(self._tidy(), name="reports-tidy")

    async def close(self) -> None:
        """End all; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        use = self._services.use
        await use(Verification).close()
        await use(DaySheets).close()
        await use(Indexer).close()
        await use(ClockWatch).close()

    async def _tidy(self) -> None:
        while True:
            try:
                await self._services.use(LogExports).expire()
                await self._services.use(Extracts).expire()
            except StoreUnavailable as error:
                logger.warning("reports: %s", error)
            await asyncio.sleep(TIDY_S)


def add_reports(services: Services, state: Path, settings: ReportSettings) -> None:
    """Make and file the services; raises ConfigError on settings that cannot be."""
    s = services
    shifts = s.add(shifts_of(settings.shifts, settings.zone), Shifts)
    writer, record = s.use(AuditWriter), s.use(Record)
    indexer = s.add(Indexer(LogIndex(writer.database, state / "audit" / "index.db")))
    s.add(ClockWatch(record.note))
    s.add(Verification(writer, record, s.clock))
    trails = s.add(
        Trails(
            TrailTools(
                indexer=indexer,
                keys=writer.keys,
                store=s.store,
                plan=s.plan,
                people=s.people,
                record=record,
            )
        )
    )
    s.add(
        Extracts(
            ExtractTools(
                trails=trails,
                indexer=indexer,
                keys=writer.keys,
                store=s.store,
                record=record,
                clock=s.clock,
                randomness=s.randomness,
                shifts=shifts,
                room=s.room,
            )
        )
    )
    corrections = s.add(
        Corrections(
            store=s.store, record=record, clock=s.clock, plan=s.plan, randomness=s.randomness
        )
    )
    if s.has(Erasure):
        corrections.follow_erasure(s.use(Erasure))
    s.add(
        DaySheets(
            SheetTools(
                store=s.store,
                plan=s.plan,
                indexer=indexer,
                writer=writer,
                clock=s.clock,
                shifts=shifts,
                room=s.room,
                outside=lambda: _if_there(s, OutsideProof),
            )
        )
    )
    s.add(
        Reports(
            ReportTools(
                store=s.store,
                plan=s.plan,
                record=record,
                shifts=shifts,
                outages=lambda: _if_there(s, Outages),
            )
        )
    )
    s.add(
        LogExports(
            ExportTools(
                store=s.store,
                writer=writer,
                record=record,
                clock=s.clock,
                randomness=s.randomness,
                approvals=s.use(Approvals),
                outside=lambda: _if_there(s, OutsideProof),
                folder=state / "log-exports",
            )
        )
    )
    s.add(ReportSide(s, settings))


def _if_there(services: Services, kind: type[T]) -> T | None:
    """Return a service that a server may run without."""
    return services.use(kind) if services.has(kind) else None

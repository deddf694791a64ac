"""The day sheet: what an auditor reads in the morning, one page a day, signed into the log.

Made some minutes after midnight for the day before; days that were missed are made at the next
start. A sheet never changes afterwards: its SHA-256 is in the log, and a printed one, which bears
the log's size and root, is itself something that the log can be held against.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj, canonical
from dispatch.audit.outside import STALE_S, OutsideProof
from dispatch.audit.prover import Prover
from dispatch.audit.radio_text import checkpoint_text
from dispatch.audit.writer import AuditWriter
from dispatch.errors import LogNotWritable, NotFound
from dispatch.incidents.tables import Incident
from dispatch.oversight.tables import Approval
from dispatch.reports.day_figures import Json, clock_events, counted, entries_of
from dispatch.reports.indexer import Indexer
from dispatch.reports.shifts import Shifts, Span
from dispatch.reports.tables import DaySheet
from dispatch.retention.tables import Hold, LegalOrder
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store, StoreUnavailable
from gateway.model.errors import RadioError
from gateway.ports import Clock

logger = logging.getLogger(__name__)

SHEET_VERSION = 1
US_PER_S = 1_000_000
US_PER_DAY = 86_400 * US_PER_S
LOOK_S = 60.0
AFTER_US = 300 * US_PER_S
"""So long after midnight a day is closed: what was spooled has entered by then."""
MOST_MISSED = 31
BEHIND = 100
"""Entries that a head may be behind a log at work: one group that is being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTools:
    """What a sheet is made of."""

    store: Store
    plan: LivePlan
    indexer: Indexer
    writer: AuditWriter
    clock: Clock
    shifts: Shifts
    room: str
    outside: Callable[[], OutsideProof | None] = lambda: None


class DaySheets:
    """Makes, keeps and shows the sheets; one task of the loop."""

    def __init__(self, tools: SheetTools) -> None:
        """Take the log's index and the store."""
        self._tools = tools
        self._task: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()

    def start(self) -> None:
        """Begin to make each day's sheet."""
        self._task = asyncio.create_task(self._run(), name="day-sheets")

    async def close(self) -> None:
        """End; safe twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def kept(self) -> list[Json]:
        """Return the kept days, newest first."""

        def work(db: Session) -> list[Json]:
            found = db.exec(
                select(DaySheet.day, DaySheet.sha256, DaySheet.entry_seq, DaySheet.made_utc)
                .order_by(col(DaySheet.day).desc())
                .limit(400)
            )
            return [
                {"day": day, "sha256": sha256, "entry_seq": seq, "made_utc": made}
                for day, sha256, seq, made in found
            ]

        return await self._tools.store.read(work)

    @property
    def today(self) -> str:
        """The site's day now."""
        return self._tools.shifts.day_of(self._tools.clock.utc_us())

    async def show(self, day: str) -> Json:
        """Return a kept sheet with its proof, or how today stands so far; raises NotFound."""
        row = await self._tools.store.read(lambda db: db.get(DaySheet, day))
        if row is not None:
            unchanged = hashlib.sha256(row.body.encode()).hexdigest() == row.sha256
            return {
                **json.loads(row.body),
                "kept": {
                    "sha256": row.sha256,
                    "entry_seq": row.entry_seq,
                    "made_utc": row.made_utc,
                    "unchanged": unchanged,
                },
            }
        if day > self.today:
            raise NotFound(f"there is no sheet of {day}")
        return {**await self.compute(day), "kept": None}

    async def make(self, day: str) -> DaySheet:
        """Make and keep the sheet of a day, unless there is one; raises LogNotWritable."""
        async with self._busy:
            row = await self._tools.store.read(lambda db: db.get(DaySheet, day))
            if row is not None:
                return row
            body = canonical(await self.compute(day))
            sha256 = hashlib.sha256(body).hexdigest()
            seq = await self._tools.writer.append(
                Act(
                    op="system",
                    verb="daysheet.made",
                    actor=SYSTEM,
                    obj=Obj(type="day_sheet", id=day),
                    detail={"sha256": sha256},
                )
            )
            kept = DaySheet(
                day=day,
                body=body.decode(),
                sha256=sha256,
                entry_seq=seq,
                made_utc=self._tools.clock.utc_us(),
            )
            await self._tools.store.write(lambda db: db.add(kept))
            return kept

    async def compute(self, day: str) -> Json:
        """Return the sheet of a day as it stands now."""
        tools, span = self._tools, self._tools.shifts.days(day, day)
        index = await tools.indexer.current()
        entries = await asyncio.to_thread(entries_of, index, span)
        plan = tools.plan.plan
        figures = await tools.store.read(
            lambda db: {
                **counted(db, entries, span, shifts=tools.shifts, plan=plan, centre=tools.room),
                **_matters(db, span, tools.clock.utc_us()),
            }
        )
        return {
            "v": SHEET_VERSION,
            "room": tools.room,
            "day": day,
            "zone": str(tools.shifts.zone),
            "shifts": [tools.shifts.words(start) for start in tools.shifts.starts],
            "from_utc": span.from_utc,
            "to_utc": span.to_utc,
            "so_far": tools.clock.utc_us() < span.to_utc,
            **_whole(figures),
            "clock": await asyncio.to_thread(clock_events, index, span),
            "completeness": await asyncio.to_thread(_completeness, index, span),
            "log": await asyncio.to_thread(self._log_state),
        }

    def _log_state(self) -> Json:
        status = self._tools.writer.status
        now_s = self._tools.clock.utc_us() // US_PER_S
        outside = self._tools.outside()
        witnesses = [
            {
                "name": one.name,
                "size": one.size,
                "at_utc": one.at_s * US_PER_S or None,
                "minutes_ago": (now_s - one.at_s) // 60 if one.at_s else None,
                "fault": one.fault,
                "stale": now_s - one.at_s > STALE_S,
            }
            for one in (outside.witnesses() if outside else [])
        ]
        return {
            "origin": status.origin,
            "size": status.size,
            "head_size": status.head_size,
            "head_whole": status.size - status.head_size <= BEHIND,
            "root": status.root.hex(),
            "writable": status.writable,
            "reason": status.reason,
            "spooled": status.spooled,
            "witnesses": witnesses,
            "unwitnessed": not witnesses or all(one["stale"] for one in witnesses),
            **self._printed(),
        }

    def _printed(self) -> Json:
        """Return the newest checkpoint as one line that may be typed in again from paper."""
        try:
            with Prover(self._tools.writer.database) as prover:
                newest = prover.newest_checkpoint()
            return {"radio_text": checkpoint_text(newest.note) if newest else ""}
        except RadioError:
            return {"radio_text": ""}

    async def _run(self) -> None:
        while True:
            try:
                await self.make_missing()
            except (StoreUnavailable, LogNotWritable) as error:
                logger.warning("day sheet: %s", error)
            except Exception:  # whatever an entry holds: the next minute is tried again
                logger.exception("day sheet failed")
            await asyncio.sleep(LOOK_S)

    async def make_missing(self) -> list[str]:
        """Make the sheets of the days that are over, a month back at most; returns the days."""
        now = self._tools.clock.utc_us() - AFTER_US
        day_of = self._tools.shifts.day_of
        days = {day_of(now - ago * US_PER_DAY) for ago in range(1, MOST_MISSED + 1)}
        begun = await self._begun()
        known = {row["day"] for row in await self.kept()}
        wanted = sorted(d for d in days - known if begun <= d < day_of(now))
        for day in wanted:
            await self.make(day)
        return wanted

    async def _begun(self) -> str:
        """Return the day of the log's first entry."""
        index = await self._tools.indexer.current()
        rows = await asyncio.to_thread(index.rows, "SELECT t_utc FROM entry ORDER BY seq LIMIT 1")
        at = int(str(rows[0][0])) if rows else self._tools.clock.utc_us()
        return self._tools.shifts.day_of(at)


def _matters(db: Session, span: Span, now: int) -> Json:
    """Return open orders and holds, floods of cameras, requests that wait."""
    floods = db.exec(
        select(Incident).where(
            col(Incident.storm).is_(True),
            col(Incident.opened_utc) < span.to_utc,
            col(Incident.last_event_utc) >= span.from_utc,
        )
    ).all()
    waiting = db.exec(select(func.count()).where(col(Approval.state) == "waiting")).one()
    return {
        "orders": open_orders(db, now),
        "holds": _holds(db, now),
        "floods": [
            {"incident": one.label, "source": one.source, "events": one.storm_events}
            for one in floods
        ],
        "approvals_waiting": waiting,
    }


def open_orders(db: Session, now: int) -> list[Json]:
    """Return orders that are not answered yet, the nearest deadline first."""
    rows = db.exec(
        select(LegalOrder).where(LegalOrder.state == "open").order_by(col(LegalOrder.deadline_utc))
    )
    return [
        {
            "number": row.number,
            "authority": row.authority,
            "deadline_utc": row.deadline_utc,
            "days_left": (row.deadline_utc - now) // US_PER_DAY,
            "overdue": row.deadline_utc < now,
        }
        for row in rows
    ]


def _holds(db: Session, now: int) -> Json:
    standing = db.exec(select(Hold.review_utc).where(col(Hold.lifted_utc).is_(None))).all()
    return {"standing": len(standing), "review_due": sum(review < now for review in standing)}


def _completeness(index: Any, span: Span) -> Json | None:
    rows = index.rows(
        "SELECT e.t_utc, e.result, CAST(l.entry AS TEXT) -> '$.detail' FROM entry e "
        "JOIN log.audit_log l ON l.seq = e.seq WHERE e.verb = 'completeness.checked' "
        "AND e.t_utc < ? ORDER BY e.seq DESC LIMIT 1",
        (span.to_utc,),
    )
    if not rows:
        return None
    at, result, detail = rows[0]
    return {"at_utc": at, "complete": result == "ok", **_whole(json.loads(str(detail)))}


def _whole(value: Any) -> Any:
    """Return a value with shares as texts: the canonical form knows whole numbers only."""
    if isinstance(value, float):
        return str(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value

"""Recorded traces of links: asked for with a reason, limited, listed, fetched, deleted by age.

A trace holds what passes a link's port: voice frames and texts too. So it is asked for with a
reason, fetching it is logged as a disclosure with its purpose, and it is deleted after two weeks.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.links.ports import LinkTools, TraceOrder, TraceState
from dispatch.links.tables import LinkTrace
from dispatch.services.background import Background
from dispatch.services.disk import Usage, disk_usage
from dispatch.services.record import Asker, Record
from dispatch.services.rows import Row, as_row
from dispatch.store.engine import Store, StoreUnavailable
from gateway.model.errors import LinkError
from gateway.model.ids import ulid
from gateway.model.link_kinds import ANALOGUE, TETRA_PEI
from gateway.model.p25_settings import DFSI, FNE, MODEM, NETWORK
from gateway.model.plan import Link
from gateway.ports import Clock

logger = logging.getLogger(__name__)

FOLDER = "traces"
KEPT_DAYS = 14
MAX_RUNNING = 4
DEFAULT_MINUTES, MAX_MINUTES = 10, 24 * 60
DEFAULT_MEGABYTES, MAX_MEGABYTES = 50, 500
"""``samband replay`` reads files of at most 1 GB."""
MAX_FOLDER_BYTES = 4 * 1024**3
"""All traces together."""
FREE_BYTES = 1024**3
"""What the disk must have beside a new trace at its longest: recordings go first."""
CHECK_S = 600
MEGABYTE = 1_000_000
US_PER_DAY = 86_400_000_000
MAX_LISTED = 500
MIN_REASON, MAX_REASON = 5, 400
REPLAYED = {TETRA_PEI: "pei", ANALOGUE: "analogue", FNE: "fne", MODEM: "mmdvm", NETWORK: "p25net"}
"""Kind of a link -> interface of ``samband replay``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceWish:
    """What an engineer asks for."""

    reason: str
    minutes: int = DEFAULT_MINUTES
    megabytes: int = DEFAULT_MEGABYTES


class LinkTraces:
    """Every trace of this server; the files are the gateway's to write."""

    def __init__(
        self,
        *,
        store: Store,
        record: Record,
        clock: Clock,
        randomness: Callable[[int], bytes],
        tools: Callable[[], LinkTools],
        state: Path,
        background: Background,
        usage: Usage = disk_usage,
    ) -> None:
        """Take the parts; ``tools`` gives the gateway's links once they are there."""
        self._store = store
        self._record = record
        self._clock = clock
        self._randomness = randomness
        self._tools = tools
        self._folder = state / FOLDER
        self._background = background
        self._usage = usage
        self._links: dict[str, str] = {}
        """Link of each trace that runs or is about to."""
        self._joined = False

    # ---- start and stop ------------------------------------------------------------------------

    async def start(self, asker: Asker, link: Link, wish: TraceWish) -> Row:
        """Begin a trace of a link; raises ServiceError, Conflict with the reason in words."""
        _check(wish)
        await asyncio.to_thread(self._demand_room, link, wish)
        trace = f"lt-{ulid(self._clock.utc_us(), self._randomness(10))}"
        self._claim(trace, link)
        try:
            return await self._start(asker, trace, link, wish)
        except BaseException:
            self._links.pop(trace, None)
            raise

    def _claim(self, trace: str, link: Link) -> None:
        if link.id in self._links.values():
            raise Conflict(f"a trace of {link.name} is being recorded already")
        if len(self._links) >= MAX_RUNNING:
            raise Conflict(f"{MAX_RUNNING} traces are being recorded: no more at once")
        self._links[trace] = link.id

    async def _start(self, asker: Asker, trace: str, link: Link, wish: TraceWish) -> Row:
        now, who = self._clock.utc_us(), asker.access.user
        row = LinkTrace(
            id=trace,
            link=link.id,
            name=link.name,
            kind=link.kind,
            reason=wish.reason.strip(),
            started_utc=now,
            started_by=who.display_name,
            user=who.id,
            expires_utc=now + KEPT_DAYS * US_PER_DAY,
        )
        shown = as_row(row) | {"running": True}
        detail = {"link": link.id, "minutes": wish.minutes, "megabytes": wish.megabytes}
        await self._record.before(asker, "admin", "trace.started", _obj(trace), detail=detail)
        await self._store.write(lambda db: db.add(row))
        order = TraceOrder(
            id=trace,
            link=link,
            path=self._path(trace),
            header=header_of(link, trace, row.reason),
            max_bytes=wish.megabytes * MEGABYTE,
            max_s=wish.minutes * 60.0,
        )
        try:
            self._join().begin(order)
        except LinkError as error:
            await self._finish(TraceState(id=trace, cause="failed", reason=str(error)))
            raise
        return shown

    async def stop(self, asker: Asker, trace: str) -> None:
        """End a trace; what was recorded is kept. Raises NotFound when it does not run."""
        if not self._join().stop(trace):
            raise NotFound(f"trace {trace} is not being recorded")
        self._record.note_of(asker, "admin", "trace.stopped", _obj(trace))

    def running_on(self, link: str) -> Row | None:
        """Return the trace that runs on a link."""
        trace = next((one for one, on in self._links.items() if on == link), None)
        state = self._join().running().get(trace) if trace else None
        return None if state is None else _progress(state)

    # ---- reading -------------------------------------------------------------------------------

    async def list(self) -> list[Row]:
        """Return the traces that are kept, newest first."""

        def work(db: Session) -> list[Row]:
            query = select(LinkTrace).order_by(col(LinkTrace.started_utc).desc())
            return [as_row(row) for row in db.exec(query.limit(MAX_LISTED))]

        rows, running = await self._store.read(work), self._join().running()
        for row in rows:
            state = running.get(row["id"])
            row |= {"running": state is not None, **(_progress(state) if state else {})}
        return rows

    async def file(self, asker: Asker, trace: str) -> Path:
        """Log that a trace is fetched, with its purpose, and return its file.

        Raises NotFound, Conflict while it runs, PurposeNeeded, LogNotWritable.
        """
        row = await self._row(trace)
        path = self._path(trace)
        if row["ended_utc"] is None:
            raise Conflict("this trace is still being recorded", hint="Stop it first.")
        if not path.exists():
            raise NotFound(f"trace {trace} has no file: {row['cause'] or 'it was never written'}")
        detail = {"link": row["link"], "sha256": row["sha256"]}
        await self._record.before(asker, "disclose", "trace.fetched", _obj(trace), detail=detail)
        return path

    async def delete(self, asker: Asker, trace: str) -> None:
        """Delete a trace before its time; raises NotFound, Conflict while it runs."""
        row = await self._row(trace)
        if row["ended_utc"] is None:
            raise Conflict("this trace is still being recorded", hint="Stop it first.")
        await self._record.before(
            asker, "admin", "trace.deleted", _obj(trace), detail={"link": row["link"]}
        )
        await self._drop(trace)

    async def _row(self, trace: str) -> Row:
        def work(db: Session) -> Row | None:
            row = db.get(LinkTrace, trace)
            return None if row is None else as_row(row)

        row = await self._store.read(work)
        if row is None:
            raise NotFound(f"there is no trace {trace}")
        return row

    # ---- ends ----------------------------------------------------------------------------------

    def _join(self) -> LinkTools:
        tools = self._tools()
        if not self._joined:
            self._joined = True
            tools.on_ended(self._ended)
        return tools

    def _ended(self, state: TraceState) -> None:
        self._background.start(self._finish(state), "trace-ended")

    async def _finish(self, state: TraceState) -> None:
        self._links.pop(state.id, None)
        now = self._clock.utc_us()

        def work(db: Session) -> None:
            row = db.get(LinkTrace, state.id)
            if row is not None:
                row.ended_utc, row.cause, row.sha256 = now, state.cause, state.sha256
                row.records, row.lost, row.size_bytes = (
                    state.records,
                    state.lost,
                    state.size_bytes,
                )
                db.add(row)

        result = "failed" if state.cause == "failed" else "ok"
        detail = {
            "cause": state.cause,
            "records": state.records,
            "lost": state.lost,
            "sha256": state.sha256,
            **({"reason": state.reason} if state.reason else {}),
        }
        self._record.note(
            Act(
                op="system",
                verb="trace.ended",
                actor=SYSTEM,
                obj=_obj(state.id),
                result=result,
                detail=detail,
            )
        )
        try:
            await self._store.write(work)
        except StoreUnavailable:
            logger.warning("trace %s: its end could not be stored", state.id)

    async def run(self) -> None:
        """Close what a crash left open, then delete by age until cancelled."""
        await self._recover()
        while True:
            await self.expire()
            await asyncio.sleep(CHECK_S)

    async def _recover(self) -> None:
        """Take every trace without an end for one that a crash cut off."""

        def work(db: Session) -> list[str]:
            query = select(LinkTrace.id).where(col(LinkTrace.ended_utc).is_(None))
            return list(db.exec(query))

        for trace in await self._store.read(work):
            if trace in self._links:
                continue
            state = await asyncio.to_thread(self._join().close_left, self._path(trace))
            await self._finish(state or TraceState(id=trace, cause="failed", reason="no file"))

    async def expire(self) -> None:
        """Delete what is older than its time."""
        now = self._clock.utc_us()

        def work(db: Session) -> list[str]:
            query = select(LinkTrace.id).where(
                LinkTrace.expires_utc <= now, col(LinkTrace.ended_utc).is_not(None)
            )
            return list(db.exec(query))

        for trace in await self._store.read(work):
            self._record.note(Act(op="system", verb="trace.expired", actor=SYSTEM, obj=_obj(trace)))
            await self._drop(trace)

    async def _drop(self, trace: str) -> None:
        path = self._path(trace)
        await asyncio.to_thread(path.unlink, missing_ok=True)

        def work(db: Session) -> None:
            row = db.get(LinkTrace, trace)
            if row is not None:
                db.delete(row)

        await self._store.write(work)

    # ---- inside --------------------------------------------------------------------------------

    def _path(self, trace: str) -> Path:
        return self._folder / f"{trace}.jsonl"

    def _demand_room(self, link: Link, wish: TraceWish) -> None:
        used = sum(file.stat().st_size for file in self._folder.glob("lt-*"))
        wanted = wish.megabytes * MEGABYTE
        if used + wanted > MAX_FOLDER_BYTES:
            raise Conflict(
                f"traces take {used // MEGABYTE} MB of {MAX_FOLDER_BYTES // MEGABYTE} MB, "
                f"{wish.megabytes} MB more do not fit",
                hint="Delete some that are not needed any more.",
            )
        _, free = self._usage(self._folder if self._folder.exists() else self._folder.parent)
        if free < FREE_BYTES + wanted:
            raise Conflict(
                f"the disk has {free // MEGABYTE} MB free: a trace of {wish.megabytes} MB would "
                f"leave less than {FREE_BYTES // MEGABYTE} MB for recordings"
            )


def header_of(link: Link, trace: str, reason: str) -> Row:
    """Return what the first line of a trace says of its link; no password, no key, no file name."""
    dialect = link.p25.dialect if link.p25 else "tia"
    replayed = REPLAYED.get(link.kind, "v24" if dialect == "v24" else "dfsi")
    header: Row = {
        "trace": trace,
        "link": link.id,
        "name": link.name,
        "kind": link.kind,
        "replay": replayed,
        "system": link.system,
        "reason": reason,
        "blanked": "passwords, PINs and keys",
    }
    if link.kind == TETRA_PEI:
        header |= {"own_number": link.own_number, "group": link.group}
    if link.kind == ANALOGUE:
        header |= {"carrier": link.carrier, "carrier_active": link.carrier_active}
        header["group"] = next(iter(link.talkgroups), None)
    if link.kind in (DFSI, MODEM) and link.p25 is not None:
        header["nac"] = link.p25.nac
    return header


def _check(wish: TraceWish) -> None:
    if not MIN_REASON <= len(wish.reason.strip()) <= MAX_REASON:
        raise ServiceError(
            "reason: a trace holds what others say and write, so it needs one",
            hint=f"Say in {MIN_REASON} to {MAX_REASON} characters what is being looked for.",
        )
    if not 1 <= wish.minutes <= MAX_MINUTES:
        raise ServiceError(f"minutes: expected 1 to {MAX_MINUTES}, got {wish.minutes}")
    if not 1 <= wish.megabytes <= MAX_MEGABYTES:
        raise ServiceError(f"megabytes: expected 1 to {MAX_MEGABYTES}, got {wish.megabytes}")


def _progress(state: TraceState) -> Row:
    return {
        "id": state.id,
        "records": state.records,
        "lost": state.lost,
        "size_bytes": state.size_bytes,
    }


def _obj(trace: str) -> Obj:
    return Obj(type="trace", id=trace, cat="radio")

"""Video on legal hold is kept where it is, too: Frigate is asked to, and looked after daily.

Our own copy is what counts (a bookmark); the source's is asked for because it may be more, and in
better quality. A source that erased it all the same is told in the row and in the log.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote

from sqlmodel import Session, col, select

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.cameras.media import MAX_CLIP_S
from dispatch.cameras.register import CameraInfo, CameraRegister
from dispatch.cameras.tables import CameraEvent
from dispatch.errors import NotFound
from dispatch.live.bookmarks import Bookmarks
from dispatch.live.tables import SourceHoldRow
from dispatch.services.record import Record
from dispatch.store.engine import Store, StoreUnavailable
from gateway.model.ids import ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

ASKED, KEPT, FAILED, RELEASED = "asked", "kept", "failed", "released"
CHECK_US = 86_400 * 1_000_000
AGAIN_US = 600 * 1_000_000
LOOK_S = 30.0
MAX_EVENTS = 500
"""Events of one camera in one range that are asked to be retained, newest first."""
SECOND_US = 1_000_000


class Keeper(Protocol):
    """A source that can be asked to keep (``FrigateHttp``)."""

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Ask for JSON."""

    async def retain(self, event_id: str) -> int:
        """Ask to keep one event."""


class SourceHolds:
    """What sources are asked to keep."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        randomness: Callable[[int], bytes],
        register: CameraRegister,
        bookmarks: Bookmarks,
        record: Record,
    ) -> None:
        """Take the register and who fetches our own copy."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._register = register
        self._bookmarks = bookmarks
        self._record = record
        self._keepers: dict[str, Keeper] = {}
        self._wake = asyncio.Event()
        self._closing = False

    def add_keeper(self, source: str, keeper: Keeper) -> None:
        """Ask this source for cameras of its own."""
        self._keepers[source] = keeper

    async def keep_at_source(
        self, camera: str, from_utc: int, to_utc: int, reason: str, *, incident: str = ""
    ) -> str:
        """Have a camera's video between two times kept at its source, and fetch our own copy.

        Returns the hold's id. A range longer than ten minutes is fetched in parts. Raises NotFound
        for a camera that is not registered.
        """
        known = self._register.by_id(camera)
        if known is None:
            raise NotFound(f"there is no camera {camera}")
        now = self._clock.utc_us()
        row = SourceHoldRow(
            id="k-" + ulid(now, self._randomness(10)),
            camera=camera,
            source=known.source,
            from_utc=from_utc,
            to_utc=max(to_utc, from_utc + SECOND_US),
            reason=reason[:500],
            made_utc=now,
            next_utc=now,
        )
        await self._store.write(lambda db: db.add(row))
        await self._fetch_copy(known, row, incident)
        self._wake.set()
        return row.id

    async def _fetch_copy(self, camera: CameraInfo, row: SourceHoldRow, incident: str) -> None:
        start, end = row.from_utc, min(row.to_utc, self._clock.utc_us())
        while start < end:
            until = min(start + MAX_CLIP_S * SECOND_US, end)
            await self._bookmarks.want(
                camera,
                (start, until),
                event_utc=start,
                incident=incident,
                who="",
                why=f"hold: {row.reason}",
            )
            start = until

    async def release(self, hold: str) -> None:
        """Say that a hold is over: nothing is asked any more. The source decides what it erases."""
        now = self._clock.utc_us()

        def work(db: Session) -> SourceHoldRow:
            row = db.get(SourceHoldRow, hold)
            if row is None:
                raise NotFound(f"there is no hold {hold} at a source")
            row.state, row.released_utc, row.next_utc = RELEASED, now, 0
            db.add(row)
            return row

        row = await self._store.write(work)
        keeper = self._keepers.get(row.source)
        if keeper is not None and row.export:
            await keeper.ask("DELETE", f"api/export/{quote(row.export, safe='')}")

    async def rows(self) -> list[dict[str, Any]]:
        """Return what sources are asked to keep, newest first."""

        def work(db: Session) -> list[dict[str, Any]]:
            query = select(SourceHoldRow).order_by(col(SourceHoldRow.made_utc).desc()).limit(500)
            return [row.model_dump() for row in db.exec(query)]

        return await self._store.read(work)

    # ---- asking --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Ask what is due, each held range again every day, until ``close``."""
        while not self._closing:
            try:
                await self.look()
            except StoreUnavailable as error:
                logger.warning("holds at sources: %s", error)
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()

    async def look(self) -> int:
        """Ask what is due now; returns how many ranges."""
        now = self._clock.utc_us()

        def due(db: Session) -> list[SourceHoldRow]:
            query = select(SourceHoldRow).where(
                col(SourceHoldRow.next_utc) > 0, col(SourceHoldRow.next_utc) <= now
            )
            return list(db.exec(query.limit(50)))

        rows = await self._store.read(due)
        for row in rows:
            await self._one(row)
        return len(rows)

    async def _one(self, row: SourceHoldRow) -> None:
        keeper, before = self._keepers.get(row.source), row.state
        now = self._clock.utc_us()
        if keeper is None:
            values = {"state": FAILED, "error": "this source cannot be asked to keep anything"}
            next_utc = now + CHECK_US
        else:
            values = await self._ask(keeper, row)
            next_utc = now + (CHECK_US if values["state"] == KEPT else AGAIN_US)

        def work(db: Session) -> None:
            found = db.get(SourceHoldRow, row.id)
            if found is None or found.state == RELEASED:
                return
            for name, value in values.items():
                setattr(found, name, value)
            found.checked_utc, found.next_utc = now, next_utc
            db.add(found)

        await self._store.write(work)
        if values["state"] != before:
            self._note(row, values)

    async def _ask(self, keeper: Keeper, row: SourceHoldRow) -> dict[str, str]:
        camera = self._register.by_id(row.camera)
        name = quote(camera.name_at_source if camera and camera.name_at_source else row.camera)
        retained = await self._retain(keeper, row)
        if row.export:
            status, _ = await keeper.ask("GET", f"api/exports/{quote(row.export, safe='')}")
            if status in (200, 0):
                return {"state": KEPT if status else FAILED, "error": "" if status else "no answer"}
        start, end = row.from_utc // SECOND_US, -(-row.to_utc // SECOND_US)
        path = f"api/export/{name}/start/{start}/end/{end}"
        status, told = await keeper.ask("POST", path, {"name": f"hold {row.id}"})
        export = told.get("export_id", "") if isinstance(told, dict) else ""
        if status == 200 and export:
            return {"state": KEPT, "export": str(export)[:200], "error": ""}
        if status == 200:
            return {"state": KEPT, "error": ""}
        words = f"it answered {status}" if status else "no answer"
        kept = f"{retained} events retained, but the recording is not kept: " if retained else ""
        return {"state": FAILED, "error": f"{kept}{words}"}

    async def _retain(self, keeper: Keeper, row: SourceHoldRow) -> int:
        def work(db: Session) -> list[str]:
            query = (
                select(CameraEvent.src_event_id)
                .where(
                    CameraEvent.source == row.source,
                    CameraEvent.camera == row.camera,
                    CameraEvent.kind == "object",
                    col(CameraEvent.t_event_utc) >= row.from_utc,
                    col(CameraEvent.t_event_utc) <= row.to_utc,
                )
                .distinct()
                .limit(MAX_EVENTS)
            )
            return list(db.exec(query))

        retained = 0
        for event in await self._store.read(work):
            retained += await _retained(keeper, event)
        return retained

    def _note(self, row: SourceHoldRow, values: dict[str, str]) -> None:
        self._record.note(
            Act(
                op="collect",
                verb="camera.kept_at_source",
                actor=SYSTEM,
                obj=Obj(type="camera", id=row.camera, cat="camera"),
                result="ok" if values["state"] == KEPT else "failed",
                detail={
                    "hold": row.id,
                    "from": row.from_utc,
                    "to": row.to_utc,
                    "state": values["state"],
                    "error": values.get("error", ""),
                },
            )
        )

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing = True
        self._wake.set()


async def _retained(keeper: Keeper, event: str) -> bool:
    try:
        return await keeper.retain(quote(event, safe="")) == 200
    except Exception:  # a source that does not answer: the day after it is asked again
        logger.warning("hold: the source did not keep one event", exc_info=True)
        return False

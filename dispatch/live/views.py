"""Live views: who may watch, how many at once, and their end when right, session or page is gone.

Order of an opening: rights, limit, the audit log has the entry, then the page may offer. The end is
taken from the engine at once (``DELETE``), tried again until it succeeds or the engine is gone.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from dispatch.audit.entry import Act, Actor, Obj, Purpose
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.auth.sessions import SessionInfo
from dispatch.cameras.register import CameraInfo
from dispatch.errors import Conflict, NotFound
from dispatch.live.engines import Answered, Engine, EngineRefused
from dispatch.live.events import ViewEnded
from dispatch.live.stills import Ways
from dispatch.live.tables import LiveViewRow
from dispatch.live.view import LIVE, TOKEN_MS, View
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store, StoreUnavailable
from gateway.bus import Bus
from gateway.model.errors import RadioError
from gateway.model.ids import MonoMs, UtcUs, ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

LOOK_S = 0.5
END_TRIES = 5
END_PAUSE_S = 0.5
PERMISSION = "camera.live"


class LiveViews:
    """All open views of this server."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        record: Record,
        engines: Mapping[str, Engine],
        per_person: int = 4,
        idle_minutes: float = 10,
    ) -> None:
        """Take the engines by id and the limits."""
        self._store = store
        self._bus = bus
        self._clock = clock
        self._record = record
        self.engines = engines
        self.per_person = per_person
        self.idle_ms = round(idle_minutes * 60_000)
        self._views: dict[str, View] = {}
        self._actors: dict[str, Actor] = {}
        self._ending: set[asyncio.Task[None]] = set()

    # ---- a page's calls ------------------------------------------------------------------------

    async def open(  # what a view is made of
        self,
        asker: Asker,
        camera: CameraInfo,
        ways: Ways,
        *,
        mode: str,
        incident: str,
        purpose: Purpose | None,
    ) -> View:
        """Open a view; raises Conflict beyond the limit, EngineRefused, LogNotWritable."""
        user = asker.access.user.id
        self._demand_room(user)
        path = ""
        if mode == LIVE:
            engine = self.engines.get(ways.engine)
            if engine is None:
                raise EngineRefused(f"{camera.name or camera.id} is behind no media engine")
            path = engine.path_of(camera, ways.path)
        now, mono = self._clock.utc_us(), self._clock.mono_ms()
        view = View(
            id="w-" + ulid(now, secrets.token_bytes(10)),
            camera=camera.id,
            group=camera.group,
            user=user,
            session=asker.session.id,
            mode=mode,
            incident=incident,
            token=secrets.token_urlsafe(24),
            engine=ways.engine if mode == LIVE else "",
            path=path,
            started_utc=now,
            seen_ms=mono,
            touched_ms=mono,
        )
        self._views[view.id] = view  # counted before the log is asked: two at once are two
        self._actors[view.id] = asker.actor
        try:
            await self._record.before(
                asker,
                "consult",
                f"camera.{mode}.begin",
                Obj(type="camera", id=camera.id, cat="camera"),
                purpose=purpose,
                detail={"view": view.id, "incident": incident, "engine": view.engine},
            )
            await self._store.write(lambda db: db.add(_row_of(view)))
        except BaseException:
            self._views.pop(view.id, None)
            raise
        if view.ended:
            raise Conflict(view.ended)
        return view

    def _demand_room(self, user: str) -> None:
        mine = [view for view in self._views.values() if view.user == user]
        if len(mine) >= self.per_person:
            raise Conflict(
                f"{len(mine)} cameras are open already, at most {self.per_person} at once",
                hint="Close one first.",
            )

    def mine(self, view_id: str, user: str, token: str | None = None) -> View:
        """Return an open view of a person; raises NotFound for any other and any other token."""
        view = self._views.get(view_id)
        if view is None or view.user != user:
            raise NotFound(f"there is no view {view_id}; it was closed")
        if token is not None and not hmac.compare_digest(view.token.encode(), token.encode()):
            raise NotFound(f"there is no view {view_id} with this token")
        return view

    async def offer(self, view: View, sdp: str) -> str:
        """Hand a page's offer to the engine and return the answer; raises EngineRefused."""
        engine = self.engines[view.engine]
        before, view.resource = view.resource, ""
        if before:
            await engine.end(before)  # a page that offers anew has lost the first
        view.engine_token = secrets.token_urlsafe(24)
        view.token_until_ms = MonoMs(self._clock.mono_ms() + TOKEN_MS)
        try:
            answered = await engine.offer(view.path, sdp, view.engine_token)
        finally:
            view.engine_token = ""
        view.offered = True
        view.resource = answered.resource
        if view.ended:  # right, session or page went while the engine thought
            await self._end_at_engine(engine, answered.resource)
            raise Conflict(view.ended)
        await self._store_resource(view, answered)
        return answered.sdp

    async def _store_resource(self, view: View, answered: Answered) -> None:
        def work(db: Session) -> None:
            row = db.get(LiveViewRow, view.id)
            if row is not None:
                row.resource = answered.resource
                db.add(row)

        try:
            await self._store.write(work)
        except StoreUnavailable as error:  # the view goes on; a crash now leaves it to the engine
            logger.warning("live view %s: %s", view.id, error)

    def alive(self, user: str, views: list[str], *, touched: bool) -> dict[str, int]:
        """Take a page's sign of life; returns for each view in how many ms it is closed as idle."""
        now = self._clock.mono_ms()
        left = {}
        for view_id in views:
            view = self._views.get(view_id)
            if view is None or view.user != user:
                continue
            view.seen_ms = now
            if touched:
                view.touched_ms = now
            left[view_id] = view.idle_in_ms(now, self.idle_ms)
        return left

    def admits(self, token: str, path: str) -> View | None:
        """Return the view whose offer the engine asks about now, None when there is none."""
        now = self._clock.mono_ms()
        for view in self._views.values():
            if not view.engine_token or view.path != path or now > view.token_until_ms:
                continue
            if hmac.compare_digest(view.engine_token.encode(), token.encode()):
                return view
        return None

    def rows(self) -> list[dict[str, Any]]:
        """Return the open views (supervisors, metrics)."""
        return [
            {
                "view": view.id,
                "camera": view.camera,
                "group": view.group,
                "user": view.user,
                "mode": view.mode,
                "incident": view.incident,
                "started_utc": view.started_utc,
            }
            for view in self._views.values()
        ]

    # ---- ends ----------------------------------------------------------------------------------

    def end(self, view: View, why: str, *, tell: bool = True) -> None:
        """End a view now: it is gone here at once, and at the engine as soon as that answers."""
        if self._views.pop(view.id, None) is None:
            return
        view.ended = why
        seconds = (self._clock.utc_us() - view.started_utc) // 1_000_000
        self._record.note(
            Act(
                op="consult",
                verb=f"camera.{view.mode}.end",
                actor=self._actors.pop(view.id),
                obj=Obj(type="camera", id=view.camera, cat="camera"),
                detail={
                    "view": view.id,
                    "seconds": seconds,
                    "pictures": view.pictures,
                    "why": why,
                },
            )
        )
        if tell:
            self._bus.publish(
                ViewEnded(view=view.id, camera=view.camera, user=view.user, reason=why)
            )
        task = asyncio.get_running_loop().create_task(self._finish(view, why), name=view.id)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _finish(self, view: View, why: str) -> None:
        engine = self.engines.get(view.engine)
        if engine is not None and view.resource:
            await self._end_at_engine(engine, view.resource)
        now = self._clock.utc_us()
        try:
            await self._store.write(lambda db: _close_row(db, view.id, now, why))
        except StoreUnavailable as error:
            logger.warning("live view %s: %s", view.id, error)

    async def _end_at_engine(self, engine: Engine, resource: str) -> None:
        for number in range(END_TRIES):
            if not resource or await engine.end(resource):
                return
            await asyncio.sleep(END_PAUSE_S * number)
        logger.error("the media engine %s does not end a view", engine.id)

    def session_ended(self, session: SessionInfo) -> None:
        """End the views of a session that is over."""
        for view in [one for one in self._views.values() if one.session == session.id]:
            self.end(view, "the session is over")

    def access_changed(self, access: Access) -> None:
        """End the views that a person may not have any more."""
        for view in [one for one in self._views.values() if one.user == access.user.id]:
            if not may_watch(access, view.group):
                self.end(view, "the right to see this camera was taken away")

    # ---- running -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look for views that have to end, until cancelled; first, those of an earlier life."""
        await self._end_old()
        while True:
            await asyncio.sleep(LOOK_S)
            now = self._clock.mono_ms()
            for view in list(self._views.values()):
                why = view.over(now, self.idle_ms)
                if why:
                    self.end(view, why)

    async def _end_old(self) -> None:
        open_ids = frozenset(self._views)

        def left(db: Session) -> list[LiveViewRow]:
            query = select(LiveViewRow).where(col(LiveViewRow.ended_utc).is_(None))
            return [row for row in db.exec(query) if row.id not in open_ids]

        try:
            rows = await self._store.read(left)
        except RadioError as error:
            logger.warning("live views of before: %s", error)
            return
        for row in rows:
            engine = self.engines.get(row.engine)
            if engine is not None and row.resource:
                await engine.end(row.resource)
            now, why, view = self._clock.utc_us(), "the server was started again", row.id
            self._record.note(
                Act(
                    op="consult",
                    verb=f"camera.{row.mode}.end",
                    actor=Actor(id=row.user),
                    obj=Obj(type="camera", id=row.camera, cat="camera"),
                    detail={"view": row.id, "why": why},
                )
            )
            await self._store.write(lambda db, v=view, t=now, w=why: _close_row(db, v, t, w))  # type: ignore[misc]  # bound now

    async def close(self) -> None:
        """End every view and wait for the engines; safe twice."""
        for view in list(self._views.values()):
            self.end(view, "the server stops")
        if self._ending:
            await asyncio.wait(self._ending, timeout=5)


def may_watch(access: Access, group: str) -> bool:
    """Whether a person may watch cameras of a group live."""
    return access.may(PERMISSION) and (not group or access.camera(Action.SEE, group))


def _row_of(view: View) -> LiveViewRow:
    return LiveViewRow(
        id=view.id,
        camera=view.camera,
        user=view.user,
        mode=view.mode,
        incident=view.incident,
        engine=view.engine,
        started_utc=view.started_utc,
    )


def _close_row(db: Session, view: str, now: UtcUs, why: str) -> None:
    row = db.get(LiveViewRow, view)
    if row is not None and row.ended_utc is None:
        row.ended_utc, row.why = now, why
        db.add(row)

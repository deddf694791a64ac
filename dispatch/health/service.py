"""Looks at every part each few seconds; keeps since when it is so, and what changed in a day."""

import asyncio
import logging
from typing import Any, Final

from sqlalchemy import delete
from sqlmodel import Session, col, select

from dispatch.audiopath.service import AudioPath
from dispatch.health.parts import Part, worst
from dispatch.health.rules import HealthRules
from dispatch.health.sources import HealthSources
from dispatch.health.tables import HealthChange
from dispatch.health.tiles import Tile, tiles
from dispatch.reports.clock_watch import ClockWatch
from dispatch.services.board import Board
from dispatch.services.journal import Journal
from dispatch.services.registry import Services
from gateway.model.errors import RadioError
from gateway.model.events import Event
from gateway.model.ids import UtcUs

logger = logging.getLogger(__name__)

LOOK_S: Final = 5.0
PING_MS: Final = 5_000
DAY_US: Final = 24 * 3_600_000_000
MAX_CHANGES: Final = 2_000
SERVER: Final = "server"
"""The part that stands for the server itself: its starts."""
Row = dict[str, Any]


class Health:
    """The health of this server."""

    def __init__(self, services: Services, sources: HealthSources, rules: HealthRules) -> None:
        """Take what is to be asked."""
        self.rules = rules
        self._s = services
        self._sources = sources
        self._changes: list[HealthChange] = []
        self._unwritten: list[HealthChange] = []
        self._state: dict[str, tuple[str, UtcUs]] = {}

    # ---- asked by page, /readyz and /metrics

    def parts(self) -> list[Part]:
        """Return every part as it is now."""
        return self._sources.all()

    def rows(self) -> list[Row]:
        """Return every part with since when it is in its state, worst first."""
        parts = self.parts()
        self._note(parts)
        rows = [
            {
                "id": part.id,
                "name": part.name,
                "state": part.state,
                "words": part.words,
                "todo": part.todo,
                "rule": part.rule,
                "since_utc": self._state[part.id][1],
            }
            for part in parts
        ]
        order = ("fault", "attention", "unknown", "ok")
        return sorted(rows, key=lambda row: order.index(str(row["state"])))

    def tiles(self) -> list[Tile]:
        """Return the row of tiles."""
        path = self._s.use(AudioPath)
        path.collect()
        parts = {part.id: part for part in self.parts()}
        board, plan = self._s.use(Board), self._s.plan.plan
        up = sum(board.talkgroups.link(link.id).state == "up" for link in plan.links)
        facts = {
            "links": len(plan.links),
            "links_up": up,
            "spooled": self._s.use(Journal).waiting,
        }
        return tiles(path, parts, self.rules, self._s.use(ClockWatch).now(), facts)

    def summary(self) -> Row:
        """Return the worst state, and the parts that are not as they should be."""
        parts = self.parts()
        bad = [part.id for part in parts if part.state in ("attention", "fault")]
        return {"state": worst(parts), "not_ok": bad}

    def history(self) -> Row:
        """Return what changed in the last 24 h, oldest first, and from when on it is known."""
        now = self._s.clock.utc_us()
        return {
            "from_utc": now - DAY_US,
            "to_utc": now,
            "changes": [
                {"part": c.part, "state": c.state, "words": c.words, "t_utc": c.t_utc}
                for c in self._changes
            ],
        }

    # ---- running

    def apply(self, event: Event) -> None:
        """Note what a gateway tells of its recordings (a listener of the event stream)."""
        self._sources.noticed.recording(event, self._s.clock.mono_ms())

    async def run(self) -> None:
        """Look each five seconds, until cancelled."""
        await self._load()
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Ask the database, note what changed, write it down."""
        await self._ping()
        self._note(self.parts())
        self._s.use(AudioPath).forget_idle()
        await self._write()

    async def _load(self) -> None:
        """Take up what was known before the start; note the start."""
        oldest = self._s.clock.utc_us() - DAY_US

        def work(db: Session) -> list[HealthChange]:
            rows = select(HealthChange).where(HealthChange.t_utc >= oldest)
            newest = list(db.exec(rows.order_by(col(HealthChange.t_utc).desc()).limit(MAX_CHANGES)))
            db.expunge_all()
            return newest[::-1]

        try:
            earlier = await self._s.store.read(work)
        except RadioError as error:
            logger.warning("health: the last day is not known: %s", error)
            earlier = []
        for change in earlier:
            self._state.setdefault(change.part, (change.state, UtcUs(change.t_utc)))
            self._state[change.part] = (change.state, UtcUs(change.t_utc))
        self._changes = earlier + self._changes
        self._change(SERVER, "ok", "Started")

    async def _ping(self) -> None:
        noticed, begun = self._sources.noticed, self._s.clock.mono_ms()
        noticed.ping_asked = True
        try:
            async with asyncio.timeout(PING_MS / 1000):
                await self._s.store.read(lambda db: db.exec(select(1)).one())
            noticed.ping_ms = self._s.clock.mono_ms() - begun
        except (RadioError, TimeoutError):
            noticed.ping_ms = None

    def _note(self, parts: list[Part]) -> None:
        for part in parts:
            known = self._state.get(part.id)
            if known is None or known[0] != part.state:
                self._change(part.id, part.state, part.words)

    def _change(self, part: str, state: str, words: str) -> None:
        now = self._s.clock.utc_us()
        change = HealthChange(part=part, state=state, words=words[:200], t_utc=now)
        self._state[part] = (state, now)
        self._unwritten = [*self._unwritten, change][-MAX_CHANGES:]
        kept = HealthChange(part=part, state=state, words=words[:200], t_utc=now)
        recent = [c for c in self._changes if c.t_utc >= now - DAY_US]
        self._changes = [*recent, kept][-MAX_CHANGES:]

    async def _write(self) -> None:
        """Keep the changes over a restart; while the database is away they wait here."""
        if not self._unwritten:
            return
        oldest = self._s.clock.utc_us() - DAY_US
        batch, self._unwritten = self._unwritten, []

        def work(db: Session) -> None:
            db.add_all([HealthChange(**change.model_dump(exclude={"id"})) for change in batch])
            db.execute(delete(HealthChange).where(col(HealthChange.t_utc) < oldest))

        try:
            await self._s.store.write(work)
        except RadioError:
            # It is told by the part ``database``; tried again at the next look.
            self._unwritten = [*batch, *self._unwritten][-MAX_CHANGES:]

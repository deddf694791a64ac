"""Keeps suggestions of units and cameras near an incident; a person confirms or rejects them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace

from sqlmodel import Session, col, select

from dispatch.cameras.register import CameraInfo
from dispatch.cameras.tables import Camera
from dispatch.errors import NotFound
from dispatch.incidents.geo import Grid
from dispatch.incidents.life import GOING_ON
from dispatch.incidents.service import Incidents, scope_of
from dispatch.incidents.suggest import FOLDED, Score
from dispatch.incidents.suggest_near import (
    NEAR_CAMERA_M,
    CameraNear,
    PlaceFacts,
    UnitNear,
    score_camera,
    score_units,
)
from dispatch.incidents.tables import (
    Incident,
    IncidentCamera,
    IncidentHint,
    IncidentTalkgroup,
    IncidentUnit,
)
from dispatch.incidents.timeline import line
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.store.engine import Store, StoreUnavailable
from gateway.bus import Bus
from gateway.model import events as ev
from gateway.model.ids import IncidentId, TalkgroupId, UtcUs, ulid
from gateway.ports import Clock

logger = logging.getLogger(__name__)

EVERY_S = 2.0
"""Positions come all the time; suggestions of them are made anew at most this often."""
MOST_INCIDENTS = 50
MOST_UNITS, MOST_CAMERAS = 5, 4
UNIT, CAMERA = "unit", "camera"
MAX_RANGE_M = 1000.0


@dataclass(slots=True)
class _Facts:
    """What hangs on the incidents, read in four statements however many there are."""

    busy: dict[str, set[str]]
    talkgroups: dict[str, set[TalkgroupId]] = field(default_factory=lambda: defaultdict(set))
    hints: dict[str, dict[tuple[str, str], IncidentHint]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    linked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


class Nearby:
    """Scores units and cameras for incidents that go on, stores and tells."""

    def __init__(
        self,
        *,
        store: Store,
        bus: Bus,
        clock: Clock,
        randomness: Callable[[int], bytes],
        plan: LivePlan,
        board: Board,
        incidents: Incidents,
        cameras: Iterable[CameraInfo],
    ) -> None:
        """Take the live picture and the cameras of the register."""
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._plan = plan
        self._board = board
        self._incidents = incidents
        self._grid: Grid[CameraInfo] = Grid()
        for camera in cameras:
            if camera.latitude_deg is not None and camera.longitude_deg is not None:
                self._grid.put(camera.id, camera.latitude_deg, camera.longitude_deg, camera)
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._moved = bus.subscribe("nearby", ev.UnitPositioned, ev.UnitStatusSet, capacity=50_000)
        incidents.on_changed(self._touch)

    def _touch(self, incident: IncidentId) -> None:
        self._wake.set()

    async def run(self) -> None:
        """Keep suggestions up to date until ``close``."""
        self._wake.set()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(), name="nearby-listen")
            group.create_task(self._work(), name="nearby-work")

    async def close(self) -> None:
        """End ``run``; safe twice."""
        self._closing.set()
        self._moved.close()
        self._wake.set()

    async def _listen(self) -> None:
        async for _ in self._moved:
            self._wake.set()

    async def _work(self) -> None:
        while not self._closing.is_set():
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.recompute()
            except StoreUnavailable as error:
                logger.warning("suggestions of units wait for the database: %s", error)
                self._wake.set()
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._closing.wait()
            except TimeoutError:
                continue

    async def recompute(self) -> None:
        """Score units and cameras for every incident that goes on and has a place."""
        units = self._units()
        now = self._clock.utc_us()
        changed = await self._store.write(lambda db: self._score_all(db, units, now))
        for incident, groups in changed:
            self._incidents.tell(incident, "hint", groups=groups)

    def _units(self) -> list[UnitNear]:
        found = []
        board = self._board.units
        for unit in board.heard():  # of the others no place is known
            info = board.info(unit)
            place = info.position
            if place is None:
                continue
            home = self._plan.units.get(unit)
            talkgroup = info.talkgroup or (home.talkgroup if home else None)
            planned = self._plan.talkgroups.get(talkgroup) if talkgroup else None
            found.append(
                UnitNear(
                    unit=unit,
                    name=self._plan.alias(unit) or unit.partition("/")[2],
                    latitude_deg=place["latitude_deg"],
                    longitude_deg=place["longitude_deg"],
                    error_m=place["error_m"],
                    t_utc=UtcUs(place["t_utc"] - (place["age_s"] or 0) * 1_000_000),
                    status=info.status["words"] if info.status else "",
                    talkgroup=talkgroup,
                    area=planned.area if planned else (),
                )
            )
        return found

    def _score_all(
        self, db: Session, units: list[UnitNear], now: UtcUs
    ) -> list[tuple[Incident, tuple[TalkgroupId, ...]]]:
        query = (
            select(Incident)
            .where(
                col(Incident.state).in_(GOING_ON),
                col(Incident.storm).is_(False),
                col(Incident.latitude_deg).is_not(None),
            )
            .order_by(col(Incident.opened_utc).desc())
            .limit(MOST_INCIDENTS)
        )
        incidents = list(db.exec(query))
        facts = _facts(db, [one.id for one in incidents])
        return [
            (incident, scope_of(db, incident))
            for incident in incidents
            if self._score_one(db, incident, units, facts, now)
        ]

    def _score_one(
        self, db: Session, incident: Incident, units: list[UnitNear], facts: _Facts, now: UtcUs
    ) -> bool:
        if incident.latitude_deg is None or incident.longitude_deg is None:
            return False
        place = PlaceFacts(
            latitude_deg=incident.latitude_deg,
            longitude_deg=incident.longitude_deg,
            talkgroups=frozenset(facts.talkgroups[incident.id]),
            camera_group=incident.camera_group,
        )
        known = dict(facts.hints[incident.id])
        free = [
            replace(unit, busy=unit.unit in facts.busy)
            for unit in units
            if incident.id not in facts.busy.get(unit.unit, ())
        ]
        best = sorted(score_units(free, place, now), key=lambda one: -one[1].points)
        wanted = [(UNIT, unit.unit, score) for unit, score in best[:MOST_UNITS]]
        wanted += self._cameras(db, place, facts.linked[incident.id])
        changed = False
        for kind, name, score in wanted:
            row = known.pop((kind, name), None)
            changed |= self._put(db, incident.id, (kind, name), score, row, now)
        for row in known.values():  # what a machine suggested and is no longer near
            if row.state == "suggested":
                changed |= row.score >= FOLDED
                db.delete(row)
        return changed

    def _cameras(
        self, db: Session, place: PlaceFacts, linked: set[str]
    ) -> list[tuple[str, str, Score]]:
        scored = []
        here = (place.latitude_deg, place.longitude_deg)
        for name, apart, info in self._grid.near(*here, MAX_RANGE_M):
            reach = max(NEAR_CAMERA_M, info.range_m + 100)
            if name in linked or apart > reach:
                continue
            row = db.get(Camera, name)
            near = CameraNear(
                camera=name,
                name=info.name or name,
                latitude_deg=info.latitude_deg or 0.0,
                longitude_deg=info.longitude_deg or 0.0,
                bearing_deg=info.bearing_deg,
                range_m=info.range_m,
                group=info.group,
                offline=row is not None and row.state == "down",
            )
            scored.append((CAMERA, name, score_camera(near, place)))
        return sorted(scored, key=lambda one: (-one[2].points, one[1]))[:MOST_CAMERAS]

    def _put(  # noqa: PLR0917  # one row and where it goes
        self,
        db: Session,
        incident: str,
        thing: tuple[str, str],
        score: Score,
        row: IncidentHint | None,
        now: UtcUs,
    ) -> bool:
        if row is None and score.points < FOLDED:
            return False
        if row is not None and (row.state != "suggested" or row.score == score.points):
            return False
        before = row.score if row is not None else 0
        if row is None:
            kind, name = thing
            row = IncidentHint(
                id="s-" + ulid(now, self._randomness(10)),
                incident=incident,
                kind=kind,
                object=name,
                score=0,
                at_utc=now,
            )
        row.score, row.why, row.at_utc = score.points, score.why, now
        row.terms = [asdict(term) for term in score.terms]
        db.add(row)
        return before >= FOLDED or score.points >= FOLDED

    # ---- people --------------------------------------------------------------------------------

    async def judge(
        self, incident: str, hint: str, state: str, who: str, words: str
    ) -> tuple[str, str]:
        """Confirm or reject; returns (kind, object). ``words`` name the unit or camera.

        A confirmed unit is assigned, a confirmed camera linked. Raises NotFound.
        """
        judged: list[IncidentHint] = []

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            found = db.get(IncidentHint, hint)
            if found is None or found.incident != row.id:
                raise NotFound(f"there is no suggestion {hint}")
            found.state, found.by, found.at_utc = state, who, now
            db.add(found)
            judged.append(found)
            if state == "confirmed":
                _attach(db, row.id, found, who, now)
            text = "confirmed" if state == "confirmed" else "rejected"
            data = {found.kind: found.object, "state": state}
            line(db, row.id, now, found.kind, who, f"Suggested {words} {text}", data)

        await self._incidents.change(incident, "unit", who, work)
        return judged[0].kind, judged[0].object


def _attach(db: Session, incident: str, hint: IncidentHint, who: str, now: UtcUs) -> None:
    if hint.kind == CAMERA:
        camera = db.get(IncidentCamera, (incident, hint.object)) or IncidentCamera(
            incident=incident, camera=hint.object, at_utc=now
        )
        camera.state, camera.by, camera.at_utc = "linked", who, now
        db.add(camera)
        return
    unit = db.get(IncidentUnit, (incident, hint.object)) or IncidentUnit(
        incident=incident, unit=hint.object, by=who, at_utc=now
    )
    unit.state, unit.by, unit.at_utc = "assigned", who, now
    unit.released_by, unit.released_utc = "", None
    db.add(unit)


def _facts(db: Session, incidents: list[str]) -> _Facts:
    facts = _Facts(_busy(db))
    groups = select(IncidentTalkgroup).where(col(IncidentTalkgroup.incident).in_(incidents))
    for group in db.exec(groups):
        facts.talkgroups[group.incident].add(TalkgroupId(group.talkgroup))
    hints = select(IncidentHint).where(col(IncidentHint.incident).in_(incidents))
    for hint in db.exec(hints):
        facts.hints[hint.incident][hint.kind, hint.object] = hint
    cameras = select(IncidentCamera).where(col(IncidentCamera.incident).in_(incidents))
    for link in db.exec(cameras):
        facts.linked[link.incident].add(link.camera)
    return facts


def _busy(db: Session) -> dict[str, set[str]]:
    """Return for each assigned unit the incidents, still going on, that it works on."""
    query = select(IncidentUnit.unit, Incident.id).where(
        IncidentUnit.incident == Incident.id,
        IncidentUnit.state == "assigned",
        col(Incident.state).in_(GOING_ON),
    )
    busy: dict[str, set[str]] = {}
    for unit, incident in db.exec(query):
        busy.setdefault(unit, set()).add(incident)
    return busy

"""Lanes on one clock: what was said, seen, written and done at the same time.

Each lane is cut to what the asker may know; a lane that is not granted is left out without a word.
Opening lanes is one consultation, logged before the answer.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.people import People
from dispatch.auth.permissions import Action
from dispatch.calllog.lane_items import (
    Row,
    Window,
    lane,
    outage_items,
    overs,
    sound_items,
    unit_items,
)
from dispatch.calllog.lane_written import (
    audit_lane,
    camera_lane,
    incident_lane,
    operator_lanes,
    written_lane,
)
from dispatch.cameras.tables import Camera
from dispatch.errors import ServiceError
from dispatch.evidence.outages import Outage, Outages
from dispatch.incidents.tables import Incident, IncidentSuggestion
from dispatch.incidents.views import assigned_talkgroups, sees
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store
from dispatch.store.tables import Call

MAX_TALKGROUPS = 16
MAX_OTHERS = 16
MAX_SPAN_US = 2 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LanesQuery:
    """What is laid side by side; times are UTC microseconds."""

    from_utc: int
    to_utc: int
    talkgroups: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()


class Lanes:
    """Reads lanes within the asker's rights."""

    def __init__(
        self, *, store: Store, audit: Store, plan: LivePlan, board: Board, people: People,
        record: Record, outages: Callable[[], Outages | None],
    ) -> None:  # fmt: skip
        """Take the store, and the one that holds the audit log (often the same)."""
        self._store = store
        self._audit = audit
        self._plan = plan
        self._board = board
        self._people = people
        self._record = record
        self._find_outages = outages

    async def read(self, asker: Asker, query: LanesQuery) -> Row:
        """Return the lanes; raises ServiceError on a time over 2 h or over 16 talkgroups."""
        _check(query)
        self._record.demand_writable()
        window = Window(from_utc=query.from_utc, to_utc=query.to_utc)
        outages = await self._outages(window)
        access = asker.access
        lanes = await self._store.read(lambda db: self._lanes(db, query, window, access, outages))
        if access.may("audit.read"):
            named = {user.id: user.display_name for user in self._people.users()}
            lanes.append(
                await self._audit.read_audit(
                    lambda db: audit_lane(db, window, lambda one: named.get(one, one))
                )
            )
        await self._log(asker, query, lanes)
        return {
            "from_utc": query.from_utc,
            "to_utc": query.to_utc,
            "lanes": lanes,
            "drift_max_ms": _drift(lanes),
        }

    async def _outages(self, window: Window) -> list[Outage]:
        outages = self._find_outages()
        if outages is None:
            return []
        return await asyncio.to_thread(outages.between, window.from_utc, window.to_utc)

    async def _log(self, asker: Asker, query: LanesQuery, lanes: list[Row]) -> None:
        shown = {one["id"] for one in lanes}
        detail = {
            "from_utc": query.from_utc,
            "to_utc": query.to_utc,
            "talkgroups": [one for one in query.talkgroups if one in shown],
            "cameras": [one for one in query.cameras if one in shown],
            "incidents": [one for one in query.incidents if one in shown],
            "units": len(query.units),
            "items": sum(len(one["items"]) for one in lanes),
            "query": " ".join(f"unit:{unit}" for unit in query.units) or None,
        }
        subject = query.units[0] if len(query.units) == 1 else None
        obj = Obj(type="call_log", id="lanes", subject=subject)
        await self._record.before(
            asker, "consult", "lanes.open", obj, detail=detail, since_utc=query.from_utc
        )

    def _lanes(
        self, db: Session, query: LanesQuery, window: Window, access: Access,
        outages: list[Outage],
    ) -> list[Row]:  # fmt: skip
        incidents = self._incidents(db, query, access)
        groups = self._talkgroups(db, query, incidents, access)
        units = [unit for unit in query.units if self._sees_unit(db, access, unit, window)]
        lanes = [self._talkgroup(db, one, window, access, outages) for one in groups]
        lanes += [self._unit(db, one, window, access) for one in units]
        lanes += [
            camera_lane(db, window, camera)
            for camera in self._cameras(db, query, incidents, access)
        ]
        lanes.append(
            written_lane(db, window, groups, self._written_units(lanes, units), self._plan)
        )
        lanes += [incident_lane(db, window, one, access) for one in incidents]
        return lanes + operator_lanes(db, window, groups, access, self._plan)

    def _written_units(self, lanes: list[Row], units: list[str]) -> list[str]:
        """Return the units whose statuses and texts belong here: asked for, or heard."""
        heard = [one["unit"] for lane in lanes for one in lane["items"] if one["unit"]]
        return list(dict.fromkeys([*units, *heard]))[:500]

    def _talkgroup(
        self, db: Session, talkgroup: str, window: Window, access: Access, outages: list[Outage]
    ) -> Row:
        items = sound_items(db, overs(db, window, talkgroup=talkgroup), self._plan, access)
        items += outage_items(outages, talkgroup, self._plan)
        number = talkgroup.partition("/")[2]
        name = self._plan.talkgroup_name(talkgroup)
        return lane("talkgroup", talkgroup, name, f"group {number}", items)

    def _unit(self, db: Session, unit: str, window: Window, access: Access) -> Row:
        heard = [
            row
            for row in overs(db, window, unit=unit)
            if access.can_on(Action.SEARCH, row.talkgroup, row.link)
        ]
        items = sound_items(db, heard, self._plan, access) + unit_items(db, window, unit)
        return lane("unit", unit, self._plan.alias(unit), unit.partition("/")[2], items)

    def _talkgroups(
        self, db: Session, query: LanesQuery, incidents: list[Incident], access: Access
    ) -> list[str]:
        wanted = list(query.talkgroups)
        if not wanted:
            wanted = [tg for one in incidents for tg in assigned_talkgroups(db, one.id)]
            wanted += _confirmed_talkgroups(db, [one.id for one in incidents])
        allowed = (tg for tg in dict.fromkeys(wanted) if access.can(Action.SEARCH, tg))
        return list(allowed)[:MAX_TALKGROUPS]

    def _incidents(self, db: Session, query: LanesQuery, access: Access) -> list[Incident]:
        if not access.may("incident.see"):
            return []
        found = (db.get(Incident, one) for one in dict.fromkeys(query.incidents))
        return [
            one
            for one in found
            if one is not None and sees(access, one, assigned_talkgroups(db, one.id))
        ]

    def _cameras(
        self, db: Session, query: LanesQuery, incidents: list[Incident], access: Access
    ) -> list[Camera]:
        if not access.may("camera.media"):
            return []
        wanted = [*query.cameras, *(one.camera for one in incidents if one.camera)]
        found = (db.get(Camera, one) for one in list(dict.fromkeys(wanted))[:MAX_OTHERS])
        return [
            one
            for one in found
            if one is not None and (not one.group or access.camera(Action.SEE, one.group))
        ]

    def _sees_unit(self, db: Session, access: Access, unit: str, window: Window) -> bool:
        """Whether a unit belongs to a granted talkgroup, or was heard on one in that time."""
        groups = set(self._board.units.talkgroups_of(unit))
        if not any(access.can(Action.SEARCH, group) for group in groups):
            groups = {row.talkgroup for row in overs(db, window, unit=unit)}
        return any(access.can(Action.SEARCH, group) for group in groups)


def _confirmed_talkgroups(db: Session, incidents: list[str]) -> list[str]:
    """Return the talkgroups of the calls that a person found to belong to incidents."""
    query = (
        select(Call.talkgroup)
        .join(IncidentSuggestion, col(IncidentSuggestion.call) == col(Call.id))
        .where(
            col(IncidentSuggestion.incident).in_(incidents), IncidentSuggestion.state == "confirmed"
        )
        .order_by(col(Call.started_utc))
    )
    return [talkgroup for talkgroup in db.exec(query) if talkgroup]


def _check(query: LanesQuery) -> None:
    span = query.to_utc - query.from_utc
    if not 0 < span <= MAX_SPAN_US:
        raise ServiceError(
            f"lanes: expected a time of more than 0 and at most 2 h, got {span / 1_000_000:.0f} s",
            hint="Choose a shorter time: lanes are for listening, the search for finding.",
        )
    if len(set(query.talkgroups)) > MAX_TALKGROUPS:
        raise ServiceError(
            f"lanes: at most {MAX_TALKGROUPS} talkgroups, got {len(set(query.talkgroups))}"
        )
    for name, found in (
        ("units", query.units),
        ("cameras", query.cameras),
        ("incidents", query.incidents),
    ):
        if len(set(found)) > MAX_OTHERS:
            raise ServiceError(f"lanes: at most {MAX_OTHERS} {name}, got {len(set(found))}")


def _drift(lanes: list[Row]) -> int:
    """Return the largest clock offset that was taken off, in milliseconds."""
    offsets = [abs(one["offset_ms"]) for lane in lanes for one in lane["items"] if one["offset_ms"]]
    return max(offsets, default=0)

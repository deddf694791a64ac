"""What people do with an incident: title, priority, state, owner, units, cameras, talkgroups."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from dispatch.cameras.tables import Camera
from dispatch.errors import Conflict, NotFound
from dispatch.incidents.life import (
    ACTIVE,
    CLOSED,
    MERGED,
    NEW,
    WAITING,
    demand_priority,
    demand_reason,
    demand_step,
)
from dispatch.incidents.service import Incidents, demand_title, scope_of
from dispatch.incidents.tables import (
    Incident,
    IncidentCamera,
    IncidentPossiblySame,
    IncidentTalkgroup,
    IncidentUnit,
)
from dispatch.incidents.timeline import line
from gateway.model.ids import UtcUs

ASSIGNED, RELEASED = "assigned", "released"
SEEN, LINKED, UNLINKED = "seen", "linked", "unlinked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a person changes at once; None leaves a thing as it is. ``owner`` is (id, name)."""

    title: str | None = None
    priority: int | None = None
    state: str | None = None
    owner: tuple[str, str] | None = None
    exercise: bool | None = None
    at: tuple[float, float] | None = None
    reason: str = ""
    version: int | None = None

    @property
    def words(self) -> Mapping[str, str]:
        """What is changed, for the audit log: ids and codes, no free text."""
        owner = self.owner[0] if self.owner else None
        values = {
            "priority": self.priority,
            "state": self.state,
            "owner": owner,
            "exercise": self.exercise,
        }
        told = {name: str(value) for name, value in values.items() if value is not None}
        told |= {"title": "changed"} if self.title is not None else {}
        return told | ({"place": "changed"} if self.at is not None else {})


class IncidentWork:
    """The service behind the routes that change an incident."""

    def __init__(self, incidents: Incidents) -> None:
        """Take the incidents."""
        self._incidents = incidents

    async def change(self, incident: str, change: Change, who: str) -> None:
        """Make a change whole or not at all; raises NotFound, Conflict, ServiceError."""

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            before = row.state
            if change.title is not None:
                _title(db, row, change.title, who, now)
            if change.priority is not None:
                _priority(db, row, change.priority, who, now)
            if change.owner is not None:
                _owner(db, row, change.owner, who, now)
            if change.exercise is not None:
                _exercise(db, row, who, now, exercise=change.exercise)
            if change.at is not None:
                self._move(db, row, change.at, who, now)
            if change.state is not None:
                _state(db, row, (before, change.state), change.reason, who, now)

        what = "state" if change.state else "place" if change.at else "changed"
        await self._incidents.change(incident, what, who, work, version=change.version)

    def _move(
        self, db: Session, row: Incident, at: tuple[float, float], who: str, now: UtcUs
    ) -> None:
        row.latitude_deg, row.longitude_deg = at
        words = self._incidents.place_of(*at)
        row.place = words or f"{at[0]:.5f}, {at[1]:.5f}"
        line(db, row.id, now, "place", who, f"Place set: {row.place}")

    # ---- units ---------------------------------------------------------------------------------

    async def assign_unit(self, incident: str, unit: str, who: str, words: str = "") -> None:
        """Send a unit to an incident. ``words``: where it was and its status, for the line."""

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            known = db.get(IncidentUnit, (row.id, unit))
            if known is not None and known.state == ASSIGNED:
                raise Conflict(f"{unit} is assigned to {row.label} already")
            if row.state == CLOSED:
                raise Conflict(f"{row.label} is closed; reopen it first")
            one = known or IncidentUnit(incident=row.id, unit=unit, by=who, at_utc=now)
            one.state, one.by, one.at_utc = ASSIGNED, who, now
            one.released_by, one.released_utc, one.on_scene_utc = "", None, None
            db.add(one)
            _begin(row)
            text = f"Assigned, {words}" if words else "Assigned"
            line(db, row.id, now, "unit", who, text, {"unit": unit, "state": ASSIGNED})

        await self._incidents.change(incident, "unit", who, work)

    async def release_unit(self, incident: str, unit: str, who: str) -> None:
        """Say that a unit is free again."""

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            known = db.get(IncidentUnit, (row.id, unit))
            if known is None or known.state != ASSIGNED:
                raise NotFound(f"{unit} is not assigned to {row.label}")
            known.state, known.released_by, known.released_utc = RELEASED, who, now
            db.add(known)
            line(db, row.id, now, "unit", who, "Released", {"unit": unit, "state": RELEASED})

        await self._incidents.change(incident, "unit", who, work)

    # ---- cameras and talkgroups ----------------------------------------------------------------

    async def link_camera(self, incident: str, camera: str, who: str) -> None:
        """Link a camera of the register to an incident."""
        await self._camera(incident, camera, LINKED, who)

    async def unlink_camera(self, incident: str, camera: str, who: str) -> None:
        """Take a camera off an incident; what it saw stays."""
        await self._camera(incident, camera, UNLINKED, who)

    async def _camera(self, incident: str, camera: str, state: str, who: str) -> None:
        def work(db: Session, row: Incident, now: UtcUs) -> None:
            known = db.get(IncidentCamera, (row.id, camera))
            there = known is not None and known.state != UNLINKED
            if state == UNLINKED and not there:
                raise NotFound(f"{camera} is not linked to {row.label}")
            if state == LINKED and there:
                raise Conflict(f"{camera} is linked to {row.label} already")
            one = known or IncidentCamera(incident=row.id, camera=camera, at_utc=now)
            one.state, one.by, one.at_utc = state, who, now
            db.add(one)
            found = db.get(Camera, camera)
            name = (found.name or found.id) if found else camera
            words = f"Camera {name} {'linked' if state == LINKED else 'taken off'}"
            line(db, row.id, now, "camera", who, words, {"camera": camera, "state": state})

        await self._incidents.change(incident, "camera", who, work)

    async def unassign_talkgroup(self, incident: str, talkgroup: str, who: str) -> None:
        """Say that a talkgroup works on an incident no more."""

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            known = db.get(IncidentTalkgroup, (row.id, talkgroup))
            if known is None:
                raise NotFound(f"{talkgroup} is not assigned to {row.label}")
            if scope_of(db, row) == (talkgroup,):
                raise Conflict(
                    f"{row.label} is seen by its last talkgroup alone",
                    hint="Assign another talkgroup first, or nobody would find it.",
                )
            db.delete(known)
            line(db, row.id, now, "talkgroup", who, talkgroup, {"state": "taken off"})

        await self._incidents.change(incident, "talkgroup", who, work)

    async def not_the_same(self, incident: str, other: str, who: str) -> None:
        """Say that two incidents are two: the pair is not offered again."""

        def work(db: Session, row: Incident, now: UtcUs) -> None:
            pair = db.get(IncidentPossiblySame, (row.id, other))
            back = db.get(IncidentPossiblySame, (other, row.id))
            if pair is None:
                raise NotFound(f"{other} is not offered as possibly the same")
            for one in (pair, back):
                if one is not None:
                    one.rejected_by = who
                    db.add(one)
            named = db.get(Incident, other)
            words = f"Not the same as {named.label if named else other}"
            line(db, row.id, now, "merged", who, words, {"incident": other, "state": "rejected"})

        await self._incidents.change(incident, "same", who, work)


def _begin(row: Incident) -> None:
    """Who begins to work on a new incident makes it active."""
    if row.state == NEW:
        row.state = ACTIVE


def _title(db: Session, row: Incident, title: str, who: str, now: UtcUs) -> None:
    words = demand_title(title)
    if words != row.title:
        row.title = words
        line(db, row.id, now, "title", who, f"Title: {words}")


def _priority(db: Session, row: Incident, priority: int, who: str, now: UtcUs) -> None:
    demand_priority(priority)
    if priority != row.priority:
        line(db, row.id, now, "priority", who, f"Priority {row.priority} to {priority}")
        row.priority = priority


def _owner(db: Session, row: Incident, owner: tuple[str, str], who: str, now: UtcUs) -> None:
    if row.state == CLOSED:
        raise Conflict(f"{row.label} is closed; reopen it first")
    if owner[0] == row.owner:
        return
    if not owner[0]:
        words = f"{row.owner_name} leads it no more"
    elif not row.owner_name:
        words = f"Led by {owner[1]}"
    else:
        words = f"Handed over from {row.owner_name} to {owner[1]}"
    row.owner, row.owner_name = owner
    if owner[0]:
        _begin(row)
    line(db, row.id, now, "owner", who, words, {"owner": owner[0]})


def _exercise(db: Session, row: Incident, who: str, now: UtcUs, *, exercise: bool) -> None:
    if row.state == CLOSED:
        raise Conflict(
            f"{row.label} is closed", hint="EXERCISE is a mark set beforehand, never an end reason."
        )
    if exercise != row.exercise:
        row.exercise = exercise
        words = "Marked as an exercise" if exercise else "NO EXERCISE: the mark was taken away"
        line(db, row.id, now, "exercise", who, words)


def _state(  # noqa: PLR0917  # the row's columns
    db: Session, row: Incident, step: tuple[str, str], reason: str, who: str, now: UtcUs
) -> None:
    before, after = step
    if after in (CLOSED, MERGED):
        raise Conflict(f"{row.label}: closing and merging have routes of their own")
    if after == before == row.state or (before == NEW and after == row.state):
        return  # whoever took it over made it active
    demand_step(row.label, before, after)
    words = {ACTIVE: "Active", WAITING: "Waiting", NEW: "New"}[after]
    if before == CLOSED:
        why = demand_reason(reason, "opening it again")
        row.closed_utc, row.closed_by, row.close_reason = None, "", ""
        line(db, row.id, now, "state", who, f"Opened again: {why}", {"state": after})
    else:
        text = f"{words}: {reason.strip()}" if reason.strip() else words
        line(db, row.id, now, "state", who, text, {"state": after})
    row.state = after

"""Where units were: by the grid of 0.01 degrees that every reported place carries."""

import math
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from dispatch.audit.entry import Obj
from dispatch.auth.access import Access
from dispatch.auth.permissions import Action
from dispatch.calllog.asking import cells_of
from dispatch.calllog.gathering import FIX_AGE_US
from dispatch.calllog.query import Place
from dispatch.cameras.tables import Camera
from dispatch.errors import NotFound, ServiceError
from dispatch.incidents.geo import distance_m
from dispatch.incidents.tables import Incident
from dispatch.incidents.views import assigned_talkgroups, sees
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.store.engine import Store

Row = dict[str, Any]
"""A JSON object of the API."""
MAX_UNITS = 500


class Places:
    """Finds who was near what."""

    def __init__(self, *, store: Store, plan: LivePlan, board: Board, record: Record) -> None:
        """Take the store, and what decides whose a unit is."""
        self._store = store
        self._plan = plan
        self._board = board
        self._record = record

    async def of(self, access: Access, place_id: str, radius_m: float) -> Place:
        """Return a circle round a camera or an incident; raises NotFound, ServiceError."""

        def work(db: Session) -> Camera | Incident | None:
            camera = db.get(Camera, place_id)
            if camera is not None and _sees_camera(access, camera):
                return camera
            named = (col(Incident.id) == place_id) | (col(Incident.label) == place_id)
            incident = db.exec(select(Incident).where(named)).first()
            if incident is None or not access.may("incident.see"):
                return None
            return (
                incident if sees(access, incident, assigned_talkgroups(db, incident.id)) else None
            )

        return _circle(await self._store.read(work), place_id, radius_m)

    async def units_near(self, asker: Asker, camera: str, at_utc: int, radius_m: float) -> Row:
        """Return the units near a camera at a time, nearest first; one logged consultation."""
        self._record.demand_writable()
        access = asker.access

        def work(db: Session) -> list[Row]:
            found = db.get(Camera, camera)
            if found is not None and not _sees_camera(access, found):
                found = None
            return units_at(db, _circle(found, camera, radius_m), at_utc)

        rows = [row for row in await self._store.read(work) if self._sees(access, row["unit"])]
        for row in rows:
            row["alias"] = self._plan.alias(row["unit"])
            row["words"] = _words(row)
        await self._record.before(
            asker,
            "consult",
            "camera.units",
            Obj(type="camera", id=camera, cat="camera"),
            detail={"at_utc": at_utc, "radius_m": round(radius_m), "hits": len(rows)},
            since_utc=at_utc,
        )
        return {"camera": camera, "at_utc": at_utc, "units": rows[:MAX_UNITS]}

    def _sees(self, access: Access, unit: str) -> bool:
        groups = self._board.units.talkgroups_of(unit)
        return any(access.can(Action.SEARCH, group) for group in groups)


def _sees_camera(access: Access, camera: Camera) -> bool:
    return not camera.group or access.camera(Action.SEE, camera.group)


def _circle(found: Camera | Incident | None, place_id: str, radius_m: float) -> Place:
    if found is None:
        raise NotFound(f"there is no camera or incident {place_id}")
    if found.latitude_deg is None or found.longitude_deg is None:
        raise ServiceError(
            f"{place_id} has no place", hint="Its place stands in the configuration."
        )
    return Place(
        latitude_deg=found.latitude_deg, longitude_deg=found.longitude_deg, radius_m=radius_m
    )


def units_at(db: Session, place: Place, at_utc: int) -> list[Row]:
    """Return the units whose last place at a time lay in a circle, nearest first.

    A place that came within 300 s before counts, unless the unit has told another since.
    """
    cells = ",".join(str(cell) for cell in cells_of(place))
    rows = db.connection().execute(text(
        "SELECT p.unit, p.t_utc, p.age_s, p.latitude_deg, p.longitude_deg, p.error_m"
        f" FROM unit_position p WHERE p.cell IN ({cells})"
        " AND p.t_utc BETWEEN :first AND :at AND NOT EXISTS (SELECT 1 FROM unit_position n"
        " WHERE n.unit = p.unit AND n.t_utc > p.t_utc AND n.t_utc <= :at)"
    ), {"first": at_utc - FIX_AGE_US, "at": at_utc})  # fmt: skip
    found = []
    for unit, t_utc, age_s, latitude, longitude, error_m in rows:
        apart = distance_m(place.latitude_deg, place.longitude_deg, latitude, longitude)
        age = (at_utc - t_utc) / 1_000_000 + (age_s or 0)
        if apart <= place.radius_m + (error_m or 0.0) and age * 1_000_000 <= FIX_AGE_US:
            found.append(
                {
                    "unit": unit,
                    "distance_m": round(apart, 1),
                    "error_m": error_m,
                    "age_s": math.floor(age),
                    "latitude_deg": latitude,
                    "longitude_deg": longitude,
                }
            )
    return sorted(found, key=lambda row: (row["distance_m"], row["unit"]))


def _words(row: Row) -> str:
    """Return distance, error and age as a person reads them."""
    error = "" if row["error_m"] is None else f" ± {row['error_m']:.0f} m"
    return f"{row['alias']}, {row['distance_m']:.0f} m{error}, fix {row['age_s']} s old"

"""States and steps, the guarded timeline, and which units and cameras are near."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from dispatch.errors import Conflict, ServiceError
from dispatch.incidents.life import STEPS, demand_priority, demand_reason, demand_step
from dispatch.incidents.suggest_near import (
    CameraNear,
    PlaceFacts,
    UnitNear,
    score_camera,
    score_units,
)
from dispatch.incidents.tables import IncidentTimeline
from dispatch.incidents.timeline import erase_line
from gateway.model.ids import TalkgroupId, UtcUs
from tests.dispatch.incidents.desk import Desk

NOW = UtcUs(1_764_000_000_000_000)
PLACE = PlaceFacts(latitude_deg=59.33, longitude_deg=18.06, talkgroups=frozenset())


def test_the_table_of_steps() -> None:
    allowed = {(before, after) for before, some in STEPS.items() for after in some}
    for before in STEPS:
        for after in STEPS:
            if (before, after) in allowed:
                demand_step("INC-1", before, after)
            else:
                with pytest.raises(Conflict, match="INC-1 is"):
                    demand_step("INC-1", before, after)
    with pytest.raises(ServiceError, match="expected one of"):
        demand_step("INC-1", "new", "gone")
    with pytest.raises(ServiceError, match="1 to 4"):
        demand_priority(0)
    assert demand_reason(" because ", "it") == "because"


async def test_lines_are_never_changed_or_deleted_only_erased(desk: Desk) -> None:
    one = await desk.incidents.open("Fire", "Anna")
    await desk.incidents.note(one, "Anna Berg, Kajgatan 4", "Bo")
    note = next(row for row in desk.rows(IncidentTimeline) if row.kind == "note")
    for words in (
        "UPDATE incident_timeline SET text = 'x'",
        "UPDATE incident_timeline SET who = 'y', text = '', erased_utc = 1, data = '{}'",
        "UPDATE incident_timeline SET text = '', data = '{}'",
        "DELETE FROM incident_timeline",
    ):
        with pytest.raises(DBAPIError, match="never changed or deleted"):
            desk.store.write_now(_run(words))
    assert desk.store.write_now(lambda db: erase_line(db, note.id or 0, 77))
    assert not desk.store.write_now(lambda db: erase_line(db, note.id or 0, 78)), "once"
    rows = desk.store.read_now(lambda db: list(db.exec(select(IncidentTimeline))))
    erased = next(row for row in rows if row.kind == "note")
    assert (erased.text, erased.data, erased.erased_utc, erased.who) == ("", {}, 77, "Bo")
    with pytest.raises(DBAPIError, match="never changed or deleted"):
        desk.store.write_now(_run("UPDATE incident_timeline SET erased_utc = NULL"))


def _run(words: str) -> Any:
    def work(db: Session) -> None:
        db.execute(text(words))

    return work


def unit(name: str, north_m: float = 0, **facts: Any) -> UnitNear:
    values: dict[str, Any] = {
        "unit": name,
        "name": name,
        "latitude_deg": 59.33 + north_m / 111_195,
        "longitude_deg": 18.06,
        "error_m": 20.0,
        "t_utc": UtcUs(NOW - 10_000_000),
    }
    return UnitNear(**{**values, **facts})


def test_units_are_ranked_with_the_reason_in_words() -> None:
    group = TalkgroupId("n/1")
    place = PlaceFacts(latitude_deg=59.33, longitude_deg=18.06, talkgroups=frozenset({group}))
    units = [
        unit("far", 9_000),
        unit("near", 200, status="Available", talkgroup=group),
        unit("busy", 100, busy=True),
        unit("there", 60, status="On scene"),
        unit("old", 50, t_utc=UtcUs(NOW - 900_000_000)),
    ]
    scored = {one.unit: score for one, score in score_units(units, place, NOW)}
    assert "far" not in scored
    assert scored["near"].points == 40 + 25 + 10 + 25
    assert "200 m ± 20 m away, fix 10 s old" in scored["near"].why
    assert "the nearest free unit" in scored["near"].why
    assert scored["there"].points == 70
    assert scored["busy"].points == 10
    assert "assigned to another incident" in scored["busy"].why
    assert scored["old"].points == 0
    assert scored["old"].why.startswith("stale position")


def test_cameras_are_scored_by_what_they_can_see() -> None:
    def camera(north_m: float, **facts: Any) -> Any:
        values: dict[str, Any] = {
            "camera": "c",
            "name": "c",
            "latitude_deg": 59.33 + north_m / 111_195,
            "longitude_deg": 18.06,
            "bearing_deg": None,
            "range_m": 80.0,
        }
        return score_camera(CameraNear(**{**values, **facts}), PLACE)

    looking = camera(60, bearing_deg=180.0)
    assert looking.points == 70
    assert "60 m away, within its range of 80 m" in looking.why
    assert camera(60, bearing_deg=0.0).points == 30
    assert camera(150).points == 30
    assert camera(250).points == 15
    assert camera(900).points == 0
    assert "offline now" in camera(60, offline=True).why

"""Lanes on one clock: what they hold, what is cut, what is logged."""

import json
import sqlite3
from typing import Any

from sqlmodel import Session

from dispatch.cameras.tables import Camera, CameraMedia, CameraSource
from dispatch.evidence.outages import Outages
from dispatch.incidents.tables import (
    Incident,
    IncidentSuggestion,
    IncidentTalkgroup,
    IncidentTimeline,
)
from gateway.model import events as ev
from gateway.model.ids import MessageId, PositionId, RequestId
from tests.dispatch.opus import spoken
from tests.dispatch.room import GHOST, LINK, NORTH, PATROL, SECRET, SECRET_LINK, Browser, Room

HOUR_US = 3600 * 1_000_000


def kinds(answer: dict[str, Any]) -> list[str]:
    return [lane["kind"] for lane in answer["lanes"]]


def lane(answer: dict[str, Any], kind: str, lane_id: str = "") -> dict[str, Any]:
    found = [one for one in answer["lanes"] if one["kind"] == kind and lane_id in ("", one["id"])]
    assert len(found) == 1, [(one["kind"], one["id"]) for one in answer["lanes"]]
    return dict(found[0])


async def ask(room: Room, browser: Browser, **more: Any) -> dict[str, Any]:
    now = room.clock.utc_us()
    params = {"from_utc": now - HOUR_US, "to_utc": now + 60_000_000} | more
    answer = await browser.get("/lanes", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def traffic(room: Room) -> dict[str, Any]:
    """One call with sound, one hidden call, a place, a status, texts, a press, a note."""
    call, over = room.begin()
    room.record(call, over, spoken())
    room.bus.publish(
        ev.UnitPositioned(
            unit=PATROL, link=LINK, latitude_deg=57.7, longitude_deg=11.97, error_m=20.0, age_s=3
        )
    )
    room.bus.publish(
        ev.UnitStatusSet(unit=PATROL, link=LINK, value=32770, digit="2", words="At scene")
    )
    for number, (group, unit, link) in enumerate(
        ((NORTH, PATROL, LINK), (SECRET, GHOST, SECRET_LINK))
    ):
        room.bus.publish(
            ev.MessageReceived(
                message=MessageId(f"m-{number}"),
                link=link,
                sender=unit,
                talkgroup=group,
                to=None,
                text=f"text {number}",
            )
        )
    room.bus.publish(
        ev.FloorRequested(
            request=RequestId("r-1"), position=PositionId("P1"), operator="Anna", talkgroup=NORTH
        )
    )
    room.end(call, over)
    hidden, its = room.begin(SECRET, GHOST, seq=2)
    room.end(hidden, its, SECRET)
    await room.journaled()
    dispatcher = await room.browser("dispatcher")
    assert (
        await dispatcher.post(f"/calls/{call}/notes", {"text": "at the gate"})
    ).status_code == 200
    await room.journaled()
    return {"call": call, "over": over, "hidden": its}


async def test_lanes_lay_calls_places_texts_and_presses_on_one_clock(room: Room) -> None:
    made = await traffic(room)
    answer = await ask(room, await room.browser("dispatcher"), talkgroup=[NORTH], unit=[PATROL])
    assert kinds(answer)[:3] == ["talkgroup", "unit", "written"]
    (over,) = lane(answer, "talkgroup")["items"]
    assert (over["id"], over["kind"], over["title"]) == (made["over"], "over", "Patrol 1")
    assert over["has_sound"]
    assert over["why_no_sound"] == ""
    assert over["play_url"] == f"/api/v1/recordings/{made['over']}"
    assert over["peaks_url"] == f"/api/v1/recordings/{made['over']}/peaks"
    unit = lane(answer, "unit", PATROL)
    assert sorted(one["kind"] for one in unit["items"]) == ["over", "place", "status"]
    place = next(one for one in unit["items"] if one["kind"] == "place")
    assert "± 20 m, fix 3 s old" in place["title"]
    written = lane(answer, "written")
    assert [one["title"] for one in written["items"]] == ["At scene", "text 0", "at the gate"]
    desk = lane(answer, "operator", "position:P1")
    assert desk["sub"] == "Anna"
    assert desk["items"][0]["kind"] == "press"


async def test_what_is_not_granted_is_in_no_lane(room: Room) -> None:
    made = await traffic(room)
    answer = await ask(
        room, await room.browser("auditor"), talkgroup=[SECRET, NORTH], unit=[GHOST, PATROL]
    )
    assert [one["id"] for one in answer["lanes"] if one["kind"] in ("talkgroup", "unit")] == [
        NORTH,
        PATROL,
    ]
    told = json.dumps([one for one in answer["lanes"] if one["id"] != "audit"])
    for secret in (made["hidden"], "HIDDEN", "Ghost", "text 1"):
        assert secret not in told


async def test_opening_lanes_is_one_logged_consultation_with_the_unit_not_in_clear(
    room: Room,
) -> None:
    await traffic(room)
    answer = await ask(room, await room.browser("auditor"), talkgroup=[NORTH], unit=[PATROL])
    assert lane(answer, "operator", "audit")["items"]
    with sqlite3.connect(room.state / "samband.db") as db:
        rows = [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]
    (entry,) = [one for one in rows if one["verb"] == "lanes.open"]
    assert entry["op"] == "consult"
    assert entry["detail"]["talkgroups"] == [NORTH]
    assert PATROL not in json.dumps(entry)


async def test_a_camera_lane_has_its_clips_its_gaps_and_its_clock(room: Room) -> None:
    now = room.clock.utc_us()

    def make(db: Any) -> None:
        db.add(CameraSource(id="frigate:n", kind="frigate", skew_ms=400))
        db.add(Camera(id="cam-1", source="frigate:n", name_at_source="one", name="Gate"))
        for number, state in enumerate(("fetched", "gone")):
            db.add(
                CameraMedia(
                    id=f"k-{number}",
                    incident="i-1",
                    source="frigate:n",
                    camera="cam-1",
                    object=f"o-{number}",
                    kind="clip",
                    path="",
                    from_utc=now - 60_000_000 + number,
                    to_utc=now,
                    state=state,
                    reason="" if state == "fetched" else "link lost",
                    file="" if state == "gone" else "x.mp4",
                    made_utc=now,
                )
            )
        db.add(
            Incident(
                id="i-1",
                label="INC-2026-000001",
                title="Fire",
                kind="motion",
                severity="alert",
                opened_utc=now,
                started_utc=now,
                last_event_utc=now,
                camera="cam-1",
            )
        )
        db.add(IncidentTalkgroup(incident="i-1", talkgroup=NORTH, by="x", at_utc=now))
        db.add(IncidentTimeline(incident="i-1", t_utc=now, kind="note", text="smoke", who="Anna"))

    await room.store.write(make)
    answer = await ask(room, await room.browser("dispatcher"), incident=["i-1"])
    assert answer["drift_max_ms"] == 400
    assert lane(answer, "talkgroup")["id"] == NORTH
    clips = lane(answer, "camera")["items"]
    assert [(one["gap"], one["play_url"]) for one in clips] == [
        (False, "/api/v1/media/k-0"),
        (True, None),
    ]
    assert clips[1]["why_no_sound"] == "gone: link lost"
    assert lane(answer, "incident")["items"][0]["title"] == "smoke"


async def test_an_incident_has_the_talkgroups_of_its_confirmed_calls(room: Room) -> None:
    now, (call, over) = room.clock.utc_us(), room.begin()
    room.end(call, over)
    await room.journaled()
    link = IncidentSuggestion(
        id="s-1", incident="i-1", call=call, score=80, state="suggested", why="near", by="Anna",
        at_utc=now,
    )  # fmt: skip
    incident = Incident(
        id="i-1", label="2302", title="Fire", kind="motion", severity="alert", opened_utc=now,
        started_utc=now, last_event_utc=now,
    )  # fmt: skip
    await room.store.write(lambda db: db.add_all((incident, link)))
    dispatcher = await room.browser("dispatcher")
    assert "talkgroup" not in kinds(await ask(room, dispatcher, incident=["i-1"]))

    def confirm(db: Session) -> None:
        row = db.get(IncidentSuggestion, "s-1")
        assert row is not None
        row.state = "confirmed"
        db.add(row)

    await room.store.write(confirm)
    answer = await ask(room, dispatcher, incident=["i-1"])
    assert lane(answer, "talkgroup")["id"] == NORTH


async def test_an_outage_is_a_gap_in_the_lane(room: Room) -> None:
    outages = room.services.add(Outages(room.state / "evidence", room.bus, room.clock))
    now = room.clock.utc_us()
    lines = [
        {"t": now - 30_000_000, "link": "north", "state": "down"},
        {"t": now - 18_000_000, "link": "north", "state": "up"},
    ]
    path = room.state / "evidence" / "outages.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert len(outages.between(0, now)) == 1
    answer = await ask(room, await room.browser("dispatcher"), talkgroup=[NORTH])
    (gap,) = lane(answer, "talkgroup")["items"]
    assert gap["gap"]
    assert gap["title"] == "Gap 12 s: link lost, North radio"
    assert gap["to_utc"] - gap["from_utc"] == 12_000_000


async def test_too_much_is_refused_in_words(room: Room) -> None:
    browser = await room.browser("dispatcher")
    long = await browser.get("/lanes", params={"from_utc": 0, "to_utc": 3 * HOUR_US})
    assert long.status_code == 400
    assert "at most 2 h" in long.text
    none = await browser.get("/lanes", params={"from_utc": 5, "to_utc": 5})
    assert none.status_code == 400
    many = {"from_utc": 0, "to_utc": 1, "talkgroup": [f"net/{n}" for n in range(17)]}
    assert (await browser.get("/lanes", params=many)).status_code in (400, 422)
    engineer = await room.browser("engineer")
    assert (await engineer.get("/lanes", params={"from_utc": 0, "to_utc": 1})).status_code == 403

"""What people do with an incident over real HTTP: life, units, cameras, merge, split, rights."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dispatch.auth.access import GrantInfo
from dispatch.auth.people import parse_actions
from dispatch.auth.permissions import Role
from dispatch.cameras.demo_source import secret_text
from dispatch.incidents.joining import Joining
from dispatch.incidents.nearby import Nearby
from dispatch.places.reading import read
from gateway.model import events as ev
from gateway.model.ids import MessageId
from samband.camera_side import CameraSide
from samband.config_cameras import Camera, Cameras, Webhook
from samband.places_side import add_places
from tests.dispatch.incidents.test_api import SECRET_BYTES, body, entries, near_call, post
from tests.dispatch.room import GHOST, LINK, NORTH, PATROL, SECRET, Browser, Room, until

KAJEN = Camera(
    id="cam-0412",
    name="Kajgatan 4",
    latitude_deg=59.3302,
    longitude_deg=18.0601,
    bearing_deg=90,
    range_m=60,
)
CORNER = Camera(
    id="cam-0413", name="Kajgatan 9", latitude_deg=59.33018, longitude_deg=18.0612, range_m=80
)
HIDDEN = Camera(
    id="cam-hid", name="Vault", group="hidden", latitude_deg=59.3303, longitude_deg=18.0603
)
PLACES = b"name,lat,lon,kind\nKajgatan 4,59.33021,18.0601,address\nHarbour,59.329,18.064,quay\n"


@pytest.fixture
async def side(room: Room, tmp_path: Path) -> AsyncIterator[CameraSide]:
    secret = tmp_path / "secret"
    secret.write_text(secret_text(SECRET_BYTES))
    config = Cameras(
        camera=(KAJEN, CORNER, HIDDEN), webhook=(Webhook(id="test", secret_file=secret),)
    )
    made = CameraSide(config, room.services)
    add_places(read(PLACES, "places.csv"), room.services, made.register.all())
    await made.start()
    yield made
    await made.close()


async def incident(room: Room, camera: str = "cam-0412", name: str = "ev-1") -> str:
    answer = await post(room, body(id=name, camera=camera, claims=[]), f"m-{name}")
    assert answer.status_code == 202, answer.text
    return str(answer.json()["incident"])


async def patch(browser: Browser, incident: str, **what: Any) -> Any:
    return await browser.http.patch(
        f"/api/v1/incidents/{incident}", json=what, headers={"X-Samband-Csrf": browser.csrf}
    )


async def delete(browser: Browser, path: str) -> Any:
    return await browser.http.delete(f"/api/v1{path}", headers={"X-Samband-Csrf": browser.csrf})


def logged(room: Room, verb: str) -> list[dict[str, Any]]:
    return [entry for entry in entries(room) if entry["verb"] == verb]


async def test_the_life_of_an_incident(room: Room, side: CameraSide) -> None:
    one = await incident(room)
    browser = await room.browser("dispatcher")
    first = (await browser.get(f"/incidents/{one}")).json()
    assert (first["state"], first["priority"], first["owner"]) == ("new", 2, "")
    mine = (await patch(browser, one, owner="me", version=first["version"])).json()
    assert (mine["state"], mine["owner_name"]) == ("active", "Dispatcher")
    stale = await patch(browser, one, title="Two at once", version=first["version"])
    assert stale.status_code == 409
    assert "changed by somebody else" in stale.json()["error"]["message"]
    seen = (await patch(browser, one, priority=1, title="Car on fire", state="waiting")).json()
    assert (seen["priority"], seen["title"], seen["state"]) == (1, "Car on fire", "waiting")
    assert (await patch(browser, one, priority=5)).status_code == 422
    assert (await patch(browser, one, state="closed")).status_code == 422
    assert (await patch(browser, one, owner="17")).status_code == 404
    assert (await patch(browser, one, latitude_deg=59.0)).status_code == 400
    moved = (await patch(browser, one, latitude_deg=59.33021, longitude_deg=18.06011)).json()
    assert moved["place"] == "Kajgatan 4"
    for reason, status in (("exercise", 400), ("handled", 200)):
        closed = await browser.post(f"/incidents/{one}/close", {"reason": reason})
        assert closed.status_code == status
    assert (await browser.get("/incidents", params={"state": "open"})).json() == []
    assert (await patch(browser, one, owner="me")).status_code == 409
    assert (await patch(browser, one, state="active")).status_code == 400, "a reason is needed"
    again = (await patch(browser, one, state="active", reason="it burns again")).json()
    assert (again["state"], again["closed_utc"]) == ("active", None)
    texts = [row["text"] for row in again["timeline"]]
    for words in ("Led by Dispatcher", "Priority 2 to 1", "Title: Car on fire", "Waiting"):
        assert words in texts
    assert "Opened again: it burns again" in texts
    await until(lambda: len(logged(room, "incident.change")) >= 4)
    assert not any("fire" in str(entry["detail"]) for entry in logged(room, "incident.change"))


async def test_an_exercise_never_looks_like_a_live_incident(room: Room, side: CameraSide) -> None:
    supervisor = await room.browser("supervisor")
    made = await supervisor.post("/incidents", {"title": "Drill", "exercise": True})
    one = made.json()["id"]
    assert made.json()["exercise"]
    alert = {"status": "Actual", "restriction": "all rooms"}
    refused = await supervisor.post(f"/incidents/{one}/cap", alert)
    assert refused.status_code == 409, refused.text
    assert "not Actual" in refused.json()["error"]["message"]
    real = (await patch(supervisor, one, exercise=False)).json()
    assert not real["exercise"]
    assert any("NO EXERCISE" in row["text"] for row in real["timeline"])


async def test_units_are_suggested_assigned_and_watched(room: Room, side: CameraSide) -> None:
    browser = await room.browser("dispatcher")
    one = await incident(room)
    near_call(room)
    for unit, words in ((GHOST, "Secret words"), (PATROL, "two persons at the gate")):
        room.bus.publish(
            ev.MessageReceived(
                message=MessageId(f"m-{unit}"),
                link=LINK,
                sender=unit,
                to=None,
                talkgroup=NORTH if unit == PATROL else SECRET,
                text=words,
            )
        )
    await room.journaled()
    nearby = room.services.use(Nearby)
    await nearby.recompute()
    sheet = (await browser.get(f"/incidents/{one}")).json()
    hints = {row["object"]: row for row in sheet["hints"]}
    assert set(hints) == {PATROL, "cam-0413"}, "nothing of hidden units and cameras"
    hint = hints[PATROL]
    assert hint["score"] >= 60
    assert "± 30 m away, fix" in hint["why"]
    assert "On scene" in hint["why"]
    rejected = await browser.post(
        f"/incidents/{one}/hints/{hints['cam-0413']['id']}", {"state": "rejected"}
    )
    assert rejected.status_code == 200, rejected.text
    done = await browser.post(f"/incidents/{one}/hints/{hint['id']}", {"state": "confirmed"})
    (unit,) = done.json()["units"]
    assert (unit["unit"], unit["state"], unit["alias"]) == (PATROL, "assigned", "Patrol 1")
    assert unit["place"].startswith("Kajgatan 4")
    await nearby.recompute()
    again = (await browser.get(f"/incidents/{one}")).json()
    states = {row["object"]: row["state"] for row in again["hints"]}
    assert states == {PATROL: "confirmed", "cam-0413": "rejected"}
    room.bus.publish(
        ev.UnitStatusSet(unit=PATROL, link=LINK, value=32774, digit="4", words="On scene")
    )
    room.bus.publish(
        ev.MessageReceived(
            message=MessageId("m-2"), link=LINK, sender=PATROL, to=None, talkgroup=NORTH,
            text="fire is out",
        )
    )  # fmt: skip
    call, transmission = room.begin()
    room.end(call, transmission)
    await room.journaled()
    rows: list[dict[str, Any]] = []

    async def lines() -> bool:
        rows[:] = (await browser.get(f"/incidents/{one}/timeline")).json()
        return {"status", "text", "call"} <= {row["kind"] for row in rows}

    await until_true(lines)
    text = next(row for row in rows if row["kind"] == "text")
    assert (text["text"], text["words"]) == ("Text from Patrol 1", "fire is out")
    assert next(row for row in rows if row["kind"] == "call")["call_row"]["id"] == call
    sheet = (await browser.get(f"/incidents/{one}")).json()
    assert sheet["units"][0]["on_scene_utc"] is not None
    assert (await browser.post(f"/incidents/{one}/units", {"unit": GHOST})).status_code == 404
    assert (await browser.post(f"/incidents/{one}/units", {"unit": PATROL})).status_code == 409
    free = (await delete(browser, f"/incidents/{one}/units/{PATROL}")).json()
    assert free["units"][0]["state"] == "released"
    assert (await delete(browser, f"/incidents/{one}/units/{PATROL}")).status_code == 404
    verbs = ("incident.unit_confirmed", "incident.camera_rejected", "incident.unit_released")
    await until(lambda: all(logged(room, verb) for verb in verbs))


async def until_true(what: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await what():
            await asyncio.sleep(0.05)


async def test_cameras_and_talkgroups_come_and_go(room: Room, side: CameraSide) -> None:
    browser = await room.browser("dispatcher")
    one = await incident(room)
    linked = await browser.post(f"/incidents/{one}/cameras", {"camera": "cam-0413"})
    assert [(row["id"], row["link"]) for row in linked.json()["cameras"]] == [
        ("cam-0412", "seen"),
        ("cam-0413", "linked"),
    ]
    for camera in ("cam-hid", "cam-none"):
        answer = await browser.post(f"/incidents/{one}/cameras", {"camera": camera})
        assert answer.status_code == 404
    assert (await delete(browser, f"/incidents/{one}/cameras/cam-0413")).status_code == 200
    assert (await delete(browser, f"/incidents/{one}/cameras/cam-0413")).status_code == 404
    await browser.post(f"/incidents/{one}/talkgroups", {"talkgroup": NORTH})
    gone = await delete(browser, f"/incidents/{one}/talkgroups/{NORTH}")
    assert gone.json()["talkgroups"] == []
    mine = (await browser.post("/incidents", {"title": "On NORTH", "talkgroup": NORTH})).json()
    last = await delete(browser, f"/incidents/{mine['id']}/talkgroups/{NORTH}")
    assert last.status_code == 409, "or nobody would find it"


async def test_merge_and_split_over_http(room: Room, side: CameraSide) -> None:
    browser = await room.browser("dispatcher")
    auditor = await room.browser("auditor")
    one, other = await incident(room), await incident(room, "cam-0413", "ev-2")
    sheet = (await browser.get(f"/incidents/{one}")).json()
    assert [row["id"] for row in sheet["possibly_same"]] == [other]
    denied = await auditor.post(f"/incidents/{other}/merge", {"into": one})
    assert denied.status_code == 403
    async with browser.stream() as stream:
        await stream.next("snapshot")
        merged = await browser.post(f"/incidents/{other}/merge", {"into": one, "reason": "same"})
        told = await stream.event("incident.merged")
    assert (told["data"]["incident"], told["data"]["into"]) == (other, one)
    assert merged.json()["merged_from"][0]["id"] == other
    assert [row["id"] for row in merged.json()["cameras"]] == ["cam-0412", "cam-0413"]
    source = (await browser.get(f"/incidents/{other}")).json()
    assert (source["state"], source["merged_to"]["id"]) == ("merged", one)
    assert (await browser.post(f"/incidents/{other}/notes", {"text": "late"})).status_code == 409
    back = await browser.post(f"/incidents/{other}/unmerge", {"reason": "two cars"})
    assert back.json()["state"] == "new"
    await browser.post(f"/incidents/{other}/merge", {"into": one})
    wrong = await browser.post(f"/incidents/{one}/split", {"title": "x", "calls": ["c-none"]})
    assert wrong.status_code == 404
    made = await browser.post(
        f"/incidents/{one}/split", {"title": "Second", "cameras": ["cam-0413"]}
    )
    assert made.status_code == 201, made.text
    assert [row["camera"] for row in made.json()["events"]] == ["cam-0413"]
    assert made.json()["split_of"]["id"] == one
    for verb, op in (
        ("incident.merge", "combine"),
        ("incident.unmerge", "alter"),
        ("incident.split", "alter"),
    ):
        await until(lambda verb=verb: bool(logged(room, verb)))  # type: ignore[misc]  # bound now
        assert logged(room, verb)[0]["op"] == op


async def test_a_merge_shows_nobody_what_they_may_not_know(room: Room, side: CameraSide) -> None:
    browser = await room.browser("dispatcher")
    one, vault = await incident(room), await incident(room, "cam-hid", "ev-9")
    assert (await browser.post(f"/incidents/{one}/merge", {"into": vault})).status_code == 404
    assert (await browser.post(f"/incidents/{vault}/merge", {"into": one})).status_code == 404
    await room.services.use(Joining).merge(vault, one, "Boss")
    sheet = (await browser.get(f"/incidents/{one}")).json()
    assert "Vault" not in str(sheet)
    assert vault not in str(sheet["merged_from"])
    assert {row["camera"] for row in sheet["events"]} == {"cam-0412"}
    assert sheet["counts"]["cameras"] == 1
    room.services.people.give_now(
        GrantInfo(
            id=0,
            role=Role.DISPATCHER,
            organisation="*",
            scope_kind="camera_group",
            scope="hidden",
            actions=parse_actions(["see"]),
        ),
        "test",
    )
    room.services.access.refresh("test")
    sheet = (await browser.get(f"/incidents/{one}")).json()
    assert {row["camera"] for row in sheet["events"]} == {"cam-0412", "cam-hid"}


async def test_places_over_http(room: Room, side: CameraSide) -> None:
    browser = await room.browser("dispatcher")
    found = (await browser.get("/places", params={"q": "kaj 4"})).json()
    assert [row["name"] for row in found] == ["Kajgatan 4"]
    at = ["59.33021,18.0601,20", "59.3289,18.0610", "59.3320,18.0601"]
    words = (await browser.get("/places/words", params={"at": at})).json()
    assert words[0] == "Kajgatan 4, ± 20 m"
    assert words[1] == "Kajgatan 4, 154 m"
    assert "Kajgatan 4, 199 m" in words[2]
    assert "hid" not in str(words)
    bad = await browser.get("/places/words", params={"at": ["north"]})
    assert bad.status_code == 400
    drawn = (await browser.get("/places/map")).json()
    assert [row["name"] for row in drawn["labels"]] == ["Harbour"]
    dpo = await room.browser("dpo")
    assert (await dpo.get("/places")).status_code == 403

"""Webhook, incidents, imports and the audit pages over real HTTP, within rights."""

import asyncio
import base64
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from dispatch.auth.access import GrantInfo
from dispatch.auth.people import parse_actions
from dispatch.auth.permissions import Role
from dispatch.cameras.demo_source import DemoCameras, WebhookClient, secret_text
from dispatch.cameras.frigate_http import Fetched
from dispatch.cameras.ingest import Health, Ingest, from_bytes, to_bytes
from dispatch.cameras.media import Answer
from dispatch.cameras.tables import CameraMedia
from dispatch.live.bookmarks import Bookmarks
from gateway.model import events as ev
from samband.camera_side import CameraSide
from samband.config_cameras import Camera, Cameras, Webhook
from samband.live_side import LiveSide
from tests.dispatch.room import LINK, NORTH, PATROL, SECRET, Room, until

SECRET_BYTES = bytes(range(32))
KAJEN = Camera(
    id="cam-0412", name="Kajgatan 4", latitude_deg=59.3302, longitude_deg=18.0601, range_m=60
)
HIDDEN = Camera(id="cam-hid", name="Vault", group="hidden", name_at_source="vault")


@pytest.fixture
async def side(room: Room, tmp_path: Path) -> AsyncIterator[CameraSide]:
    secret = tmp_path / "secret"
    secret.write_text(secret_text(SECRET_BYTES))
    config = Cameras(camera=(KAJEN, HIDDEN), webhook=(Webhook(id="test", secret_file=secret),))
    made = CameraSide(config, room.services)
    live = LiveSide(config, room.services, made)
    await made.start()
    await live.start()
    yield made
    await live.close()
    await made.close()


def body(**changes: Any) -> bytes:
    values = {
        "type": "camera.event",
        "id": "ev-1",
        "camera": "cam-0412",
        "kind": "object",
        "severity": "alert",
        "labels": ["person"],
        "claims": [{"type": "plate", "value": "NRV 482"}],
    }
    return json.dumps({**values, **changes}).encode()


async def post(room: Room, raw: bytes, webhook_id: str = "m-1", **headers: str) -> Any:
    client = WebhookClient("http://localhost/x", secret_text(SECRET_BYTES))
    signed = client.headers(webhook_id, room.clock.utc_us(), raw) | headers
    browser = await room.browser()
    path = "/api/v1/webhooks/camera/test"
    return await browser.http.post(path, content=raw, headers=signed)


def entries(room: Room) -> list[dict[str, Any]]:
    with sqlite3.connect(room.audit_file) as db:
        return [json.loads(raw) for (raw,) in db.execute("SELECT entry FROM audit_log")]


def near_call(room: Room) -> str:
    room.bus.publish(
        ev.UnitPositioned(
            unit=PATROL,
            link=LINK,
            latitude_deg=59.3303,
            longitude_deg=18.0602,
            error_m=30.0,
            age_s=2,
        )
    )
    room.bus.publish(
        ev.UnitStatusSet(unit=PATROL, link=LINK, value=32774, digit="4", words="On scene")
    )
    call, transmission = room.begin()
    room.end(call, transmission)
    return call


async def test_from_webhook_to_confirmed_call(room: Room, side: CameraSide) -> None:
    browser = await room.browser("dispatcher")
    async with browser.stream() as stream:
        await stream.next("snapshot")
        answer = await post(room, body())
        assert answer.status_code == 202, answer.text
        opened = await stream.event("incident.opened")
        incident = opened["data"]["incident"]
        assert answer.json()["incident"] == incident
        call = near_call(room)
        await room.journaled()
        while True:
            update = await stream.event("incident.updated")
            if update["data"]["what"] == "suggestion" and update["data"]["suggested"]:
                break
    sheet = (await browser.get(f"/incidents/{incident}")).json()
    (suggestion,) = sheet["suggestions"]
    assert suggestion["call"] == call
    assert suggestion["call_row"]["id"] == call
    assert "± 30 m, fix 2 s old" in suggestion["why"]
    assert sheet["events"][0]["claims"][0]["status"] == "unreviewed"
    assert "NRV" not in sheet["title"]
    path = f"/incidents/{incident}/suggestions/{suggestion['id']}"
    assert (await browser.post(path, {"state": "perhaps"})).status_code == 422
    confirmed = (await browser.post(path, {"state": "confirmed"})).json()
    assert confirmed["suggestions"][0]["state"] == "confirmed"
    assert confirmed["suggestions"][0]["by"] == "Dispatcher"
    await until(lambda: any(e["verb"] == "incident.call_confirmed" for e in entries(room)))
    entry = next(e for e in entries(room) if e["verb"] == "incident.call_confirmed")
    assert (entry["op"], entry["detail"]["call"]) == ("combine", call)
    found = (await browser.get("/calls", params={"incident": incident})).json()
    assert [row["id"] for row in found["calls"]] == [call]


async def test_the_webhook_s_answers(room: Room, side: CameraSide) -> None:
    assert (await post(room, body())).status_code == 202
    again = await post(room, body())
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    assert (await post(room, b"{}", "m-2")).status_code == 400
    bad = await post(room, body(), "m-3", **{"webhook-signature": "v1,AAAA"})
    assert bad.status_code == 401
    assert "secret" in bad.json()["error"]["message"]
    assert (await post(room, b"x" * 300_000, "m-4")).status_code == 413
    other = await (await room.browser()).http.post("/api/v1/webhooks/camera/none", content=b"")
    assert other.status_code == 404
    answers = [await post(room, body(id=f"ev-{n}"), f"n-{n}") for n in range(3)]
    assert {a.status_code for a in answers} == {202}


async def test_incidents_of_hidden_cameras_and_talkgroups_are_not_there(
    room: Room, side: CameraSide
) -> None:
    browser = await room.browser("dispatcher")
    answer = await post(room, body(camera="cam-hid"))
    hidden = answer.json()["incident"]
    secret = await side.incidents.open("Secret work", "Boss", SECRET)
    for incident in (hidden, secret):
        assert (await browser.get(f"/incidents/{incident}")).status_code == 404
        noted = await browser.post(f"/incidents/{incident}/notes", {"text": "hello"})
        assert noted.status_code == 404
    assert (await browser.get("/incidents")).json() == []
    assert "Vault" not in (await browser.get("/cameras")).text
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
    seen = (await browser.get("/incidents", params={"q": "vault", "state": "open"})).json()
    assert [row["id"] for row in seen] == [hidden]


async def test_an_incident_by_hand(room: Room, side: CameraSide) -> None:
    browser = await room.browser("dispatcher")
    assert (await browser.post("/incidents", {"title": ""})).status_code == 422
    secret = await browser.post("/incidents", {"title": "x", "talkgroup": SECRET})
    assert secret.status_code == 404
    made = await browser.post("/incidents", {"title": "Car on fire", "talkgroup": NORTH})
    assert made.status_code == 201, made.text
    incident = made.json()["id"]
    call, transmission = room.begin()
    room.end(call, transmission)
    await room.journaled()
    await browser.post(f"/incidents/{incident}/talkgroups", {"talkgroup": NORTH})
    attached = await browser.post(f"/incidents/{incident}/calls", {"call": call})
    states = {row["call"]: row["state"] for row in attached.json()["suggestions"]}
    assert states == {call: "confirmed"}
    none = await browser.post(f"/incidents/{incident}/calls", {"call": "c-none"})
    assert none.status_code == 404
    noted = await browser.post(f"/incidents/{incident}/notes", {"text": "Röd bil, Anna"})
    assert noted.json()["notes"][0]["text"] == "Röd bil, Anna"
    closed = await browser.post(f"/incidents/{incident}/close", {"reason": "handled"})
    assert closed.json()["state"] == "closed"
    again = await browser.post(f"/incidents/{incident}/close", {"reason": "handled"})
    assert again.status_code == 409
    await until(lambda: any(e["verb"] == "incident.close" for e in entries(room)))
    assert "Anna" not in json.dumps(entries(room), ensure_ascii=False)
    auditor = await room.browser("auditor")
    assert (await auditor.get("/incidents")).status_code == 200
    assert (await auditor.post("/incidents", {"title": "x"})).status_code == 403


async def test_the_demo_cameras_use_the_webhook(room: Room, side: CameraSide) -> None:
    url = f"http://localhost:{room.port}/api/v1/webhooks/camera/test"
    client = WebhookClient(url, secret_text(SECRET_BYTES))
    cameras = DemoCameras(client, ["cam-0412"], room.clock)
    await cameras._send(cameras_scene(), "cam-0412", "demo-x", "new")
    assert cameras.sent == 1
    browser = await room.browser("dispatcher")
    (row,) = (await browser.get("/incidents")).json()
    assert row["place"] == "Kajgatan 4"
    snapshot_rows = [c["id"] for c in (await browser.get("/cameras")).json()]
    assert snapshot_rows == ["cam-0412"]


def cameras_scene() -> Any:
    from dispatch.cameras.demo_source import SCENES

    return SCENES[0]


async def test_importing_talkgroups(room: Room) -> None:
    engineer = await room.browser("engineer")
    data = b"Decimal,Mode,Alpha Tag,Category,Priority\n100,D,OTHER,North,1\n101,D,NEW,North,1\n"

    async def send(apply: str, **form: str) -> Any:
        return await engineer.http.post(
            "/api/v1/import/talkgroups",
            files={"file": ("tg.csv", data)},
            data={"system": "net", "apply": apply, **form},
            headers={"X-Samband-Csrf": engineer.csrf},
        )

    looked = (await send("false")).json()
    assert (looked["applied"], looked["plan"]) == (False, 1)
    assert looked["diff"]["added"] == ["net/101"]
    applied = (await send("true")).json()
    assert (applied["applied"], room.services.plan.number) == (True, 1)
    draft = (await engineer.get(f"/plan/drafts/{applied['draft']}")).json()
    names = [talkgroup["name"] for talkgroup in draft["plan"]["talkgroups"]]
    assert names == ["NORTH 1", "HIDDEN 9", "NEW"]
    assert (await send("false", system="none")).status_code == 400
    assert any(entry["verb"] == "plan.import" for entry in entries(room))
    dispatcher = await room.browser("dispatcher")
    refused = await dispatcher.http.post(
        "/api/v1/import/talkgroups",
        files={"file": ("tg.csv", data)},
        data={"system": "net"},
        headers={"X-Samband-Csrf": dispatcher.csrf},
    )
    assert refused.status_code == 403


async def test_the_auditor_s_page(room: Room) -> None:
    auditor = await room.browser("auditor")
    state = (await auditor.get("/audit/state")).json()
    assert state["writable"]
    assert state["last_verify"] is None
    report = (await auditor.post("/audit/verify")).json()
    assert report["ok"], report
    await until(lambda: any(e["verb"] == "audit.verify" for e in entries(room)))
    answer = (await auditor.get("/audit/entries", params={"op": "consult", "limit": 5})).json()
    assert [e["verb"] for e in answer["entries"]] == ["audit.read"]
    page = (await auditor.get("/audit/entries", params={"before": 1})).json()
    assert [e["seq"] for e in page["entries"]] == [0]
    named = (await auditor.get("/audit/entries", params={"obj": "test.example/log"})).json()
    assert [e["verb"] for e in named["entries"]] == ["audit.verify"]
    state = (await auditor.get("/audit/state")).json()
    assert state["last_verify"]["ok"]
    assert (await auditor.get("/access/c-none")).json() == []
    dispatcher = await room.browser("dispatcher")
    for path in ("/audit/state", "/audit/entries", "/access/c-none"):
        assert (await dispatcher.get(path)).status_code == 403


async def test_a_changed_byte_is_found_from_the_page(room: Room) -> None:
    with sqlite3.connect(room.audit_file) as db:
        db.execute("DROP TRIGGER audit_log_no_update")
        db.execute("UPDATE audit_log SET entry=replace(entry, 'log.started', 'log.stArted')")
    auditor = await room.browser("auditor")
    report = (await auditor.post("/audit/verify")).json()
    assert not report["ok"]
    assert report["faults"][0].startswith("entry 0: its bytes were changed")


def test_the_secret_is_base64() -> None:
    assert base64.b64decode(secret_text(SECRET_BYTES)[6:]) == SECRET_BYTES


async def test_stills_and_clips_leave_after_the_log_has_them(
    room: Room, side: CameraSide, tmp_path: Path
) -> None:
    side.media.folder = tmp_path
    side.media.add_source("webhook:test", NoFetcher(), keeps_days=1)
    answer = await post(room, body(media={"snapshot": "x"}))
    incident = answer.json()["incident"]
    browser = await room.browser("dispatcher")

    async def media() -> Any:
        return (await browser.get(f"/incidents/{incident}")).json()["media"]

    async with asyncio.timeout(10):
        while not (rows := await media()) or rows[0]["state"] != "fetched":
            await asyncio.sleep(0.02)
    (still,) = rows
    got = await browser.get(f"/media/{still['id']}")
    assert got.content == b"picture"
    assert got.headers["x-samband-sha256"] == hashlib.sha256(b"picture").hexdigest()
    assert got.headers["content-type"] == "image/jpeg"
    entry = next(e for e in entries(room) if e["verb"] == "camera.still")
    assert (entry["op"], entry["obj"]["id"]) == ("consult", still["id"])
    auditor = await room.browser("auditor")
    assert (await auditor.get(f"/media/{still['id']}")).status_code == 400
    why = {"purpose_code": "case", "purpose_ref": "K-2026-77"}
    assert (await auditor.get(f"/media/{still['id']}", params=why)).status_code == 200
    engineer = await room.browser("engineer")
    assert (await engineer.get(f"/media/{still['id']}")).status_code == 403
    clip = await browser.post(f"/incidents/{incident}/clips", {"camera": "cam-0412"})
    assert clip.status_code == 201, clip.text
    bad = {"camera": "cam-0412", "before_s": 600, "after_s": 600}
    assert (await browser.post(f"/incidents/{incident}/clips", bad)).status_code == 400
    assert (await browser.get("/media/none")).status_code == 404
    for name in ("cam-hid", "vault"):
        hidden = await browser.post(f"/incidents/{incident}/clips", {"camera": name})
        assert hidden.status_code == 404, "neither by our name nor by the source's"
    vault = side.register.by_id("cam-hid")
    assert vault is not None
    await room.services.use(Bookmarks).want(
        vault, (0, 9_000_000), event_utc=0, incident=incident, who="X", why=""
    )
    assert {row["camera"] for row in await media()} == {"cam-0412"}
    rows = room.services.store.read_now(lambda db: list(db.exec(select(CameraMedia))))
    secret = next(row.id for row in rows if row.camera == "cam-hid")
    assert (await browser.get(f"/media/{secret}")).status_code == 404


class NoFetcher:
    """Gives one picture, whatever is asked."""

    async def fetch(self, path: str, target: Path, **_: Any) -> Fetched:
        target.write_bytes(b"picture")
        return Fetched(
            answer=Answer(status=200, size_bytes=7),
            sha256=hashlib.sha256(b"picture").hexdigest(),
            content_type="image/jpeg",
        )


async def test_messages_not_understood_are_shown_to_engineers(room: Room, side: CameraSide) -> None:
    ingest = Ingest("frigate:a", side.register.find, room.services.randomness)
    for number in range(150):
        ingest.unread("frigate/events", b"what \xff %d" % number, "not JSON", room.clock.utc_us())
    batch = from_bytes(to_bytes(ingest.drain()))
    await side.sources.put("frigate:a", batch)
    browser = await room.browser("engineer")
    async with asyncio.timeout(10):
        while not (rows := (await browser.get("/camera-messages")).json()):
            await asyncio.sleep(0.02)
    assert len(rows) == 100
    assert all("text" not in row for row in rows)
    (source,) = [
        row for row in (await browser.get("/camera-sources")).json() if row["id"] == "frigate:a"
    ]
    assert source["counters"]["not understood"] == 150
    assert source["counters"]["not understood, not kept"] == 50
    one = (await browser.get(f"/camera-messages/{rows[0]['id']}")).json()
    assert one["text"].startswith("what \ufffd")
    assert any(e["verb"] == "camera.message" for e in entries(room))
    assert (await browser.get("/camera-messages/none")).status_code == 404
    dispatcher = await room.browser("dispatcher")
    for camera, group in (("cam-0412", ""), ("cam-hid", "hidden")):
        side.sources.report(
            Health(source="frigate:a", state="down", camera=camera, camera_group=group)
        )
    (source,) = [
        row for row in (await dispatcher.get("/camera-sources")).json() if row["id"] == "frigate:a"
    ]
    assert source["offline"] == ["cam-0412"], "of a hidden camera nothing is told"
    assert (await dispatcher.get("/camera-messages")).status_code == 403
    metrics = (await dispatcher.http.get("/metrics")).text
    assert (
        'samband_camera_messages_total{source="frigate:a",outcome="not understood"} 150' in metrics
    )

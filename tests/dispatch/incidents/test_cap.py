"""CAP 1.2: read with mercy, written without fault; updates, cancellations, expiry, exercises."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatch.cameras.demo_source import secret_text
from dispatch.cameras.webhook import signed_bytes
from dispatch.incidents import cap
from dispatch.incidents.cap_model import Alert, Area, BadCap, Info, Reference, time_of, written
from dispatch.incidents.claims import CONFIRMED
from dispatch.incidents.tables import CapMessage, ClaimHit, Incident
from samband.camera_side import CameraSide
from samband.config_cameras import Cameras, Cap, Webhook
from tests.dispatch.cameras.conftest import SECRET as HOOK_SECRET
from tests.dispatch.incidents.test_api import HIDDEN, KAJEN, SECRET_BYTES, body, entries, post
from tests.dispatch.room import Room, until

SAMPLE = Path(os.environ.get("SAMBAND_SAMPLES", "no-samples"))
SAMPLE /= "camera/incident/cap12_synthetic_restricted.xml"
INFO = Info(
    event="Vehicle of interest",
    categories=("Security",),
    urgency="Immediate",
    severity="Severe",
    certainty="Likely",
    expires="2099-11-25T00:10:12+01:00",
    headline="White van, Kajgatan",
    parameters=(("talkgroup", "2101"), ("talkgroup", "2102")),
    areas=(
        Area(
            description="Kajgatan",
            circles=((59.3302, 18.0601, 0.4),),
            polygons=(((59.0, 18.0), (59.1, 18.0), (59.1, 18.1), (59.0, 18.0)),),
            geocodes=(("SE-kommun", "0180"),),
        ),
    ),
)
ALERT = Alert(
    identifier="INC-1", sender="dispatch@example.se", sent="2026-11-24T23:40:12+01:00",
    status="Actual", msg_type="Alert", scope="Restricted", restriction="police only",
    infos=(INFO,), incidents=("INC-1",), codes=("profile:x",),
)  # fmt: skip


def test_what_is_written_is_read_again() -> None:
    raw = cap.write(ALERT)
    again = cap.read(raw)
    assert again == ALERT
    assert again.faults == ()
    assert b"<value>2102</value>" in raw, "equal names repeat"
    assert cap.write(again) == raw


def test_times() -> None:
    assert written(time_of("2026-11-24T23:40:12+01:00")) == "2026-11-24T22:40:12-00:00"  # type: ignore[arg-type]
    assert time_of("yesterday") is None
    assert ALERT.expires_utc == time_of("2099-11-25T00:10:12+01:00")
    never = replace(ALERT, infos=(INFO, replace(INFO, expires="")))
    assert never.expires_utc is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"identifier": "a b"}, "identifier"),
        ({"identifier": "a,b"}, "identifier"),
        ({"sender": ""}, "sender"),
        ({"sent": "2026-11-24T23:40:12Z"}, "sent"),
        ({"sent": "today"}, "sent"),
        ({"status": "Real"}, "status"),
        ({"msg_type": "Note"}, "msg_type"),
        ({"scope": "Private"}, "addresses"),
        ({"restriction": ""}, "restriction"),
        ({"msg_type": "Update"}, "references"),
        ({"infos": ()}, "info"),
        ({"infos": (replace(INFO, categories=()),)}, "category"),
        ({"infos": (replace(INFO, urgency="Soon"),)}, "urgency"),
        ({"infos": (replace(INFO, expires="2026-11-24T23:40:12Z"),)}, "expires"),
        ({"infos": (replace(INFO, areas=(Area(description=""),)),)}, "areaDesc"),
        (
            {"infos": (replace(INFO, areas=(Area(description="x", polygons=(((1, 1),) * 3,)),)),)},
            "polygon",
        ),
    ],
)
def test_nothing_faulty_is_written(changes: Any, words: str) -> None:
    with pytest.raises(BadCap, match=words):
        cap.write(replace(ALERT, **changes))


def test_a_z_and_missing_parts_are_named_and_lose_no_alert() -> None:
    raw = cap.write(ALERT).replace(b"23:40:12+01:00</sent>", b"22:40:12Z</sent>")
    raw = raw.replace(b"<restriction>police only</restriction>", b"")
    raw = raw.replace(b"<urgency>Immediate</urgency>", b"")
    got = cap.read(raw)
    assert got.sent_utc == time_of("2026-11-24T22:40:12+00:00")
    assert len(got.faults) == 3


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<alert/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>',
        b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"/>',
        b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>',
        cap.write(ALERT).replace(b"INC-1</identifier>", b"a b</identifier>"),
    ],
)
def test_what_cannot_be_used_is_refused(raw: bytes) -> None:
    with pytest.raises(BadCap):
        cap.read(raw)


def test_ten_thousand_damaged_alerts_raise_only_bad_cap() -> None:
    rng, good, used = random.Random(5), cap.write(ALERT), 0
    for _ in range(10_000):
        raw = bytearray(good)
        for _ in range(rng.randrange(1, 5)):
            raw[rng.randrange(len(raw))] = rng.randrange(32, 127)
        try:
            used += bool(cap.read(bytes(raw)).identifier)
        except BadCap:
            continue
    assert used > 100


def test_the_sample_of_the_reference() -> None:
    if not SAMPLE.is_file():
        pytest.skip("SAMBAND_SAMPLES is not set (other people's data, not shipped)")
    got = cap.read(SAMPLE.read_bytes())
    assert (got.status, got.scope, got.faults) == ("Exercise", "Restricted", ())
    assert cap.place_of(got) == ("Sergels torg", 59.3325, 18.0649, 400.0)
    assert got.infos[0].resources[0].size == 9260


# ---- with incidents ----------------------------------------------------------------------------


@pytest.fixture
async def side(room: Room, tmp_path: Path) -> AsyncIterator[CameraSide]:
    secret = tmp_path / "secret"
    secret.write_text(HOOK_SECRET)
    camera_secret = tmp_path / "camera-secret"
    camera_secret.write_text(secret_text(SECRET_BYTES))
    cap_peer = Cap(id="sos", secret_file=secret, senders=("dispatch@example.se",))
    hook = Webhook(id="test", secret_file=camera_secret)
    config = Cameras(
        camera=(KAJEN, HIDDEN), webhook=(hook,), cap=(cap_peer,), cap_sender="samband@room1"
    )
    made = CameraSide(config, room.services, tmp_path / "media")
    await made.start()
    yield made
    await made.close()


async def take(room: Room, alert: Alert) -> dict[str, Any]:
    supervisor = await room.browser("supervisor")
    answer = await supervisor.send("POST", "/cap", None, headers={}, content=cap.write(alert))
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def now_text() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def later(alert: Alert, number: int, kind: str, **changes: Any) -> Alert:
    return replace(
        alert, identifier=f"INC-1-{number}", msg_type=kind, sent=now_text(),
        references=(alert.reference,), **changes,
    )  # fmt: skip


def rows_of(room: Room, table: Any) -> Any:
    from sqlmodel import select

    return room.services.store.read_now(lambda db: list(db.exec(select(table))))


async def test_alert_update_and_cancel_are_one_incident_that_people_close(
    room: Room, side: CameraSide
) -> None:
    first = await take(room, ALERT)
    browser = await room.browser("dispatcher")
    sheet = (await browser.get(f"/incidents/{first['incident']}")).json()
    assert (sheet["title"], sheet["kind"], sheet["severity"]) == (
        "White van, Kajgatan", "cap", "alert",
    )  # fmt: skip
    assert (sheet["latitude_deg"], sheet["place"]) == (59.3302, "Kajgatan")
    again = await take(room, ALERT)
    assert again["duplicate"]
    calmer = replace(INFO, severity="Minor", headline="Van found")
    second = await take(room, later(ALERT, 2, "Update", infos=(calmer,)))
    assert second["incident"] == first["incident"]
    third = await take(room, later(later(ALERT, 2, "Update"), 3, "Cancel"))
    assert third["state"] == "cancelled"
    sheet = (await browser.get(f"/incidents/{first['incident']}")).json()
    assert (sheet["state"], sheet["severity"]) == ("new", "info")
    assert [line["text"] for line in sheet["timeline"] if line["kind"] == "cap"] == [
        "CAP Update: Van found",
        "CAP Cancelled by its sender: White van, Kajgatan",
    ]
    states = {row["identifier"]: row["state"] for row in (await browser.get("/cap")).json()}
    assert states == {"INC-1": "updated", "INC-1-2": "cancelled", "INC-1-3": "cancelled"}
    assert len(rows_of(room, Incident)) == 1
    shown = await browser.get(f"/cap/{first['id']}")
    assert shown.content == cap.write(ALERT)
    assert (await browser.get("/cap/none")).status_code == 404
    await until(lambda: any(e["verb"] == "cap.take" for e in entries(room)))


async def test_an_exercise_never_looks_like_an_incident(room: Room, side: CameraSide) -> None:
    for number, status in enumerate(("Exercise", "Test", "System", "Draft")):
        row = await take(room, replace(ALERT, identifier=f"X-{number}", status=status))
        assert row["incident"] == ""
    assert rows_of(room, Incident) == []
    browser = await room.browser("dispatcher")
    assert {row["status"] for row in (await browser.get("/cap")).json()} == {
        "Exercise", "Test", "System", "Draft"
    }  # fmt: skip


async def test_an_alert_expires_once_and_its_incident_stays(room: Room, side: CameraSide) -> None:
    soon = replace(INFO, expires=written(room.clock.utc_us() + 3_000_000))  # type: ignore[arg-type]
    row = await take(room, replace(ALERT, infos=(soon,)))
    async with asyncio.timeout(15):
        while not await side.cap.expire():
            await asyncio.sleep(0.2)
    assert await side.cap.expire() == 0
    browser = await room.browser("dispatcher")
    sheet = (await browser.get(f"/incidents/{row['incident']}")).json()
    assert sheet["state"] == "new"
    assert sheet["timeline"][-1]["text"] == "CAP INC-1 has expired"
    past = replace(INFO, expires="2020-01-01T00:00:00-00:00")
    old = await take(room, replace(ALERT, identifier="old", infos=(past,)))
    assert old["state"] == "expired"


async def test_an_update_of_what_never_came_opens_and_says_so(room: Room, side: CameraSide) -> None:
    unknown = Reference(sender="dispatch@example.se", identifier="lost", sent=ALERT.sent)
    row = await take(room, replace(ALERT, msg_type="Update", references=(unknown,)))
    browser = await room.browser("dispatcher")
    sheet = (await browser.get(f"/incidents/{row['incident']}")).json()
    assert "never came" in sheet["timeline"][-1]["text"]


async def test_nobody_cancels_another_sender_s_alert(room: Room, side: CameraSide) -> None:
    await take(room, ALERT)
    supervisor = await room.browser("supervisor")
    foreign = replace(later(ALERT, 2, "Cancel"), sender="other@example.se")
    answer = await supervisor.send("POST", "/cap", None, content=cap.write(foreign))
    assert answer.status_code == 409
    assert rows_of(room, CapMessage)[0].state == "active"


async def test_signed_alerts_of_a_peer(room: Room, side: CameraSide) -> None:
    browser = await room.browser()

    async def send(raw: bytes, webhook_id: str) -> Any:
        from dispatch.cameras.webhook import SharedSecret

        stamp = str(room.clock.utc_us() // 1_000_000)
        signature = SharedSecret(HOOK_SECRET).signature(signed_bytes(webhook_id, stamp, raw))
        made = {
            "webhook-id": webhook_id, "webhook-timestamp": stamp, "webhook-signature": signature
        }  # fmt: skip
        return await browser.http.post("/api/v1/webhooks/cap/sos", content=raw, headers=made)

    raw = cap.write(ALERT)
    unsigned = await browser.http.post("/api/v1/webhooks/cap/sos", content=raw)
    assert unsigned.status_code == 401
    assert (await send(raw, "m-1")).status_code == 202
    assert (await send(raw, "m-1")).json() == {"duplicate": True}
    assert (await send(raw, "m-2")).status_code == 200, "the alert itself came before"
    foreign = cap.write(replace(ALERT, sender="other@example.se"))
    assert (await send(foreign, "m-3")).status_code == 409
    assert (await send(b"<alert/>", "m-4")).status_code == 400
    engineer = await room.browser("engineer")
    (kept,) = (await engineer.get("/camera-messages")).json()
    assert kept["source"] == "cap:sos"


async def test_an_incident_leaves_as_alert_update_and_cancel_with_confirmed_claims_only(
    room: Room, side: CameraSide
) -> None:
    incident = (await post(room, body(claims=[{"type": "plate", "value": "NRV 482"}]))).json()[
        "incident"
    ]
    supervisor, dispatcher = await room.browser("supervisor"), await room.browser("dispatcher")

    async def made(**changes: Any) -> Alert:
        answer = await supervisor.post(f"/incidents/{incident}/cap", changes)
        assert answer.status_code == 200, answer.text
        return cap.read(answer.content)

    assert (await dispatcher.post(f"/incidents/{incident}/cap")).status_code == 403
    first = await made()
    assert (first.msg_type, first.sender, first.faults) == ("Alert", "samband@room1", ())
    assert "NRV" not in str(first)
    (hit,) = rows_of(room, ClaimHit)
    await dispatcher.post(f"/claims/{hit.id}", {"verdict": "confirmed"})
    assert rows_of(room, ClaimHit)[0].state == CONFIRMED
    second = await made()
    assert (second.msg_type, second.references) == ("Update", (first.reference,))
    assert second.infos[0].parameters == (("confirmed plate", "NRV 482"),)
    exercise = await made(status="Exercise")
    assert exercise.msg_type == "Alert", "an exercise does not update what is real"
    await dispatcher.post(f"/incidents/{incident}/close", {"reason": "handled"})
    last = await made()
    assert last.msg_type == "Cancel"
    entry = next(e for e in entries(room) if e["verb"] == "incident.cap")
    assert entry["op"] == "disclose"

"""Hand-over files: ours and another system's, twice, grown, and without unconfirmed identity."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from dispatch.incidents import handover
from dispatch.incidents.tables import Handover, Incident
from samband.camera_side import CameraSide
from tests.dispatch.incidents.test_api import body, entries, post
from tests.dispatch.incidents.test_cap import rows_of, side
from tests.dispatch.room import Room, until

SAMPLE = Path(os.environ.get("SAMBAND_SAMPLES", "no-samples"))
SAMPLE /= "camera/incident/ucri2_police_incident.json"
OTHER = {
    "sharedIncidentId": "11111111-2222-4333-8444-555555555555",
    "internalId": "f77",
    "classifications": ["A1"],
    "issue": "Break-in, warehouse",
    "additionalInformation": "Two persons seen",
    "startTimestamp": "2026-11-26T09:55:15Z",
    "protocolRemarks": [
        {"timestamp": "2026-11-26T10:06:09Z", "message": "Patrol sent", "category": "information"}
    ],
    "missionLocation": {
        "coordinate": {"lat": 59.33, "lon": 18.06},
        "address": {"street": "Kajgatan", "houseNumber": "4", "city": "Norrvik"},
    },
    "accusedPersons": [{"name": "Doe", "surname": "Jo", "phone": "+46 1"}],
    "newField": {"deep": [1]},
}
__all__ = ["side"]


def raw(**changes: Any) -> bytes:
    return json.dumps({**OTHER, **changes}).encode()


def test_another_system_s_file() -> None:
    got = handover.read(raw())
    assert (got.issue, got.place, got.persons) == ("Break-in, warehouse", "Kajgatan 4, Norrvik", 1)
    assert (got.latitude_deg, got.severity) == (59.33, "detection")
    assert got.remarks[0].text == "Patrol sent"


def test_missing_fields_lose_no_incident() -> None:
    for name in OTHER:
        values = {key: value for key, value in OTHER.items() if key != name}
        if name == "sharedIncidentId":
            with pytest.raises(handover.BadHandover):
                handover.read(json.dumps(values).encode())
        else:
            assert handover.read(json.dumps(values).encode()).shared_id
    odd = handover.read(raw(protocolRemarks=[7, {}], missionLocation=[], classifications="A1"))
    assert (odd.remarks, odd.place) == ((), "")


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"[" * 99_999, b" " * (1 << 21)])
def test_what_is_no_file(data: bytes) -> None:
    with pytest.raises(handover.BadHandover):
        handover.read(data)


def test_ten_thousand_damaged_files_raise_nothing_else() -> None:
    rng, good, used = random.Random(9), raw(), 0
    for _ in range(10_000):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            used += bool(handover.read(bytes(data)).shared_id)
        except handover.BadHandover:
            continue
    assert used > 100


def test_the_shared_id_is_the_same_every_time() -> None:
    one = handover.shared_id_of("room1", "i-1")
    assert one == handover.shared_id_of("room1", "i-1")
    assert one != handover.shared_id_of("room2", "i-1")


def test_sample_of_the_schema() -> None:
    if not SAMPLE.is_file():
        pytest.skip("SAMBAND_SAMPLES is not set (other people's data, not shipped)")
    got = handover.read(SAMPLE.read_bytes())
    assert (got.issue, got.internal_id, got.persons) == ("Notfall", "f123456", 3)
    assert got.place == "Abteilung IV, Haus 3, Musterstrasse 15b, Musterhausen"
    assert got.latitude_deg == 65.453323


async def send(room: Room, data: bytes) -> Any:
    supervisor = await room.browser("supervisor")
    return await supervisor.send("POST", "/handovers", None, content=data)


async def test_an_incident_is_taken_over_once_and_grows(room: Room, side: CameraSide) -> None:
    first = (await send(room, raw())).json()
    again = (await send(room, raw())).json()
    assert again == {**first, "duplicate": True}
    browser = await room.browser("dispatcher")
    sheet = (await browser.get(f"/incidents/{first['incident']}")).json()
    assert (sheet["title"], sheet["place"]) == ("Break-in, warehouse", "Kajgatan 4, Norrvik")
    notes = [line["text"] for line in sheet["timeline"] if line["kind"] == "note"]
    assert notes == [
        "Taken over: f77",
        "Two persons seen",
        "Classes: A1",
        "The file names 1 persons; their data are in the file only",
        "Patrol sent",
    ]
    assert "Doe" not in json.dumps(sheet)
    remarks = [*OTHER["protocolRemarks"], {"message": "All clear"}]
    grown = (await send(room, raw(protocolRemarks=remarks))).json()
    assert grown["incident"] == first["incident"]
    sheet = (await browser.get(f"/incidents/{first['incident']}")).json()
    notes = [line["text"] for line in sheet["timeline"] if line["kind"] == "note"]
    assert notes[5:] == ["All clear"]
    assert len(rows_of(room, Incident)) == 1
    assert (await send(room, b"{}")).status_code == 400
    await until(lambda: any(e["verb"] == "incident.take_over" for e in entries(room)))


async def test_our_file_opens_the_incident_in_another_room_and_comes_back(
    room: Room, side: CameraSide
) -> None:
    claims = [{"type": "face", "value": "Anna Ek"}]
    incident = (await post(room, body(claims=claims))).json()["incident"]
    browser, supervisor = await room.browser("dispatcher"), await room.browser("supervisor")
    await browser.post(f"/incidents/{incident}/notes", {"text": "Gate is open"})
    path = f"/incidents/{incident}/handover"
    assert (await browser.post(path)).status_code == 403
    answer = await supervisor.post(path, {"purpose_ref": "K-77"})
    assert answer.status_code == 200, answer.text
    assert "handover.json" in answer.headers["content-disposition"]
    assert b"Anna" not in answer.content
    values = answer.json()
    assert values["missionLocation"]["coordinate"] == {"lat": 59.3302, "lon": 18.0601}
    assert any("Gate is open" in remark["message"] for remark in values["protocolRemarks"])
    got = handover.read(answer.content)
    assert (got.severity, got.origin) == ("alert", "samband@room1")
    changed = {**values, "additionalInformation": "Answer of the other room"}
    back = (await send(room, json.dumps(changed).encode())).json()
    assert back["incident"] == incident, "known by its shared id"
    assert {row.direction for row in rows_of(room, Handover)} == {"in", "out"}
    entry = next(e for e in entries(room) if e["verb"] == "incident.hand_over")
    assert (entry["op"], entry["purpose"]["ref"]) == ("disclose", "K-77")
    assert (await supervisor.post("/incidents/none/handover")).status_code == 404

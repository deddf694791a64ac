"""Whole cases in a package: incident, order, pictures, messages, what was written."""

import asyncio
import json
import zlib
from pathlib import Path
from typing import Any

from sqlmodel import Session

from dispatch.cameras.tables import CameraEvent
from dispatch.incidents.tables import ClaimHit
from dispatch.retention.scope import Scope
from dispatch.retention.sealed import SealedFiles
from dispatch.retention.tables import DeskTelemetry, LegalOrder
from dispatch.store.tables import Message, Note, Transmission
from tests.dispatch.evidence.case import CAR, CLIP, INCIDENT, PLATE, PRISM, STILL, Case
from tests.dispatch.evidence.desk import entries
from tests.dispatch.evidence.packages import sha
from tests.dispatch.opus import spoken
from tests.dispatch.room import NORTH, PATROL


async def test_an_incident_with_what_a_person_confirmed(case: Case, tmp_path: Path) -> None:
    package = await case.request(incident=INCIDENT, case_summary=True)
    assert package["recordings"] == [case.desk.overs[0]], "the suggested call stays out"
    assert package["media"] == [STILL, CLIP], "of the camera group without a grant nothing"
    assert "1 message of a camera stays out: a face or plate" in package["left_words"][0]
    opened = await case.leave(package, tmp_path)
    files = opened.files
    assert files[f"data/camera/{STILL}/snap.jpg"] == case.pictures["jpg"]
    assert files[f"data/camera/{CLIP}/clip.mp4"] == case.pictures["mp4"]
    source = json.loads(files[f"data/camera/{CLIP}/source.json"])
    assert (source["original"], source["clock_skew_ms"]) == (False, -120)
    assert files[f"data/raw/{sha(CAR)}.json"] == CAR
    assert files[f"data/raw/{sha(PRISM)}.xml"] == PRISM
    assert not any(sha(PLATE) in name for name in files), "nobody has confirmed the plate"
    incident = json.loads(files["data/incident.json"])
    assert [one["why"] for one in incident["calls"]] == ["40 m away, 3 s later"]
    assert [line["text"] for line in incident["timeline"]][-1] == "look"
    assert incident["messages_left_out"][0]["event"] == "e-1"
    assert b"ABC 123" not in files["data/incident.json"]
    graph = json.loads(files["meta/case.jsonld"])["@graph"]
    hashes = {one for one in map(json.dumps, graph) if sha(case.pictures["jpg"]) in one}
    assert len(hashes) == 1
    whats = {one["type"] for one in json.loads(files["meta/package.json"])["what"]}
    assert whats == {"recording", "media", "raw"}


async def test_sealed_files_leave_as_they_were(case: Case, tmp_path: Path) -> None:
    room = case.desk.room
    sealed = room.services.use(SealedFiles)
    for folder in ("recordings", "media"):
        for path in (room.state / folder).iterdir():
            if path.is_file() and path.suffix in (".opus", ".jpg", ".mp4"):
                assert await asyncio.to_thread(sealed.seal, path, sha(path.read_bytes()))
                assert not path.exists()
    files = (await case.leave(await case.request(incident=INCIDENT), tmp_path)).files
    assert files[f"data/calls/{case.desk.overs[0]}.opus"] == spoken()
    assert files[f"data/camera/{STILL}/snap.jpg"] == case.pictures["jpg"]
    assert files[f"data/calls/{case.desk.overs[0]}.wav"][:4] == b"RIFF"


async def test_a_confirmed_plate_leaves_with_its_message(case: Case, tmp_path: Path) -> None:
    def confirm(db: Session) -> None:
        db.add(
            ClaimHit(
                id="h-1", incident=INCIDENT, event="e-1", source="f", src_event_id="1",
                camera="cam-1", type="plate", value="ABC 123", state="confirmed", made_utc=1,
                expires_utc=2,
            )
        )  # fmt: skip

    case.desk.room.store.write_now(confirm)
    package = await case.request(incident=INCIDENT)
    assert package["left_words"] == []
    files = (await case.leave(package, tmp_path)).files
    assert files[f"data/raw/{sha(PLATE)}.json"] == PLATE


async def test_lanes_choose_what_of_a_case_leaves(case: Case, tmp_path: Path) -> None:
    hour = 3_600_000_000
    times = {"from_utc": case.at - hour, "to_utc": case.at + hour}
    package = await case.request(cameras=["cam-1", "cam-2"], incident=INCIDENT, **times)
    assert (package["recordings"], package["media"]) == ([], [STILL, CLIP])
    files = (await case.leave(package, tmp_path)).files
    assert json.loads(files["data/coverage.json"])["included"] == 0
    sound = await case.request(talkgroups=[NORTH], incident=INCIDENT, **times)
    assert (sound["recordings"], sound["media"]) == (case.desk.overs, [])
    later = await case.desk.supervisor.post(
        "/evidence", case.body(cameras=["cam-1"], from_utc=1, to_utc=2)
    )
    assert later.status_code == 404


async def test_calls_units_and_sites_choose(case: Case) -> None:
    desk = case.desk
    package = await case.request(calls=[desk.calls[1]])
    assert package["recordings"] == [desk.overs[1]]
    assert package["talkgroups"] == [NORTH]
    unknown = await desk.supervisor.post("/evidence", case.body(calls=["c-none"]))
    assert (unknown.status_code, "no call c-none" in unknown.text) == (404, True)
    heard = await case.request(**{**desk.body(), "units": [PATROL]})
    assert heard["recordings"] == desk.overs
    for wrong in ({"units": ["net/9999"]}, {"sites": ["moon"]}):
        answer = await desk.supervisor.post("/evidence", desk.body(**wrong))
        assert answer.status_code == 404, wrong
    empty = await desk.supervisor.post("/evidence", case.body())
    assert (empty.status_code, "name talkgroups" in empty.text) == (400, True)
    nobody = await desk.supervisor.post("/evidence", case.body(incident="i-none"))
    assert nobody.status_code == 404


async def test_what_was_written_goes_with_its_call(case: Case, tmp_path: Path) -> None:
    call = case.desk.calls[0]

    def write(db: Session) -> None:
        over = db.get(Transmission, case.desk.overs[0])
        assert over is not None
        for name, group, sender in (("m-1", str(NORTH), None), ("m-2", None, PATROL),
                                    ("m-3", "net/200", None)):  # fmt: skip
            db.add(
                Message(
                    id=name, incoming=True, link="north", talkgroup=group, sender=sender,
                    text=f"gate {name}, says Patrol 1", t_utc=over.started_utc + 1,
                    expires_utc=1, raw_hex="03e9",
                )
            )  # fmt: skip
        db.add(Note(id="n-1", call=call, text="Patrol 1 is late", operator="S", t_utc=5))

    case.desk.room.store.write_now(write)
    package = await case.request(calls=[call])
    record = json.loads((await case.leave(package, tmp_path)).files[f"data/calls/{call}.json"])
    assert {one["id"] for one in record["texts"]} == {"m-1", "m-2"}
    assert [one["text"] for one in record["notes"]] == ["Patrol 1 is late"]
    assert "desks" not in record
    copy = case.body(parts=[], mask_units=True, reason="a unit under cover")
    answer = await case.desk.supervisor.post(f"/evidence/{package['id']}/redacted", copy)
    assert answer.status_code == 201, answer.text
    masked = (await case.leave(answer.json(), tmp_path)).files
    for name, data in masked.items():
        if name.startswith("data/calls/") and name.endswith(".json"):
            assert PATROL.encode() not in data
            assert b"Patrol 1" not in data
            assert b"Unit 1" in data
    redacts = json.loads(masked["meta/package.json"])["redacts"]
    assert (redacts["spans"], redacts["method"]) == ([], "unit identities masked")


def order_of(case: Case, **changes: Any) -> LegalOrder:
    scope = Scope(from_utc=case.at - 3_600_000_000, to_utc=case.at + 3_600_000_000,
                  talkgroups=(str(NORTH),), cameras=("cam-1",), **changes)  # fmt: skip
    return LegalOrder(
        id="o-1", number="B-1234-26", authority="Court", case="K-1", basis="RB 27", deadline_utc=1,
        scope=scope.to_json(), document_sha256="0" * 64, by="u", by_name="U", made_utc=1,
        tell="not_before:2027-01-01", restricted_until_utc=1_798_761_600_000_000,
    )  # fmt: skip


async def test_an_order_gives_scope_purpose_and_restriction(case: Case, tmp_path: Path) -> None:
    room = case.desk.room
    room.store.write_now(lambda db: db.add(order_of(case)))
    nothing = {"purpose_code": "", "purpose_ref": "", "purpose_text": ""}
    package = await case.request(order="o-1", **nothing)
    assert (package["recordings"], package["media"]) == (case.desk.overs, [STILL, CLIP])
    assert package["purpose"]["ref"] == "B-1234-26"
    await case.leave(package, tmp_path)
    until_then = "2027-01-01T00:00:00Z"
    for verb in ("evidence.requested", "evidence.disclosed"):
        assert entries(room, verb)[-1]["detail"]["restricted_until"] == until_then
    (row,) = (await case.desk.auditor.get("/evidence-disclosures")).json()
    assert (row["form"], row["restricted_until_utc"]) == ("zip", 1_798_761_600_000_000)
    assert row["entry_seq"] > 0


async def test_desk_settings_leave_only_when_an_order_names_them(
    case: Case, tmp_path: Path
) -> None:
    room, desk = case.desk.room, case.desk
    refused = await desk.supervisor.post("/evidence", desk.body(desk=True))
    assert (refused.status_code, "order" in refused.text) == (400, True)
    room.store.write_now(lambda db: db.add(order_of(case)))
    refused = await desk.supervisor.post("/evidence", case.body(order="o-1", desk=True))
    assert (refused.status_code, "does not name desk" in refused.text) == (400, True)

    def name_it(db: Session) -> None:
        over = db.get(Transmission, desk.overs[0])
        assert over is not None
        db.merge(order_of(case, telemetry=True))
        db.add(DeskTelemetry(id="d-1", user="u", body={"volume": 3}, t_utc=over.started_utc + 1,
                             expires_utc=1))  # fmt: skip

    room.store.write_now(name_it)
    package = await case.request(order="o-1", desk=True)
    files = (await case.leave(package, tmp_path)).files
    record = json.loads(files[f"data/calls/{desk.calls[0]}.json"])
    assert record["desks"]["settings"][0]["body"] == {"volume": 3}


async def test_messages_without_an_entry_stay_out_and_are_named(case: Case, tmp_path: Path) -> None:
    old = b'{"old":1}'

    def add(db: Session) -> None:
        db.add(
            CameraEvent(
                id="e-9", source="f", src_event_id="9", kind="object", phase="new",
                camera="cam-1", t_event_utc=1, t_recv_utc=1, severity="info", raw_sha256=sha(old),
                raw=zlib.compress(old), incident=INCIDENT,
            )
        )  # fmt: skip

    case.desk.room.store.write_now(add)
    files = (await case.leave(await case.request(incident=INCIDENT), tmp_path)).files
    assert not any(sha(old) in name for name in files)
    left = json.loads(files["data/incident.json"])["messages_left_out"]
    assert {one["event"] for one in left} == {"e-1", "e-9"}


async def test_who_may_be_named_is_told(case: Case) -> None:
    rows = (await case.desk.supervisor.get("/evidence-approvers")).json()
    assert [one["name"] for one in rows] == ["Auditor"]

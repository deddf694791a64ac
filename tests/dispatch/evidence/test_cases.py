"""Whole cases in a package: incident, order, pictures, messages; redacted, encrypted, erased."""

import asyncio
import csv
import io
import json
import subprocess
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]  # the package has none
import pytest
from sqlmodel import Session

from dispatch.audit.entry import SYSTEM, Act, Obj
from dispatch.cameras.ingest import Batch
from dispatch.cameras.tables import Camera, CameraEvent, CameraMedia
from dispatch.evidence import service as service_module
from dispatch.evidence.collecting import Collecting
from dispatch.evidence.events import EvidenceLarge
from dispatch.incidents.tables import ClaimHit, Incident, IncidentSuggestion, IncidentTimeline
from dispatch.retention.scope import Scope
from dispatch.retention.tables import DeskTelemetry, LegalOrder
from dispatch.services.record import Record
from dispatch.store.tables import Message, Note, Transmission
from gateway.model.ids import UtcUs
from tests.dispatch.evidence.desk import Desk, entries
from tests.dispatch.evidence.packages import Opened, sha
from tests.dispatch.room import NORTH, PATROL, Room, until

INCIDENT, LABEL = "i-01jdgx0000000000000000000a", "INC-2026-004211"
STILL, CLIP, HIDDEN = (f"v-01jdgx0000000000000000000{one}" for one in "abc")
CAR, PLATE = b'{"type":"new","label":"car"}', b'{"type":"new","plate":"ABC 123"}'
PRISM = b"<tt:Message>motion</tt:Message>"


def ffmpeg(out: Path, *words: str) -> bytes:
    subprocess.run(["ffmpeg", "-v", "error", *words, str(out)], check=True)
    return out.read_bytes()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A still and a clip with sound, made once."""
    folder = tmp_path_factory.mktemp("pictures")
    source = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=16000:duration=2")
    return {
        "jpg": ffmpeg(folder / "a.jpg", *source, "-frames:v", "1"),
        "mp4": ffmpeg(folder / "a.mp4", *source, *sound, "-c:v", "libx264", "-c:a", "aac"),
    }


@dataclass
class Case:
    """An incident with two calls, of which one is confirmed, and what a camera saw."""

    desk: Desk
    pictures: dict[str, bytes]
    at: int = field(init=False)

    async def prepare(self) -> None:
        room = self.desk.room
        self.at = room.clock.utc_us()
        (room.state / "media").mkdir()
        for ending, data in self.pictures.items():
            (room.state / "media" / f"{sha(data)}.{ending}").write_bytes(data)
        await room.store.write(self._fill)
        record = room.services.use(Record)
        for name, ending in ((STILL, "jpg"), (CLIP, "mp4"), (HIDDEN, "jpg")):
            detail = {"sha256": [sha(self.pictures[ending])], "incident": INCIDENT}
            obj = Obj(type="media", id=name, cat="camera")
            record.note(Act(op="collect", verb="camera.still", actor=SYSTEM, obj=obj,
                            detail=detail))  # fmt: skip
        collecting = Collecting(record.note, room.clock, bytes)
        batch = Batch(rows=[{"source": "f", "raw_sha256": sha(one)} for one in (CAR, PLATE, PRISM)])
        room.store.write_now(lambda db: collecting.in_batch(db, batch))
        await until(lambda: len(entries(room, "camera.received")) == 1)

    def _fill(self, db: Session) -> None:
        desk, at = self.desk, self.at
        db.add(
            Incident(
                id=INCIDENT, label=LABEL, title="Car at the quay", kind="object",
                severity="alert", state="active", opened_utc=at, started_utc=at - 5_000_000,
                last_event_utc=at + 5_000_000, source="f", camera="cam-1",
            )
        )  # fmt: skip
        db.add(IncidentTimeline(incident=INCIDENT, t_utc=at, kind="note", who="S", text="look"))
        for number, state in enumerate(("confirmed", "suggested")):
            db.add(
                IncidentSuggestion(
                    id=f"s-{number}", incident=INCIDENT, call=desk.calls[number], score=80,
                    state=state, why="40 m away, 3 s later", by="Stina", at_utc=at,
                )
            )  # fmt: skip
        db.add(Camera(id="cam-1", source="f", name_at_source="quay", name="Quay"))
        db.add(Camera(id="cam-2", source="f", name_at_source="port", group="Port"))
        for name, ending, camera in ((STILL, "jpg", "cam-1"), (CLIP, "mp4", "cam-1"),
                                     (HIDDEN, "jpg", "cam-2")):  # fmt: skip
            data = self.pictures[ending]
            db.add(
                CameraMedia(
                    id=name, incident=INCIDENT, source="f", camera=camera, object=name,
                    kind="clip" if ending == "mp4" else "still", path="x", state="fetched",
                    from_utc=at, to_utc=at + 2_000_000 if ending == "mp4" else 0, made_utc=at,
                    file=f"{sha(data)}.{ending}", sha256=sha(data), size_bytes=len(data),
                    duration_ms=2000 if ending == "mp4" else None, remuxed=ending == "mp4",
                    how="by Frigate, packed anew", skew_ms=-120,
                )
            )  # fmt: skip
        for number, raw in enumerate((CAR, PLATE, PRISM)):
            claims = [{"type": "plate", "value": "ABC 123", "score": 0.9}] if raw == PLATE else []
            db.add(
                CameraEvent(
                    id=f"e-{number}", source="f", src_event_id=str(number), kind="object",
                    phase="new", camera="cam-1", t_event_utc=at, t_recv_utc=at, severity="alert",
                    claims=claims, raw_sha256=sha(raw), raw=zlib.compress(raw), incident=INCIDENT,
                )
            )  # fmt: skip

    def body(self, **changes: Any) -> dict[str, Any]:
        body = self.desk.body(**changes)
        for name in ("talkgroups", "from_utc", "to_utc"):
            if name not in changes:
                del body[name]
        return body

    async def request(self, **changes: Any) -> dict[str, Any]:
        answer = await self.desk.supervisor.post("/evidence", self.body(**changes))
        assert answer.status_code == 201, answer.text
        value: dict[str, Any] = answer.json()
        return value

    async def leave(self, package: dict[str, Any], tmp_path: Path) -> Opened:
        approved = await self.desk.approve(package)
        assert approved.status_code == 200, approved.text
        answer = await self.desk.fetch(package)
        assert answer.status_code == 200, answer.text
        found = self.desk.verify(answer.content)
        assert found.faults == [], found.text()
        path = tmp_path / f"{package['id']}.zip"
        path.write_bytes(answer.content)
        return Opened(path)

    def change(self, name: str, **values: Any) -> None:
        def work(db: Session) -> None:
            row = db.get(CameraMedia, name) or db.get(Transmission, name)
            for key, value in values.items():
                setattr(row, key, value)
            db.add(row)

        self.desk.room.store.write_now(work)


@pytest.fixture
async def case(desk: Desk, pictures: dict[str, bytes]) -> Case:
    case = Case(desk, pictures)
    await case.prepare()
    return case


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


async def test_pictures_are_redacted_and_name_their_parent(case: Case, tmp_path: Path) -> None:
    parent = await case.request(incident=INCIDENT, ask=False)
    assert parent["approval"] == ""
    assert (await case.desk.approve(parent)).status_code == 409, "nobody was asked"
    parts = [
        {"media": STILL, "boxes": [{"x": 0, "y": 0, "width": 32, "height": 48}]},
        {"media": CLIP, "from_ms": 0, "to_ms": 1000, "sound": True},
        {"transmission": case.desk.overs[0]},
    ]
    path = f"/evidence/{parent['id']}/redacted"
    answer = await case.desk.supervisor.post(path, case.body(parts=parts, reason="a bystander"))
    assert answer.status_code == 201, answer.text
    files = (await case.leave(answer.json(), tmp_path)).files
    redacts = json.loads(files["meta/package.json"])["redacts"]
    spans = {one["file"]: one for one in redacts["spans"]}
    still, clip = f"data/camera/{STILL}/snap.jpg", f"data/camera/{CLIP}/clip.mp4"
    assert spans[still]["before_sha256"] == sha(case.pictures["jpg"])
    assert (spans[still]["from_ms"], spans[clip]["to_ms"]) == (None, 1000)
    assert "silence+tone" in redacts["method"]
    assert "re-encoded" in redacts["method"]
    grey = _grey(files[still], tmp_path / "out.jpg")
    assert max(grey[:24]) < 24, "the left half is black"
    assert max(grey[40:64]) > 60, "the right half is not"
    frames = _grey(files[clip], tmp_path / "out.mp4")
    assert max(frames[: 64 * 48]) < 24
    assert max(frames[-64 * 48 :]) > 60
    sums = {tuple(one["detail"]["sha256"]) for one in entries(case.desk.room, "media.redacted")}
    assert {(spans[still]["after_sha256"],), (spans[clip]["after_sha256"],)} == sums
    assert not (case.desk.room.state / "evidence" / "redacted" / answer.json()["id"]).exists()


def _grey(data: bytes, path: Path) -> bytes:
    path.write_bytes(data)
    words = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    return subprocess.run(words, capture_output=True, check=True).stdout


async def test_a_time_is_muted_everywhere(case: Case, tmp_path: Path) -> None:
    start = case.at + 500_000
    case.change(case.desk.overs[0], started_utc=case.at, ended_utc=case.at + 2_000_000)
    parent = await case.request(incident=INCIDENT, ask=False)
    mute = [{"from_utc": start, "to_utc": start + 400_000}]
    path = f"/evidence/{parent['id']}/redacted"
    body = case.body(parts=[], mute=mute, reason="a name")
    answer = await case.desk.supervisor.post(path, body)
    assert answer.status_code == 201, answer.text
    files = (await case.leave(answer.json(), tmp_path)).files
    spans = {one["file"]: one for one in json.loads(files["meta/package.json"])["redacts"]["spans"]}
    assert spans[f"data/calls/{case.desk.overs[0]}.opus"]["from_ms"] == 500
    clip = spans[f"data/camera/{CLIP}/clip.mp4"]
    assert (clip["from_ms"], clip["to_ms"]) == (380, 780), "the source's clock is 120 ms behind"
    for times in ((1, 2), (2, 1)):
        mute = [{"from_utc": times[0], "to_utc": times[1]}]
        wrong = case.body(parts=[], mute=mute, reason="x")
        assert (await case.desk.supervisor.post(path, wrong)).status_code == 400


async def test_a_redaction_that_cannot_be_is_refused(case: Case) -> None:
    parent = await case.request(incident=INCIDENT)
    path = f"/evidence/{parent['id']}/redacted"
    box = {"x": 40_000, "y": 0, "width": 1, "height": 1}
    for part, status in (
        ({"media": STILL, "from_ms": 0, "to_ms": 5}, 400),
        ({"media": STILL, "boxes": [box]}, 400),
        ({"media": CLIP, "picture": False}, 400),
        ({"media": CLIP, "from_ms": 5}, 400),
        ({"media": HIDDEN}, 404),
        ({"media": STILL, "transmission": "t-1"}, 400),
    ):
        answer = await case.desk.supervisor.post(path, case.body(parts=[part], reason="x"))
        assert answer.status_code == status, (part, answer.text)
    nothing = await case.desk.supervisor.post(path, case.body(parts=[], reason="x"))
    assert (nothing.status_code, "what is to be hidden" in nothing.text) == (400, True)
    new = b"another still"
    (case.desk.room.state / "media" / f"{sha(new)}.jpg").write_bytes(new)
    case.change(STILL, file=f"{sha(new)}.jpg", sha256=sha(new))
    answer = await case.desk.supervisor.post(path, case.body(parts=[{"media": STILL}], reason="x"))
    assert (answer.status_code, "holds any more" in answer.text) == (409, True)


async def test_it_leaves_encrypted_to_the_recipient(case: Case) -> None:
    mine = pyrage.x25519.Identity.generate()
    package = await case.request(calls=[case.desk.calls[0]], recipient_key=str(mine.to_public()))
    await case.desk.approve(package)
    answer = await case.desk.fetch(package)
    assert answer.headers["content-disposition"].endswith('.zip.age"')
    assert case.desk.verify(pyrage.decrypt(answer.content, [mine])).faults == []
    (left,) = entries(case.desk.room, "evidence.disclosed")
    assert left["detail"]["form"] == "age"
    assert left["detail"]["sha256_left"] == sha(answer.content)
    evidence = case.desk.room.state / "evidence"
    await until(lambda: not list(evidence.glob("*.age")))
    wrong = await case.desk.supervisor.post("/evidence", case.body(recipient_key="age1x"))
    assert wrong.status_code == 400
    bad = case.body(calls=[case.desk.calls[0]], recipient_key="ssh-ed25519 nonsense")
    assert (await case.desk.supervisor.post("/evidence", bad)).status_code == 400


async def test_the_table_of_calls_leaves_like_the_package(case: Case) -> None:
    case.change(case.desk.overs[0], alias="=cmd|' /C calc'!A0")
    package = await case.request(calls=[case.desk.calls[0]])
    path = f"/evidence/{package['id']}/calls.csv"
    assert (await case.desk.supervisor.get(path)).status_code == 409
    await case.desk.approve(package)
    answer = await case.desk.supervisor.get(path)
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["transmission"] == case.desk.overs[0]
    assert row["alias"].startswith("'="), "a spreadsheet must not run it"
    assert entries(case.desk.room, "evidence.disclosed")[-1]["detail"]["form"] == "csv"


async def test_one_approval_is_one_disclosure_and_may_be_asked_for_again(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = case.desk
    package = await case.request(calls=[desk.calls[0]])
    await desk.approve(package)
    assert (await desk.fetch(package)).status_code == 200
    assert (await desk.fetch(package)).status_code == 200, "a transfer may break off"
    assert len(entries(desk.room, "approval.used")) == 1
    early = await desk.supervisor.post(f"/evidence/{package['id']}/ask")
    assert early.status_code in (200, 409)
    other = await desk.auditor.post(f"/evidence/{package['id']}/ask")
    assert other.status_code == 403
    late = desk.room.clock.utc_us() + 25 * 3_600_000_000
    monkeypatch.setattr(type(desk.room.clock), "utc_us", lambda self: UtcUs(late))
    again = await desk.supervisor.post(f"/evidence/{package['id']}/ask")
    assert again.status_code in (200, 401)


async def test_the_approvals_page_decides_as_well(case: Case) -> None:
    package = await case.request(calls=[case.desk.calls[0]])
    name = package["approval"]
    sheet = (await case.desk.auditor.get(f"/approvals/{name}")).json()
    assert sheet["digest"] == package["package_hash"]
    assert sheet["detail"]["recipient"]["name"] == "District court"
    body = {"agree": True, "digest": sheet["digest"], "reason": ""}
    decided = await case.desk.auditor.post(f"/approvals/{name}", body)
    assert decided.status_code == 200, decided.text
    shown = (await case.desk.supervisor.get(f"/evidence/{package['id']}")).json()
    assert shown["state"] == "approved"
    assert (await case.desk.fetch(package)).status_code == 200
    second = await case.request(calls=[case.desk.calls[0]])
    no = {"agree": False, "digest": second["package_hash"], "reason": "the wrong day, I think"}
    assert (await case.desk.auditor.post(f"/approvals/{second['approval']}", no)).status_code == 200
    shown = (await case.desk.supervisor.get(f"/evidence/{second['id']}")).json()
    assert shown["state"] == "refused"
    assert not (case.desk.room.state / "evidence" / f"{second['id']}.zip").exists()


async def test_a_package_past_its_day_is_erased_with_a_certificate(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, room = case.desk, case.desk.room
    package = await case.request(calls=[desk.calls[0]], expires="2020-01-01", purpose_text="a car")
    kept = await case.request(calls=[desk.calls[0]])
    (certificate,) = await desk.evidence.expiry.erase_due()
    assert certificate["package"] == package["id"]
    assert await desk.evidence.expiry.erase_due() == []
    (entry,) = entries(room, "evidence.erased")
    assert (entry["op"], entry["detail"]["package_hash"]) == ("erase", package["package_hash"])
    assert certificate["entry"] > 0
    folder = room.state / "evidence"
    assert not (folder / f"{package['id']}.zip").exists()
    assert (folder / f"{kept['id']}.zip").exists()
    shown = (await desk.auditor.get(f"/evidence/{package['id']}")).json()
    assert (shown["state"], shown["purpose"].get("text")) == ("erased", None)
    assert (await desk.auditor.get(f"/evidence/{package['id']}/contents")).status_code == 409
    assert (await desk.approve(package)).status_code == 409
    answer = await desk.supervisor.post(
        f"/evidence/{package['id']}/redacted", case.body(parts=[], mask_units=True, reason="x")
    )
    assert answer.status_code == 409


async def test_a_large_export_is_told(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "LARGE_BYTES", 10)
    told = case.desk.room.bus.subscribe("test", EvidenceLarge)
    package = await case.request(calls=[case.desk.calls[0]])
    async with asyncio.timeout(5):
        event = (await anext(aiter(told))).event
    assert isinstance(event, EvidenceLarge)
    assert (event.package, event.size_bytes) == (package["id"], package["size_bytes"])
    told.close()


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


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A room with the three people that evidence needs."""
    from dispatch.auth.permissions import ROLE_ACTIONS, Role

    room = Room(tmp_path)
    await room.start()
    for role in (Role.SUPERVISOR, Role.AUDITOR):
        room.add_person(role.value, role)
        assert ROLE_ACTIONS[role]
        room.grant(role, "North")
    await room.serve()
    yield room
    await room.close()

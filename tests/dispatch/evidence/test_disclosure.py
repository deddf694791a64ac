"""From a request to the file in the receiver's hands, over HTTP, and every way that is barred."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from dispatch.audit.checkpoint import NoteSigner
from dispatch.audit.writer import AuditWriter
from dispatch.evidence import leaving as leaving_module
from dispatch.evidence.listening import decoded
from dispatch.evidence.making import Making
from dispatch.oversight.tables import Approval
from dispatch.retention.sealed import SealedFiles
from dispatch.store.tables import User
from tests.dispatch.evidence.desk import Desk, entries
from tests.dispatch.evidence.packages import Opened
from tests.dispatch.opus import spoken
from tests.dispatch.room import SECRET, until

PURPOSE = {"purpose_code": "case", "purpose_ref": "K-1"}


async def test_asked_approved_fetched_verified(desk: Desk) -> None:
    package = await desk.request()
    assert package["id"] == f"EV-{datetime.now(UTC).year}-000001"
    assert (package["state"], package["recordings"]) == ("waiting", desk.overs)
    assert "session" not in package
    assert (await desk.fetch(package)).status_code == 409
    approved = await desk.approve(package)
    assert approved.json()["state"] == "approved"
    answer = await desk.fetch(package)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f'{package["id"]}.zip"')
    found = desk.verify(answer.content)
    assert found.status == 3, found.text()
    assert set(found.warnings) == {
        "quorum none: no witness was asked for",
        "no approver key trusted: that somebody approved is the exporter's word",
    }
    files = Opened(desk.room.state / "received.zip").files
    over, call = desk.overs[0], desk.calls[0]
    assert files[f"data/calls/{over}.opus"] == spoken()
    assert files[f"data/calls/{over}.wav"][:4] == b"RIFF"
    assert json.loads(files[f"data/calls/{call}.json"])["transmissions"] == [over]
    assert json.loads(files["data/coverage.json"])["sites"] == ["hill"]
    (shown,) = (await desk.auditor.get("/evidence")).json()
    assert shown["approvals"][0]["by"] == desk.user("auditor")
    access = (await desk.auditor.get(f"/access/{over}", params=PURPOSE)).json()
    assert access[0]["verb"] == "evidence.disclosed"


async def test_who_decides_sees_what_will_leave(desk: Desk) -> None:
    package = await desk.request()
    answer = (await desk.auditor.get(f"/evidence/{package['id']}/contents")).json()
    assert answer["record"]["id"] == package["id"]
    assert answer["coverage"]["included"] == 2
    assert answer["files"][f"data/calls/{desk.overs[0]}.opus"] == len(spoken())
    assert "NOT VALID" in answer["readme"]
    (looked,) = entries(desk.room, "evidence.looked")
    assert (looked["op"], looked["actor"]["id"]) == ("consult", desk.user("auditor"))


async def test_every_step_is_in_the_log_before_it_is_taken(desk: Desk) -> None:
    package = await desk.request(purpose_text="a man was run over")
    await desk.fetch(package)
    await desk.approve(package)
    await desk.fetch(package)
    (asked,) = entries(desk.room, "evidence.requested")
    assert (asked["op"], asked["obj"]["id"]) == ("disclose", package["id"])
    assert asked["purpose"]["text"].startswith("enc:")
    assert asked["recipient"] == {"name": "District court", "country": "SE"}
    (built,) = entries(desk.room, "evidence.built")
    assert built["detail"]["package_hash"] == package["package_hash"]
    (approved,) = entries(desk.room, "evidence.approved")
    assert approved["approval"]["package_hash"] == package["package_hash"]
    results = [entry["result"] for entry in entries(desk.room, "evidence.disclosed")]
    assert results == ["denied", "ok"]
    assert entries(desk.room, "evidence.disclosed")[1]["recipient"]["basis"] == "RB 27 kap."


async def test_a_card_signs_and_only_the_right_one(desk: Desk) -> None:
    card = NoteSigner("test.example/approver/a", Ed25519PrivateKey.generate())
    auditor = desk.user("auditor")
    package = await desk.request(approver_keys={auditor: card.vkey})
    assert (await desk.approve(package)).status_code == 400, "a card was named, so it signs"
    other = NoteSigner(card.origin, Ed25519PrivateKey.generate())
    for line in (other.line(package["to_sign"]), card.line("another text\n"), "nonsense"):
        assert (await desk.approve(package, line=line)).status_code == 400
    approved = await desk.approve(package, line=card.line(package["to_sign"]))
    assert approved.status_code == 200, approved.text
    answer = await desk.fetch(package)
    assert answer.status_code == 200, answer.text
    found = desk.verify(answer.content, f"approver {card.vkey}\n")
    assert found.warnings == ["quorum none: no witness was asked for"], found.text()
    again = await desk.approve(package, line=card.line(package["to_sign"]))
    assert again.status_code == 409


async def test_a_card_that_was_not_named_signs_nothing(desk: Desk) -> None:
    package = await desk.request()
    card = NoteSigner("test.example/approver/a", Ed25519PrivateKey.generate())
    answer = await desk.approve(package, line=card.line(package["to_sign"]))
    assert answer.status_code == 400
    wrong = desk.body(approver_keys={desk.user("auditor"): "nonsense"})
    assert (await desk.supervisor.post("/evidence", wrong)).status_code == 400


async def test_four_eyes(desk: Desk) -> None:
    supervisor, auditor = desk.user("supervisor"), desk.user("auditor")
    for people in ([supervisor], ["u-none"], [desk.user("dispatcher")], [auditor, auditor]):
        answer = await desk.supervisor.post("/evidence", desk.body(approvers=people))
        assert answer.status_code == 400, people
    package = await desk.request()
    path = f"/evidence/{package['id']}"
    body = {"package_hash": package["package_hash"]}
    own = await desk.supervisor.post(f"{path}/approve", body)
    assert own.status_code == 403
    stale = await desk.auditor.post(f"{path}/approve", {"package_hash": "0" * 64})
    assert stale.status_code == 409
    results = [entry["result"] for entry in entries(desk.room, "evidence.approved")]
    assert results == ["denied"]
    dispatcher = await desk.room.browser("dispatcher")
    assert (await dispatcher.post(f"{path}/approve", body)).status_code == 403
    assert (await dispatcher.get("/evidence")).status_code == 403


async def test_the_same_person_with_two_accounts_is_no_second_person(desk: Desk) -> None:
    package = await desk.request()
    people = desk.room.services.people
    mine, other = people.by_name("supervisor"), people.by_name("auditor")
    assert mine is not None
    assert other is not None

    def same(db: Session) -> None:
        for name in (mine.id, other.id):
            row = db.get(User, name)
            assert row is not None
            row.person = "one"
            db.add(row)
        asked = db.get(Approval, package["approval"])
        assert asked is not None
        asked.asked_person = other.person or other.id
        db.add(asked)

    desk.room.store.write_now(same)
    answer = await desk.approve(package)
    assert (answer.status_code, "themselves" in answer.text) == (403, True)
    again = await desk.supervisor.post("/evidence", desk.body())
    assert (again.status_code, "themselves" in again.text) == (400, True)


async def test_the_same_session_is_no_second_desk(desk: Desk) -> None:
    package = await desk.request()
    await desk.auditor.get("/access/x", params=PURPOSE)
    mine = entries(desk.room, "access.read")[0]["actor"]["sess"]

    def move(db: Session) -> None:
        row = db.get(Approval, package["approval"])
        assert row is not None
        row.asked_session = mine
        db.add(row)

    desk.room.store.write_now(move)
    answer = await desk.approve(package)
    assert (answer.status_code, "another desk" in answer.text) == (403, True)


async def test_a_refused_package_never_leaves(desk: Desk) -> None:
    package = await desk.request()
    path = f"/evidence/{package['id']}/refuse"
    answer = await desk.auditor.post(path, {"reason": "the order names another day"})
    assert answer.json()["state"] == "refused"
    assert (
        await desk.auditor.post(path, {"reason": "the order names another day"})
    ).status_code == 409
    assert (await desk.approve(package)).status_code == 409
    assert (await desk.fetch(package)).status_code == 409
    (entry,) = entries(desk.room, "evidence.refused")
    assert entry["detail"]["reason"].startswith("enc:")


async def test_an_approval_lasts_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    package = await desk.request()
    await desk.approve(package)
    monkeypatch.setattr(leaving_module, "APPROVAL_HOURS", -1)
    answer = await desk.fetch(package)
    assert (answer.status_code, "hours ago" in answer.text) == (409, True)


async def test_a_package_that_was_changed_on_the_disk_does_not_leave(desk: Desk) -> None:
    package = await desk.request()
    await desk.approve(package)
    name = f"{package['id']}.zip"
    data = bytearray(desk.room.services.use(SealedFiles).read(f"evidence/{name}"))
    sealed = desk.room.state / "evidence" / f"{name}.sealed"
    changed = bytearray(sealed.read_bytes())
    changed[70_000] ^= 1
    sealed.write_bytes(changed)
    answer = await desk.fetch(package)
    assert (answer.status_code, "it was changed" in answer.text) == (400, True)
    data[data.index(b"OggS") + 300] ^= 1
    (desk.room.state / "evidence" / name).write_bytes(data)  # as somebody with the disk could
    answer = await desk.fetch(package)
    assert (answer.status_code, "its bytes" in answer.text) == (400, True)
    assert entries(desk.room, "evidence.disclosed")[-1]["result"] == "failed"


async def test_without_the_log_nothing_is_asked_for_nor_leaves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = await desk.request()
    await desk.approve(package)
    monkeypatch.setattr(AuditWriter, "writable", property(lambda self: False))
    monkeypatch.setattr(desk.room.audit, "_writable", False)
    assert (await desk.fetch(package)).status_code == 503
    assert (await desk.supervisor.post("/evidence", desk.body())).status_code == 503


async def test_a_purpose_is_asked(desk: Desk) -> None:
    for changes in (
        {"purpose_ref": "", "purpose_text": "", "purpose_code": ""},
        {"purpose_ref": "", "purpose_text": "check"},
    ):
        answer = await desk.supervisor.post("/evidence", desk.body(**changes))
        assert answer.status_code == 400
        assert "purpose" in answer.text


async def test_only_what_one_may_export_is_found(desk: Desk) -> None:
    answer = await desk.supervisor.post("/evidence", desk.body(talkgroups=[SECRET]))
    assert answer.status_code == 403
    empty = desk.body(from_utc=0, to_utc=1)
    answer = await desk.supervisor.post("/evidence", empty)
    assert answer.status_code == 404
    assert entries(desk.room, "evidence.built")[-1]["result"] == "failed"
    backwards = desk.body(to_utc=0)
    assert (await desk.supervisor.post("/evidence", backwards)).status_code == 400
    assert (await desk.auditor.get("/evidence/EV-2020-000001")).status_code == 404
    assert (await desk.auditor.get("/evidence/..%2Fsamband")).status_code == 404


async def test_a_file_that_was_changed_stops_the_build(desk: Desk) -> None:
    for path in (desk.room.state / "recordings").glob("*.opus"):
        path.write_bytes(path.read_bytes() + b"x")
    answer = await desk.supervisor.post("/evidence", desk.body(listening_copies=False))
    assert answer.status_code == 502
    assert "the log tells of" in answer.text
    for path in (desk.room.state / "recordings").glob("*.opus"):
        path.unlink()
    answer = await desk.supervisor.post("/evidence", desk.body())
    assert answer.status_code == 404
    assert not list((desk.room.state / "evidence").glob("*.zip*"))


async def test_a_recording_without_sound_has_no_copy_and_cannot_be_redacted(desk: Desk) -> None:
    room = desk.room
    call, over = room.begin(seq=3)
    room.record(call, over, b"no Ogg at all")
    room.end(call, over)
    await room.journaled()
    await until(lambda: len(entries(room, "recording.closed")) == 3)
    package = await desk.request(only=[over])
    contents = (await desk.auditor.get(f"/evidence/{package['id']}/contents")).json()
    assert f"data/calls/{over}.opus" in contents["files"]
    assert contents["record"]["derived"] == []
    body = desk.body()
    for name in ("talkgroups", "from_utc", "to_utc"):
        del body[name]
    body |= {"parts": [{"transmission": over, "from_ms": 0, "to_ms": 9}], "reason": "a name"}
    answer = await desk.supervisor.post(f"/evidence/{package['id']}/redacted", body)
    assert answer.status_code == 400


async def test_a_disk_that_fails_at_the_approval_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = await desk.request()

    def full(*_args: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Making, "finish", full)
    answer = await desk.approve(package)
    assert (answer.status_code, "No space left" in answer.text) == (400, True)
    assert (await desk.evidence.find(package["id"])).state == "waiting"


async def test_a_redacted_copy_names_its_parent(desk: Desk, tmp_path: Path) -> None:
    parent = await desk.request()
    await desk.approve(parent)
    whole = (await desk.fetch(parent)).content
    parent_file = tmp_path / "parent.zip"
    parent_file.write_bytes(whole)
    body = desk.body()
    for name in ("talkgroups", "from_utc", "to_utc"):
        del body[name]
    over = desk.overs[0]
    part = {"transmission": over, "from_ms": 500, "to_ms": 1500}
    body |= {"parts": [part], "reason": "name of a third person"}
    path = f"/evidence/{parent['id']}/redacted"
    answer = await desk.supervisor.post(path, body)
    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert copy["parent"] == parent["id"]
    await desk.approve(copy)
    data = (await desk.fetch(copy)).content
    found = desk.verify(data, parent=parent_file)
    assert found.status == 3, found.text()
    files = Opened(desk.room.state / "received.zip").files
    sound, before = decoded(files[f"data/calls/{over}.opus"]), decoded(spoken())
    assert len(sound) == len(before)
    middle = slice(16 * 500 + 400, 16 * 600 - 400)
    assert max(sound[middle]) == 0 or max(abs(one) for one in sound[middle][::2]) < 256
    assert files[f"data/calls/{desk.overs[1]}.opus"] == spoken(150)
    record = json.loads(files["meta/package.json"])
    assert record["redacts"]["parent_tagmanifest_sha256"] == parent["package_hash"]
    assert record["redacts"]["spans"][0]["from_ms"] == 500
    (entry,) = entries(desk.room, "recording.redacted")
    assert entry["detail"]["sha256"] == [record["redacts"]["spans"][0]["after_sha256"]]
    wrong = desk.verify(data, parent=desk.room.state / "received.zip")
    assert "parent: " in wrong.verdict
    assert "names no parent" in desk.verify(whole, parent=parent_file).verdict
    nobody = {**body, "parts": [{**part, "transmission": "t-none"}]}
    assert (await desk.supervisor.post(path, nobody)).status_code == 404
    empty = {**body, "parts": [{**part, "from_ms": 1500}]}
    assert (await desk.supervisor.post(path, empty)).status_code == 400

"""What an accepted upload becomes: a call with its overs, a listening copy, entries in the log."""

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from dispatch.retention.sealed import SealedFiles
from dispatch.services.disk import DiskPolicy
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from dispatch.uploads.copying import Copying
from dispatch.uploads.setup import Uploads
from dispatch.uploads.tables import Upload
from tests.dispatch.oversight.log import entries
from tests.dispatch.room import NORTH, Room, until
from tests.dispatch.uploads.sending import SOUNDS, encoded, make_key, send, tone, vectors
from tests.dispatch.uploads.test_answers import answer


def rows(room: Room, kind: Any) -> list[Any]:
    return room.store.read_now(lambda db: list(db.exec(select(kind))))


async def copied(room: Room) -> None:
    """Wait until every upload has its listening copy, or is known to get none."""

    def none_waits() -> bool:
        return all(one.state != "waiting" for one in rows(room, Upload))

    await until(none_waits, 30)


async def test_a_call_of_trunk_recorder_has_an_over_for_each_source(room: Room) -> None:
    vector = next(one for one in vectors() if one.name == "meta_call")
    key = await make_key(room, "Hill recorder", told_system=7)
    assert (await answer(room, vector, key)).status_code == 200
    await copied(room)
    (call,) = rows(room, Call)
    overs = sorted(rows(room, Transmission), key=lambda one: one.started_utc)
    (upload,) = rows(room, Upload)
    assert (call.talkgroup, call.uploaded, call.call_seq) == (NORTH, "Hill recorder", None)
    assert [one.talker for one in overs] == ["net/1001", "net/1002"]
    assert [one.alias for one in overs] == ["Patrol 1", "Patrol 2"]
    assert [one.emergency for one in overs] == [False, True], "an over's flag counts by itself"
    assert call.emergency, "it turned into one, whatever the call's own flag says"
    assert call.retention_class == "emergency_call"
    assert [one.duration_ms for one in overs] == [1000, 1000]
    details = json.loads(upload.details)
    assert details["frequencies"][0]["error_count"] == 2
    assert details["patches"] == [100, 101]
    assert details["fields"].keys() == {"meta", "system"}, "the key is kept nowhere"
    assert (upload.state, upload.errors, upload.told_ms) == ("ready", 2, 2000)


async def test_the_sound_is_kept_as_it_came_and_played_from_a_copy(room: Room) -> None:
    key = await make_key(room)
    for number, (name, sound) in enumerate(
        {"wav": tone(), "mp3": SOUNDS["mp3"](), "m4a": SOUNDS["m4a"]()}.items()
    ):
        at = int(datetime.now(UTC).timestamp()) - 600 + 60 * number
        assert (await send(room, key, sound, dateTime=at, source=1001)).status_code == 200, name
    await copied(room)
    browser = await room.browser("dispatcher")
    files = {one.kind: one for one in rows(room, RecordingFileRow)}
    assert files.keys() == {"received", "opus"}
    for upload in rows(room, Upload):
        raw = (room.state / "recordings" / upload.file).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == upload.sha256
        assert raw == SOUNDS[upload.ending]()
    for over in rows(room, Transmission):
        played = await browser.get(f"/recordings/{over.id}")
        assert played.status_code == 200, played.text
        assert played.content[:4] == b"OggS"
        peaks = (await browser.get(f"/recordings/{over.id}/peaks")).json()
        assert max(peaks["peaks"]) > 0.2
        assert 1900 <= over.duration_ms <= 2100


async def test_the_log_names_received_and_copied_bytes(room: Room) -> None:
    key = await make_key(room)
    await send(room, key, tone(), talkerAlias="Anna")
    await copied(room)
    found = await entries(room)
    (over,) = rows(room, Transmission)
    (upload,) = rows(room, Upload)
    about = [one for one in found if (one.get("obj") or {}).get("id") == over.id]
    assert [(one["op"], one["verb"]) for one in about] == [
        ("collect", "upload.received"),
        ("collect", "upload.copied"),
    ]
    assert about[0]["detail"]["sha256"] == [upload.sha256, upload.fields_sha256]
    assert about[1]["detail"]["copy_of"] == upload.sha256
    assert [one["verb"] for one in found if one["verb"].startswith("upload_key")] == [
        "upload_key.made"
    ]
    text = json.dumps(found)
    assert key not in text
    assert "Anna" not in text


async def test_a_call_is_found_before_its_copy_is_made(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, make = asyncio.Event(), Copying._make

    async def held(copying: Copying, work: Any) -> Any:
        await going_on.wait()
        return await make(copying, work)

    monkeypatch.setattr(Copying, "_make", held)
    key, browser = await make_key(room, "Hill recorder"), await room.browser("supervisor")
    for recorder in (key, await make_key(room, "Town recorder")):
        await send(room, recorder, tone(), source=1001, talkerAlias="Anna Nord")
    for asked in ("outcome=uploaded", "unit=net/1001", "q=nord"):
        (found,) = (await browser.get(f"/calls?{asked}")).json()["calls"]
        assert found["uploaded"] == "Hill recorder", asked
    (over,) = found["transmissions"]
    assert over["duration_ms"] == 0
    assert over["why_no_sound"] == "the listening copy is being made"
    going_on.set()
    await copied(room)
    (found,) = (await browser.get("/calls?min_ms=1500&max_ms=2500")).json()["calls"]
    assert found["transmissions"][0]["why_no_sound"] == "", "and its length is searched"


async def test_a_call_can_be_found_opened_and_heard_beside_others(room: Room) -> None:
    key = await make_key(room, "Hill recorder")
    await send(room, key, tone(), source=1001)
    await copied(room)
    browser = await room.browser("supervisor")
    found = (await browser.get("/calls?outcome=uploaded&unit=net/1001")).json()["calls"]
    assert [one["uploaded"] for one in found] == ["Hill recorder"]
    assert found[0]["transmissions"][0]["uploaded"] == "Hill recorder"
    sheet = (await browser.get(f"/calls/{found[0]['id']}")).json()
    (source,) = sheet["uploads"]
    assert source["recorder"] == "Hill recorder"
    assert source["received_utc"] > source["started_utc"]
    assert sheet["integrity"]["ok"] is True
    assert sheet["integrity"]["sha256"] == source["sha256"], "of what was received, not of a copy"
    start = found[0]["started_utc"]
    lanes = (
        await browser.get(
            f"/lanes?talkgroup={NORTH}&from_utc={start - 1_000_000}&to_utc={start + 10_000_000}"
        )
    ).json()["lanes"]
    item = next(one for lane in lanes for one in lane["items"] if one["kind"] == "over")
    assert (item["uploaded"], item["has_sound"]) == ("Hill recorder", True)
    hidden = await room.browser("auditor")
    assert (await hidden.get("/calls?talkgroup=net/200")).json()["calls"] == []


async def test_what_cannot_be_decoded_is_kept_with_the_reason(room: Room) -> None:
    key = await make_key(room)
    assert (await send(room, key, SOUNDS["broken"]())).status_code == 200
    at = int(datetime.now(UTC).timestamp()) - 300
    assert (await send(room, key, bytes(500), dateTime=at)).status_code == 200
    await copied(room)
    uploads = {one.ending: one for one in rows(room, Upload)}
    assert {one.state for one in uploads.values()} == {"unplayable"}
    assert uploads["wav"].reason.startswith("it is broken")
    assert "neither WAV, MP3, M4A" in uploads["bin"].reason
    for one in uploads.values():
        assert (room.state / "recordings" / one.file).is_file()
    browser = await room.browser("supervisor")
    (call, _) = (await browser.get("/calls")).json()["calls"]
    over = call["transmissions"][0]
    assert not over["has_sound"]
    assert over["why_no_sound"].startswith("kept as received, cannot be played")


async def test_of_encrypted_and_forbidden_calls_only_metadata_are_kept(room: Room) -> None:
    encrypted = next(one for one in vectors() if one.name == "meta_encrypted")
    key = await make_key(room)
    assert (await answer(room, encrypted, key)).status_code == 200
    uploads = room.services.use(Uploads)
    uploads.checks.records = lambda talkgroup: False
    at = int(datetime.now(UTC).timestamp()) - 300
    assert (await send(room, key, tone(), dateTime=at)).status_code == 200
    assert {one.state for one in rows(room, Upload)} == {"metadata"}
    assert rows(room, RecordingFileRow) == []
    assert list((room.state / "recordings").glob("u-*")) == []
    overs = {one.encrypted: one for one in rows(room, Transmission)}
    assert not overs[True].readable
    assert overs[False].not_recorded == "the policy does not let this talkgroup be recorded"


async def test_what_waits_is_worked_off_after_a_restart(room: Room) -> None:
    key = await make_key(room)
    uploads = room.services.use(Uploads)
    uploads.copying._round = never  # type: ignore[method-assign]  # as if it went down here
    await send(room, key, encoded("libmp3lame", "mp3"))
    (waiting,) = rows(room, Upload)
    assert waiting.state == "waiting"
    orphan = room.state / "recordings" / "u-00000000000000000000000000.wav"
    orphan.write_bytes(b"never told of")
    await room.close()
    again = Room(room.state)
    await again.start()
    try:
        assert again.services.use(Uploads).checks.waiting[waiting.key] == 1
        await copied(again)
        await until(lambda: again.services.use(Uploads).checks.waiting[waiting.key] == 0)
        await until(lambda: not orphan.exists())
        (upload,) = rows(again, Upload)
        assert upload.state == "ready"
        files = again.services.use(SealedFiles)
        assert files.exists(again.state / "recordings" / upload.file)
    finally:
        await again.close()


async def never() -> bool:
    return False


async def test_a_full_disk_takes_no_uploads(room: Room) -> None:
    key = await make_key(room)
    room.services.use(DiskPolicy).step = "stop"
    given = await send(room, key, tone())
    assert (given.status_code, given.headers["retry-after"]) == (503, "300")
    assert rows(room, Upload) == []

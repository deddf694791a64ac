"""Uploaded recordings leave as they came, with a copy for listening; redacted ones with less."""

import io
import json
import wave
import zipfile
from datetime import UTC, datetime
from typing import Any

import av
import pytest

from dispatch.evidence.completeness import check_completeness
from dispatch.evidence.verifier.main import verify
from dispatch.evidence.verifier.trust import read_trust
from dispatch.store.tables import Transmission
from dispatch.uploads.tables import Upload
from tests.dispatch.evidence.desk import Desk
from tests.dispatch.room import GATEWAY, Room
from tests.dispatch.uploads.sending import SOUNDS, make_key, send
from tests.dispatch.uploads.test_taking import copied, rows

SOURCES = '[{"pos": 0, "src": 1001}, {"pos": 1.0, "src": 1002}]'


@pytest.fixture
async def desk(room: Room) -> Desk:
    """A room with two calls of its own and one that a recorder uploaded, of two overs."""
    key = await make_key(room, "Hill recorder")
    at = int(datetime.now(UTC).timestamp()) - 300
    given = await send(room, key, SOUNDS["m4a"](), dateTime=at, sources=SOURCES)
    assert given.status_code == 200
    await copied(room)
    desk = Desk(room)
    await desk.prepare()
    return desk


def uploaded(room: Room) -> list[Any]:
    overs = [one for one in rows(room, Transmission) if one.uploaded]
    return sorted(overs, key=lambda one: one.started_utc)


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


async def test_a_package_holds_what_was_received(desk: Desk) -> None:
    room = desk.room
    package = await desk.request()
    assert (await desk.approve(package)).status_code == 200
    data = (await desk.fetch(package)).content
    files, (upload,) = opened(data), rows(room, Upload)
    assert files[f"data/raw/{upload.sha256}.m4a"] == SOUNDS["m4a"]()
    told = json.loads(files[f"data/raw/{upload.fields_sha256}.json"])
    assert (told["sources"], "key" in told) == (SOURCES, False)
    for number, over in enumerate(uploaded(room)):
        assert f"data/calls/{over.id}.opus" not in files, "the player's copy is no evidence"
        with wave.open(io.BytesIO(files[f"data/calls/{over.id}.wav"])) as copy:
            assert abs(copy.getnframes() / copy.getframerate() - 1) < 0.1
        record = json.loads(files[f"data/calls/{over.id}.json"])
        assert record["uploaded"] == record["upload"]["recorder"] == "Hill recorder"
        assert record["upload"]["from_ms"] == 1000 * number
        assert record["upload"]["received_utc"] > record["upload"]["started_utc"]
    path = room.state / "package.zip"
    path.write_bytes(data)
    found = verify(path, read_trust(desk.trust()), today=datetime.now(UTC).date())
    assert found.faults == []


async def test_one_over_is_redacted_in_the_file_that_it_shares(desk: Desk) -> None:
    room = desk.room
    parent = await desk.request()
    first, second = uploaded(room)
    body = desk.body(
        reason="a witness is named in it",
        parts=[{"transmission": second.id, "from_ms": 0, "to_ms": 800}],
        mask_units=True,
    )
    for name in ("talkgroups", "from_utc", "to_utc"):
        del body[name]
    answer = await desk.supervisor.post(f"/evidence/{parent['id']}/redacted", body)
    assert answer.status_code == 201, answer.text
    package = answer.json()
    assert (await desk.approve(package)).status_code == 200
    data = (await desk.fetch(package)).content
    files, (upload,) = opened(data), rows(room, Upload)
    name = f"data/raw/{upload.sha256}.m4a"
    assert files[name] != SOUNDS["m4a"]()
    assert f"data/raw/{upload.fields_sha256}.json" not in files
    record = json.loads(files["meta/package.json"])
    (span,) = [one for one in record["redacts"]["spans"] if one["file"] == name]
    assert (span["from_ms"], span["to_ms"]) == (1000, 1800)
    assert {one["id"] for one in record["what"] if name in one["files"]} == {first.id, second.id}
    with av.open(io.BytesIO(files[name])) as sound:
        assert sound.streams.audio[0].codec_context.name == "aac"
    path = room.state / "redacted.zip"
    path.write_bytes(data)
    found = verify(path, read_trust(desk.trust()), today=datetime.now(UTC).date())
    assert found.faults == []


async def test_the_completeness_check_finds_nothing_missing(desk: Desk) -> None:
    room = desk.room
    await room.audit.checkpoint()
    found = check_completeness(room.store, room.state, GATEWAY)
    about = {
        name: one for name, one in found.findings.items() if "recorder, but no call" not in name
    }
    ours = {over.id for over in uploaded(room)}
    assert not [name for name, one in about.items() if ours & set(one.first)], about

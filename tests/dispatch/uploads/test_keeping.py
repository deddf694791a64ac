"""Uploaded calls are kept, held, sealed, seen and erased like others, on each database."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import select

from dispatch.retention.sealer import Sealer
from dispatch.store.tables import Call, RecordingFileRow, Transmission
from dispatch.uploads.tables import Upload
from tests.dispatch.retention.keepers import Keepers, both
from tests.dispatch.room import NORTH
from tests.dispatch.uploads.sending import make_key, send, tone
from tests.dispatch.uploads.test_taking import copied, rows


def kept_files(keepers: Keepers) -> list[str]:
    uploads = {one.id for one in rows(keepers.room, Transmission) if one.uploaded}
    return [one.name for one in rows(keepers.room, RecordingFileRow) if one.transmission in uploads]


@both
async def test_an_uploaded_call_is_held_sealed_and_erased(keepers: Keepers) -> None:
    room = keepers.room
    hill, coast = await make_key(room, "Hill"), await make_key(room, "Coast")
    at = int(datetime.now(UTC).timestamp()) - 600
    scope = {"talkgroups": [NORTH], "from_utc": (at - 60) * 1_000_000}
    told = {"dateTime": at, "source": 1001, "talkerAlias": "Anna"}
    assert (await send(room, hill, tone(), **told)).status_code == 200
    assert (await send(room, coast, tone(1.5), **told)).status_code == 200
    await copied(room)
    (call,) = [one for one in rows(room, Call) if one.uploaded]
    found = (await keepers.supervisor.get("/calls?outcome=uploaded")).json()["calls"]
    assert [one["id"] for one in found] == [call.id]
    await _sealed(keepers)
    over = next(one for one in rows(room, Transmission) if one.uploaded and not one.copy_of)
    played = await keepers.supervisor.get(f"/recordings/{over.id}")
    assert played.content[:4] == b"OggS", "a sealed copy is opened for who may play it"

    body = {"scope": scope, "reason": "asked for by the prosecutor", "basis": "RB 27:16"}
    hold = (await keepers.supervisor.post("/holds", body)).json()
    assert keepers.row(call.id).held
    late = await send(room, hill, tone(1.0), dateTime=at + 60)
    assert late.status_code == 200
    newest = max((one for one in rows(room, Call) if one.uploaded), key=lambda one: one.started_utc)
    assert newest.held, "what comes later is taken too"
    await copied(room)

    keepers.age(call.id)
    assert await _erase(keepers) == [], "a hold keeps it"
    asked = await keepers.auditor.post(f"/holds/{hold['id']}/lift", {"reason": "case closed"})
    await keepers.agree(keepers.supervisor, asked.json()["approval"])
    names = kept_files(keepers)
    assert await _erase(keepers) == [call.id]
    gone = [name for name in names if not keepers.files.exists(room.state / "recordings" / name)]
    assert len(gone) == 4, "what was received and the copies of it, of both recorders"
    for upload in rows(room, Upload):
        if upload.call == call.id:
            assert (upload.details, upload.fields_sha256) == ("{}", "")
    assert (await keepers.supervisor.get(f"/recordings/{over.id}")).status_code == 410


async def _sealed(keepers: Keepers) -> None:
    sealer = keepers.room.services.use(Sealer)
    sealer._waiting = type(sealer._waiting)((0, name) for _, name in sealer._waiting)
    await sealer.seal_due()
    folder = keepers.room.state / "recordings"
    assert not [name for name in kept_files(keepers) if (folder / name).exists()]


async def _erase(keepers: Keepers) -> list[str]:
    """Run the day's erasure; returns the uploaded calls that are gone since."""
    answer = await keepers.supervisor.post("/retention/erasures")
    job: dict[str, Any] = answer.json()
    if job["planned"]:
        started = await keepers.supervisor.post(f"/retention/erasures/{job['id']}/start")
        assert started.status_code == 202, started.text
        await keepers.done(job["id"])
    query = select(Call).where(Call.uploaded != "")
    calls = keepers.room.store.read_now(lambda db: list(db.exec(query)))
    return [one.id for one in calls if one.erased_utc is not None]


async def test_who_has_no_grant_sees_nothing_of_it(keepers: Keepers) -> None:
    key = await make_key(keepers.room)
    assert (await send(keepers.room, key, tone(), talkgroup=200)).status_code == 200
    await copied(keepers.room)
    (call,) = [one for one in rows(keepers.room, Call) if one.uploaded]
    (over,) = [one for one in rows(keepers.room, Transmission) if one.uploaded]
    assert (await keepers.supervisor.get("/calls?outcome=uploaded")).json()["calls"] == []
    assert (await keepers.supervisor.get(f"/calls/{call.id}")).status_code == 404
    assert (await keepers.supervisor.get(f"/recordings/{over.id}")).status_code == 404

"""The same call of several recorders, and of our own links, is one call with several sources."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import select

from dispatch.store.tables import Call, Transmission
from dispatch.uploads.tables import Upload, UploadKey
from tests.dispatch.opus import spoken
from tests.dispatch.room import NORTH, Room
from tests.dispatch.uploads.sending import make_key, send, tone
from tests.dispatch.uploads.test_taking import copied, rows


def ago(seconds: float) -> int:
    return int(datetime.now(UTC).timestamp() - seconds)


def sources(room: Room) -> dict[str, Any]:
    return {one.recorder: one for one in rows(room, Upload)}


async def test_the_best_of_two_recordings_is_shown_and_the_other_kept(room: Room) -> None:
    hill, coast = await make_key(room, "Hill"), await make_key(room, "Coast")
    faults = '[{"freq": 851012500, "pos": 0, "len": 2, "errorCount": 40, "spikeCount": 9}]'
    at = ago(60)
    await send(room, hill, tone(2.0), dateTime=at, source=1001, frequencies=faults)
    await send(room, coast, tone(2.5), dateTime=at + 3, source=1001)
    await copied(room)
    (call,) = rows(room, Call)
    found = sources(room)
    assert (found["Hill"].main, found["Coast"].main) == (False, True)
    assert call.uploaded == "Coast"
    overs = {one.uploaded: one for one in rows(room, Transmission)}
    assert overs["Coast"].copy_of is None
    assert overs["Hill"].copy_of == overs["Coast"].id
    browser = await room.browser("supervisor")
    (row,) = (await browser.get("/calls")).json()["calls"]
    (copy,) = row["transmissions"][0]["copies"]
    assert (copy["uploaded"], copy["has_sound"]) == ("Hill", True)
    sheet = (await browser.get(f"/calls/{call.id}")).json()
    assert [one["recorder"] for one in sheet["uploads"]] == ["Coast", "Hill"]


async def test_what_cannot_be_played_gives_way_to_what_can(room: Room) -> None:
    hill, coast = await make_key(room, "Hill"), await make_key(room, "Coast")
    at = ago(60)
    await send(room, hill, b"RIFF____WAVE" + bytes(5000), dateTime=at)
    await send(room, coast, tone(), dateTime=at - 1)
    await copied(room)
    found = sources(room)
    assert (found["Hill"].state, found["Hill"].main) == ("unplayable", False)
    assert found["Coast"].main


async def test_short_calls_of_one_recorder_stay_apart_for_the_other_too(room: Room) -> None:
    hill, coast = await make_key(room, "Hill"), await make_key(room, "Coast")
    at = ago(100)
    for key, shift in ((hill, 0), (coast, 1)):
        for start, hz in ((0, 440), (4, 600)):
            sound = tone(1.0, 8000, hz + shift)
            await send(room, key, sound, dateTime=at + start + shift)
    found = rows(room, Upload)
    calls: dict[str, set[str]] = {}
    for one in found:
        calls.setdefault(one.call, set()).add(one.recorder)
    assert len(found) == 4
    assert sorted(map(sorted, calls.values())) == [["Coast", "Hill"], ["Coast", "Hill"]]


async def test_other_times_and_talkgroups_are_other_calls(room: Room) -> None:
    hill, coast = await make_key(room, "Hill"), await make_key(room, "Coast")
    at = ago(60)
    await send(room, hill, tone(), dateTime=at)
    await send(room, coast, tone(), dateTime=at + 6)
    await send(room, coast, tone(), dateTime=at, talkgroup=200)
    assert len(rows(room, Call)) == 3


async def test_a_call_that_our_own_link_heard_keeps_its_own_recording(room: Room) -> None:
    key = await make_key(room, "Hill")
    call, over = room.begin()
    room.record(call, over, spoken())
    room.end(call, over)
    await room.journaled()
    (heard,) = rows(room, Transmission)
    began = heard.started_utc
    stamp = (began + 2_000_000) // 1000
    await send(room, key, tone(), timestamp=stamp, source=1001)
    await copied(room)
    (row,) = rows(room, Call)
    assert (row.id, row.uploaded, row.cause) == (call, "", "ended")
    ours, theirs = sorted(rows(room, Transmission), key=lambda one: one.uploaded)
    assert theirs.copy_of == ours.id == over
    (upload,) = rows(room, Upload)
    assert not upload.main
    assert upload.offset_ms in (1999, 2000), "from the start of our over"
    (kept,) = rows(room, UploadKey)
    assert kept.offset_ms in (1999, 2000), "its clock is two seconds ahead of ours"
    assert kept.lag_ms is not None


async def test_an_over_that_our_link_missed_stands_in_our_call(room: Room) -> None:
    key = await make_key(room, "Hill")
    call, over = room.begin()
    room.end(call, over)
    await room.journaled()

    def longer(db: Any) -> None:
        row = db.get(Call, call)
        row.started_utc -= 60_000_000
        db.add(row)
        first = db.get(Transmission, over)
        first.started_utc -= 60_000_000
        db.add(first)

    room.store.write_now(longer)
    await send(room, key, tone(), dateTime=ago(20), source=1002)
    await copied(room)
    (row,) = rows(room, Call)
    overs = rows(room, Transmission)
    assert {one.uploaded: one.copy_of for one in overs} == {"": None, "Hill": None}
    assert row.id == call
    browser = await room.browser("supervisor")
    found = (await browser.get("/calls?unit=net/1002")).json()["calls"]
    assert [one["id"] for one in found] == [call]


async def test_nothing_is_joined_to_what_was_erased(room: Room) -> None:
    hill, coast = await make_key(room, "Hill"), await make_key(room, "Coast")
    at = ago(60)
    await send(room, hill, tone(), dateTime=at)

    def erase(db: Any) -> None:
        for row in db.exec(select(Call).where(Call.talkgroup == NORTH)):
            row.erased_utc = 1
            db.add(row)

    room.store.write_now(erase)
    await send(room, coast, tone(), dateTime=at)
    assert len(rows(room, Call)) == 2

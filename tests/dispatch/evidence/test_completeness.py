"""The completeness check over a real room: what it counts, and each kind of gap it names."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatch.evidence.completeness import Completeness, check_completeness
from dispatch.evidence.daily import DailyCheck
from dispatch.services.record import Record
from gateway.model import events as ev
from tests.dispatch.opus import spoken
from tests.dispatch.room import GATEWAY, NORTH, Room, until


@pytest.fixture
async def quiet(tmp_path: Path) -> AsyncIterator[Room]:
    """A room with three recorded calls whose files have their sidecars."""
    room = Room(tmp_path)
    await room.start()
    for seq in (1, 2, 3):
        call, transmission = room.begin(seq=seq)
        sha256 = room.record(call, transmission, spoken() + bytes([seq]))
        room.end(call, transmission)
        sidecar = {"files": [{"sha256": sha256}]}
        path = tmp_path / "recordings" / f"{transmission}.json"
        path.write_text(json.dumps(sidecar), encoding="utf-8")
    (tmp_path / "spool").mkdir(exist_ok=True)
    (tmp_path / "spool" / "call_seq").write_text("00000000000000000003", encoding="ascii")
    await room.journaled()
    await until(lambda: check_completeness(room.store, tmp_path, GATEWAY).collected == 3)
    yield room
    await room.close()


def check(room: Room) -> Completeness:
    return check_completeness(room.store, room.state, GATEWAY)


def change(room: Room, statement: str, *values: object) -> None:
    with sqlite3.connect(room.state / "samband.db") as db:
        db.execute(statement, values)
    db.close()


async def test_a_whole_room_is_complete(quiet: Room) -> None:
    found = check(quiet)
    assert found.findings == {}
    assert (found.counter, found.calls, found.recordings, found.waiting) == (3, 3, 3, 0)
    open_folder = quiet.state / "recordings" / "open"
    open_folder.mkdir()
    (open_folder / "t-x.json").write_text("{}", encoding="utf-8")
    (quiet.state / "spool" / "journal.jsonl").write_text("", encoding="utf-8")
    assert check(quiet).waiting == 2
    (quiet.state / "spool" / "call_seq").write_text("5", encoding="ascii")
    found = check(quiet)
    assert (found.complete, found.waiting) == (True, 4), "two calls wait with the journal"
    (quiet.state / "spool" / "journal.jsonl").unlink()
    assert not check(quiet).complete


async def test_each_kind_of_gap_is_named(quiet: Room) -> None:
    with sqlite3.connect(quiet.state / "samband.db") as db:
        ids = [row[0] for row in db.execute("SELECT id FROM transmission ORDER BY id")]
        calls = [row[0] for row in db.execute("SELECT id FROM call ORDER BY id")]
    db.close()
    (quiet.state / "spool" / "call_seq").write_text("5", encoding="ascii")
    change(quiet, "UPDATE call SET call_seq=NULL WHERE id=?", calls[0])
    change(quiet, "DELETE FROM recording_file WHERE transmission=?", ids[0])
    change(quiet, "UPDATE recording_file SET sha256='00' WHERE transmission=?", ids[1])
    change(quiet, "UPDATE recording_file SET name='gone' WHERE transmission=?", ids[2])
    (quiet.state / "recordings" / "t-foundlater.json").write_text("{", encoding="utf-8")
    quiet.bus.publish(
        ev.TransmissionStarted(
            transmission=quiet.thing("t"),  # type: ignore[arg-type]  # an id of its form
            call=calls[0],
            talkgroup=NORTH,
            link="north",  # type: ignore[arg-type]  # an id of its form
        )
    )
    await quiet.journaled()
    change(quiet, "UPDATE transmission SET ended_utc=1, duration_ms=9 WHERE ended_utc IS NULL")
    found = {words: one.count for words, one in check(quiet).findings.items()}
    assert found == {
        "numbers given out by the recorder, but no call has them": 3,
        "recorded, but not in the call table": 2,
        "collected with another hash than the call table names": 1,
        "collected, but not in the call table": 1,
        "in the call table, but its file is gone": 1,
        "heard, neither recorded nor said why not": 2,
    }


async def test_what_was_never_collected_is_named_and_what_was_erased_is_not(quiet: Room) -> None:
    call, transmission = quiet.begin(seq=4)
    quiet.record(call, transmission, spoken() + b"4")
    quiet.end(call, transmission)
    await quiet.journaled()
    await until(lambda: check(quiet).collected == 4)
    change(quiet, "UPDATE transmission SET erased_utc=1 WHERE id=?", transmission)
    for path in (quiet.state / "recordings").glob("*.opus"):
        if path.read_bytes().endswith(b"4"):
            path.unlink()
    assert check(quiet).complete
    change(quiet, "UPDATE transmission SET erased_utc=NULL")
    assert list(check(quiet).findings) == ["in the call table, but its file is gone"]
    change(quiet, "UPDATE recording_file SET transmission='t-o' WHERE transmission=?", transmission)
    assert "in the call table, but never collected into the log" in check(quiet).findings


async def test_the_daily_check_logs_its_result(quiet: Room) -> None:
    daily = DailyCheck(
        quiet.store, quiet.state, GATEWAY, quiet.services.use(Record), first_s=0, every_s=3600
    )
    before = quiet.audit.status.size
    daily.start()
    await until(lambda: daily.last is not None)
    await until(lambda: quiet.audit.status.size > before)
    await daily.close()
    await daily.close()
    (quiet.state / "spool" / "call_seq").write_text("9", encoding="ascii")
    size = quiet.audit.status.size
    assert not (await daily.check()).complete
    await until(lambda: quiet.audit.status.size > size)
    with sqlite3.connect(quiet.state / "samband.db") as db:
        rows = db.execute("SELECT entry FROM audit_log ORDER BY seq DESC LIMIT 1").fetchall()
    db.close()
    entry = json.loads(rows[0][0])
    assert (entry["verb"], entry["result"]) == ("completeness.checked", "failed")
    assert entry["detail"]["findings"] == {
        "numbers given out by the recorder, but no call has them": 6
    }


async def test_a_store_that_is_away_is_tried_again(
    quiet: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatch.evidence import daily as module
    from dispatch.store.engine import StoreUnavailable

    tries = 0

    def away(*_args: object) -> Completeness:
        nonlocal tries
        tries += 1
        raise StoreUnavailable("away") if tries == 1 else ValueError("a file")

    monkeypatch.setattr(module, "check_completeness", away)
    daily = DailyCheck(
        quiet.store, quiet.state, GATEWAY, quiet.services.use(Record), first_s=0, every_s=0
    )
    daily.start()
    await until(lambda: tries > 2)
    await daily.close()
    await asyncio.sleep(0)
    assert daily.last is None

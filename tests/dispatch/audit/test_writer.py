"""The writer: durable before it answers, groups, head, checkpoints, spool, damage."""

import asyncio
import json
import shutil
import sqlite3
import threading
from dataclasses import replace
from typing import Any

import pytest

from dispatch.audit.checkpoint import TreeHead
from dispatch.audit.entry import BadEntry
from dispatch.audit.log import Log, LogDamaged, sqlite_path
from dispatch.audit.merkle import inclusion_proof
from dispatch.audit.verify import verify_database
from dispatch.errors import LogNotWritable
from gateway.model.errors import ConfigError
from tests.dispatch.audit.conftest import State, act


def entries(state: Any) -> Any:
    connection = sqlite3.connect(state.database)
    rows = connection.execute("SELECT entry FROM audit_log ORDER BY seq").fetchall()
    connection.close()
    return [json.loads(raw) for (raw,) in rows]


async def until(condition: Any, what: Any) -> Any:
    async with asyncio.timeout(10):
        while not condition():  # the condition is set by another thread
            await asyncio.sleep(0.01)
    assert condition(), what


async def test_append_answers_when_the_entry_is_on_disk(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    seq = await writer.append(act())
    assert entries(state)[seq]["verb"] == "recording.play"
    head = TreeHead.from_note((state.audit / "audit.head").read_text())
    assert head.size == seq + 1
    assert entries(state)[0]["verb"] == "log.started"
    await writer.close()
    await writer.close()
    assert entries(state)[-1]["verb"] == "log.stopped"
    report = verify_database(state.database, state.audit)
    assert report.ok, report.faults
    assert report.newest_checkpoint == report.size == 3
    assert report.warnings == []


async def test_many_appends_share_commits_and_keep_their_order(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    seqs = await asyncio.gather(*(writer.append(act(n)) for n in range(1200)))
    assert seqs == list(range(1, 1201))
    await until(lambda: writer.status.checkpoint_size >= 1000, "a checkpoint after 1000 entries")
    assert [entry["obj"]["id"] for entry in entries(state)[1:]] == [f"t-{n}" for n in range(1200)]
    assert len({entry["id"] for entry in entries(state)}) == 1201
    await writer.close()
    assert verify_database(state.database, state.audit).ok


async def test_a_bad_entry_is_refused_alone(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    answers = await asyncio.gather(
        writer.append(act(detail={"x": 1.5})), writer.append(act()), return_exceptions=True
    )
    assert isinstance(answers[0], BadEntry)
    assert isinstance(answers[1], int)
    await writer.close()


async def test_live_acts_wait_in_the_spool_and_come_late(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    lock = sqlite3.connect(state.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    writer.note(act(1, op="system", verb="ptt.pressed"))
    await until(lambda: not writer.writable, "the log is held by another writer")
    with pytest.raises(LogNotWritable):
        await writer.append(act(2))
    writer.note(act(3, op="system", verb="ptt.pressed"))
    await until(lambda: writer.status.spooled == 2, "both presses are spooled")
    spooled = (state.root / "spool/audit.jsonl").read_text()
    assert "Anna" not in spooled
    lock.execute("ROLLBACK")
    lock.close()
    # The thread has it first; it is told on the loop a moment later.
    await until(lambda: len(state.states) == 3, "the log can be written again")
    late = [entry for entry in entries(state) if entry.get("late")]
    assert [entry["obj"]["id"] for entry in late] == ["t-1", "t-3"]
    assert entries(state)[-1]["verb"] == "log.resumed"
    assert [writable for writable, _, _ in state.states] == [True, False, True]
    await writer.close()
    assert verify_database(state.database, state.audit).ok


async def test_a_spool_that_was_half_taken_enters_once(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    await writer.append(act(1))
    await writer.close()
    spool = state.root / "spool"
    spool.mkdir()
    known = entries(state)[1]
    fresh = {**known, "id": "01ZZZ"}
    lines = [json.dumps(known), json.dumps(fresh), '{"cut in ha']
    (spool / "audit.jsonl").write_text("\n".join(lines))
    writer = state.writer()
    await writer.start()
    ids = [entry["id"] for entry in entries(state)]
    assert ids.count(known["id"]) == ids.count("01ZZZ") == 1
    assert not (spool / "audit.jsonl").exists()
    await writer.close()


async def test_a_cut_log_is_not_written_on(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    for number in range(5):
        await writer.append(act(number))
    await writer.close()
    cut = sqlite3.connect(state.database)
    cut.execute("DROP TRIGGER audit_log_no_delete")
    cut.execute("DELETE FROM audit_log WHERE seq >= 4")
    cut.commit()
    cut.close()
    writer = state.writer()
    await writer.start()
    assert not writer.writable
    assert "cut" in writer.status.reason
    with pytest.raises(LogNotWritable):
        await writer.append(act())
    writer.note(act(9))
    await writer.close()
    assert len(entries(state)) == 4
    assert "t-9" in (state.root / "spool/audit.jsonl").read_text()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE audit_log SET leaf=x'00' WHERE seq=2", "are not those of"),
        ("DELETE FROM audit_log WHERE seq=1", "1 are missing"),
        ("DELETE FROM audit_node WHERE level=1 AND idx=0", "node 1/0 is missing"),
    ],
)
def test_a_changed_log_is_not_opened(state: Any, damage: Any, words: Any) -> None:
    log = state.log()
    log.open()
    log.append([b"{}"] * 3)
    log.write_head()
    log.checkpoint(1)
    log.close()
    connection = sqlite3.connect(state.database)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(damage)
    connection.commit()
    connection.close()
    with pytest.raises(LogDamaged, match=words):
        state.log().open()


def test_a_log_of_another_origin_is_not_written_on(state: Any) -> None:
    log = state.log()
    log.open()
    log.append([b"{}"])
    log.write_head()
    log.close()
    with pytest.raises(LogDamaged, match=r"is of the log audit.test/log1"):
        state.log("audit.test/log2").open()


def test_the_table_refuses_changes(state: Any) -> None:
    log = state.log()
    log.open()
    log.append([b"{}", b"[]"])
    log.checkpoint(1)
    connection = sqlite3.connect(state.database)
    for table in ("audit_log", "audit_node", "checkpoint"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"DELETE FROM {table}")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE audit_log SET entry=x'00'")
    connection.close()
    log.close()


def test_no_second_checkpoint_of_one_size(state: Any) -> None:
    log = state.log()
    log.open()
    log.append([b"{}"])
    assert log.checkpoint(1) is not None
    assert log.checkpoint(2) is None
    log.append([b"{}"] * 4)
    assert log.inclusion(3, 5) == inclusion_proof(3, 5, log.node)
    log.close()


def test_a_head_that_lags_is_mended(state: Any) -> None:
    log = state.log()
    log.open()
    log.append([b"{}"])
    log.write_head()
    shutil.copy(state.audit / "audit.head", state.root / "old.head")
    log.append([b"{}"])
    log.write_head()
    log.close()
    shutil.copy(state.root / "old.head", state.audit / "audit.head")
    log = state.log()
    log.open()
    assert log.head_size == 2
    log.close()


async def test_the_thread_has_a_name_and_ends(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    assert "audit" in [thread.name for thread in threading.enumerate()]
    await writer.close()
    assert "audit" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(LogNotWritable):
        await writer.append(act())


def test_only_sqlite_holds_the_log() -> None:
    assert str(sqlite_path("sqlite:////var/x.db")) == "/var/x.db"
    with pytest.raises(ConfigError, match="expected a database sqlite"):
        sqlite_path("postgresql://x/y")


async def test_no_act_ends_the_logs_thread(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    with pytest.raises(ValueError, match="surrogates"):
        await writer.append(replace(act(), detail={"note": "half a pair: \ud800"}))
    writer.note(replace(act(), detail={"note": "\ud800"}))
    async with asyncio.timeout(5):
        assert await writer.append(act()) > 0
    await writer.close()


async def test_a_live_act_with_a_text_too_long_is_logged_cut_not_left_out(state: Any) -> None:
    writer = state.writer()
    await writer.start()
    writer.note(replace(act(), verb="call.note", detail={"note": "\u4e16" * 4000}))
    with pytest.raises(BadEntry):
        await writer.append(replace(act(), detail={"note": "\u4e16" * 4000}))
    await writer.close()
    found = [entry for entry in entries(state) if entry["verb"] == "call.note"]
    assert len(found) == 1
    assert found[0]["detail"]["cut"] is True
    assert found[0]["detail"]["note"].startswith("enc:")


async def test_a_database_that_fails_while_the_head_is_checked_is_not_the_end(
    state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = state.writer()
    await writer.start()
    await writer.append(act())
    await writer.close()
    node, failures = Log.node, iter([True])

    def once(log: Log, level: int, idx: int) -> bytes:
        if next(failures, False):
            raise sqlite3.OperationalError("database is locked")
        return node(log, level, idx)

    monkeypatch.setattr(Log, "node", once)
    again = state.writer()
    async with asyncio.timeout(5):
        await again.start()
    await until(lambda: again.writable, "tried again")
    await again.close()


async def test_a_checkpoint_on_demand_covers_what_was_appended(state: State) -> None:
    writer = state.writer()
    with pytest.raises(LogNotWritable):
        await writer.checkpoint()
    await writer.start()
    seq = await writer.append(act(1))
    writer.note(act(2))
    size = await writer.checkpoint()
    assert size > seq
    assert writer.status.checkpoint_size == size
    assert await writer.checkpoint() == size
    await writer.close()
    assert verify_database(state.database, state.audit).ok

"""A long transaction of the store beside the log: acts wait, none is refused, none is lost."""

import asyncio
import sqlite3
import time
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from dispatch.audit.verify import verify_database
from dispatch.errors import LogNotWritable
from dispatch.store.engine import Store
from tests.dispatch.audit.conftest import State, act
from tests.dispatch.audit.test_writer import entries, until

LONG_S = 4.0
SHORT_S = 0.3


@pytest.fixture
def store(state: State) -> Any:
    state.waits_ms = 10_000
    made = Store(f"sqlite:///{state.database}")
    made.write_now(lambda db: db.execute(text("CREATE TABLE words (said TEXT)")) and None)
    yield made
    made.close()


def busy(seconds: float) -> Any:
    def work(db: Session) -> None:
        db.execute(text("INSERT INTO words VALUES ('long')"))
        time.sleep(seconds)  # what a long transaction does meanwhile

    return work


async def test_a_transaction_of_four_seconds_refuses_no_act(state: State, store: Store) -> None:
    writer = state.writer()
    await writer.start()
    writing = asyncio.create_task(store.write(busy(LONG_S)))
    await asyncio.sleep(0.1)
    ahead = [asyncio.create_task(writer.append(act(0)))]
    checkpoint = asyncio.create_task(writer.checkpoint())
    for number in range(1, 6):
        writer.note(act(number, op="system", verb="ptt.pressed"))
        ahead.append(asyncio.create_task(writer.append(act(number))))
        await asyncio.sleep(0.5)
    assert not any(task.done() for task in ahead)
    assert not writing.done()
    assert "ptt.pressed" in (state.root / "spool/audit.jsonl").read_text()
    await writing
    seqs = await asyncio.gather(*ahead)
    assert await checkpoint >= max(seqs)
    assert sorted(seqs) == seqs
    await until(lambda: not writer.status.spooled, "the presses entered")
    assert [state for state, _, _ in state.states] == [True]
    found = [entry for entry in entries(state) if entry["verb"] == "ptt.pressed"]
    assert [entry["obj"]["id"] for entry in found] == [f"t-{number}" for number in range(1, 6)]
    assert all(entries(state)[seq]["verb"] == "recording.play" for seq in seqs)
    await writer.close()
    assert verify_database(state.database, state.audit).ok


async def test_the_log_has_its_turn_between_two_transactions(state: State, store: Store) -> None:
    writer = state.writer()
    await writer.start()
    writing = [asyncio.create_task(store.write(busy(SHORT_S))) for _ in range(8)]
    await asyncio.sleep(SHORT_S / 2)
    for number in range(3):
        before = time.monotonic()
        await writer.append(act(number))
        assert time.monotonic() - before < 2.5 * SHORT_S
    assert not writing[-1].done()
    await asyncio.gather(*writing)
    await writer.close()


async def test_another_program_that_writes_for_a_while_refuses_no_act(state: State) -> None:
    writer = state.writer()
    state.waits_ms = 1500
    await writer.start()
    other = sqlite3.connect(state.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(writer.append(act(1)))
    await asyncio.sleep(0.8)
    assert writer.writable
    other.execute("ROLLBACK")
    seq = await waiting
    assert entries(state)[seq]["obj"]["id"] == "t-1"
    other.close()
    await writer.close()


async def test_after_its_patience_the_log_refuses_and_says_so(state: State) -> None:
    writer = state.writer()
    await writer.start()
    other = sqlite3.connect(state.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    before = time.monotonic()
    writer.note(act(7, op="system", verb="ptt.pressed"))
    answers = await asyncio.gather(
        writer.append(act(1)), writer.checkpoint(), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [LogNotWritable, LogNotWritable]
    assert 1.0 < time.monotonic() - before < 4
    assert not writer.writable
    assert "locked" in writer.status.reason
    other.execute("ROLLBACK")
    other.close()
    await until(lambda: writer.writable, "the log can be written again")
    late = [entry["obj"]["id"] for entry in entries(state) if entry.get("late")]
    assert late == ["t-7"]
    await writer.close()


async def test_closed_while_somebody_writes_it_waits_for_its_last_words(
    state: State, store: Store
) -> None:
    writer = state.writer()
    await writer.start()
    writing = asyncio.create_task(store.write(busy(1.0)))
    await asyncio.sleep(0.1)
    waiting = asyncio.create_task(writer.append(act(1)))
    await asyncio.sleep(0.1)
    await writer.close()
    await writing
    assert await waiting > 0
    assert {entry["verb"] for entry in entries(state)} >= {"log.stopped", "recording.play"}
    assert verify_database(state.database, state.audit).ok

"""A running call with hundreds of overs: each of them reads all the others, so they wait."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.calllog.gathering import CallFacts, gather
from dispatch.calllog.index import CallIndex
from dispatch.calllog.keeping import MANY_OVERS, WAIT_MS_PER_OVER, CallLogKeeper
from dispatch.store.engine import Store, StoreUnavailable
from dispatch.store.tables import Call, Press, Transmission
from gateway.model.ids import MonoMs, UtcUs
from tests.dispatch.calllog.world import FIRE, PLAN, POLICE, T0, S, World
from tests.fresh_store import fresh_store

CALL = f"c-{'x':0>26}"


class HandClock:
    """Stands until it is set."""

    now = T0

    def mono_ms(self) -> MonoMs:
        return MonoMs(self.now // 1000)

    def utc_us(self) -> UtcUs:
        return UtcUs(self.now)


class Long(World):
    """One call that runs, and a clock."""

    def __init__(self, store: Store) -> None:
        index = CallIndex(lambda: PLAN)
        super().__init__(store, index)
        self.clock = HandClock()
        self.keeper = CallLogKeeper(store, index, self.clock)
        self.call("x", ended_utc=None, cause="", at=T0)

    def over(self, number: int, unit: str) -> Transmission:
        started = T0 + number * S
        return Transmission(
            id=f"t-{number:0>26}", call=CALL, talkgroup=FIRE, link="l-hill", talker=unit,
            started_utc=started, ended_utc=started + S, duration_ms=1000,
            retention_class="call", expires_utc=T0 * 2,
        )  # fmt: skip

    def look(self) -> None:
        self.store.write_now(self.keeper._step)


@pytest.fixture
def long(tmp_path: Path) -> Iterator[Long]:
    fresh_store(tmp_path / "samband.db")
    store = Store(f"sqlite:///{tmp_path / 'samband.db'}")
    yield Long(store)
    store.close()


def test_an_over_of_a_long_call_waits_and_is_found_then(long: Long) -> None:
    long.write(*(long.over(number, "net/1001") for number in range(2, MANY_OVERS + 2)))
    long.write(long.over(500, "net/1002"))
    assert long.names(units=("net/1002",)) == []
    long.look()
    assert long.names(units=("net/1002",)) == [], "not yet"
    long.clock.now += (MANY_OVERS + 1) * WAIT_MS_PER_OVER * 1000
    long.look()
    assert long.names(units=("net/1002",)) == ["x"]
    long.write(long.over(501, "net/1003"))
    assert long.names(units=("net/1003",)) == [], "it waits anew"


def test_the_end_of_a_long_call_and_a_short_call_wait_for_nothing(long: Long) -> None:
    long.write(*(long.over(number, "net/1001") for number in range(2, MANY_OVERS + 2)))
    long.write(long.over(500, "net/1002"))

    def end(db: Any) -> None:
        row = db.get(Call, CALL)
        row.ended_utc, row.cause = T0 + 600 * S, "ended"

    long.store.write_now(end)
    assert long.names(units=("net/1002",)) == ["x"]
    assert long.keeper._waiting == set()
    long.call("y", POLICE, unit="net/1004")
    assert long.names(units=("net/1004",)) == ["y"]
    long.clock.now += 3600 * S
    long.look()
    assert long.keeper._due_ms == {}, "nothing is kept of calls that are over"


async def test_the_task_looks_while_a_call_waits(
    long: Long, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.calllog.keeping.LATE_S", 0.01)
    long.write(*(long.over(number, "net/1001") for number in range(2, MANY_OVERS + 2)))
    running = asyncio.create_task(long.keeper.run())
    await asyncio.sleep(0.05)
    long.write(long.over(500, "net/1002"))
    long.clock.now += 60 * S
    async with asyncio.timeout(5):
        while long.keeper._waiting:
            await asyncio.sleep(0.01)
        while not long.names(units=("net/1002",)):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_over_whose_transaction_failed_is_not_forgotten(
    long: Long, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.calllog.keeping.LATE_S", 0.01)
    long.write(*(long.over(number, "net/1001") for number in range(2, MANY_OVERS + 2)))
    long.write(long.over(500, "net/1002"))
    long.clock.now += 60 * S
    write, failures = long.store.write, [StoreUnavailable("the disk is full"), ValueError("odd")]

    async def write_and_fail(work: Any) -> Any:
        def failing(db: Any) -> Any:
            result = work(db)
            if failures:
                raise failures.pop()
            return result

        return await write(failing)

    monkeypatch.setattr(long.store, "write", write_and_fail)
    running = asyncio.create_task(long.keeper.run())
    async with asyncio.timeout(5):
        while failures or not long.names(units=("net/1002",)):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert long.keeper._waiting == set()


class Counted(list[Any]):
    """Counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[Any]:
        self.walks += 1
        return super().__iter__()


def test_what_is_around_a_call_is_read_without_walking_its_overs_for_each_row(long: Long) -> None:
    overs = Counted([long.over(1, "net/1001")])
    facts = CallFacts(long.store.read_now(lambda db: db.get(Call, CALL)), overs=overs)
    assert {facts.end_utc for _ in range(100)} == {T0 + 2 * S}
    assert overs.walks == 1


def test_presses_that_were_heard_are_not_read(long: Long) -> None:
    times: dict[str, Any] = {
        "requested_utc": T0 + S,
        "granted_utc": T0 + S,
        "talkgroup": FIRE,
        "position": "1",
    }
    long.write(
        Press(request="r-1", outcome="released", **times),
        Press(request="r-2", outcome="released", queued_utc=T0 + S, **times),
        Press(request="r-3", outcome="refused", **times),
    )
    found = long.store.read_now(lambda db: gather(db, [CALL]))
    assert sorted(press.request for press in found[0].presses) == ["r-2", "r-3"]

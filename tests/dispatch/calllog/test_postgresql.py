"""The whole service on PostgreSQL: what is journaled, searched, noted, proved and refused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dispatch.auth.permissions import ROLE_ACTIONS, Role
from dispatch.evidence.completeness import check_completeness
from dispatch.services.journal import Journal
from dispatch.store.engine import Store, StoreUnavailable, open_engine
from dispatch.store.tables import Call
from gateway.model.errors import ConfigError
from tests.dispatch.opus import spoken
from tests.dispatch.room import GATEWAY, NORTH, SECRET, Room, until
from tests.postgres import Databases

KILL = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.fixture
async def pg_room(tmp_path: Path, postgres: Databases) -> AsyncIterator[Room]:
    """A room whose store is on PostgreSQL; its audit log is a file."""
    room = Room(tmp_path, postgres.new())
    await room.start()
    for role in (Role.DISPATCHER, Role.AUDITOR):
        room.add_person(role.value, role)
        if ROLE_ACTIONS[role]:
            room.grant(role, "North")
    await room.serve()
    try:
        yield room
    finally:
        await room.close()


async def test_a_call_is_journaled_found_opened_and_proved(pg_room: Room) -> None:
    room = pg_room
    call, over = room.begin()
    room.record(call, over, spoken())
    room.end(call, over)
    hidden, its = room.begin(SECRET, seq=2)
    room.end(hidden, its, SECRET)
    await room.journaled()
    browser = await room.browser("dispatcher")
    noted = await browser.post(f"/calls/{call}/notes", {"text": "Rök vid Kajgatan 4"})
    assert noted.status_code == 200
    await room.journaled()
    now = room.clock.utc_us()
    asked = {"q": "rok kajg", "from_utc": now - 3_000_000_000}
    found = (await browser.get("/calls", params=asked)).json()
    assert (found["total"], found["calls"][0]["id"]) == (1, call)
    assert found["calls"][0]["texts"][0]["marks"] == [[0, 3], [8, 16]]
    assert found["calls"][0]["transmissions"][0]["has_sound"]
    everything = (await browser.get("/calls", params={"from_utc": now - 3_000_000_000})).json()
    assert everything["total"] == 1
    sheet = (await browser.get(f"/calls/{call}")).json()
    assert sheet["id"] == call
    lanes = {"from_utc": now - 60_000_000, "to_utc": now + 60_000_000, "talkgroup": [NORTH]}
    assert (await browser.get("/lanes", params=lanes)).status_code == 200
    assert (room.state / "audit.db").is_file()
    result = await asyncio.to_thread(check_completeness, room.store, room.state, GATEWAY)
    assert result.recordings == 1


async def test_a_server_that_is_gone_is_a_wait_not_a_loss(
    tmp_path: Path, postgres: Databases
) -> None:
    url = postgres.new()
    store = Store(url)
    try:
        assert store.read_now(lambda db: db.get(Call, "c")) is None
        name = url.partition("?")[0].rpartition("/")[2]
        postgres.cluster.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        # A connection that died is noticed before it is used again.
        assert store.read_now(lambda db: db.get(Call, "c")) is None
        with pytest.raises(StoreUnavailable):
            store.read_now(
                lambda db: db.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            )
    finally:
        store.close()
    gone = Store(url.replace(name, "nowhere"))
    with pytest.raises(StoreUnavailable):
        gone.read_now(lambda db: db.get(Call, "c"))
    gone.close()


async def test_the_journal_waits_for_postgresql_and_delivers_late(pg_room: Room) -> None:
    room = pg_room
    name = room.url.partition("?")[0].rpartition("/")[2]
    cluster = (await asyncio.to_thread(lambda: room.store)).engine
    with cluster.connect() as other:
        other.execute(text("LOCK TABLE call IN ACCESS EXCLUSIVE MODE"))
        call, over = room.begin()
        room.end(call, over)
        journal = room.services.use(Journal)
        await until(lambda: journal.behind)
        other.rollback()
    await until(lambda: not journal.behind and journal.idle)
    row = room.store.read_now(lambda db: db.get(Call, call))
    assert row is not None
    assert row.ended_utc is not None
    assert name


def test_an_address_without_its_driver_is_refused_in_words() -> None:
    with pytest.raises(ConfigError, match=r"postgresql\+psycopg|not installed"):
        open_engine("postgresql+nodriver://x/y")


def test_a_read_sees_one_moment(postgres: Databases) -> None:
    store = Store(postgres.new())
    level = store.read_now(lambda db: db.execute(text("SHOW transaction_isolation")).scalar())
    assert level == "repeatable read"
    with pytest.raises(DBAPIError):
        store.write_now(lambda db: db.execute(text("SELECT 1/0")))
    store.close()

"""The schema chain, the guards of the audit tables, the disk policy, the plan in the store."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from dispatch.services.disk import DiskPolicy, step_of
from dispatch.store.engine import Store, open_engine
from dispatch.store.metadata import metadata
from dispatch.store.upgrade import upgrade
from gateway.model.errors import ConfigError
from tests.dispatch.room import Room


def test_the_chain_makes_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    assert upgrade(url)[0] is None
    engine = open_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()
    before, after = upgrade(url)
    assert before == after


@pytest.mark.parametrize("table", ["audit_log", "audit_node", "checkpoint"])
def test_audit_tables_refuse_change_and_removal(tmp_path: Path, table: str) -> None:
    upgrade(f"sqlite:///{tmp_path / 'x.db'}")
    values = {
        "audit_log": "0, x'00', x'00'",
        "audit_node": "0, 0, x'00'",
        "checkpoint": "1, x'00', 'note', 5",
    }[table]
    with sqlite3.connect(tmp_path / "x.db") as db:
        db.execute(f"INSERT INTO {table} VALUES ({values})")
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = rowid"):
            with pytest.raises(sqlite3.DatabaseError, match="append-only"):
                db.execute(statement)


def test_tables_are_singular_snake_case_and_times_are_integers() -> None:
    for table in metadata.tables.values():
        assert table.name == table.name.lower()
        for column in table.columns:
            if column.name.endswith("_utc"):
                assert column.type.python_type is int, f"{table.name}.{column.name}"


async def test_writing_happens_on_the_thread_db_and_never_on_the_loop(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    upgrade(url)
    store = Store(url)
    names = await asyncio.gather(
        store.write(lambda db: threading.current_thread().name),
        store.read(lambda db: threading.current_thread().name),
    )
    store.close()
    assert names[0].startswith("db_")
    assert names[1].startswith("db-read")


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="sqlite"):
        open_engine("mysql://x/y")


@pytest.mark.parametrize(
    ("free", "step"), [(1000, "ok"), (100, "ok"), (99, "warn"), (20, "warn"), (19, "stop")]
)
def test_steps_of_a_filling_disk(free: int, step: str) -> None:
    assert step_of(1000, free) == step


async def test_a_full_disk_stops_media_and_says_so_on_every_page(room: Room) -> None:
    free = [500]
    policy = DiskPolicy(room.state, room.bus, lambda _: (1000, free[0]))
    browser = await room.browser("dispatcher")
    async with browser.stream() as reader:
        assert not (await reader.next("snapshot"))["data"]["disk"]["low"]
        free[0] = 50
        policy.check()
        assert (await reader.event("disk.low"))["data"]["step"] == "warn"
        assert policy.media_allowed
        free[0] = 10
        policy.check()
        stop = await reader.event("disk.low")
    assert stop["data"] == {"step": "stop", "free_percent": 1, "free_bytes": 10}
    assert not policy.media_allowed
    async with browser.stream() as reader:
        assert (await reader.next("snapshot"))["data"]["disk"]["low"]


async def test_plan_1_is_stored_and_a_new_plan_reaches_every_page(room: Room) -> None:
    from dataclasses import replace

    browser, engineer = await room.browser("dispatcher"), await room.browser("engineer")
    plan = room.services.plan.plan
    async with browser.stream() as reader:
        first = await reader.next("snapshot")
        renamed = replace(plan.talkgroups[0], name="NORTH ONE")
        number = await room.services.plan.activate(
            replace(plan, talkgroups=(renamed, *plan.talkgroups[1:])), author="test", note="name"
        )
        await reader.event("plan.activated")
        second = await reader.next("snapshot")
    assert (first["data"]["plan"]["number"], number) == (1, 2)
    assert second["data"]["talkgroups"][0]["name"] == "NORTH ONE"
    answer = (await engineer.get("/plan")).json()
    assert answer["number"] == 2
    assert answer["plan"]["talkgroups"][0]["name"] == "NORTH ONE"

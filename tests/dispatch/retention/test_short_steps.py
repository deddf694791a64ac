"""Long work of retention goes in short transactions: whole, resumable, and nothing is left over."""

import asyncio
import time
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select, update

from dispatch.calllog.tables import UnitStatus
from dispatch.retention import classes, erasure_list
from dispatch.retention.classes import reexpire
from dispatch.retention.tables import ErasureItem, ErasureJob
from dispatch.store.engine import Store
from dispatch.store.tables import Message
from tests.dispatch.retention.keepers import Keepers, both
from tests.dispatch.room import PATROL

PLAINLY = "Anna Andersson vid bron"


def count_of(store: Store, table: type) -> int:
    return store.read_now(lambda db: db.exec(select(func.count()).select_from(table)).one())


@both
async def test_a_list_that_was_never_whole_is_no_list(
    keepers: Keepers, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = keepers.room.store
    monkeypatch.setattr(erasure_list, "LISTED_AT_ONCE", 1)
    keepers.age(*keepers.calls)
    first = await keepers.erasure.make(None)
    put, calls = erasure_list._put_items, iter(range(9))

    def killed(*args: object, **values: object) -> None:
        if next(calls) == 2:
            raise RuntimeError("the process ends here")
        put(*args, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(erasure_list, "_put_items", killed)
    with pytest.raises(RuntimeError):
        await keepers.erasure.make(None)
    assert count_of(store, ErasureItem) == 5
    assert count_of(store, ErasureJob) == 1
    assert (await keepers.erasure.one(first["id"]))["state"] == "listed"
    monkeypatch.setattr(erasure_list, "_put_items", put)
    second = await keepers.erasure.make(None)
    assert (second["planned"], second["planned_root"]) == (3, first["planned_root"])
    assert (await keepers.erasure.one(first["id"]))["state"] == "cancelled"
    assert [one["n"] for one in await keepers.erasure.items(second["id"], -1)] == [0, 1, 2]
    assert count_of(store, ErasureItem) == 6


async def test_two_who_list_at_once_make_two_whole_lists(
    keepers: Keepers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure_list, "LISTED_AT_ONCE", 1)
    keepers.age(*keepers.calls)
    made = await asyncio.gather(*(keepers.erasure.make(None) for _ in range(3)))
    assert {job["planned"] for job in made} == {3}
    for job in made:
        assert len(await keepers.erasure.items(job["id"], -1)) == 3


@both
async def test_times_are_mended_in_steps_until_all_are_right(
    keepers: Keepers, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, now = keepers.room.store, keepers.room.clock.utc_us()
    monkeypatch.setattr(classes, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(classes, "FOUND_AT_ONCE", 3)
    await reexpire(store)

    def put(db: Session) -> None:
        for number in range(7):
            db.add(UnitStatus(unit=PATROL, t_utc=now - number, expires_utc=5, digit="3"))

    store.write_now(put)
    assert await reexpire(store) == 7
    wrong = select(UnitStatus.id).where(UnitStatus.expires_utc == 5)
    assert store.read_now(lambda db: list(db.exec(wrong))) == []


async def test_an_erased_text_leaves_the_file_and_its_log(keepers: Keepers, tmp_path: Path) -> None:
    message = await keepers.text(PLAINLY)
    file = tmp_path / "samband.db"
    assert found_in(file)
    past = update(Message).where(col(Message.id) == message).values(expires_utc=5, t_utc=1)
    keepers.room.store.write_now(lambda db: db.exec(past) and None)
    job = await keepers.erasure.make(None)
    assert job["planned"] == 1
    await keepers.erasure.begin(job["id"])
    await keepers.done(job["id"])
    assert not found_in(file)


def found_in(file: Path) -> list[str]:
    """Return the files of the database in which the words stand."""
    wanted = PLAINLY.encode()
    return [one.name for one in file.parent.glob(file.name + "*") if wanted in one.read_bytes()]


async def test_a_run_waits_for_who_reads_and_then_leaves_nothing(
    keepers: Keepers, tmp_path: Path
) -> None:
    message = await keepers.text(PLAINLY)
    past = update(Message).where(col(Message.id) == message).values(expires_utc=5, t_utc=1)
    keepers.room.store.write_now(lambda db: db.exec(past) and None)
    job = await keepers.erasure.make(None)

    def slow(db: Session) -> int:
        found = len(list(db.exec(select(Message.id))))
        time.sleep(1.5)  # a long search: its moment is kept for it
        return found

    reading = asyncio.create_task(keepers.room.store.read(slow))
    await asyncio.sleep(0.2)
    await keepers.erasure.begin(job["id"])
    await keepers.done(job["id"])
    assert reading.done()
    assert not found_in(tmp_path / "samband.db")

"""Numbers of calls in the index: recorders tell whole seconds, so that many begin at one moment."""

from pathlib import Path

from sqlalchemy import insert
from sqlmodel import Session, select

from dispatch.calllog.index import CallIndex
from dispatch.calllog.keeping import CallLogKeeper
from dispatch.clock import SystemClock
from dispatch.store.engine import Store, wrote
from dispatch.store.tables import Call
from gateway.model.plan import Plan
from tests.fresh_store import fresh_store

AT = 1_764_000_000_000_000


def call(name: str, at: int = AT) -> Call:
    return Call(
        id=name,
        gateway="uploads",
        talkgroup="net/100",
        link="upload/k",
        started_utc=at,
        retention_class="call",
        expires_utc=2**60,
    )


def test_calls_of_one_moment_are_counted_up_and_gaps_are_filled(tmp_path: Path) -> None:
    fresh_store(tmp_path / "samband.db")
    store = Store(f"sqlite:///{tmp_path / 'samband.db'}")
    plan = Plan(name="none")
    index = CallIndex(lambda: plan)
    CallLogKeeper(store, index, SystemClock())

    def numbers() -> dict[str, int | None]:
        rows = store.read_now(lambda db: list(db.exec(select(Call.id, Call.search_no))))
        return {name: number - AT if number is not None else None for name, number in rows}

    store.write_now(lambda db: db.add_all([call("a"), call("b"), call("c"), call("d", AT + 4)]))
    assert sorted(number or 0 for number in numbers().values()) == [0, 1, 2, 4]
    gone = next(name for name, number in numbers().items() if number == 1)
    store.write_now(lambda db: index.forget(db, [gone]))
    store.write_now(lambda db: db.add_all([call("e"), call("f"), call("g")]))
    found = numbers()
    assert found.pop(gone) is None
    assert sorted(number or 0 for number in found.values()) == [0, 1, 2, 3, 4, 5]
    store.close()


def test_rows_written_by_a_plain_statement_are_indexed_when_they_are_told_of(
    tmp_path: Path,
) -> None:
    fresh_store(tmp_path / "samband.db")
    store = Store(f"sqlite:///{tmp_path / 'samband.db'}")
    plan = Plan(name="none")
    CallLogKeeper(store, CallIndex(lambda: plan), SystemClock())
    row = call("a")

    def work(db: Session) -> None:
        db.connection().execute(insert(Call), [row.model_dump()])
        wrote(db, [row])

    store.write_now(work)
    assert store.read_now(lambda db: db.exec(select(Call.search_no)).one()) == AT
    store.close()

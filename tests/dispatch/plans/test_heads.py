"""Which plan is live, and the list of plans, are told without reading any plan's text."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlmodel import Session

from dispatch.plans.activation_rows import live_from, live_number, newest_number
from gateway.model.ids import UtcUs
from tests.dispatch.room import Room


def plans_of(room: Room, work: Callable[[Session], Any]) -> list[str]:
    """Return how SQLite answers what ``work`` asks of the table of plans."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Connection, _k: Any, statement: str, values: Any, *_rest: Any) -> None:
        if 'FROM "plan"' in statement:
            asked.append((statement, values))

    def ask(db: Session) -> list[str]:
        connection = db.connection()
        event.listen(connection, "before_cursor_execute", note)
        work(db)
        questions = list(asked)
        return [
            row[-1]
            for statement, values in questions
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]

    return room.store.read_now(ask)


@pytest.mark.parametrize(
    "work",
    [live_number, newest_number, lambda db: live_from(db, UtcUs(1))],
    ids=["number", "newest", "from"],
)
async def test_the_live_plan_is_found_in_an_index(
    room: Room, work: Callable[[Session], Any]
) -> None:
    plans = plans_of(room, work)
    assert plans
    assert all("COVERING INDEX" in one for one in plans), plans


async def test_the_list_of_plans_is_read_from_an_index(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[str]] = []

    async def read(work: Callable[[Session], Any]) -> list[dict[str, Any]]:
        told.append(plans_of(room, work))
        return []

    monkeypatch.setattr(room.store, "read", read)
    await room.services.plan.versions()
    assert told[0]
    assert all("COVERING INDEX" in one and "TEMP" not in one for one in told[0]), told

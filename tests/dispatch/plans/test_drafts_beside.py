"""A draft is made ready before its transaction: others write meanwhile, nobody overwrites."""

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import text

from dispatch.plans import drafts as module
from dispatch.plans.edit import Edit, apply_edits
from gateway.model.plan import Plan
from tests.dispatch.room import Room


async def test_others_write_while_a_plan_is_made_ready_and_the_later_change_is_refused(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    engineer = await room.browser("engineer")
    draft = (await engineer.post("/plan/drafts", {"name": "winter"})).json()
    path, may_go, readied = f"/plan/drafts/{draft['id']}", threading.Event(), threading.Event()

    def slow(plan: Plan, edits: list[Edit]) -> Plan:
        first = not readied.is_set()
        readied.set()
        if first:
            assert may_go.wait(8)
        return apply_edits(plan, edits)

    def edit(words: str) -> Any:
        said = {"kind": "text", "value": {"text": words}}
        return engineer.send("PATCH", path, {"revision": draft["revision"], "edits": [said]})

    monkeypatch.setattr(module, "apply_edits", slow)
    late = asyncio.create_task(edit("First begun"))
    assert await asyncio.to_thread(readied.wait, 5)
    async with asyncio.timeout(5):
        assert await room.store.write(lambda db: db.execute(text("SELECT 1")).scalar()) == 1
        assert (await edit("First done")).status_code == 200
    assert not late.done()
    may_go.set()
    answer = await late
    assert answer.status_code == 409
    assert "changed the draft meanwhile" in answer.text
    found = (await engineer.get(path)).json()
    assert "First done" in str(found)
    assert "First begun" not in str(found)

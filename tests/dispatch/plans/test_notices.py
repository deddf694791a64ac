"""What changed for a position: told after an activation and a rollback, until it was seen."""

from typing import Any

import pytest

from dispatch.auth.permissions import Role
from dispatch.plans.notices import Notices
from tests.dispatch.oversight.log import entries
from tests.dispatch.plans.test_activation import REASON, Desk
from tests.dispatch.room import LINK, NORTH, SECRET, Browser, Room, until

BOARD = {
    "kind": "layout",
    "id": "north",
    "value": {
        "id": "north",
        "name": "North",
        "columns": 4,
        "rows": 3,
        "positions": ["1", "2"],
        "emergency": [NORTH],
        "pages": [
            {
                "name": "All",
                "cells": [
                    {"place": 1, "talkgroup": NORTH},
                    {"place": 2, "talkgroup": SECRET, "volume_percent": 40},
                ],
            }
        ],
    },
}
MOVED = {
    "kind": "layout",
    "id": "north",
    "value": {"pages": [{"name": "All", "cells": [{"place": 7, "talkgroup": NORTH}]}]},
}


@pytest.fixture
async def desk(room: Room) -> Desk:
    room.add_person("karin", Role.ENGINEER)
    room.grant(Role.ENGINEER, "*")
    return Desk(room, await room.browser("karin"), await room.browser("supervisor"))


async def seated(room: Room, position: str) -> Browser:
    browser = await room.browser("dispatcher")
    answer = await browser.post(f"/positions/{position}/take", {"take_over": True})
    assert answer.status_code == 200, answer.text
    return browser


async def lines(browser: Browser) -> list[list[str]]:
    return [row["lines"] for row in (await browser.get("/plan/notices")).json()]


async def told(desk: Desk) -> None:
    """Wait until positions were told of what is live."""
    await desk.room.services.use(Notices).look()


async def board_of(browser: Browser) -> Any:
    async with browser.stream() as stream:
        return (await stream.next("snapshot"))["data"]["layout"]


async def test_a_position_is_told_what_changed_for_it_and_says_when_it_was_seen(
    desk: Desk,
) -> None:
    one = await seated(desk.room, "1")
    await told(desk)
    assert await lines(one) == []  # the first plan changes nothing for anybody
    async with one.stream() as stream:
        await stream.next("snapshot")
        await desk.activate(BOARD)
        await stream.next("snapshot")  # a page that waits for it asks for its notices then
        await told(desk)
        event = (await stream.event("plan.noticed"))["data"]
        assert (event["plan"], event["previous"]) == (2, 1)
        assert await lines(one) == [["Board: folders -> layout North"]]
        await desk.engineer.post("/plan/keep", {"number": 2})
        await desk.activate(MOVED)
        await stream.next("snapshot")
        await told(desk)
        assert set((await stream.event("plan.noticed"))["data"]["positions"]) == {"1", "2"}
        # HIDDEN 9 went too: nobody who may not know it is told
        assert await lines(one) == [
            ["NORTH 1: cell 1 -> cell 7"],
            ["Board: folders -> layout North"],
        ]
        newest = (await one.get("/plan/notices")).json()[0]["id"]
        assert (await one.post(f"/plan/notices/{newest}/seen")).json() == {"ok": True}
        seen = (await stream.event("plan.notice_seen"))["data"]
        assert (seen["position"], seen["operator"]) == ("1", one.me["user"]["display_name"])
    assert await lines(one) == []
    assert (await one.post("/plan/notices/999/seen")).status_code == 404
    assert "plan.notice_seen" in {entry["verb"] for entry in await entries(desk.room)}


async def test_a_position_for_which_nothing_changed_is_told_nothing(desk: Desk) -> None:
    three = await seated(desk.room, "3")
    await told(desk)
    await desk.activate(BOARD)
    await told(desk)
    await desk.engineer.post("/plan/keep", {"number": 2})
    await desk.activate(MOVED)
    await told(desk)
    assert await lines(three) == []
    assert await lines(desk.second) == []  # nobody sits there
    assert (await desk.second.post("/plan/notices/1/seen")).status_code in (403, 409)


async def test_a_rollback_is_told_as_well(desk: Desk) -> None:
    one = await seated(desk.room, "1")
    await told(desk)
    await desk.activate({"kind": "talkgroup", "id": NORTH, "value": {"name": "NORTH 9"}})
    await told(desk)
    answer = await desk.second.post("/plan/return", {"reason": REASON})
    assert answer.status_code == 200
    await told(desk)
    assert await lines(one) == [
        ["NORTH 1: Name NORTH 9 -> NORTH 1"],
        ["NORTH 9: Name NORTH 1 -> NORTH 9"],
    ]


async def test_a_change_that_a_stop_interrupted_is_told_afterwards(desk: Desk) -> None:
    """The mark in the store is behind what is live: as after a kill, or a command beside us."""
    one = await seated(desk.room, "1")
    notices = desk.room.services.use(Notices)
    await notices.look()
    live = desk.live
    after = (await desk.engineer.get("/plans/1/file")).text.replace("NORTH 1", "NORTH 5")
    begun = await desk.engineer.post("/plan/drafts", {"name": "x", "file": after})
    plan = await desk.activations._t.drafts.find(begun.json()["id"])
    await live.activate(plan.plan, author="command line", note="")
    await until(lambda: live.number == 2)
    await notices.look()
    await notices.look()
    assert await lines(one) == [["NORTH 5: Name NORTH 1 -> NORTH 5"]]


async def test_the_board_of_a_position_is_its_layout_cut_to_its_rights(desk: Desk) -> None:
    one = await seated(desk.room, "1")
    assert await board_of(one) is None
    await desk.activate(BOARD)
    board = await board_of(one)
    assert (board["columns"], board["rows"], board["emergency"]) == (4, 3, [NORTH])
    assert [cell["talkgroup"] for cell in board["pages"][0]["cells"]] == [NORTH]
    await one.post("/positions/leave", {"handover_text": ""})
    assert await board_of(await seated(desk.room, "3")) is None


async def test_a_selected_talkgroup_keeps_its_cell_until_it_is_released(desk: Desk) -> None:
    one = await seated(desk.room, "1")
    await desk.activate(BOARD)
    await desk.engineer.post("/plan/keep", {"number": 2})
    await one.post("/select", {"talkgroup": NORTH})
    await desk.activate(MOVED)
    cells = (await board_of(one))["pages"][0]["cells"]
    assert [(cell["place"], cell["talkgroup"]) for cell in cells] == [(1, NORTH)]
    assert any("keeps its cell of layout North" in words for words in desk.activations.waits())
    await one.post("/positions/leave", {"handover_text": ""})
    await desk.activations.look()
    cells = (await board_of(await seated(desk.room, "1")))["pages"][0]["cells"]
    assert [cell["place"] for cell in cells] == [7]


async def test_edits_are_looked_at_before_they_are_saved(desk: Desk) -> None:
    await desk.begin()
    url = f"/plan/drafts/{desk.draft['id']}/look"
    edits = [{"kind": "link", "id": LINK, "value": {"site": "nowhere", "port": "/dev/zero"}}]
    found = (await desk.engineer.post(url, {"edits": edits})).json()
    assert {(one["rule"], one["id"], one["field"]) for one in found} >= {("REF-2", LINK, "site")}
    new = [
        {
            "kind": "talkgroup",
            "value": {"system": "net", "number": 7, "name": "B" * 25, "folder": "x"},
        }
    ]
    found = (await desk.engineer.post(url, {"edits": new})).json()
    assert ("VAL-1", "net/7", "name") in {(one["rule"], one["id"], one["field"]) for one in found}
    wrong = [{"kind": "link", "id": LINK, "value": {"speed_bps": "fast"}}]
    assert "speed_bps: expected int" in (await desk.engineer.post(url, {"edits": wrong})).text
    assert (await desk.engineer.get(f"/plan/drafts/{desk.draft['id']}")).json()["revision"] == 2
    assert (await desk.second.post(url, {"edits": []})).status_code == 403


async def test_who_names_a_number_is_the_servers_answer(desk: Desk) -> None:
    rule = {"system": "net", "name": "cars", "alias": "Car $1", "pattern": "12(..)"}
    await desk.begin({"kind": "unit_rule", "value": rule})
    draft = desk.draft["id"]
    named = (await desk.engineer.get(f"/plan/names?draft={draft}&number=1207")).json()
    assert named == [{"system": "net", "by": "rule", "rule": "cars", "alias": "Car 07"}]
    own = (await desk.engineer.get(f"/plan/names?draft={draft}&number=1001")).json()
    assert [(one["by"], one["alias"]) for one in own] == [("row", "Patrol 1")]
    assert (await desk.engineer.get("/plan/names?number=1207")).json()[0]["by"] == "nothing"
    assert (await desk.engineer.get("/plan/ports")).json() == []

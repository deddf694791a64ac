"""Positions: one hot microphone an operator, take-over, handover, selection."""

import asyncio

from dispatch.auth.permissions import Role
from gateway.model.commands import LinkSelect, MessageSend, PositionLeft
from tests.dispatch.room import NORTH, Room, until


async def test_a_position_is_taken_once_and_handed_over_with_words(room: Room) -> None:
    first, second = await room.browser("dispatcher"), await room.browser("supervisor")
    assert (await first.post("/positions/1/take")).json() == {"position": "1", "handover": None}
    taken = await second.post("/positions/1/take")
    assert taken.status_code == 409
    assert "taken by Dispatcher" in taken.json()["error"]["message"]
    rows = (await second.get("/positions")).json()
    assert rows[0] == {"id": "1", "taken_by": "Dispatcher", "you": False, "listening": False}
    await first.post("/positions/leave", {"handover_text": "Road 12 is closed"})
    assert room.gateway.of(PositionLeft) == [PositionLeft(position="1")]  # type: ignore[arg-type]  # ids are texts
    got = (await second.post("/positions/1/take")).json()
    assert got["handover"]["text"] == "Road 12 is closed"
    assert got["handover"]["by"] == "Dispatcher"


async def test_one_operator_has_one_hot_microphone(room: Room) -> None:
    desk, laptop = await room.browser("dispatcher"), await room.browser("dispatcher")
    await desk.post("/positions/1/take")
    refused = await laptop.post("/positions/2/take")
    assert refused.status_code == 409
    assert refused.json()["error"]["message"] == "transmit is at position 1"
    moved = await laptop.post("/positions/2/take", {"take_over": True})
    assert moved.status_code == 200
    rows = (await desk.get("/positions")).json()
    assert [row["taken_by"] for row in rows[:2]] == [None, "Dispatcher"]
    assert (await desk.post("/positions/leave")).status_code == 409


async def test_only_a_supervisor_takes_over_a_desk_in_use(room: Room) -> None:
    room.add_person("second", Role.DISPATCHER)
    owner, other = await room.browser("dispatcher"), await room.browser("second")
    boss = await room.browser("supervisor")
    await owner.post("/positions/1/take")
    async with owner.stream() as reader:
        await reader.next("snapshot")
        await reader.report(sound=True, shown=[])
        await reader.event("position.listening")
        refused = await other.post("/positions/1/take", {"take_over": True})
        assert refused.status_code == 403
        assert (await boss.post("/positions/1/take", {"take_over": True})).status_code == 200
        left = await reader.event("position.left")
    assert left["data"]["cause"] == "taken_over"


async def test_select_asks_the_radio_only_from_a_position_with_the_right_to_talk(
    room: Room,
) -> None:
    browser = await room.browser("dispatcher")
    body = {"talkgroup": NORTH}
    assert (await browser.post("/select", body)).status_code == 409
    await browser.post("/positions/3/take")
    assert (await browser.post("/select", body)).json() == {"ok": True, "reason": ""}
    assert room.gateway.of(LinkSelect) == [LinkSelect(position="3", talkgroup=NORTH)]  # type: ignore[arg-type]  # ids are texts


async def test_texts_go_to_units_of_ones_own_talkgroups(room: Room) -> None:
    browser = await room.browser("dispatcher")
    sent = await browser.post("/messages", {"to": "net/1001", "text": "Report"})
    assert sent.json()["ok"]
    hidden = await browser.post("/messages", {"to": "net/2001", "text": "Report"})
    assert hidden.status_code == 404
    assert (await browser.post("/messages", {"to": "nonsense", "text": "x"})).status_code == 400
    await until(lambda: len(room.gateway.of(MessageSend)) == 1)


async def test_the_desk_keeps_what_a_person_set(room: Room) -> None:
    browser = await room.browser("dispatcher")
    assert (await browser.get("/desk")).json() == {"state": {}}
    await browser.send("PUT", "/desk", {"state": {"volume": {"select": 0.7}}})
    again = await room.browser("dispatcher")
    assert (await again.get("/desk")).json() == {"state": {"volume": {"select": 0.7}}}


async def test_one_person_asking_for_two_positions_at_once_gets_one(room: Room) -> None:
    browser = await room.browser("dispatcher")
    answers = await asyncio.gather(
        browser.post("/positions/1/take"), browser.post("/positions/2/take")
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    taken = [row for row in (await browser.get("/positions")).json() if row["taken_by"]]
    assert len(taken) == 1


async def test_a_position_just_taken_is_not_taken_over_before_its_page_has_reported(
    room: Room,
) -> None:
    room.add_person("second", Role.DISPATCHER)
    first, second = await room.browser("dispatcher"), await room.browser("second")
    await first.post("/positions/1/take")
    refused = await second.post("/positions/1/take", {"take_over": True})
    assert refused.status_code == 403
    assert "in use by" in refused.json()["error"]["message"]

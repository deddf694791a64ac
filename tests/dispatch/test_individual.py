"""Private and telephone calls over the API: who sees, answers and hears what."""

import json

import pytest

from dispatch.auth.permissions import Action, Role
from dispatch.services.board import Board
from gateway.model.commands import FloorRequest
from gateway.model.individual_commands import (
    IndividualDial,
)
from gateway.model.private_line import PRIVATE_TRACK, private_line
from tests.dispatch.phones import Phones, calls_of, grant, seated
from tests.dispatch.room import LINK, NORTH, PATROL, SECRET_LINK, Room, until
from tests.dispatch.test_voice import connect


@pytest.fixture
def phones(room: Room) -> Phones:
    for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR):
        grant(room, role)
    return Phones(room)


async def test_it_rings_with_its_recording_rule_and_the_first_answer_gets_the_line(
    room: Room, phones: Phones
) -> None:
    browser = await seated(room, "dispatcher", "1")
    async with browser.stream() as reader:
        assert (await reader.next("snapshot"))["data"]["individual"] == []
        call = phones.ring(recorded=False, why="staff council", protected=True)
        rings = (await reader.event("individual.ringing"))["data"]
        assert (rings["recorded"], rings["why"], rings["alias"]) == (
            False,
            "staff council",
            "Patrol 1",
        )
        answer = (await browser.post(f"/individual/{call}/answer")).json()
        assert answer == {"ok": True, "reason": "", "call": call, "line": rings["line"]}
        await reader.event("individual.answered")
    (row,) = await calls_of(browser)
    assert (row["state"], row["position"], row["operator"]) == ("taken", "1", "Dispatcher")
    phones.end(call)
    await until(lambda: _gone(room, call))
    assert await calls_of(browser) == []


def _gone(room: Room, call: str) -> bool:
    return call not in room.services.use(Board).individual.calls


async def test_without_a_grant_nobody_knows_of_private_calls(room: Room) -> None:
    phones = Phones(room)
    browser = await seated(room, "dispatcher", "1")
    call = phones.ring()
    await phones.shown(call)
    assert await calls_of(browser) == []
    assert (await browser.post(f"/individual/{call}/answer")).status_code == 404
    grant(room, Role.DISPATCHER, SECRET_LINK)
    assert await calls_of(browser) == []
    grant(room, Role.DISPATCHER, LINK, frozenset({Action.TALK}))
    assert await calls_of(browser) == []


async def test_who_calls_from_a_listed_number_is_told_only_where_it_rings(
    room: Room, phones: Phones
) -> None:
    mine = await seated(room, "dispatcher", "1")
    other = await seated(room, "supervisor", "3")
    async with other.stream() as reader:
        await reader.next("snapshot")
        call = phones.ring(recorded=False, why="lawyer", protected=True)
        seen = (await reader.event("individual.ringing"))["data"]
        assert (seen["caller"], seen["digits"], seen["alias"]) == (None, "", "Number not shown")
        assert "lawyer" not in json.dumps(seen)
    await phones.shown(call)
    (row,) = await calls_of(mine)
    assert (row["digits"], row["why"]) == ("1001", "lawyer")
    (row,) = await calls_of(other)
    assert (row["other"], row["digits"], row["why"]) == (None, "", "")


@pytest.mark.parametrize("name", ["engineer", "auditor", "dpo", "administrator"])
async def test_roles_without_a_desk_neither_see_nor_answer(
    room: Room, phones: Phones, name: str
) -> None:
    browser = await room.browser(name)
    call = phones.ring()
    await phones.shown(call)
    assert (await browser.get("/individual")).status_code == 403
    for act in ("answer", "decline", "hang_up"):
        assert (await browser.post(f"/individual/{call}/{act}")).status_code == 403
    assert (await browser.post("/individual/dial", {"unit": PATROL})).status_code == 403


async def test_a_call_is_answered_at_a_position(room: Room, phones: Phones) -> None:
    browser = await room.browser("dispatcher")
    call = phones.ring()
    await phones.shown(call)
    assert (await browser.post(f"/individual/{call}/answer")).status_code == 409
    assert (await browser.post(f"/individual/{call}/decline")).status_code == 409
    assert (await browser.post("/individual/c-none/answer")).status_code == 409
    assert phones.commands == []


async def test_dialling_a_unit_and_a_telephone_number(room: Room, phones: Phones) -> None:
    browser = await seated(room, "dispatcher", "1")
    simplex = (await browser.post("/individual/dial", {"unit": PATROL})).json()
    assert (simplex["ok"], simplex["line"]) == (True, private_line(101))
    body = {"kind": "telephone", "digits": "0301234", "duplex": True, "microphone": "r-1"}
    duplex = (await browser.post("/individual/dial", body)).json()
    assert duplex["line"] == private_line(102)
    unit, phone = phones.commands
    assert isinstance(unit, IndividualDial)
    assert isinstance(phone, IndividualDial)
    assert (unit.unit, unit.microphone, unit.position) == (PATROL, None, "1")
    assert (phone.digits, phone.microphone, phone.kind) == ("0301234", "r-1", "telephone")
    for bad in ({}, {"unit": PATROL, "digits": "1"}, {"kind": "x", "digits": "1"}, {"unit": "x"}):
        assert (await browser.post("/individual/dial", bad)).status_code == 400
    hidden = await browser.post("/individual/dial", {"unit": "net/2001"})
    assert hidden.status_code == 404


async def test_only_granted_radios_are_dialled_with(room: Room) -> None:
    phones = Phones(room)
    grant(room, Role.DISPATCHER, LINK)
    browser = await seated(room, "dispatcher", "1")
    await browser.post("/individual/dial", {"unit": PATROL})
    (command,) = phones.commands
    assert isinstance(command, IndividualDial)
    assert command.links == (LINK,)
    supervisor = await seated(room, "supervisor", "2")
    assert (await supervisor.post("/individual/dial", {"unit": PATROL})).status_code == 403


async def test_the_line_is_pressed_on_by_the_position_that_has_the_call(
    room: Room, phones: Phones
) -> None:
    mine = await seated(room, "dispatcher", "1")
    other = await seated(room, "supervisor", "2")
    call = phones.ring()
    await phones.shown(call)
    line = (await mine.post(f"/individual/{call}/answer")).json()["line"]
    press = {"op": "press", "request": "r-1", "talkgroup": line, "source": "key"}
    async with other.socket("/ptt") as socket:
        await socket.send(json.dumps(press))
        assert json.loads(await socket.recv())["words"] == "Refused: no right to talk here"
    async with mine.socket("/ptt") as socket:
        await socket.send(json.dumps(press | {"request": "r-2"}))
        assert json.loads(await socket.recv())["state"] == "requesting"
        await until(lambda: len(room.gateway.of(FloorRequest)) == 1)
    (command,) = room.gateway.of(FloorRequest)
    assert isinstance(command, FloorRequest)
    assert (command.talkgroup, command.position) == (line, "1")


async def test_the_sound_of_a_call_is_joined_to_its_position_and_left_at_its_end(
    room: Room, phones: Phones
) -> None:
    mine = await seated(room, "dispatcher", "1")
    other = await seated(room, "supervisor", "2")
    peer, data = await connect(mine, [PRIVATE_TRACK, NORTH])
    peer2, _ = await connect(other, [PRIVATE_TRACK, NORTH])
    try:
        assert PRIVATE_TRACK in [track["talkgroup"] for track in data["tracks"]]
        await until(lambda: room.hub.listener_count(NORTH) == 2)
        call = phones.ring()
        await phones.shown(call)
        line = (await mine.post(f"/individual/{call}/answer")).json()["line"]
        await until(lambda: room.hub.listener_count(line) == 1)
        peer3, _ = await connect(mine, [PRIVATE_TRACK])  # the page was loaded again
        await until(lambda: room.hub.listener_count(line) == 2)
        phones.end(call)
        await until(lambda: room.hub.listener_count(line) == 0)
        await peer3.close()
    finally:
        await peer.close()
        await peer2.close()


async def test_without_a_position_there_is_no_private_track(room: Room, phones: Phones) -> None:
    browser = await room.browser("dispatcher")
    peer, data = await connect(browser, [PRIVATE_TRACK, NORTH])
    try:
        assert [track["talkgroup"] for track in data["tracks"]] == [NORTH]
    finally:
        await peer.close()


async def test_missed_calls_are_listed_and_marked_when_somebody_calls_back(
    room: Room, phones: Phones
) -> None:
    browser = await seated(room, "dispatcher", "1")
    call = phones.ring()
    await phones.shown(call)
    phones.end(call, "missed")
    await until(lambda: _gone(room, call))
    (row,) = await calls_of(browser)
    assert (row["state"], row["cause"], row["called_back_by"]) == ("missed", "gone", "")
    await browser.post("/individual/dial", {"unit": PATROL})
    missed = [row for row in await calls_of(browser) if row["state"] == "missed"]
    assert missed[0]["called_back_by"] == "Dispatcher"

"""Private calls in store, call log and audit log; and what ends them when rights go."""

import json
from typing import Any

import pytest
from sqlmodel import select

from dispatch.audit.tables import AuditLog
from dispatch.auth.permissions import Role
from dispatch.services.board import Board
from dispatch.services.board_individual import IndividualBoard
from dispatch.services.individual_load import load_missed
from dispatch.services.journal import recover
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Call
from gateway.model import events as ev
from gateway.model import individual_events as iev
from gateway.model.commands import FloorRelease, FloorRequest
from gateway.model.ids import TransmissionId, UnitId
from gateway.model.individual_commands import (
    IndividualHangUp,
)
from gateway.model.private_line import PRIVATE_TRACK
from tests.dispatch.opus import spoken
from tests.dispatch.phones import Phones, grant, seated
from tests.dispatch.room import GATEWAY, LINK, NORTH, PATROL, SECRET_LINK, Browser, Room, until
from tests.dispatch.test_voice import connect


@pytest.fixture
def phones(room: Room) -> Phones:
    for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR):
        grant(room, role)
    return Phones(room)


async def talked(room: Room, phones: Phones, browser: Browser, **more: Any) -> tuple[str, str]:
    """A call that was answered, recorded, and ended."""
    call = phones.ring(**more)
    row = await phones.shown(call)
    await browser.post(f"/individual/{call}/answer")
    room.bus.publish(iev.IndividualConnected(call=call, duplex=True))
    over = TransmissionId(room.thing("t"))
    room.bus.publish(
        ev.TransmissionStarted(
            transmission=over, call=call, talkgroup=row["line"], link=LINK, talker=PATROL
        )
    )
    if row["recorded"]:
        room.record(call, over, spoken(), talkgroup=row["line"])
    room.bus.publish(
        ev.TransmissionEnded(
            transmission=over, call=call, talkgroup=row["line"], duration_ms=2000, cause="ended"
        )
    )
    phones.end(call)
    await room.journaled()
    return call, over


async def test_the_store_keeps_the_call_with_its_own_class(room: Room, phones: Phones) -> None:
    browser = await seated(room, "dispatcher", "1")
    call, _ = await talked(room, phones, browser, recorded=False, why="lawyer", protected=True)
    row, kept = await room.store.read(lambda db: (db.get(Call, call), db.get(IndividualCall, call)))
    assert row is not None
    assert kept is not None
    assert (row.retention_class, row.call_seq, row.late) == ("private_call", 101, False)
    assert (kept.outcome, kept.operator, kept.waited_ms) == ("talked", "Dispatcher", 1500)
    assert (kept.recorded, kept.why, kept.talked_ms) == (False, "lawyer", 4000)


async def test_an_emergency_is_kept_longer(room: Room, phones: Phones) -> None:
    browser = await seated(room, "dispatcher", "1")
    call, _ = await talked(room, phones, browser, emergency=True)
    row = await room.store.read(lambda db: db.get(Call, call))
    assert row is not None
    assert row.retention_class == "emergency_call"


async def test_private_calls_are_found_and_played_with_a_right_of_their_own(
    room: Room, phones: Phones
) -> None:
    desk = await seated(room, "dispatcher", "1")
    call, over = await talked(room, phones, desk)
    supervisor, auditor = await room.browser("supervisor"), await room.browser("auditor")
    assert (await desk.get("/calls")).json()["total"] == 0
    assert (await desk.get(f"/calls/{call}")).status_code == 404
    assert (await desk.get(f"/recordings/{over}")).status_code in (403, 404)
    found = (await supervisor.get("/calls", params={"q": "Patrol"})).json()
    (row,) = found["calls"]
    assert row["individual"]["alias"] == "Patrol 1"
    assert row["talkgroup_name"] == "Private, Patrol 1"
    assert (await auditor.get("/calls", params={"unit": "1001"})).json()["total"] == 1
    assert (await supervisor.get(f"/calls/{call}")).status_code == 200
    assert (await supervisor.get(f"/recordings/{over}")).status_code == 200


async def test_a_grant_of_another_radio_finds_and_plays_nothing(room: Room) -> None:
    phones = Phones(room)
    grant(room, Role.DISPATCHER)
    grant(room, Role.SUPERVISOR, SECRET_LINK)
    desk = await seated(room, "dispatcher", "1")
    call, over = await talked(room, phones, desk)
    supervisor = await room.browser("supervisor")
    assert (await supervisor.get("/calls")).json()["total"] == 0
    assert (await supervisor.get(f"/calls/{call}")).status_code == 404
    assert (await supervisor.get(f"/recordings/{over}")).status_code == 404


async def test_the_audit_log_has_what_was_decided_and_who_acted(room: Room, phones: Phones) -> None:
    browser = await seated(room, "dispatcher", "1")
    call, _ = await talked(room, phones, browser, recorded=False, why="lawyer", protected=True)
    await until(lambda: _verbs(room, call, {"individual.rang", "individual.ended"}))
    bodies = await room.store.read(
        lambda db: [json.loads(row.entry) for row in db.exec(select(AuditLog))]
    )
    mine = {body["verb"]: body for body in bodies if (body.get("obj") or {}).get("id") == call}
    assert mine["individual.rang"]["detail"]["recorded"] is False
    assert mine["individual.rang"]["detail"]["never_recorded"] is True
    assert "lawyer" not in json.dumps(mine)
    assert "1001" not in json.dumps(mine)
    assert mine["individual.answered"]["actor"]["role"] == "dispatcher"


async def _verbs(room: Room, call: str, wanted: set[str]) -> bool:
    bodies = await room.store.read(
        lambda db: [json.loads(row.entry) for row in db.exec(select(AuditLog))]
    )
    return wanted <= {b["verb"] for b in bodies if (b.get("obj") or {}).get("id") == call}


async def test_a_private_call_leaves_no_trace_on_units_and_talkgroups(
    room: Room, phones: Phones
) -> None:
    browser = await seated(room, "dispatcher", "1")
    await talked(room, phones, browser)
    board = room.services.use(Board)
    assert all(not row["talkgroup"].startswith("private/") for row in board.transmissions)
    heard = board.units.talkgroups_of(UnitId(PATROL))
    assert all(not group.startswith("private/") for group in heard)


async def test_a_call_that_a_crash_left_open_is_closed_at_the_next_start(
    room: Room, phones: Phones
) -> None:
    call = phones.ring()
    await phones.shown(call)
    await room.journaled()
    assert recover(room.store, GATEWAY) == [call]
    row, kept = await room.store.read(lambda db: (db.get(Call, call), db.get(IndividualCall, call)))
    assert row is not None
    assert kept is not None
    assert (row.interrupted, kept.outcome) == (True, "interrupted")


async def test_missed_calls_are_known_after_a_restart(room: Room, phones: Phones) -> None:
    missed, taken = phones.ring(), phones.ring()
    await phones.shown(taken)
    phones.end(missed, "missed")
    phones.end(taken)
    await room.journaled()
    board = IndividualBoard()
    await room.store.read(lambda db: load_missed(board, db, room.clock.utc_us()))
    (row,) = board.rows(room.clock.utc_us())
    assert (row["call"], row["state"], row["alias"]) == (missed, "missed", "Patrol 1")


async def test_a_grant_that_goes_closes_the_microphone(room: Room, phones: Phones) -> None:
    browser = await seated(room, "dispatcher", "1")
    call = phones.ring(duplex=True)
    await phones.shown(call)
    answer = await browser.post(f"/individual/{call}/answer", {"microphone": "r-mic"})
    line = answer.json()["line"]
    async with browser.socket("/ptt") as socket:
        press = {"op": "press", "request": "r-mic", "talkgroup": line, "source": "latch"}
        await socket.send(json.dumps(press | {"latched": True}))
        await until(lambda: len(room.gateway.of(FloorRequest)) == 1)
        room.grant(Role.DISPATCHER, "Hidden")  # other rights change: the call goes on
        assert room.gateway.of(FloorRelease) == []
        for given in room.services.people.grants():
            if given.scope_kind == "individual" and given.role is Role.DISPATCHER:
                await room.services.people.take(given.id)
        room.services.access.refresh("test")
        await until(lambda: len(room.gateway.of(FloorRelease)) >= 1, deadline_s=1)
    (release, *_) = room.gateway.of(FloorRelease)
    assert isinstance(release, FloorRelease)
    assert (release.request, release.cause, release.normal) == ("r-mic", "revoked", False)


async def test_a_grant_that_goes_ends_the_sound_and_the_call(room: Room, phones: Phones) -> None:
    browser = await seated(room, "dispatcher", "1")
    peer, _ = await connect(browser, [PRIVATE_TRACK, NORTH])
    try:
        await until(lambda: room.hub.listener_count(NORTH) == 1)
        call = phones.ring()
        await phones.shown(call)
        line = (await browser.post(f"/individual/{call}/answer")).json()["line"]
        await until(lambda: room.hub.listener_count(line) == 1)
        for given in room.services.people.grants():
            if given.scope_kind == "individual" and given.role is Role.DISPATCHER:
                await room.services.people.take(given.id)
        room.services.access.refresh("test")
        assert room.hub.listener_count(line) == 0
        await until(lambda: any(isinstance(c, IndividualHangUp) for c in phones.commands))
    finally:
        await peer.close()

"""Private and telephone calls over the API: who sees, answers, finds and plays what."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from sqlmodel import select

from dispatch.audit.tables import AuditLog
from dispatch.auth.access import GrantInfo
from dispatch.auth.permissions import ROLE_ACTIONS, Action, Role
from dispatch.services.board import Board
from dispatch.services.board_individual import IndividualBoard
from dispatch.services.individual_load import load_missed
from dispatch.services.journal import recover
from dispatch.store.individual import IndividualCall
from dispatch.store.tables import Call
from gateway.model import events as ev
from gateway.model import individual_events as iev
from gateway.model.commands import Command, FloorRelease, FloorRequest, Reply
from gateway.model.ids import CallId, PositionId, TransmissionId, UnitId
from gateway.model.individual_commands import (
    IndividualAnswer,
    IndividualDecline,
    IndividualDial,
    IndividualHangUp,
)
from gateway.model.private_line import PRIVATE_TRACK, private_line
from tests.dispatch.opus import spoken
from tests.dispatch.room import GATEWAY, LINK, NORTH, PATROL, SECRET_LINK, Browser, Room, until
from tests.dispatch.test_voice import connect


@dataclass
class Phones:
    """The gateway's end: says yes and tells what it did."""

    room: Room
    seq: int = 100

    def __post_init__(self) -> None:
        self.commands: list[Command] = []
        kinds: tuple[type[Command], ...] = (
            IndividualAnswer,
            IndividualDecline,
            IndividualDial,
            IndividualHangUp,
        )
        for kind in kinds:
            self.room.bus.serve(kind, self._answer)

    async def _answer(self, command: Command) -> Reply:
        self.commands.append(command)
        publish = self.room.bus.publish
        if isinstance(command, IndividualAnswer):
            publish(
                iev.IndividualAnswered(
                    call=command.call,
                    position=command.position,
                    operator=command.operator,
                    waited_ms=1500,
                )
            )
        if isinstance(command, IndividualDial):
            self.seq += 1
            publish(
                iev.IndividualDialled(
                    call=command.call,
                    call_seq=self.seq,
                    line=private_line(self.seq),
                    link=LINK,
                    kind=command.kind,
                    position=command.position,
                    operator=command.operator,
                    called=command.unit,
                    digits=command.digits or "1001",
                    duplex=command.duplex,
                )
            )
        return Reply(ok=True)

    def ring(self, **more: Any) -> CallId:
        self.seq += 1
        call = CallId(self.room.thing("c"))
        fields: dict[str, Any] = {
            "call_seq": self.seq,
            "line": private_line(self.seq),
            "link": LINK,
            "kind": "private",
            "caller": PATROL,
            "digits": "1001",
            "alias": "Patrol 1",
            "rings_at": (PositionId("1"), PositionId("2")),
        }
        self.room.bus.publish(iev.IndividualRinging(call=call, **(fields | more)))
        return call

    def end(self, call: CallId, outcome: str = "talked") -> None:
        if outcome == "missed":
            self.room.bus.publish(iev.IndividualMissed(call=call, waited_ms=9000, reason="gone"))
        self.room.bus.publish(
            iev.IndividualEnded(call=call, outcome=outcome, cause="user request", talked_ms=4000)
        )

    async def shown(self, call: CallId) -> dict[str, Any]:
        board = self.room.services.use(Board).individual
        await until(lambda: board.row(call) is not None)
        row = board.row(call)
        assert row is not None
        return row


def grant(room: Room, role: Role, scope: str = "*", actions: Any = None) -> None:
    room.services.people.give_now(
        GrantInfo(
            id=0,
            role=role,
            organisation="*",
            scope_kind="individual",
            scope=scope,
            actions=ROLE_ACTIONS[role] if actions is None else actions,
        ),
        "test",
    )
    room.services.access.refresh("test")


@pytest.fixture
def phones(room: Room) -> Phones:
    for role in (Role.DISPATCHER, Role.SUPERVISOR, Role.AUDITOR):
        grant(room, role)
    return Phones(room)


async def seated(room: Room, name: str, position: str) -> Browser:
    browser = await room.browser(name)
    assert (await browser.post(f"/positions/{position}/take")).status_code == 200
    return browser


async def calls_of(browser: Browser) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await browser.get("/individual")).json()
    return rows


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


# ---- the log -----------------------------------------------------------------------------------


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

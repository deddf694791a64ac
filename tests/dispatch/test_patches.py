"""Patches from the desk: who may join what, with what reason, for how long; log, board, restart."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from dispatch.audit.tables import AuditLog
from dispatch.auth.permissions import Role
from dispatch.services.patches import Patches
from dispatch.store.patches import PatchCall, PatchRow
from gateway.model import events as ev
from gateway.model.command import Command, Reply
from gateway.model.ids import SystemId, TalkgroupId
from gateway.model.patch import PatchDrop, PatchExtend, PatchMake
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Talkgroup
from tests.dispatch.room import NORTH, SECRET, Browser, Room, until

SOUTH, KEYED = TalkgroupId("net/101"), TalkgroupId("net/102")
REASON = "Fire at the harbour, both crews on one channel"


class Patching:
    """Stands in for the gateway: makes what it is asked, as the engine's own events tell it."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.commands: list[Command] = []
        self.reply = Reply(ok=True)
        for kind in (PatchMake, PatchDrop, PatchExtend):
            room.bus.serve(kind, self.answer)

    async def answer(self, command: Command) -> Reply:
        self.commands.append(command)
        if self.reply.ok:
            match command:
                case PatchMake():
                    self.made(command)
                case PatchDrop():
                    self.ended(command)
                case _:
                    pass
        return self.reply

    def made(self, command: PatchMake) -> None:
        self.room.bus.publish(
            ev.PatchMade(
                patch=command.patch,
                label=command.label or "P1",
                name=command.name,
                members=command.members,
                owner=command.operator,
                owner_id=command.operator_id,
                reason=command.reason,
                until_utc=command.until_utc,
                mixed=command.mixed,
                restored=command.restored,
            )
        )

    def ended(self, command: PatchDrop) -> None:
        self.room.bus.publish(
            ev.PatchEnded(
                patch=command.patch,
                label="P1",
                members=(NORTH, SOUTH),
                cause="dropped",
                operator=command.operator,
                reason=command.reason,
            )
        )


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    room = Room(tmp_path)
    await room.start()
    plan = room.services.plan.plan
    more = tuple(
        Talkgroup(system=SystemId("net"), number=n, name=name, folder="North", encrypted=n == 102)
        for n, name in ((101, "SOUTH 1"), (102, "KEYED 1"))
    )
    patches = (PlanPatch(id="P7", name="Harbour", members=(NORTH, SOUTH)),)
    plan = replace(plan, talkgroups=(*plan.talkgroups, *more), patches=patches)
    await room.services.plan.activate(plan, author="test", note="patches")
    for name, role in (
        ("anna", Role.DISPATCHER),
        ("bo", Role.DISPATCHER),
        ("siv", Role.SUPERVISOR),
    ):
        room.add_person(name, role)
    room.grant(Role.DISPATCHER, "North")
    room.grant(Role.SUPERVISOR, "*")
    await room.serve()
    yield room
    await room.close()


async def at_desk(room: Room, name: str, position: str) -> Browser:
    browser = await room.browser(name)
    answer = await browser.post(f"/positions/{position}/take")
    assert answer.status_code == 200, answer.text
    return browser


def wanted(**more: Any) -> dict[str, Any]:
    return {"talkgroups": [NORTH, SOUTH], "reason": REASON, "minutes": 30} | more


async def test_a_dispatcher_joins_extends_and_ends(room: Room) -> None:
    gateway, anna = Patching(room), await at_desk(room, "anna", "1")
    made = await anna.post("/patches", wanted())
    assert made.status_code == 201, made.text
    (command,) = gateway.commands
    assert isinstance(command, PatchMake)
    assert (command.members, command.operator, command.position) == ((NORTH, SOUTH), "Anna", "1")
    assert command.name == "NORTH 1 + SOUTH 1"
    assert command.until_utc is not None
    await until(lambda: bool(room.services.use(Patches)._board.patches))
    shown = (await anna.get("/patches")).json()
    (patch,) = shown["patches"]
    assert (patch["label"], patch["owner"], patch["hidden"]) == ("P1", "Anna", 0)
    assert [one["label"] for one in shown["prepared"]] == ["P7"]
    async with anna.stream() as stream:
        snapshot = await stream.next("snapshot")
        assert snapshot["data"]["patches"][0]["id"] == made.json()["patch"]
        assert (await anna.post(f"/patches/{patch['id']}/extend", {"minutes": 90})).is_success
        assert (await anna.post(f"/patches/{patch['id']}/drop")).is_success
        ended = await stream.event("patch.ended")
        assert ended["data"]["cause"] == "dropped"
    assert (await anna.get("/patches")).json()["patches"] == []
    await _told(room, lambda past: past and past[0]["cause"] == "dropped", anna)
    async with asyncio.timeout(5):
        while len(acts := await _acts(room)) < 5:
            await asyncio.sleep(0.02)
    mine = {act["verb"]: act for act in acts}
    assert mine.keys() == {
        "patch.make",
        "patch.stands",
        "patch.extend",
        "patch.drop",
        "patch.ended",
    }
    assert mine["patch.make"]["actor"]["role"] == "dispatcher"
    assert mine["patch.make"]["detail"]["members"] == [NORTH, SOUTH]


async def _told(room: Room, holds: Any, browser: Browser) -> None:
    async with asyncio.timeout(5):
        while not holds((await browser.get("/patches/past")).json()):
            await asyncio.sleep(0.02)


async def _acts(room: Room) -> list[dict[str, Any]]:
    bodies = await room.store.read(
        lambda db: [json.loads(row.entry) for row in db.exec(select(AuditLog))]
    )
    return [body for body in bodies if body["verb"].startswith("patch.")]


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("anna", wanted(reason="test"), 400, "reason"),
    ("anna", wanted(minutes=0), 400, "minutes"),
    ("anna", wanted(minutes=24 * 60), 400, "belongs into the plan"),
    ("anna", wanted(talkgroups=[NORTH]), 400, "expected 2 to 8"),
    ("anna", wanted(talkgroups=[NORTH, SECRET]), 404, "there is no talkgroup"),
    ("anna", wanted(talkgroups=[NORTH, KEYED], mixed=True), 403, "patch.mix"),
    ("siv", wanted(talkgroups=[NORTH, KEYED]), 400, "would be sent clear"),
    ("anna", wanted(prepared="P9"), 404, "the plan has no patch"),
]


@pytest.mark.parametrize(("who", "body", "status", "words"), REFUSED)
async def test_what_may_not_be_is_refused_in_words(
    room: Room, who: str, body: dict[str, Any], status: int, words: str
) -> None:
    gateway, browser = Patching(room), await at_desk(room, who, "1")
    answer = await browser.post("/patches", body)
    assert answer.status_code == status, answer.text
    assert words in answer.text
    assert gateway.commands == []


async def test_without_a_position_nothing_is_joined(room: Room) -> None:
    Patching(room)
    anna = await room.browser("anna")
    answer = await anna.post("/patches", wanted())
    assert (answer.status_code, "no position" in answer.text) == (409, True)


async def test_the_gateways_refusal_is_told_in_its_words(room: Room) -> None:
    gateway, anna = Patching(room), await at_desk(room, "anna", "1")
    gateway.reply = Reply(ok=False, reason="NORTH 1 is in P3 already: sound would go round")
    answer = await anna.post("/patches", wanted())
    assert answer.status_code == 409
    assert "sound would go round" in answer.text


async def test_anothers_patch_is_for_a_supervisor_with_a_reason(room: Room) -> None:
    Patching(room)
    anna, bo = await at_desk(room, "anna", "1"), await at_desk(room, "bo", "2")
    siv = await room.browser("siv")
    patch = (await anna.post("/patches", wanted(prepared="P7", talkgroups=[]))).json()["patch"]
    await until(lambda: bool(room.services.use(Patches)._board.patches))
    answer = await bo.post(f"/patches/{patch}/drop", {"reason": REASON})
    assert (answer.status_code, "Anna" in answer.text) == (403, True)
    assert (await siv.post(f"/patches/{patch}/drop")).status_code == 400
    assert (await siv.post(f"/patches/{patch}/drop", {"reason": REASON})).status_code == 200


async def test_a_supervisor_agrees_to_an_encrypted_mix(room: Room) -> None:
    gateway, siv = Patching(room), await at_desk(room, "siv", "1")
    answer = await siv.post("/patches", wanted(talkgroups=[NORTH, KEYED], mixed=True))
    assert answer.status_code == 201
    (command,) = gateway.commands
    assert isinstance(command, PatchMake)
    assert command.mixed


async def test_members_that_one_may_not_know_are_counted_and_not_named(room: Room) -> None:
    Patching(room)
    siv, anna = await at_desk(room, "siv", "1"), await room.browser("anna")
    async with anna.stream() as stream:
        await stream.next("snapshot")
        answer = await siv.post("/patches", wanted(talkgroups=[NORTH, SECRET], name="Both"))
        assert answer.status_code == 201
        made = await stream.event("patch.made")
    assert (made["data"]["members"], made["data"]["hidden"]) == ([NORTH], 1)
    assert "net/200" not in json.dumps(made)
    (patch,) = (await anna.get("/patches")).json()["patches"]
    assert ([m["talkgroup"] for m in patch["members"]], patch["hidden"]) == ([NORTH], 1)


async def test_calls_of_a_patch_are_kept_together(room: Room) -> None:
    Patching(room)
    anna = await at_desk(room, "anna", "1")
    patch = (await anna.post("/patches", wanted())).json()["patch"]
    call, over = room.begin()
    room.bus.publish(ev.PatchCallJoined(patch=patch, label="P1", call=call, talkgroup=NORTH))
    room.end(call, over)

    def kept() -> bool:
        rows = room.store.read_now(lambda db: list(db.exec(select(PatchCall))))
        return [(row.patch, row.call) for row in rows] == [(patch, call)]

    await until(kept)
    siv = await room.browser("siv")

    async def found(asked: str) -> list[str]:
        answer = await siv.get("/calls", params={"patch": asked})
        return [row["id"] for row in answer.json()["calls"]]

    async with asyncio.timeout(5):
        while await found("P1") != [call]:
            await asyncio.sleep(0.02)
    assert await found(patch) == [call]
    assert await found("P2") == []
    (row,) = (await siv.get("/calls", params={"patch": "P1"})).json()["calls"]
    assert row["patches"] == [{"id": patch, "label": "P1"}]


async def test_what_stood_before_a_restart_is_made_again(room: Room) -> None:
    gateway, now = Patching(room), room.clock.utc_us()
    base: dict[str, Any] = {
        "gateway": "g",
        "members": json.dumps([NORTH, SOUTH]),
        "since_utc": now - 9_000_000,
    }
    rows = [
        PatchRow(id="p-1", label="P1", name="goes on", until_utc=now + 60_000_000, **base),
        PatchRow(id="p-2", label="P2", name="is past", until_utc=now - 1, **base),
        PatchRow(id="p-3", label="P3", name="of the plan", from_plan=True, **base),
    ]
    await room.store.write(lambda db: db.add_all(rows))
    await room.services.use(Patches).resume()
    (again,) = gateway.commands
    assert isinstance(again, PatchMake)
    assert (again.patch, again.label, again.restored) == ("p-1", "P1", True)
    assert (again.until_utc, again.since_utc) == (now + 60_000_000, now - 9_000_000)
    ended = room.store.read_now(
        lambda db: {row.id: (row.ended_utc, row.cause) for row in db.exec(select(PatchRow))}
    )
    assert ended["p-2"] == (now - 1, "expired")
    assert ended["p-3"][1] == "server"

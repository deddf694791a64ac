"""Presses on patches that mix encrypted with unencrypted talkgroups: confirmed once a shift."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from websockets.asyncio.client import ClientConnection

from dispatch.audit.tables import AuditLog
from dispatch.auth.permissions import Role
from dispatch.reports.shifts import shifts_of
from dispatch.services.patch_mix import EARLY_US, LONGEST_US, MixedPatches
from dispatch.store.patches import MixConfirmation
from gateway.model import events as ev
from gateway.model.commands import FloorRequest
from gateway.model.ids import AlarmId, PatchId, SystemId, TalkgroupId, UtcUs
from gateway.model.plan import Talkgroup
from tests.dispatch.room import LINK, NORTH, PATROL, SECRET, Browser, Room, until
from tests.dispatch.test_patches import Patching

SOUTH, KEYED = TalkgroupId("net/101"), TalkgroupId("net/102")
PATCH = PatchId("p-1")
HOUR_US = 3_600_000_000


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """North is clear, South too, Keyed is encrypted; nobody but the supervisor sees Hidden."""
    room = Room(tmp_path)
    await room.start()
    plan = room.services.plan.plan
    more = tuple(
        Talkgroup(system=SystemId("net"), number=n, name=name, folder="North", encrypted=n == 102)
        for n, name in ((101, "SOUTH 1"), (102, "KEYED 1"))
    )
    plan = replace(plan, talkgroups=(*plan.talkgroups, *more))
    await room.services.plan.activate(plan, author="test", note="patches")
    room.add_person("anna", Role.DISPATCHER)
    room.add_person("siv", Role.SUPERVISOR)
    room.grant(Role.DISPATCHER, "North")
    room.grant(Role.SUPERVISOR, "*")
    await room.serve()
    yield room
    await room.close()


def stand(room: Room, *members: TalkgroupId, patch: PatchId = PATCH) -> None:
    room.bus.publish(
        ev.PatchMade(
            patch=patch, label="P1", name="Both", members=members, mixed=True, from_plan=True
        )
    )


class Pressing:
    """A page's push-to-talk socket: presses, waits for what becomes of it, lets go."""

    def __init__(self, room: Room, socket: ClientConnection, name: str) -> None:
        self.room, self.socket, self.name, self.count = room, socket, name, 0

    async def press(self, talkgroup: TalkgroupId, **more: Any) -> dict[str, Any]:
        """Return the answer to a press; one that goes on is ended at once."""
        self.count += 1
        request = f"r-{self.name}-{self.count}"
        await self.socket.send(
            json.dumps({"op": "press", "request": request, "talkgroup": talkgroup} | more)
        )
        async with asyncio.timeout(5):
            state: dict[str, Any] = json.loads(await self.socket.recv())
        if state["state"] == "requesting":
            await until(lambda: request in [one.request for one in self.requests()])
            self.room.bus.publish(
                ev.FloorReleased(
                    request=state["request"], position=self.seat, talkgroup=talkgroup, cause="x"
                )
            )
            async with asyncio.timeout(5):
                assert json.loads(await self.socket.recv())["state"] == "idle"
        return state

    seat: Any = "1"

    def requests(self) -> list[FloorRequest]:
        return [c for c in self.room.gateway.of(FloorRequest) if isinstance(c, FloorRequest)]


@asynccontextmanager
async def desk(room: Room, name: str, position: str) -> AsyncIterator[tuple[Browser, Pressing]]:
    browser = await room.browser(name)
    assert (await browser.post(f"/positions/{position}/take")).is_success
    async with browser.socket("/ptt") as socket:
        yield browser, Pressing(room, socket, name)


async def shown(browser: Browser) -> dict[str, Any]:
    """Return the one patch as this person is shown it, as soon as it stands."""
    async with asyncio.timeout(5):
        while not (rows := (await browser.get("/patches")).json()["patches"]):
            await asyncio.sleep(0.01)
    row: dict[str, Any] = rows[0]
    return row


async def confirm(browser: Browser, key: str = "") -> Any:
    key = key or (await shown(browser))["mix"]["key"]
    return await browser.post(f"/patches/{PATCH}/confirm_mix", {"key": key})


async def log(room: Room, *verbs: str, count: int) -> list[dict[str, Any]]:
    """Return so many entries of these verbs, in order."""
    async with asyncio.timeout(5):
        while True:
            entries = await room.store.read(
                lambda db: [json.loads(row.entry) for row in db.exec(select(AuditLog))]
            )
            found = [entry for entry in entries if entry["verb"] in verbs]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.02)


async def test_the_first_press_is_refused_in_words_until_it_is_confirmed(room: Room) -> None:
    stand(room, NORTH, KEYED)
    async with desk(room, "anna", "1") as (anna, ptt), anna.stream() as window:
        await window.next("snapshot")
        mix = (await shown(anna))["mix"]
        assert (mix["encrypted"], mix["clear"]) == ([KEYED], [NORTH])
        assert mix["confirmed_until_utc"] is None
        for source in ("key", "pedal"):
            refused = await ptt.press(KEYED, source=source)
            assert refused["state"] == "denied"
            assert refused["words"] == (
                "Refused: confirm P1 first, mixed: heard in clear on NORTH 1"
            )
            assert refused["ask"] == {"mix": PATCH}
        assert ptt.requests() == []
        assert (await ptt.press(SOUTH))["state"] == "requesting"  # in no patch
        answer = await confirm(anna)
        assert answer.status_code == 200, answer.text
        until_utc = answer.json()["until_utc"]
        told = await window.event("patch.mix_confirmed")
        assert (told["data"]["patch"], told["data"]["until_utc"]) == (PATCH, until_utc)
        assert (await shown(anna))["mix"]["confirmed_until_utc"] == until_utc
        for talkgroup in (KEYED, NORTH):
            assert (await ptt.press(talkgroup))["state"] == "requesting"
    entries = await log(room, "ptt.refused", "patch.mix_confirmed", count=3)
    assert [(e["verb"], e["result"]) for e in entries] == [
        ("ptt.refused", "denied"),
        ("ptt.refused", "denied"),
        ("patch.mix_confirmed", "ok"),
    ]
    assert entries[0]["detail"]["cause"] == "mix_unconfirmed"
    assert entries[2]["detail"]["encrypted"] == [KEYED]
    assert entries[2]["actor"]["id"] == anna.me["user"]["id"]


async def test_each_operator_is_asked_and_other_members_ask_again(room: Room) -> None:
    stand(room, NORTH, KEYED)
    async with desk(room, "anna", "1") as (anna, ptt), desk(room, "siv", "2") as (siv, other):
        other.seat = "2"
        first = (await shown(anna))["mix"]["key"]
        assert (await confirm(anna)).is_success
        assert (await other.press(NORTH))["state"] == "denied"
        assert (await confirm(siv)).is_success
        assert (await other.press(NORTH))["state"] == "requesting"
        changed = ev.PatchChanged(
            patch=PATCH, label="P1", name="Both", members=(NORTH, SOUTH, KEYED), mixed=True
        )
        room.bus.publish(changed)
        await until(lambda: len((board_row(room) or {})["members"]) == 3)
        again = await ptt.press(NORTH)
        assert "heard in clear on NORTH 1, SOUTH 1" in again["words"]
        stale = await confirm(anna, first)
        assert (stale.status_code, "has changed meanwhile" in stale.text) == (409, True)
        assert (await confirm(anna)).is_success
        assert (await ptt.press(NORTH))["state"] == "requesting"
        room.bus.publish(replace(changed, members=(NORTH, SOUTH)))
        await until(lambda: len((board_row(room) or {})["members"]) == 2)
        assert (await shown(anna))["mix"] is None
        assert (await ptt.press(NORTH))["state"] == "requesting"
        gone = await confirm(anna, first)
        assert (gone.status_code, "not mixed any more" in gone.text) == (409, True)


def board_row(room: Room) -> dict[str, Any] | None:
    return room.services.use(MixedPatches)._board.patches.row(PATCH)


async def test_what_answers_an_emergency_is_never_held_up_and_noted(room: Room) -> None:
    stand(room, NORTH, KEYED)
    async with desk(room, "anna", "1") as (anna, ptt):
        await shown(anna)
        assert (await ptt.press(KEYED, priority=3))["state"] == "requesting"
        assert (await ptt.press(KEYED))["state"] == "denied"
        alarm = AlarmId(room.thing("a"))
        room.bus.publish(
            ev.AlarmRaised(
                alarm=alarm, unit=PATROL, alias="Patrol 1", talkgroup=NORTH, link=LINK, sign="call"
            )
        )
        await until(lambda: alarm in room.services.use(MixedPatches)._board.alarms)
        assert (await ptt.press(KEYED))["state"] == "requesting"  # the patch is heard there
    noted = await log(room, "ptt.unconfirmed", count=2)
    assert [entry["detail"]["urgent"] for entry in noted] == ["emergency_call", alarm]


async def test_who_makes_a_mix_has_agreed_and_a_restart_forgets_nothing(room: Room) -> None:
    Patching(room)
    async with desk(room, "siv", "1") as (siv, ptt):
        body = {"talkgroups": [NORTH, KEYED], "reason": "Fire at the harbour", "mixed": True}
        assert (await siv.post("/patches", body)).status_code == 201
        assert (await shown(siv))["mix"]["confirmed_until_utc"] is not None
        assert (await ptt.press(KEYED))["state"] == "requesting"
    (entry,) = await log(room, "patch.mix_confirmed", count=1)
    assert entry["detail"]["way"] == "made"

    def kept() -> bool:
        rows = room.store.read_now(lambda db: list(db.exec(select(MixConfirmation))))
        return [row.user for row in rows] == [siv.me["user"]["id"]]

    await until(kept)
    mixed = room.services.use(MixedPatches)
    agreed = mixed._agreed
    fresh = MixedPatches(
        board=mixed._board,
        plan=mixed._plan,
        desk=mixed._desk,
        record=mixed._record,
        store=room.store,
        bus=room.bus,
        clock=room.clock,
        background=room.dispatch.background,
        salt=b"other",
        shift_ends=mixed._shift_ends,
    )
    mix = mixed.of(KEYED)
    assert mix is not None
    assert fresh.until(siv.me["user"]["id"], mix) == next(iter(agreed.values())).until_utc


async def test_members_that_one_may_not_know_are_counted(room: Room) -> None:
    stand(room, KEYED, SECRET)
    async with desk(room, "anna", "1") as (anna, ptt):
        mix = (await shown(anna))["mix"]
        assert (mix["clear"], mix["clear_hidden"], mix["encrypted"]) == ([], 1, [KEYED])
        refused = await ptt.press(KEYED)
        assert refused["words"].endswith("heard in clear on 1 talkgroup")
        assert (await confirm(anna)).is_success


async def test_only_a_desk_that_may_talk_confirms(room: Room) -> None:
    stand(room, NORTH, KEYED)
    anna = await room.browser("anna")
    key = (await shown(anna))["mix"]["key"]
    no_desk = await confirm(anna, key)
    assert (no_desk.status_code, "no position" in no_desk.text) == (409, True)
    assert (await anna.post("/positions/1/take")).is_success
    unknown = await anna.post("/patches/p-9/confirm_mix", {"key": key})
    assert unknown.status_code == 404
    stand(room, SECRET, patch=PatchId("p-2"))
    await until(lambda: PatchId("p-2") in room.services.use(MixedPatches)._board.patches.patches)
    hidden = await anna.post("/patches/p-2/confirm_mix", {"key": key})
    assert hidden.status_code == 404
    assert (await room.store.read(lambda db: db.exec(select(MixConfirmation)).all())) == []


class At:
    """A clock that stands."""

    def __init__(self, now: int) -> None:
        self.now = now

    def utc_us(self) -> UtcUs:
        return UtcUs(self.now)


async def test_it_holds_to_the_end_of_the_shift_and_twelve_hours_at_most(room: Room) -> None:
    mixed = room.services.use(MixedPatches)
    shifts = shifts_of(("07:00", "19:00"), "Europe/Stockholm")
    mixed._shift_ends = shifts.ends
    noon = 1_764_154_800_000_000  # 2025-11-26 12:00 in Stockholm
    evening = noon + 7 * HOUR_US
    assert shifts.ends(noon) == evening
    assert shifts.ends(evening) == evening + 12 * HOUR_US
    assert mixed._shift_end(noon) == evening
    assert mixed._shift_end(evening - EARLY_US) == evening
    early = evening - EARLY_US + 1
    assert mixed._shift_end(early) == early + LONGEST_US  # for the shift that begins, 12 h at most
    stand(room, NORTH, KEYED)
    async with desk(room, "anna", "1") as (anna, ptt):
        assert (await confirm(anna)).is_success
        mix = mixed.of(NORTH)
        assert mix is not None
        end = mixed.until(anna.me["user"]["id"], mix)
        assert end is not None
        mixed._clock = At(end)  # type: ignore[assignment]  # only what it asks
        assert (await ptt.press(NORTH))["state"] == "denied"

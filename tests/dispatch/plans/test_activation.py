"""A draft's way into life: check, comparison, second person, trial, keep or back."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from dispatch.auth.permissions import Role
from dispatch.plans import activation_rows
from dispatch.plans.activation import Activations
from dispatch.plans.trial import SETTLE_US, TRIAL_US
from dispatch.services.plans import LivePlan
from gateway.model import events as ev
from gateway.model.ids import AlarmId, PositionId, RequestId
from tests.dispatch.room import LINK, NORTH, PATROL, Browser, Room, until

NEW_NAME = {"kind": "talkgroup", "id": NORTH, "value": {"name": "NORTH 9", "address": 5}}
REASON = "the new names confuse the desks"


class Desk:
    """An engineer and a supervisor, and a draft on its way."""

    def __init__(self, room: Room, engineer: Browser, second: Browser) -> None:
        self.room, self.engineer, self.second = room, engineer, second
        self.draft: dict[str, Any] = {}
        self.ahead_us = 0
        self.activations = room.services.use(Activations)
        self.activations._t = replace(self.activations._t, clock=self)

    def utc_us(self) -> Any:
        return self.room.clock.utc_us() + self.ahead_us

    def mono_ms(self) -> Any:
        return self.room.clock.mono_ms() + self.ahead_us // 1000

    @property
    def live(self) -> LivePlan:
        return self.room.services.plan

    async def begin(self, *edits: dict[str, Any]) -> None:
        answer = await self.engineer.post("/plan/drafts", {"name": "winter"})
        self.draft = answer.json()
        await self.edit(*(edits or (NEW_NAME,)))

    async def edit(self, *edits: dict[str, Any]) -> httpx.Response:
        body = {"revision": self.draft["revision"], "edits": list(edits)}
        answer = await self.engineer.send("PATCH", f"/plan/drafts/{self.draft['id']}", body)
        if answer.status_code == 200:
            self.draft = answer.json()
        return answer

    async def do(self, what: str, **body: Any) -> httpx.Response:
        body.setdefault("sha256", self.draft["sha256"])
        return await self.engineer.post(f"/plan/drafts/{self.draft['id']}/{what}", body)

    async def agree(self) -> None:
        asked = await self.do("ask")
        assert asked.status_code == 200, asked.text
        approval = asked.json()["approval"]
        shown = (await self.second.get(f"/approvals/{approval}")).json()
        body = {"agree": True, "digest": shown["digest"]}
        agreed = await self.second.post(f"/approvals/{approval}", body)
        assert agreed.status_code == 200, agreed.text

    async def ready(self, *edits: dict[str, Any]) -> None:
        await self.begin(*edits)
        assert (await self.do("check")).json()["ok"]
        await self.do("compare")
        await self.agree()

    async def activate(self, *edits: dict[str, Any], **body: Any) -> dict[str, Any]:
        await self.ready(*edits)
        answer = await self.do("activate", **body)
        assert answer.status_code == 200, answer.text
        row: dict[str, Any] = answer.json()
        return row

    async def later(self, us: int) -> None:
        self.ahead_us += us
        await self.activations.look()


@pytest.fixture
async def desk(room: Room) -> Desk:
    room.add_person("karin", Role.ENGINEER)
    room.grant(Role.ENGINEER, "*")
    return Desk(room, await room.browser("karin"), await room.browser("supervisor"))


def alarm(room: Room) -> AlarmId:
    raised = AlarmId(room.thing("a"))
    room.bus.publish(
        ev.AlarmRaised(
            alarm=raised, unit=PATROL, alias="Patrol 1", talkgroup=NORTH, link=LINK, sign="status"
        )
    )
    return raised


async def test_the_whole_way_and_keep(desk: Desk) -> None:
    async with desk.engineer.stream() as stream:
        await stream.next("snapshot")
        await desk.activate(reason="winter names")
        assert (await stream.event("plan.trial"))["data"]["plan"] == 2
        assert desk.live.talkgroup_name(NORTH) == "NORTH 9"
        kept = await desk.engineer.post("/plan/keep", {"number": 2})
        assert kept.json()["state"] == "kept"
        assert (await stream.event("plan.settled"))["data"]["state"] == "kept"
    await desk.later(2 * TRIAL_US)
    assert desk.live.number == 2
    state = (await desk.engineer.get("/plans")).json()
    assert [plan["number"] for plan in state["plans"]] == [2, 1]
    assert state["history"][0]["approval"].startswith("a-")
    assert state["trial"] is None


async def test_it_stands_only_on_check_comparison_and_second_person(desk: Desk) -> None:
    await desk.begin()
    assert "no check without errors" in (await desk.do("activate")).text
    await desk.do("check")
    assert "not compared with plan 1" in (await desk.do("activate")).text
    compared = (await desk.do("compare")).json()
    assert compared["counts"] == {"added": 0, "changed": 1, "removed": 0}
    assert (await desk.do("activate")).status_code == 409  # nobody agreed
    await desk.agree()
    await desk.edit({"kind": "talkgroup", "id": NORTH, "value": {"name": "NORTH 8"}})
    assert "no check without errors" in (await desk.do("activate")).text
    await desk.do("check")
    await desk.do("compare")
    assert (await desk.do("activate")).status_code == 409  # agreed to another plan
    assert desk.live.number == 1


async def test_a_plan_with_errors_is_not_activated(desk: Desk) -> None:
    await desk.begin({"kind": "talkgroup", "id": NORTH, "value": {"retention": "for ever"}})
    report = (await desk.do("check")).json()
    assert [f["rule"] for f in report["findings"] if f["severity"] == "error"] == ["RET-1"]
    await desk.do("compare")
    assert (await desk.do("activate")).status_code == 409


async def test_two_engineers_do_not_overwrite_each_other(desk: Desk) -> None:
    await desk.begin()
    stale = dict(desk.draft)
    await desk.edit({"kind": "text", "value": {"text": "Stand by"}})
    desk.draft = stale
    answer = await desk.edit({"kind": "text", "value": {"text": "Come back"}})
    assert answer.status_code == 409
    assert "changed the draft meanwhile" in answer.text


async def test_nobody_keeps_it_and_the_old_plan_returns(desk: Desk) -> None:
    await desk.activate()
    await desk.later(TRIAL_US - 5_000_000)
    assert desk.live.number == 2
    await desk.later(6_000_000)
    assert (desk.live.number, desk.live.talkgroup_name(NORTH)) == (1, "NORTH 1")
    row = (await desk.engineer.get("/plans")).json()["history"][0]
    assert (row["state"], row["ended_by"]) == ("returned", "Samband")


async def test_a_supervisor_returns_at_once(desk: Desk) -> None:
    await desk.activate()
    assert (await desk.second.post("/plan/return", {"reason": "no"})).status_code == 400
    answer = await desk.second.post("/plan/return", {"reason": REASON})
    assert answer.json() == {"number": 1}
    assert (await desk.second.post("/plan/return", {"reason": REASON})).status_code == 409
    assert (await desk.second.post("/plan/keep", {"number": 2})).status_code == 403


async def test_an_emergency_stands_against_it(desk: Desk) -> None:
    await desk.ready()
    raised = alarm(desk.room)
    await asyncio.sleep(0)
    answer = await desk.do("activate")
    assert answer.status_code == 409
    assert "an emergency is not acknowledged: Patrol 1" in answer.text
    desk.room.bus.publish(ev.AlarmEnded(alarm=raised, operator="x", reason="handled"))
    await until(lambda: not desk.activations.usage().unacknowledged)
    assert (await desk.do("activate")).status_code == 200


async def test_a_scheduled_one_waits_for_the_emergency_then_keeps_itself(desk: Desk) -> None:
    at = desk.utc_us() + 60_000_000
    row = await desk.activate({"kind": "link", "id": LINK, "value": {"name": "North A"}}, at_utc=at)
    assert row["state"] == "scheduled"
    assert "is scheduled" in (await desk.edit(NEW_NAME)).text
    raised = alarm(desk.room)
    await until(lambda: bool(desk.activations.usage().unacknowledged))
    await desk.later(61_000_000)
    waiting = (await desk.engineer.get("/plans")).json()["scheduled"][0]["waits_for"]
    assert "emergency is not acknowledged" in waiting
    desk.room.bus.publish(ev.AlarmEnded(alarm=raised, operator="x", reason="handled"))
    await until(lambda: not desk.activations.usage().unacknowledged)
    await desk.later(0)
    assert desk.live.number == 2
    await desk.later(SETTLE_US + 1_000_000)
    assert (await desk.engineer.get("/plans")).json()["trial"] is not None  # the link is not up
    desk.room.link_up()
    await asyncio.sleep(0.05)
    await desk.later(0)
    state = (await desk.engineer.get("/plans")).json()
    assert (state["trial"], state["history"][0]["state"]) == (None, "kept")


async def test_a_failed_press_keeps_a_scheduled_one_from_keeping_itself(desk: Desk) -> None:
    await desk.activate(at_utc=desk.utc_us() + 60_000_000)
    await desk.later(61_000_000)
    desk.room.bus.publish(
        ev.FloorRefused(
            request=RequestId("r-1"),
            position=PositionId("1"),
            talkgroup=NORTH,
            reason="link lost",
            not_sent=True,
        )
    )
    await asyncio.sleep(0.05)
    await desk.later(SETTLE_US + 1_000_000)
    assert (await desk.engineer.get("/plans")).json()["trial"]["number"] == 2
    await desk.later(TRIAL_US)
    row = (await desk.engineer.get("/plans")).json()["history"][0]
    assert row["state"] == "returned"
    assert "link lost" in row["end_words"]


async def test_a_schedule_is_cancelled_and_its_draft_open_again(desk: Desk) -> None:
    row = await desk.activate(at_utc=desk.utc_us() + 60_000_000)
    answer = await desk.engineer.send("DELETE", f"/plan/schedule/{row['id']}")
    assert answer.json()["state"] == "cancelled"
    await desk.later(120_000_000)
    assert desk.live.number == 1
    assert (await desk.edit(NEW_NAME)).status_code == 200


async def test_what_a_desk_has_selected_waits_until_released(desk: Desk) -> None:
    dispatcher = await desk.room.browser("dispatcher")
    await dispatcher.post("/positions/1/take", {})
    await dispatcher.post("/select", {"talkgroup": NORTH})
    if not desk.activations.usage().selected:
        pytest.fail("the desk's selection is not known")
    await desk.activate()
    assert desk.live.talkgroup_name(NORTH) == "NORTH 1"
    assert desk.live.target.talkgroups[0].name == "NORTH 9"
    (waits,) = (await desk.engineer.get("/plans")).json()["waits"]
    assert waits == "NORTH 1 keeps its cell and its name until it is released: " + (
        "Position 1 has selected it"
    )
    await dispatcher.post("/positions/leave", {"handover_text": ""})
    await desk.activations.release()
    assert (desk.live.talkgroup_name(NORTH), desk.activations.waits()) == ("NORTH 9", ())


async def test_roll_back_to_any_earlier_plan(desk: Desk) -> None:
    await desk.activate()
    await desk.engineer.post("/plan/keep", {"number": 2})
    await desk.activate({"kind": "text", "value": {"text": "Stand by"}})
    answer = await desk.engineer.post("/plan/rollback", {"number": 1, "reason": REASON})
    assert answer.json() == {"number": 1}
    assert desk.live.talkgroup_name(NORTH) == "NORTH 1"
    await desk.later(2 * TRIAL_US)
    assert desk.live.number == 1  # the trial of plan 3 is over, nothing returns any more
    for body in ({"number": 1, "reason": REASON}, {"number": 9, "reason": REASON}):
        assert (await desk.engineer.post("/plan/rollback", body)).status_code in (404, 409)
    assert (await desk.engineer.get("/plans/1/compare/2")).json()["counts"]["changed"] == 1


async def restarted(desk: Desk) -> tuple[LivePlan, Activations]:
    """Return what a new process finds in the store."""
    live = LivePlan(desk.room.store, desk.room.bus, desk.room.clock)
    live.load()
    fresh = Activations(replace(desk.activations._t, live=live))
    await fresh.resume()
    return live, fresh


async def test_a_trial_goes_on_after_a_restart(desk: Desk) -> None:
    await desk.activate()
    live, fresh = await restarted(desk)
    assert live.number == 2
    desk.ahead_us += TRIAL_US + 1
    await fresh.look()
    assert live.number == 1


class Killed(BaseException):
    """Passes every ``except Exception`` on its way, as the end of a process does."""


@pytest.mark.parametrize("step", ["plan_row", "load", "newest_number", "flush"])
async def test_a_kill_inside_the_activation_leaves_the_old_plan_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await desk.ready()

    def killed(*_: Any, **__: Any) -> Any:
        raise Killed

    if step == "flush":
        monkeypatch.setattr("sqlmodel.Session.commit", killed)
    else:
        monkeypatch.setattr(activation_rows, step, killed)
    with pytest.raises(Killed):
        await desk.room.store.write(
            lambda db: activation_rows.begin_trial(
                db,
                activation_rows.Wanted(
                    draft=desk.draft["id"],
                    sha256=desk.draft["sha256"],
                    who=activation_rows.Who(id="u", name="U"),
                ),
                desk.utc_us(),
            )
        )
    monkeypatch.undo()
    live, _ = await restarted(desk)
    assert (live.number, live.talkgroup_name(NORTH)) == (1, "NORTH 1")


async def test_a_kill_after_the_commit_leaves_the_new_plan_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.ready()
    monkeypatch.setattr(Activations, "_begun", lambda *_: 1 / 0)
    assert (await desk.do("activate")).status_code == 500
    live, fresh = await restarted(desk)
    assert (live.number, live.talkgroup_name(NORTH)) == (2, "NORTH 9")
    assert (await fresh.state())["trial"]["number"] == 2


async def test_files_go_out_and_come_back(desk: Desk) -> None:
    text = (await desk.engineer.get("/plans/1/file")).text
    body = {"name": "from a file", "file": text.replace("NORTH 1", "NORTH 3")}
    draft = (await desk.engineer.post("/plan/drafts", body)).json()
    found = (await desk.engineer.get(f"/plan/drafts/{draft['id']}")).json()
    assert found["plan"]["talkgroups"][0]["name"] == "NORTH 3"
    assert (await desk.engineer.post("/plan/drafts", body | {"file": "x"})).status_code == 400

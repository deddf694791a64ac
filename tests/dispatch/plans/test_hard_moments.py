"""Hard moments of a plan's way into life: clocks, restarts, two at once, what is in use goes."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dispatch.auth.permissions import Role
from dispatch.plans.activation import Activations
from dispatch.plans.trial import SETTLE_US, TRIAL_US
from dispatch.plans.wiring import PlanRules, Plans
from dispatch.services.board import Board
from gateway.model import events as ev
from tests.dispatch.plans.test_activation import REASON, Desk, restarted
from tests.dispatch.room import LINK, NORTH, SECRET_LINK, Room, until

HOUR_US = 3_600_000_000


@pytest.fixture
async def desk(room: Room) -> Desk:
    room.add_person("karin", Role.ENGINEER)
    room.grant(Role.ENGINEER, "*")
    return Desk(room, await room.browser("karin"), await room.browser("supervisor"))


class SetClock:
    """The room's clock, whose time of day somebody has set."""

    def __init__(self, desk: Desk, set_us: int) -> None:
        self.desk, self.set_us = desk, set_us

    def utc_us(self) -> Any:
        return self.desk.utc_us() + self.set_us

    def mono_ms(self) -> Any:
        return self.desk.mono_ms()


def set_clock(desk: Desk, us: int) -> None:
    desk.activations._t = replace(desk.activations._t, clock=SetClock(desk, us))
    trial = desk.activations._clock
    if trial is not None:
        trial._clock = desk.activations._t.clock


async def state(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.engineer.get("/plans")).json()
    return found


# ---- clocks and restarts -------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_set_makes_no_trial_shorter_or_longer(desk: Desk, hours: int) -> None:
    await desk.activate()
    before = (await state(desk))["trial"]["keep_until_utc"]
    set_clock(desk, hours * HOUR_US)
    await desk.later(TRIAL_US - 60_000_000)
    assert desk.live.number == 2
    moved = (await state(desk))["trial"]["keep_until_utc"] - before
    assert abs(moved - hours * HOUR_US) < 5_000_000  # and people are told the new time of day
    await desk.later(61_000_000)
    assert desk.live.number == 1
    await desk.later(0)
    live, _ = await restarted(desk)
    assert (desk.live.number, live.number) == (1, 1)  # the latest of them, whatever time it is
    await desk.activate({"kind": "text", "value": {"text": "Hold"}})
    live, _ = await restarted(desk)
    assert (desk.live.number, live.number) == (3, 3)


async def test_after_a_restart_with_the_clock_set_back_a_trial_lasts_ten_minutes_at_most(
    desk: Desk,
) -> None:
    await desk.activate()
    set_clock(desk, -HOUR_US)
    live, fresh = await restarted(desk)
    desk.ahead_us += TRIAL_US + 1_000_000
    await fresh.look()
    assert live.number == 1


async def test_a_trial_that_ended_while_the_server_was_down_ends_at_the_start(desk: Desk) -> None:
    await desk.activate()
    desk.ahead_us += 3 * TRIAL_US
    live, fresh = await restarted(desk)
    assert live.number == 2
    await fresh.look()
    assert live.number == 1
    assert live.trial_until_utc is None


async def test_a_schedule_and_what_it_waits_for_outlive_a_restart(desk: Desk) -> None:
    await desk.activate({"kind": "text", "value": {"text": "Hold"}})
    row = await desk.activate(at_utc=desk.utc_us() + 60_000_000)
    await desk.later(61_000_000)
    waits = (await state(desk))["scheduled"][0]["waits_for"]
    assert waits == "plan 2 is on trial"
    live, fresh = await restarted(desk)
    await fresh.look()
    assert live.number == 2
    assert (await fresh.state())["scheduled"][0]["id"] == row["id"]
    assert (await desk.engineer.post("/plan/keep", {"number": 2})).status_code == 200
    await fresh.look()
    assert live.number == 3


async def test_a_schedule_compared_with_a_plan_that_is_no_longer_live_waits_and_says_so(
    desk: Desk,
) -> None:
    await desk.activate(at_utc=desk.utc_us() + 60_000_000)
    await desk.activate({"kind": "text", "value": {"text": "Hold"}})
    assert (await desk.engineer.post("/plan/keep", {"number": 2})).status_code == 200
    await desk.later(61_000_000)
    assert desk.live.number == 2
    waits = (await state(desk))["scheduled"][0]["waits_for"]
    assert waits == "plan 2 is live, it was compared with plan 1"


async def test_a_scheduled_one_is_not_kept_by_a_clock_that_was_set(desk: Desk) -> None:
    desk.room.link_up()
    await desk.activate(at_utc=desk.utc_us() + 60_000_000)
    await desk.later(61_000_000)
    set_clock(desk, HOUR_US)
    await desk.later(1_000_000)
    assert (await state(desk))["trial"]["number"] == 2  # a second old, whatever the clock says
    await desk.later(SETTLE_US)
    assert (await state(desk))["history"][0]["state"] == "kept"


# ---- people --------------------------------------------------------------------------------------


async def test_without_a_second_person_where_the_site_wants_none(desk: Desk) -> None:
    desk.room.services.use(Plans).rules = PlanRules(second_person=False)
    await desk.begin()
    await desk.do("check")
    await desk.do("compare")
    answer = await desk.do("activate")
    assert answer.status_code == 200, answer.text
    assert answer.json()["approval"] == ""
    assert (await state(desk))["second_person"] is False


async def test_the_live_plan_changed_after_the_comparison(desk: Desk) -> None:
    await desk.ready()
    mine = dict(desk.draft)
    await desk.activate({"kind": "text", "value": {"text": "Hold"}})
    assert (await desk.engineer.post("/plan/keep", {"number": 2})).status_code == 200
    desk.draft = mine
    answer = await desk.do("activate")
    assert answer.status_code == 409
    assert "not compared with plan 2" in answer.text
    await desk.do("compare")
    assert (await desk.do("activate")).status_code == 409  # agreed to in the place of plan 1
    await desk.agree()
    assert (await desk.do("activate")).status_code == 200


async def test_two_engineers_at_once_make_one_plan(desk: Desk) -> None:
    await desk.ready()
    first = dict(desk.draft)
    await desk.ready({"kind": "text", "value": {"text": "Hold"}})
    second = dict(desk.draft)

    async def go(draft: dict[str, Any]) -> int:
        body = {"sha256": draft["sha256"]}
        answer = await desk.engineer.post(f"/plan/drafts/{draft['id']}/activate", body)
        return answer.status_code

    found = await asyncio.gather(go(first), go(second), go(first))
    assert sorted(found) == [200, 409, 409]
    told = await state(desk)
    assert (told["number"], [plan["number"] for plan in told["plans"]]) == (2, [2, 1])


async def test_a_way_back_while_another_is_on_its_way(desk: Desk) -> None:
    await desk.activate()
    body = {"number": 1, "reason": REASON}
    found = await asyncio.gather(
        desk.engineer.post("/plan/rollback", body),
        desk.second.post("/plan/return", {"reason": REASON}),
        desk.engineer.post("/plan/keep", {"number": 2}),
    )
    back, given, kept = (answer.status_code == 200 for answer in found)
    assert back or given or kept
    assert not (given and kept)  # a trial ends once
    told = await state(desk)
    assert (told["number"], told["trial"]) == (1 if back or given else 2, None)


async def test_a_fault_at_one_look_does_not_end_the_looking(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.activate()
    looks = 0
    look = Activations.look

    async def faulty(self: Activations) -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise ValueError("a fault")
        await look(self)

    monkeypatch.setattr(Activations, "look", faulty)
    await until(lambda: looks >= 2)


# ---- what is in use goes -------------------------------------------------------------------------


def without_north() -> list[dict[str, Any]]:
    return [
        {"op": "remove", "kind": "unit", "id": "net/1001"},
        {"op": "remove", "kind": "link", "id": LINK},
        {"op": "remove", "kind": "talkgroup", "id": NORTH},
    ]


async def test_a_talkgroup_and_a_link_in_a_call_go_when_the_call_has_ended(desk: Desk) -> None:
    call, transmission = desk.room.begin()
    await until(lambda: NORTH in desk.activations.usage().calls)
    await desk.activate(*without_north())
    assert NORTH in desk.live.talkgroups
    assert {link.id for link in desk.live.plan.links} == {LINK, SECRET_LINK}
    assert len((await state(desk))["waits"]) == 2
    desk.room.end(call, transmission)
    await until(lambda: not desk.activations.usage().calls)
    await desk.activations.release()
    assert NORTH not in desk.live.talkgroups
    assert {link.id for link in desk.live.plan.links} == {SECRET_LINK}
    assert (await state(desk))["waits"] == []


async def test_a_pause_between_overs_is_still_a_call(desk: Desk) -> None:
    call, transmission = desk.room.begin()
    over = ev.TransmissionEnded(
        transmission=transmission, call=call, talkgroup=NORTH, duration_ms=2000, cause="ended"
    )
    desk.room.bus.publish(over)
    board = desk.room.services.use(Board).talkgroups
    await until(lambda: board.state(NORTH).last is not None)
    assert NORTH in desk.activations.usage().calls
    await desk.activate(*without_north())
    assert NORTH in desk.live.talkgroups


async def test_a_position_in_use_goes_when_it_is_left(desk: Desk) -> None:
    dispatcher = await desk.room.browser("dispatcher")
    assert (await dispatcher.post("/positions/5/take", {})).status_code == 200
    await desk.activate({"op": "remove", "kind": "position", "id": "5"})
    rows = (await dispatcher.get("/positions")).json()
    assert {row["id"]: row["you"] for row in rows}["5"] is True
    assert (await state(desk))["waits"] == ["Position 5 goes when it is left"]
    await dispatcher.post("/positions/leave", {"handover_text": ""})
    await desk.activations.release()
    assert "5" not in {row["id"] for row in (await dispatcher.get("/positions")).json()}
    assert (await dispatcher.post("/positions/5/take", {})).status_code == 404
    assert (await state(desk))["waits"] == []


async def test_somebody_presses_while_a_plan_is_made_ready(desk: Desk) -> None:
    going = desk.activations._going
    ready = await going.make_ready(
        replace(
            desk.live.plan,
            talkgroups=tuple(replace(g, name="X") for g in desk.live.plan.talkgroups),
        )
    )
    desk.room.begin()
    await until(lambda: NORTH in desk.activations.usage().calls)
    await going.take(ready, desk.live.number, "")
    assert desk.live.talkgroup_name(NORTH) == "NORTH 1"  # worked out again for the new call
    assert going.waits

"""Rows of talkgroups as text: a state that is written once for many pages is never an old one."""

import json
from dataclasses import replace
from typing import Any

import pytest

from dispatch.auth.permissions import Role
from dispatch.clock import SystemClock
from dispatch.services import group_blocks
from dispatch.services.board import Board
from dispatch.services.snapshot import Snapshots
from dispatch.services.snapshot_groups import GroupRows
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import AlarmId, CallId, TransmissionId, UnitId, UtcUs
from tests.dispatch.room import LINK, NORTH, PATROL, SECRET, SECRET_LINK, Room

OVER, CALL, ALARM = TransmissionId("t-one"), CallId("c-one"), AlarmId("a-one")
STARTED = ev.TransmissionStarted(
    transmission=OVER, call=CALL, talkgroup=NORTH, link=LINK, talker=PATROL, alias="Patrol 1"
)
RAISED = ev.AlarmRaised(
    alarm=ALARM, unit=PATROL, alias="Patrol 1", talkgroup=NORTH, link=LINK, sign="status"
)
WHOLE_DAY: tuple[Event, ...] = (
    ev.LinkChanged(link=LINK, state="up", capabilities=("emergency_in",)),
    ev.LinkChanged(link=SECRET_LINK, state="up"),
    ev.LinkGroupChanged(link=LINK, number=200, talkgroup=SECRET),
    ev.LinkGroupChanged(link=LINK, number=100, talkgroup=NORTH),
    STARTED,
    ev.TransmissionMeasured(transmission=OVER, talkgroup=NORTH, bit_error_rate=0.02),
    ev.TransmissionUpdated(
        transmission=OVER,
        call=CALL,
        talkgroup=NORTH,
        talker=UnitId("net/1002"),
        alias="Patrol 2",
        emergency=False,
        encrypted=True,
    ),
    ev.CallUpdated(call=CALL, talkgroup=NORTH, emergency=True, priority=15, exercise=False),
    RAISED,
    ev.TransmissionEnded(
        transmission=OVER, call=CALL, talkgroup=NORTH, duration_ms=900, cause="ended"
    ),
    ev.RecordingFailed(transmission=OVER, talkgroup=NORTH, reason="disk full"),
    ev.RecordingClosed(
        transmission=OVER,
        call=CALL,
        talkgroup=NORTH,
        files=(),
        duration_ms=900,
        started_utc=UtcUs(1),
    ),
    replace(RAISED, talkgroup=SECRET, again=True),
    ev.AlarmEnded(alarm=ALARM, operator="Anna", reason="handled"),
    ev.LinkChanged(link=LINK, state="down", reason="the cable is out"),
)


def states(room: Room, user: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return each talkgroup's state as the text says it, and as it is."""
    groups = room.services.use(Snapshots).groups
    access = room.services.access.of(user)
    rows = json.loads(f"[{','.join(filter(None, groups.texts(access)))}]")
    texts = {row["id"]: row["state"] for row in rows}
    return texts, {row["id"]: row["state"] for row in groups.rows(access)}


async def test_a_text_follows_every_event_at_once(room: Room) -> None:
    user = room.add_person("both", Role.DISPATCHER)
    room.grant(Role.DISPATCHER, "Hidden")
    board, former = room.services.use(Board).talkgroups, states(room, user)[0]
    assert set(former) == {NORTH, SECRET}
    for event in WHOLE_DAY:
        board.apply(event, room.clock.utc_us())
        told, now = states(room, user)
        assert told == now, event
        assert told != former, event  # an event that changes no row would prove nothing
        former = told


async def test_a_text_follows_the_plan_and_the_links_before_anything_was_heard(room: Room) -> None:
    user = room.add_person("both", Role.DISPATCHER)
    room.grant(Role.DISPATCHER, "Hidden")
    board, plan = room.services.use(Board).talkgroups, room.services.plan
    board.apply(ev.LinkChanged(link=LINK, state="up"), room.clock.utc_us())
    told, now = states(room, user)
    assert told == now
    assert (told[NORTH]["rx"], told[SECRET]["rx"]) == ("quiet", "offline")
    plan.use(replace(plan.plan, links=plan.plan.links[1:]), 2)
    told, now = states(room, user)
    assert told == now
    assert (told[NORTH]["rx"], told[NORTH]["reason"]) == ("offline", "no link carries it")


async def test_the_same_text_serves_all_and_hides_what_one_may_not_know(room: Room) -> None:
    all_of_it = room.add_person("both", Role.SUPERVISOR)
    north = room.add_person("north", Role.DISPATCHER)
    room.grant(Role.SUPERVISOR, "*")
    for link in (LINK, SECRET_LINK):
        room.link_up(link)
    board = room.services.use(Board).talkgroups
    board.apply(ev.LinkChanged(link=LINK, state="up"), room.clock.utc_us())
    board.apply(ev.LinkGroupChanged(link=LINK, number=200, talkgroup=SECRET), room.clock.utc_us())
    for _ in range(2):  # whoever asks first
        for user, words in ((all_of_it, "HIDDEN 9"), (north, "another talkgroup")):
            told, now = states(room, user)
            assert told == now
            assert told[NORTH]["radio_on"] == words


class LaterClock(SystemClock):
    """The real clock, set forward."""

    later_us = 0

    def utc_us(self) -> UtcUs:
        return UtcUs(super().utc_us() + self.later_us)


def rows_of(groups: GroupRows, room: Room, user: str) -> list[dict[str, Any]]:
    """Return the rows that the texts hold."""
    texts = groups.texts(room.services.access.of(user))
    rows: list[dict[str, Any]] = json.loads(f"[{','.join(filter(None, texts))}]")
    return rows


async def test_a_block_follows_plan_policy_rights_and_time(room: Room) -> None:
    user, plan, clock = room.add_person("both", Role.DISPATCHER), room.services.plan, LaterClock()
    board = room.services.use(Board)
    groups = GroupRows(plan, board, clock)
    first = list(groups.texts(room.services.access.of(user)))
    again = list(groups.texts(room.services.access.of(user)))
    assert again[0] is first[0]  # kept; or nothing below would show anything
    room.grant(Role.DISPATCHER, "Hidden")
    assert [row["id"] for row in rows_of(groups, room, user)] == [NORTH, SECRET]
    groups.records = lambda talkgroup: talkgroup != NORTH
    assert [row["recorded"] for row in rows_of(groups, room, user)] == [False, True]
    named = tuple(replace(group, name=f"{group.name} 2") for group in plan.plan.talkgroups)
    plan.use(replace(plan.plan, talkgroups=named), 2)
    assert all(row["name"].endswith(" 2") for row in rows_of(groups, room, user))
    board.talkgroups.apply(STARTED, clock.utc_us())
    heard = [row["state"]["heard_last_hour"] for row in rows_of(groups, room, user)]
    clock.later_us = 3_700_000_000
    later = [row["state"]["heard_last_hour"] for row in rows_of(groups, room, user)]
    assert (heard, later) == ([1, 0], [0, 0])


async def test_a_list_begun_before_an_activation_leaves_nothing_of_the_former_plan(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_blocks, "ROWS_A_BLOCK", 1)
    user, plan = room.add_person("both", Role.DISPATCHER), room.services.plan
    room.grant(Role.DISPATCHER, "Hidden")
    groups = GroupRows(plan, room.services.use(Board), room.clock)
    begun = groups.texts(room.services.access.of(user))
    next(begun)
    named = tuple(replace(group, name=f"{group.name} 2") for group in plan.plan.talkgroups)
    plan.use(replace(plan.plan, talkgroups=named), 2)
    assert len(list(begun)) == 1  # it goes on, and what it writes is kept for nobody else
    assert [row["name"][-2:] for row in rows_of(groups, room, user)] == [" 2", " 2"]


async def test_a_block_of_which_one_sees_nothing_is_no_row(room: Room) -> None:
    user = room.add_person("nobody", Role.DPO)
    nobody = replace(room.services.access.of(user), talkgroup_actions={})
    assert list(room.services.use(Snapshots).groups.texts(nobody)) == [""]
    listed = (await (await room.browser("dispatcher")).get("/talkgroups")).json()
    assert [row["id"] for row in listed] == [NORTH]

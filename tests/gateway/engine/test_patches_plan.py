"""Patches of the plan come and go with it, and no call that it does not touch is dropped."""

from dataclasses import replace

import pytest

from gateway.model.events import PatchChanged, PatchEnded, PatchMade, PatchWaits
from gateway.model.patch import PatchDrop
from gateway.model.patch_plan import PlanPatch
from gateway.model.plan import Plan
from tests.gateway.engine.patch_room import COAST, PATCH, SEA, THREE, PatchRoom
from tests.gateway.engine.peer import FIRE, PATROL


@pytest.fixture
def room() -> PatchRoom:
    return PatchRoom()


def _with(*patches: PlanPatch) -> Plan:
    return replace(THREE, patches=patches)


P5 = PlanPatch(id="P5", name="Fire and sea", members=(FIRE, SEA), active=True)


def test_patches_of_the_plan_come_and_go_with_it(room: PatchRoom) -> None:
    room.engine.use_plan(_with(P5), 2)
    (made,) = room.told(PatchMade)
    assert (made.label, made.from_plan, made.until_utc) == ("P5", True, None)
    room.radio_talks(room.south, 201, 3120)
    room.sound(room.south, 10)
    assert room.keyed().keys() == {COAST}
    room.engine.use_plan(_with(P5), 3)  # the same: not touched
    assert room.keyed().keys() == {COAST}
    room.engine.use_plan(THREE, 4)
    assert room.keyed().keys() == {COAST}  # ends with the over, not in its middle
    room.sound(room.south, 10)
    room.radio_ends(room.south)
    room.wait(500)
    assert room.keyed() == {}
    assert [one.cause for one in room.told(PatchEnded)] == ["plan"]
    assert not [e for e in room.recorder.closed if e[1].cause in ("cut", "lost")]


def test_members_of_a_planned_patch_change_and_the_others_go_on(room: PatchRoom) -> None:
    three = replace(P5, members=(FIRE, SEA, PATROL))
    room.engine.use_plan(_with(three), 2)
    room.radio_talks(room.south, 201, 3120)
    room.sound(room.south, 10)
    before = room.coast.keyed
    room.engine.use_plan(_with(P5), 3)
    assert room.keyed() == {COAST: before}
    assert room.told(PatchChanged)[0].members == (FIRE, SEA)


def test_a_planned_patch_waits_for_one_that_has_its_member(room: PatchRoom) -> None:
    room.join(PATROL, SEA)
    room.engine.use_plan(_with(P5), 2)
    (waits,) = room.told(PatchWaits)
    assert waits.reason == "SEA 1 is in P1 already: sound would go round"
    room.do(PatchDrop(patch=PATCH, operator="S. Holm"))
    told = room.all_told()
    assert [e.label for e in told if isinstance(e, PatchMade)] == ["P5"]
    assert [e.reason for e in told if isinstance(e, PatchWaits)] == [""]


def test_a_planned_patch_that_was_dropped_stays_so(room: PatchRoom) -> None:
    room.engine.use_plan(_with(P5), 2)
    (made,) = room.told(PatchMade)
    room.do(PatchDrop(patch=made.patch, operator="E. Lund"))
    room.engine.use_plan(_with(P5), 3)
    assert room.told(PatchMade) == []


def test_a_live_patch_ends_when_the_plan_takes_a_member_away(room: PatchRoom) -> None:
    room.join(PATROL, SEA)
    groups = tuple(group for group in THREE.talkgroups if group.id != SEA)
    room.engine.use_plan(replace(THREE, talkgroups=groups), 2)
    (ended,) = room.told(PatchEnded)
    assert (ended.cause, ended.reason) == ("plan", "sea/501 is not in the plan any more")


def test_labels_are_those_that_neither_plan_nor_people_have(room: PatchRoom) -> None:
    room.engine.use_plan(_with(replace(P5, id="P1", active=False)), 2)
    room.join(PATROL, FIRE)
    assert room.told(PatchMade)[0].label == "P2"

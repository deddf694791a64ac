"""Exercises: what is marked, what a simulated terminal is heard on, and what is no exercise."""

from dataclasses import replace

import pytest

from gateway.engine.settings import EngineSettings
from gateway.model import radio
from gateway.model.commands import AlarmAcknowledge, EmergencyExercise
from gateway.model.events import (
    AlarmRaised,
    CallStarted,
    CallUpdated,
    TransmissionStarted,
    TransmissionUpdated,
)
from gateway.model.ids import UnitId
from gateway.model.radio import EmergencySign
from tests.gateway.engine.peer import DRILL, PLAN, SOUTH, START_UTC, Room

CAR = UnitId("net/3204")
SIMULATED = replace(
    PLAN,
    links=tuple(replace(link, simulated=link.id == SOUTH) for link in PLAN.links),
)


def room_with_simulator(**more: object) -> Room:
    """Return a room whose south radio is a simulated terminal."""
    room = Room(**more)  # type: ignore[arg-type]  # passes keywords on
    room.engine.use_plan(SIMULATED, 2)
    room.all_told()
    return room


def sign(group: int | None, unit: int = 3204) -> radio.EmergencySigned:
    return radio.EmergencySigned(unit=unit, sign=EmergencySign.STATUS, group=group)


def test_calls_on_a_test_talkgroup_are_exercises_and_others_are_not() -> None:
    room = Room()
    room.south.say(radio.CallUp(instance=1, group=999, caller=3120))
    room.south.say(radio.TalkStarted(instance=1, talker=3120))
    room.talk()
    told = room.all_told()
    calls = {e.talkgroup: e.exercise for e in told if isinstance(e, CallStarted)}
    assert calls == {DRILL: True, "net/101": False}
    overs = {e.talkgroup: e.exercise for e in told if isinstance(e, TransmissionStarted)}
    assert overs == {DRILL: True, "net/101": False}


def test_a_real_alarm_on_a_test_talkgroup_is_no_exercise_nor_is_its_call() -> None:
    room = Room()
    room.south.say(radio.CallUp(instance=1, group=999, caller=3204))
    room.south.say(radio.TalkStarted(instance=1, talker=3204))
    room.all_told()
    room.south.say(sign(999))
    told = room.all_told()
    raised = next(e for e in told if isinstance(e, AlarmRaised))
    assert (raised.exercise, raised.no_exercise, raised.talkgroup) == (False, True, DRILL)
    assert [e.exercise for e in told if isinstance(e, CallUpdated)][-1] is False
    assert [e.exercise for e in told if isinstance(e, TransmissionUpdated)][-1] is False


def test_an_emergency_call_that_begins_on_a_test_talkgroup_is_no_exercise() -> None:
    room = Room()
    room.south.say(radio.CallUp(instance=1, group=999, caller=3204, emergency=True))
    told = room.all_told()
    assert [e.no_exercise for e in told if isinstance(e, AlarmRaised)] == [True]
    assert [e.exercise for e in told if isinstance(e, CallUpdated)][-1] is False


def test_a_marked_unit_and_a_simulated_terminal_give_exercises() -> None:
    room = Room()
    room.do(EmergencyExercise(unit=CAR, until_utc=START_UTC + 60_000_000, operator="Karin"))
    room.south.say(sign(999))
    marked = room.told(AlarmRaised)[0]
    assert (marked.exercise, marked.no_exercise) == (True, False)
    room = room_with_simulator()
    room.south.say(sign(999, unit=3120))
    played = room.told(AlarmRaised)[0]
    assert (played.exercise, played.no_exercise) == (True, False)


@pytest.mark.parametrize("group", [201, None])
def test_a_simulated_alarm_never_reaches_a_talkgroup_that_is_none_for_exercises(
    group: int | None,
) -> None:
    room = room_with_simulator()
    room.south.say(sign(group))  # the plan's home of 3204 is PATROL 1
    raised = room.told(AlarmRaised)
    assert [(e.talkgroup, e.exercise) for e in raised] == [(DRILL, True)]


def test_a_simulated_terminal_is_heard_on_test_talkgroups_only() -> None:
    room = room_with_simulator()
    room.south.say(radio.CallUp(instance=1, group=201, caller=3204))
    room.south.say(radio.TalkStarted(instance=1, talker=3204))
    room.hear(SOUTH, 3)
    room.south.say(radio.CallUp(instance=1, group=201, caller=3204, emergency=True))
    room.south.say(radio.CallDown(instance=1))
    told = room.all_told()
    assert not [e for e in told if isinstance(e, CallStarted | TransmissionStarted | AlarmRaised)]
    assert room.recorder.opened == []
    room.south.say(radio.CallUp(instance=2, group=999, caller=3204))
    assert [e.talkgroup for e in room.told(CallStarted)] == [DRILL]


def test_a_demonstration_hears_its_simulators_everywhere_and_as_live() -> None:
    room = room_with_simulator(settings=EngineSettings(simulated_anywhere=True))
    room.south.say(radio.CallUp(instance=1, group=201, caller=3204, emergency=True))
    told = room.all_told()
    assert [e.exercise for e in told if isinstance(e, CallStarted)] == [False]
    assert [e.exercise for e in told if isinstance(e, AlarmRaised)] == [False]
    room.south.say(sign(999, unit=3120))
    assert [e.exercise for e in room.told(AlarmRaised)] == [True], "but on a test talkgroup"


def test_a_real_sign_turns_an_exercise_of_the_same_unit_into_an_alarm() -> None:
    room = room_with_simulator()
    room.south.say(sign(999))
    played = room.told(AlarmRaised)[0]
    room.do(AlarmAcknowledge(alarm=played.alarm, operator="Sara"))
    room.all_told()
    room.north.say(sign(101))
    real = room.told(AlarmRaised)
    assert [(e.alarm, e.exercise, e.again, e.talkgroup, e.link) for e in real] == [
        (played.alarm, False, True, "net/101", "north")
    ]
    room.south.say(sign(999))
    assert not any(e.exercise for e in room.told(AlarmRaised)), "and stays one"

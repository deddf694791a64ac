"""Private calls to and from desks: ring, answer, decline, dial, talk, end."""

import pytest

from gateway.engine.individual_rules import digits_of, fits
from gateway.model import radio
from gateway.model.events import (
    AlarmRaised,
    CallEnded,
    CallStarted,
    FloorLost,
    FloorRefused,
    TransmissionStarted,
)
from gateway.model.ids import LinkId, PositionId
from gateway.model.individual_events import (
    IndividualAnswered,
    IndividualConnected,
    IndividualDeclined,
    IndividualDialled,
    IndividualEnded,
    IndividualMissed,
    IndividualPassedOn,
    IndividualRinging,
    IndividualTalkerChanged,
)
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.private_line import PRIVATE_HANDLE, is_private
from tests.gateway.engine.peer import NORTH, PATROL
from tests.gateway.engine.private_peer import CAR, OTHER, PhoneRoom

LAWYER = NeverRecorded(number="+49 30 1234*", reason="lawyer")
STAFF = NeverRecorded(number="3120", reason="staff council")
TWO_STEPS = IndividualRule(
    name="desk", positions=("1",), next_positions=("2", "3"), next_after_s=10, ring_s=30
)


def rung(room: PhoneRoom) -> IndividualRinging:
    (event,) = room.told(IndividualRinging)
    return event


def connected(room: PhoneRoom, *, duplex: bool = False) -> IndividualRinging:
    """A call taken at position 1; a duplex one with the microphone r-mic."""
    room.north.ring(duplex=duplex)
    call = rung(room)
    assert room.answer(call.call, microphone="r-mic" if duplex else None).ok
    if duplex:
        room.open_mic(call.line)
    return call


# ---- ringing


def test_it_rings_everywhere_without_a_rule_and_says_who_calls() -> None:
    room = PhoneRoom()
    room.north.ring()
    call = rung(room)
    assert (call.caller, call.alias, call.digits) == (CAR, "Car 3204", "3204")
    assert call.rings_at == ("1", "2", "3", "4", "5")
    assert (call.recorded, call.why, call.protected) == (True, "", False)
    assert is_private(call.line)
    assert call.call_seq == 1
    assert room.north.acts("answer") == []
    assert room.told(CallStarted) == []


def test_the_first_rule_that_fits_says_where_and_next_positions_follow() -> None:
    rules = (
        IndividualRule(name="south", links=(LinkId("south"),), positions=("5",)),
        IndividualRule(name="phone", kind="telephone", positions=("4",)),
        TWO_STEPS,
    )
    room = PhoneRoom(rules=rules)
    room.north.ring()
    assert rung(room).rings_at == ("1",)
    room.wait(9_990)
    assert room.told(IndividualPassedOn) == []
    room.wait(20)
    (passed,) = room.told(IndividualPassedOn)
    assert passed.rings_at == ("1", "2", "3")
    room.north.ring(6, digits="0301112222")
    assert rung(room).rings_at == ("4",)
    room.south.ring(1)
    assert rung(room).rule == "south"


def test_positions_that_nobody_listens_at_are_passed_over_at_once() -> None:
    room = PhoneRoom(rules=(TWO_STEPS,))
    room.engine.set_listening({PositionId("2")})
    room.north.ring()
    assert rung(room).rings_at == ("1", "2", "3")


def test_nobody_answers_it_is_hung_up_and_missed() -> None:
    room = PhoneRoom(rules=(TWO_STEPS,))
    room.north.ring()
    call = rung(room)
    room.wait(29_990)
    assert room.north.acts("hang_up") == []
    room.wait(20)
    assert room.north.acts("hang_up") == [("hang_up", 5)]
    told = room.all_told()
    (missed,) = [e for e in told if isinstance(e, IndividualMissed)]
    (ended,) = [e for e in told if isinstance(e, IndividualEnded)]
    assert (missed.call, missed.waited_ms) == (call.call, 30_000)
    assert (ended.outcome, ended.cause) == ("missed", "not answered in 30 s")


def test_the_caller_gives_up() -> None:
    room = PhoneRoom()
    room.north.ring()
    room.wait(4_000)
    room.north.finish("user request")
    told = room.all_told()
    assert [e.waited_ms for e in told if isinstance(e, IndividualMissed)] == [4_000]
    assert [e.cause for e in told if isinstance(e, IndividualEnded)] == ["user request"]
    assert room.north.acts("hang_up") == []


def test_the_first_answer_wins_and_a_second_says_who_has_it() -> None:
    room = PhoneRoom()
    room.north.ring()
    call = rung(room)
    room.wait(2_500)
    assert room.answer(call.call, "2").ok
    late = room.answer(call.call, "1")
    assert (late.ok, late.reason) == (False, "Position 2 has it")
    told = room.all_told()
    (answered,) = [e for e in told if isinstance(e, IndividualAnswered)]
    assert (answered.position, answered.waited_ms) == ("2", 2_500)
    assert len([e for e in told if isinstance(e, IndividualConnected)]) == 1
    assert room.north.acts("answer") == [("answer", 5, None)]


def test_declined_at_one_it_rings_at_the_others_and_at_all_it_is_hung_up() -> None:
    room = PhoneRoom()
    room.north.ring()
    call = rung(room)
    room.decline(call.call, "1")
    (declined,) = room.told(IndividualDeclined)
    assert declined.rings_at == ("2", "3", "4", "5")
    assert room.north.acts("hang_up") == []
    room.decline(call.call, "2")  # 1 and 2 are the only ones that listen
    assert room.north.acts("hang_up") == [("hang_up", 5)]
    (ended,) = room.told(IndividualEnded)
    assert (ended.outcome, ended.cause) == ("declined", "declined at every position")


def test_declined_at_the_first_position_the_next_ring_at_once() -> None:
    room = PhoneRoom(rules=(TWO_STEPS,))
    room.north.ring()
    call = rung(room)
    room.decline(call.call, "1")
    (passed,) = room.told(IndividualPassedOn)
    assert passed.rings_at == ("2", "3")
    assert room.north.acts("hang_up") == []


def test_an_emergency_raises_an_alarm_and_is_marked() -> None:
    room = PhoneRoom()
    room.north.ring(emergency=True)
    told = room.all_told()
    assert [e.emergency for e in told if isinstance(e, IndividualRinging)] == [True]
    (alarm,) = [e for e in told if isinstance(e, AlarmRaised)]
    assert (alarm.unit, alarm.talkgroup) == (CAR, PATROL)


# ---- what is recorded


@pytest.mark.parametrize(
    ("pattern", "number", "same"),
    [
        ("+49 30 1234", "0049301234", True),
        ("030/1234", "0301234", True),
        ("+49 30 1234*", "+4930123499", True),
        ("3120", "31201", False),
        ("3120*", "312", False),
        ("3120", "", False),
        ("*", "", False),
    ],
)
def test_numbers_are_compared_as_digits(pattern: str, number: str, same: bool) -> None:
    assert fits(pattern, number) is same
    assert digits_of("+49 (30) 12-34") == "49301234"


def test_a_number_of_the_list_is_never_recorded_whatever_the_rule_says() -> None:
    room = PhoneRoom(never=(LAWYER, STAFF))
    room.north.ring(digits="0049301234567")
    call = rung(room)
    assert (call.recorded, call.why, call.protected) == (False, "lawyer", True)
    assert room.answer(call.call).ok
    room.north.say(radio.TalkStarted(instance=5, talker=None))
    room.hear(NORTH, 10)
    room.north.say(radio.TalkEnded(instance=5))
    assert room.recorder.opened == []
    assert room.recorder.frames == []
    assert [frame for frame in room.voice.drain() if frame.system == PRIVATE_HANDLE]
    room.hang_up(call.call)
    assert room.dial("c-9", unit=OTHER).ok
    (dialled,) = room.told(IndividualDialled)
    assert (dialled.recorded, dialled.why) == (False, "staff council")


def test_a_rule_may_say_that_nothing_is_recorded_or_for_how_long_it_is_kept() -> None:
    rules = (
        IndividualRule(name="canteen", callers=("3120",), recorded=False),
        IndividualRule(name="rest", retention="incident"),
    )
    room = PhoneRoom(rules=rules)
    room.north.ring(caller=3120)
    assert (rung(room).why, rules[0].recorded) == ("rule canteen", False)
    room.north.finish()
    call = connected(room)
    room.north.say(radio.TalkStarted(instance=5, talker=3204))
    (meta,) = room.recorder.opened
    assert (meta.retention, meta.talkgroup, meta.call) == ("incident", call.line, call.call)


# ---- simplex


def test_a_simplex_call_is_pressed_for_like_a_talkgroup_and_both_sides_are_recorded() -> None:
    room = PhoneRoom()
    call = connected(room)
    room.north.say(radio.TalkStarted(instance=5, talker=3204))
    room.hear(NORTH, 10)
    room.north.say(radio.TalkEnded(instance=5))
    room.north.grants = True
    room.press("r-1", "1", call.line)
    assert room.north.acts("individual") == [("individual", 5)]
    room.speak("1", 20)
    room.wait(400, hold=("r-1",))
    room.let_go("r-1")
    room.wait(1_000)
    told = room.all_told()
    started = [e for e in told if isinstance(e, TransmissionStarted)]
    assert [(e.talker, e.position) for e in started] == [(CAR, None), (None, "1")]
    assert {e.call for e in started} == {call.call}
    talkers = [e.talker for e in told if isinstance(e, IndividualTalkerChanged)]
    assert talkers == ["them", "", "us", ""]
    assert [m.transmission for m in room.recorder.opened] == [e.transmission for e in started]
    assert len(room.north.sound) > 15
    assert room.north.keyed is None
    assert [e for e in told if isinstance(e, CallStarted | CallEnded)] == []


def test_our_side_of_a_private_call_is_recorded_and_sent_to_nobody_here() -> None:
    room = PhoneRoom()
    call = connected(room)
    room.north.grants = True
    room.press("r-1", "1", call.line)
    room.speak("1", 20)
    room.wait(400, hold=("r-1",))
    assert room.recorder.frames
    assert room.voice.drain() == []


def test_only_the_position_that_has_the_call_may_talk_in_it() -> None:
    room = PhoneRoom()
    room.north.ring()
    call = rung(room)
    room.press("r-1", "1", call.line)
    assert [e.reason for e in room.told(FloorRefused)] == ["not connected yet"]
    room.answer(call.call, "1")
    room.press("r-2", "2", call.line)
    assert [e.reason for e in room.told(FloorRefused)] == ["the call is at Position 1"]
    room.north.finish()
    room.press("r-3", "1", call.line)
    assert [e.reason for e in room.told(FloorRefused)] == ["the call is over"]
    assert room.north.demanded() == []


def test_a_press_without_renewals_is_cut_in_a_private_call_too() -> None:
    room = PhoneRoom()
    call = connected(room)
    room.north.grants = True
    room.press("r-1", "1", call.line)
    room.wait(360)
    assert room.north.ended("r-1") == ["lease"]
    assert room.told(FloorLost)
    assert room.north.keyed is None


def test_a_radio_in_a_private_call_is_not_keyed_for_a_talkgroup() -> None:
    room = PhoneRoom()
    connected(room)
    room.press("r-1", "2", PATROL)
    (refused,) = room.told(FloorRefused)
    assert (refused.reason, refused.not_sent) == ("radio is in a private call", True)
    assert room.north.demanded() == []


def test_an_emergency_call_of_a_desk_ends_the_private_call_and_then_keys() -> None:
    room = PhoneRoom()
    call = connected(room, duplex=True)
    room.all_told()
    room.north.reports_end = False
    room.press("r-e", "2", PATROL, priority=3)
    assert room.north.demanded() == []
    room.wait(300, hold=("r-e",))
    assert room.north.ended("r-mic") == ["hung_up"]
    room.north.reports_end = True
    room.north.finish()
    assert room.north.demanded() == ["r-e"]
    (ended,) = room.told(IndividualEnded)
    assert (ended.call, ended.outcome) == (call.call, "talked")

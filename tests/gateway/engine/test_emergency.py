"""Emergencies: signs joined, raised anew, marked in mid-call, never forgotten."""

import pytest

from gateway.model import radio
from gateway.model.command import Reply
from gateway.model.commands import AlarmAcknowledge, AlarmEnd, AlarmShow, EmergencyExercise
from gateway.model.events import (
    AlarmAcknowledged,
    AlarmAnswered,
    AlarmEnded,
    AlarmEscalated,
    AlarmLinkChanged,
    AlarmRaised,
    AlarmShown,
    CallStarted,
    CallUpdated,
    TransmissionEnded,
    TransmissionStarted,
    TransmissionUpdated,
)
from gateway.model.ids import AlarmId, PositionId, UnitId, UtcUs
from gateway.model.radio import Capability, EmergencySign, LinkState, SendState
from gateway.model.unit_acts import AcknowledgeAlarm, UnitAct
from gateway.model.voice import VoiceFlag
from tests.gateway.engine.peer import (
    ALL,
    NORTH,
    PATROL,
    SECOND,
    AnsweringRadio,
    Room,
    ScriptedRadio,
)

UNIT = UnitId("net/3204")


def sign(room: Room, kind: EmergencySign = EmergencySign.STATUS, **more: int | None) -> None:
    room.north.say(radio.EmergencySigned(unit=3204, sign=kind, **more))


def acknowledge(room: Room, alarm: AlarmId) -> Reply:
    return room.do(AlarmAcknowledge(alarm=alarm, operator="Operator 1", position=PositionId("1")))


def end(room: Room, alarm: AlarmId, reason: str = "handled") -> Reply:
    return room.do(AlarmEnd(alarm=alarm, operator="Operator 1", reason=reason))


def raised(room: Room) -> AlarmRaised:
    (alarm,) = room.told(AlarmRaised)
    return alarm


def test_three_signs_within_60_s_are_one_alarm() -> None:
    room = Room()
    room.north.say(radio.CallUp(instance=1, group=102, caller=3204, priority=15, emergency=True))
    room.clock.ms += 20_000
    room.north.say(radio.StatusReceived(sender=3204, to=None, value=32768))
    room.clock.ms += 30_000
    room.north.say(
        radio.PositionReceived(sender=3204, latitude_deg=59.0, longitude_deg=18.0, reason=2)
    )
    sign(room)
    alarm = raised(room)
    assert (alarm.unit, alarm.alias, alarm.talkgroup) == (UNIT, "Car 3204", SECOND)
    assert (alarm.sign, alarm.again, alarm.exercise) == ("call_priority", False, False)


def test_the_group_of_a_later_sign_puts_a_guessed_place_right() -> None:
    room = Room()
    sign(room)
    guessed = room.told(AlarmRaised)[-1]
    assert guessed.talkgroup != "net/102"
    room.north.say(radio.CallUp(instance=1, group=102, caller=3204, priority=15, emergency=True))
    sign(room, EmergencySign.CALL_PRIORITY, group=102, instance=1)
    told = room.told(AlarmRaised)[-1]
    assert (told.alarm, told.talkgroup, told.again) == (guessed.alarm, "net/102", False)


def test_a_sign_61_s_later_calls_again_on_the_same_alarm() -> None:
    room = Room()
    sign(room)
    first = raised(room)
    room.clock.ms += 61_000
    sign(room)
    again = raised(room)
    assert (again.alarm, again.again) == (first.alarm, True)


def test_two_units_are_two_alarms() -> None:
    room = Room()
    sign(room)
    room.north.say(radio.EmergencySigned(unit=3120, sign=EmergencySign.STATUS))
    room.north.say(radio.EmergencySigned(unit=None, sign=EmergencySign.CALL_PRIORITY))
    room.north.say(radio.EmergencySigned(unit=None, sign=EmergencySign.CALL_PRIORITY))
    alarms = room.told(AlarmRaised)
    assert [alarm.unit for alarm in alarms] == [UNIT, "net/3120", None]


@pytest.mark.parametrize("wait_ms", [1_000, 600_000])
def test_a_new_sign_after_the_acknowledgement_raises_anew(wait_ms: int) -> None:
    room = Room()
    sign(room)
    first = raised(room)
    assert acknowledge(room, first.alarm).ok
    room.clock.ms += wait_ms
    sign(room)
    again = raised(room)
    assert (again.alarm, again.again) == (first.alarm, True)
    assert end(room, first.alarm).reason == "acknowledge the alarm first"
    room.wait(10_000)
    assert [e.step for e in room.told(AlarmEscalated)] == ["everyone"]


def test_an_emergency_in_mid_call_marks_call_transmission_and_frames() -> None:
    room = Room()
    room.talk(3204)
    room.hear(NORTH, 2)
    room.all_told()
    sign(room, EmergencySign.CALL_PRIORITY, instance=1)
    room.hear(NORTH, 2)
    room.north.say(radio.TalkEnded(instance=1))
    events = room.all_told()
    (call,) = [e for e in events if isinstance(e, CallUpdated)]
    (over,) = [e for e in events if isinstance(e, TransmissionUpdated)]
    (ended,) = [e for e in events if isinstance(e, TransmissionEnded)]
    (alarm,) = [e for e in events if isinstance(e, AlarmRaised)]
    assert call.emergency
    assert over.emergency
    assert ended.emergency
    assert (alarm.call, alarm.talkgroup) == (call.call, PATROL)
    flags = [bool(frame.flags & VoiceFlag.EMERGENCY) for frame in room.voice.drain()]
    assert flags == [False, False, True, True, True, True, True]


def test_an_unknown_unit_that_becomes_known_is_the_same_alarm() -> None:
    room = Room()
    room.north.say(radio.CallUp(instance=1, group=101, emergency=True, priority=15))
    first = raised(room)
    room.clock.ms += 500
    sign(room, EmergencySign.CALL_PRIORITY, group=101, instance=1)
    named = raised(room)
    assert (first.unit, named.unit, named.alarm, named.again) == (None, UNIT, first.alarm, False)


def test_only_the_overs_of_the_unit_in_distress_are_marked() -> None:
    room = Room()
    room.talk(3120)
    sign(room, EmergencySign.CALL_PRIORITY, instance=1)
    room.north.say(radio.TalkStarted(instance=1, talker=3204))
    room.north.say(radio.TalkStarted(instance=1, talker=3120))
    started = room.told(TransmissionStarted)
    assert [e.emergency for e in started] == [False, True, False]


def test_a_status_of_the_talker_marks_its_call() -> None:
    room = Room()
    room.talk(3204, group=102)
    room.north.say(radio.StatusReceived(sender=3204, to=None, value=32768))
    events = room.all_told()
    assert [e.emergency for e in events if isinstance(e, CallUpdated)] == [True]
    assert [e.talkgroup for e in events if isinstance(e, AlarmRaised)] == [SECOND]


def test_a_call_repeated_as_emergency_is_one_sign() -> None:
    room = Room()
    up = radio.CallUp(instance=1, group=101, caller=3204, emergency=True, priority=15)
    room.north.say(up)
    alarm = raised(room)
    acknowledge(room, alarm.alarm)
    room.north.say(up)
    assert room.told(AlarmRaised) == []


def test_a_call_that_turns_into_an_emergency_raises() -> None:
    room = Room()
    room.talk(3204)
    room.north.say(radio.CallUp(instance=1, group=101, caller=3204, emergency=True, priority=15))
    events = room.all_told()
    assert [e.emergency for e in events if isinstance(e, CallStarted | CallUpdated)] == [
        False,
        True,
    ]
    assert len([e for e in events if isinstance(e, AlarmRaised)]) == 1


def test_the_place_of_the_unit_goes_with_the_alarm() -> None:
    room = Room()
    room.north.say(
        radio.PositionReceived(sender=3204, latitude_deg=59.5, longitude_deg=18.5, error_m=20.0)
    )
    sign(room)
    alarm = raised(room)
    assert (alarm.latitude_deg, alarm.longitude_deg, alarm.error_m) == (59.5, 18.5, 20.0)


def test_an_alarm_is_ended_only_after_its_acknowledgement_with_a_known_reason() -> None:
    room = Room()
    sign(room)
    alarm = raised(room).alarm
    assert not end(room, alarm).ok
    assert acknowledge(room, alarm).ok
    assert not acknowledge(room, alarm).ok
    assert not end(room, alarm, "exercise").ok
    for reason in ("", "bored"):
        assert not end(room, alarm, reason).ok
    assert end(room, alarm, "accidental_press").ok
    assert [e.reason for e in room.told(AlarmEnded)] == ["accidental_press"]
    assert not end(room, alarm).ok
    assert not acknowledge(room, alarm).ok
    sign(room)
    assert raised(room).alarm != alarm


def test_the_acknowledgement_has_no_way_to_a_terminal() -> None:
    room = Room()
    sign(room)
    acknowledge(room, raised(room).alarm)
    (done,) = room.told(AlarmAcknowledged)
    assert (done.operator, done.position, done.way) == ("Operator 1", "1", "not_possible")


def test_the_acknowledgement_goes_to_the_radio_where_the_link_can() -> None:
    room = Room(capabilities=ALL | {Capability.EMERGENCY_ACK}, kind=AnsweringRadio)
    sign(room)
    alarm = raised(room).alarm
    acknowledge(room, alarm)
    assert [e.way for e in room.told(AlarmAcknowledged)] == ["sent"]
    assert room.north.wire == [("acknowledge", 3204)]
    sign(room)
    room.down(room.north)
    acknowledge(room, alarm)
    (done,) = room.told(AlarmAcknowledged)
    assert (done.way, done.reason) == ("not_sent", "link lost")


class ReachingRadio(ScriptedRadio):
    """A radio whose link reaches single units."""

    def act(self, act: UnitAct) -> None:
        self.wire.append(("act", act))


def test_an_alarm_message_is_acknowledged_by_an_act_and_its_way_is_told() -> None:
    room = Room(capabilities=ALL | {Capability.EMERGENCY_ACK}, kind=ReachingRadio)
    room.north.say(radio.EmergencySigned(unit=3204, sign=EmergencySign.ALARM, group=101))
    alarm = raised(room)
    assert (alarm.sign, alarm.talkgroup, alarm.alias) == ("alarm", PATROL, "Car 3204")
    acknowledge(room, alarm.alarm)
    assert [e.way for e in room.told(AlarmAcknowledged)] == ["sent"]
    (act,) = [entry[1] for entry in room.north.wire if entry[0] == "act"]
    assert isinstance(act, AcknowledgeAlarm)
    assert act.unit == 3204
    for state in (SendState.SENT, SendState.DELIVERED, SendState.FAILED):
        room.north.say(radio.SendProgress(message=act.message, state=state))
    assert [(e.alarm, e.way) for e in room.told(AlarmAnswered)] == [(alarm.alarm, "confirmed")]


def test_an_acknowledgement_that_did_not_get_there_is_told() -> None:
    room = Room(capabilities=ALL | {Capability.EMERGENCY_ACK}, kind=ReachingRadio)
    sign(room)
    acknowledge(room, raised(room).alarm)
    (act,) = [entry[1] for entry in room.north.wire if entry[0] == "act"]
    room.north.say(
        radio.SendProgress(message=act.message, state=SendState.FAILED, reason="site busy")
    )
    assert [(e.way, e.reason) for e in room.told(AlarmAnswered)] == [("not_sent", "site busy")]


def test_only_a_listening_position_has_shown_an_alarm() -> None:
    room = Room()
    sign(room)
    alarm = raised(room).alarm
    deaf = room.do(AlarmShow(alarm=alarm, position=PositionId("9")))
    assert deaf.reason == "no sound at this desk"
    for _ in range(2):
        assert room.do(AlarmShow(alarm=alarm, position=PositionId("2"))).ok
    assert [e.position for e in room.told(AlarmShown)] == ["2"]
    assert not room.do(AlarmShow(alarm=AlarmId("a-x"), position=PositionId("2"))).ok


def test_the_alarm_stays_when_its_link_dies() -> None:
    room = Room()
    sign(room)
    alarm = raised(room).alarm
    heard = room.clock.utc_us()
    room.clock.ms += 14_000
    room.down(room.north)
    room.north.say(radio.LinkChanged(state=LinkState.STARTING))
    room.north.up(101)
    changes = room.told(AlarmLinkChanged)
    assert [(e.alarm, e.lost) for e in changes] == [(alarm, True), (alarm, False)]
    assert changes[0].last_heard_utc == heard
    assert acknowledge(room, alarm).ok


@pytest.mark.parametrize(("supervisor", "step"), [(True, "supervisor"), (False, "everyone")])
def test_an_alarm_nobody_acknowledges_escalates(supervisor: bool, step: str) -> None:
    room = Room()
    room.engine.set_listening({PositionId("1")}, supervisor=supervisor)
    sign(room)
    room.all_told()
    room.wait(9_990)
    assert room.told(AlarmEscalated) == []
    room.wait(10)
    assert [e.step for e in room.told(AlarmEscalated)] == [step]
    room.wait(19_990)
    assert room.told(AlarmEscalated) == []
    room.wait(10)
    assert [e.step for e in room.told(AlarmEscalated)] == ["sounder"]
    room.wait(60_000)
    assert room.told(AlarmEscalated) == []


def test_an_acknowledged_alarm_does_not_escalate() -> None:
    room = Room()
    sign(room)
    acknowledge(room, raised(room).alarm)
    room.wait(31_000)
    assert room.told(AlarmEscalated) == []


def test_with_nobody_listening_the_sounder_is_next() -> None:
    room = Room()
    room.engine.set_listening(())
    sign(room)
    assert [e.step for e in room.told(AlarmEscalated)] == ["sounder"]


def test_when_the_last_listener_leaves_the_sounder_is_next() -> None:
    room = Room()
    sign(room)
    room.all_told()
    room.engine.set_listening(())
    room.engine.set_listening(())
    assert [e.step for e in room.told(AlarmEscalated)] == ["sounder"]


def test_exercise_is_a_mark_set_beforehand_and_ends_by_time() -> None:
    room = Room()
    until = UtcUs(room.clock.utc_us() + 60_000_000)
    mark = EmergencyExercise(unit=UNIT, until_utc=until, operator="Operator 1")
    assert room.do(mark).ok
    sign(room)
    alarm = raised(room)
    assert alarm.exercise
    acknowledge(room, alarm.alarm)
    end(room, alarm.alarm)
    room.clock.ms += 61_000
    sign(room)
    assert not raised(room).exercise
    assert not room.do(mark).ok


def test_an_open_alarm_of_before_a_restart_is_known() -> None:
    before = Room()
    sign(before)
    event = raised(before)
    room = Room()
    room.engine.restore_alarm(event, acknowledged=False)
    sign(room)
    assert room.told(AlarmRaised) == []
    room.wait(10_000)
    assert [(e.alarm, e.step) for e in room.told(AlarmEscalated)] == [(event.alarm, "everyone")]
    assert acknowledge(room, event.alarm).ok
    assert end(room, event.alarm).ok

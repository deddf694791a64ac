"""Private calls with an open microphone, direct set-up, calls from the desk, and their ends."""

from gateway.model import radio
from gateway.model.commands import FloorRelease, PositionLeft
from gateway.model.events import (
    CallStarted,
    FloorGranted,
    FloorLost,
    FloorRefused,
    FloorReleased,
    TransmissionEnded,
    TransmissionStarted,
)
from gateway.model.ids import PositionId, RequestId, TalkgroupId, split_address
from gateway.model.individual import IndividualProgressed, Progress
from gateway.model.individual_events import (
    IndividualConnected,
    IndividualDialled,
    IndividualEnded,
    IndividualRinging,
)
from gateway.model.individual_events import IndividualProgressed as Progressed
from gateway.model.private_line import PRIVATE_HANDLE
from gateway.model.radio import LinkState
from gateway.model.voice import VoiceFlag
from tests.gateway.engine.peer import NORTH, PATROL
from tests.gateway.engine.private_peer import CAR, PhoneRoom


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


# ---- duplex


def test_a_duplex_call_is_answered_with_the_microphone_and_both_sides_run_at_once() -> None:
    room = PhoneRoom()
    room.north.ring(duplex=True)
    call = rung(room)
    assert room.answer(call.call).reason == "a duplex call needs the desk's microphone"
    assert room.answer(call.call, microphone="r-mic").ok
    assert room.north.acts("answer") == []
    room.open_mic(call.line)
    assert room.north.acts("answer") == [("answer", 5, "r-mic")]
    told = room.all_told()
    (granted,) = [e for e in told if isinstance(e, FloorGranted)]
    started = [e for e in told if isinstance(e, TransmissionStarted)]
    assert [(e.talker, e.position) for e in started] == [(CAR, None), (None, "1")]
    assert granted.transmission == started[1].transmission
    for _ in range(20):
        room.hear(NORTH, 1)
        room.speak("1", 1)
        room.wait(10, hold=("r-mic",))
    heard = [m.transmission for m in room.recorder.opened]
    per_side = {t: sum(1 for other, _, _ in room.recorder.frames if other == t) for t in heard}
    assert len(per_side) == 2
    assert min(per_side.values()) >= 15
    assert len(room.north.sound) >= 15
    fanned_out = {frame.transmission for frame in room.voice.drain()}
    assert len(fanned_out) == 1  # theirs; ours goes to the radio and the recorder alone


def test_an_open_microphone_has_no_limit_but_its_lease() -> None:
    room = PhoneRoom()
    call = connected(room, duplex=True)
    room.wait(70_000, hold=("r-mic",))
    assert room.told(IndividualEnded) == []
    room.wait(360)
    assert room.north.ended("r-mic") == ["lease"]
    (ended,) = room.told(IndividualEnded)
    assert (ended.call, ended.outcome) == (call.call, "talked")
    assert ended.cause == "no sign of the desk"
    assert room.north.keyed is None
    assert len(room.recorder.closed) == 2


def test_the_other_side_hangs_up_and_the_microphone_is_closed_without_an_alarm() -> None:
    room = PhoneRoom()
    connected(room, duplex=True)
    room.all_told()
    room.north.finish("user request")
    told = room.all_told()
    assert [e for e in told if isinstance(e, FloorLost)] == []
    assert [e.cause for e in told if isinstance(e, FloorReleased)] == ["hung_up"]
    assert [e.cause for e in told if isinstance(e, IndividualEnded)] == ["user request"]
    assert len([e for e in told if isinstance(e, TransmissionEnded)]) == 2


def test_hanging_up_closes_the_microphone_at_once_even_if_the_radio_says_nothing() -> None:
    room = PhoneRoom()
    call = connected(room, duplex=True)
    room.north.reports_end = False
    assert room.hang_up(call.call).ok
    assert room.north.keyed is None
    assert room.told(IndividualEnded) == []
    room.wait(2_010)
    (ended,) = room.told(IndividualEnded)
    assert ended.cause == "ended at Position 1"


def test_a_released_microphone_ends_the_call() -> None:
    room = PhoneRoom()
    connected(room, duplex=True)
    room.do(FloorRelease(request=RequestId("r-mic"), normal=True))
    room.wait(1_000)
    assert room.north.ended("r-mic") == ["released"]
    assert [e.outcome for e in room.told(IndividualEnded)] == ["talked"]


def test_an_answer_whose_microphone_never_comes_is_hung_up() -> None:
    room = PhoneRoom()
    room.north.ring(duplex=True)
    call = rung(room)
    room.answer(call.call, microphone="r-mic")
    room.wait(3_010)
    assert room.north.acts("answer") == []
    assert room.north.acts("hang_up") == [("hang_up", 5)]
    (ended,) = room.told(IndividualEnded)
    assert ended.cause == "no microphone at the desk"


def test_nobody_elses_press_opens_the_microphone() -> None:
    room = PhoneRoom()
    room.north.ring(duplex=True)
    call = rung(room)
    room.answer(call.call, microphone="r-mic")
    room.press("r-other", "2", call.line, source="latch")
    room.press("r-third", "1", call.line, source="latch")
    assert [e.reason for e in room.told(FloorRefused)] == [
        "the call is at Position 1",
        "the microphone is open",
    ]
    assert room.north.acts("answer") == []


# ---- direct set-up


def test_a_direct_call_is_up_and_recorded_before_a_desk_picks_it_up() -> None:
    room = PhoneRoom()
    room.north.ring(direct=True)
    call = rung(room)
    assert call.direct
    room.north.say(radio.TalkStarted(instance=5, talker=3204))
    room.hear(NORTH, 5)
    assert [m.call for m in room.recorder.opened] == [call.call]
    assert room.answer(call.call, "2").ok
    assert room.north.acts("answer") == []
    assert len(room.told(IndividualConnected)) == 1


def test_a_direct_call_declined_everywhere_is_hung_up() -> None:
    room = PhoneRoom()
    room.north.ring(direct=True)
    call = rung(room)
    room.decline(call.call, "1")
    room.decline(call.call, "2")
    assert room.north.acts("hang_up") == [("hang_up", 5)]


# ---- dialling


def test_a_simplex_call_to_a_unit_with_its_progress() -> None:
    room = PhoneRoom()
    room.north.connects = False
    assert room.dial().ok
    (dialled,) = room.told(IndividualDialled)
    assert (dialled.called, dialled.alias, dialled.position) == (CAR, "Car 3204", "1")
    for progress in Progress:
        room.north.say(IndividualProgressed(call=dialled.call, progress=progress, instance=9))
    room.north.connect(9)
    told = room.all_told()
    words = [e.progress for e in told if isinstance(e, Progressed)]
    assert words == ["dialling", "queued", "ringing"]
    assert [e.call for e in told if isinstance(e, IndividualConnected)] == ["c-1"]
    room.hang_up("c-1")
    assert room.north.acts("hang_up") == [("hang_up", "c-1")]
    assert [e.outcome for e in room.told(IndividualEnded)] == ["talked"]


def test_a_telephone_call_is_dialled_when_the_microphone_is_there() -> None:
    room = PhoneRoom()
    assert room.dial(digits="+49 (30) 123-4", microphone="r-mic").ok
    (dialled,) = room.told(IndividualDialled)
    assert (dialled.digits, dialled.called) == ("+49301234", None)
    assert room.north.acts("dial") == []
    room.open_mic(dialled.line)
    assert room.north.acts("dial") == [("dial", "+49301234", True)]
    told = room.all_told()
    assert len([e for e in told if isinstance(e, IndividualConnected)]) == 1
    heard = [e for e in told if isinstance(e, TransmissionStarted)]
    assert [(e.alias, e.position) for e in heard] == [("+49301234", None), ("", "1")]


def test_a_call_that_is_not_reached_says_why() -> None:
    room = PhoneRoom()
    room.north.connects = False
    room.dial(microphone="r-mic")
    (dialled,) = room.told(IndividualDialled)
    room.open_mic(dialled.line)
    room.north.finish("called party busy")
    told = room.all_told()
    (ended,) = [e for e in told if isinstance(e, IndividualEnded)]
    assert (ended.outcome, ended.cause, ended.talked_ms) == ("not_reached", "called party busy", 0)
    assert [e for e in told if isinstance(e, FloorLost)] == []


def test_a_dialled_call_whose_microphone_never_comes_never_reaches_the_radio() -> None:
    room = PhoneRoom()
    room.dial(microphone="r-mic")
    room.wait(3_010)
    assert room.north.acts("dial") == room.north.acts("hang_up") == []
    assert [e.cause for e in room.told(IndividualEnded)] == ["no microphone at the desk"]


def test_the_radio_for_a_call_is_up_free_and_able() -> None:
    room = PhoneRoom()
    room.talk()
    assert room.dial().ok  # north receives PATROL 1: south calls
    assert room.south.acts("dial")
    busy = room.dial("c-2", position="2")
    assert busy.reason == "radio is receiving PATROL 1"
    room.north.say(radio.CallDown(instance=1))
    room.down(room.north)
    assert room.dial("c-3", position="2", link=NORTH).reason == "link lost"
    assert room.dial("c-4", position="2").ok is False
    assert room.dial("c-5", position="1").reason == "this position is in a call with Car 3204"
    assert room.dial("c-6", position="3", digits="1" * 26).reason == "a number has 1 to 25 digits"
    assert room.dial("c-7", position="3", digits="+").reason == "a number has 1 to 25 digits"


# ---- ends


def test_a_lost_link_and_a_left_position_end_their_calls() -> None:
    room = PhoneRoom()
    connected(room, duplex=True)
    room.down(room.north)
    (ended,) = room.told(IndividualEnded)
    assert ended.cause == "link lost"
    room.north.up(101)
    connected(room)
    room.do(PositionLeft(position=PositionId("1")))
    (ended,) = room.told(IndividualEnded)
    assert ended.cause == "position was left"
    assert room.north.acts("hang_up")


async def test_a_server_that_stops_hangs_up_and_closes_what_was_recorded() -> None:
    room = PhoneRoom()
    connected(room, duplex=True)
    await room.engine.close()
    assert room.north.keyed is None
    (ended,) = room.told(IndividualEnded)
    assert ended.interrupted or ended.outcome == "talked"
    assert len(room.recorder.closed) == 2


def test_another_call_on_the_same_instance_ends_the_old_one() -> None:
    room = PhoneRoom()
    connected(room)
    room.north.say(radio.CallUp(instance=5, group=101, caller=3204))
    told = room.all_told()
    assert [e.cause for e in told if isinstance(e, IndividualEnded)] == ["replaced by another call"]
    assert [e.talkgroup for e in told if isinstance(e, CallStarted)] == [PATROL]


def test_frames_carry_the_line_and_no_talkgroup() -> None:
    room = PhoneRoom()
    call = connected(room)
    room.north.say(radio.TalkStarted(instance=5, talker=3204))
    room.hear(NORTH, 5)
    room.north.say(radio.TalkEnded(instance=5))
    frames = room.voice.drain()
    assert {(f.system, f.talkgroup) for f in frames} == {
        (PRIVATE_HANDLE, split_address(call.line)[1])
    }
    assert frames[0].flags & VoiceFlag.START
    assert frames[-1].flags & VoiceFlag.END
    assert TalkgroupId(call.line) != PATROL


def test_a_radio_that_is_not_registered_takes_no_call_away() -> None:
    room = PhoneRoom()
    room.north.ring()
    room.north.say(radio.LinkChanged(state=LinkState.UNREGISTERED))
    told = room.all_told()
    assert [e.cause for e in told if isinstance(e, IndividualEnded)] == ["link lost"]

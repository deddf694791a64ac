"""Who may talk: leases, order, priority and refusals."""

import pytest

from gateway.engine.floor_report import REASONS
from gateway.engine.presses import MOVES, Press, PressState
from gateway.model import radio
from gateway.model.commands import FloorRenew, LinkSelect, PositionLeft
from gateway.model.errors import InvalidCommand
from gateway.model.events import (
    FloorEnding,
    FloorGranted,
    FloorLost,
    FloorQueued,
    FloorRefused,
    FloorReleased,
    FloorRequested,
    FloorUnheard,
    TransmissionEnded,
    TransmissionStarted,
)
from gateway.model.ids import MonoMs, PositionId, RequestId, TalkgroupId
from tests.gateway.engine.peer import DRILL, FIRE, PATROL, SECOND, Room, on_air


def test_a_press_is_demanded_granted_and_released() -> None:
    room = Room()
    assert room.press("r-1").ok
    assert room.north.wire == [("demand", "r-1", 101, 0)]
    assert isinstance(room.all_told()[0], FloorRequested)
    room.wait(300, hold=("r-1",))
    room.north.grant("r-1")
    events = room.all_told()
    started = next(e for e in events if isinstance(e, TransmissionStarted))
    granted = next(e for e in events if isinstance(e, FloorGranted))
    assert (started.position, started.operator, started.talker) == ("1", "Operator 1", None)
    assert granted.transmission == started.transmission
    assert granted.wait_ms == 300
    room.wait(500, hold=("r-1",))
    room.let_go("r-1")
    room.wait(30)
    assert room.north.ended("r-1") == ["released"]
    events = room.all_told()
    kinds = [type(e) for e in events if not isinstance(e, TransmissionEnded)]
    assert kinds == [FloorEnding, FloorReleased]
    released = events[-1]
    assert isinstance(released, FloorReleased)
    assert (released.cause, released.grant_ms, released.on_air_ms) == ("release", 300, 500)
    assert room.engine.deadline() is not None  # the call is up: its end may be missed
    assert not room.do(FloorRenew(request=RequestId("r-1"))).ok


def test_the_lease_ends_a_press_on_air_350_ms_after_the_last_renewal() -> None:
    room = Room()
    on_air(room)
    room.wait(340)
    assert room.north.ended("r-1") == []
    room.wait(10)
    assert room.north.ended("r-1") == ["lease"]
    lost = room.told(FloorLost)
    assert [(e.cause, e.reason, e.on_air_ms) for e in lost] == [
        ("lease", "no sign of the desk", 350)
    ]


def test_the_lease_ends_a_press_that_was_not_granted() -> None:
    room = Room()
    room.press("r-1")
    room.speak("1", 10)
    room.all_told()
    room.wait(350)
    assert room.north.ended("r-1") == ["withdrawn"]
    released = room.told(FloorReleased)
    assert [(e.cause, e.grant_ms, e.on_air_ms) for e in released] == [("lease", None, 0)]
    assert released[0].discarded_ms >= 190
    assert room.north.sound == []


@pytest.mark.parametrize(
    "cause", ["socket", "blur", "hidden", "mic_lost", "device_lost", "revoked"]
)
def test_each_cause_of_a_desk_unkeys_at_once(cause: str) -> None:
    room = Room()
    on_air(room)
    room.speak("1", 20)
    room.let_go("r-1", cause)
    assert room.north.ended("r-1") == [cause]
    events = room.all_told()
    lost = next(e for e in events if isinstance(e, FloorLost))
    ended = next(e for e in events if isinstance(e, TransmissionEnded))
    assert (lost.cause, lost.reason, ended.cause) == (cause, REASONS[cause], "cut")
    sent = len(room.north.sound)
    room.wait(200)
    assert len(room.north.sound) == sent


@pytest.mark.parametrize("state", [PressState.HELD, PressState.DEMANDED, PressState.QUEUED])
def test_an_abort_before_the_grant_withdraws(state: PressState) -> None:
    room = Room()
    room.press("r-1", source="button" if state is PressState.HELD else "key")
    if state is PressState.QUEUED:
        room.north.say(radio.TxQueued(demand=RequestId("r-1")))
    room.let_go("r-1", "socket")
    assert room.north.ended("r-1") == ([] if state is PressState.HELD else ["withdrawn"])
    assert [e.cause for e in room.told(FloorReleased)] == ["socket"]


def test_a_position_that_leaves_is_unkeyed() -> None:
    room = Room()
    on_air(room)
    room.do(PositionLeft(position=PositionId("1")))
    assert room.north.ended("r-1") == ["position_left"]


def test_a_short_press_of_a_pad_sends_nothing() -> None:
    room = Room()
    room.press("r-1", source="button")
    room.wait(140)
    room.let_go("r-1")
    room.wait(300)
    assert room.north.wire == []
    assert [e.cause for e in room.told(FloorReleased)] == ["release"]


def test_a_pad_held_for_150_ms_is_demanded() -> None:
    room = Room()
    room.press("r-1", source="button")
    room.wait(140)
    assert room.north.wire == []
    room.wait(10)
    assert room.north.demanded() == ["r-1"]


def test_the_transmit_limit_of_the_talkgroup_cuts() -> None:
    room = Room()
    on_air(room)
    room.wait(9_990, hold=("r-1",))
    assert room.north.keyed == "r-1"
    room.wait(10)
    events = room.all_told()
    lost = next(e for e in events if isinstance(e, FloorLost))
    assert (lost.cause, lost.reason, lost.on_air_ms) == ("limit", "limit", 10_000)
    assert [e.cause for e in events if isinstance(e, TransmissionEnded)] == ["limit"]
    assert room.north.keyed is None


def test_a_press_that_was_cut_never_resumes() -> None:
    room = Room()
    on_air(room)
    room.wait(350)
    assert not room.do(FloorRenew(request=RequestId("r-1"))).ok
    room.wait(2000)
    assert room.north.demanded() == ["r-1"]
    assert room.press("r-1").ok  # a new press may have any name
    assert room.north.demanded() == ["r-1", "r-1"]


def test_a_second_presser_hears_who_is_talking() -> None:
    room = Room()
    on_air(room, position="5")
    reply = room.press("r-2", "1")
    assert (reply.ok, reply.reason) == (True, "Position 5 is talking")  # the event refuses
    refused = room.told(FloorRefused)
    assert [(e.reason, e.not_sent) for e in refused] == [("Position 5 is talking", False)]


def test_requests_of_several_positions_go_in_order_and_by_priority() -> None:
    room = Room()
    room.press("r-1", "1")
    room.press("r-2", "2")
    room.press("r-3", "3")
    room.north.say(radio.TxRefused(demand=RequestId("r-1"), reason="busy"))
    events = room.all_told()
    assert [e.position for e in events if isinstance(e, FloorQueued)] == ["2", "3"]
    assert [(e.position, e.reason) for e in events if isinstance(e, FloorRefused)] == [
        ("1", "busy")
    ]
    assert room.north.demanded() == ["r-1", "r-2"]
    room.let_go("r-2")
    assert room.north.demanded() == ["r-1", "r-2", "r-3"]


def test_a_higher_priority_waits_in_front() -> None:
    room = Room()
    room.press("r-1", "1", priority=1)
    room.press("r-2", "2", priority=0)
    room.press("r-3", "3", priority=1)
    room.let_go("r-1")
    assert room.north.demanded() == ["r-1", "r-3"]


def test_a_higher_priority_preempts_a_colleague_on_air() -> None:
    room = Room()
    room.north.ends = False
    on_air(room)
    assert room.press("r-2", "2", priority=2).ok
    assert room.north.ended("r-1") == ["preempted"]
    assert room.north.demanded() == ["r-1"]  # not before the radio is un-keyed
    lost = room.told(FloorLost)
    assert [(e.cause, e.reason) for e in lost] == [("preempted", "Position 2, Operator 2")]
    room.north.say(radio.TxEnded(demand=RequestId("r-1"), cause="preempted"))
    assert room.north.demanded() == ["r-1", "r-2"]


def test_a_higher_priority_takes_the_place_of_a_waiting_demand_which_waits_on() -> None:
    room = Room()
    room.press("r-1", "1")
    room.press("r-2", "2", priority=3)
    assert room.north.wire[1:] == [("end", "r-1", "withdrawn"), ("demand", "r-2", 101, 3)]
    room.let_go("r-2")
    assert room.north.demanded() == ["r-1", "r-2", "r-1"]
    room.north.grant("r-1")
    assert len(room.told(FloorGranted)) == 1


def test_a_radio_that_does_not_report_the_unkey_is_free_after_a_second() -> None:
    room = Room()
    room.north.ends = False
    on_air(room)
    room.let_go("r-1", "blur")
    room.press("r-2", "2")
    room.wait(990, hold=("r-2",))
    assert room.north.demanded() == ["r-1"]
    room.wait(10)
    assert room.north.demanded() == ["r-1", "r-2"]


def test_a_grant_after_the_press_is_over_is_unkeyed() -> None:
    room = Room()
    room.press("r-1")
    room.let_go("r-1")
    room.all_told()
    room.north.grant("r-1")
    assert room.north.ended("r-1") == ["withdrawn", "withdrawn"]
    assert room.all_told() == []
    assert room.north.keyed is None


def test_a_queued_press_opens_no_sound_and_may_be_granted() -> None:
    room = Room()
    room.press("r-1")
    room.north.say(radio.TxQueued(demand=RequestId("r-1"), place=2))
    room.speak("1", 5)
    room.wait(200, hold=("r-1",))
    assert [e.place for e in room.told(FloorQueued)] == [2]
    assert room.north.sound == []
    room.north.grant("r-1")
    assert len(room.told(FloorGranted)) == 1
    assert room.north.sound != []


def test_a_refusal_discards_and_counts_the_sound() -> None:
    room = Room()
    room.press("r-1")
    room.speak("1", 10)
    room.north.say(radio.TxRefused(demand=RequestId("r-1")))
    refused = room.told(FloorRefused)
    assert [(e.reason, e.not_sent) for e in refused] == [("", False)]
    assert 190 <= refused[0].discarded_ms <= 200
    assert room.recorder.opened == []
    assert room.north.sound == []


def test_a_lost_link_cuts_and_refuses() -> None:
    room = Room()
    on_air(room)
    room.press("r-9", "9", FIRE)
    room.all_told()
    room.down(room.north)
    events = room.all_told()
    lost = [e for e in events if isinstance(e, FloorLost)]
    assert [(e.request, e.cause, e.reason) for e in lost] == [("r-1", "link_lost", "link lost")]
    assert [e.cause for e in events if isinstance(e, TransmissionEnded)] == ["lost"]
    reply = room.press("r-2")
    assert reply.reason == "link lost"
    assert [e.not_sent for e in room.told(FloorRefused)] == [True]


def test_a_demand_the_radio_gives_up_is_not_sent() -> None:
    room = Room()
    room.press("r-1")
    event = radio.TxEnded(demand=RequestId("r-1"), cause="failed", reason="no answer")
    room.north.say(event)
    refused = room.told(FloorRefused)
    assert [(e.reason, e.not_sent) for e in refused] == [("no answer", True)]


def test_the_network_takes_the_channel() -> None:
    room = Room()
    on_air(room)
    room.north.keyed = None
    room.north.say(radio.TxEnded(demand=RequestId("r-1"), cause="preempted"))
    lost = room.told(FloorLost)
    assert [(e.cause, e.reason) for e in lost] == [("preempted", "the network")]


def test_another_talker_on_our_call_takes_the_channel_by_name() -> None:
    room = Room()
    on_air(room)
    room.north.say(radio.TalkStarted(instance=1, talker=3204))
    events = room.all_told()
    assert [e.reason for e in events if isinstance(e, FloorLost)] == ["Car 3204"]
    assert [e.alias for e in events if isinstance(e, TransmissionStarted)] == ["Car 3204"]


def test_our_own_number_as_talker_is_ourselves() -> None:
    room = Room()
    on_air(room)
    room.north.say(radio.TalkStarted(instance=1, talker=9001))
    assert room.all_told() == []


def test_a_call_that_goes_down_under_us_cuts() -> None:
    room = Room()
    on_air(room)
    room.north.say(radio.CallDown(instance=1, code=13, cause="timer expired"))
    lost = room.told(FloorLost)
    assert [(e.cause, e.reason) for e in lost] == [("call_ended", "timer expired")]


def test_one_position_has_one_hot_microphone() -> None:
    room = Room()
    on_air(room)
    assert room.press("r-2", "1", FIRE).reason == "this position transmits already"


def test_a_position_may_press_again_while_its_end_is_still_sent() -> None:
    room = Room()
    on_air(room)
    room.speak("1", 25)
    room.let_go("r-1")
    assert room.press("r-2").ok
    assert room.north.demanded() == ["r-1"]
    room.wait(1200, hold=("r-2",))
    assert room.north.ended("r-1") == ["released"]
    assert room.north.demanded() == ["r-1", "r-2"]


def test_a_release_is_bounded_in_time() -> None:
    room = Room()
    on_air(room)
    room.speak("1", 3)
    room.let_go("r-1")
    for _ in range(200):
        room.speak("1", 1)
        room.wait(10)
    assert room.north.ended("r-1") != []


def test_a_talkgroup_without_radio_is_refused_in_words() -> None:
    room = Room()
    assert room.press("r-1", talkgroup=TalkgroupId("net/5")).reason == "no radio carries net/5"
    assert [e.not_sent for e in room.told(FloorRefused)] == [True]


def test_selecting_retunes_only_a_radio_that_nobody_uses() -> None:
    room = Room()

    def select(position: str, talkgroup: TalkgroupId) -> str:
        reply = room.do(LinkSelect(position=PositionId(position), talkgroup=talkgroup))
        assert reply.ok is (reply.reason == "")
        return reply.reason

    assert select("1", PATROL) == ""
    assert room.north.wire == []  # it is there already
    assert select("2", SECOND) == "radio is on PATROL 1, Position 1 uses it"
    assert select("1", FIRE) == ""
    assert select("2", SECOND) == ""
    assert room.north.wire == [("select", 102)]
    room.talk(group=102)
    assert select("2", PATROL) == "radio is on PATROL 2, a call is up"
    room.north.say(radio.CallDown(instance=1))
    room.do(PositionLeft(position=PositionId("2")))
    assert select("3", PATROL) == ""
    room.down(room.north)
    assert select("3", SECOND) == "link lost"
    assert select("3", DRILL) == "radio is on FIRE 1, Position 1 uses it"
    assert select("3", TalkgroupId("net/5")) == "no radio carries net/5"


def test_the_same_request_twice_is_one_press() -> None:
    room = Room()
    assert room.press("r-1").ok
    assert room.press("r-1").ok
    assert room.north.demanded() == ["r-1"]


def test_a_press_follows_its_table() -> None:
    press = Press(
        request=RequestId("r-1"),
        position=PositionId("1"),
        operator="",
        talkgroup=PATROL,
        number=101,
        link=Room().north.id,
        priority=0,
        source="key",
        order=1,
        pressed_ms=MonoMs(0),
        renewed_ms=MonoMs(0),
    )
    assert MOVES[PressState.OVER] == frozenset()
    assert all(PressState.OVER in nexts for state, nexts in MOVES.items() if nexts)
    with pytest.raises(InvalidCommand, match="held to on_air"):
        press.move(PressState.ON_AIR)


async def test_closing_unkeys_everything() -> None:
    room = Room()
    on_air(room)
    await room.engine.close()
    await room.engine.close()
    assert room.north.ended("r-1") == ["server"]
    assert [e.cause for e in room.told(TransmissionEnded)] == ["interrupted"]


def test_a_fault_in_one_press_keeps_no_other_radio_keyed() -> None:
    room = Room()
    room.press("r-1")
    room.press("r-2", position="2", talkgroup=FIRE)

    def broken(demand: RequestId, cause: str = "released") -> None:
        raise OSError(f"{demand}: {cause}")

    setattr(room.north, "end", broken)  # noqa: B010  # a method is replaced
    with pytest.raises(ExceptionGroup):
        room.wait(400)
    assert room.south.ended("r-2") != []


def test_a_microphone_that_gives_nothing_on_air_is_told_once_and_taken_back() -> None:
    room = Room()
    on_air(room)
    room.speak("1", 3)
    room.wait(900, hold=("r-1",))
    assert room.told(FloorUnheard) == []
    room.wait(1_500, hold=("r-1",))
    assert [e.silent for e in room.told(FloorUnheard)] == [True]
    room.speak("1", 1)
    assert [e.silent for e in room.told(FloorUnheard)] == [False]
    room.let_go("r-1")
    room.wait(2_000)
    assert room.told(FloorUnheard) == []

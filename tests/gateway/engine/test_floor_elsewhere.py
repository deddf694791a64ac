"""Never on another group: before the press, between press and grant, on air, in a scanned call."""

from gateway.model import radio
from gateway.model.commands import LinkSelect
from gateway.model.events import (
    FloorGranted,
    FloorLost,
    FloorRefused,
    TransmissionEnded,
)
from gateway.model.ids import PositionId, RequestId
from gateway.model.radio import Capability
from tests.gateway.engine.peer import ALL, SECOND, Room, on_air


def test_a_radio_on_another_group_is_named() -> None:
    room = Room()
    room.press("r-1")
    event = radio.TxNotSent(demand=RequestId("r-1"), reason="group", radio_group=102)
    room.north.say(event)
    refused = room.told(FloorRefused)
    assert [(e.reason, e.not_sent) for e in refused] == [("radio is on PATROL 2", True)]


def test_a_group_turned_before_the_grant_withdraws() -> None:
    room = Room()
    room.press("r-1")
    room.north.say(radio.GroupChanged(number=102))
    assert room.north.ended("r-1") == ["withdrawn"]
    refused = room.told(FloorRefused)
    assert [(e.reason, e.not_sent) for e in refused] == [("radio is on PATROL 2", True)]
    room.north.grant("r-1")
    assert room.north.keyed is None


def test_a_group_turned_on_air_cuts() -> None:
    room = Room()
    on_air(room)
    room.north.say(radio.GroupChanged(number=777))
    events = room.all_told()
    lost = next(e for e in events if isinstance(e, FloorLost))
    assert (lost.cause, lost.reason) == ("moved", "radio is on group 777")
    assert [e.cause for e in events if isinstance(e, TransmissionEnded)] == ["moved"]
    assert room.north.ended("r-1") == ["moved"]


def test_a_grant_in_a_call_of_another_group_is_never_used() -> None:
    room = Room()
    room.press("r-1")
    room.north.say(radio.CallUp(instance=1, group=102, caller=3204))
    room.north.grant("r-1", instance=1)
    assert room.north.ended("r-1") == ["withdrawn"]
    assert [e.reason for e in room.told(FloorRefused)] == ["radio is on PATROL 2"]
    assert room.north.sound == []


def test_a_colleague_on_another_group_of_the_radio_blocks_with_its_name() -> None:
    room = Room()
    on_air(room)
    reply = room.press("r-2", "2", SECOND, priority=3)
    assert reply.reason == "radio is on PATROL 1"
    assert room.north.keyed == "r-1"


def test_a_scanned_call_that_is_up_may_be_answered() -> None:
    room = Room()
    room.talk(group=102, instance=4)
    assert room.press("r-1", talkgroup=SECOND).ok
    room.north.grant("r-1", instance=4)
    assert len(room.told(FloorGranted)) == 1
    room.north.say(radio.GroupChanged(number=101))  # told again, unchanged
    assert room.north.keyed == "r-1"


def test_a_move_told_by_the_radio_alone_has_the_name_of_the_other_group() -> None:
    room = Room()
    on_air(room)
    room.talk(3204, group=102, instance=2)
    room.all_told()
    room.north.keyed = None
    event = radio.TxEnded(demand=RequestId("r-1"), cause="moved", reason="radio is on 102")
    room.north.say(event)
    lost = room.told(FloorLost)
    assert [(e.cause, e.reason) for e in lost] == [("moved", "radio is on PATROL 2")]


def test_a_link_that_is_on_no_group_needs_no_turning() -> None:
    room = Room(capabilities=ALL - {Capability.SELECT_GROUP})
    select = LinkSelect(position=PositionId("1"), talkgroup=SECOND)
    assert room.do(select).reason == "this radio's group cannot be changed from here"
    room.north.say(radio.GroupChanged(number=None))
    assert room.do(select).ok

"""A link that carries many calls at once: each has its sound, each talkgroup its floor."""

import pytest

from gateway.model import radio
from gateway.model.events import FloorGranted, FloorLost, TransmissionStarted
from gateway.model.radio import LinkInfo
from tests.gateway.engine.peer import ALL, NORTH, PATROL, SECOND, Room, ScriptedRadio

LOUD, SOFT = b"\x00\x20\x00\xe0", b"\x00\x04\x00\xfc"


class NetworkPeer(ScriptedRadio):
    """A peer of a network: every group has a call of its own, numbered by the group."""

    @property
    def info(self) -> LinkInfo:
        return LinkInfo(technology="p25", capabilities=ALL, many_calls=True)

    @info.setter
    def info(self, value: LinkInfo) -> None:
        """Stay what it is."""

    def demand(self, demand: radio.KeyDemand) -> None:
        super().demand(demand)
        self.say(radio.TxGranted(demand=demand.demand, instance=demand.group))


@pytest.fixture
def room() -> Room:
    room = Room(kind=NetworkPeer)
    room.north.say(radio.GroupChanged(number=None))
    room.events.drain()
    return room


def talk(room: Room, group: int, talker: int) -> None:
    room.north.say(radio.CallUp(instance=group, group=group, caller=talker))
    room.north.say(radio.TalkStarted(instance=group, talker=talker))


def test_two_talkers_on_two_groups_are_heard_each_in_its_own_call(room: Room) -> None:
    talk(room, 101, 3204)
    talk(room, 102, 3120)
    for _ in range(5):
        room.engine.on_sound(NORTH, LOUD * 80, room.clock.utc_us(), 101)
        room.engine.on_sound(NORTH, SOFT * 80, room.clock.utc_us(), 102)
        room.wait(20)
    started = {over.transmission: over.talkgroup for over in room.told(TransmissionStarted)}
    heard = {meta.transmission: 0 for meta in room.recorder.opened}
    levels: dict[str, list[float]] = {PATROL: [], SECOND: []}
    for transmission, _, level in room.recorder.frames:
        heard[transmission] += 1
        levels[started[transmission]].append(level.level_dbfs - level.gain_db)
    assert sorted(heard.values()) == [5, 5]
    assert min(levels[PATROL]) > max(levels[SECOND])


def test_an_end_on_one_group_leaves_the_other_talking(room: Room) -> None:
    talk(room, 101, 3204)
    talk(room, 102, 3120)
    room.north.say(radio.TalkEnded(instance=101))
    room.north.say(radio.CallDown(instance=101, cause="over"))
    before = len(room.recorder.frames)
    room.engine.on_sound(NORTH, SOFT * 80, room.clock.utc_us(), 102)
    assert len(room.recorder.frames) == before + 1


def test_two_desks_talk_on_two_groups_of_one_link_at_once(room: Room) -> None:
    room.press("r1", "1", PATROL)
    room.press("r2", "2", SECOND)
    granted = [event.request for event in room.told(FloorGranted)]
    assert granted == ["r1", "r2"]
    room.wait(300, hold=("r1", "r2"))
    assert room.told(FloorLost) == []


def test_what_is_heard_on_one_group_does_not_cut_a_desk_on_another(room: Room) -> None:
    room.press("r1", "1", PATROL)
    talk(room, 102, 3120)
    room.wait(100, hold=("r1",))
    assert room.told(FloorLost) == []
    talk(room, 101, 3204)
    assert [event.request for event in room.told(FloorLost)] == ["r1"]


def test_two_desks_on_one_group_of_such_a_link_still_take_turns(room: Room) -> None:
    room.press("r1", "1", PATROL)
    room.press("r2", "2", PATROL)
    assert [event.request for event in room.told(FloorGranted)] == ["r1"]


def test_a_lost_link_cuts_every_desk_on_it(room: Room) -> None:
    room.press("r1", "1", PATROL)
    room.press("r2", "2", SECOND)
    room.north.say(radio.LinkChanged(state=radio.LinkState.DOWN, reason="gone"))
    assert {event.request for event in room.told(FloorLost)} == {"r1", "r2"}


def test_the_vocoder_frames_of_a_call_are_kept_as_received(room: Room) -> None:
    talk(room, 101, 3204)
    for number in range(3):
        frame = bytes([number]) * 11
        room.engine.on_sound(NORTH, LOUD * 80, room.clock.utc_us(), 101, frame)
        room.wait(20)
    assert [level.coded for _, _, level in room.recorder.frames] == [
        bytes([n]) * 11 for n in range(3)
    ]

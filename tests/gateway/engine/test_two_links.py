"""Two terminals on one talkgroup: one call, one over, one sound; both are recorded."""

from dataclasses import replace

import pytest

from gateway.model import radio
from gateway.model.events import (
    CallEnded,
    CallStarted,
    MessageReceived,
    TransmissionEnded,
    TransmissionStarted,
    UnitStatusSet,
)
from gateway.model.ids import LinkId
from gateway.model.radio import LinkState
from gateway.model.voice import VoiceFlag
from tests.gateway.engine.peer import NORTH, PATROL, PLAN, SOUTH, Room, ScriptedRadio, on_air

LOUD, SOFT = b"\x00\x20\x00\xe0", b"\x00\x04\x00\xfc"


@pytest.fixture
def room() -> Room:
    """Both radios are on group 101."""
    room = Room()
    links = tuple(replace(link, talkgroups=(101, 102)) for link in PLAN.links)
    room.engine.use_plan(replace(PLAN, links=links), 2)
    room.south.up(101)
    room.south.say(radio.LinkChanged(state=LinkState.UP, registered=True, own_number=9002))
    room.events.drain()
    return room


def talk(link: ScriptedRadio, talker: int | None = 3204, instance: int = 1) -> None:
    link.say(radio.CallUp(instance=instance, group=101, caller=talker))
    link.say(radio.TalkStarted(instance=instance, talker=talker))


def both_hear(room: Room, frames: int, silent: tuple[LinkId, ...] = ()) -> None:
    for _ in range(frames):
        for link in (NORTH, SOUTH):
            if link not in silent:
                room.engine.on_sound(link, LOUD * 80, room.clock.utc_us())
        room.wait(20)


def test_two_links_are_one_call_and_one_over_with_two_recordings(room: Room) -> None:
    talk(room.north)
    room.wait(80)
    talk(room.south, instance=7)
    both_hear(room, 10)
    room.north.say(radio.TalkEnded(instance=1))
    both_hear(room, 3, silent=(NORTH,))
    room.south.say(radio.TalkEnded(instance=7))
    room.north.say(radio.CallDown(instance=1, cause="over"))
    room.south.say(radio.CallDown(instance=7, cause="over"))
    events = room.all_told()
    started = [e for e in events if isinstance(e, TransmissionStarted)]
    assert [(e.link, e.talkgroup) for e in started] == [(NORTH, PATROL)]
    assert len([e for e in events if isinstance(e, CallStarted)]) == 1
    assert len([e for e in events if isinstance(e, CallEnded)]) == 1
    assert [e.transmission for e in events if isinstance(e, TransmissionEnded)] == [
        started[0].transmission
    ]
    first, second = room.recorder.opened
    assert (first.link, first.transmission, first.copy_of) == (
        NORTH,
        started[0].transmission,
        None,
    )
    assert (second.link, second.copy_of) == (SOUTH, started[0].transmission)
    kept = [t for t, _, _ in room.recorder.frames]
    assert kept.count(first.transmission) >= 10
    assert kept.count(second.transmission) >= 13
    assert {t for t, _ in room.recorder.closed} == {first.transmission, second.transmission}


def test_listeners_get_one_sound_numbered_through(room: Room) -> None:
    talk(room.north)
    talk(room.south)
    both_hear(room, 10)
    room.north.say(radio.TalkEnded(instance=1))
    both_hear(room, 5, silent=(NORTH,))
    room.south.say(radio.TalkEnded(instance=1))
    frames = room.voice.drain()
    assert [f.sequence for f in frames] == list(range(1, len(frames) + 1))
    assert len(frames) == 15 + 3
    assert {f.transmission for f in frames} == {frames[0].transmission}
    assert [bool(f.flags & VoiceFlag.START) for f in frames].count(True) == 1
    assert frames[-1].flags & VoiceFlag.END


def test_the_over_goes_on_when_the_heard_link_is_lost(room: Room) -> None:
    talk(room.north)
    talk(room.south)
    both_hear(room, 5)
    room.voice.drain()
    # a radio that is gone tells the end of its calls, without a cause of the network
    room.north.say(radio.TalkEnded(instance=1))
    room.north.say(radio.CallDown(instance=1, cause="cable"))
    room.north.say(radio.LinkChanged(state=LinkState.DOWN, reason="cable"))
    assert room.told(TransmissionEnded) == []
    both_hear(room, 5, silent=(NORTH,))
    assert len(room.voice.drain()) == 5
    room.wait(5_000)
    assert room.told(TransmissionEnded) == []
    room.south.say(radio.TalkEnded(instance=1))
    room.south.say(radio.CallDown(instance=1, cause="over"))
    events = room.all_told()
    assert len([e for e in events if isinstance(e, TransmissionEnded)]) == 1
    assert len([e for e in events if isinstance(e, CallEnded)]) == 1


def test_sound_that_stands_still_is_taken_from_the_other_link(room: Room) -> None:
    talk(room.north)
    talk(room.south)
    both_hear(room, 5)
    room.voice.drain()
    both_hear(room, 20, silent=(NORTH,))
    assert 20 - 10 <= len(room.voice.drain()) <= 20 - 5  # 120 ms until it is sure, 60 ms to look


def test_the_link_with_clearly_more_signal_is_heard(room: Room) -> None:
    for link, dbm in ((room.north, -105), (room.south, -80)):
        link.say(radio.LinkChanged(state=LinkState.UP, registered=True, signal_dbm=dbm))
    talk(room.north)
    talk(room.south)
    both_hear(room, 20)
    live = {f.capture_utc_us for f in room.voice.drain()}
    assert len(live) == 20
    south = room.recorder.opened[1].transmission
    frames = [f for t, f, _ in room.recorder.frames if t == south]
    both_hear(room, 1, silent=(NORTH,))
    assert len(room.voice.drain()) == 1  # it is south whose sound goes out now
    assert len(frames) == 20


def test_a_slower_link_does_not_bring_back_a_talker_who_has_ended(room: Room) -> None:
    talk(room.north, 3204)
    room.north.say(radio.TalkStarted(instance=1, talker=3120))
    talk(room.south, 3204)
    room.south.say(radio.TalkStarted(instance=1, talker=3120))
    talkers = [e.talker for e in room.told(TransmissionStarted)]
    assert talkers == ["net/3204", "net/3120"]
    assert [m.copy_of is None for m in room.recorder.opened] == [True, True, False]


def test_an_end_that_one_link_never_heard_is_not_waited_for(room: Room) -> None:
    talk(room.north)
    talk(room.south)
    room.north.say(radio.TalkEnded(instance=1))
    room.wait(1_400)
    assert room.told(TransmissionEnded) == []
    room.wait(200)
    assert len(room.told(TransmissionEnded)) == 1


def test_what_a_desk_says_comes_back_by_the_other_radio_and_is_no_talker(room: Room) -> None:
    on_air(room)
    room.events.drain()
    talk(room.south, 9001)
    both_hear(room, 5)
    room.let_go("r-1")
    room.wait(300)
    room.south.say(radio.TalkEnded(instance=1))
    assert room.told(TransmissionStarted) == []
    own, copy = room.recorder.opened
    assert (own.position, own.copy_of) == ("1", None)
    assert (copy.link, copy.copy_of) == (SOUTH, own.transmission)


def test_our_own_call_heard_before_the_grant_is_one_over(room: Room) -> None:
    room.press("r-1")
    talk(room.south, 9001)
    assert room.told(TransmissionStarted) == []
    room.north.grant("r-1")
    assert [e.position for e in room.told(TransmissionStarted)] == ["1"]
    assert [m.copy_of is None for m in room.recorder.opened] == [True, False]


def test_one_text_and_one_status_heard_twice_are_told_once(room: Room) -> None:
    text = radio.TextReceived(sender=3204, to=101, text="Brand", pid=130, reference=9, handle=1)
    status = radio.StatusReceived(sender=3204, to=101, value=0x8004)
    for link, handle in ((room.north, 1), (room.south, 4)):
        link.say(replace(text, handle=handle))
        link.say(status)
    events = room.all_told()
    assert len([e for e in events if isinstance(e, MessageReceived)]) == 1
    assert len([e for e in events if isinstance(e, UnitStatusSet)]) == 1
    room.north.say(status)
    room.wait(6_000)
    room.south.say(status)
    assert len(room.told(UnitStatusSet)) == 2


def test_the_press_goes_to_the_link_with_more_signal_and_off_one_that_fell(room: Room) -> None:
    room.wait(11_000)
    for link, dbm in ((room.north, -105), (room.south, -80)):
        link.say(radio.LinkChanged(state=LinkState.UP, registered=True, signal_dbm=dbm))
    room.press("r-1")
    assert room.south.demanded() == ["r-1"]
    room.let_go("r-1", "blur")
    room.south.say(radio.LinkChanged(state=LinkState.DOWN, reason="cable"))
    room.press("r-2")
    assert room.north.demanded() == ["r-2"]

"""Patches: an over on one member is heard on the others, once each, and nothing stays keyed."""

from collections.abc import Callable

import numpy as np
import pytest

from gateway.model import radio
from gateway.model.commands import LinkSelect
from gateway.model.events import (
    FloorGranted,
    FloorLost,
    FloorRefused,
    FloorRequested,
    PatchCallJoined,
    PatchChanged,
    PatchEnded,
    PatchMemberChanged,
    PatchSkipped,
    TransmissionEnded,
    TransmissionStarted,
    TransmissionUpdated,
)
from gateway.model.ids import PatchId, PositionId, TalkgroupId
from gateway.model.patch import PatchDrop, PatchExtend
from tests.gateway.engine.patch_room import COAST, HARBOUR, PATCH, SEA, PatchRoom
from tests.gateway.engine.peer import DRILL, FIRE, NORTH, PATROL, SECOND, SOUTH

US_PER_S = 1_000_000


@pytest.fixture
def room() -> PatchRoom:
    return PatchRoom()


def test_an_over_on_one_member_is_said_on_the_others_and_they_are_released(
    room: PatchRoom,
) -> None:
    assert room.join().ok
    room.radio_talks(room.north, 101)
    assert room.keyed().keys() == {SOUTH, COAST}  # at once, and never the link that hears it
    room.sound(room.north, 50)
    room.radio_ends(room.north)
    room.wait(400)
    assert room.keyed() == {}
    for link in (room.south, room.coast):
        assert 45 <= len(link.sound) <= 60
        heard = np.frombuffer(link.sound[20][1], dtype="<i2")
        assert np.abs(heard).max() > 1000
    started = room.told(TransmissionStarted)
    assert [(one.talkgroup, one.alias, one.patch_label) for one in started] == [
        (PATROL, "Car 3204", ""),
        (FIRE, "Car 3204", "P1"),
        (SEA, "Car 3204", "P1"),
    ]
    assert {one.source for one in started[1:]} == {started[0].transmission}
    assert {one.patch for one in started[1:]} == {PATCH}
    assert all(one.talker is None for one in started[1:])  # it was heard on its own group alone


def test_each_member_has_its_own_call_and_recording_and_all_name_the_patch(
    room: PatchRoom,
) -> None:
    room.join()
    room.radio_talks(room.north, 101)
    room.sound(room.north, 20)
    room.radio_ends(room.north)
    room.wait(400)
    joined = room.told(PatchCallJoined)
    assert {one.talkgroup for one in joined} == {PATROL, FIRE, SEA}
    assert len({one.call for one in joined}) == 3
    assert {one.label for one in joined} == {"P1"}
    metas = room.recorder.opened
    assert [meta.talkgroup for meta in metas] == [PATROL, FIRE, SEA]
    assert {meta.patch for meta in metas} == {PATCH}
    assert [meta.source for meta in metas] == [None, *(2 * [metas[0].transmission])]
    ended = {one for one, _ in room.recorder.closed}
    assert ended == {meta.transmission for meta in metas}


def test_no_desk_is_told_of_presses_it_did_not_make(room: PatchRoom) -> None:
    room.join()
    room.radio_talks(room.north, 101)
    room.sound(room.north, 10)
    room.radio_ends(room.north)
    room.wait(400)
    told = room.all_told()
    kinds = (FloorRequested, FloorGranted, FloorRefused, FloorLost)
    assert not [event for event in told if isinstance(event, kinds)]


def test_what_a_desk_says_on_one_member_goes_to_all(room: PatchRoom) -> None:
    room.join()
    room.press("r-1", "1", PATROL)
    for _ in range(20):
        room.speak("1", 1)
        room.wait(20, hold=("r-1",))
    assert room.keyed().keys() == {NORTH, SOUTH, COAST}
    room.let_go("r-1")
    room.wait(600)
    assert room.keyed() == {}
    started = room.told(TransmissionStarted)
    assert [one.talkgroup for one in started] == [PATROL, FIRE, SEA]
    assert {(one.position, one.operator) for one in started} == {("1", "Operator 1")}
    assert all(len(link.sound) > 15 for link in (room.south, room.coast))


def test_a_desk_that_loses_its_lease_takes_all_keys_down(room: PatchRoom) -> None:
    room.join()
    room.press("r-1", "1", PATROL)
    room.speak("1", 5)
    room.wait(100)
    assert len(room.keyed()) == 3
    room.wait(500)
    assert room.keyed() == {}


def test_there_is_one_floor_for_all_members(room: PatchRoom) -> None:
    room.join()
    room.radio_talks(room.north, 101)
    room.sound(room.north, 5)
    room.press("r-1", "2", FIRE)
    assert room.told(FloorRefused)[0].reason == "Car 3204 via P1 is talking"
    room.radio_ends(room.north)
    room.wait(500)
    room.press("r-2", "2", FIRE)
    room.press("r-3", "3", SEA)
    refused = room.told(FloorRefused)
    assert [one.reason for one in refused] == ["Position 2, Operator 2 via P1 is talking"]


def test_a_second_talker_waits_until_the_first_has_ended(room: PatchRoom) -> None:
    room.join(PATROL, SEA)
    room.radio_talks(room.north, 101)
    room.sound(room.north, 10)
    room.radio_talks(room.coast, 501, 911)  # doubles: the coast's radio hears it, ours is cut
    assert room.keyed() == {}
    room.sound(room.north, 40)
    assert room.keyed() == {}
    assert room.told(PatchSkipped)[-1].reason == "Boat 911 is talking there"
    room.radio_ends(room.north)
    room.sound(room.coast, 20)
    assert room.keyed() == {}
    room.sound(room.coast, 40)  # it goes on well after the first: now it is passed on
    assert room.keyed().keys() == {NORTH}
    room.radio_ends(room.coast)
    room.wait(800)
    assert room.keyed() == {}


def test_an_emergency_pierces(room: PatchRoom) -> None:
    room.join()
    room.radio_talks(room.north, 101)
    room.sound(room.north, 10)
    room.coast.say(radio.CallUp(instance=1, group=501, caller=911, emergency=True))
    room.coast.say(radio.TalkStarted(instance=1, talker=911))
    assert room.keyed().keys() == {NORTH, SOUTH}
    assert room.north.wire[-1][0] == "demand"
    assert room.north.wire[-1][3] == 2  # pre-emptive, and no emergency call in another's system
    last = room.told(TransmissionStarted)[-1]
    assert (last.alias, last.emergency, last.position) == ("Boat 911", True, None)


def test_a_desks_emergency_call_goes_before_what_a_patch_says(room: PatchRoom) -> None:
    room.join(PATROL, FIRE)
    room.radio_talks(room.north, 101)
    room.sound(room.north, 10)
    room.press("r-1", "2", FIRE, priority=3)
    room.wait(20)
    assert room.south.keyed == "r-1"


@pytest.mark.parametrize("why", ["down", "elsewhere", "busy"])
def test_a_member_that_cannot_be_keyed_is_skipped_and_said_so(room: PatchRoom, why: str) -> None:
    room.join()
    room.wait(600)
    if why == "down":
        room.down(room.south)
    elif why == "elsewhere":
        room.south.say(radio.GroupChanged(number=999, asked=False))
        room.press("r-9", "4", DRILL)
        room.speak("4", 5)
    else:
        room.radio_talks(room.south, 201, 3120)
    room.radio_talks(room.north, 101)
    room.wait(10)
    room.sound(room.north, 30)
    if why == "busy":
        assert room.keyed().keys() == {COAST}  # whoever began first has the floor
        assert room.told(PatchSkipped)[-1].reason == "Car 3204 is talking there"
        return
    assert COAST in room.keyed()
    assert room.south.keyed in (None, "r-9")
    skipped = room.told(PatchSkipped)
    assert {one.talkgroup for one in skipped} == {FIRE}


def test_a_member_that_comes_back_joins_the_over_late(room: PatchRoom) -> None:
    room.join(PATROL, FIRE)
    room.down(room.south)
    room.radio_talks(room.north, 101)
    room.sound(room.north, 30)
    assert room.keyed() == {}
    room.south.up(201)
    room.sound(room.north, 150)
    assert room.keyed().keys() == {SOUTH}


def test_a_patch_made_in_the_middle_of_an_over_passes_on_the_rest(room: PatchRoom) -> None:
    room.radio_talks(room.north, 101)
    room.sound(room.north, 20)
    room.join()
    assert room.keyed().keys() == {SOUTH, COAST}


def test_sound_that_stands_still_un_keys(room: PatchRoom) -> None:
    room.join(PATROL, FIRE)
    room.radio_talks(room.north, 101)
    room.sound(room.north, 20)
    assert room.keyed().keys() == {SOUTH}
    room.wait(800)
    assert room.keyed() == {}
    room.sound(room.north, 80)
    assert room.keyed().keys() == {SOUTH}


def test_the_members_transmit_limit_holds(room: PatchRoom) -> None:
    room.join(PATROL, FIRE)  # PATROL has 10 s
    room.radio_talks(room.south, 201, 3120)
    room.sound(room.south, 12 * 50)
    assert room.keyed() == {}
    assert room.told(PatchSkipped)[-1].reason == "limit"
    room.sound(room.south, 5 * 50)
    assert room.keyed() == {}
    room.radio_ends(room.south)
    room.wait(500)
    room.radio_talks(room.south, 201, 3120)
    assert room.keyed().keys() == {NORTH}


def test_what_a_patch_said_and_another_radio_hears_is_not_passed_on(room: PatchRoom) -> None:
    room.join(PATROL, SEA)
    room.radio_talks(room.coast, 501, 911)
    room.sound(room.coast, 10)
    room.radio_ends(room.coast)
    room.wait(300)
    room.radio_talks(room.south, 101, 9001)  # our own radio's number, heard late by another
    room.sound(room.south, 10)
    assert room.keyed() == {}


@pytest.mark.parametrize("tail_ms", [200, 1000, 5000])
def test_tails_of_repeaters_do_not_key_each_other_for_ever(room: PatchRoom, tail_ms: int) -> None:
    """Each carrier stands on after we un-key, and nobody is named: the worst of the field."""
    room.join(PATROL, SEA)
    sites = {NORTH: (room.north, 101), COAST: (room.coast, 501)}
    tails: dict[str, int] = {}
    room.radio_talks(room.north, 101, None)
    room.sound(room.north, 40)
    was = {str(link) for link in room.keyed()}
    room.radio_ends(room.north)
    turns, last_ms = 0, room.clock.ms
    while room.clock.ms < last_ms + 60_000 and turns < 100:
        room.wait(20)
        keyed = {str(link) for link in room.keyed()}
        for link in was - keyed:
            radio_link, group = sites[link]  # type: ignore[index]  # a link's id is a text
            room.radio_talks(radio_link, group, None)
            tails[link] = room.clock.ms + tail_ms
        for link, until in list(tails.items()):
            radio_link, group = sites[link]  # type: ignore[index]  # a link's id is a text
            if room.clock.ms < until:
                room.engine.on_sound(radio_link.id, b"\0\0" * 160, room.clock.utc_us())
            else:
                room.radio_ends(radio_link)
                del tails[link]
        if keyed - was:
            turns, last_ms = turns + 1, room.clock.ms
        was = keyed
    assert room.keyed() == {}
    assert turns <= 6


def test_the_talkers_name_follows(room: PatchRoom) -> None:
    room.join(PATROL, SEA)
    room.radio_talks(room.north, 101, None)
    room.sound(room.north, 5)
    room.north.say(radio.TalkStarted(instance=1, talker=3204))
    updated = room.told(TransmissionUpdated)
    assert [(one.talkgroup, one.alias) for one in updated] == [
        (PATROL, "Car 3204"),
        (SEA, "Car 3204"),
    ]


def test_what_nobody_can_read_is_not_passed_on(room: PatchRoom) -> None:
    room.join(PATROL, SEA)
    room.coast.say(radio.CallUp(instance=1, group=501, caller=911))
    room.coast.say(radio.TalkStarted(instance=1, talker=911, encrypted=True, readable=False))
    room.sound(room.coast, 20)
    assert room.keyed() == {}
    assert "no sound" in room.told(PatchSkipped)[0].reason


def test_what_is_encrypted_goes_out_in_clear_only_where_that_was_agreed(room: PatchRoom) -> None:
    room.join(PATROL, SEA)
    room.radio_talks(room.north, 101, encrypted=True)
    room.sound(room.north, 20)
    assert room.keyed() == {}
    assert room.told(PatchSkipped)[0].reason == "it is encrypted, and this talkgroup is not"
    room.do(PatchDrop(patch=PATCH, operator="S. Holm"))
    room.join(PATROL, SEA, patch=PatchId("p-01kb00000000000000000000ab"), mixed=True)
    assert room.keyed().keys() == {COAST}


# ---- making and ending


Refused = tuple[str, Callable[[PatchRoom], object], tuple[TalkgroupId, ...]]
REFUSALS: list[Refused] = [
    ("PATROL 1 is in P1 already", lambda r: r.join(PATROL, SEA), (PATROL, FIRE)),
    ("is not in the plan", lambda r: None, (PATROL, TalkgroupId("net/7"))),
    ("is named twice", lambda r: None, (PATROL, PATROL)),
    ("expected 2 to 8", lambda r: None, (PATROL,)),
    ("would go out in clear", lambda r: None, (PATROL, HARBOUR)),
    ("test talkgroup", lambda r: None, (PATROL, DRILL)),
]


@pytest.mark.parametrize(("words", "before", "members"), REFUSALS)
def test_a_patch_that_cannot_be_is_refused_in_words(
    room: PatchRoom,
    words: str,
    before: Callable[[PatchRoom], object],
    members: tuple[TalkgroupId, ...],
) -> None:
    before(room)
    reply = room.join(*members, patch=PatchId("p-01kb00000000000000000000ac"))
    assert not reply.ok
    assert words in reply.reason


def test_a_patch_ends_at_its_time_and_un_keys(room: PatchRoom) -> None:
    room.join(until_utc=room.clock.utc_us() + 5 * US_PER_S)
    room.radio_talks(room.north, 101)
    room.sound(room.north, 200)
    assert len(room.keyed()) == 2
    room.sound(room.north, 60)
    assert room.keyed() == {}
    (ended,) = room.told(PatchEnded)
    assert (ended.cause, ended.label) == ("expired", "P1")


def test_a_patch_is_extended_and_dropped(room: PatchRoom) -> None:
    room.join(until_utc=room.clock.utc_us() + 5 * US_PER_S)
    until = room.clock.utc_us() + 60 * US_PER_S
    assert room.do(PatchExtend(patch=PATCH, until_utc=until, operator="S. Holm")).ok
    room.wait(10_000)
    room.radio_talks(room.north, 101)
    assert len(room.keyed()) == 2
    assert room.told(PatchChanged)[0].until_utc == until
    assert room.do(PatchDrop(patch=PATCH, operator="S. Holm", reason="over")).ok
    assert room.keyed() == {}
    assert room.told(PatchEnded)[0].cause == "dropped"
    assert not room.do(PatchDrop(patch=PATCH, operator="S. Holm")).ok


def test_a_stop_un_keys_all(room: PatchRoom) -> None:
    room.join()
    room.radio_talks(room.north, 101)
    room.sound(room.north, 10)
    assert len(room.keyed()) == 2
    with pytest.raises(StopIteration):
        room.engine.close().send(None)
    assert room.keyed() == {}
    assert len(room.told(TransmissionEnded)) == 3


def test_a_radio_is_tuned_for_its_member_and_kept_there(room: PatchRoom) -> None:
    room.join(SECOND, FIRE)  # north is on PATROL
    room.wait(600)
    assert ("select", 102) in room.north.wire
    ready = {one.talkgroup: one.ready for one in room.told(PatchMemberChanged)}
    assert ready == {SECOND: True, FIRE: True}
    reply = room.do(LinkSelect(position=PositionId("1"), talkgroup=PATROL))
    assert reply.reason == "radio is on PATROL 2, patch P1 uses it"
    room.do(PatchDrop(patch=PATCH, operator="S. Holm"))
    assert room.do(LinkSelect(position=PositionId("1"), talkgroup=PATROL)).ok

"""Test transmissions: what stands against one, at the moment of keying and while it runs."""

from dataclasses import replace

import pytest

from gateway.model import radio
from gateway.model.commands import AlarmAcknowledge, FloorRelease, FloorRenew, FloorRequest
from gateway.model.events import (
    AlarmRaised,
    CallStarted,
    FloorGranted,
    FloorLost,
    FloorRefused,
    FloorReleased,
    FloorRequested,
    TransmissionEnded,
    TransmissionStarted,
)
from gateway.model.ids import LinkId, RequestId, TalkgroupId
from gateway.model.radio import Capability, EmergencySign, LinkState
from gateway.model.transmit_test import TransmitTest, TransmitTestAsk, position_of_test
from tests.gateway.engine.peer import ALL, DRILL, FIRE, PATROL, PLAN, SOUTH, Room, ScriptedRadio
from voicecodecs.pcm import frame_from_bytes, level_dbfs

TERMS = TransmitTest(link=SOUTH, limit_ms=1000)
EMERGENCY = radio.EmergencySigned(unit=3204, sign=EmergencySign.ALARM, group=201)


class Unguarded(ScriptedRadio):
    """A driver that cannot tell of a guard."""

    no_guard = None  # type: ignore[assignment]


def drill_room(**more: object) -> Room:
    """Return a room whose south radio is on the test talkgroup."""
    room = Room(**more)  # type: ignore[arg-type]  # passes keywords on
    room.south.say(radio.GroupChanged(number=999, asked=True))
    room.all_told()
    return room


def keyed(
    room: Room, talkgroup: TalkgroupId = DRILL, terms: TransmitTest = TERMS, request: str = "r-t"
) -> str:
    """Ask for a test and return the reason against it."""
    return room.do(
        FloorRequest(
            request=RequestId(request),
            position=position_of_test(terms.link),
            operator="Karin Berg",
            talkgroup=talkgroup,
            priority=3,
            source="test",
            test=terms,
        )
    ).reason


def asked(room: Room, talkgroup: TalkgroupId = DRILL, link: LinkId = SOUTH) -> str:
    """Return what stands beside the button."""
    reply = room.do(TransmitTestAsk(link=link, talkgroup=talkgroup))
    assert reply.ok is not bool(reply.reason)
    return reply.reason


def test_a_tone_is_sent_for_its_length_and_releases_itself() -> None:
    room = drill_room()
    assert asked(room) == ""
    assert keyed(room) == ""
    assert room.south.wire[-1] == ("demand", "r-t", 999, 0), "never with a priority of its own"
    requested = room.told(FloorRequested)
    assert [(e.source, e.test_link, e.operator) for e in requested] == [
        ("test", "south", "Karin Berg")
    ]
    room.south.grant("r-t")
    room.wait(1200, hold=("r-t",))
    events = room.all_told()
    over = next(e for e in events if isinstance(e, TransmissionStarted))
    assert (over.position, over.operator, over.link) == ("test:south", "Karin Berg", "south")
    assert [e for e in events if isinstance(e, FloorGranted)]
    ends = [e for e in events if isinstance(e, FloorReleased)]
    assert [(e.cause, e.on_air_ms) for e in ends] == [("release", 1000)]
    assert [e.cause for e in events if isinstance(e, TransmissionEnded)] == ["ended"]
    assert len(room.south.sound) == 50
    levels = {round(level_dbfs(frame_from_bytes(pcm)), 1) for _, pcm in room.south.sound}
    assert levels == {-20.0}


def test_the_lease_and_a_release_end_it_as_any_press() -> None:
    room = drill_room()
    keyed(room)
    room.south.grant("r-t")
    room.wait(350)
    assert room.south.ended("r-t") == ["lease"]
    assert [e.cause for e in room.told(FloorLost)] == ["lease"]
    assert asked(room) == "call on this link", "its own call has not come down yet"
    room.south.say(radio.CallDown(instance=1))
    keyed(room, request="r-2")
    assert asked(room) == "call on this link", "a test stands against another one"
    room.south.grant("r-2")
    room.wait(100, hold=("r-2",))
    room.do(FloorRelease(request=RequestId("r-2"), normal=True))
    assert room.south.ended("r-2") == ["released"]


def test_a_test_with_a_microphone_is_cut_at_its_limit() -> None:
    room = drill_room()
    keyed(room, terms=replace(TERMS, sound="microphone"))
    room.south.grant("r-t")
    room.speak("test:south", 10)
    room.wait(1000, hold=("r-t",))
    assert len({pcm for _, pcm in room.south.sound}) > 1
    room.wait(300, hold=("r-t",))
    assert [(e.cause, e.on_air_ms) for e in room.told(FloorLost)] == [("limit", 1250)]


def test_the_times_of_a_press_are_told_when_it_is_over() -> None:
    room = drill_room()
    keyed(room, terms=replace(TERMS, sound="microphone"))
    assert [e.test_sound for e in room.told(FloorRequested)] == ["microphone"]
    room.wait(60, hold=("r-t",))
    room.south.grant("r-t")
    room.wait(100, hold=("r-t",))
    room.speak("test:south", 10)
    room.wait(200, hold=("r-t",))
    room.do(FloorRelease(request=RequestId("r-t"), normal=True, cause="release"))
    room.wait(300)
    (over,) = room.told(FloorReleased)
    assert over.grant_ms == 60
    assert over.first_ms is not None
    assert 160 <= over.first_ms <= 180
    assert over.unkey_ms is not None
    assert over.unkey_ms >= 0


def test_a_tone_has_no_first_sound_of_a_microphone() -> None:
    room = drill_room()
    keyed(room)
    room.south.grant("r-t")
    room.wait(1200, hold=("r-t",))
    assert [e.first_ms for e in room.told(FloorReleased)] == [None]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"limit_ms": 60_000}, "limit_ms: expected 200 to 10000, got 60000"),
        ({"tone_hz": 440}, "tone_hz: expected 300 to 3000 in steps of 50, got 440"),
        ({"level_dbfs": 0.0}, "level_dbfs: expected -60 to -6, got 0"),
        ({"sound": "music"}, "sound: expected tone or microphone, got 'music'"),
    ],
)
def test_terms_out_of_bounds_are_refused_in_words(change: dict[str, object], words: str) -> None:
    room = drill_room()
    assert keyed(room, terms=replace(TERMS, **change)) == words  # type: ignore[arg-type]
    assert room.south.demanded() == []


def test_only_on_a_talkgroup_that_the_plan_marks_and_that_the_link_carries() -> None:
    room = drill_room()
    for talkgroup, link, words in (
        (FIRE, SOUTH, "not a test talkgroup"),
        (TalkgroupId("net/77"), SOUTH, "not a test talkgroup"),
        (DRILL, LinkId("north"), "this link does not carry DRILL"),
        (DRILL, LinkId("west"), "there is no link west"),
    ):
        assert asked(room, talkgroup, link) == words
        assert keyed(room, talkgroup, replace(TERMS, link=link)) == words
    refused = room.told(FloorRefused)
    assert {e.not_sent for e in refused} == {True}
    assert room.south.demanded() == room.north.demanded() == []


def test_not_on_a_link_that_is_down_elsewhere_or_without_its_guard() -> None:
    room = drill_room()
    room.south.unguarded = "the un-key guard is being started"
    assert asked(room) == keyed(room) == "the un-key guard is being started"
    room.south.unguarded = ""
    room.south.say(radio.GroupChanged(number=201))
    assert asked(room) == keyed(room) == "radio is on FIRE 1"
    room.south.say(radio.LinkChanged(state=LinkState.UNREGISTERED))
    assert asked(room) == keyed(room) == "radio is not registered"
    room.down(room.south)
    assert asked(room) == keyed(room) == "link is down"
    assert room.south.demanded() == []


def test_a_link_that_cannot_tell_its_guard_is_never_keyed_for_a_test() -> None:
    room = drill_room(kind=Unguarded)
    assert asked(room) == keyed(room) == "this link has no un-key guard"
    assert room.south.demanded() == []


def test_never_during_a_call_or_an_alarm() -> None:
    room = drill_room()
    room.south.say(radio.CallUp(instance=1, group=999, caller=3204))
    assert asked(room) == keyed(room) == "call on this link"
    room.south.say(radio.CallDown(instance=1))
    assert asked(room) == ""
    room.south.say(radio.EmergencySigned(unit=3204, sign=EmergencySign.STATUS, group=201))
    assert asked(room) == keyed(room) == "alarm on this link"
    alarm = room.told(AlarmRaised)[0].alarm
    room.do(AlarmAcknowledge(alarm=alarm, operator="Sara"))
    assert asked(room) == "alarm on this link", "an alarm that somebody has is an alarm still"
    assert room.south.demanded() == []


def test_a_press_of_a_desk_stands_against_it_and_takes_the_radio_from_it() -> None:
    room = drill_room()
    room.press("r-1", talkgroup=DRILL)
    assert asked(room) == keyed(room) == "call on this link"
    room.let_go("r-1", "blur")
    room.all_told()
    assert keyed(room, request="r-2") == ""
    room.south.grant("r-2")
    room.wait(100, hold=("r-2",))
    room.press("r-3", talkgroup=DRILL)
    lost = room.told(FloorLost)
    assert [(e.request, e.cause, e.reason) for e in lost] == [
        ("r-2", "preempted", "Position 1, Operator 1")
    ]
    assert room.south.demanded()[-1] == "r-3"


@pytest.mark.parametrize("granted", [True, False])
@pytest.mark.parametrize(
    ("event", "words"),
    [
        (radio.CallUp(instance=5, group=201, caller=3204), "call on this link"),
        (EMERGENCY, "alarm on this link"),
    ],
)
def test_a_call_or_an_alarm_that_comes_up_cuts_it_at_once(
    event: radio.RadioEvent, words: str, granted: bool
) -> None:
    room = drill_room()
    keyed(room)
    if granted:
        room.south.grant("r-t")
    room.south.say(event)
    assert len(room.south.ended("r-t")) == 1
    if granted:
        assert [(e.cause, e.reason) for e in room.told(FloorLost)] == [("gave_way", words)]
    assert not room.do(FloorRenew(request=RequestId("r-t"))).ok


def test_an_emergency_elsewhere_on_the_same_talkgroup_cuts_it_too() -> None:
    room = drill_room()
    keyed(room)
    room.south.grant("r-t")
    room.north.say(radio.EmergencySigned(unit=3204, sign=EmergencySign.ALARM, group=999))
    assert room.south.ended("r-t") == ["gave_way"]


def test_its_own_call_and_its_own_radio_do_not_end_it() -> None:
    room = drill_room(capabilities=ALL - {Capability.SELECT_GROUP})
    keyed(room)
    room.south.say(radio.CallUp(instance=1, group=999, outgoing=True))
    room.south.grant("r-t")
    room.south.say(radio.TalkStarted(instance=1, talker=9001))
    room.wait(500, hold=("r-t",))
    assert room.south.ended("r-t") == []
    started = room.told(CallStarted)
    assert [e.talkgroup for e in started] == [DRILL]


def test_a_unit_that_talks_on_the_test_talkgroup_is_not_talked_over() -> None:
    room = drill_room()
    keyed(room)
    room.south.grant("r-t")
    room.south.say(radio.TalkStarted(instance=1, talker=3204))
    assert room.south.ended("r-t") == ["preempted"]


def test_other_desks_and_links_go_on_during_a_test() -> None:
    room = drill_room()
    keyed(room)
    room.south.grant("r-t")
    assert room.press("r-1", talkgroup=PATROL).ok
    room.north.grant("r-1")
    room.wait(300, hold=("r-1", "r-t"))
    assert room.south.ended("r-t") == room.north.ended("r-1") == []
    assert PLAN.talkgroups[3].test


def test_another_plan_that_takes_the_mark_away_ends_it() -> None:
    room = drill_room()
    keyed(room)
    room.south.grant("r-t")
    groups = tuple(replace(group, test=False) for group in PLAN.talkgroups)
    room.engine.use_plan(replace(PLAN, talkgroups=groups), 2)
    room.wait(20, hold=("r-t",))
    assert room.south.ended("r-t") == ["gave_way"]
    assert [e.reason for e in room.told(FloorLost)] == ["not a test talkgroup"]

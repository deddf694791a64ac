"""Calls and transmissions: what a link says of its instances becomes things with ids."""

from typing import TypeVar

from gateway.model import radio
from gateway.model.events import (
    CallEnded,
    CallStarted,
    CallUpdated,
    Event,
    LinkChanged,
    LinkGroupChanged,
    LinkGroupsKnown,
    LinkLineSeen,
    TransmissionEnded,
    TransmissionStarted,
    TransmissionUpdated,
)
from gateway.model.ids import LinkId
from gateway.model.radio import LinkState
from tests.gateway.engine.peer import FIRE, NORTH, PATROL, PLAN, SECOND, Room

T = TypeVar("T", bound=Event)


def of(events: list[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def test_a_call_with_two_talkers_and_hang_time() -> None:
    room = Room()
    room.talk(3204)
    room.clock.ms += 2000
    room.north.say(radio.TalkEnded(instance=1))
    room.clock.ms += 500
    room.north.say(radio.TalkStarted(instance=1, talker=3120))
    room.clock.ms += 1000
    room.north.say(radio.CallDown(instance=1, code=13, cause="timer expired"))
    events = room.all_told()
    (call,) = of(events, CallStarted)
    assert (call.call_seq, call.talkgroup, call.link, call.caller) == (
        1,
        PATROL,
        NORTH,
        "net/3204",
    )
    started = of(events, TransmissionStarted)
    assert [(e.talker, e.alias, e.call) for e in started] == [
        ("net/3204", "Car 3204", call.call),
        ("net/3120", "Car 3120", call.call),
    ]
    ended = of(events, TransmissionEnded)
    assert [(e.transmission, e.duration_ms, e.cause) for e in ended] == [
        (started[0].transmission, 2000, "ended"),
        (started[1].transmission, 1000, "ended"),
    ]
    (end,) = of(events, CallEnded)
    assert (end.call, end.cause, end.code, end.interrupted) == (
        call.call,
        "timer expired",
        13,
        False,
    )


def test_a_talker_change_without_an_end_ends_the_first_over() -> None:
    room = Room()
    room.talk(3204)
    room.north.say(radio.TalkStarted(instance=1, talker=3120))
    events = room.all_told()
    assert len(of(events, CallStarted)) == 1
    kinds = [type(e) for e in events if "transmission" in e.type]
    assert kinds == [TransmissionStarted, TransmissionEnded, TransmissionStarted]


def test_the_same_talker_said_twice_is_one_over() -> None:
    room = Room()
    room.talk(3204)
    room.north.say(radio.TalkStarted(instance=1, talker=3204))
    room.north.say(radio.TalkStarted(instance=1, talker=None))
    room.north.say(radio.CallUp(instance=1, group=101))
    assert len(of(room.all_told(), TransmissionStarted)) == 1


def test_a_talker_who_becomes_known_names_the_over() -> None:
    room = Room()
    room.talk(None)
    room.north.say(radio.TalkStarted(instance=1, talker=5555))
    events = room.all_told()
    assert of(events, TransmissionStarted)[0].talker is None
    assert [(e.talker, e.alias) for e in of(events, TransmissionUpdated)] == [("net/5555", "")]


def test_a_talker_on_a_call_nobody_announced_is_joined_late() -> None:
    room = Room()
    room.north.say(radio.TalkStarted(instance=3, talker=3204))
    room.north.say(radio.TalkEnded(instance=3))
    room.north.say(radio.TalkStarted(instance=3, talker=3120))
    events = room.all_told()
    assert [(e.late_entry, e.talkgroup) for e in of(events, CallStarted)] == [(True, PATROL)]
    assert [e.late_entry for e in of(events, TransmissionStarted)] == [True, False]


def test_an_instance_used_again_for_another_group_is_another_call() -> None:
    room = Room()
    room.talk(3204, group=101)
    room.talk(3120, group=102)
    events = room.all_told()
    assert [e.talkgroup for e in of(events, CallStarted)] == [PATROL, SECOND]
    assert [e.cause for e in of(events, CallEnded)] == ["replaced by another call"]


def test_calls_are_counted_without_gaps_over_all_links() -> None:
    room = Room()
    room.talk(3204)
    room.south.say(radio.CallUp(instance=1, group=201))
    room.north.say(radio.CallDown(instance=1))
    room.talk(3204)
    started = of(room.all_told(), CallStarted)
    assert [e.call_seq for e in started] == [1, 2, 3]
    assert [e.talkgroup for e in started] == [PATROL, FIRE, PATROL]
    assert len({e.call for e in started}) == 3


def test_a_group_and_a_unit_the_plan_does_not_have_are_still_told() -> None:
    room = Room()
    room.talk(77, group=12345)
    events = room.all_told()
    assert of(events, CallStarted)[0].talkgroup == "net/12345"
    assert of(events, TransmissionStarted)[0].talker == "net/77"


def test_our_own_transmission_joins_the_call_that_is_up() -> None:
    room = Room()
    room.talk(3204)
    room.north.say(radio.TalkEnded(instance=1))
    room.press("r-1")
    room.north.grant("r-1", instance=1)
    room.let_go("r-1", "blur")
    room.north.say(radio.TalkStarted(instance=1, talker=3120))
    events = room.all_told()
    (call,) = of(events, CallStarted)
    started = of(events, TransmissionStarted)
    assert [e.call for e in started] == [call.call] * 3
    assert [e.position for e in started] == [None, "1", None]


def test_an_own_call_is_one_call_whether_the_link_announces_it_or_not() -> None:
    for announced in (True, False):
        room = Room()
        room.press("r-1", priority=3)
        if announced:
            room.north.say(radio.CallUp(instance=1, group=101, outgoing=True))
        room.north.grant("r-1", instance=1)
        events = room.all_told()
        assert len(of(events, CallStarted)) == 1
        (over,) = of(events, TransmissionStarted)
        assert over.emergency
        marked = [e.emergency for e in of(events, CallStarted)]
        marked += [e.emergency for e in of(events, CallUpdated)]
        assert marked[-1] is True


def test_encryption_of_call_or_talker_marks_the_over() -> None:
    room = Room()
    room.north.say(radio.CallUp(instance=1, group=101, encrypted=True))
    room.north.say(radio.TalkStarted(instance=1, talker=3204))
    assert of(room.all_told(), TransmissionStarted)[0].encrypted


def test_a_lost_link_ends_its_calls_and_no_others() -> None:
    room = Room()
    room.talk(3204)
    room.south.say(radio.CallUp(instance=1, group=201))
    room.all_told()
    room.down(room.north)
    events = room.all_told()
    assert [e.cause for e in of(events, TransmissionEnded)] == ["lost"]
    assert [(e.talkgroup, e.cause) for e in of(events, CallEnded)] == [(PATROL, "link lost")]
    assert of(events, LinkChanged)[0].reason == "cable"
    assert room.engine.offline_talkgroups() == {PATROL, SECOND}
    room.north.say(radio.CallDown(instance=1))
    assert of(room.all_told(), CallEnded) == []


def test_a_call_whose_end_was_missed_is_closed() -> None:
    room = Room()
    room.talk(3204)
    room.north.say(radio.TalkEnded(instance=1))
    room.all_told()
    due = room.engine.deadline()
    assert due is not None
    room.clock.ms = due - 1
    room.engine.tick(room.clock.mono_ms())
    assert room.all_told() == []
    room.clock.ms = due
    room.engine.tick(room.clock.mono_ms())
    assert [e.cause for e in of(room.all_told(), CallEnded)] == ["no news from the radio"]
    assert room.engine.deadline() is None


def test_a_call_without_any_group_is_left_alone() -> None:
    room = Room()
    room.north.say(radio.GroupChanged(number=None))
    room.north.say(radio.CallUp(instance=1, group=None))
    room.north.say(radio.TalkStarted(instance=1, talker=3204))
    assert of(room.all_told(), CallStarted) == []


def test_a_call_to_the_radio_itself_is_not_told_and_not_heard() -> None:
    room = Room()
    room.north.say(radio.CallUp(instance=2, group=None, caller=3204, duplex=True))
    room.north.say(radio.TalkStarted(instance=2, talker=3204))
    room.hear(NORTH, 10)
    room.north.say(radio.TalkEnded(instance=2))
    room.north.say(radio.CallDown(instance=2))
    room.talk(3120)
    assert room.voice.drain() == []
    assert [e.caller for e in of(room.all_told(), CallStarted)] == ["net/3120"]


def test_a_late_call_of_a_radio_that_scans_waits_for_its_group() -> None:
    room = Room()
    room.north.say(radio.GroupChanged(number=101, scanned=(101, 102)))
    room.north.say(radio.CallUp(instance=2, group=None, late_entry=True))
    room.north.say(radio.TalkStarted(instance=2, talker=3204))
    assert of(room.all_told(), CallStarted) == []
    room.north.say(radio.CallUp(instance=2, group=102, caller=3204))
    room.north.say(radio.TalkStarted(instance=2, talker=3204))
    assert [e.talkgroup for e in of(room.all_told(), CallStarted)] == [SECOND]


def test_the_state_of_a_link_keeps_its_since() -> None:
    room = Room()
    room.clock.ms = 5000
    room.north.say(radio.LinkChanged(state=LinkState.UP, signal_dbm=-80))
    room.down(room.north)
    up, down = of(room.all_told(), LinkChanged)
    assert up.since_utc < down.since_utc == room.clock.utc_us()
    assert "text" in up.capabilities


def test_group_and_protocol_lines_are_told() -> None:
    room = Room()
    room.north.say(radio.GroupChanged(number=102, scanned=(101,)))
    room.north.say(radio.LineSeen(outgoing=True, raw="AT", words="are you there"))
    room.north.say(radio.Malformed(raw=b"\xff\x00", offset=0, reason="no text"))
    events = room.all_told()
    (group,) = of(events, LinkGroupChanged)
    assert (group.talkgroup, group.scanned, group.asked) == (SECOND, (101,), False)
    assert [(e.raw, e.malformed) for e in of(events, LinkLineSeen)] == [
        ("AT", False),
        ("\xff\x00", True),
    ]


def test_events_of_links_the_engine_was_not_given_are_ignored() -> None:
    room = Room()
    room.engine.on_radio(LinkId("other"), radio.CallUp(instance=1, group=101))
    room.engine.on_sound(LinkId("other"), bytes(320), room.clock.utc_us())
    assert room.all_told() == []


def test_another_plan_gives_other_names() -> None:
    room = Room()
    room.engine.use_plan(PLAN.__class__(name="bare", links=PLAN.links), 2)
    room.talk(3204)
    events = room.all_told()
    assert of(events, CallStarted)[0].plan == 2
    assert of(events, TransmissionStarted)[0].alias == ""


async def test_closing_ends_calls_as_interrupted() -> None:
    room = Room()
    room.talk(3204)
    await room.engine.close()
    assert [e.interrupted for e in of(room.all_told(), CallEnded)] == [True]


def test_the_groups_in_a_radio_are_told() -> None:
    room = Room()
    known = radio.GroupsKnown(
        static=(radio.KnownGroup(number=101, name="Patrol"),),
        dynamic=(radio.KnownGroup(number=777),),
    )
    room.north.say(known)
    (told,) = room.told(LinkGroupsKnown)
    assert [(g.number, g.name) for g in told.static] == [(101, "Patrol")]
    assert [g.number for g in told.dynamic] == [777]

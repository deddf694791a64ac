"""Texts, statuses and places."""

import pytest

from gateway.model import radio
from gateway.model.commands import FloorRenew, LinkRestart, MessageSend, Reply
from gateway.model.events import (
    MessageProgressed,
    MessageQueued,
    MessageReceived,
    UnitPositioned,
    UnitStatusSet,
)
from gateway.model.ids import LinkId, MessageId, RequestId, TalkgroupId, UnitId
from gateway.model.radio import Capability, SendState
from tests.gateway.engine.peer import ALL, NORTH, PATROL, SOUTH, Room


def send(room: Room, to: str, *, group: bool = False, message: str = "m-1") -> Reply:
    return room.do(
        MessageSend(
            message=MessageId(message),
            to=TalkgroupId(to) if group else UnitId(to),
            to_talkgroup=group,
            text="Return to station",
            operator="Operator 1",
        )
    )


def progress(room: Room, state: SendState, reason: str = "") -> None:
    event = radio.SendProgress(message=MessageId("m-1"), state=state, reason=reason)
    room.north.say(event)


def test_a_text_to_a_unit_goes_over_the_link_that_heard_it() -> None:
    room = Room()
    room.south.say(radio.StatusReceived(sender=3204, to=None, value=32771))
    room.all_told()
    assert send(room, "net/3204").ok
    assert room.south.wire == [("text", "m-1", 3204, "Return to station")]
    (queued,) = room.told(MessageQueued)
    assert (queued.link, queued.to, queued.talkgroup) == (SOUTH, "net/3204", None)
    assert send(room, "net/1", message="m-2").ok
    assert room.north.wire == [("text", "m-2", 1, "Return to station")]


def test_a_text_to_a_talkgroup_goes_over_its_link() -> None:
    room = Room()
    assert send(room, "net/201", group=True).ok
    assert room.south.wire == [("text", "m-1", 201, "Return to station")]
    assert [e.talkgroup for e in room.told(MessageQueued)] == ["net/201"]


def test_states_only_go_forward() -> None:
    room = Room()
    send(room, "net/3204")
    room.all_told()
    for state in (
        SendState.ACCEPTED,
        SendState.SENT,
        SendState.ACCEPTED,
        SendState.DELIVERED,
        SendState.SENT,
        SendState.FAILED,
        SendState.READ,
        SendState.READ,
    ):
        progress(room, state)
    assert [e.state for e in room.told(MessageProgressed)] == [
        "accepted",
        "sent",
        "delivered",
        "read",
    ]


def test_a_failure_has_its_reason_and_a_late_delivery_still_counts() -> None:
    room = Room()
    send(room, "net/3204")
    room.all_told()
    progress(room, SendState.FAILED, "not reachable")
    progress(room, SendState.DELIVERED)
    assert [(e.state, e.reason) for e in room.told(MessageProgressed)] == [
        ("failed", "not reachable"),
        ("delivered", ""),
    ]


def test_a_lost_link_leaves_open_texts_unknown() -> None:
    room = Room()
    send(room, "net/3204", message="m-1")
    send(room, "net/3120", message="m-2")
    progress(room, SendState.SENT)
    room.all_told()
    room.down(room.north)
    assert [(e.message, e.state) for e in room.told(MessageProgressed)] == [("m-2", "unknown")]


def test_progress_of_a_text_nobody_sent_is_not_told() -> None:
    room = Room()
    progress(room, SendState.SENT)
    assert room.told(MessageProgressed) == []


def test_a_text_that_cannot_be_sent_fails_in_words() -> None:
    room = Room()
    room.down(room.north)
    room.down(room.south)
    room.all_told()
    assert send(room, "net/3204").reason == "link lost"
    events = room.all_told()
    assert [type(e) for e in events] == [MessageQueued, MessageProgressed]
    assert send(room, "other/1").reason == "no link reaches this number"
    assert send(room, "net/5", group=True).reason == "no link reaches this number"


def test_a_link_without_texts_says_so() -> None:
    room = Room(capabilities=ALL - {Capability.TEXT})
    assert send(room, "net/3204").reason == "not possible on this link"


async def test_an_address_that_is_none_is_refused() -> None:
    room = Room()
    message = MessageSend(
        message=MessageId("m-1"), to=UnitId("x"), to_talkgroup=False, text="t", operator="o"
    )
    reply = await room.bus.request(message)
    assert (reply.ok, "system/number" in reply.reason) == (False, True)


def test_a_text_received_is_whole() -> None:
    room = Room()
    room.north.say(
        radio.TextReceived(
            sender=77, to=101, text="Здоров", pid=130, coding="ucs2", raw_hex="82", immediate=True
        )
    )
    room.north.say(radio.TextReceived(sender=None, to=9001, text="to us", pid=2, guessed=True))
    first, second = room.told(MessageReceived)
    assert (first.sender, first.talkgroup, first.text) == ("net/77", PATROL, "Здоров")
    assert (first.coding, first.raw_hex, first.immediate) == ("ucs2", "82", True)
    assert (second.sender, second.talkgroup, second.guessed) == (None, None, True)
    assert first.message != second.message


@pytest.mark.parametrize(
    ("value", "digit", "words", "kind"),
    [(32771, "1", "Available", "unit"), (40000, "", "Status 40000", "other")],
)
def test_a_status_has_the_words_of_the_plan(value: int, digit: str, words: str, kind: str) -> None:
    room = Room()
    room.north.say(radio.StatusReceived(sender=77, to=9001, value=value))
    (status,) = room.told(UnitStatusSet)
    assert (status.unit, status.digit, status.words, status.kind) == (
        "net/77",
        digit,
        words,
        kind,
    )


def test_places_and_statuses_without_a_sender_belong_to_nobody() -> None:
    room = Room()
    room.north.say(radio.StatusReceived(sender=None, to=None, value=32771))
    room.north.say(radio.PositionReceived(sender=None, latitude_deg=1.0, longitude_deg=2.0))
    assert room.all_told() == []


def test_a_place_is_told() -> None:
    room = Room()
    room.north.say(
        radio.PositionReceived(
            sender=3204, latitude_deg=59.3, longitude_deg=18.1, error_m=20.0, age_s=5
        )
    )
    (place,) = room.told(UnitPositioned)
    assert (place.unit, place.link, place.error_m, place.age_s) == ("net/3204", NORTH, 20.0, 5)


async def test_links_are_restarted_and_commands_come_over_the_bus() -> None:
    room = Room()
    assert (await room.bus.request(LinkRestart(link=NORTH, operator="e"))).ok
    assert room.north.wire == [("restart",)]
    reply = await room.bus.request(LinkRestart(link=LinkId("x"), operator="e"))
    assert reply.reason == "there is no link x"
    reply = await room.bus.request(FloorRenew(request=RequestId("r-1")))
    assert reply.reason == "this press is over"

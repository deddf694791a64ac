"""Texts, statuses, data and places."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model import radio
from gateway.model.command import Reply
from gateway.model.commands import FloorRenew, LinkRestart, MessageSend
from gateway.model.errors import InvalidCommand
from gateway.model.events import (
    MessageProgressed,
    MessageQueued,
    MessageReceived,
    UnitPositioned,
    UnitStatusSet,
)
from gateway.model.ids import LinkId, MessageId, RequestId, SystemId, TalkgroupId, UnitId
from gateway.model.message_commands import MessageOpen, PositionRequest, StatusSend
from gateway.model.messages import (
    AskPosition,
    MarkOpened,
    MessageAct,
    SendStatus,
    SendText,
    SetReporting,
)
from gateway.model.plan import StatusText, Unit
from gateway.model.radio import Capability, SendState
from gateway.model.radio_time import FixTime, RadioTime
from tests.gateway.engine.peer import ALL, FIRE, NORTH, PATROL, PLAN, SOUTH, SYSTEM, Room


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


def _text(message: str, to: int, *, group: bool = False) -> SendText:
    return SendText(message=MessageId(message), to=to, text="Return to station", group=group)


def progress(room: Room, state: SendState, reason: str = "") -> None:
    event = radio.SendProgress(message=MessageId("m-1"), state=state, reason=reason)
    room.north.say(event)


def test_a_text_to_a_unit_goes_over_the_link_that_heard_it() -> None:
    room = Room()
    room.south.say(radio.StatusReceived(sender=3204, to=None, value=32771))
    room.all_told()
    assert send(room, "net/3204").ok
    assert room.south.messages() == [_text("m-1", 3204)]
    (queued,) = room.told(MessageQueued)
    assert (queued.link, queued.to, queued.talkgroup) == (SOUTH, "net/3204", None)
    assert send(room, "net/1", message="m-2").ok
    assert room.north.messages() == [_text("m-2", 1)]


def test_a_text_to_a_talkgroup_goes_over_its_link() -> None:
    room = Room()
    assert send(room, "net/201", group=True).ok
    assert room.south.messages() == [_text("m-1", 201, group=True)]
    assert [e.talkgroup for e in room.told(MessageQueued)] == ["net/201"]


def test_each_claim_is_told_once_in_the_order_in_which_it_is_known() -> None:
    room = Room()
    send(room, "net/3204")
    room.all_told()
    for state in (
        SendState.ACCEPTED,
        SendState.DELIVERED,
        SendState.ACCEPTED,
        SendState.SENT,
        SendState.SENT,
        SendState.FAILED,
        SendState.UNKNOWN,
        SendState.READ,
        SendState.READ,
    ):
        progress(room, state)
    assert [e.state for e in room.told(MessageProgressed)] == [
        "accepted",
        "delivered",
        "sent",
        "read",
    ]


def test_what_somebody_on_the_way_says_is_told_without_a_claim() -> None:
    room = Room()
    send(room, "net/3204")
    progress(room, SendState.SENT)
    room.all_told()
    for reason in ("stored by the network", "stored by the network", ""):
        progress(room, SendState.SENT, reason)
    assert [(e.state, e.reason) for e in room.told(MessageProgressed)] == [
        ("sent", "stored by the network")
    ]


def test_a_text_to_a_unit_not_heard_goes_where_its_talkgroup_is_carried() -> None:
    plan = replace(
        PLAN,
        units=(*PLAN.units, Unit(system=SYSTEM, number=55, alias="Engine 55", talkgroup=FIRE)),
    )
    room = Room()
    room.engine.use_plan(plan, 2)
    assert send(room, "net/55").ok
    assert room.south.messages() == [_text("m-1", 55)]


def test_an_immediate_text() -> None:
    room = Room()
    room.do(
        MessageSend(
            message=MessageId("m-1"),
            to=UnitId("net/3204"),
            to_talkgroup=False,
            text="Stop",
            operator="o",
            immediate=True,
        )
    )
    (act,) = room.north.messages()
    assert isinstance(act, SendText)
    assert act.immediate
    assert [e.immediate for e in room.told(MessageQueued)] == [True]


def test_a_status_of_the_table_is_sent_and_no_other() -> None:
    room = Room()

    def status(value: int) -> StatusSend:
        return StatusSend(
            message=MessageId("m-1"),
            to=UnitId("net/3204"),
            to_talkgroup=False,
            value=value,
            operator="Operator 1",
        )

    assert room.do(status(32771)).ok
    assert room.north.messages() == [SendStatus(message=MessageId("m-1"), to=3204, value=32771)]
    (queued,) = room.told(MessageQueued)
    assert (queued.kind, queued.value, queued.text) == ("status", 32771, "Available")
    for value, words in ((40000, "not in the plan"), (0, "not in the plan"), (32768, "emergency")):
        with pytest.raises(InvalidCommand, match=words):
            room.do(status(value))


def test_a_network_has_meanings_of_its_own() -> None:
    room = Room()
    own = StatusText(value=32771, digit="7", words="To hospital", system=SystemId("net"))
    other = StatusText(value=32771, digit="3", words="En route", system=SystemId("sea"))
    room.engine.use_plan(replace(PLAN, statuses=(*PLAN.statuses, other, own)), 2)
    room.north.say(radio.StatusReceived(sender=77, to=9001, value=32771))
    (status,) = room.told(UnitStatusSet)
    assert (status.words, status.digit) == ("To hospital", "7")


def test_status_zero_is_an_emergency_whatever_the_plan_calls_it() -> None:
    room = Room()
    named = StatusText(value=0, digit="0", words="Lunch", kind="unit")
    room.engine.use_plan(replace(PLAN, statuses=(*PLAN.statuses, named)), 2)
    room.north.say(radio.StatusReceived(sender=77, to=9001, value=0))
    (status,) = room.told(UnitStatusSet)
    assert (status.kind, status.words, status.digit) == ("emergency", "Emergency", "0")


@pytest.mark.parametrize(
    ("action", "act"),
    [
        ("ask", AskPosition(message=MessageId("m-1"), to=3204)),
        ("enable", SetReporting(message=MessageId("m-1"), to=3204, enabled=True)),
        ("disable", SetReporting(message=MessageId("m-1"), to=3204, enabled=False)),
    ],
)
def test_a_unit_is_asked_where_it_is(action: str, act: MessageAct) -> None:
    room = Room()
    request = PositionRequest(
        message=MessageId("m-1"), unit=UnitId("net/3204"), action=action, operator="o"
    )
    assert room.do(request).ok
    assert room.north.messages() == [act]
    assert [e.kind for e in room.told(MessageQueued)] == ["position_request"]
    with pytest.raises(InvalidCommand, match="ask, enable, disable"):
        room.do(replace(request, action="guess"))


def test_a_sender_hears_once_that_its_text_was_read() -> None:
    room = Room()
    room.north.say(radio.TextReceived(sender=77, to=9001, text="a", pid=130, handle=4))
    room.north.say(radio.TextReceived(sender=77, to=9001, text="b", pid=130))
    first, second = (event.message for event in room.told(MessageReceived))
    for message in (first, first, second, MessageId("m-unknown")):
        assert room.do(MessageOpen(message=message, operator="o")).ok
    assert room.north.messages() == [MarkOpened(handle=4)]


def test_data_is_shown_unless_machines_talk_to_machines() -> None:
    room = Room()
    words = "data message, protocol id 195"
    room.north.say(radio.DataReceived(sender=77, to=101, pid=195, raw_hex="C3010203", words=words))
    room.north.say(
        radio.DataReceived(sender=77, to=101, pid=10, raw_hex="0A48", words="x", routine=True)
    )
    (data,) = room.told(MessageReceived)
    assert (data.kind, data.pid, data.raw_hex) == ("data", 195, "C3010203")
    assert (data.text, data.talkgroup) == ("Data message, protocol id 195", PATROL)


def test_a_text_has_its_writers_time_and_its_parts() -> None:
    room = Room()
    written = RadioTime(frame="utc", month=9, day=20, hour=13, minute=5)
    room.north.say(
        radio.TextReceived(
            sender=77, to=9001, text="a", pid=138, written=written, parts=3, parts_missing=1,
            opta="AB#1234567890123456",
        )
    )  # fmt: skip
    (text,) = room.told(MessageReceived)
    assert text.written == "2026-09-20T13:05Z"
    assert (text.parts, text.parts_missing, text.opta) == (3, 1, "AB#1234567890123456")


def test_the_age_of_a_place_is_reckoned_from_its_time() -> None:
    room = Room()
    now = datetime.fromtimestamp(room.clock.utc_us() / 1_000_000, UTC)
    taken = now - timedelta(seconds=95)
    fix = FixTime(day=taken.day, hour=taken.hour, minute=taken.minute, second=taken.second)
    room.north.say(
        radio.PositionReceived(sender=3204, latitude_deg=59.3, longitude_deg=18.1, taken=fix)
    )
    (place,) = room.told(UnitPositioned)
    assert place.age_s == 95


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

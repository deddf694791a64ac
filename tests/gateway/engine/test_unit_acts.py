"""Acts on one radio: which link, what is told of them, and what silence means."""

import pytest

from gateway.model import radio
from gateway.model import unit_acts as acts
from gateway.model.command import Reply
from gateway.model.errors import InvalidCommand
from gateway.model.events import MessageProgressed, MessageQueued, MessageReceived, UnitStatusSet
from gateway.model.ids import MessageId, UnitId
from gateway.model.radio import Capability, SendState
from gateway.model.unit_commands import UnitActAsk
from tests.gateway.engine.peer import ALL, NORTH, SOUTH, Room, ScriptedRadio

CAR = UnitId("net/3204")


class ReachingRadio(ScriptedRadio):
    """A radio whose link reaches single units."""

    def act(self, act: acts.UnitAct) -> None:
        self.wire.append(("act", act))

    def acts(self) -> list[acts.UnitAct]:
        return [entry[1] for entry in self.wire if entry[0] == "act"]


def reaching() -> Room:
    return Room(kind=ReachingRadio)


def ask(
    room: Room, act: str, *, value: int | None = None, reason: str = "", message: str = "m-1"
) -> Reply:
    return room.do(
        UnitActAsk(
            message=MessageId(message),
            unit=CAR,
            act=act,
            operator="Operator 1",
            value=value,
            reason=reason,
        )
    )


def progress(room: Room, state: SendState, reason: str = "", message: str = "m-1") -> None:
    room.north.say(radio.SendProgress(message=MessageId(message), state=state, reason=reason))


def claims(room: Room) -> list[tuple[str, str]]:
    return [(e.state, e.reason) for e in room.told(MessageProgressed)]


def sent(room: Room, link: ScriptedRadio) -> list[acts.UnitAct]:
    assert isinstance(link, ReachingRadio)
    return link.acts()


@pytest.mark.parametrize(
    ("act", "value", "words", "expected"),
    [
        ("call_alert", None, "Call alert", acts.CallAlert(message=MessageId("m-1"), to=3204)),
        ("status_query", None, "Status query", acts.QueryStatus(message=MessageId("m-1"), to=3204)),
        (
            "status_update",
            32771,
            "Status update: Available",
            acts.UpdateStatus(message=MessageId("m-1"), to=3204, value=32771),
        ),
        ("radio_check", None, "Radio check", acts.RadioCheck(message=MessageId("m-1"), to=3204)),
        (
            "inhibit",
            None,
            "Inhibit: stolen at the harbour",
            acts.Inhibit(message=MessageId("m-1"), to=3204, enabled=False),
        ),
        (
            "uninhibit",
            None,
            "Put back into service: stolen at the harbour",
            acts.Inhibit(message=MessageId("m-1"), to=3204, enabled=True),
        ),
    ],
)
def test_an_act_goes_to_the_radio_and_is_told_in_words(
    act: str, value: int | None, words: str, expected: acts.UnitAct
) -> None:
    room = reaching()
    reason = "stolen at the harbour" if "inhibit" in act else ""
    assert ask(room, act, value=value, reason=reason).ok
    assert sent(room, room.north) == [expected]
    (queued,) = room.told(MessageQueued)
    assert (queued.kind, queued.text, queued.to, queued.link, queued.value) == (
        act,
        words,
        CAR,
        NORTH,
        value,
    )
    assert queued.operator == "Operator 1"


def test_an_act_goes_over_the_link_that_heard_the_unit() -> None:
    room = reaching()
    room.south.say(radio.StatusReceived(sender=3204, to=None, value=32771))
    room.all_told()
    ask(room, "radio_check")
    assert len(sent(room, room.south)) == 1
    assert [e.link for e in room.told(MessageQueued)] == [SOUTH]


def test_what_the_radio_answers_is_told_once() -> None:
    room = reaching()
    ask(room, "call_alert")
    room.all_told()
    for state in (SendState.SENT, SendState.SENT, SendState.DELIVERED, SendState.FAILED):
        progress(room, state)
    assert claims(room) == [("sent", ""), ("delivered", "")]
    room.wait(30_000)
    assert claims(room) == []


def test_silence_after_it_was_sent_is_told_and_a_late_answer_too() -> None:
    room = reaching()
    ask(room, "radio_check")
    room.wait(9_000)
    progress(room, SendState.SENT)
    room.all_told()
    room.wait(9_900)
    assert claims(room) == []
    room.wait(200)
    assert claims(room) == [("failed", "no answer from the radio")]
    progress(room, SendState.DELIVERED)
    assert claims(room) == [("delivered", "")]


def test_what_the_link_never_sent_has_failed() -> None:
    room = reaching()
    ask(room, "radio_check")
    room.all_told()
    room.wait(10_100)
    assert claims(room) == [("failed", "not sent in time")]


def test_the_answer_to_a_query_is_its_status_in_words() -> None:
    room = reaching()
    ask(room, "status_query")
    progress(room, SendState.SENT)
    room.all_told()
    room.north.say(radio.StatusReceived(sender=3120, to=None, value=32771))
    assert claims(room) == []
    room.north.say(radio.StatusReceived(sender=3204, to=9001, value=32771))
    assert claims(room) == [("delivered", "Available")]
    room.wait(20_000)
    room.north.say(radio.StatusReceived(sender=3204, to=9001, value=7))
    assert claims(room) == []


def test_what_a_link_cannot_do_fails_in_words() -> None:
    room = Room(kind=ReachingRadio, capabilities=ALL - {Capability.UNIT_ACTS})
    reply = ask(room, "call_alert")
    assert (reply.ok, reply.reason) == (False, "not possible on this link")
    assert claims(room) == [("failed", "not possible on this link")]
    assert sent(room, room.north) == []
    room = Room()  # says that it can, and cannot
    assert ask(room, "call_alert").reason == "not possible on this link"


def test_a_lost_link() -> None:
    room = reaching()
    ask(room, "call_alert", message="m-1")
    progress(room, SendState.SENT)
    ask(room, "call_alert", message="m-2")
    room.all_told()
    room.down(room.north)
    told = room.told(MessageProgressed)
    assert [(e.message, e.state, e.reason) for e in told] == [("m-2", "unknown", "link lost")]
    room.down(room.south)
    assert ask(room, "call_alert", message="m-3").reason == "link lost"


@pytest.mark.parametrize(
    ("act", "value", "reason", "words"),
    [
        ("explode", None, "", "act: expected one of"),
        ("inhibit", None, "  ", "needs a written reason"),
        ("uninhibit", None, "", "needs a written reason"),
        ("status_update", None, "", "not in the plan's table"),
        ("status_update", 1, "", "not in the plan's table"),
        ("status_update", 32768, "", "is an emergency"),
    ],
)
def test_what_is_not_whole_is_refused(act: str, value: int | None, reason: str, words: str) -> None:
    room = reaching()
    with pytest.raises(InvalidCommand, match=words):
        ask(room, act, value=value, reason=reason)
    assert sent(room, room.north) == []


def test_a_unit_of_no_link_and_a_text_that_is_no_unit() -> None:
    room = reaching()
    command = UnitActAsk(
        message=MessageId("m-1"), unit=UnitId("elsewhere/1"), act="call_alert", operator="o"
    )
    assert room.do(command).reason == "no link reaches this number"
    with pytest.raises(InvalidCommand):
        room.do(UnitActAsk(message=MessageId("m"), unit=UnitId("x"), act="inhibit", operator="o"))


def test_a_call_alert_from_a_radio_is_told_once() -> None:
    room = reaching()
    for link in (room.north, room.south):
        link.say(radio.CallAlertReceived(sender=3204, to=9001))
    (told,) = room.told(MessageReceived)
    assert (told.kind, told.sender, told.to, told.text) == ("call_alert", CAR, 9001, "Call alert")


def test_status_nought_is_an_emergency_in_tetra_alone() -> None:
    room = reaching()
    room.north.say(radio.StatusReceived(sender=3204, to=None, value=0))
    assert [e.kind for e in room.told(UnitStatusSet)] == ["emergency"]
    room.north.info = radio.LinkInfo(technology="p25", capabilities=ALL)
    for value in (0, 0x0102):
        room.north.say(radio.StatusReceived(sender=3204, to=None, value=value))
    assert [(e.kind, e.words) for e in room.told(UnitStatusSet)] == [
        ("other", "Unit status 0, user status 0"),
        ("other", "Unit status 1, user status 2"),
    ]

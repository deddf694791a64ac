import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.bus import InProcessBus
from gateway.model.command import Command, Reply
from gateway.model.commands import FloorRelease, FloorRenew, FloorRequest
from gateway.model.errors import InvalidCommand
from gateway.model.events import (
    FloorEnding,
    FloorGranted,
    FloorLost,
    FloorQueued,
    FloorRefused,
    FloorReleased,
    FloorUnheard,
)
from gateway.model.ids import GatewayId, LinkId, PositionId, TalkgroupId, TransmissionId
from gateway.model.transmit_test import MICROPHONE, TransmitTest, position_of_test
from tests.webrtc.room import FIRE, PATROL, SystemClock, until
from webrtc.microphone import UplinkGate, UplinkTarget
from webrtc.ptt import PressTerms, PttService, PttSession

NAMES = {PATROL: "NORRVIK PATRULL 1", FIRE: "BRAND 1"}


class Desk:
    """A gateway that notes its commands, and the push-to-talk over it."""

    def __init__(self) -> None:
        self.bus = InProcessBus(GatewayId("g"), SystemClock(), os.urandom, check_json=True)
        self.commands: list[Command] = []
        self.reply = Reply(ok=True)
        self.gate = UplinkGate()
        self.service = PttService(
            self.bus, self.gate, handle={"norrvik": 1}.__getitem__, name=NAMES.__getitem__
        )
        self.states: list[dict[str, Any]] = []
        self.allowed = {PATROL, FIRE}
        for kind in (FloorRequest, FloorRenew, FloorRelease):
            self.bus.serve(kind, self._note)

    def _note(self, command: Command) -> Reply:
        self.commands.append(command)
        return self.reply

    def open(
        self, position: str = "5", operator: str = "E. Lund", *, user: str = "", urgent: bool = True
    ) -> PttSession:
        return self.service.open(
            PositionId(position),
            operator,
            self.allowed.__contains__,
            self.states.append,
            user=user,
            may_preempt=lambda: urgent,
        )

    def event(self, kind: type[Any], request: str = "r-1", **fields: object) -> None:
        self.bus.publish(
            kind(request=request, position=PositionId("5"), talkgroup=PATROL, **fields)
        )

    async def words(self, count: int) -> list[tuple[str, str]]:
        await until(lambda: len(self.states) >= count, f"{count} states, got {self.states}")
        return [(state["state"], state["words"]) for state in self.states]

    async def asked(self, count: int) -> list[Command]:
        await until(lambda: len(self.commands) >= count, f"{count} commands")
        return self.commands


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    room = Desk()
    await room.service.start()
    yield room
    await room.service.close()
    await room.service.close()


def press(talkgroup: str = PATROL, request: str = "r-1", **more: object) -> dict[str, object]:
    return {"op": "press", "request": request, "talkgroup": talkgroup, "source": "key", **more}


async def test_a_priority_needs_its_own_right(desk: Desk) -> None:
    session = desk.open(urgent=False)
    session.receive(press(priority=2))
    assert await desk.words(1) == [("denied", "Refused: no right to pre-empt others")]
    session.receive(press(request="r-2"))
    assert [type(command) for command in await desk.asked(1)] == [FloorRequest]


async def test_two_people_of_one_name_do_not_block_each_other(desk: Desk) -> None:
    desk.open("5", user="u-1").receive(press())
    desk.open("6", user="u-2").receive(press(request="r-2"))
    assert len(await desk.asked(2)) == 2


async def test_a_whole_press(desk: Desk) -> None:
    session = desk.open()
    session.receive(press(priority=1))
    assert desk.states[0]["state"] == "requesting"  # at once, before the gateway has answered
    session.receive({"op": "renew", "request": "r-1"})
    desk.event(FloorGranted, transmission=TransmissionId("t-1"), wait_ms=120)
    await desk.words(2)
    position = PositionId("5")
    target = UplinkTarget(system=1, talkgroup=310201, position=position)
    assert desk.gate.target(position) == target
    session.receive({"op": "release", "request": "r-1"})
    desk.event(FloorEnding, left_ms=240)
    times: dict[str, Any] = {"grant_ms": 120, "on_air_ms": 4100, "first_ms": 140, "unkey_ms": 60}
    desk.event(FloorReleased, cause="release", **times)
    assert await desk.words(4) == [
        ("requesting", "Requesting"),
        ("on_air", "ON AIR NORRVIK PATRULL 1"),
        ("ending", "Ending"),
        ("idle", ""),
    ]
    assert desk.states[1]["transmission"] == "t-1"
    assert desk.states[1]["grant_ms"] == 120
    assert {name: desk.states[3][name] for name in times} == times
    assert await desk.asked(3) == [
        FloorRequest(
            request="r-1",  # type: ignore[arg-type]  # a plain string in a test
            position=PositionId("5"),
            operator="E. Lund",
            talkgroup=PATROL,
            priority=1,
            source="key",
        ),
        FloorRenew(request="r-1"),  # type: ignore[arg-type]
        FloorRelease(request="r-1", normal=True, cause="release"),  # type: ignore[arg-type]
    ]
    assert desk.gate.target(PositionId("5")) is None
    assert session.active is None


@pytest.mark.parametrize(
    ("kind", "fields", "said", "over"),
    [
        (FloorQueued, {}, ("queued", "Queued"), False),
        (FloorQueued, {"place": 2}, ("queued", "Queued 2"), False),
        (FloorRefused, {"reason": ""}, ("denied", "Refused"), True),
        (
            FloorRefused,
            {"reason": "Position 5 is talking"},
            ("denied", "Refused: Position 5 is talking"),
            True,
        ),
        (
            FloorRefused,
            {"reason": "radio is on BRAND 1", "not_sent": True},
            ("fault", "Not sent: radio is on BRAND 1"),
            True,
        ),
        (
            FloorLost,
            {"cause": "preempted", "reason": "3204", "on_air_ms": 900},
            ("preempted", "Pre-empted by 3204"),
            True,
        ),
        (
            FloorLost,
            {"cause": "limit", "reason": "limit", "on_air_ms": 60_004},
            ("fault", "Cut off after 60 s: limit"),
            True,
        ),
        (
            FloorLost,
            {"cause": "link_lost", "reason": "link lost", "on_air_ms": 6_900},
            ("fault", "Cut off after 7 s: link lost"),
            True,
        ),
        (
            FloorLost,
            {"cause": "lease", "reason": "", "on_air_ms": 0},
            ("fault", "Not sent: lease"),
            True,
        ),
    ],
)
async def test_the_words(
    desk: Desk, kind: type[Any], fields: dict[str, Any], said: tuple[str, str], over: bool
) -> None:
    session = desk.open()
    session.receive(press())
    await desk.asked(1)
    desk.event(kind, **fields)
    assert (await desk.words(2))[1] == said
    assert desk.states[1]["place"] == fields.get("place")
    assert (session.active is None) == over
    assert (desk.gate.target(PositionId("5")) is None) == over


async def test_a_silent_microphone_is_said_and_the_press_goes_on(desk: Desk) -> None:
    session = desk.open()
    session.receive(press())
    desk.event(FloorGranted, transmission=TransmissionId("t-1"), wait_ms=120)
    desk.event(FloorUnheard, silent=True)
    desk.event(FloorUnheard, silent=False)
    await desk.words(4)
    told = [(s["state"], s["words"], s.get("unheard")) for s in desk.states[2:]]
    assert told == [
        ("on_air", "ON AIR, but this microphone gives no sound", True),
        ("on_air", "ON AIR NORRVIK PATRULL 1", False),
    ]
    assert desk.gate.target(PositionId("5")) is not None


async def test_a_refusal_by_the_gateway_itself(desk: Desk) -> None:
    desk.reply = Reply(ok=False, reason="link hamnen is down")
    session = desk.open()
    session.receive(press())
    assert (await desk.words(2))[1] == ("denied", "Refused: link hamnen is down")
    assert desk.gate.target(PositionId("5")) is None
    assert session.active is None


async def test_no_gateway_is_said_and_opens_nothing() -> None:
    bus = InProcessBus(GatewayId("g"), SystemClock(), os.urandom)
    gate = UplinkGate()
    states: list[dict[str, Any]] = []
    service = PttService(bus, gate, handle=lambda _: 1, name=str)
    session = service.open(PositionId("1"), "A", lambda _: True, states.append)
    session.receive(press())
    await until(lambda: len(states) == 2, "an answer")
    assert states[1]["words"].startswith("Refused: no gateway answers")
    assert gate.target(PositionId("1")) is None
    await service.close()


async def test_without_the_right_nothing_is_asked(desk: Desk) -> None:
    desk.allowed = {FIRE}
    session = desk.open()
    session.receive(press())
    assert await desk.words(1) == [("denied", "Refused: no right to talk here")]
    await asyncio.sleep(0)
    assert desk.commands == []
    assert desk.gate.target(PositionId("5")) is None


async def test_a_right_that_goes_away_ends_the_press(desk: Desk) -> None:
    session = desk.open()
    session.receive(press())
    desk.service.check_rights()
    await desk.asked(1)
    assert len(desk.commands) == 1
    desk.allowed.remove(PATROL)
    desk.service.check_rights()
    commands = await desk.asked(2)
    assert commands[1] == FloorRelease(request="r-1", normal=False, cause="revoked")  # type: ignore[arg-type]
    assert desk.gate.target(PositionId("5")) is None


async def test_key_repeat_is_one_press(desk: Desk) -> None:
    session = desk.open()
    for _ in range(50):
        session.receive(press())
    await desk.asked(1)
    await asyncio.sleep(0)
    assert len(desk.commands) == len(desk.states) == 1
    session.receive(press(request="r-2"))
    assert (await desk.words(2))[1] == ("denied", "Refused: in use")
    assert session.active == "r-1"


async def test_one_hot_microphone_an_operator_and_a_position(desk: Desk) -> None:
    first, elsewhere, window = desk.open(), desk.open("2"), desk.open("5", "A. Berg")
    first.receive(press())
    elsewhere.receive(press(request="r-2"))
    window.receive(press(request="r-3"))
    assert (await desk.words(3))[1:] == [
        ("denied", "Refused: transmit is at position 5"),
        ("denied", "Refused: this position is talking in another window"),
    ]
    first.receive({"op": "release", "request": "r-1"})
    desk.event(FloorReleased, cause="release")
    await desk.words(4)
    elsewhere.receive(press(request="r-4"))
    assert (await desk.words(5))[4][0] == "requesting"


@pytest.mark.parametrize("cause", ["blur", "hidden", "mic_lost", "pointer_cancel"])
async def test_any_abnormal_end_closes_the_microphone_at_once(desk: Desk, cause: str) -> None:
    session = desk.open()
    session.receive(press())
    session.receive({"op": "abort", "request": "r-1", "cause": cause})
    assert desk.gate.target(PositionId("5")) is None
    commands = await desk.asked(2)
    assert commands[1] == FloorRelease(request="r-1", normal=False, cause=cause)  # type: ignore[arg-type]
    session.receive({"op": "renew", "request": "r-1"})
    await asyncio.sleep(0)
    assert len(desk.commands) == 2


async def test_a_lost_socket_aborts_and_says_nothing_more(desk: Desk) -> None:
    session = desk.open()
    session.receive(press())
    session.close()
    session.close()
    assert desk.commands[-1] == FloorRelease(request="r-1", normal=False, cause="socket")  # type: ignore[arg-type]
    desk.event(FloorReleased, cause="socket")
    again = desk.open()
    again.receive(press(request="r-2"))
    assert [state["request"] for state in desk.states] == ["r-1", "r-2"]
    session.receive(press(request="r-3"))
    assert len(desk.states) == 2


async def test_the_request_of_a_colleague_cannot_be_taken_over(desk: Desk) -> None:
    """The ids of presses are on the event stream: knowing one gives nobody a hold on it."""
    owner, other = desk.open(), desk.open("2", "A. Berg")
    owner.receive(press())
    other.receive(press())
    assert (await desk.words(2))[1] == ("denied", "Refused: this press was made before")
    other.receive({"op": "renew", "request": "r-1"})
    other.receive({"op": "release", "request": "r-1"})
    await asyncio.sleep(0)
    assert len(await desk.asked(1)) == 1
    desk.event(FloorGranted, transmission=TransmissionId("t-9"), wait_ms=1)
    assert (await desk.words(3))[2] == ("on_air", "ON AIR NORRVIK PATRULL 1")
    desk.event(FloorReleased, cause="release")
    await desk.words(4)
    other.receive(press())
    assert (await desk.words(5))[4][0] == "denied", "nor is it taken again after its end"


@pytest.mark.parametrize("cause", ["preempted", "lease", "Anna Svensson", 7, None])
async def test_a_page_gives_only_causes_of_its_own(desk: Desk, cause: object) -> None:
    session = desk.open()
    session.receive(press())
    session.receive({"op": "abort", "request": "r-1", "cause": cause})
    commands = await desk.asked(2)
    assert commands[1] == FloorRelease(request="r-1", normal=False, cause="abort")  # type: ignore[arg-type]


async def test_the_microphone_stays_open_a_little_after_a_normal_release(desk: Desk) -> None:
    session = desk.open()
    session.receive(press())
    session.receive({"op": "release", "request": "r-1"})
    assert desk.gate.target(PositionId("5")) is not None
    await until(lambda: desk.gate.target(PositionId("5")) is None, "closed", 1)


async def test_events_of_other_presses_change_nothing(desk: Desk) -> None:
    session = desk.open()
    session.receive(press())
    desk.event(FloorGranted, request="r-9", transmission=TransmissionId("t-9"), wait_ms=1)
    desk.event(FloorQueued)
    assert (await desk.words(2))[1][0] == "queued"
    assert session.active == "r-1"


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"op": "press"},
        {"op": "press", "request": 5},
        {"op": "press", "request": "x" * 65},
        {"op": "press", "request": "Anna Svensson, 19"},
        {"op": "shout", "request": "r-1"},
        {"op": "press", "request": "r-1", "talkgroup": PATROL, "priority": 9},
        {"op": "press", "request": "r-1", "talkgroup": PATROL, "priority": True},
    ],
)
async def test_messages_that_are_none_are_refused(desk: Desk, message: dict[str, object]) -> None:
    session = desk.open()
    with pytest.raises(InvalidCommand, match="ptt: expected"):
        session.receive(message)
    assert session.active is None
    assert desk.gate.target(PositionId("5")) is None


@pytest.mark.parametrize("talkgroup", ["", "nowhere", "a/b", None, 7])
async def test_a_press_on_no_talkgroup_is_refused(desk: Desk, talkgroup: object) -> None:
    desk.allowed.add(TalkgroupId("nowhere"))
    desk.open().receive(press() | {"talkgroup": talkgroup})
    assert (await desk.words(1))[0][0] == "denied"
    assert desk.commands == []


async def test_latched_and_unknown_sources(desk: Desk) -> None:
    session = desk.open()
    session.receive(press(latched=True))
    desk.event(FloorReleased, cause="release")
    await desk.words(2)
    session.receive(press(request="r-2") | {"source": "telepathy"})
    commands = await desk.asked(2)
    assert [command.source for command in commands if isinstance(command, FloorRequest)] == [
        "latch",
        "button",
    ]


async def test_a_test_speaks_by_the_session_that_it_names_and_ends_with_it(desk: Desk) -> None:
    test = TransmitTest(link=LinkId("hamnen"), sound=MICROPHONE)
    session = desk.service.open(
        position_of_test("hamnen"),
        "K. Berg",
        desk.allowed.__contains__,
        desk.states.append,
        user="u-1",
        terms=lambda message, command: PressTerms(test=test, mouth=message["rtc"]),
    )
    session.receive(press(rtc="s1"))
    (command,) = await desk.asked(1)
    assert isinstance(command, FloorRequest)
    assert (command.source, command.test) == ("test", test)
    assert desk.gate.target(position_of_test("hamnen")) is None
    target = desk.gate.target("s1")
    assert target is not None
    assert target.position == position_of_test("hamnen")
    other = desk.open("6", user="u-1")
    other.receive(press(request="r-2"))
    assert (await desk.words(2))[-1] == ("denied", "Refused: transmit is in a test transmission")

    desk.service.mouth_gone("s2")  # somebody else's
    desk.service.mouth_gone("s1")
    release = (await desk.asked(2))[-1]
    assert isinstance(release, FloorRelease)
    assert (release.normal, release.cause) == (False, "mic_lost")
    assert desk.gate.target("s1") is None

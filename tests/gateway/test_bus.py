"""The bus: nobody waits, voice drops the oldest, an event is never dropped in silence."""

import asyncio
import logging

import pytest

from gateway.bus import InProcessBus, Lagged
from gateway.model.command import Reply
from gateway.model.commands import AlarmEnd, FloorRenew, LinkRestart
from gateway.model.errors import InvalidCommand, LinkError
from gateway.model.events import AlarmEnded, AlarmRaised, CallEnded, Envelope, FloorGranted
from gateway.model.ids import (
    AlarmId,
    CallId,
    GatewayId,
    LinkId,
    MonoMs,
    PositionId,
    RequestId,
    TalkgroupId,
    UtcUs,
)
from gateway.model.voice import VoiceFrame


class StandingClock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(0)

    def utc_us(self) -> UtcUs:
        return UtcUs(1_790_000_000_000_000)


def make(first_seq: int = 1) -> InProcessBus:
    count = iter(range(1_000_000))
    return InProcessBus(
        GatewayId("g-1"),
        StandingClock(),
        lambda size: next(count).to_bytes(size, "big"),
        check_json=True,
        first_seq=first_seq,
    )


def ended(number: int) -> CallEnded:
    return CallEnded(call=CallId(f"c-{number}"), talkgroup=TalkgroupId("net/1"), cause="ended")


def frame(sequence: int) -> VoiceFrame:
    return VoiceFrame(
        sequence=sequence,
        timestamp_48k=sequence * 960,
        capture_utc_us=0,
        transmission=bytes(16),
        system=1,
        talkgroup=1,
        talker=0,
        opus=b"\xfc",
    )


def test_events_have_an_order_and_an_id() -> None:
    bus = make(first_seq=41)
    subscription = bus.subscribe("all")
    sent = [bus.publish(ended(n), trace="r-1") for n in range(3)]
    got = subscription.drain()
    assert got == sent
    assert [envelope.seq for envelope in got] == [41, 42, 43]
    assert len({envelope.id for envelope in got}) == 3
    assert {(e.gateway, e.trace, e.t_utc) for e in got} == {("g-1", "r-1", 1_790_000_000_000_000)}


def test_a_subscriber_gets_the_types_it_asked_for() -> None:
    bus = make()
    alarms = bus.subscribe("alarms", AlarmEnded, FloorGranted)
    everything = bus.subscribe("all")
    bus.publish(ended(1))
    bus.publish(AlarmEnded(alarm=AlarmId("a-1"), operator="o", reason="handled"))
    assert [envelope.event.type for envelope in alarms.drain()] == ["alarm.ended"]
    assert len(everything.drain()) == 2


async def test_an_event_subscriber_that_lags_is_cut_off_loudly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = make()
    slow = bus.subscribe("slow", capacity=3)
    fast = bus.subscribe("fast", capacity=100)
    with caplog.at_level(logging.ERROR):
        for number in range(10):
            bus.publish(ended(number))
    assert "slow lags by 3" in caplog.text
    assert slow.lagged
    got: list[Envelope] = [await slow.get() for _ in range(3)]
    with pytest.raises(Lagged, match="slow"):
        await slow.get()
    assert [envelope.seq for envelope in got] == [1, 2, 3]  # what it had is whole and in order
    assert len(fast.drain()) == 10
    bus.publish(ended(11))
    assert slow.drain() == []


def test_voice_drops_the_oldest_and_counts() -> None:
    bus = make()
    slow = bus.subscribe_voice("slow", capacity=5)
    for number in range(12):
        bus.publish_voice(frame(number))
    assert slow.dropped == 7
    assert not slow.lagged
    assert [kept.sequence for kept in slow.drain()] == [7, 8, 9, 10, 11]


async def test_a_waiting_subscriber_is_woken_and_a_closed_one_ends() -> None:
    bus = make()
    subscription = bus.subscribe("one")
    got: list[int] = []

    async def read() -> None:
        async for envelope in subscription:
            got.append(envelope.seq)

    reader = asyncio.create_task(read())
    await asyncio.sleep(0)
    bus.publish(ended(1))
    bus.publish(ended(2))
    async with asyncio.timeout(5):
        while len(got) < 2:
            await asyncio.sleep(0)
        subscription.close()
        subscription.close()
        await reader
    bus.publish(ended(3))
    assert got == [1, 2]
    assert subscription.drain() == []


def test_leaving_voice_leaves_the_others() -> None:
    bus = make()
    first, second = bus.subscribe_voice("first"), bus.subscribe_voice("second")
    first.close()
    bus.publish_voice(frame(1))
    assert first.drain() == []
    assert [kept.sequence for kept in second.drain()] == [1]


async def test_a_command_is_answered_by_its_handler() -> None:
    bus = make()
    seen: list[LinkRestart] = []

    async def restart(command: LinkRestart) -> Reply:
        seen.append(command)
        return Reply(ok=False, reason="not now")

    bus.serve(LinkRestart, restart)
    command = LinkRestart(link=LinkId("north"), operator="o")
    assert await bus.request(command) == Reply(ok=False, reason="not now")
    assert seen == [command]
    with pytest.raises(InvalidCommand, match="served already"):
        bus.serve(LinkRestart, restart)


async def test_a_command_nobody_answers_is_a_link_error() -> None:
    bus = make()
    with pytest.raises(LinkError, match=r"floor\.renew"):
        await bus.request(FloorRenew(request=RequestId("r-1")))

    async def sleep(command: AlarmEnd) -> Reply:
        await asyncio.Event().wait()
        return Reply(ok=True)

    bus.serve(AlarmEnd, sleep)
    command = AlarmEnd(alarm=AlarmId("a-1"), operator="o", reason="handled")
    with pytest.raises(LinkError, match="within 10 ms"):
        await bus.request(command, timeout_ms=10)


async def test_what_is_posted_arrives_before_the_post_returns_and_in_order() -> None:
    bus = make()
    seen: list[str] = []

    def renew(command: FloorRenew) -> Reply:
        seen.append(command.request)
        return Reply(ok=command.request == "r-1", reason="over")

    bus.serve(FloorRenew, renew)
    replies: list[Reply] = []
    bus.post(FloorRenew(request=RequestId("r-1")), replies.append)
    bus.post(FloorRenew(request=RequestId("r-2")), replies.append)
    bus.post(FloorRenew(request=RequestId("r-3")))
    assert seen == ["r-1", "r-2", "r-3"]
    assert [reply.ok for reply in replies] == [True, False]
    assert await bus.request(FloorRenew(request=RequestId("r-2"))) == Reply(ok=False, reason="over")


async def test_what_is_posted_to_nobody_or_not_answered_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bus = make()
    with pytest.raises(LinkError, match=r"floor\.renew"):
        bus.post(FloorRenew(request=RequestId("r-1")))
    answers: asyncio.Queue[Reply] = asyncio.Queue()
    served = asyncio.Event()

    async def late(command: AlarmEnd) -> Reply:
        await served.wait()
        return Reply(ok=True)

    bus.serve(AlarmEnd, late)
    command = AlarmEnd(alarm=AlarmId("a-1"), operator="o", reason="handled")
    bus.post(command, answers.put_nowait)
    served.set()
    assert await answers.get() == Reply(ok=True)
    served.clear()
    monkeypatch.setattr("gateway.bus.ANSWER_MS", 10)
    bus.post(command, answers.put_nowait)
    reply = await answers.get()
    assert not reply.ok
    assert "within 10 ms" in reply.reason


def test_microphone_frames_go_to_the_gateway_or_nowhere() -> None:
    bus = make()
    bus.publish_uplink(PositionId("1"), frame(1))
    got: list[tuple[PositionId, int]] = []
    bus.serve_uplink(lambda position, sound: got.append((position, sound.sequence)))
    bus.publish_uplink(PositionId("2"), frame(2))
    assert got == [("2", 2)]


async def test_an_emergency_reaches_a_subscriber_that_is_cut_off() -> None:
    bus = make()
    slow = bus.subscribe("slow", capacity=2)
    for number in range(5):
        bus.publish(ended(number))
    alarm = AlarmRaised(
        alarm=AlarmId("a-1"),
        unit=None,
        alias="",
        talkgroup=None,
        link=LinkId("l"),
        sign="status",
    )
    bus.publish(alarm)
    assert slow.lagged
    assert [(await slow.get()).event.type for _ in range(3)][-1] == "alarm.raised"
    with pytest.raises(Lagged):
        await slow.get()

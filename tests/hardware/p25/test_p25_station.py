"""Whole calls between the driver of a fixed station and the simulated one, over real UDP."""

import asyncio
from functools import partial

import pytest

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallAlertReceived,
    CallDown,
    CallUp,
    EmergencySign,
    EmergencySigned,
    KeyDemand,
    LinkState,
    SendProgress,
    StatusReceived,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxRefused,
)
from gateway.model.unit_acts import CallAlert, Inhibit, QueryStatus, RadioCheck, UnitAct
from hardware.sim.speech import Sound, clip
from tests.hardware.p25.station_room import (
    DESK,
    GROUP,
    PRESS,
    UNIT,
    StationRoom,
    decoded,
    likeness,
    station_room,
)

CLIP = "en-b101-roll"
SHORT = Sound.tone(400.0, 400.0)
DIALECTS = pytest.mark.parametrize("dialect", ["tia", "v24"])


def talkers(room: StationRoom) -> list[int | None]:
    return [event.talker for event in room.events if isinstance(event, TalkStarted)]


def call(room: StationRoom) -> CallUp:
    up = room.of(CallUp)[-1]
    assert isinstance(up, CallUp)
    return up


@DIALECTS
@pytest.mark.parametrize("quirks", [True, False])
async def test_a_unit_is_heard_whole_and_named(dialect: str, quirks: bool) -> None:
    async with station_room(dialect=dialect, quirks=quirks) as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await room.until(lambda: room.of(CallDown), 20)
    assert call(room).group == GROUP
    assert not call(room).emergency
    assert not call(room).late_entry
    assert talkers(room)[-1] == UNIT
    assert set(talkers(room)) <= {None, UNIT}
    assert len(room.of(TalkEnded)) == 1
    said = clip(CLIP)
    assert len(room.pcm) == said.blocks + 3  # the encoder's delay, flushed at the end
    assert likeness(said, b"".join(room.pcm)) >= 0.8
    assert not room.stage.state()["violations"]


@DIALECTS
async def test_a_desk_is_heard_whole_and_named(dialect: str) -> None:
    said = clip(CLIP)
    async with station_room(dialect=dialect) as room:
        await room.say(said)
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
        await room.until(lambda: room.front_state("ends") == 2)
    (heard,) = room.heard()
    assert (heard.group, heard.source, heard.emergency) == (GROUP, DESK, False)
    assert heard.terminated
    assert heard.count >= said.blocks + 3
    assert heard.count % 9 == 0
    assert likeness(said, decoded(heard.frames)) >= 0.8
    assert len(room.of(TxGranted)) == len(room.of(TxEnded)) == 1
    assert room.front_state("gaps") == 0
    assert not room.stage.state()["violations"], room.stage.entries


@DIALECTS
async def test_an_emergency_survives_both_ways(dialect: str) -> None:
    async with station_room(dialect=dialect) as room:
        room.do("talk", group=GROUP, unit=UNIT, emergency=True, for_s=0.4)
        await room.until(lambda: room.of(TalkEnded))
        assert call(room).emergency
        await room.say(SHORT, priority=3)
        await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
    assert room.heard()[0].emergency


async def test_an_encrypted_unit_gives_activity_and_no_noise() -> None:
    async with station_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP, algorithm=0x84, key_id=0x1234,
                message_indicator="010203040506070800")  # fmt: skip
        await room.until(lambda: room.of(TalkEnded), 20)
    up = call(room)
    assert (up.encrypted, up.readable, up.algorithm, up.key_id) == (True, False, 0x84, 0x1234)
    assert set(room.pcm) == {bytes(320)}


async def test_a_late_entry_loses_nothing_that_came() -> None:
    async with station_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP, late=True)
        await room.until(lambda: room.of(TalkEnded), 20)
    assert call(room).group == GROUP
    assert talkers(room)[-1] == UNIT
    assert len(room.pcm) == clip(CLIP).blocks + 3


async def test_an_over_whose_end_is_lost_ends_by_silence() -> None:
    async with station_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=0.5, no_end=True)
        await room.until(lambda: room.of(TalkEnded))
        assert room.state is LinkState.UP  # it answers: only the end was lost
        room.do("talk", group=GROUP, unit=UNIT + 1, for_s=0.5)
        await room.until(lambda: len(room.of(TalkEnded)) == 2)
    assert talkers(room)[-1] == UNIT + 1


async def test_overs_of_both_sides_share_one_call() -> None:
    async with station_room() as room:
        for unit in (UNIT, UNIT + 1):
            room.do("talk", group=GROUP, unit=unit, for_s=0.3)
        await room.until(lambda: len(room.of(TalkEnded)) == 2)
        await room.say(SHORT)
        await room.until(lambda: room.of(TxEnded))
        room.do("talk", group=GROUP, unit=UNIT, for_s=0.3)
        await room.until(lambda: len(room.of(TalkEnded)) == 3)
        assert not room.of(CallDown)
        await room.until(lambda: room.of(CallDown))
    assert len(room.of(CallUp)) == len(room.of(CallDown)) == 1


async def test_a_press_is_refused_while_somebody_is_heard_but_an_emergency_is_not() -> None:
    async with station_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=5)
        await room.until(lambda: room.of(TalkStarted))
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await room.until(lambda: room.of(TxRefused))
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP, priority=3))
        await room.until(lambda: room.of(TxGranted))
        await room.until(room.heard)
        room.driver.end(PRESS, "lease_expired")
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard()[0].ended_ms)
    assert room.heard()[0].terminated


@pytest.mark.parametrize(
    ("fault", "values", "least"),
    [
        ("loss", {"percent": 10}, 0.75),
        ("duplicate", {"percent": 50}, 0.8),
        ("reorder", {"percent": 20, "by_ms": 45}, 0.8),
    ],
)
async def test_a_bad_network_does_not_break_an_over(
    fault: str, values: dict[str, object], least: float
) -> None:
    said = clip(CLIP)
    async with station_room() as room:
        room.do(fault, **values)
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await room.until(lambda: room.of(TalkEnded), 20)
        await room.until(lambda: room.of(CallDown), 20)
        assert talkers(room)[-1] == UNIT
        assert len(room.of(TalkEnded)) == 1
        assert likeness(said, b"".join([*room.pcm, bytes(960)])) >= least
        assert room.state is LinkState.UP
        await room.say(said)
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard()[-1].ended_ms)
    (heard,) = room.heard()
    assert (heard.group, heard.source) == (GROUP, DESK)
    assert likeness(said, decoded([*heard.frames, b"", b"", b""])) >= least


async def test_a_station_that_is_gone_in_mid_call_is_told_within_two_seconds() -> None:
    async with station_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=30)
        await room.until(lambda: room.of(TalkStarted))
        await asyncio.sleep(0.3)
        room.do("vanish")
        begun = asyncio.get_running_loop().time()
        await room.until(lambda: room.state is LinkState.DOWN, 2.0)
        assert "stopped answering in mid-call" in room.reasons[-1]
        assert room.of(TalkEnded)
        assert asyncio.get_running_loop().time() - begun < 2.0


async def test_a_station_that_is_gone_under_a_press_is_told_within_two_seconds() -> None:
    async with station_room() as room:
        talk = asyncio.create_task(room.say(clip(CLIP)))
        await room.until(lambda: room.heard() and room.heard()[0].count > 20)
        room.do("vanish")
        await room.until(lambda: room.of(TxEnded), 2.0)
        ended = room.of(TxEnded)[0]
        assert isinstance(ended, TxEnded)
        assert ended.cause == "link_lost"
        assert room.state is LinkState.DOWN
        talk.cancel()
        room.do("mend")
        await room.until(lambda: room.state is LinkState.UP, 8.0)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "refused without a reason"),
        (2, "connected to another host"),
        (3, "manufacturer"),
        (4, "version"),
        (5, "does not have this function"),
        (6, "parameters"),
        (7, "busy"),
        (99, "code 99"),
    ],
)
async def test_each_refusal_is_told_in_words(code: int, words: str) -> None:
    async with station_room(up=False) as room:
        room.do("nak", what="connect", reason=code)
        await room.driver.close()
        room.events.clear()
        await room.driver.start()
        await room.until(lambda: room.reasons, 2.0)
        assert words in room.reasons[-1]
        assert room.state is LinkState.DOWN


async def test_a_slow_station_is_not_given_up() -> None:
    async with station_room(answer_ms=2200) as room:
        assert room.state is LinkState.UP
        assert room.front_state("connects") == 1


async def test_a_flood_is_told_and_goes_by() -> None:
    async with station_room() as room:
        room.do("flood", per_s=4000, for_s=1.5, what="rubbish")
        await room.until(lambda: room.reasons, 2.0)
        assert "floods" in room.reasons[-1]
        await asyncio.sleep(1.2)
        await room.until(lambda: room.events[-1] is not None and room.state is LinkState.UP)
        room.do("talk", group=GROUP, unit=UNIT, for_s=0.4)
        await room.until(lambda: room.of(TalkEnded), 8.0)
    assert len(room.events) < 120


async def test_the_station_is_given_free_at_the_end() -> None:
    async with station_room() as room:
        await room.driver.close()
        await room.until(lambda: room.front_state("disconnects") == 1)
        assert room.front_state("connected") is False


async def test_signalling_of_units_and_acts_on_them_go_in_records() -> None:
    async with station_room(dialect="v24") as room:
        room.do("alarm", unit=UNIT, group=GROUP)
        room.do("status", unit=UNIT, value=0x0203)
        room.do("alert", unit=UNIT, to=DESK)
        await room.until(lambda: room.of(CallAlertReceived))
        assert room.of(EmergencySigned, StatusReceived) == [
            EmergencySigned(unit=UNIT, sign=EmergencySign.ALARM, group=GROUP),
            StatusReceived(sender=UNIT, to=0xFFFFFC, value=0x0203),
        ]
        acts: list[UnitAct] = [
            CallAlert(message=MessageId("m-1"), to=UNIT),
            QueryStatus(message=MessageId("m-2"), to=UNIT),
            RadioCheck(message=MessageId("m-3"), to=UNIT),
            Inhibit(message=MessageId("m-4"), to=UNIT),
        ]
        for act in acts:
            room.driver.act(act)
            await room.until(partial(answered, room, act))
        room.do("answer", answer="deny")
        denied = CallAlert(message=MessageId("m-5"), to=UNIT)
        room.driver.act(denied)
        await room.until(lambda: progress(room, denied) == ["sent", "failed"])
    assert not room.stage.state()["violations"]


def answered(room: StationRoom, act: UnitAct) -> bool:
    return progress(room, act) == ["sent", "delivered"]


def progress(room: StationRoom, act: UnitAct) -> list[str]:
    events = [e for e in room.events if isinstance(e, SendProgress)]
    return [event.state.value for event in events if event.message == act.message]

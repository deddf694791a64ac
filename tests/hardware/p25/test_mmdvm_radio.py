"""Whole calls between the driver of a modem and the simulated one, over a real pty and real UDP."""

import asyncio
from pathlib import Path

import pytest

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallAlertReceived,
    CallUp,
    EmergencySigned,
    KeyDemand,
    LinkState,
    SendProgress,
    SendState,
    StatusReceived,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import CallAlert, RadioCheck
from hardware.sim.p25.modem_board import BoardSettings
from hardware.sim.speech import Sound, clip
from tests.hardware.p25.mmdvm_room import modem_room
from tests.hardware.p25.station_room import (
    DESK,
    GROUP,
    PRESS,
    UNIT,
    StationRoom,
    decoded,
    likeness,
)

CLIP = "en-b101-roll"
BRIEF = "en-a911-eta"
WAYS = pytest.mark.parametrize("udp", [False, True], ids=["pty", "udp"])
VERSIONS = pytest.mark.parametrize("protocol", [1, 2])


def talkers(room: StationRoom) -> list[int | None]:
    return [event.talker for event in room.events if isinstance(event, TalkStarted)]


def call(room: StationRoom) -> CallUp:
    up = room.of(CallUp)[-1]
    assert isinstance(up, CallUp)
    return up


@WAYS
@VERSIONS
async def test_a_call_each_way_is_heard_whole_and_named(udp: bool, protocol: int) -> None:
    said = clip(CLIP)
    async with modem_room(udp=udp, board=BoardSettings(protocol=protocol)) as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await room.until(lambda: room.of(TalkEnded), 20)
        assert call(room).group == GROUP
        assert not call(room).late_entry
        assert talkers(room)[-1] == UNIT
        assert set(talkers(room)) <= {None, UNIT}
        assert len(room.of(TalkEnded)) == 1
        assert likeness(said, b"".join(room.pcm)) >= 0.8
        await room.say(said)
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
        assert not room.stage.state()["violations"], room.stage.entries
        assert room.front_state("underruns") == 0
    (heard,) = room.heard()
    assert (heard.group, heard.source, heard.emergency) == (GROUP, DESK, False)
    assert heard.terminated
    assert heard.count >= said.blocks + 3
    assert heard.count % 9 == 0
    assert likeness(said, decoded(heard.frames)) >= 0.8
    assert len(room.of(TxGranted)) == len(room.of(TxEnded)) == 1


def acts(room: StationRoom) -> list[SendState]:
    return [event.state for event in room.events if isinstance(event, SendProgress)]


def ended(room: StationRoom) -> TxEnded:
    event = room.of(TxEnded)[-1]
    assert isinstance(event, TxEnded)
    return event


async def test_emergencies_signalling_and_acts_over_a_pty() -> None:
    async with modem_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, emergency=True, for_s=0.4)
        await room.until(lambda: room.of(TalkEnded))
        assert call(room).emergency
        room.do("alarm", group=GROUP, unit=UNIT)
        room.do("alert", unit=UNIT)
        room.do("status", unit=UNIT, value=7)
        kinds = (EmergencySigned, CallAlertReceived, StatusReceived)
        await room.until(lambda: all(room.of(kind) for kind in kinds))
        room.driver.act(CallAlert(message=MessageId("m-1"), to=UNIT))
        await room.until(lambda: acts(room) == [SendState.SENT, SendState.DELIVERED])
        room.do("answer", what="act", answer="deny", reason=0x2F)
        room.driver.act(RadioCheck(message=MessageId("m-2"), to=UNIT))
        await room.until(lambda: acts(room)[2:] == [SendState.SENT, SendState.FAILED])
        assert not room.stage.state()["violations"], room.stage.entries


async def test_an_encrypted_unit_gives_activity_and_no_noise() -> None:
    async with modem_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=BRIEF, algorithm=0x84, key_id=0x1234,
                message_indicator="010203040506070800")  # fmt: skip
        await room.until(lambda: room.of(TalkEnded), 20)
    up = call(room)
    assert (up.encrypted, up.readable, up.algorithm, up.key_id) == (True, False, 0x84, 0x1234)
    assert set(room.pcm) == {bytes(320)}


@pytest.mark.parametrize(
    ("fault", "values"),
    [
        ("loss", {"percent": 10}),
        ("duplicate", {"percent": 10}),
        ("reorder", {"percent": 10, "by_ms": 40}),
    ],
)
async def test_a_bad_network_before_a_modem(fault: str, values: dict[str, object]) -> None:
    async with modem_room(udp=True) as room:
        room.do(fault, **values)
        room.do("talk", group=GROUP, unit=UNIT, say=BRIEF)
        await room.until(lambda: room.of(TalkEnded), 20)
        assert talkers(room)[-1] == UNIT
        assert len(room.of(TalkEnded)) == 1
        await room.say(clip(BRIEF))
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard() and room.heard()[-1].ended_ms)
        assert room.state is LinkState.UP
        assert ended(room).cause == "released"


@WAYS
async def test_a_modem_that_is_gone_in_mid_call_is_told_within_two_seconds(udp: bool) -> None:
    async with modem_room(udp=udp) as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=30)
        await room.until(lambda: room.of(TalkStarted))
        await asyncio.sleep(0.5)
        room.do("vanish")
        await room.until(lambda: room.of(TalkEnded), 2.2)
        await room.until(lambda: room.state is not LinkState.UP, 2.2)
        assert any("nothing for 2 s" in reason for reason in room.reasons)
        room.do("mend")
        room.do("cut")
        await room.until(lambda: room.state is LinkState.UP, 15)


async def test_a_cable_pulled_under_a_press_ends_it_at_once(tmp_path: Path) -> None:
    async with modem_room(link=tmp_path / "modem") as room:
        talk = asyncio.create_task(room.say(clip(CLIP)))
        await room.until(lambda: room.heard() and room.heard()[0].count > 8)
        room.do("restart", after_ms=700)
        await room.until(lambda: room.of(TxEnded), 2.0)
        assert ended(room).cause == "link_lost"
        await talk
        await room.until(lambda: room.state is LinkState.UP, 15)
        await room.say(Sound.silence(300))
        await room.until(lambda: len(room.of(TxEnded)) == 2)
        assert ended(room).cause == "released"


async def test_a_refusal_is_told_and_nothing_is_keyed() -> None:
    async with modem_room(up=False) as room:
        room.do("nak", what="SET_CONFIG", reason=4)
        await room.until(lambda: any("SET_CONFIG" in reason for reason in room.reasons), 10)
        assert room.state is LinkState.DOWN
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await room.until(lambda: room.of(TxNotSent))
        assert not room.of(TxGranted)
        assert room.heard() == []


async def test_a_refusal_of_voice_ends_the_over_in_words() -> None:
    async with modem_room() as room:
        talk = asyncio.create_task(room.say(Sound.silence(1_500)))
        await room.until(lambda: room.heard() and room.heard()[0].count > 8)
        room.do("nak", what="P25_LDU", reason=2, times=1)
        await room.until(lambda: room.of(TxEnded), 2.0)
        assert ended(room).cause == "failed"
        assert "P25_LDU" in ended(room).reason
        await room.until(lambda: room.heard()[0].ended_ms, 2.0)
        assert room.heard()[0].terminated
        await talk


async def test_a_full_buffer_ends_the_over_within_two_seconds() -> None:
    async with modem_room(board=BoardSettings(buffer_frames=3)) as room:
        talk = asyncio.create_task(room.say(Sound.silence(4_000)))
        await room.until(lambda: room.heard() and room.heard()[0].count > 8)
        room.do("nak", what="buffer")
        await room.until(lambda: room.of(TxEnded), 2.5)
        assert "buffer is full" in ended(room).reason
        talk.cancel()


@pytest.mark.parametrize("what", ["status", "air", "rubbish"])
@WAYS
async def test_a_flood_is_told_within_two_seconds(what: str, udp: bool) -> None:
    async with modem_room(udp=udp) as room:
        room.do("flood", per_s=2_000, for_s=2.0, what=what)
        await room.until(lambda: any("dropped" in reason for reason in room.reasons), 2.0)
        await asyncio.sleep(1.0)
        assert room.heard() == []
        assert len(room.events) < 1_000
        await room.until(lambda: room.state is LinkState.UP, 5)


async def test_a_channel_that_is_busy_refuses_a_press() -> None:
    async with modem_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=5)
        await room.until(lambda: room.of(TalkStarted))
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await room.until(lambda: room.of(TxRefused))

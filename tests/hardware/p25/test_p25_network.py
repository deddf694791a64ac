"""Whole calls between our ends of a MMDVM P25 network and the simulated ones, over real UDP."""

import asyncio

import pytest

from gateway.model.ids import MessageId
from gateway.model.radio import (
    CallDown,
    CallUp,
    GroupChanged,
    KeyDemand,
    LinkState,
    SendProgress,
    SendState,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)
from gateway.model.unit_acts import CallAlert
from hardware.sim.speech import Sound, clip
from tests.hardware.p25.network_room import CALLSIGN, client_room, host_room
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
SHORT = Sound.silence(400)
ROLES = pytest.mark.parametrize("role", ["reflector", "gateway"])


def talkers(room: StationRoom) -> list[int | None]:
    return [event.talker for event in room.events if isinstance(event, TalkStarted)]


async def both_ways(room: StationRoom, group: int = GROUP) -> None:
    """Hear a unit, then talk; check what came of it."""
    said = clip(CLIP)
    room.do("talk", group=group, unit=UNIT, say=CLIP)
    await room.until(lambda: room.of(CallDown), 20)
    up = room.of(CallUp)[-1]
    assert isinstance(up, CallUp)
    assert (up.group, up.late_entry, up.emergency, up.encrypted) == (group, False, False, False)
    assert talkers(room)[-1] == UNIT
    assert set(talkers(room)) <= {None, UNIT}
    assert len(room.of(TalkEnded)) == 1
    assert len(room.pcm) >= said.blocks + 3
    assert likeness(said, b"".join(room.pcm)) >= 0.8
    await room.say(said, group)
    await room.until(lambda: room.of(TxEnded))
    await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
    (heard,) = room.heard()
    assert (heard.group, heard.source) == (group, DESK)
    assert heard.terminated
    assert heard.count >= said.blocks + 3
    assert heard.count % 9 == 0
    assert likeness(said, decoded(heard.frames)) >= 0.8
    assert not room.stage.state()["violations"], room.stage.entries
    assert len(room.of(TxGranted)) == len(room.of(TxEnded)) == 1


@ROLES
async def test_a_call_each_way_as_a_client(role: str) -> None:
    async with client_room(role=role) as room:
        if role == "gateway":  # it learns where its host is from the first datagram
            await room.say(SHORT)
            await room.until(lambda: room.of(CallDown), 20)
            await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
            room.events.clear()
            room.stage.clear()
        await both_ways(room)


async def test_a_call_each_way_as_a_reflector() -> None:
    async with host_room() as (room,):
        assert "SIMGW" in room.reasons[-1]
        await both_ways(room)


async def test_polls_echoes_and_farewell() -> None:
    async with client_room() as room:
        assert room.front_state("clients") == [CALLSIGN]
        await room.driver.close()
        await room.until(lambda: any(e["kind"] == "unlinked" for e in room.stage.entries))
        kinds = [entry["kind"] for entry in room.stage.entries]
        await room.until(lambda: len([e for e in room.stage.entries if e["kind"] == "unlink"]) == 3)
        assert kinds.count("unlinked") == 1


async def test_clients_hear_each_other_through_us() -> None:
    async with host_room(callsigns=("ALPHA", "BRAVO")) as (alpha, bravo):
        alpha.do("talk", group=GROUP, unit=UNIT, for_s=0.5)
        await alpha.until(lambda: bravo.heard() and bravo.heard()[0].ended_ms, 20)
        await alpha.until(lambda: alpha.of(TalkEnded))
        bravo.do("talk", group=GROUP, unit=UNIT + 1, for_s=1)
        await asyncio.sleep(0.3)
        alpha.do("talk", group=GROUP, unit=UNIT, for_s=0.4)  # one at a time: not taken
        await alpha.until(lambda: alpha.heard() and alpha.heard()[0].ended_ms, 20)
        await alpha.until(lambda: len(alpha.of(TalkEnded)) == 2)
    (heard,) = bravo.heard()
    assert (heard.group, heard.source, heard.terminated) == (GROUP, UNIT, True)
    assert [one.source for one in alpha.heard()] == [UNIT + 1]
    assert UNIT + 1 in talkers(alpha)
    assert not alpha.stage.state()["violations"]


async def test_a_desk_waits_for_a_client_unless_it_matters() -> None:
    async with host_room() as (room,):
        room.do("talk", group=GROUP, unit=UNIT, for_s=2)
        await room.until(lambda: room.of(TalkStarted))
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await room.until(lambda: room.of(TxRefused))
        refused = room.of(TxRefused)[0]
        assert isinstance(refused, TxRefused)
        assert "SIMGW talks" in refused.reason
        await room.say(SHORT, priority=3)
        await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
    assert room.heard()[0].source == DESK


async def test_a_gateway_tells_its_talkgroup_and_ours_alone_are_carried() -> None:
    async with client_room(role="gateway", groups=(GROUP,)) as room:
        await room.say(SHORT)
        await room.until(lambda: room.of(TxEnded))
        for number in (9, 0):
            room.do("answer", what="link", answer="take", reason=number)
        await room.until(lambda: len(room.of(GroupChanged)) == 2)
        room.do("talk", group=GROUP + 1, unit=UNIT, for_s=0.5)
        room.do("talk", group=GROUP, unit=UNIT, for_s=0.5)
        await room.until(lambda: room.of(TalkEnded))
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP + 1))
        await room.until(lambda: room.of(TxNotSent))
    told = [event.number for event in room.events if isinstance(event, GroupChanged)]
    assert told == [9, None]
    assert len(room.of(TalkStarted)) == 1
    assert {e.group for e in room.events if isinstance(e, CallUp)} == {GROUP}


async def test_signalling_is_refused_in_words() -> None:
    async with client_room() as room:
        room.driver.act(CallAlert(message=MessageId("m-1"), to=UNIT))
        await room.until(lambda: room.of(SendProgress))
        said = room.of(SendProgress)[0]
        assert isinstance(said, SendProgress)
        assert said.state is SendState.FAILED
        assert "no signalling" in said.reason
        assert room.driver.info.capabilities == frozenset()


@pytest.mark.parametrize(
    ("fault", "values", "least"),
    [
        ("loss", {"percent": 10}, 0.6),
        ("duplicate", {"percent": 10}, 0.8),
        ("reorder", {"percent": 10, "by_ms": 40}, 0.8),
    ],
)
@pytest.mark.parametrize("host", [False, True], ids=["client", "host"])
async def test_a_bad_network_does_not_break_an_over(
    fault: str, values: dict[str, object], least: float, host: bool
) -> None:
    said = clip(BRIEF)

    async def story(room: StationRoom) -> None:
        room.do(fault, **values)
        room.do("talk", group=GROUP, unit=UNIT, say=BRIEF)
        await room.until(lambda: room.of(CallDown), 20)
        assert talkers(room)[-1] == UNIT
        assert set(talkers(room)) <= {None, UNIT}
        assert len(room.of(TalkEnded)) == len(room.of(CallUp)) == 1
        assert likeness(said, b"".join([*room.pcm, bytes(960)])) >= least
        assert room.state is LinkState.UP
        await room.say(said)
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard()[-1].ended_ms)
        assert len(room.of(TxGranted)) == 1
        ended = room.of(TxEnded)[0]
        assert isinstance(ended, TxEnded)
        assert ended.cause == "released"

    if host:
        async with host_room() as (room,):
            await story(room)
    else:
        async with client_room() as room:
            await story(room)


async def test_a_reflector_that_is_gone_in_mid_call_is_told_within_two_seconds() -> None:
    async with client_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=30)
        await room.until(lambda: room.of(TalkStarted))
        await asyncio.sleep(0.5)
        room.do("vanish")
        await room.until(lambda: room.of(TalkEnded), 2.0)
        await room.until(lambda: room.state is LinkState.DOWN, 12)
        assert "does not answer" in room.reasons[-1]
        room.do("mend")
        await room.until(lambda: room.state is LinkState.UP, 5)


async def test_a_reflector_that_is_gone_under_a_press_is_told_within_two_seconds() -> None:
    async with client_room() as room:
        talk = asyncio.create_task(room.say(clip(CLIP)))
        await room.until(lambda: room.heard() and room.heard()[0].count > 20)
        room.do("vanish")
        await room.until(lambda: room.of(TxEnded), 2.0)
        ended = room.of(TxEnded)[0]
        assert isinstance(ended, TxEnded)
        assert ended.cause == "link_lost"
        assert room.state is LinkState.DOWN
        await talk


async def test_a_client_that_is_gone_in_mid_call_ends_it_within_two_seconds() -> None:
    async with host_room() as (room,):
        room.do("talk", group=GROUP, unit=UNIT, for_s=30)
        await room.until(lambda: room.of(TalkStarted))
        room.do("vanish")
        await room.until(lambda: room.of(TalkEnded), 2.0)


@pytest.mark.parametrize("what", ["voice", "rubbish", "poll"])
@pytest.mark.parametrize("host", [False, True], ids=["client", "host"])
async def test_a_flood_is_told_within_two_seconds(what: str, host: bool) -> None:
    async def story(room: StationRoom) -> None:
        room.do("flood", per_s=5_000, for_s=2.0, what=what)
        await room.until(lambda: any("dropped" in reason for reason in room.reasons), 2.0)
        await asyncio.sleep(2.0)
        assert room.heard() == []
        assert len(room.events) < 1_000
        assert room.state is LinkState.UP

    if host:
        async with host_room() as (room,):
            await story(room)
    else:
        async with client_room() as room:
            await story(room)

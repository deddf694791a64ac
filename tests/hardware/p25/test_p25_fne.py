"""Whole calls between a FNE peer and the simulated master, over real UDP; and everything else."""

import asyncio
import tracemalloc

import pytest

from gateway.model.ids import MessageId, RequestId
from gateway.model.radio import (
    CallAlertReceived,
    CallDown,
    CallUp,
    DataReceived,
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
from gateway.model.unit_acts import CallAlert, QueryStatus, RadioCheck, UnitAct
from gateway.p25.fne.numbers import NAK_WORDS, NakReason
from hardware.sim.speech import Sound, clip
from tests.hardware.p25.fne_room import FneRoom, fne_room
from tests.hardware.p25.station_room import DESK, GROUP, PRESS, UNIT, decoded, likeness

CLIP, OTHER_CLIP = "en-b101-roll", "en-3110-go"
SHORT = Sound.tone(400.0, 400.0)
FRAMES_OF_DELAY = 3
"""The encoder's delay, flushed at the end of an over."""


def talkers(room: FneRoom, instance: int | None = None) -> set[int | None]:
    return {
        event.talker
        for event in room.events
        if isinstance(event, TalkStarted) and instance in (None, event.instance)
    }


async def test_a_unit_is_heard_whole_and_named() -> None:
    said = clip(CLIP)
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await room.until(lambda: room.of(CallDown), 20)
    (up,) = room.calls()
    assert (up.group, up.emergency, up.late_entry, up.encrypted) == (GROUP, False, False, False)
    assert talkers(room) == {UNIT}
    assert len(room.of(TalkEnded)) == 1
    whole = said.blocks + FRAMES_OF_DELAY
    assert len(room.pcm) == whole + -whole % 9  # an over ends with whole LDUs
    assert likeness(said, b"".join(room.pcm)) >= 0.8
    assert not room.stage.state()["violations"], room.stage.entries


async def test_a_desk_is_heard_whole_and_named() -> None:
    said = clip(CLIP)
    async with fne_room(groups=(GROUP,)) as room:
        await room.say(said)
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
        assert not room.core.keyed
    (heard,) = room.heard()
    assert (heard.group, heard.source, heard.emergency) == (GROUP, DESK, False)
    assert heard.terminated
    whole = said.blocks + FRAMES_OF_DELAY
    assert heard.count == whole + -whole % 9
    assert likeness(said, decoded(heard.frames)) >= 0.8
    assert len(room.of(TxGranted)) == len(room.of(TxEnded)) == 1
    assert room.front_state("gaps") == room.front_state("collisions") == 0
    assert room.front_state("ends") == 1
    assert not room.stage.state()["violations"], room.stage.entries


async def test_two_calls_at_once_are_kept_apart() -> None:
    one, two = clip(CLIP), clip(OTHER_CLIP)
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await asyncio.sleep(0.1)
        room.do("talk", group=GROUP + 1, unit=UNIT + 1, say=OTHER_CLIP)
        await room.until(lambda: len(room.of(CallDown)) == 2, 20)
    first, second = room.instance(GROUP), room.instance(GROUP + 1)
    assert first != second
    assert talkers(room, first) == {UNIT}
    assert talkers(room, second) == {UNIT + 1}
    assert likeness(one, b"".join(room.of_call[first])) >= 0.8
    assert likeness(two, b"".join(room.of_call[second])) >= 0.8
    assert len(room.of(TalkEnded)) == 2
    assert room.of_call.keys() == {first, second}


async def test_a_desk_talks_on_one_group_while_another_is_heard() -> None:
    said = clip(OTHER_CLIP)
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await room.until(lambda: room.of(TalkStarted))
        await room.say(said, group=GROUP + 1)
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.of(TalkEnded), 20)
        await room.until(lambda: room.heard()[0].ended_ms)
    (heard,) = room.heard()
    assert heard.group == GROUP + 1
    assert likeness(said, decoded(heard.frames)) >= 0.8
    assert likeness(clip(CLIP), b"".join(room.of_call[room.instance(GROUP)])) >= 0.8


async def test_two_desks_talk_on_two_groups_at_once() -> None:
    one, two = clip(CLIP), clip(OTHER_CLIP)
    async with fne_room() as room:
        other = RequestId("r-2")
        await room.press()
        await room.press(group=GROUP + 1, demand=other)
        guards = room.driver._guards  # type: ignore[union-attr]  # a driver over UDP has several
        assert [guard.armed for guard in guards] == [True, True, False, False]
        await asyncio.gather(room.speak(one), room.speak(two, demand=other))
        room.driver.end(PRESS)
        room.driver.end(other)
        await room.until(lambda: len(room.of(TxEnded)) == 2)
        await room.until(lambda: all(heard.ended_ms for heard in room.heard()))
        assert not any(guard.armed for guard in guards)
    heard = {over.group: over for over in room.heard()}
    assert heard.keys() == {GROUP, GROUP + 1}
    assert likeness(one, decoded(heard[GROUP].frames)) >= 0.8
    assert likeness(two, decoded(heard[GROUP + 1].frames)) >= 0.8
    assert not room.stage.state()["violations"], room.stage.entries


async def test_an_emergency_survives_both_ways() -> None:
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, emergency=True, for_s=0.4)
        await room.until(lambda: room.of(TalkEnded))
        assert room.calls()[0].emergency
        await room.say(SHORT, priority=3)
        await room.until(lambda: room.heard() and room.heard()[0].ended_ms)
        room.do("alarm", unit=UNIT, group=GROUP)
        await room.until(lambda: room.of(EmergencySigned))
    assert room.heard()[0].emergency


async def test_an_encrypted_unit_gives_activity_and_no_noise() -> None:
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=OTHER_CLIP, algorithm=0x84, key_id=0x1234,
                message_indicator="010203040506070800")  # fmt: skip
        await room.until(lambda: room.of(TalkEnded), 20)
    (up,) = room.calls()
    assert (up.encrypted, up.readable, up.algorithm, up.key_id) == (True, False, 0x84, 0x1234)
    assert set(room.pcm) == {bytes(320)}


async def test_a_late_entry_loses_nothing_that_came() -> None:
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, say=OTHER_CLIP, late=True)
        await room.until(lambda: room.of(TalkEnded), 20)
    (up,) = room.calls()
    assert up.late_entry
    assert talkers(room) == {UNIT}
    assert len(room.pcm) >= clip(OTHER_CLIP).blocks + FRAMES_OF_DELAY


async def test_an_over_whose_end_is_lost_ends_by_silence() -> None:
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=0.5, no_end=True)
        await room.until(lambda: room.of(TalkEnded))
        assert room.state is LinkState.UP
        room.do("talk", group=GROUP, unit=UNIT + 1, for_s=0.5)
        await room.until(lambda: len(room.of(TalkEnded)) == 2)
    assert talkers(room) == {UNIT, UNIT + 1}


async def test_overs_of_both_sides_share_one_call() -> None:
    async with fne_room() as room:
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


async def test_signalling_and_its_answers() -> None:
    async with fne_room() as room:
        room.do("alert", unit=UNIT)
        room.do("status", unit=UNIT, value=0x0102)
        room.do("affiliate", unit=UNIT, group=GROUP)
        await room.until(lambda: room.of(CallAlertReceived) and room.of(StatusReceived))
        await room.until(lambda: len(room.of(DataReceived)) == 2)
        acts: list[UnitAct] = [
            CallAlert(message=MessageId("m-1"), to=UNIT),
            RadioCheck(message=MessageId("m-2"), to=UNIT),
            QueryStatus(message=MessageId("m-3"), to=UNIT),
        ]
        for act in acts:
            room.driver.act(act)
        await room.until(lambda: len(room.of(SendProgress)) == 6)
        states = [e.state for e in room.events if isinstance(e, SendProgress)]
        assert states.count(SendState.DELIVERED) == 3
        room.do("answer", answer="deny", reason=0x2F)
        room.driver.act(CallAlert(message=MessageId("m-4"), to=UNIT))
        await room.until(lambda: len(room.of(SendProgress)) == 8)
        last = room.of(SendProgress)[-1]
        assert isinstance(last, SendProgress)
        assert last.state is SendState.FAILED
    assert not room.stage.state()["violations"], room.stage.entries


async def test_a_wrong_password_is_said_and_not_hammered() -> None:
    async with fne_room(password="quite wrong", up=False) as room:
        await room.until(lambda: room.reasons, 2.0)
        assert room.reasons[-1].startswith("wrong password")
        assert "30 s" in room.reasons[-1]
        assert room.state is LinkState.DOWN
        await asyncio.sleep(2.5)
        assert room.front_state("refused") == 1
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await room.until(lambda: room.of(TxNotSent), 2.0)
        assert "quite" not in repr(room.events)


@pytest.mark.parametrize("reason", list(NakReason))
async def test_each_refused_login_is_told_in_words(reason: NakReason) -> None:
    async with fne_room(up=False) as room:
        await room.until(lambda: room.state is LinkState.UP)
        room.do("refuse_login", reason=int(reason))
        room.do("restart")
        await room.until(lambda: room.state is LinkState.DOWN, 2.0)
        await room.driver.close()
        room.events.clear()
        await room.driver.start()
        await room.until(lambda: room.reasons, 2.0)
        assert room.reasons[-1].startswith(NAK_WORDS[reason])
        assert room.state is LinkState.DOWN
        assert room.stage.entries


@pytest.mark.parametrize("reason", list(NakReason))
async def test_each_no_in_a_session_is_told_in_words(reason: NakReason) -> None:
    async with fne_room() as room:
        await room.press()
        room.do("nak", reason=int(reason))
        await room.until(lambda: room.reasons, 2.0)
        assert room.reasons[-1].startswith(NAK_WORDS[reason])
        if reason not in (
            NakReason.GENERAL,
            NakReason.ILLEGAL_PACKET,
            NakReason.INVALID_CONFIGURATION,
        ):
            await room.until(lambda: room.of(TxEnded), 2.0)
            assert not room.core.keyed


async def test_a_list_that_forbids_is_told_as_a_refusal() -> None:
    async with fne_room(groups=(GROUP, GROUP + 1)) as room:
        room.do("acl", list="deactivated", numbers=[GROUP])
        await room.until(lambda: GROUP in room.core._access.deactivated)
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await room.until(lambda: room.of(TxRefused), 2.0)
        room.do("acl", list="blacklist", numbers=[DESK])
        await room.until(lambda: room.reasons, 2.0)
        assert "blacklist" in room.reasons[-1]
        room.driver.demand(KeyDemand(demand=RequestId("r-2"), group=GROUP + 1))
        await room.until(lambda: len(room.of(TxRefused)) == 2, 2.0)
        words = [e.reason for e in room.events if isinstance(e, TxRefused)]
        assert "deactivated" in words[0]
        assert "blacklist" in words[1]
        assert room.heard() == []


async def test_a_master_that_rejects_the_call() -> None:
    async with fne_room() as room:
        room.do("answer", what="grant", answer="deny")
        room.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await room.until(lambda: room.of(TxRefused), 2.0)
        await room.press(demand=RequestId("r-2"))


async def test_we_affiliate_where_it_is_asked_for() -> None:
    async with fne_room(talkgroups=(GROUP,)) as room:
        room.do("acl", list="active", numbers=[GROUP], affiliation=True)
        await room.until(lambda: [e for e in room.stage.entries if e["kind"] == "announced"])
        (said,) = [e for e in room.stage.entries if e["kind"] == "announced"]
        assert said["payload"] == f"{DESK:06x}{GROUP:06x}"
        await room.driver.close()
        await room.until(lambda: [e for e in room.stage.entries if e["kind"] == "peer_gone"])


@pytest.mark.parametrize(
    ("fault", "values", "words"),
    [
        ("loss", {"percent": 10}, "got lost"),
        ("duplicate", {"percent": 50}, "came twice"),
        ("reorder", {"percent": 20, "by_ms": 45}, ""),
    ],
)
async def test_a_bad_network_does_not_break_an_over(
    fault: str, values: dict[str, object], words: str
) -> None:
    said = clip(CLIP)
    async with fne_room() as room:
        room.do(fault, **values)
        room.do("talk", group=GROUP, unit=UNIT, say=CLIP)
        await room.until(lambda: room.of(TalkEnded), 20)
        await room.until(lambda: room.of(CallDown), 20)
        assert talkers(room) == {UNIT}
        assert len(room.of(TalkEnded)) == 1
        if fault != "loss":
            assert likeness(said, b"".join(room.pcm)) >= 0.8
        told = any(words in one for one in room.reasons)
        assert told or (fault == "loss" and not room.core.calls.count.lost) or not words
        assert room.state is LinkState.UP
        await room.say(said)
        await room.until(lambda: room.of(TxEnded))
        await room.until(lambda: room.heard()[-1].ended_ms)
    assert len(room.heard()) == 1


async def test_a_login_on_a_bad_network() -> None:
    async with fne_room() as room:
        await room.driver.close()
        room.do("loss", percent=25)
        room.do("duplicate", percent=25)
        room.events.clear()
        await room.driver.start()
        await room.until(lambda: room.state is LinkState.UP, 30.0)


async def test_a_master_that_is_gone_in_mid_call_is_told_within_two_seconds() -> None:
    async with fne_room() as room:
        room.do("talk", group=GROUP, unit=UNIT, for_s=30)
        await room.until(lambda: room.of(TalkStarted))
        await asyncio.sleep(0.3)
        room.do("vanish")
        await room.until(lambda: room.state is LinkState.DOWN, 2.0)
        assert room.reasons[-1] == "the master does not answer"
        assert room.of(TalkEnded)
        assert room.of(CallDown)
        room.do("mend")
        await room.until(lambda: room.state is LinkState.UP, 8.0)


async def test_a_master_that_is_gone_under_a_press_is_told_within_two_seconds() -> None:
    async with fne_room() as room:
        talk = asyncio.create_task(room.say(clip(CLIP)))
        await room.until(lambda: room.heard() and room.heard()[0].count > 20)
        room.do("vanish")
        await room.until(lambda: room.of(TxEnded), 2.0)
        ended = room.of(TxEnded)[0]
        assert isinstance(ended, TxEnded)
        assert ended.cause == "link_lost"
        assert room.state is LinkState.DOWN
        assert not room.core.keyed
        talk.cancel()


async def test_a_master_that_forgot_us_gets_a_new_login() -> None:
    async with fne_room() as room:
        room.do("restart")
        await room.until(lambda: room.state is LinkState.DOWN, 2.0)
        assert "ended the connection" in room.reasons[-1]
        await room.until(lambda: room.state is LinkState.UP, 8.0)
        assert room.front_state("peers") == [312_000]


@pytest.mark.parametrize("what", ["rubbish", "voice"])
async def test_a_flood_is_told_keys_nothing_and_costs_no_memory(what: str) -> None:
    async with fne_room() as room:
        room.do("flood", per_s=4000, for_s=2.0, what=what)
        await room.until(lambda: room.reasons, 2.0)
        assert "floods" in room.reasons[-1]
        tracemalloc.start()
        begun = tracemalloc.take_snapshot()
        await asyncio.sleep(0.8)
        grown = tracemalloc.take_snapshot().compare_to(begun, "filename")
        tracemalloc.stop()
        ours = [one.size_diff for one in grown if "/gateway/" in one.traceback[0].filename]
        assert sum(ours) < 1_000_000
        assert not room.core.keyed
        if what == "rubbish":
            await asyncio.sleep(1.2)
            room.do("talk", group=GROUP, unit=UNIT, for_s=0.4)
            await room.until(lambda: room.of(TalkEnded), 8.0)
            assert len(room.events) < 200

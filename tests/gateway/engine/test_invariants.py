"""Whatever radios and desks do, in any order: what begins ends once, and nothing stays keyed."""

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from gateway.model import radio
from gateway.model.commands import FloorRelease, FloorRenew, LinkSelect, PositionLeft
from gateway.model.events import (
    CallEnded,
    CallStarted,
    Event,
    FloorGranted,
    FloorLost,
    FloorRefused,
    FloorReleased,
    FloorRequested,
    TransmissionEnded,
    TransmissionStarted,
)
from gateway.model.ids import CallId, PositionId, RequestId
from gateway.model.radio import EmergencySign, LinkState
from gateway.model.voice import VoiceFlag
from tests.gateway.engine.peer import FIRE, PATROL, SECOND, Room, ScriptedRadio


class Weather:
    """Random desks and radios, the same in every run of a seed."""

    def __init__(self, seed: int) -> None:
        self.numbers = random.Random(seed)
        self.room = Room()
        self.count = 0
        self.presses: dict[str, int] = {}
        self.keyed_group: dict[str, int] = {}

    def step(self) -> None:
        move = self.numbers.choice(
            [
                self.press,
                self.press,
                self.renew,
                self.renew,
                self.renew,
                self.release,
                self.answer,
                self.answer,
                self.answer,
                self.call,
                self.call,
                self.sound,
                self.link,
                self.sign,
                self.select,
            ]
        )
        move()
        for _ in range(self.numbers.choice([0, 1, 2, 5, 20])):
            self.room.clock.ms += 10
            self.room.engine.tick(self.room.clock.mono_ms())
            self.check()
        self.check()

    def check(self) -> None:
        """Nothing is keyed that was not renewed within the lease, or released a moment ago."""
        for link in (self.room.north, self.room.south):
            if link.keyed is not None:
                since = self.room.clock.ms - self.presses[link.keyed]
                assert since <= 350 + 1500, (link.keyed, since)

    def radio(self) -> ScriptedRadio:
        return self.numbers.choice([self.room.north, self.room.south])

    def press(self) -> None:
        self.count += 1
        request = f"r-{self.count}"
        self.presses[request] = self.room.clock.ms
        self.room.press(
            request,
            self.numbers.choice("123"),
            self.numbers.choice([PATROL, PATROL, SECOND, FIRE]),
            priority=self.numbers.choice([0, 0, 0, 1, 3]),
            source=self.numbers.choice(["key", "button", "pedal"]),
        )

    def live(self) -> RequestId:
        return RequestId(f"r-{max(1, self.count - self.numbers.randrange(4))}")

    def renew(self) -> None:
        request = self.live()
        if self.room.do(FloorRenew(request=request)).ok:
            self.presses[request] = self.room.clock.ms

    def release(self) -> None:
        cause = self.numbers.choice(["release", "blur", "socket"])
        normal = cause == "release"
        self.room.do(FloorRelease(request=self.live(), normal=normal, cause=cause))
        if self.numbers.random() < 0.1:
            self.room.do(PositionLeft(position=PositionId(self.numbers.choice("123"))))

    def answer(self) -> None:
        link = self.radio()
        if not link.demanded():
            return
        demand = RequestId(link.demanded()[-1])
        match self.numbers.randrange(6):
            case 0 | 1:
                link.grant(demand, instance=self.numbers.choice([1, 2]))
            case 2:
                link.say(radio.TxQueued(demand=demand))
            case 3:
                link.say(radio.TxRefused(demand=demand, reason="busy"))
            case 4:
                link.say(radio.TxNotSent(demand=demand, reason="no", radio_group=101))
            case _:
                cause = self.numbers.choice(["preempted", "failed", "moved"])
                if link.keyed == demand:
                    link.keyed = None
                link.say(radio.TxEnded(demand=demand, cause=cause))

    def call(self) -> None:
        link, instance = self.radio(), self.numbers.choice([1, 2])
        talker = self.numbers.choice([None, 3204, 3120, 9001])
        group = self.numbers.choice([101, 102, 201, None])
        match self.numbers.randrange(5):
            case 0:
                emergency = self.numbers.random() < 0.3
                link.say(
                    radio.CallUp(instance=instance, group=group, caller=talker, emergency=emergency)
                )
            case 1 | 2:
                link.say(radio.TalkStarted(instance=instance, talker=talker))
            case 3:
                link.say(radio.TalkEnded(instance=instance))
            case _:
                link.say(radio.CallDown(instance=instance, cause="over"))

    def sound(self) -> None:
        self.room.hear(self.radio().id, self.numbers.randrange(1, 8))
        self.room.speak(self.numbers.choice("123"), self.numbers.randrange(1, 8))

    def link(self) -> None:
        link = self.radio()
        if self.numbers.random() < 0.2:
            state = self.numbers.choice(list(LinkState))
            if state in (LinkState.DOWN, LinkState.CLOSED):
                link.keyed = None  # the guard un-keys, the device is gone
            link.say(radio.LinkChanged(state=state))
        else:
            link.up(self.numbers.choice([101, 102, 201, None]))

    def sign(self) -> None:
        self.radio().say(radio.EmergencySigned(unit=3204, sign=EmergencySign.STATUS))

    def select(self) -> None:
        talkgroup = self.numbers.choice([PATROL, SECOND, FIRE])
        position = PositionId(self.numbers.choice("123"))
        self.room.do(LinkSelect(position=position, talkgroup=talkgroup))


@pytest.mark.parametrize("seed", range(12))
async def test_what_begins_ends_once(seed: int) -> None:
    weather = Weather(seed)
    room = weather.room
    for _ in range(600):
        weather.step()
    await room.engine.close()
    events = room.all_told()
    started = [e.transmission for e in events if isinstance(e, TransmissionStarted)]
    ended = [e.transmission for e in events if isinstance(e, TransmissionEnded)]
    assert Counter(started) == Counter(ended)
    assert len(set(started)) == len(started)
    calls = [e.call for e in events if isinstance(e, CallStarted)]
    assert calls == [e.call for e in sorted_ends(events, calls)]
    numbers = [e.call_seq for e in events if isinstance(e, CallStarted)]
    assert numbers == list(range(1, len(numbers) + 1))
    over = FloorRefused | FloorReleased | FloorLost
    requested = [e.request for e in events if isinstance(e, FloorRequested)]
    assert Counter(requested) == Counter(e.request for e in events if isinstance(e, over))
    granted = [e.request for e in events if isinstance(e, FloorGranted)]
    assert len(set(granted)) == len(granted)
    assert room.north.keyed is None
    assert room.south.keyed is None
    firsts = [m.transmission for m in room.recorder.opened if m.copy_of is None]
    assert firsts == started
    assert {m.copy_of for m in room.recorder.opened if m.copy_of is not None} <= set(started)
    opened = Counter(m.transmission for m in room.recorder.opened)
    assert set(opened.values()) == {1}
    assert Counter(t for t, _ in room.recorder.closed) == opened


def sorted_ends(events: Sequence[Event], calls: Sequence[CallId]) -> list[CallEnded]:
    ends = {e.call: e for e in events if isinstance(e, CallEnded)}
    assert len(ends) == len([e for e in events if isinstance(e, CallEnded)])
    return [ends[call] for call in calls if call in ends]


@pytest.mark.parametrize("seed", range(12, 18))
async def test_frames_of_a_transmission_begin_and_end_once(seed: int) -> None:
    weather = Weather(seed)
    for _ in range(400):
        weather.step()
    await weather.room.engine.close()
    flags: dict[bytes, list[VoiceFlag]] = {}
    for frame in weather.room.voice.drain():
        flags.setdefault(frame.transmission, []).append(frame.flags)
    assert flags
    for marks in flags.values():
        assert [bool(mark & VoiceFlag.START) for mark in marks].index(True) == 0
        assert sum(bool(mark & VoiceFlag.START) for mark in marks) == 1
        assert sum(bool(mark & VoiceFlag.END) for mark in marks) == 1
        assert marks[-1] & VoiceFlag.END

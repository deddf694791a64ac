"""Private calls in any order with presses and faults: what begins ends once, nothing is stuck."""

import random
from collections import Counter

import pytest

from gateway.model import radio
from gateway.model.commands import FloorRelease, FloorRenew, PositionLeft
from gateway.model.events import Event, TransmissionEnded, TransmissionStarted
from gateway.model.ids import CallId, PositionId, RequestId, TalkgroupId, ulid_bytes
from gateway.model.individual import IndividualProgressed, Progress
from gateway.model.individual_events import (
    IndividualAnswered,
    IndividualConnected,
    IndividualDialled,
    IndividualEnded,
    IndividualMissed,
    IndividualRinging,
)
from gateway.model.individual_plan import IndividualRule, NeverRecorded
from gateway.model.private_line import PRIVATE_HANDLE, is_private
from gateway.model.radio import LinkState
from tests.gateway.engine.peer import FIRE, PATROL, SECOND
from tests.gateway.engine.private_peer import CAR, OTHER, PhoneRoom, PhoningRadio

RULE = IndividualRule(name="r", positions=("1",), next_positions=("2",), next_after_s=1, ring_s=3)
STAFF = NeverRecorded(number="3120", reason="staff council")
GONE_MS = 350 + 1500


class Storm:
    """Random calls, desks and radios, the same in every run of a seed."""

    def __init__(self, seed: int) -> None:
        self.numbers = random.Random(seed)
        rules = (RULE,) if seed % 2 else ()
        self.room = PhoneRoom(rules=rules, never=(STAFF,))
        self.renewed: dict[str, int] = {}
        self.told: list[Event] = []
        self.count = 0
        self.moves = [
            self.ring,
            self.ring,
            self.answer,
            self.answer,
            self.answer,
            self.decline,
            self.dial,
            self.hang_up,
            self.press,
            self.press,
            self.renew,
            self.renew,
            self.renew,
            self.release,
            self.radio_says,
            self.radio_says,
            self.sound,
            self.link,
            self.habits,
        ]

    def step(self) -> None:
        self.numbers.choice(self.moves)()
        self.told += self.room.all_told()
        for _ in range(self.numbers.choice([0, 1, 2, 5, 30])):
            self.room.clock.ms += 10
            self.room.engine.tick(self.room.clock.mono_ms())
            self.check()
        self.told += self.room.all_told()

    def check(self) -> None:
        for link in (self.room.north, self.room.south):
            if link.keyed is not None:
                since = self.room.clock.ms - self.renewed[link.keyed]
                assert since <= GONE_MS, (link.keyed, since)

    # ---- what happens

    def radio(self) -> PhoningRadio:
        return self.numbers.choice([self.room.north, self.room.south])

    def position(self) -> str:
        return self.numbers.choice("123")

    def begun(self) -> list[IndividualRinging | IndividualDialled]:
        return [e for e in self.told if isinstance(e, IndividualRinging | IndividualDialled)]

    def some_call(self) -> IndividualRinging | IndividualDialled | None:
        calls = self.begun()[-4:]
        return self.numbers.choice(calls) if calls else None

    def new_press(self) -> str:
        self.count += 1
        request = f"r-{self.count}"
        self.renewed[request] = self.room.clock.ms
        return request

    def ring(self) -> None:
        link = self.radio()
        link.dialled = None
        link.ring(
            self.numbers.choice([1, 2, 5]),
            caller=self.numbers.choice([3204, 3120, None]),
            duplex=self.numbers.random() < 0.5,
            direct=self.numbers.random() < 0.3,
            digits=self.numbers.choice(["", "", "030123"]),
            emergency=self.numbers.random() < 0.1,
        )

    def answer(self) -> None:
        call = self.some_call()
        if call is None:
            return
        position = self.position()
        microphone = self.new_press() if call.duplex else None
        reply = self.room.answer(call.call, position, microphone)
        if reply.ok and microphone and self.numbers.random() < 0.8:
            self.room.open_mic(call.line, microphone, position)

    def decline(self) -> None:
        if (call := self.some_call()) is not None:
            self.room.decline(call.call, self.position())

    def dial(self) -> None:
        position, duplex = self.position(), self.numbers.random() < 0.5
        microphone = self.new_press() if duplex else None
        self.count += 1
        call = f"c-out-{self.count}"
        unit = self.numbers.choice([CAR, OTHER])
        if not self.room.dial(call, unit=unit, microphone=microphone, position=position).ok:
            return
        self.told += self.room.all_told()
        line = next(e.line for e in self.begun() if e.call == call)
        if microphone and self.numbers.random() < 0.8:
            self.room.open_mic(line, microphone, position)

    def hang_up(self) -> None:
        if (call := self.some_call()) is not None:
            self.room.hang_up(call.call, self.position())

    def press(self) -> None:
        call = self.some_call()
        targets: list[TalkgroupId] = [PATROL, SECOND, FIRE]
        if call is not None:
            targets += [call.line] * 3
        self.room.press(
            self.new_press(),
            self.position(),
            self.numbers.choice(targets),
            priority=self.numbers.choice([0, 0, 0, 3]),
        )

    def live(self) -> RequestId:
        return RequestId(f"r-{max(1, self.count - self.numbers.randrange(5))}")

    def renew(self) -> None:
        for _ in range(3):
            request = self.live()
            if self.room.do(FloorRenew(request=request)).ok:
                self.renewed[request] = self.room.clock.ms

    def release(self) -> None:
        normal = self.numbers.random() < 0.5
        cause = "release" if normal else "socket"
        self.room.do(FloorRelease(request=self.live(), normal=normal, cause=cause))
        if self.numbers.random() < 0.2:
            self.room.do(PositionLeft(position=PositionId(self.position())))

    def radio_says(self) -> None:
        link, instance = self.radio(), self.numbers.choice([1, 2, 5, 9])
        match self.numbers.randrange(8):
            case 0:
                link.finish("user request")
            case 1:
                link.say(radio.TalkStarted(instance=instance, talker=3204))
            case 2:
                link.say(radio.TalkEnded(instance=instance))
            case 3:
                link.say(radio.CallUp(instance=instance, group=101, caller=3204))
            case 4:
                link.say(radio.CallDown(instance=instance, cause="over"))
            case 5:
                call = CallId(link.dialled.call if link.dialled else "c-none")
                link.say(IndividualProgressed(call=call, progress=Progress.RINGING))
            case 6:
                link.connect(instance)
            case _:
                if link.demanded():
                    link.grant(link.demanded()[-1], instance=instance)

    def sound(self) -> None:
        self.room.hear(self.radio().id, self.numbers.randrange(1, 6))
        self.room.speak(self.position(), self.numbers.randrange(1, 6))

    def link(self) -> None:
        link = self.radio()
        if self.numbers.random() < 0.2:
            link.keyed = link.microphone = None
            link.instance = link.dialled = None
            link.say(radio.LinkChanged(state=LinkState.DOWN))
        else:
            link.up(self.numbers.choice([101, 201, None]))

    def habits(self) -> None:
        link = self.radio()
        link.connects = self.numbers.random() < 0.8
        link.grants = self.numbers.random() < 0.5
        link.reports_end = self.numbers.random() < 0.8
        link.ends = self.numbers.random() < 0.9


@pytest.mark.parametrize("seed", range(16))
async def test_what_begins_ends_once_and_the_list_is_kept(seed: int) -> None:
    storm = Storm(seed)
    room = storm.room
    for _ in range(500):
        storm.step()
    await room.engine.close()
    told = storm.told + room.all_told()
    begun = [e for e in told if isinstance(e, IndividualRinging | IndividualDialled)]
    ended = [e.call for e in told if isinstance(e, IndividualEnded)]
    assert Counter(e.call for e in begun) == Counter(ended)
    assert max(Counter(ended).values()) == 1
    for kind in (IndividualAnswered, IndividualConnected, IndividualMissed):
        once = Counter(e.call for e in told if isinstance(e, kind))
        assert max(once.values(), default=0) <= 1, kind
    started = [e.transmission for e in told if isinstance(e, TransmissionStarted)]
    over = [e.transmission for e in told if isinstance(e, TransmissionEnded)]
    assert Counter(started) == Counter(over)
    kept = {meta.call for meta in room.recorder.opened if is_private(meta.talkgroup)}
    assert kept <= {e.call for e in begun if e.recorded}
    assert all(e.recorded is not e.protected for e in begun)
    assert Counter(m.transmission for m in room.recorder.opened) == Counter(
        t for t, _ in room.recorder.closed
    )
    own = {meta.transmission for meta in room.recorder.opened if meta.position is not None}
    private = {f.transmission for f in room.voice.drain() if f.system == PRIVATE_HANDLE}
    assert not any(ulid_bytes(t) in private for t in own), "our own side was fanned out"
    assert room.north.keyed is None
    assert room.south.keyed is None

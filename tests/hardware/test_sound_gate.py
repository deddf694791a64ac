"""The gate between a sound card and the engine, with the clock in the test's hand."""

import asyncio
from dataclasses import dataclass, field

from gateway.model.ids import RequestId, UtcUs
from gateway.model.individual import IndividualConnected, IndividualEnded
from gateway.model.radio import (
    CallDown,
    LineSeen,
    LinkChanged,
    LinkState,
    RadioEvent,
    TalkEnded,
    TalkStarted,
    TxGranted,
)
from hardware.sound_address import parse_device
from hardware.sound_gate import GRACE_MS, SoundGate

DELAY_MS = 60
"""What the card holds back in these tests: a block comes so long after it was captured."""


@dataclass
class Scene:
    """A gate, the time, and what the engine would get."""

    options: str = "open_ms=0&tail_ms=60"
    now_ms: int = 10_000
    told: list[RadioEvent] = field(default_factory=list)
    heard_ms: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.gate = SoundGate(
            parse_device(f"device:card?{self.options}"), self.told.append, self._heard, self._utc
        )

    def _utc(self) -> UtcUs:
        return UtcUs(self.now_ms * 1000)

    def _heard(self, pcm: bytes, utc: UtcUs) -> None:
        self.heard_ms.append(utc // 1000)

    def run(self, ms: int) -> None:
        """Let time pass: a block every 20 ms."""
        for _ in range(ms // 20):
            self.now_ms += 20
            self.gate.take(bytes(320), UtcUs((self.now_ms - DELAY_MS) * 1000))


async def test_nothing_passes_outside_of_a_talk() -> None:
    scene = Scene()
    scene.run(1000)
    assert scene.heard_ms == []
    assert not scene.gate.open
    assert scene.gate.closed_blocks > 0


async def test_a_talk_is_what_was_captured_between_its_events() -> None:
    scene = Scene()
    scene.run(500)
    begin_ms = scene.now_ms
    scene.gate.event(TalkStarted(instance=1))
    scene.run(400)
    end_ms = scene.now_ms
    scene.gate.event(TalkEnded(instance=1))
    assert scene.told == [TalkStarted(instance=1)], "its sound is still on the way"
    scene.run(DELAY_MS + 60 + 20)
    assert scene.told[-1] == TalkEnded(instance=1)
    assert scene.heard_ms == list(range(begin_ms, end_ms + 60, 20))
    scene.run(500)
    assert scene.heard_ms[-1] < end_ms + 60
    scene.gate.close()


async def test_sound_before_a_late_event_counts_when_the_address_says_so() -> None:
    scene = Scene("open_ms=-100&tail_ms=0")
    scene.run(500)
    begin_ms = scene.now_ms
    scene.gate.event(TalkStarted(instance=1))
    assert scene.heard_ms[0] == begin_ms - 100
    scene.gate.close()


async def test_open_delay_cuts_the_click() -> None:
    scene = Scene("open_ms=80")
    begin_ms = scene.now_ms
    scene.gate.event(TalkStarted(instance=1))
    scene.run(400)
    assert scene.heard_ms[0] == begin_ms + 80


async def test_trim_cuts_the_tail() -> None:
    scene = Scene("open_ms=0&trim_ms=200")
    scene.gate.event(TalkStarted(instance=1))
    scene.run(600)
    end_ms = scene.now_ms
    scene.gate.event(TalkEnded(instance=1))
    scene.run(400)
    assert scene.told[-1] == TalkEnded(instance=1)
    assert end_ms - 220 <= scene.heard_ms[-1] < end_ms - 200


async def test_next_talker_does_not_get_the_last_ones_sound() -> None:
    scene = Scene("open_ms=-200&tail_ms=60")
    scene.gate.event(TalkStarted(instance=1))
    scene.run(400)
    scene.gate.event(TalkEnded(instance=1))
    scene.gate.event(TalkStarted(instance=2))
    assert scene.told == [
        TalkStarted(instance=1),
        TalkEnded(instance=1),
        TalkStarted(instance=2),
    ]
    scene.run(400)
    assert scene.heard_ms == sorted(set(scene.heard_ms)), "no block is heard twice"
    scene.gate.close()


async def test_other_events_keep_their_order_and_lines_do_not_wait() -> None:
    scene = Scene()
    scene.gate.event(TalkStarted(instance=1))
    scene.run(200)
    scene.gate.event(TalkEnded(instance=1))
    line = LineSeen(outgoing=False, raw="+CDTXC: 1,0")
    scene.gate.event(line)
    assert scene.told[-1] == line
    down = CallDown(instance=1)
    scene.gate.event(down)
    granted = TxGranted(demand=RequestId("r-1"), instance=2)
    scene.gate.event(granted)
    assert scene.told[-3:] == [TalkEnded(instance=1), down, granted]


async def test_end_is_told_even_when_no_sound_comes() -> None:
    scene = Scene("open_ms=0&tail_ms=0")
    scene.gate.event(TalkStarted(instance=1))
    scene.gate.event(TalkEnded(instance=1))
    async with asyncio.timeout(GRACE_MS / 1000 + 5):
        while len(scene.told) < 2:
            await asyncio.sleep(0.01)
    assert scene.told[-1] == TalkEnded(instance=1)


async def test_second_call_keeps_the_gate_open() -> None:
    scene = Scene()
    scene.gate.event(TalkStarted(instance=1))
    scene.gate.event(TalkStarted(instance=2))
    scene.gate.event(TalkEnded(instance=1))
    assert scene.told[-1] == TalkEnded(instance=1)
    before = len(scene.heard_ms)
    scene.run(400)
    assert len(scene.heard_ms) > before + 10
    assert scene.gate.open


async def test_duplex_call_is_open_until_its_end() -> None:
    scene = Scene()
    scene.gate.event(IndividualConnected(instance=3, duplex=True))
    scene.run(300)
    assert len(scene.heard_ms) > 5
    scene.gate.event(IndividualEnded(instance=3))
    assert not scene.gate.open
    scene.gate.event(IndividualConnected(instance=4, duplex=False))
    assert not scene.gate.open, "simplex: the talk starts open it"


async def test_lost_link_closes_the_gate() -> None:
    scene = Scene()
    scene.gate.event(TalkStarted(instance=1))
    scene.gate.event(LinkChanged(state=LinkState.DOWN, reason="pulled"))
    assert not scene.gate.open
    count = len(scene.heard_ms)
    scene.run(400)
    assert len(scene.heard_ms) <= count + 60 // 20 + 3


async def test_it_counts_how_long_blocks_came_and_waited_of_those_it_passed() -> None:
    scene = Scene()
    scene.run(500)
    scene.gate.event(TalkStarted(instance=1))
    scene.run(400)
    passed = len(scene.heard_ms)
    assert passed > 0
    assert scene.gate.transit.count == scene.gate.held.count == passed
    assert scene.gate.transit.share_ms(0.95) == DELAY_MS
    assert scene.gate.held.share_ms(0.5) == 0.0

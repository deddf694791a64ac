"""The analogue core: carrier to calls, presses to key, with time as a number."""

import random

import pytest

from gateway.analogue.carrier import Debounce, Vox
from gateway.analogue.donor import (
    INFO,
    MAX_KEY_MS,
    TURNAROUND_MS,
    DonorCore,
    DonorSettings,
)
from gateway.model.ids import MonoMs, RequestId
from gateway.model.radio import (
    CallDown,
    CallUp,
    GroupChanged,
    KeyDemand,
    LinkChanged,
    LinkState,
    RadioEvent,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
    TxRefused,
)

GROUP = 7
SETTINGS = DonorSettings(
    group=GROUP, lead_ms=100, tail_ms=40, open_ms=40, close_ms=200, hang_ms=4000
)
PRESS = RequestId("r-1")


class Desk:
    """A core and its clock; ticks at each deadline on the way."""

    def __init__(self, settings: DonorSettings = SETTINGS, *, carrier: bool = False) -> None:
        self.core = DonorCore(settings)
        self.now = MonoMs(1000)
        self.events: list[tuple[int, RadioEvent]] = []
        self._add(self.core.opened(self.now, carrier=carrier))

    def _add(self, events: list[RadioEvent]) -> None:
        self.events += [(self.now - 1000, event) for event in events]

    def until(self, at_ms: int) -> "Desk":
        while (due := self.core.deadline()) is not None and due <= 1000 + at_ms:
            self.now = MonoMs(max(due, self.now))
            self._add(self.core.tick(self.now))
        self.now = MonoMs(1000 + at_ms)
        return self

    def carrier(self, at_ms: int, present: bool) -> "Desk":
        self.until(at_ms)._add(self.core.carrier(present, self.now))
        return self

    def press(self, at_ms: int, priority: int = 0, group: int = GROUP) -> "Desk":
        demand = KeyDemand(demand=PRESS, group=group, priority=priority)
        self.until(at_ms)._add(self.core.demand(demand, self.now))
        return self

    def end(self, at_ms: int, cause: str = "released") -> "Desk":
        self.until(at_ms)._add(self.core.end(PRESS, cause, self.now))
        return self

    def lose(self, at_ms: int) -> "Desk":
        self.until(at_ms)._add(self.core.lost(self.now, "the adapter is gone"))
        return self

    @property
    def told(self) -> list[tuple[int, str]]:
        quiet = (LinkChanged, GroupChanged)
        return [(at, type(e).__name__) for at, e in self.events if not isinstance(e, quiet)]


def test_what_it_says_of_itself() -> None:
    assert INFO.technology == "analogue"
    assert INFO.capabilities == frozenset()
    (_, link), (_, group) = Desk().events
    assert isinstance(link, LinkChanged)
    assert link.state is LinkState.UP
    assert group == GroupChanged(number=GROUP)


def test_carrier_makes_a_call_and_hang_time_ends_it() -> None:
    desk = Desk().carrier(100, True).carrier(2000, False).until(9000)
    assert desk.told == [
        (140, "CallUp"),
        (140, "TalkStarted"),
        (2200, "TalkEnded"),
        (6200, "CallDown"),
    ]
    up = desk.events[2][1]
    assert up == CallUp(instance=1, group=GROUP)
    assert desk.events[3][1] == TalkStarted(instance=1, talker=None)


def test_two_overs_within_the_hang_time_are_one_call() -> None:
    desk = Desk().carrier(0, True).carrier(1000, False)
    desk.carrier(3000, True).carrier(4000, False).until(20_000)
    assert [name for _, name in desk.told] == [
        "CallUp", "TalkStarted", "TalkEnded", "TalkStarted", "TalkEnded", "CallDown",
    ]  # fmt: skip
    desk.carrier(30_000, True).until(30_100)
    assert desk.events[-2][1] == CallUp(instance=2, group=GROUP)


def test_bounces_and_fading_make_no_overs() -> None:
    desk = Desk().carrier(0, True).carrier(30, False).carrier(35, True).carrier(70, False)
    assert desk.until(1000).told == []
    desk.carrier(2000, True)
    for at_ms in range(2100, 3000, 100):
        desk.carrier(at_ms, at_ms % 200 == 0)
    desk.carrier(3000, False).until(3300)
    assert [name for _, name in desk.told] == ["CallUp", "TalkStarted", "TalkEnded"]


def test_carrier_at_the_start_was_joined_late() -> None:
    desk = Desk(carrier=True)
    assert CallUp(instance=1, group=GROUP, late_entry=True) in [e for _, e in desk.events]


def test_press_keys_at_once_and_is_granted_after_the_lead_time() -> None:
    desk = Desk().press(500)
    assert desk.core.key_wanted
    assert desk.core.on_air is None
    desk.until(600)
    assert desk.told == [(600, "CallUp"), (600, "TxGranted")]
    assert desk.core.on_air == PRESS
    desk.end(900)
    assert desk.core.key_wanted, "the tail: the last sound leaves"
    assert desk.core.on_air is None
    desk.until(940)
    assert not desk.core.key_wanted
    assert desk.events[-1] == (940, TxEnded(demand=PRESS, cause="released"))
    assert desk.until(10_000).told[-1] == (4940, "CallDown")


@pytest.mark.parametrize("cause", ["withdrawn", "preempted", "link_lost", "lease", "limit"])
@pytest.mark.parametrize("at_ms", [10, 99, 100, 3000])
def test_every_other_end_takes_the_key_off_at_once(cause: str, at_ms: int) -> None:
    desk = Desk().press(0).end(at_ms, cause)
    assert not desk.core.key_wanted
    told = desk.events[-1][1]
    assert isinstance(told, TxEnded)
    assert told.cause in ("withdrawn", "preempted", "link_lost", "failed")
    desk.until(5000)
    assert [type(e) for _, e in desk.events].count(TxGranted) == (1 if at_ms >= 100 else 0)


def test_abnormal_end_in_the_tail_does_not_wait_for_it() -> None:
    desk = Desk().press(0).end(500).end(510, "withdrawn")
    assert not desk.core.key_wanted


def test_released_before_the_grant_keys_nothing_more() -> None:
    desk = Desk().press(0).end(50)
    assert not desk.core.key_wanted
    assert desk.events[-1][1] == TxEnded(demand=PRESS, cause="released")


def test_own_carrier_is_no_talker() -> None:
    desk = Desk().press(0).carrier(20, True).until(1000).end(1000).carrier(1060, False)
    desk.until(9000)
    assert "TalkStarted" not in [name for _, name in desk.told]


def test_answer_after_the_turnaround_is_heard() -> None:
    desk = Desk().press(0).end(500, "withdrawn").carrier(520, True).until(2000)
    assert desk.told[-1] == (500 + TURNAROUND_MS + 40, "TalkStarted")


def test_busy_channel_refuses_an_ordinary_press_only() -> None:
    desk = Desk().carrier(0, True).until(100).press(100)
    assert not desk.core.key_wanted
    assert desk.events[-1][1] == TxRefused(demand=PRESS, reason="the channel is busy")
    desk.press(200, priority=3)
    assert desk.core.key_wanted
    assert desk.events[-1][1] == TalkEnded(instance=1)
    desk.until(300)
    assert desk.events[-1][1] == TxGranted(demand=PRESS, instance=1)


def test_never_elsewhere() -> None:
    desk = Desk().press(0, group=8)
    assert not desk.core.key_wanted
    assert desk.events[-1][1] == TxNotSent(
        demand=PRESS, reason="this radio has one channel", radio_group=GROUP
    )


def test_second_press_and_wrong_end_change_nothing() -> None:
    desk = Desk().press(0).until(200)
    events = desk.core.demand(KeyDemand(demand=RequestId("r-2"), group=GROUP), desk.now)
    assert events == [TxNotSent(demand=RequestId("r-2"), reason="this radio transmits already")]
    assert desk.core.end(RequestId("r-2"), "withdrawn", desk.now) == []
    assert desk.core.on_air == PRESS


def test_key_that_cannot_be_set_and_lost_port() -> None:
    desk = Desk().press(0)
    assert desk.core.key_failed("no guard", desk.now) == [
        TxNotSent(demand=PRESS, reason="no guard")
    ]
    assert not desk.core.key_wanted
    desk.press(1000).lose(2000)
    ends = [event for _, event in desk.events[-3:]]
    assert isinstance(ends[0], TxEnded)
    assert ends[0].cause == "link_lost"
    assert isinstance(ends[1], CallDown)
    assert isinstance(ends[2], LinkChanged)
    assert not desk.core.key_wanted
    desk.press(3000)
    assert isinstance(desk.events[-1][1], TxNotSent)


def test_key_time_out() -> None:
    desk = Desk().press(0).until(MAX_KEY_MS - 1)
    assert desk.core.key_wanted
    desk.until(MAX_KEY_MS)
    assert not desk.core.key_wanted
    assert isinstance(desk.events[-1][1], TxEnded)


def test_vox_has_hysteresis_and_needs_sound() -> None:
    vox = Vox(-35, -45)
    for level, raw in ((-40, False), (-34, True), (-44, True), (-46, False), (-36, False)):
        vox.level(level, MonoMs(0))
        assert vox.raw is raw
    vox.level(-20, MonoMs(100))
    assert vox.deadline() == 300
    vox.tick(MonoMs(300))
    assert not vox.raw


def test_vox_makes_calls() -> None:
    desk = Desk(DonorSettings(group=GROUP, vox=(-35, -45), open_ms=40, close_ms=800))
    for at_ms in range(0, 1000, 20):
        desk.until(at_ms)._add(desk.core.sound_level(-20, desk.now))
    for at_ms in range(1000, 3000, 20):
        desk.until(at_ms)._add(desk.core.sound_level(-60, desk.now))
    assert desk.told == [(40, "CallUp"), (40, "TalkStarted"), (1800, "TalkEnded")]


def test_debounce_at_once_where_no_time_is_given() -> None:
    line = Debounce(0, 0)
    line.set(True, MonoMs(5))
    assert line.open
    line.set(False, MonoMs(6))
    assert not line.open


def test_random_days_keep_the_rules() -> None:
    """Seeded: whatever happens, overs and calls open and close in pairs and no key stays on."""
    chance = random.Random(3)
    for _ in range(300):
        desk, at_ms, pressed = Desk(), 0, False
        for _ in range(60):
            at_ms += chance.randrange(1, 1500)
            act = chance.randrange(5)
            if act < 3:
                desk.carrier(at_ms, chance.random() < 0.5)
            elif pressed:
                desk.end(at_ms, chance.choice(("released", "withdrawn", "lease")))
                pressed = False
            else:
                desk.press(at_ms, priority=chance.randrange(4))
                pressed = True
        desk.end(at_ms + 1, "withdrawn").carrier(at_ms + 1, False).until(at_ms + 10_000)
        assert not desk.core.key_wanted
        check_pairs([event for _, event in desk.events])


def check_pairs(events: list[RadioEvent]) -> None:
    talking = up = on_air = False
    for event in events:
        match event:
            case CallUp():
                assert not up
                up = True
            case CallDown():
                assert up
                assert not talking
                assert not on_air
                up = False
            case TalkStarted():
                assert up
                assert not talking
                assert not on_air
                talking = True
            case TalkEnded():
                assert talking
                talking = False
            case TxGranted():
                assert up
                assert not talking
                on_air = True
            case TxEnded():
                on_air = False
            case _:
                continue
    assert (talking, up, on_air) == (False, False, False)

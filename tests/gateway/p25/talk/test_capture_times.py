"""When frames were spoken: even within an over, the hold included, never running back."""

import itertools
import random

from gateway.model.ids import MonoMs
from gateway.model.radio import TalkEnded
from gateway.p25.talk.playout import Due, Playout
from gateway.p25.talk.port import VoiceHeard
from gateway.p25.talk.talk_in import TalkIn
from gateway.p25.words.encryption import EncryptionSync
from gateway.p25.words.link_control import GroupVoice
from gateway.p25.words.service_options import ServiceOptions

CLEAR = EncryptionSync()
WORD = GroupVoice(service=ServiceOptions(), group=10001, source=1234567).encode()


def played(playout: Playout, arrivals: dict[int, int]) -> list[tuple[int, Due]]:
    """Let frames come (number: milliseconds); return (time, due) of all that is handed out."""
    due = []
    for now in range(max(arrivals.values()) + 4_000):
        for number, at in arrivals.items():
            if at == now:
                playout.put(number % 18, bytes([number % 256]), MonoMs(now))
        due += [(now, one) for one in playout.take(MonoMs(now))]
    return due


def steps(times: list[MonoMs]) -> list[int]:
    """Return the distances of neighbours."""
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_jitter_leaves_the_times_even_and_what_it_cost_is_in_them() -> None:
    chance = random.Random(3)
    arrivals = {n: 1_000 + 20 * n + (30 if n < 3 else chance.randrange(0, 55)) for n in range(150)}
    due = played(Playout(60), arrivals)
    captured = [one.captured_ms for _, one in due]
    assert len(due) == 150
    assert set(steps(captured)) <= {19, 20}
    # The first ones were 30 ms late; what came faster tells within a second.
    assert 1_000 <= captured[0] <= 1_030
    assert 1_000 <= captured[60] - 60 * 20 <= 1_002
    assert all(80 <= now - one.captured_ms <= 95 for now, one in due[60:])


def test_a_burst_that_comes_late_is_held_for_longer_and_was_spoken_evenly() -> None:
    late = {n: 20 * n if n < 20 else max(20 * n, 540) for n in range(60)}  # 140 ms of nothing
    due = played(Playout(60), late)
    assert set(steps([one.captured_ms for _, one in due])) == {20}
    assert due[0][0] - due[0][1].captured_ms == 60
    assert due[-1][0] - due[-1][1].captured_ms == 140


def test_a_machine_that_stood_still_hands_out_late_what_was_spoken_evenly() -> None:
    playout = Playout(60)
    for number in range(18):
        playout.put(number, b"x", MonoMs(20 * number))
    first = playout.take(MonoMs(60))
    rest = playout.take(MonoMs(460))
    assert (len(first), len(rest)) == (1, 17)
    assert [one.captured_ms for one in first + rest] == [20 * n for n in range(18)]


def test_frames_that_were_lost_while_nothing_came_are_a_gap_of_their_length() -> None:
    arrivals = {n: 20 * n for n in range(40) if not 10 <= n < 18}  # 160 ms, 100 of them dry
    due = played(Playout(60), arrivals)
    captured = [one.captured_ms for _, one in due]
    assert captured[-1] == 39 * 20
    gaps = [step for step in steps(captured) if step != 20]
    holes = sum(one.frame is None for _, one in due)
    assert sum(gaps) - 20 * len(gaps) + 20 * holes == 8 * 20


def test_after_a_pause_of_the_sender_the_reckoning_begins_anew_and_goes_on() -> None:
    arrivals = {n: 20 * n for n in range(20)} | {n: 20 * n + 7 for n in range(60, 80)}
    captured = [one.captured_ms for _, one in played(Playout(60), arrivals)]
    assert min(steps(captured)) >= 19
    assert captured[-1] == 79 * 20 + 7


class Channel:
    """A channel that is ticked each millisecond; overs come with a delay of the way."""

    def __init__(self) -> None:
        self.talk = TalkIn(delay_ms=60)
        self.heard: list[tuple[int, VoiceHeard]] = []
        self.ended: list[int] = []
        self.now = 10_000

    def take(self, events: list[object]) -> None:
        self.heard += [(self.now, event) for event in events if isinstance(event, VoiceHeard)]
        self.ended += [len(self.heard) for event in events if isinstance(event, TalkEnded)]

    def wait(self, span_ms: int) -> None:
        for _ in range(span_ms):
            self.now += 1
            self.take([*self.talk.tick(MonoMs(self.now))])

    def over(self, arrivals: list[int]) -> None:
        """Header and link control, then a frame at each of ``arrivals``, from now on; the end."""
        begun = self.now
        self.take([*self.talk.header(MonoMs(begun), CLEAR, 10001)])
        self.take([*self.talk.link_control(MonoMs(begun), WORD)])
        for place, at in enumerate(arrivals):
            self.wait(begun + at - self.now)
            self.take([*self.talk.voice(MonoMs(self.now), place % 18, bytes(11))])
        self.take([*self.talk.terminator(MonoMs(self.now))])


def test_the_first_frame_of_an_over_is_handed_on_with_the_time_it_was_held() -> None:
    channel = Channel()
    channel.over([20 * n for n in range(27)])
    channel.wait(500)
    assert [voice.captured_ms for _, voice in channel.heard] == [10_000 + 20 * n for n in range(27)]
    assert {now - (voice.captured_ms or 0) for now, voice in channel.heard} == {60}


def test_a_late_entry_was_spoken_before_it_was_known_who_talks() -> None:
    channel = Channel()
    for number in range(40):  # no header, and link control after 25 frames only
        at = MonoMs(channel.now)
        channel.take([*channel.talk.voice(at, number % 18, bytes(11))])
        if number == 25:
            channel.take([*channel.talk.link_control(at, WORD)])
        channel.wait(20)
    channel.wait(1_500)
    captured = [voice.captured_ms for _, voice in channel.heard]
    assert captured == [10_000 + 20 * n for n in range(40)]
    held = {now - (voice.captured_ms or 0) for now, voice in channel.heard}
    assert held == {450}


def test_times_never_run_back_from_one_over_to_the_next() -> None:
    channel = Channel()
    channel.over([50 + 20 * n for n in range(9)])
    channel.wait(5)
    channel.over([0] * 27)  # all at once: by its numbers spoken while the first one still was
    channel.wait(1_500)
    captured = [voice.captured_ms or MonoMs(0) for _, voice in channel.heard]
    assert len(captured) == 36
    assert min(steps(captured)) >= 19
    assert channel.ended == [9, 36]
    assert all((voice.captured_ms or 0) <= now for now, voice in channel.heard)

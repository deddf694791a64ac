"""Sound cards with crystals that are off: nothing runs dry, nothing clicks, times are true."""

import numpy as np
import pytest

from tests.codecs.cards import CapturingCard, PlayingCard, snr_db, tone, worst_step
from voicecodecs.capture_line import CaptureLine
from voicecodecs.drift import DriftLoop, SampleClock
from voicecodecs.pcm import from_bytes
from voicecodecs.playback_line import PlaybackLine, QueueState

MINUTES_S = 90.0
NATURAL_8K = 16_384.0 * (2 * np.sin(np.pi * 1000 / 8000)) ** 2
NATURAL_48K = 16_384.0 * (2 * np.sin(np.pi * 1000 / 48000)) ** 2


@pytest.mark.parametrize("ppm", [200.0, -200.0])
@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
def test_captured_blocks_keep_step_with_the_clock(ppm: float, rate_hz: int) -> None:
    card = CapturingCard(rate_hz, ppm, jitter_s=0.002, seed=1)
    card.run(MINUTES_S)
    assert abs(len(card.blocks) - MINUTES_S * 50) <= 2
    times = np.array([block.time_s for block in card.blocks])
    steps_ms = np.diff(times) * 1000
    assert np.abs(steps_ms[500:] - 20.0).max() < 0.05
    sound = np.concatenate([from_bytes(block.pcm) for block in card.blocks])[800:]
    assert worst_step(sound) < NATURAL_8K * 1.01
    for second in (2, 30, 80):
        assert snr_db(sound[second * 8000 : (second + 1) * 8000].astype(float)) > 75.0
    assert card.line.jumps == 0
    assert card.line.clipped == 0
    assert card.line.clock.ppm == pytest.approx(ppm, abs=30.0)


def test_times_of_captured_blocks_are_true() -> None:
    """The tone's phase tells when each block's first sample really was."""
    card = CapturingCard(48_000, 150.0, jitter_s=0.0, seed=1)
    card.run(MINUTES_S)
    at = np.arange(160) / 8000
    for block in card.blocks[3500::100]:
        sound = from_bytes(block.pcm).astype(float)
        phase = np.angle(np.sum(sound * np.exp(-2j * np.pi * 1000 * at)) * 1j)
        cycle = phase / (2 * np.pi) - block.time_s * 1000
        assert abs(cycle - round(cycle)) < 0.2, "within 200 microseconds"


@pytest.mark.parametrize("ppm", [200.0, -200.0])
def test_playback_neither_runs_dry_nor_over(ppm: float) -> None:
    card = PlayingCard(48_000, ppm, target_s=0.06, late_s=0.015, seed=2)
    card.run(MINUTES_S)
    assert card.line.underruns == card.line.overruns == card.line.clipped == 0
    fills_ms = np.array(card.fills) * 1000
    assert fills_ms.min() > 45
    assert fills_ms.max() < 75
    sound = np.concatenate(card.heard)
    assert worst_step(sound[24_000:]) < NATURAL_48K * 1.02
    for second in (1, 30, 80):
        assert snr_db(sound[second * 48_000 : (second + 1) * 48_000].astype(float)) > 75.0
    assert card.line.loop.drift_ppm == pytest.approx(ppm, abs=40.0)


def test_a_pause_is_no_underrun_and_the_drift_is_kept() -> None:
    card = PlayingCard(48_000, 100.0, target_s=0.06, late_s=0.005, seed=3)
    card.run(60)
    learned = card.line.loop.drift_ppm
    card.pause(20)
    card.run(5)
    assert card.line.underruns == 0
    assert card.line.loop.drift_ppm == pytest.approx(learned, abs=50.0)
    assert card.fills[-1] == pytest.approx(0.06, abs=0.01)


def test_next_transmission_begins_without_the_last() -> None:
    line = PlaybackLine(48_000, target_s=0.06)
    line.push(np.full(160, 9000, "<i2").tobytes(), 1.0, QueueState(0, 0, 0))
    first = line.push(bytes(320), 9.0, QueueState(0, 480, 5))
    assert not first.any()
    assert len(first) == pytest.approx(0.08 * 48_000, abs=60), "the target's silence, then 20 ms"


def test_queue_that_ran_dry_is_counted_and_filled_again() -> None:
    line = PlaybackLine(48_000, target_s=0.06)
    line.push(bytes(320), 1.0, QueueState(0, 0, 0))
    line.push(bytes(320), 1.02, QueueState(3360, 480, 0))
    assert line.underruns == 0
    again = line.push(bytes(320), 1.1, QueueState(0, 4800, 1))
    assert line.underruns == 1
    assert len(again) > 0.07 * 48_000


def test_queue_that_grew_loses_silent_blocks_only() -> None:
    """A card that stood still for 100 ms: speech is kept, the next pause brings the queue back."""
    line = PlaybackLine(48_000, target_s=0.06)
    waiting = played = 0
    for number in range(200):
        loud = number < 60 or 80 <= number < 100
        block = np.full(160, 5000 if loud else 0, "<i2").tobytes()
        added = len(line.push(block, 0.02 * number, QueueState(waiting, played, 0)))
        assert added or not loud, "speech is never left out"
        waiting += added
        if not 20 <= number < 25:
            waiting, played = waiting - 960, played + 960
    assert 3 <= line.skipped <= 5
    assert waiting / 48_000 < 0.1


def test_card_that_does_not_take_is_not_filled_for_ever() -> None:
    line = PlaybackLine(48_000, target_s=0.06)
    waiting = 0
    for number in range(50):
        loud = np.full(160, 5000, "<i2").tobytes()
        waiting += len(line.push(loud, 0.02 * number, QueueState(waiting, 0, 0)))
    assert line.overruns > 30
    assert waiting < 0.25 * 48_000


def test_capture_that_was_interrupted_begins_a_new_time_line() -> None:
    line = CaptureLine(48_000)
    blocks = []
    for number in range(100):
        blocks += line.take(tone(480, 48_000), number * 0.01)
    line.skip(24_000)
    for number in range(150, 250):
        blocks += line.take(tone(480, 48_000), number * 0.01)
    gaps = np.diff([block.time_s for block in blocks])
    assert gaps.max() == pytest.approx(0.52, abs=0.03)
    assert line.jumps == 1


def test_gain_and_clipping_of_a_capture() -> None:
    line = CaptureLine(48_000, gain_db=6.0206)
    blocks = [b for n in range(20) for b in line.take(tone(480, 48_000) * 0.5, n * 0.01)]
    loud = np.abs(from_bytes(blocks[-1].pcm)).max()
    assert loud == pytest.approx(16_384, rel=0.01)
    assert line.clipped == 0
    hot = CaptureLine(48_000, gain_db=12.0)
    for number in range(20):
        hot.take(tone(480, 48_000), number * 0.01)
    assert hot.clipped > 100


def test_sample_clock_learns_rate_and_place() -> None:
    clock = SampleClock(48_000)
    assert not clock.ready
    chance = np.random.default_rng(5)
    for number in range(6000):
        true_s = number * 480 / (48_000 * 1.0001)
        clock.observe(number * 480, 100.0 + true_s + chance.normal(0, 0.002))
    assert clock.ready
    assert clock.ppm == pytest.approx(100.0, abs=15.0)
    assert clock.time_at(6000 * 480) == pytest.approx(100 + 6000 * 0.01 / 1.0001, abs=0.001)
    assert clock.sample_at(clock.time_at(1234.5)) == pytest.approx(1234.5, abs=1e-3)


def test_sample_clock_ignores_single_outliers_and_follows_a_jump() -> None:
    clock = SampleClock(48_000)
    for number in range(1000):
        clock.observe(number * 480, number * 0.01 + (0.5 if number == 700 else 0.0))
    assert clock.restarts == 0
    assert clock.time_at(480_000) == pytest.approx(10.0, abs=1e-4)
    for number in range(1000, 1100):
        clock.observe(number * 480, number * 0.01 + 0.3)
    assert clock.restarts == 1
    assert clock.time_at(480 * 1100) == pytest.approx(11.3, abs=1e-3)
    clock.observe(5, 0.0)
    assert clock.time_at(480 * 1100) == pytest.approx(11.3, abs=1e-3), "the past teaches nothing"


def test_loop_is_bounded_and_does_not_wind_up() -> None:
    loop = DriftLoop()
    for _ in range(5000):
        assert abs(loop.update(5.0, 0.02)) <= loop.limit_ppm
    assert abs(loop.drift_ppm) <= loop.limit_ppm
    for _ in range(5000):
        loop.update(0.0, 0.02)
    assert abs(loop.correction_ppm - loop.drift_ppm) < 1.0

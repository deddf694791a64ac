"""An hour of sound through cards whose crystals are 200 ppm off, in both directions."""

import numpy as np
import pytest

from tests.codecs.cards import CapturingCard, PlayingCard, snr_db, worst_step
from voicecodecs.pcm import from_bytes

HOUR_S = 3600.0
NATURAL_8K = 16_384.0 * (2 * np.sin(np.pi * 1000 / 8000)) ** 2
NATURAL_48K = 16_384.0 * (2 * np.sin(np.pi * 1000 / 48000)) ** 2
MIN_SNR_DB = 60.0


def worst_second(sound: np.ndarray, rate_hz: int) -> float:
    seconds = sound[: len(sound) // rate_hz * rate_hz].reshape(-1, rate_hz)
    return min(snr_db(second.astype(np.float64)) for second in seconds)


@pytest.mark.parametrize("ppm", [200.0, -200.0])
def test_an_hour_of_capture(ppm: float) -> None:
    card = CapturingCard(48_000, ppm, jitter_s=0.002, seed=1)
    card.run(HOUR_S)
    assert abs(len(card.blocks) - HOUR_S * 50) <= 2
    sound = np.concatenate([from_bytes(block.pcm) for block in card.blocks])[800:]
    assert card.line.jumps == 0
    assert worst_step(sound) < NATURAL_8K * 1.01
    assert worst_second(sound, 8000) > MIN_SNR_DB


@pytest.mark.parametrize("ppm", [200.0, -200.0])
def test_an_hour_of_playback(ppm: float) -> None:
    card = PlayingCard(48_000, ppm, target_s=0.06, late_s=0.02, seed=2)
    card.run(HOUR_S)
    assert card.line.underruns == card.line.overruns == 0
    sound = np.concatenate(card.heard)[24_000:]
    assert worst_step(sound) < NATURAL_48K * 1.02
    assert worst_second(sound, 48_000) > MIN_SNR_DB

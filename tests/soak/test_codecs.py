"""The P25 vocoder for long: a million random frames, and an hour of sound both ways.

``SAMBAND_SOAK_FRAMES`` (1,000,000) and ``SAMBAND_SOAK_SOUND_S`` (3,600 s of sound) say how long.
"""

import os

import numpy as np
import psutil
import pytest

from tests.codecs.imbe import vectors
from voicecodecs.imbe import FRAME_SAMPLES, BatchDecoder, ImbeDecoder, ImbeEncoder

FRAMES = int(os.environ.get("SAMBAND_SOAK_FRAMES", "1000000"))
SOUND_S = float(os.environ.get("SAMBAND_SOAK_SOUND_S", "3600"))
CHANNELS = 50
ROUND = 200
"""Frames a channel in one call."""
LOUDEST_RMS = 2**0.5 * 20480
"""The decoder bounds the sum of amplitudes to 20480; one sine of it has this level."""
GROWTH_BYTES = 8 << 20
SETTLE = 500
"""Frames after which every buffer has been made once."""


@pytest.mark.parametrize("width", [11, 18, 144])
def test_random_frames(width: int) -> None:
    random = np.random.default_rng(width)
    decoder = BatchDecoder(CHANNELS)
    for _ in range(-(-FRAMES // (CHANNELS * ROUND))):
        octets = random.integers(0, 256, (CHANNELS, ROUND, width), dtype=np.uint8)
        lost = random.random((CHANNELS, ROUND)) < 0.05
        sound = decoder.decode(octets if width < 144 else octets.view(np.int8), lost)
        assert np.isfinite(decoder.statistics).all()
        blocks = sound.astype(float).reshape(-1, FRAME_SAMPLES)
        assert np.sqrt((blocks**2).mean(axis=1)).max() < LOUDEST_RMS


def test_an_hour_of_sound_both_ways_leaves_memory_flat() -> None:
    speech = np.concatenate([vectors.sound(name) for name in vectors.SPEECH])
    blocks = speech[: speech.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    encoder, decoder = ImbeEncoder(coded=True), ImbeDecoder()
    process = psutil.Process()
    settled = 0
    loudest = 0
    for index in range(int(SOUND_S * 8000 / FRAME_SAMPLES)):
        for frame in encoder.encode(blocks[index % len(blocks)]):
            loudest = max(loudest, int(np.abs(decoder.decode(frame)).max()))
            assert not decoder.statistics.repeated
        if index == SETTLE:
            settled = process.memory_info().rss
    assert loudest > 1000
    assert process.memory_info().rss - settled < GROWTH_BYTES

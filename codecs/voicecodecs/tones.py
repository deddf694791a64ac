"""Test tones."""

import numpy as np

from voicecodecs.pcm import FULL_SCALE, SAMPLE_RATE_HZ, Samples


def sine(
    frequency_hz: float,
    duration_ms: float,
    *,
    level_dbfs: float = -23.0,
    rate_hz: int = SAMPLE_RATE_HZ,
) -> Samples:
    """Return a sine (int16, (n,)) whose RMS is ``level_dbfs`` below a full-scale square wave."""
    count = round(duration_ms * rate_hz / 1000)
    amplitude = FULL_SCALE * 10.0 ** (level_dbfs / 20.0) * np.sqrt(2.0)
    wave = amplitude * np.sin(2.0 * np.pi * frequency_hz * np.arange(count) / rate_hz)
    samples: Samples = np.round(wave).clip(-FULL_SCALE, FULL_SCALE - 1.0).astype(np.int16)
    return samples


def silence(duration_ms: float, *, rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Return digital silence (int16, (n,))."""
    return np.zeros(round(duration_ms * rate_hz / 1000), dtype=np.int16)

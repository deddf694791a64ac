"""Speech made faster with its pitch kept: whole pitch periods are cut out where they match best.

Waveform-similarity overlap-add in the form that suits a live stream: the sound goes through
unchanged, and now and then the stretch between two places that look alike is left out, with a
cross-fade over 10 ms. Nothing is resampled.
"""

from typing import Final

import numpy as np

from voicecodecs.pcm import SAMPLE_RATE_HZ, Samples

OVERLAP_SAMPLES: Final = SAMPLE_RATE_HZ * 10 // 1000
MIN_LAG_SAMPLES: Final = SAMPLE_RATE_HZ // 400
"""Shortest pitch period looked for: 400 Hz."""
MAX_LAG_SAMPLES: Final = SAMPLE_RATE_HZ * 20 // 1000
"""Longest stretch cut out at once: 20 ms, more than one period of the lowest voice."""
REACH_SAMPLES: Final = MAX_LAG_SAMPLES + OVERLAP_SAMPLES
"""How far ahead ``cut`` must be able to look."""
_FADE: Final = (np.arange(OVERLAP_SAMPLES) + 0.5) / OVERLAP_SAMPLES


def best_lag(sound: Samples, shortest: int, longest: int) -> int:
    """Return the lag, of ``shortest`` to ``longest``, at which ``sound`` is most like its start.

    ``sound``: int16, (>= longest + overlap,). The measure is the normalised cross-correlation over
    the 10 ms of the overlap.
    """
    wide = sound[: longest + OVERLAP_SAMPLES].astype(np.float64)
    start = wide[:OVERLAP_SAMPLES]
    products = np.correlate(wide[shortest:], start, "valid")
    power = np.concatenate(((0.0,), np.cumsum(wide * wide)))
    windows = power[OVERLAP_SAMPLES:] - power[:-OVERLAP_SAMPLES]
    scores = products / np.sqrt(windows[shortest:] * windows[0] + 1.0)
    return shortest + int(scores.argmax())


def cross_fade(before: Samples, after: Samples) -> Samples:
    """Return a fade from ``before`` to ``after``; all int16, (80,)."""
    faded = before * (1.0 - _FADE) + after * _FADE
    return np.round(faded).astype(np.int16)


def cut(sound: Samples, longest: int = MAX_LAG_SAMPLES) -> tuple[Samples, int]:
    """Leave one pitch period out at the start of ``sound`` (int16, (n,)).

    Returns the shorter sound and how many samples are missing: 0 when ``sound`` is shorter than
    ``REACH_SAMPLES`` or ``longest`` allows no period.
    """
    if len(sound) < REACH_SAMPLES or longest < MIN_LAG_SAMPLES:
        return sound, 0
    lag = best_lag(sound, MIN_LAG_SAMPLES, min(longest, MAX_LAG_SAMPLES))
    out = sound[lag:].copy()
    out[:OVERLAP_SAMPLES] = cross_fade(sound[:OVERLAP_SAMPLES], out[:OVERLAP_SAMPLES])
    return out, lag

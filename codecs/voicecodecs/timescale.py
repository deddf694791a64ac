"""Speech made faster with its pitch kept: whole pitch periods are cut out where they match best.

Waveform-similarity overlap-add in the form that suits a live stream: the sound goes through
unchanged, and now and then the stretch between two places that look alike is left out, with a
cross-fade over 10 ms. Nothing is resampled.
"""

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from voicecodecs.pcm import SAMPLE_RATE_HZ, Samples

OVERLAP_SAMPLES: Final = SAMPLE_RATE_HZ * 10 // 1000
MIN_LAG_SAMPLES: Final = SAMPLE_RATE_HZ // 400
"""Shortest pitch period looked for: 400 Hz."""
MAX_LAG_SAMPLES: Final = SAMPLE_RATE_HZ * 20 // 1000
"""Longest stretch cut out at once: 20 ms, more than one period of the lowest voice."""
REACH_SAMPLES: Final = MAX_LAG_SAMPLES + OVERLAP_SAMPLES
"""How far ahead ``cut`` must be able to look."""


@numba.njit(cache=True)
def best_lag(sound: npt.NDArray[np.int16], shortest: int, longest: int, overlap: int) -> int:
    """Return the lag at which ``sound`` (int16, (>= longest + overlap,)) is most like its start."""
    best = longest
    best_score = -2.0
    first = 1.0
    for n in range(overlap):
        first += float(sound[n]) * float(sound[n])
    for lag in range(shortest, longest + 1):
        product = 0.0
        second = 1.0
        for n in range(overlap):
            later = float(sound[lag + n])
            product += float(sound[n]) * later
            second += later * later
        score = product / (first * second) ** 0.5
        if score > best_score + 1e-9:
            best_score = score
            best = lag
    return best


@numba.njit(cache=True)
def cross_fade(
    before: npt.NDArray[np.int16], after: npt.NDArray[np.int16], out: npt.NDArray[np.int16]
) -> None:
    """Fade from ``before`` to ``after`` into ``out``; all int16, (n,)."""
    size = len(out)
    for n in range(size):
        share = (n + 0.5) / size
        out[n] = np.int16(round(float(before[n]) * (1.0 - share) + float(after[n]) * share))


def cut(sound: Samples, longest: int = MAX_LAG_SAMPLES) -> tuple[Samples, int]:
    """Leave one pitch period out at the start of ``sound`` (int16, (n,)).

    Returns the shorter sound and how many samples are missing: 0 when ``sound`` is shorter than
    ``REACH_SAMPLES`` or ``longest`` allows no period.
    """
    if len(sound) < REACH_SAMPLES or longest < MIN_LAG_SAMPLES:
        return sound, 0
    lag = int(best_lag(sound, MIN_LAG_SAMPLES, min(longest, MAX_LAG_SAMPLES), OVERLAP_SAMPLES))
    out = sound[lag:].copy()
    cross_fade(sound[:OVERLAP_SAMPLES], sound[lag : lag + OVERLAP_SAMPLES], out[:OVERLAP_SAMPLES])
    return out, lag

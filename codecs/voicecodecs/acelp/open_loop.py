"""Open-loop pitch: weighted speech, and one rough lag a frame."""

from typing import Final

import numpy as np

from voicecodecs.acelp.analysis import Longs, multiply_pairs
from voicecodecs.acelp.excitation import LAG_MAX
from voicecodecs.acelp.fixed import MAX32, Words, inv_sqrt, sat32, wrap16
from voicecodecs.acelp.lpc import FRAME, ORDER, SUBFRAME, SUBFRAMES, expand, synthesize
from voicecodecs.compiled import inner

GAMMA_ZEROS: Final = 31130
"""0.95 in Q15."""
GAMMA_POLES: Final = 19661
"""0.60 in Q15."""
PAST: Final = 150
"""Weighted samples kept before a frame: the longest lag and the filter's memory."""
STEP: Final = 2
"""Only every second sample is looked at."""
SHORTER: Final = 27856
"""0.85 in Q15: a shorter lag wins already when it reaches this share of the longer one's."""
QUIET: Final = 1 << 22
"""Energy below which a frame is scaled up."""
SHIFT_DOWN: Final = 8
"""Scaling of a frame whose energy leaves 32 bits. This shift, the next one and what they do to the
measure below were found by the vectors."""
SHIFT_UP: Final = 2


@inner
def residual(a: Words, x: Words, at: int, out: Words) -> None:
    """Fill out (60,) with x[at:] through A(z); x[at-10:at] is the memory."""
    for n in range(SUBFRAME):
        total = x[at + n] << 12
        for j in range(1, ORDER + 1):
            total = sat32(total + a[j] * x[at + n - j])
        out[n] = sat32(sat32(total + 2048) << 4) >> 16


@inner
def weigh(x: Words, at: int, polynomials: Words, weighted: Words) -> None:
    """Fill weighted[PAST:] for the frame x[at:], with the unquantised polynomials (4, 11)."""
    zeros, poles = np.empty(ORDER + 1, np.int32), np.empty(ORDER + 1, np.int32)
    rest = np.empty(SUBFRAME, np.int32)
    for s in range(SUBFRAMES):
        expand(polynomials[s], GAMMA_ZEROS, zeros)
        expand(polynomials[s], GAMMA_POLES, poles)
        residual(zeros, x, at + s * SUBFRAME, rest)
        synthesize(poles, rest, SUBFRAME, weighted, PAST + s * SUBFRAME)


@inner
def best_lag(s: Longs, longest: int, shortest: int, scaled: bool) -> tuple[int, int]:
    """Lag of a range with the largest correlation (the shortest of equals), and how good it is."""
    best, lag = -(1 << 62), longest
    for candidate in range(longest, shortest - 1, -1):
        total = 0
        for j in range(PAST, PAST + FRAME, STEP):
            total += s[j] * s[j - candidate]
        total = sat32(total)
        if total >= best:
            best, lag = total, candidate
    energy = 0
    for j in range(PAST, PAST + FRAME, STEP):
        energy += s[j - lag] * s[j - lag]
    if scaled:
        return lag, wrap16(multiply_pairs(best, inv_sqrt(sat32(energy) >> 2)))
    return lag, wrap16(multiply_pairs(best >> 1, inv_sqrt(sat32(energy))))


@inner
def open_loop(weighted: Words) -> int:
    """Rough lag, 20 to 142, of the frame weighted[PAST:]."""
    s = weighted.astype(np.int64)
    energy = 0
    for j in range(PAST - LAG_MAX + 1, PAST + FRAME, STEP):
        energy += s[j] * s[j]
    scaled = energy > MAX32 or energy < QUIET
    if energy > MAX32:
        s >>= SHIFT_DOWN
    elif energy < QUIET:
        s <<= SHIFT_UP
    lag, good = best_lag(s, 142, 80, scaled)
    middle, middle_good = best_lag(s, 79, 40, scaled)
    if (good * SHORTER) >> 15 < middle_good:
        lag, good = middle, middle_good
    short, short_good = best_lag(s, 39, 20, scaled)
    if (good * SHORTER) >> 15 < short_good:
        lag = short
    return lag

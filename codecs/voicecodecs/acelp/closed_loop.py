"""Closed-loop pitch: the lag, in thirds of a sample, whose past excitation fits the target best."""

from typing import Final

import numpy as np

from voicecodecs.acelp.analysis import Longs, multiply_pairs
from voicecodecs.acelp.excitation import LAG_MAX, LAG_MIN
from voicecodecs.acelp.fixed import Words, inv_sqrt, sat16, sat32
from voicecodecs.acelp.lpc import SUBFRAME
from voicecodecs.acelp.tables import THIRD_DOWN_8, THIRD_UP_8
from voicecodecs.compiled import inner

ROUND: Final = 2
"""Lags tried on either side of the open-loop lag."""
BESIDE: Final = 4
"""Correlations needed beyond the window, for the fractions."""
LONGEST_WITH_FRACTION: Final = 84
_LEAST: Final = -(1 << 40)


@inner
def first_window(open_lag: int) -> tuple[int, int]:
    """First and last lag to try in a frame's first subframe."""
    first = max(open_lag - ROUND, LAG_MIN)
    last = first + 2 * ROUND
    if last > LAG_MAX:
        return LAG_MAX - 2 * ROUND, LAG_MAX
    return first, last


@inner
def correlations(
    target: Longs, response: Longs, excitation: Words, start: int, first: int, out: Longs
) -> None:
    """Fill ``out`` with normalised correlations of the target (60,) for the lags from ``first``.

    excitation[start:start+60] holds the residual, which stands in for what is not yet known.
    """
    y = np.empty(SUBFRAME, np.int64)
    at = start - first
    for n in range(SUBFRAME):
        total = 0
        for j in range(n + 1):
            total += excitation[at + j] * response[n - j]
        y[n] = sat16(total >> 12)
    for k in range(out.size):
        if k:
            at = start - first - k
            newest = excitation[at]
            for n in range(SUBFRAME - 1, 0, -1):
                y[n] = sat16(y[n - 1] + ((newest * response[n]) >> 12))
            y[0] = (newest * response[0]) >> 12
        match = energy = 0
        for n in range(SUBFRAME):
            match = sat32(match + target[n] * y[n])
            energy = sat32(energy + y[n] * y[n])
        out[k] = sat16(multiply_pairs(match >> 1, inv_sqrt(energy)))


@inner
def between(correlation: Longs, at: int, fraction: int) -> int:
    """Correlation ``fraction`` thirds beside place ``at``, by the 8-tap filters."""
    place = 3 * at + fraction
    whole = place // 3
    taps = THIRD_UP_8 if place - 3 * whole == 1 else THIRD_DOWN_8
    total = 0
    for q in range(8):
        total += 2 * taps[q] * correlation[whole - 3 + q]
    return total


@inner
def search_lag(
    target: Longs, response: Longs, excitation: Words, start: int, first: int, last: int, s: int
) -> tuple[int, int]:
    """Return lag and fraction (thirds) for subframe ``s`` from the window ``first`` to ``last``."""
    beside = np.empty(last - first + 1 + 2 * BESIDE, np.int64)
    correlations(target, response, excitation, start, first - BESIDE, beside)
    best, lag = _LEAST, first
    for candidate in range(first, last + 1):
        value = beside[candidate - first + BESIDE]
        if value >= best:
            best, lag = value, candidate
    if s == 0 and lag > LONGEST_WITH_FRACTION:
        return lag, 0
    fraction, best = 0, best << 16
    for k in (1, 2, -2, -1):
        value = between(beside, lag - first + BESIDE, k)
        if value >= best:
            best, fraction = value, k
    if fraction == 2:
        return lag + 1, -1
    if fraction == -2:
        return lag - 1, 1
    return lag, fraction

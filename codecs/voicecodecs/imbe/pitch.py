"""Initial pitch: an error for each of 203 periods, then a path through five frames.

Inner functions of the encoder's kernel. E(P) (5-7) is small where sound repeats every P samples.
The choice follows the two frames before (look-back) or the two that follow (look-ahead), whichever
explains the sound better (8-23).
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner
from voicecodecs.imbe.tables import LOW_PASS, PITCH_WINDOW, Floats

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]

SHORTEST: Final = 21.0
PERIODS: Final = 203
"""P = 21, 21.5 .. 122: entry i is P = 21 + i / 2."""
REACH: Final = 150
"""Samples on each side of a frame's centre that the pitch window sees."""
SPAN: Final = 2 * REACH + 1
TAPS: Final = len(LOW_PASS)
LATE: Final = TAPS // 2

LOOK_BACK_ENOUGH: Final = 0.48
PERIODIC: Final = 0.15
"""Cost of three frames below which a sub-multiple is always taken. The standard's 0.05 lets pure
pulse trains fall an octave; on speech nothing changes."""
_SQUARE: Final[Floats] = (PITCH_WINDOW**2).astype(np.float32)
_TAPS: Final[Floats] = LOW_PASS.astype(np.float32)
_FOURTH: Final = float(np.sum(PITCH_WINDOW**4))
_ZERO = np.float32(0.0)
_NEAR_SILENCE: Final = 4.0
"""Weighted mean square of the low-passed sound, 16-bit steps, below which no pitch is sought."""


def _reach_of(factor: float) -> Numbers:
    """Return, per period, the entry at ``factor`` times it, kept inside the grid."""
    period = SHORTEST + 0.5 * np.arange(PERIODS)
    exact = (factor * period - SHORTEST) * 2.0
    entry = np.ceil(exact - 1e-9) if factor < 1.0 else np.floor(exact + 1e-9)
    inside: Numbers = np.clip(entry, 0, PERIODS - 1).astype(np.int32)
    return inside


_LOWEST = _reach_of(0.8)
_HIGHEST = _reach_of(1.2)


@inner
def low_pass(high: Floats, start: int, count: int, low: Floats, place: int) -> None:
    """Filter ``count`` samples of ``high`` from ``start`` on with the 21 taps (Annex D)."""
    for n in range(count):
        value = _ZERO
        for tap in range(TAPS):
            value += _TAPS[tap] * high[start + n - LATE + tap]
        low[place + n] = value


@inner
def pitch_errors(low: Floats, errors: Doubles, work: Floats) -> None:
    """Write E(P) of the frame in the middle of ``low``.

    low: float32 (301,). errors: float64 (203,). work: float32 (460,).
    """
    x = work[:SPAN]
    r = work[SPAN : SPAN + REACH + 1]
    energy = 0.0
    for n in range(SPAN):
        x[n] = low[n] * _SQUARE[n]
        energy += low[n] * x[n]
    if energy < _NEAR_SILENCE:
        errors[:] = 1.0
        return
    for lag in range(REACH + 1):
        value = _ZERO
        for n in range(SPAN - lag):
            value += x[n] * x[n + lag]
        r[lag] = value
    for entry in range(PERIODS):
        period = SHORTEST + 0.5 * entry
        total = float(r[0])
        twice = 2 * int(SHORTEST) + entry
        place = twice
        while place <= 2 * REACH:
            half = place >> 1
            total += r[half] + (r[half + 1] if place & 1 else r[half])
            place += twice
        errors[entry] = (energy - period * total) / (energy * (1.0 - period * _FOURTH))


@inner
def nearest_minimum(values: Doubles, out: Doubles, queue: Numbers) -> None:
    """Write, per period, the least of ``values`` between 0.8 and 1.2 times it; float64 (203,)."""
    head = 0
    tail = 0
    taken = 0
    for entry in range(PERIODS):
        while taken <= _HIGHEST[entry]:
            while tail > head and values[queue[tail - 1]] >= values[taken]:
                tail -= 1
            queue[tail] = taken
            tail += 1
            taken += 1
        while queue[head] < _LOWEST[entry]:
            head += 1
        out[entry] = values[queue[head]]


@inner
def look_back(now: Doubles, before: int) -> int:
    """Return the best entry within 0.8 and 1.2 times that of the frame before."""
    best = _LOWEST[before]
    for entry in range(_LOWEST[before], _HIGHEST[before] + 1):
        if now[entry] < now[best]:
            best = entry
    return int(best)


@inner
def entry_of(period: float) -> int:
    """Return the entry nearest to a period."""
    return min(max(math.floor((period - SHORTEST) * 2.0 + 0.5), 0), PERIODS - 1)


@inner
def look_ahead(now: Doubles, following: Doubles) -> tuple[int, float]:
    """Return the best entry and its cost, a sub-multiple of the best path's start if good enough.

    following: per period, the least cost of the two frames that follow.
    """
    best = 0
    for entry in range(PERIODS):
        if now[entry] + following[entry] < now[best] + following[best]:
            best = entry
    least = now[best] + following[best]
    period = SHORTEST + 0.5 * best
    for part in range(int(period / SHORTEST), 1, -1):
        middle = entry_of(period / part)
        entry = middle
        for near in range(max(middle - 1, 0), min(middle + 2, PERIODS)):
            if now[near] + following[near] < now[entry] + following[entry]:
                entry = near
        cost = now[entry] + following[entry]
        likely = cost <= 0.85 and cost <= 1.7 * least
        if likely or (cost <= 0.4 and cost <= 3.5 * least) or cost <= PERIODIC:
            return entry, cost
    return best, least


@inner
def choose(
    now: Doubles,
    following: Doubles,
    before: int,
    error_before: float,
    error_earlier: float,
) -> int:
    """Return the entry of the initial pitch P_I (23).

    before: the entry chosen in the frame before; error_before, error_earlier: E at the choices of
    the two frames before.
    """
    back = look_back(now, before)
    back_cost = now[back] + error_before + error_earlier
    if back_cost <= LOOK_BACK_ENOUGH:
        return back
    ahead, ahead_cost = look_ahead(now, following)
    if back_cost <= ahead_cost:
        return back
    return ahead

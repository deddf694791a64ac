"""Focused search of the algebraic codebook: four pulses nested, thresholds, and a budget.

The sums over pulses are kept for even positions and, for all four one sample later, for odd ones.
Whether a branch is worth a look is decided by both sums together. All of this is EN 300 395-2
annex A; that the thresholds look at the sum of both was found from vectors (``docs/codecs.md``).
"""

from typing import Final

import numpy as np

from voicecodecs.acelp.analysis import Longs
from voicecodecs.acelp.fixed import MAX32, norm, sat32
from voicecodecs.acelp.lpc import SUBFRAME
from voicecodecs.compiled import inner

THRESHOLD: Final = 19200
"""0.586 in Q15, of the largest sum that two or three pulses can give."""
BUDGET: Final = 350
INNER_COST: Final = 3
SECOND_COST: Final = 4
DN_BITS: Final = 13
WEAKEST: Final = 14
"""A weaker target is not scaled up further (found by the vectors)."""
PLACES: Final = 32
"""Even positions 0 to 62; what lies beyond 59 is no pulse."""
DN_SIZE: Final = 2 * PLACES

POWER: Final = 0
"""Places of what is best so far: square of the sum, energy, positions, sign, shift."""
ENERGY: Final = 1
POSITIONS: Final = 2
SIGN: Final = 3
SHIFT: Final = 4


@inner
def root_two(value: int) -> int:
    """Value times sqrt(2)."""
    return (value * 11585) >> 13


@inner
def backward_filter(target: Longs, response: Longs, dn: Longs) -> None:
    """Fill dn (64,): correlation of the target (60,) with a pulse at each place, 13 bits."""
    largest = 0
    for n in range(SUBFRAME):
        total = 0
        for j in range(n, SUBFRAME):
            total += target[j] * response[j - n]
        dn[n] = sat32(2 * total)
        largest = max(largest, abs(dn[n]))
    dn[SUBFRAME:] = 0
    shift = 31 - DN_BITS - min(norm(min(largest, MAX32)), WEAKEST)
    for n in range(SUBFRAME):
        dn[n] >>= shift


@inner
def pulse_energies(response: Longs, rr: Longs) -> None:
    """Fill rr (32, 32): products of the responses to two pulses, places 0, 2, 4, ... 62.

    Scaled by the energy of the whole response to 16 bits, rounded.
    """
    total = 0
    for n in range(SUBFRAME):
        total += response[n] * response[n]
    shift = 16 - norm(min(2 * total, MAX32))
    half = (1 << shift) >> 1 if shift > 0 else 0
    rr[:] = 0
    last = SUBFRAME // 2 - 1
    for apart in range(SUBFRAME // 2):
        total = 0
        for b in range(last, apart - 1, -1):  # each place adds two samples to the one after it
            n = SUBFRAME - 2 - 2 * b
            far = n + 2 * apart
            total += 2 * (response[n] * response[far] + response[n + 1] * response[far + 1])
            value = (total + half) >> shift if shift >= 0 else total << -shift
            rr[b, b - apart] = value
            rr[b - apart, b] = value


@inner
def thresholds(dn: Longs, first: Longs) -> tuple[int, int]:
    """Return the sums of both shifts below which two and three pulses are not followed."""
    high, low = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for i in range(SUBFRAME // 2):
        both = first[2 * i] + first[2 * i + 1]
        high[0], low[0] = max(high[0], both), min(low[0], both)
    for pulse in (1, 2):
        for i in range(8):
            at = 2 * pulse + 8 * i
            both = dn[at] + dn[at + 1]
            high[pulse], low[pulse] = max(high[pulse], both), min(low[pulse], both)
    two = max(high[0] - low[1], high[1] - low[0])
    three = max(high[0] - low[1] + high[2], high[1] - low[0] - low[2])
    return (two * THRESHOLD) >> 15, (three * THRESHOLD) >> 15


@inner
def last_pulse(three: int, energy_3: int, at: Longs, best: Longs) -> int:
    """Try the eight places of the last pulse; ``best`` (power, energy, sign) is renewed.

    three: sum over three pulses, energy_3: their energy. at: (8, 2), what each place takes from the
    sum and adds to the energy. Returns the place, -1 when none is better than ``best``.
    """
    found = -1
    for i3 in range(8):
        energy = energy_3 + at[i3, 1]
        four = three - at[i3, 0]
        power = (four * four) >> 15
        if power * best[ENERGY] > best[POWER] * energy:
            best[POWER], best[ENERGY] = power, energy
            best[SIGN] = 1 if four < 0 else 0
            found = i3
    return found


@inner
def third_pulse(
    pulses: int, two: Longs, least: int, left: int, dn: Longs, rr: Longs, rooted: Longs, best: Longs
) -> int:
    """Follow two pulses (their bits of the index) through all places of the third and the last.

    two: (3,), their sums for even and odd places and their energy. Returns what of the budget is
    ``left`` after it.
    """
    q1 = 1 + 4 * (pulses >> 5)
    at = np.empty((8, 2), np.int64)
    for i2 in range(8):
        q2 = 2 + 4 * i2
        even, odd = two[0] + dn[2 * q2], two[1] + dn[2 * q2 + 1]
        if abs(even + odd) < least:
            continue
        later = 1 if abs(odd) > abs(even) else 0
        for i3 in range(8):
            q3 = 3 + 4 * i3
            at[i3, 0] = dn[2 * q3 + later]
            at[i3, 1] = rr[q3, q3] + 2 * (rr[q1, q3] - rooted[q3] - rr[q2, q3])
        energy = two[2] + rr[q2, q2] + 2 * (rooted[q2] - rr[q1, q2])
        place = last_pulse(odd if later else even, energy, at, best)
        if place >= 0:
            best[POSITIONS], best[SHIFT] = pulses | i2 << 8 | place << 11, later
        left -= INNER_COST
        if left <= 0:
            break
    return left - SECOND_COST


@inner
def search_code(target: Longs, response: Longs, dn: Longs, rr: Longs) -> tuple[int, int, int]:
    """Return positions (14 bits), sign and shift of the best vector.

    target: what is left after the adaptive vector (60,); response: of the shaped pulse behind the
    weighting filter (60,); dn (64,) and rr (32, 32) are scratch.
    """
    backward_filter(target, response, dn)
    pulse_energies(response, rr)
    first, rooted = np.empty(DN_SIZE, np.int64), np.empty(PLACES, np.int64)
    for n in range(DN_SIZE):
        first[n] = root_two(dn[n])
    two, best = np.empty(3, np.int64), np.array((0, 1, 0, 0, 0), np.int64)
    least_two, least_three = thresholds(dn, first)
    left = BUDGET
    for i0 in range(SUBFRAME // 2):
        for q in range(PLACES):
            rooted[q] = root_two(rr[i0, q])
        for i1 in range(8):
            q1 = 1 + 4 * i1
            two[0] = first[2 * i0] - dn[2 * q1]
            two[1] = first[2 * i0 + 1] - dn[2 * q1 + 1]
            if abs(two[0] + two[1]) < least_two:
                continue
            two[2] = 2 * rr[i0, i0] + rr[q1, q1] - 2 * rooted[q1]
            left = third_pulse(i0 | i1 << 5, two, least_three, left, dn, rr, rooted, best)
            if left <= 0:
                return best[POSITIONS], best[SIGN], best[SHIFT]
    return best[POSITIONS], best[SIGN], best[SHIFT]

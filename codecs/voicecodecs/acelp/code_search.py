"""Focused search of the algebraic codebook: four pulses nested, thresholds, and a budget.

The sums over pulses are kept for even positions and, for all four one sample later, for odd ones.
Whether a branch is worth a look is decided by both sums together. EN 300 395-2 annex A; what that
text leaves open was found by the vectors (``docs/codecs.md``): that the thresholds look at the sum
of both positions, every scale, and every place where something is rounded down. The energies are
the one thing not found out: their rounding is what agrees best, all but 9 of 16,296 searches.
"""

from typing import Final

import numpy as np

from voicecodecs.acelp.analysis import Longs
from voicecodecs.acelp.excitation import ROOT_TWO
from voicecodecs.acelp.fixed import MAX32, norm
from voicecodecs.acelp.lpc import SUBFRAME
from voicecodecs.compiled import inner

THRESHOLD: Final = 19200
"""0.586 in Q15, of the largest sum that two or three pulses can give."""
BUDGET: Final = 350
INNER_COST: Final = 3
SECOND_COST: Final = 4
DN_SHIFT: Final = 18
"""Brings the largest correlation to 13 bits."""
WEAKEST: Final = 16
"""A weaker target is not scaled up further."""
ONE: Final = 2048
"""Gain of the pulses but the first, Q11."""
SUM_SHIFT: Final = 12
"""From a sum of pulses in Q11 to the word that is squared."""
ENERGY_BITS: Final = 30
ENERGY_SHIFT: Final = 16
KEPT: Final = 3
"""Bits dropped from the energy of four pulses."""
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
    """Value times sqrt(2), rounded down."""
    return (value * 11585) >> 13


@inner
def backward_filter(target: Longs, response: Longs, dn: Longs) -> None:
    """Fill dn (64,): correlation of the target (60,) with a pulse at each place, 13 bits."""
    largest = 0
    for n in range(SUBFRAME):
        total = 0
        for j in range(SUBFRAME - n):
            total += target[n + j] * response[j]
        dn[n] = total
        largest = max(largest, abs(total))
    dn[SUBFRAME:] = 0
    shift = DN_SHIFT - min(norm(min(largest, MAX32)), WEAKEST)
    for n in range(SUBFRAME):
        dn[n] >>= shift


@inner
def scale_response(response: Longs, scaled: Longs) -> None:
    """Fill scaled (60,) with the response, by a power of two so that its energy has 29, 30 bits."""
    total = 0
    for n in range(SUBFRAME):
        total += response[n] * response[n]
    bits = 32 if total > MAX32 else 31 - norm(total)
    shift = (ENERGY_BITS - bits) >> 1
    for n in range(SUBFRAME):
        scaled[n] = response[n] << shift if shift >= 0 else response[n] >> -shift


@inner
def pulse_energies(response: Longs, own: Longs, rr: Longs) -> None:
    """Fill own (32,) and rr (2, 32, 32) for pulses at the places 0, 2, 4, ... 62.

    own: energies of the responses. rr: doubled products of two responses, of pulses of equal sign
    (rr[0]) and of opposite sign (rr[1]). All are rounded down. What lies beyond place 58 stays as
    it is, zero.
    """
    h = np.empty(SUBFRAME, np.int64)
    scale_response(response, h)
    last = SUBFRAME // 2 - 1
    for apart in range(SUBFRAME // 2):
        total = 0
        for b in range(last, apart - 1, -1):  # each place adds two samples to the one after it
            n = SUBFRAME - 2 - 2 * b
            far = n + 2 * apart
            total += h[n] * h[far] + h[n + 1] * h[far + 1]
            rr[0, b - apart, b] = rr[0, b, b - apart] = 2 * total >> ENERGY_SHIFT
            rr[1, b - apart, b] = rr[1, b, b - apart] = -2 * total >> ENERGY_SHIFT
            if apart == 0:
                own[b] = total >> ENERGY_SHIFT


@inner
def thresholds(dn: Longs) -> tuple[int, int]:
    """Return the sums of both shifts that two and three pulses must exceed to be followed."""
    high, low = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for i in range(SUBFRAME // 2):
        both = (dn[2 * i] * ROOT_TWO >> SUM_SHIFT) + (dn[2 * i + 1] * ROOT_TWO >> SUM_SHIFT)
        high[0], low[0] = max(high[0], both), min(low[0], both)
    for pulse in (1, 2):
        for i in range(8):
            at = 2 * pulse + 8 * i
            both = (dn[at] + dn[at + 1]) * ONE >> SUM_SHIFT
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
        energy = max((energy_3 + at[i3, 1]) >> KEPT, 1)
        four = (three - at[i3, 0]) >> SUM_SHIFT
        power = (four * four) >> 15
        if power * best[ENERGY] > best[POWER] * energy:
            best[POWER], best[ENERGY] = power, energy
            best[SIGN] = 1 if four < 0 else 0
            found = i3
    return found


@inner
def third_pulse(
    pulses: int,
    two: Longs,
    least: int,
    left: int,
    dn: Longs,
    own: Longs,
    rr: Longs,
    best: Longs,
) -> int:
    """Follow two pulses (their bits of the index) through all places of the third and the last.

    two: (3,), their sums for even and odd places and their energy. Returns what of the budget is
    ``left`` after it.
    """
    q0, q1 = pulses & 31, 1 + 4 * (pulses >> 5)
    at = np.empty((8, 2), np.int64)
    for i2 in range(8):
        q2 = 2 + 4 * i2
        even, odd = two[0] + ONE * dn[2 * q2], two[1] + ONE * dn[2 * q2 + 1]
        if abs((even + odd) >> SUM_SHIFT) <= least:
            continue
        later = 1 if abs(odd) > abs(even) else 0
        for i3 in range(8):
            q3 = 3 + 4 * i3
            at[i3, 0] = ONE * dn[2 * q3 + later]
            at[i3, 1] = own[q3] + rr[0, q1, q3] - rr[0, q2, q3] + root_two(rr[1, q0, q3])
        energy = two[2] + own[q2] + rr[1, q1, q2] + root_two(rr[0, q0, q2])
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
    weighting filter (60,); dn (64,) and rr (2, 32, 32), zeros at first, are scratch.
    """
    backward_filter(target, response, dn)
    own = np.zeros(PLACES, np.int64)
    pulse_energies(response, own, rr)
    two, best = np.empty(3, np.int64), np.array((-1, 1, 0, 0, 0), np.int64)
    least_two, least_three = thresholds(dn)
    left = BUDGET
    for i0 in range(SUBFRAME // 2):
        for i1 in range(8):
            q1 = 1 + 4 * i1
            two[0] = ROOT_TWO * dn[2 * i0] - ONE * dn[2 * q1]
            two[1] = ROOT_TWO * dn[2 * i0 + 1] - ONE * dn[2 * q1 + 1]
            if abs((two[0] + two[1]) >> SUM_SHIFT) <= least_two:
                continue
            two[2] = rr[0, i0, i0] + own[q1] - root_two(-rr[1, i0, q1])
            left = third_pulse(i0 | i1 << 5, two, least_three, left, dn, own, rr, best)
            if left <= 0:
                return best[POSITIONS], best[SIGN], best[SHIFT]
    return best[POSITIONS], best[SIGN], best[SHIFT]

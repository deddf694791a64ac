"""Focused search of the algebraic codebook: four pulses nested, thresholds, and a budget.

The sums over pulses are kept for even positions and, for all four one sample later, for odd ones.
Whether a branch is worth a look is decided by both sums together. EN 300 395-2 annex A; what that
text leaves open was found by the vectors (``docs/codecs.md``): that the thresholds look at the sum
of both positions, every scale, and every place where something is rounded down. With the state of
the published encoder all of the vectors' 16,296 searches end as the published ones.
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
ROOT_TWO_BITS: Final = 11
"""Fraction bits of the first pulse's gain in the sums; the other pulses have gain 1."""
ENERGY_BITS: Final = 30
ENERGY_SHIFT: Final = 15
"""From a product of two scaled responses to twice its word of 16 bits."""
WHOLE: Final = 16
"""Fraction bits of the weights below."""
OWN: Final = 4096
"""Weight of a pulse's own energy in the energy of three and of four pulses: 1/16."""
CROSS: Final = 2 * OWN
"""Weight of the product of two pulses."""
CROSS_FIRST: Final = 11585
"""The same of a pulse and the first one, whose gain is sqrt(2)."""
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
def pulse_energies(response: Longs, rr: Longs) -> None:
    """Fill rr (32, 32): products of the responses to pulses at the places 0, 2, 4, ... 62.

    Each is a word of 16 bits, rounded down. What lies beyond place 58 stays as it is, zero.
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
            rr[b - apart, b] = rr[b, b - apart] = total >> ENERGY_SHIFT


@inner
def thresholds(first: Longs, dn: Longs) -> tuple[int, int]:
    """Return the sums of both shifts that two and three pulses must exceed to be followed.

    first: (64,), dn with the gain of the first pulse.
    """
    high, low = np.zeros(3, np.int64), np.zeros(3, np.int64)
    for i in range(SUBFRAME // 2):
        both = (first[2 * i] + first[2 * i + 1]) >> 1
        high[0], low[0] = max(high[0], both), min(low[0], both)
    for pulse in (1, 2):
        for i in range(8):
            at = 2 * pulse + 8 * i
            both = (dn[at] + dn[at + 1]) >> 1
            high[pulse], low[pulse] = max(high[pulse], both), min(low[pulse], both)
    two = max(high[0] - low[1], high[1] - low[0])
    three = max(high[0] - low[1] + high[2], high[1] - low[0] - low[2])
    return 2 * (two * THRESHOLD >> 15), 2 * (three * THRESHOLD >> 15)


@inner
def energy_of_two(q0: int, q1: int, rr: Longs) -> int:
    """Energy of the first two pulses, at the places q0 and q1; twice the scale of what follows."""
    own: int = 2 * OWN * (2 * rr[q0, q0] + rr[q1, q1])
    crossed: int = 2 * CROSS_FIRST * rr[q0, q1]
    return (own - crossed) >> WHOLE


@inner
def last_pulse(three: int, energy_3: int, at: Longs, best: Longs) -> int:
    """Try the eight places of the last pulse; ``best`` (power, energy, sign) is renewed.

    three: sum over three pulses, energy_3: their energy. at: (8, 2), what each place takes from the
    sum and adds to the energy. Returns the place, -1 when none is better than ``best``.
    """
    found = -1
    for i3 in range(8):
        energy = max(energy_3 + (at[i3, 1] >> WHOLE), 1)
        four = (three - at[i3, 0]) >> 1
        power = (four * four) >> 15
        if power * best[ENERGY] > best[POWER] * energy:
            best[POWER], best[ENERGY] = power, energy
            best[SIGN] = 1 if four < 0 else 0
            found = i3
    return found


@inner
def third_pulse(
    pulses: int, two: Longs, least: int, left: int, dn: Longs, rr: Longs, best: Longs
) -> int:
    """Follow two pulses (their bits of the index) through all places of the third and the last.

    two: (3,), their sums for even and odd places and their energy. Returns what of the budget is
    ``left`` after it.
    """
    q0, q1 = pulses & 31, 1 + 4 * (pulses >> 5)
    at = np.empty((8, 2), np.int64)
    for i2 in range(8):
        q2 = 2 + 4 * i2
        even, odd = two[0] + dn[2 * q2], two[1] + dn[2 * q2 + 1]
        if abs(even + odd) <= least:
            continue
        later = 1 if abs(odd) > abs(even) else 0
        added = OWN * rr[q2, q2] - CROSS * rr[q1, q2] + CROSS_FIRST * rr[q0, q2]
        energy = ((two[2] << (WHOLE - 1)) + added) >> WHOLE
        for i3 in range(8):
            q3 = 3 + 4 * i3
            crossed = CROSS * (rr[q1, q3] - rr[q2, q3]) - CROSS_FIRST * rr[q0, q3]
            at[i3, 0], at[i3, 1] = dn[2 * q3 + later], OWN * rr[q3, q3] + crossed
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
    weighting filter (60,); dn (64,) and rr (32, 32), zeros at first, are scratch.
    """
    backward_filter(target, response, dn)
    pulse_energies(response, rr)
    first = np.empty(DN_SIZE, np.int64)
    for n in range(DN_SIZE):
        first[n] = dn[n] * ROOT_TWO >> ROOT_TWO_BITS
    two, best = np.empty(3, np.int64), np.array((-1, 1, 0, 0, 0), np.int64)
    least_two, least_three = thresholds(first, dn)
    left = BUDGET
    for q0 in range(SUBFRAME // 2):
        for i1 in range(8):
            q1 = 1 + 4 * i1
            two[0] = first[2 * q0] - dn[2 * q1]
            two[1] = first[2 * q0 + 1] - dn[2 * q1 + 1]
            if abs(two[0] + two[1]) <= least_two:
                continue
            two[2] = energy_of_two(q0, q1, rr)
            left = third_pulse(q0 | i1 << 5, two, least_three, left, dn, rr, best)
            if left <= 0:
                return best[POSITIONS], best[SIGN], best[SHIFT]
    return best[POSITIONS], best[SIGN], best[SHIFT]

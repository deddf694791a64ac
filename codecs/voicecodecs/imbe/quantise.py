"""Amplitudes to b_2 .. b_(L+1): prediction from the decoder's own past, transforms, steps.

Inner functions of the encoder's kernel; the inverse of ``amplitudes``.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner
from voicecodecs.imbe.amplitudes import predict, reconstruct
from voicecodecs.imbe.tables import (
    BLOCKS,
    COSINES,
    GAIN_LEVELS,
    MIN_HARMONICS,
    VALUE_BITS,
    VALUE_STEPS,
    WIDTH,
)

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]

QUIETEST: Final = 0.005
"""Amplitudes are taken for no less than this before the logarithm. Speech at -55 dBFS has harmonics
below 0.1: such a floor would raise their mean, which is the gain."""
DEEPEST: Final = 0.008
"""Nor for less than this times the largest: 42 dB is as deep as the coarse steps follow anyway, and
a hole that they cannot follow costs accuracy everywhere else (.08 PESQ and .02 STOI). Half as deep
(36 dB) fills the holes audibly: .15 PESQ less."""
_LEVELS: Final = len(GAIN_LEVELS)


@inner
def nearest_level(gain: float) -> int:
    """Return the index b_2 of the gain level nearest to G_1."""
    level = 0
    while level + 1 < _LEVELS and gain > 0.5 * (GAIN_LEVELS[level] + GAIN_LEVELS[level + 1]):
        level += 1
    return level


@inner
def quantise(value: float, index: int, harmonics: int) -> int:
    """Return b_index, 3 .. L+1, of a coefficient."""
    bits = int(VALUE_BITS[harmonics - MIN_HARMONICS, index - 3])
    if bits == 0:
        return 0
    step = float(VALUE_STEPS[harmonics - MIN_HARMONICS, index - 3])
    code = math.floor(value / step) + (1 << (bits - 1))
    return min(max(code, 0), (1 << bits) - 1)


@inner
def transform(wanted: Doubles, harmonics: int, values: Numbers, work: Doubles) -> float:
    """Quantise T_l, l = 1 .. L (float64 (58,), at index l), to b_3 .. b_(L+1); returns G_1.

    work: float64 (6,).
    """
    index = BLOCKS + 2
    start = 1
    for block in range(BLOCKS):
        size = (harmonics + block) // BLOCKS
        for k in range(size):
            total = 0.0
            for place in range(size):
                total += wanted[start + place] * COSINES[size, k, place]
            total /= size
            if k == 0:
                work[block] = total
            else:
                values[index] = quantise(total, index, harmonics)
                index += 1
        start += size
    gain = 0.0
    for m in range(BLOCKS):
        total = 0.0
        for block in range(BLOCKS):
            total += work[block] * COSINES[BLOCKS, m, block]
        total /= BLOCKS
        if m == 0:
            gain = total
        else:
            values[m + 2] = quantise(total, m + 2, harmonics)
    return gain


@inner
def quantise_amplitudes(
    amplitude: Doubles,
    harmonics: int,
    old_log: Doubles,
    old_harmonics: int,
    values: Numbers,
    new_log: Doubles,
    work: Doubles,
) -> None:
    """Write b_2 .. b_(L+1) for the amplitudes, and the log2 M_l that a decoder will make of them.

    amplitude, old_log, new_log: float64 (58,), at index l. work: float64 (200,).
    The coarse steps lose level on strongly voiced sound: G_1 makes up for it afterwards.
    """
    wanted = work[:WIDTH]
    predicted = work[WIDTH : 2 * WIDTH]
    predict(harmonics, old_log, old_harmonics, predicted)
    least = QUIETEST
    for harmonic in range(1, harmonics + 1):
        least = max(least, DEEPEST * amplitude[harmonic])
    energy = 0.0
    for harmonic in range(1, harmonics + 1):
        value = max(amplitude[harmonic], least)
        energy += value * value
        wanted[harmonic] = math.log2(value) - predicted[harmonic]
    gain = transform(wanted, harmonics, values, work[2 * WIDTH :])
    values[2] = nearest_level(gain)
    reconstruct(values, harmonics, old_log, old_harmonics, new_log, work)
    after = 0.0
    for harmonic in range(1, harmonics + 1):
        after += math.exp(2.0 * math.log(2.0) * new_log[harmonic])
    after *= math.exp(2.0 * math.log(2.0) * (gain - GAIN_LEVELS[values[2]]))
    gain += min(max(0.5 * math.log2(energy / after), -0.5), 1.0)
    chosen = nearest_level(gain)
    shift = GAIN_LEVELS[chosen] - GAIN_LEVELS[values[2]]
    values[2] = chosen
    for harmonic in range(1, harmonics + 1):
        new_log[harmonic] += shift

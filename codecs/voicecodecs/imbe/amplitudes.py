"""Spectral amplitudes from quantised values: inverse quantiser, inverse transforms, prediction.

Inner functions of the kernels; decoder and encoder (which follows its own decoder) share them.
Equations of TIA-102.BABA are numbered as there.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner
from voicecodecs.imbe.tables import (
    BLOCKS,
    COSINES,
    GAIN_LEVELS,
    MIN_HARMONICS,
    VALUE_BITS,
    VALUE_STEPS,
)

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]

START_HARMONICS: Final = 30
"""L of the frame before the first; its log2 M are 0."""


@inner
def prediction_gain(harmonics: int) -> float:
    """Return rho (55)."""
    if harmonics <= 15:
        return 0.4
    if harmonics <= 24:
        return 0.03 * harmonics - 0.05
    return 0.7


@inner
def predict(harmonics: int, old_log: Doubles, old_harmonics: int, predicted: Doubles) -> None:
    """Write rho (P_l - mean P) for l = 1 .. L (75-79).

    old_log: float64 (58,), log2 M of the frame before, at index l; index 0 is not read.
    predicted: float64 (58,), out, at index l.
    """
    total = 0.0
    for harmonic in range(1, harmonics + 1):
        place = old_harmonics * harmonic
        below = place // harmonics
        part = (place - below * harmonics) / harmonics
        low = old_log[min(below, old_harmonics)] if below > 0 else 0.0
        value = (1.0 - part) * low + part * old_log[min(below + 1, old_harmonics)]
        predicted[harmonic] = value
        total += value
    mean = total / harmonics
    rho = prediction_gain(harmonics)
    for harmonic in range(1, harmonics + 1):
        predicted[harmonic] = rho * (predicted[harmonic] - mean)


@inner
def dequantise(values: Numbers, index: int, harmonics: int) -> float:
    """Return the middle of the step that b_index names (68, 71); index 3 .. L+1."""
    bits = VALUE_BITS[harmonics - MIN_HARMONICS, index - 3]
    if bits == 0:
        return 0.0
    step = float(VALUE_STEPS[harmonics - MIN_HARMONICS, index - 3])
    return step * (int(values[index]) - (1 << (int(bits) - 1)) + 0.5)


@inner
def residual(values: Numbers, harmonics: int, out: Doubles, work: Doubles) -> None:
    """Write T_l, l = 1 .. L, from b_2 .. b_(L+1) (69-74).

    out: float64 (58,), at index l. work: float64 (12,).
    """
    work[0] = GAIN_LEVELS[values[2]]
    for m in range(1, BLOCKS):
        work[m] = 2.0 * dequantise(values, m + 2, harmonics)
    index = BLOCKS + 2
    start = 1
    for block in range(BLOCKS):
        size = (harmonics + block) // BLOCKS
        first = 0.0
        for m in range(BLOCKS):
            first += work[m] * COSINES[BLOCKS, m, block]
        for place in range(size):
            out[start + place] = first
        for k in range(1, size):
            twice = 2.0 * dequantise(values, index, harmonics)
            index += 1
            for place in range(size):
                out[start + place] += twice * COSINES[size, k, place]
        start += size


@inner
def reconstruct(
    values: Numbers,
    harmonics: int,
    old_log: Doubles,
    old_harmonics: int,
    new_log: Doubles,
    work: Doubles,
) -> None:
    """Write log2 M_l, l = 1 .. L, of a frame (section 4 of the decoding rules).

    old_log, new_log: float64 (58,), must not be the same array. work: float64 (70,).
    """
    residual(values, harmonics, new_log, work[58:])
    predict(harmonics, old_log, old_harmonics, work[:58])
    for harmonic in range(1, harmonics + 1):
        new_log[harmonic] += work[harmonic]

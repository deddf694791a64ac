"""Enhancement, error rules, smoothing: what happens between the parameters and the synthesis.

Inner functions of the decoder's kernel. Equations of TIA-102.BABA are numbered as there.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner

Doubles = npt.NDArray[np.float64]

ERROR_RATE_MEMORY: Final = 0.95
ERROR_RATE_SHARE: Final = 0.000365
"""0.05 / 137: a twentieth of the errors among 137 protected bits (96)."""
MUTE_RATE: Final = 0.0875
REPEATS_BEFORE_SILENCE: Final = 3
"""Not in the standard: a vowel repeated for longer drones."""
SHARPEST: Final = 1.17
FLATTEST: Final = 0.2
SHARPENING: Final = 0.25
"""Bounds and power of the weights W_l. The standard has 1.2, 0.5 and 0.25 (107, 108); these were
better by .05 PESQ at the same STOI on frames of two other encoders (``docs/codecs.md``)."""
START_ENERGY: Final = 75000.0
TINY: Final = 1e-30
START_LIMIT: Final = 20480.0


@inner
def enhance(
    frequency: float, harmonics: int, amplitude: Doubles, energy: float, out: Doubles
) -> None:
    """Sharpen the formants (105-110): float64 (58,) in and out, at index l.

    frequency: turns a sample; energy: R_M0, the sum of squares of ``amplitude``.
    """
    cos_step = math.cos(2.0 * math.pi * frequency)
    sin_step = math.sin(2.0 * math.pi * frequency)
    re = 1.0
    im = 0.0
    lag = 0.0
    for harmonic in range(1, harmonics + 1):
        re, im = re * cos_step - im * sin_step, im * cos_step + re * sin_step
        out[harmonic] = re
        lag += amplitude[harmonic] * amplitude[harmonic] * re
    spread = energy * energy - lag * lag
    if energy <= 0.0 or spread <= 1e-9 * energy * energy:
        for harmonic in range(1, harmonics + 1):
            out[harmonic] = amplitude[harmonic]
        return
    scale = 0.96 * math.pi / (2.0 * math.pi * frequency * energy * spread)
    after = 0.0
    for harmonic in range(1, harmonics + 1):
        value = amplitude[harmonic]
        if 8 * harmonic > harmonics:
            shape = energy * energy + lag * lag - 2.0 * energy * lag * out[harmonic]
            power = max(value * value * scale * shape, TINY)
            value *= min(max(math.exp(SHARPENING * math.log(power)), FLATTEST), SHARPEST)
        out[harmonic] = value
        after += value * value
    gain = math.sqrt(energy / after)
    for harmonic in range(1, harmonics + 1):
        out[harmonic] *= gain


@inner
def voicing_limit(energy: float, rate: float, total: int, hamming_first: int) -> float:
    """Return V_M (112): amplitudes above it are made voiced."""
    if rate <= 0.005 and total <= 4:
        return math.inf
    level = math.exp(0.375 * math.log(energy))
    if rate <= 0.0125 and hamming_first == 0:
        return 45.255 * level * math.exp(-277.26 * rate)
    return 1.414 * level


@inner
def amplitude_limit(old_limit: float, rate: float, total: int) -> float:
    """Return tau_M (115)."""
    if rate <= 0.005 and total <= 6:
        return START_LIMIT
    return max(6000.0 - 300.0 * total + old_limit, 0.0)


@inner
def smooth(
    harmonics: int, amplitude: Doubles, voiced: Doubles, voicing: float, limit: float
) -> None:
    """Voice what stands out, and bound the sum of amplitudes (113-116); float64 (58,), in place."""
    total = 0.0
    for harmonic in range(1, harmonics + 1):
        if amplitude[harmonic] > voicing:
            voiced[harmonic] = 1.0
        total += amplitude[harmonic]
    if total > limit:
        for harmonic in range(1, harmonics + 1):
            amplitude[harmonic] *= limit / total

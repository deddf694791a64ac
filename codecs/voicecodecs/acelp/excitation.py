"""Excitation of a subframe: adaptive and algebraic codebook, gains. EN 300 395-2 annex A."""

from typing import Final

import numpy as np

from voicecodecs.acelp.fixed import (
    Words,
    log2,
    mult,
    norm,
    pow2,
    round16,
    sat16,
    sat32,
    shr_r,
    wrap16,
)
from voicecodecs.acelp.lpc import ORDER, SUBFRAME, synthesize
from voicecodecs.acelp.tables import GAIN, THIRD_DOWN_32, THIRD_UP_32
from voicecodecs.compiled import inner

LAG_MIN: Final = 20
LAG_MAX: Final = 143
PAST: Final = LAG_MAX + 17
"""Samples of past excitation that the longest lag and its filter reach."""
SHARPENING: Final = 26216
"""Pitch sharpening, 0.8 in Q15."""
ROOT_TWO: Final = 2896
"""Gain of the first pulse, sqrt(2) in Q11."""
LOG_PITCH_MAX: Final = 6912
"""27 in Q8."""
LOG_CODE_MAX: Final = 6400
"""25 in Q8."""
PITCH_GAIN_MAX: Final = 4915
"""1.2 in Q12."""


@inner
def adaptive(excitation: Words, start: int, lag: int, fraction: int) -> None:
    """Fill excitation[start:start+60] with the past, ``lag`` + ``fraction``/3 samples before."""
    if fraction == 0:
        for n in range(start, start + SUBFRAME):
            excitation[n] = excitation[n - lag]
        return
    taps, first = (THIRD_UP_32, 16) if fraction > 0 else (THIRD_DOWN_32, 15)
    for n in range(start, start + SUBFRAME):
        total = 0
        for k in range(32):
            total = sat32(total + 2 * taps[k] * excitation[n - lag - first + k])
        excitation[n] = round16(total)


@inner
def shaping_filter(zeros: Words, poles: Words, lag: int, f: Words) -> None:
    """Fill f (70,): F[n] at 10 + n, response of A(z/g3)/A(z/g4) with pitch sharpening."""
    x = np.zeros(SUBFRAME, np.int32)
    x[: ORDER + 1] = zeros
    f[:ORDER] = 0
    synthesize(poles, x, SUBFRAME, f, ORDER)
    sharpen(lag, f)


@inner
def sharpen(lag: int, f: Words) -> None:
    """Add 0.8 of what was ``lag`` samples before, in place; F[n] at 10 + n."""
    for n in range(ORDER + lag, ORDER + SUBFRAME):
        f[n] = sat16(f[n] + mult(f[n - lag], SHARPENING))


@inner
def code_vector(positions: int, sign: int, shift: int, f: Words, code: Words) -> None:
    """Fill the algebraic vector ``code`` (60,), Q12."""
    p0 = 2 * (positions & 31) + shift
    p1 = 2 + 8 * ((positions >> 5) & 7) + shift
    p2 = 4 + 8 * ((positions >> 8) & 7) + shift
    p3 = 6 + 8 * ((positions >> 11) & 7) + shift
    for n in range(SUBFRAME):
        total = ROOT_TWO * f[ORDER + n - p0] if n >= p0 else 0
        if n >= p1:
            total = sat32(total - 2048 * f[ORDER + n - p1])
        if n >= p2:
            total = sat32(total + 2048 * f[ORDER + n - p2])
        if n >= p3:
            total = sat32(total - 2048 * f[ORDER + n - p3])
        if sign:
            total = sat32(-total)
        code[n] = wrap16(total >> 11)


@inner
def energy(vector: Words, start: int, total: int) -> int:
    """Sum of squares of 60 samples added to ``total``, clipped to 32 bits."""
    for n in range(start, start + SUBFRAME):
        total += vector[n] * vector[n]
    return sat32(total)


@inner
def energies(a: Words, excitation: Words, start: int, code: Words) -> tuple[int, int]:
    """Logarithms (Q8) of the energies of adaptive and algebraic vector behind 1/A(z)."""
    impulse = np.zeros(SUBFRAME, np.int32)
    impulse[0] = 1024
    response = np.zeros(ORDER + SUBFRAME, np.int32)
    synthesize(a, impulse, SUBFRAME, response, ORDER)
    lpc = energy(response, ORDER, 0)
    lpc_shift = norm(lpc)
    lpc = (lpc << lpc_shift) >> 16
    pitch = energy(excitation, start, 1)
    pitch_shift = norm(pitch)
    pitch = (pitch << pitch_shift) >> 16
    log_pitch = log2(pitch * lpc) - (pitch_shift + lpc_shift) * 65536 + 1710 * 256
    log_code = log2((energy(code, 0, 0) >> 16) * lpc) - lpc_shift * 65536 - 4434 * 256
    return wrap16(log_pitch >> 8), wrap16(log_code >> 8)


@inner
def predict(own: int, other: int) -> int:
    """Return the log energy (Q8) to expect after those of the last subframe."""
    return max(0, (own << 8) + (other << 7) - (768 << 9)) >> 9


@inner
def decode_gains(index: int, bad: int, last: Words) -> None:
    """Update ``last`` (log energies of pitch and code, Q8) from the index, or let them fall."""
    if bad:
        last[0] = max(last[0] - 128, 0)
        last[1] = max(last[1] - 128, 0)
        return
    pitch = GAIN[index, 0] + predict(last[0], last[1])
    code = GAIN[index, 1] + predict(last[1], last[0])
    last[0] = min(pitch, LOG_PITCH_MAX)
    last[1] = min(code, LOG_CODE_MAX)


@inner
def amplify(
    excitation: Words, start: int, code: Words, last: Words, log_pitch: int, log_code: int
) -> tuple[int, int]:
    """Make the excitation of the subframe from both vectors, in place; returns both gains."""
    pitch_gain = min(PITCH_GAIN_MAX, pow2(((last[0] - log_pitch) << 6) + (12 << 15)))
    code_gain = wrap16(pow2((last[1] - log_code) << 6))
    for n in range(SUBFRAME):
        total = sat32(excitation[start + n] * pitch_gain + code[n] * code_gain)
        excitation[start + n] = wrap16(shr_r(total, 12))
    return pitch_gain, code_gain

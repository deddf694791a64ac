"""Speech from the parameters of two frames: voiced harmonics and shaped noise.

Inner functions of the kernels. n = 0 .. 159 are the samples between the frame before (its
parameters hold at n = 0) and this one (at n = 160). Frequencies f = w / (2 pi) are in turns a
sample, phases in turns, so that they wrap exactly. Heavy sums are float32, each a plain reduction
over harmonics that compiles to vectors; what lasts from frame to frame is float64.

The standard's synthesis is a recommendation. Where this one differs, PESQ and STOI on frames of two
other encoders said so (``docs/codecs.md``): all voiced harmonics glide while the pitch is steady,
not only the lowest seven; their phases follow the spectral envelope; noise overlaps longer and is a
little quieter.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner
from voicecodecs.imbe.fourier import forward, inverse
from voicecodecs.imbe.tables import (
    DFT_SIZE,
    FRAME_SAMPLES,
    MAX_HARMONICS,
    REFINEMENT_WINDOW,
    SYNTHESIS_REACH,
    SYNTHESIS_WINDOW,
    Floats,
)

Doubles = npt.NDArray[np.float64]

NOISE_MODULUS: Final = 53125
NOISE_FACTOR: Final = 171
NOISE_STEP: Final = 11213
NOISE_SEED: Final = 3147
"""u(-105) of the first frame (117)."""
NOISE_SAMPLES: Final = 2 * SYNTHESIS_REACH - 1
NOISE_MIDDLE: Final = NOISE_MODULUS // 2

STEADY_CHANGE: Final = 0.1
"""Below this change of pitch a harmonic glides in phase and amplitude from frame to frame."""
PHASE_SHARE: Final = 0.4
"""How much of the phase of a minimum-phase filter with this envelope the harmonics get."""
PHASE_REACH: Final = 24
NOISE_GAIN: Final = 0.87
NOISE_FADE: Final = (40, 120)
"""Samples in which the noise of the frame before gives way to that of this one."""
STRIDE: Final = 8
"""Samples a coarse turn; fine turns go from 0 to STRIDE - 1."""
COARSE: Final = 14
LANES: Final = 64
"""Harmonics in an array of the voiced sums: 56 and zeros."""

_NOISE_SCALE = NOISE_GAIN * float(
    np.sum(REFINEMENT_WINDOW) * np.sqrt(np.sum(SYNTHESIS_WINDOW**2) / np.sum(REFINEMENT_WINDOW**2))
)
"""Of this, g_w (121) is 146.643."""


def _jumps() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Return a(k) and c(k) with u(n + k) = (a(k) u(n) + c(k)) mod 53125, k = 0 .. 209."""
    factor, step = [1], [0]
    for _ in range(NOISE_SAMPLES):
        factor.append(factor[-1] * NOISE_FACTOR % NOISE_MODULUS)
        step.append((step[-1] * NOISE_FACTOR + NOISE_STEP) % NOISE_MODULUS)
    return np.array(factor, dtype=np.uint32), np.array(step, dtype=np.uint32)


_JUMP_FACTOR, _JUMP_STEP = _jumps()


def _overlap() -> tuple[Floats, Floats]:
    """Return, for n = 0 .. 159, the windows of the frame before and of this one."""
    old = np.zeros(FRAME_SAMPLES)
    old[: SYNTHESIS_REACH + 1] = SYNTHESIS_WINDOW[SYNTHESIS_REACH:]
    return old.astype(np.float32), np.append([0.0], old[:0:-1]).astype(np.float32)


def _fade() -> tuple[Floats, Floats]:
    """Return the shares, n = 0 .. 159, of both frames' noise; their squares add up to 1."""
    first, last = NOISE_FADE
    part = np.clip((np.arange(FRAME_SAMPLES) - first) / (last - first), 0.0, 1.0) * (np.pi / 2)
    return np.cos(part).astype(np.float32), np.sin(part).astype(np.float32)


_OLD, _NEW = _overlap()
_OLD_SHARE, _NEW_SHARE = _fade()
_WINDOW = SYNTHESIS_WINDOW.astype(np.float32)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
# cos(2 pi x) = 1 + c1 x^2 + c2 x^4 + ... for |x| <= 1/2; error below 1e-6 in float32
_C = np.array(
    [(-1.0) ** k * (2.0 * np.pi) ** (2 * k) / math.factorial(2 * k) for k in range(9)],
    dtype=np.float32,
)


@inner
def cosine(turns: np.float32) -> np.float32:
    """Return cos(2 pi x), float32, for any float32 x of moderate size."""
    x = turns - np.floor(turns + _HALF)
    y = x * x
    value = _C[8]
    value = value * y + _C[7]
    value = value * y + _C[6]
    value = value * y + _C[5]
    value = value * y + _C[4]
    value = value * y + _C[3]
    value = value * y + _C[2]
    value = value * y + _C[1]
    total: np.float32 = value * y + _C[0]
    return total


@inner
def noise(seed: int, values: Floats) -> int:
    """Write u(-104) .. u(104) into float32 (209,) and return the seed of the next frame."""
    start = np.uint32(seed)
    modulus = np.uint32(NOISE_MODULUS)
    for place in range(NOISE_SAMPLES):
        value = (_JUMP_FACTOR[place + 1] * start + _JUMP_STEP[place + 1]) % modulus
        values[place] = np.float32(value)
    return int((_JUMP_FACTOR[FRAME_SAMPLES] * start + _JUMP_STEP[FRAME_SAMPLES]) % modulus)


@inner
def shape_noise(
    frequency: float,
    harmonics: int,
    amplitude: Doubles,
    voiced: Doubles,
    values: Floats,
    out: Floats,
    work: Floats,
) -> None:
    """Give noise the amplitudes of the unvoiced harmonics (118-124).

    amplitude, voiced: float64 (58,), at index l. values: float32 (209,). out: float32 (256,),
    n = -128 .. 127. work: float32 (1200,).
    """
    block = work[:DFT_SIZE].reshape(16, 16)
    real = work[256:385]
    imag = work[385:514]
    block[:] = _ZERO
    for place in range(NOISE_SAMPLES):
        n = place + 24  # n = -104 is entry 24 of -128 .. 127
        block[n & 15, n >> 4] = (values[place] - np.float32(NOISE_MIDDLE)) * _WINDOW[place + 1]
    forward(block, real, imag, work[514:546].reshape(2, 16))
    bins = DFT_SIZE * frequency
    low = math.ceil(0.5 * bins)
    for index in range(low):
        real[index] = _ZERO
        imag[index] = _ZERO
    for harmonic in range(1, harmonics + 1):
        high = min(math.ceil((harmonic + 0.5) * bins), DFT_SIZE // 2)
        gain = _ZERO
        if voiced[harmonic] == 0.0 and high > low:
            energy = np.float32(1e-12)
            for index in range(low, high):
                energy += real[index] * real[index] + imag[index] * imag[index]
            gain = np.float32(_NOISE_SCALE * amplitude[harmonic] / math.sqrt(energy / (high - low)))
        for index in range(low, high):
            real[index] *= gain
            imag[index] *= gain
        low = high
    for index in range(low, DFT_SIZE // 2 + 1):
        real[index] = _ZERO
        imag[index] = _ZERO
    inverse(real, imag, out, work[546:834].reshape(2, 9, 16), work[834:1122].reshape(2, 16, 9))


@inner
def add_noise(old: Floats, new: Floats, sound: Floats) -> None:
    """Write the overlap of two frames' noise into float32 (160,)."""
    for n in range(NOISE_FADE[1]):
        sound[n] = _OLD_SHARE[n] * old[n + 128]
    for n in range(NOISE_FADE[1], FRAME_SAMPLES):
        sound[n] = _ZERO
    for n in range(NOISE_FADE[0], FRAME_SAMPLES):
        sound[n] += _NEW_SHARE[n] * new[n - 32]


@inner
def envelope_lag(harmonic: int, harmonics: int, log: Doubles) -> float:
    """Return, in turns, how far a minimum-phase filter of this envelope delays one harmonic.

    The phase is the Hilbert transform of the logarithm of the amplitudes (log2, float64 (58,), at
    index l); the envelope is mirrored at 0 and goes on level above the last harmonic.
    """
    slope = 0.0
    for distance in range(1, PHASE_REACH, 2):
        below = min(max(abs(harmonic - distance), 1), harmonics)
        above = min(harmonic + distance, harmonics)
        slope += (log[below] - log[above]) / distance
    return slope * (math.log(2.0) / (math.pi * math.pi))


@inner
def turn_phases(
    old_frequency: float,
    frequency: float,
    harmonics: int,
    reach: int,
    unvoiced: int,
    values: Floats,
    log: Doubles,
    psi: Doubles,
    phi: Doubles,
) -> None:
    """Step psi and phi (float64 (58,), turns) to this frame (139-141).

    reach: the larger of both frames' L. values: the noise, u(1) at entry 105. log: log2 M_l.
    """
    step = (old_frequency + frequency) * (0.5 * FRAME_SAMPLES)
    spread = unvoiced / harmonics
    quarter = harmonics // 4
    for harmonic in range(1, MAX_HARMONICS + 1):
        turns = psi[harmonic] + step * harmonic
        turns -= math.floor(turns)
        psi[harmonic] = turns
        if quarter < harmonic <= reach and unvoiced > 0:
            turns += spread * (values[104 + harmonic] / NOISE_MODULUS - 0.5)
        if unvoiced < harmonics and harmonic <= harmonics:
            turns -= PHASE_SHARE * envelope_lag(harmonic, harmonics, log)
        phi[harmonic] = turns


@inner
def windowed_harmonics(
    frequency: float,
    reach: int,
    amplitude: Doubles,
    phase: Doubles,
    first: int,
    window: Floats,
    out: Floats,
    work: Floats,
) -> None:
    """Add window(n) times the sum of A_l cos(2 pi (f l n' + phase_l)), 112 samples from ``first``.

    n' counts from 0 at out[first]: ``phase`` (turns) holds there. amplitude, phase: float64 (58,)
    at index l; harmonics of amplitude 0 are silent. work: float32 (2 * (8 + 14) * 64,).
    """
    fine_cos = work[: STRIDE * LANES].reshape(STRIDE, LANES)
    fine_sin = work[STRIDE * LANES : 2 * STRIDE * LANES].reshape(STRIDE, LANES)
    start = 2 * STRIDE * LANES
    coarse_cos = work[start : start + COARSE * LANES].reshape(COARSE, LANES)
    coarse_sin = work[start + COARSE * LANES : start + 2 * COARSE * LANES].reshape(COARSE, LANES)
    for harmonic in range(1, reach + 1):
        lane = harmonic - 1
        cos_step = math.cos(2.0 * math.pi * frequency * harmonic)
        sin_step = math.sin(2.0 * math.pi * frequency * harmonic)
        re = 1.0
        im = 0.0
        for fine in range(STRIDE):
            fine_cos[fine, lane] = re
            fine_sin[fine, lane] = im
            re, im = re * cos_step - im * sin_step, im * cos_step + re * sin_step
        cos_step, sin_step = re, im
        re = amplitude[harmonic] * math.cos(2.0 * math.pi * phase[harmonic])
        im = amplitude[harmonic] * math.sin(2.0 * math.pi * phase[harmonic])
        for coarse in range(COARSE):
            coarse_cos[coarse, lane] = re
            coarse_sin[coarse, lane] = im
            re, im = re * cos_step - im * sin_step, im * cos_step + re * sin_step
    for coarse in range(COARSE):
        for fine in range(STRIDE):
            n = first + coarse * STRIDE + fine
            if n < FRAME_SAMPLES:
                value = _ZERO
                for lane in range(reach):
                    value += (
                        coarse_cos[coarse, lane] * fine_cos[fine, lane]
                        - coarse_sin[coarse, lane] * fine_sin[fine, lane]
                    )
                out[n] += window[n] * value


@inner
def steady_harmonic(
    harmonic: int,
    old_frequency: float,
    frequency: float,
    old_amplitude: float,
    amplitude: float,
    old_phase: float,
    phase: float,
    out: Floats,
) -> None:
    """Add one harmonic whose amplitude and frequency glide between the frames (134-138)."""
    drift = phase - old_phase - (old_frequency + frequency) * harmonic * (0.5 * FRAME_SAMPLES)
    drift -= math.floor(drift + 0.5)
    linear = np.float32(old_frequency * harmonic + drift / FRAME_SAMPLES)
    square = np.float32((frequency - old_frequency) * harmonic / (2.0 * FRAME_SAMPLES))
    begin = np.float32(old_phase)
    level = np.float32(old_amplitude)
    rise = np.float32((amplitude - old_amplitude) / FRAME_SAMPLES)
    for place in range(FRAME_SAMPLES):
        n = np.float32(place)
        out[place] += (level + rise * n) * cosine(begin + (linear + square * n) * n)


@inner
def add_voiced(
    old_frequency: float,
    frequency: float,
    reach: int,
    old_amplitude: Doubles,
    amplitude: Doubles,
    old_phase: Doubles,
    phase: Doubles,
    out: Floats,
    parts: Doubles,
    work: Floats,
) -> None:
    """Add the voiced harmonics of both frames (127-138) to float32 (160,).

    Amplitudes, float64 (58,), are 0 where a frame has no harmonic or an unvoiced one. reach: the
    larger of both frames' L. parts: float64 (4, 58). work: float32 (2816,).
    """
    steady = abs(frequency - old_frequency) < STEADY_CHANGE * frequency
    falling, rising = parts[0], parts[1]
    begin, end = parts[2], parts[3]
    any_old = 0.0
    any_new = 0.0
    shift = frequency * (FRAME_SAMPLES - SYNTHESIS_REACH + 1 - FRAME_SAMPLES)
    for harmonic in range(1, reach + 1):
        old = 2.0 * old_amplitude[harmonic]
        new = 2.0 * amplitude[harmonic]
        if steady and old > 0.0 and new > 0.0:
            steady_harmonic(
                harmonic,
                old_frequency,
                frequency,
                old,
                new,
                old_phase[harmonic],
                phase[harmonic],
                out,
            )
            old = 0.0
            new = 0.0
        falling[harmonic] = old
        rising[harmonic] = new
        begin[harmonic] = old_phase[harmonic]
        end[harmonic] = phase[harmonic] + shift * harmonic
        any_old += old
        any_new += new
    if any_old > 0.0:
        windowed_harmonics(old_frequency, reach, falling, begin, 0, _OLD, out, work)
    if any_new > 0.0:
        first = FRAME_SAMPLES - SYNTHESIS_REACH + 1
        windowed_harmonics(frequency, reach, rising, end, first, _NEW, out, work)

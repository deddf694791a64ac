"""Fourier transform of 256 real values and back, as 16 x 16: short sums that compile to vectors.

Inner functions of the kernels. With m = k + 16 q and n = b + 16 a the transform splits into
16-point sums over a, a turn by k b / 256, and 16-point sums over b; real input needs k <= 8 only.
"""

from typing import Final

import numpy as np

from voicecodecs.compiled import inner
from voicecodecs.imbe.tables import DFT_SIZE, Floats

SIDE: Final = 16
HALF: Final = DFT_SIZE // 2
BINS: Final = HALF + 1

_angle = 2 * np.pi * np.outer(np.arange(SIDE), np.arange(SIDE))
_COS = np.cos(_angle / SIDE).astype(np.float32)
_SIN = np.sin(_angle / SIDE).astype(np.float32)
_TURN_COS = np.cos(_angle[:9] / DFT_SIZE).astype(np.float32)
_TURN_SIN = np.sin(_angle[:9] / DFT_SIZE).astype(np.float32)
_ZERO = np.float32(0.0)
_TWO = np.float32(2.0)
_SCALE = np.float32(1.0 / DFT_SIZE)


@inner
def forward(x: Floats, real: Floats, imag: Floats, work: Floats) -> None:
    """Return X(m) = sum of x(n) exp(-2 pi i m n / 256) for m = 0 .. 128.

    x: float32 (16, 16), x(n) at [n % 16, n // 16]. real, imag: float32 (129,), out. work: float32
    (2, 16).
    """
    for k in range(9):
        for b in range(SIDE):
            re = _ZERO
            im = _ZERO
            for a in range(SIDE):
                re += _COS[k, a] * x[b, a]
                im -= _SIN[k, a] * x[b, a]
            work[0, b] = re * _TURN_COS[k, b] + im * _TURN_SIN[k, b]
            work[1, b] = im * _TURN_COS[k, b] - re * _TURN_SIN[k, b]
        for q in range(SIDE):
            re = _ZERO
            im = _ZERO
            for b in range(SIDE):
                re += work[0, b] * _COS[q, b] + work[1, b] * _SIN[q, b]
                im += work[1, b] * _COS[q, b] - work[0, b] * _SIN[q, b]
            m = k + SIDE * q
            if m <= HALF:
                real[m] = re
                imag[m] = im
            elif k > 0:
                real[DFT_SIZE - m] = re
                imag[DFT_SIZE - m] = -im


@inner
def inverse(real: Floats, imag: Floats, x: Floats, spectrum: Floats, work: Floats) -> None:
    """Return x(n) = 1/256 sum of X(m) exp(2 pi i m n / 256), X Hermitian.

    real, imag: float32 (129,), m = 0 .. 128. x: float32 (256,), out. spectrum: float32 (2, 9, 16);
    work: float32 (2, 16, 9).
    """
    for k in range(9):
        for q in range(SIDE):
            m = k + SIDE * q
            if m <= HALF:
                spectrum[0, k, q] = real[m]
                spectrum[1, k, q] = imag[m]
            else:
                spectrum[0, k, q] = real[DFT_SIZE - m]
                spectrum[1, k, q] = -imag[DFT_SIZE - m]
    for k in range(9):
        weight = _SCALE if k in (0, 8) else _TWO * _SCALE
        for b in range(SIDE):
            re = _ZERO
            im = _ZERO
            for q in range(SIDE):
                re += spectrum[0, k, q] * _COS[b, q] - spectrum[1, k, q] * _SIN[b, q]
                im += spectrum[1, k, q] * _COS[b, q] + spectrum[0, k, q] * _SIN[b, q]
            work[0, b, k] = weight * (re * _TURN_COS[k, b] - im * _TURN_SIN[k, b])
            work[1, b, k] = weight * (im * _TURN_COS[k, b] + re * _TURN_SIN[k, b])
    for a in range(SIDE):
        for b in range(SIDE):
            value = _ZERO
            for k in range(9):
                value += work[0, b, k] * _COS[a, k] - work[1, b, k] * _SIN[a, k]
            x[SIDE * a + b] = value

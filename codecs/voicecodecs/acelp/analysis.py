"""Short-term analysis of the encoder: input filter, autocorrelation, Levinson-Durbin.

Sounds are int32 words. A "pair" is a 32-bit number cut into ``high * 2**15 + low``: the product of
two pairs loses what lies below 2**-30 of full scale. EN 300 395-2 annex A; details that the
standard's text leaves open were found from vectors of its program (``docs/codecs.md``).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.fixed import Words, mult_r, norm, round16, sat32
from voicecodecs.acelp.lpc import ORDER
from voicecodecs.acelp.tables import LAG_WINDOW_HIGH, LAG_WINDOW_LOW, WINDOW
from voicecodecs.compiled import inner

Longs = npt.NDArray[np.int64]

WINDOW_SAMPLES: Final = 256
HIGH_PASS: Final = 32735
"""0.999 in Q15."""
LARGEST_REFLECTION: Final = 32750
"""Q15: beyond it the filter before is kept."""
_ONE: Final = (1 << 30) - 1
_HALF: Final = 0x3FFF


@inner
def pre_process(pcm: npt.NDArray[np.int16], memory: Words, out: Words) -> None:
    """Remove what is below about 1 Hz and halve: out (n,) from pcm (n,); memory (3,) is kept."""
    before, high, low = memory[0], memory[1], memory[2]
    for n in range(pcm.size):
        now = pcm[n]
        total = sat32((now << 15) - (before << 15))
        total = sat32(total + 2 * high * HIGH_PASS)
        total = sat32(total + 2 * ((low * HIGH_PASS) >> 15))
        high = total >> 16
        low = (total >> 1) - (high << 15)
        before = now
        out[n] = high
    memory[0], memory[1], memory[2] = before, high, low


@inner
def multiply_pairs(a: int, b: int) -> int:
    """Half of a * b / 2**30, both 32-bit numbers taken as pairs."""
    a_high = sat32(2 * a) >> 16
    a_low = a - (a_high << 15)
    b_high = sat32(2 * b) >> 16
    b_low = b - (b_high << 15)
    return a_high * b_high + 2 * ((a_high * b_low) >> 16) + 2 * ((a_low * b_high) >> 16)


@inner
def divide_words(a: int, b: int) -> int:
    """Quotient in Q15 of words, 0 <= a <= b."""
    if a == b:
        return 32767
    return (a << 15) // b


@inner
def divide(a: int, b: int) -> int:
    """Quotient in Q31 of 32-bit numbers, ``b`` normalised and not below ``a``."""
    inverse = divide_words(_HALF, sat32(2 * b) >> 16)
    high = sat32(2 * b) >> 16
    rest = (1 << 30) - (high * inverse + 2 * (((b - (high << 15)) * inverse) >> 16))
    high = sat32(2 * rest) >> 16
    inverse = high * inverse + 2 * (((rest - (high << 15)) * inverse) >> 16)
    return sat32(multiply_pairs(a, inverse) << 2)


@inner
def autocorrelation(x: Words, r: Longs) -> None:
    """Fill r (11,), normalised and lag-windowed, of the samples x (256,)."""
    y = np.empty(WINDOW_SAMPLES, np.int64)
    for i in range(WINDOW_SAMPLES):
        y[i] = mult_r(x[i], WINDOW[i])
    while True:
        total = 1
        for i in range(WINDOW_SAMPLES):
            total += y[i] * y[i]
        if total <= 2**31 - 1:
            break
        for i in range(WINDOW_SAMPLES):
            y[i] >>= 2
    shift = norm(total)
    r[0] = (total << shift) >> 1
    for k in range(1, ORDER + 1):
        total = 0
        for i in range(WINDOW_SAMPLES - k):
            total += y[i] * y[i + k]
        window = (LAG_WINDOW_HIGH[k - 1] << 15) + LAG_WINDOW_LOW[k - 1]
        r[k] = multiply_pairs((total >> 1) << shift, window)


@inner
def levinson(r: Longs, held: Words, out: Words) -> None:
    """Fill the polynomial out (11,), Q12; ``held`` again when r gives no stable filter."""
    a, new = np.zeros(ORDER + 1, np.int64), np.zeros(ORDER + 1, np.int64)
    k = divide(abs(r[1]), r[0])
    if r[1] > 0:
        k = -k
    a[1] = k >> 4
    error = multiply_pairs(r[0], _ONE - abs(multiply_pairs(k, k)))
    step = norm(error) - 1
    error <<= step
    exponent = step
    for i in range(2, ORDER + 1):
        total = 0
        for j in range(1, i):
            total += multiply_pairs(r[j], a[i - j])
        total = sat32(sat32(total << 4) + r[i])
        k = divide(abs(total), error)
        if total > 0:
            k = -k
        k = sat32(k << exponent)
        if abs(sat32(2 * k) >> 16) > LARGEST_REFLECTION:
            out[:] = held
            return
        for j in range(1, i):
            new[j] = a[j] + multiply_pairs(k, a[i - j])
        new[i] = k >> 4
        error = multiply_pairs(error, _ONE - abs(multiply_pairs(k, k)))
        step = norm(error) - 1
        error <<= step
        exponent += step
        for j in range(1, i + 1):
            a[j] = new[j]
    out[0] = 4096
    for i in range(1, ORDER + 1):
        out[i] = round16(sat32(a[i] << 2))
    held[:] = out

"""The fixed-point arithmetic of EN 300 395-2: 16-bit words, 32-bit accumulators that saturate.

All of it runs in 64-bit registers, so a saturating step is a sum that is then clipped. Qn means n
fraction bits. A "pair" is a 32-bit number cut into ``high * 2**15 + low``, ``low`` of 15 bits.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.tables import INV_SQRT, LOG2, POW2
from voicecodecs.compiled import inner

MAX32: Final = 2**31 - 1
MIN32: Final = -(2**31)

Words = npt.NDArray[np.int32]
"""int32: 16-bit words, or 32-bit numbers where a docstring says so."""


@inner
def sat32(value: int) -> int:
    """Clip to 32 bits."""
    return min(max(value, MIN32), MAX32)


@inner
def sat16(value: int) -> int:
    """Clip to 16 bits."""
    return min(max(value, -32768), 32767)


@inner
def wrap16(value: int) -> int:
    """Keep the low 16 bits, as a signed word."""
    return ((value + 32768) & 0xFFFF) - 32768


@inner
def mult(a: int, b: int) -> int:
    """Product of two Q15 words, cut."""
    return sat16((a * b) >> 15)


@inner
def mult_r(a: int, b: int) -> int:
    """Product of two Q15 words, rounded."""
    return sat16((a * b + 0x4000) >> 15)


@inner
def round16(value: int) -> int:
    """Upper word of a 32-bit number, rounded."""
    return sat32(value + 0x8000) >> 16


@inner
def shr_r(value: int, bits: int) -> int:
    """Shift right with rounding; negative ``bits`` shift left and saturate."""
    if bits > 31:
        return 0
    if bits > 0:
        return (value >> bits) + ((value >> (bits - 1)) & 1)
    return sat32(value << min(-bits, 31))


@inner
def norm(value: int) -> int:
    """Left shifts that bring a 32-bit number to 2**30 or more in size; 0 for 0, 31 for -1."""
    if value == 0:
        return 0
    if value < 0:
        value = ~value
    count = 0
    step = 16
    while step:
        if value < 1 << (31 - step):
            value <<= step
            count += step
        step >>= 1
    return count


@inner
def mpymix(value: int, word: int) -> int:
    """Half of 32-bit value * word / 2**15, the value taken as a pair."""
    high = sat32(2 * value) >> 16
    low = value - (high << 15)
    return high * word + 2 * ((low * word) >> 16)


@inner
def log2(value: int) -> int:
    """Logarithm of a 32-bit number, Q16; 0 for what is not positive."""
    if value <= 0:
        return 0
    shift = norm(value)
    mantissa = (value << shift) >> 9
    row = (mantissa >> 16) - 32
    part = (mantissa >> 1) & 0x7FFF
    here: int = LOG2[row]
    fraction = sat32((here << 16) - 2 * (here - LOG2[row + 1]) * part) >> 16
    return ((30 - shift) << 16) + (fraction << 1)


@inner
def pow2(exponent: int) -> int:
    """2 to a power given in Q15, as a 32-bit integer, rounded."""
    fraction = (exponent & 0x7FFF) << 6
    row = fraction >> 16
    part = (fraction >> 1) & 0x7FFF
    here: int = POW2[row]
    value = (here << 16) - 2 * (here - POW2[row + 1]) * part
    return shr_r(value, 30 - (exponent >> 15))


@inner
def inv_sqrt(value: int) -> int:
    """1/sqrt of a 32-bit number, Q30; 0x3FFFFFFF for what is not positive."""
    if value <= 0:
        return 0x3FFFFFFF
    shift = norm(value)
    mantissa = value << shift
    shift = 30 - shift
    if shift & 1 == 0:
        mantissa >>= 1
    mantissa >>= 9
    row = (mantissa >> 16) - 16
    part = (mantissa >> 1) & 0x7FFF
    here: int = INV_SQRT[row]
    root: int = (here << 16) - 2 * (here - INV_SQRT[row + 1]) * part
    return root >> ((shift >> 1) + 1)

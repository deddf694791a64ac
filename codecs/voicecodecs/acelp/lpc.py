"""Short-term prediction: LSP sets, prediction polynomials, the filters 1/A(z) and A(z).

Polynomials are int32 (11,), Q12, the first coefficient 4096. Signals are int32 arrays that hold
16-bit words. EN 300 395-2 annex A; formulas as in ``docs/codecs.md``.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.fixed import Words, mpymix, round16, sat16, sat32, shr_r, wrap16
from voicecodecs.acelp.tables import LSP_1, LSP_2, LSP_3
from voicecodecs.compiled import inner

ORDER: Final = 10
SUBFRAME: Final = 60
SUBFRAMES: Final = 4
FRAME: Final = SUBFRAME * SUBFRAMES
GAP_34: Final = 917
"""Least distance of LSP 3 and 4, Q15."""
GAP_67: Final = 1245
LARGEST_SAFE: Final = 61439
"""While sum |a[1..10]| (Q12) is no more than this, no partial sum of the filter 1/A(z) can leave 32
bits: 2**15 * (4096 + 61439) + 2048 < 2**31. Then saturation need not be looked at sum by sum."""


@inner
def decode_lsp(index_1: int, index_2: int, index_3: int, held: Words, lsp: Words) -> None:
    """Fill ``lsp`` from three indices; the whole ``held`` set when the order is broken."""
    for i in range(3):
        lsp[i] = LSP_1[index_1, i]
        lsp[i + 3] = LSP_2[index_2, i]
    for i in range(4):
        lsp[i + 6] = LSP_3[index_3, i]
    spread(lsp, 2, GAP_34)
    spread(lsp, 5, GAP_67)
    for i in range(ORDER - 1):
        if lsp[i] <= lsp[i + 1]:
            lsp[:] = held
            return


@inner
def spread(lsp: Words, i: int, gap: int) -> None:
    """Move LSP ``i`` and the next one apart to ``gap``."""
    short = gap - lsp[i] + lsp[i + 1]
    if short > 0:
        half = short >> 1
        lsp[i] += half
        lsp[i + 1] -= half


@inner
def interpolate(old: Words, new: Words, polynomials: Words) -> None:
    """Fill (4, 11) polynomials from two LSP sets, a quarter of the way each."""
    middle = np.empty(ORDER, np.int32)
    for k in range(1, SUBFRAMES):
        for i in range(ORDER):
            middle[i] = (old[i] * (4 - k) * 16384 + new[i] * k * 16384) >> 16
        polynomial(middle, polynomials[k - 1])
    polynomial(new, polynomials[SUBFRAMES - 1])


@inner
def half_polynomial(lsp: Words, first: int, f: npt.NDArray[np.int64]) -> None:
    """Fill f (6,) int64, Q24, from every second LSP beginning at ``first``."""
    f[0] = 1 << 24
    f[1] = -(lsp[first] << 10)
    for i in range(2, 6):
        x = lsp[first + 2 * (i - 1)]
        f[i] = f[i - 2]
        for j in range(i, 1, -1):
            f[j] = sat32(sat32(f[j] + f[j - 2]) - sat32(2 * mpymix(f[j - 1], x)))
        f[1] = sat32(f[1] - (x << 10))


@inner
def polynomial(lsp: Words, a: Words) -> None:
    """Fill the prediction polynomial ``a`` (11,) of an LSP set (10,)."""
    even, odd = np.empty(6, np.int64), np.empty(6, np.int64)
    half_polynomial(lsp, 0, even)
    half_polynomial(lsp, 1, odd)
    for i in range(5, 0, -1):
        even[i] = sat32(even[i] + even[i - 1])
        odd[i] = sat32(odd[i] - odd[i - 1])
    a[0] = 4096
    for i in range(1, 6):
        a[i] = wrap16(shr_r(sat32(even[i] + odd[i]), 13))
        a[11 - i] = wrap16(shr_r(sat32(even[i] - odd[i]), 13))


@inner
def expand(a: Words, gamma: int, out: Words) -> None:
    """Fill ``out`` with A(z / gamma), ``gamma`` in Q15."""
    power = gamma
    out[0] = a[0]
    for i in range(1, ORDER + 1):
        out[i] = round16(sat32(2 * a[i] * power))
        power = round16(2 * power * gamma)


@inner
def size(a: Words) -> int:
    """Sum of |a[1..10]|, Q12."""
    total = 0
    for i in range(1, ORDER + 1):
        total += abs(a[i])
    return total


@inner
def synthesize(a: Words, x: Words, count: int, y: Words, start: int) -> None:
    """Run ``count`` samples of x through 1/A(z) into y[start:]; y[start-10:start] is the memory."""
    if size(a) <= LARGEST_SAFE:
        for n in range(count):
            total = (x[n] << 12) + 2048
            for j in range(ORDER, 0, -1):
                total -= a[j] * y[start + n - j]
            y[start + n] = sat16(total >> 12)
        return
    for n in range(count):
        total = x[n] << 12
        for j in range(1, ORDER + 1):
            total = sat32(total - a[j] * y[start + n - j])
        y[start + n] = sat32(sat32(total + 2048) << 4) >> 16

"""Line spectral pairs of the encoder: roots of a prediction filter, nearest codebook rows."""

from typing import Final

import numpy as np

from voicecodecs.acelp.analysis import Longs, divide_words
from voicecodecs.acelp.fixed import Words, norm, sat16, sat32
from voicecodecs.acelp.lpc import ORDER
from voicecodecs.acelp.tables import GRID, LSP_1, LSP_2, LSP_3, Table
from voicecodecs.compiled import inner

BISECTIONS: Final = 4
_FAR: Final = 1 << 62


@inner
def chebyshev(x: int, f: Longs) -> int:
    """Value at the cosine x (Q15) of the Chebyshev series f (6,), Q11; Q14, clipped."""
    after = 1 << 24
    value = (x << 10) + (f[1] << 13)
    for i in range(2, 5):
        high = sat32(2 * value) >> 16
        product = high * x + 2 * (((value - (high << 15)) * x) >> 16)
        value, after = sat32(2 * product) - after + (f[i] << 13), value
    high = sat32(2 * value) >> 16
    product = high * x + 2 * (((value - (high << 15)) * x) >> 16)
    return sat32((product - after + (f[5] << 12)) << 6) >> 16


@inner
def root(left: int, right: int, at_left: int, at_right: int) -> int:
    """Where the line between two points of opposite sign crosses zero."""
    width, fall = left - right, at_left - at_right
    if fall == 0:
        return right
    fall = abs(fall)
    shift = norm(fall << 16)
    slope = (2 * width * divide_words(16383, fall << shift)) >> (20 - shift)
    return right + ((2 * abs(at_right) * slope) >> 11)


@inner
def find_lsp(a: Words, held: Words, lsp: Words) -> None:
    """Fill lsp (10,), Q15, with the roots of a (11,); ``held`` when fewer than ten are found."""
    even, odd = np.empty(6, np.int64), np.empty(6, np.int64)
    even[0] = odd[0] = 2048
    for i in range(5):
        even[i + 1] = sat16(((a[i + 1] + a[ORDER - i]) >> 1) - even[i])
        odd[i + 1] = sat16(((a[i + 1] - a[ORDER - i]) >> 1) + odd[i])
    series, found, place = even, 0, 0
    right = GRID[0]
    at_right = chebyshev(right, series)
    while found < ORDER and place < GRID.size - 1:
        place += 1
        left, at_left = right, at_right
        right = GRID[place]
        at_right = chebyshev(right, series)
        if at_right * at_left > 0:
            continue
        for _ in range(BISECTIONS):
            middle = (right + left) >> 1
            value = chebyshev(middle, series)
            if at_right * value <= 0:
                left, at_left = middle, value
            else:
                right, at_right = middle, value
        right = root(left, right, at_left, at_right)
        lsp[found] = right
        found += 1
        series = odd if found & 1 else even
        at_right = chebyshev(right, series)
    if found < ORDER:
        lsp[:] = held
    else:
        held[:] = lsp


@inner
def nearest_row(table: Table, lsp: Words, first: int) -> int:
    """Row of ``table`` nearest to lsp[first:], the first of equals."""
    best, index = _FAR, 0
    for row in range(table.shape[0]):
        distance = 0
        for c in range(table.shape[1]):
            error = lsp[first + c] - table[row, c]
            distance += error * error
        if distance < best:
            best, index = distance, row
    return index


@inner
def quantise_lsp(lsp: Words, parameters: Words) -> None:
    """Fill parameters[0:3], the three codebook indices of an LSP set."""
    parameters[0] = nearest_row(LSP_1, lsp, 0)
    parameters[1] = nearest_row(LSP_2, lsp, 3)
    parameters[2] = nearest_row(LSP_3, lsp, 6)

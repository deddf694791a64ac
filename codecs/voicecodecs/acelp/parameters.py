"""Parameters inside compiled loops: packed frames to and from words, lags to and from indices."""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.excitation import LAG_MAX, LAG_MIN
from voicecodecs.acelp.fixed import Words
from voicecodecs.acelp.frame import FRAME_BYTES, PARAMETER_BITS, PARAMETERS
from voicecodecs.compiled import inner

Octets = npt.NDArray[np.uint8]

FIRST: Final = 3
"""Number of the first subframe's first parameter."""
EACH: Final = 5
"""Parameters of a subframe."""
PITCH: Final = 0
POSITIONS: Final = 1
SIGN: Final = 2
SHIFT: Final = 3
GAIN_INDEX: Final = 4

_WIDTHS: Final = np.array(PARAMETER_BITS, dtype=np.int64)


@inner
def unpack(frame: Octets, parameters: Words) -> None:
    """Fill parameters (23,) from a packed frame (18,)."""
    at = 0
    for p in range(PARAMETERS):
        value = 0
        for _ in range(_WIDTHS[p]):
            value = (value << 1) | ((frame[at >> 3] >> (7 - (at & 7))) & 1)
            at += 1
        parameters[p] = value


@inner
def pack(parameters: Words, frame: Octets) -> None:
    """Fill a packed frame (18,) from parameters (23,)."""
    for i in range(FRAME_BYTES):
        frame[i] = 0
    at = 0
    for p in range(PARAMETERS):
        for bit in range(_WIDTHS[p] - 1, -1, -1):
            frame[at >> 3] |= ((parameters[p] >> bit) & 1) << (7 - (at & 7))
            at += 1


@inner
def first_lag(index: int) -> tuple[int, int]:
    """Lag and fraction (thirds) of the first subframe's 8-bit index."""
    if index < 197:
        lag = (index + 2) // 3 + 19
        return lag, index - 3 * lag + 58
    return index - 112, 0


@inner
def later_lag(index: int, lowest: int) -> tuple[int, int]:
    """Lag and fraction of a 5-bit index; ``lowest`` is where the window of lags begins."""
    step = (index + 2) // 3 - 1
    return lowest + step, index - 3 * step - 2


@inner
def lowest_lag(lag: int) -> int:
    """Where the window of ten lags round the first subframe's lag begins."""
    return min(max(lag - 5, LAG_MIN), LAG_MAX - 9)

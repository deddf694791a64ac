"""Tables of the full-rate vocoder, from ``data/tables.json`` and the rules of TIA-102.BABA.

Arrays that kernels read are module constants: the compiler sees their values. A row "per L" is for
L = 9 .. 56 harmonics, row 0 for L = 9.
"""

import json
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

FRAME_SAMPLES: Final = 160
MIN_HARMONICS: Final = 9
MAX_HARMONICS: Final = 56
WIDTH: Final = MAX_HARMONICS + 2
"""Room for values of harmonics 1 .. 56, index 0 unused, and one beyond."""
MAX_VALUES: Final = MAX_HARMONICS + 3
"""b_0 .. b_(L+2)."""
MAX_BANDS: Final = 12
LAST_PITCH: Final = 207
"""Largest valid b_0; 208 to 255 are reserved."""
BLOCKS: Final = 6
"""Blocks of the prediction residual."""
INFO_BITS: Final = 88
CODED_BITS: Final = 144
DFT_SIZE: Final = 256

_DATA = json.loads(Path(__file__).with_name("data").joinpath("tables.json").read_text("utf-8"))
_ROWS: Final = MAX_HARMONICS - MIN_HARMONICS + 1


def _symmetric(name: str) -> npt.NDArray[np.float64]:
    half = np.array(_DATA[name])
    return np.concatenate((half[:0:-1], half))


PITCH_WINDOW: Final = _symmetric("pitch_window_half")
"""Annex B, float64 (301,), n = -150 .. 150."""
REFINEMENT_WINDOW: Final = _symmetric("refinement_window_half")
"""Annex C, float64 (221,), n = -110 .. 110."""
LOW_PASS: Final = _symmetric("low_pass_half")
"""Annex D, float64 (21,), n = -10 .. 10."""
SYNTHESIS_REACH: Final = 105
SYNTHESIS_WINDOW: Final = np.minimum(1.0, (SYNTHESIS_REACH - np.abs(np.arange(-105, 106))) * 0.02)
"""Annex I, float64 (211,), n = -105 .. 105: a trapezoid that falls by 0.02 a sample."""
GAIN_LEVELS: Final = np.array(_DATA["gain_levels"])
"""Annex E, float64 (64,): levels of G_1, log2 units, rising."""


def _bits_and_steps() -> tuple[Ints, npt.NDArray[np.float64]]:
    """Return bits and steps of b_3 .. b_(L+1), per L, (48, 55); unused entries are 0."""
    bits = np.zeros((_ROWS, MAX_HARMONICS - 1), dtype=np.int32)
    steps = np.zeros((_ROWS, MAX_HARMONICS - 1))
    per_bits = np.array([0.0, *_DATA["steps_per_bits"]])
    for row in range(_ROWS):
        digits = _DATA["gain_bits"][row] + _DATA["coefficient_bits"][row]
        count = MIN_HARMONICS + row - 1
        bits[row, :count] = [int(digit, 16) for digit in digits]
        spread = list(_DATA["sigma_gains"])
        for length in block_lengths(MIN_HARMONICS + row):
            spread += _DATA["sigma_coefficients"][: length - 1]
        steps[row, :count] = per_bits[bits[row, :count]] * spread
    return bits, steps


def block_lengths(harmonics: int) -> list[int]:
    """Return J_1 .. J_6 (Annex J follows this rule)."""
    return [(harmonics + block) // BLOCKS for block in range(BLOCKS)]


def harmonics_of(pitch: int) -> int:
    """Return L for b_0 (equation 47 with the decoded fundamental)."""
    return int(0.9254 * int((pitch + 39.5) / 4 + 0.25))


def bands_of(harmonics: int) -> int:
    """Return K for L (equation 48)."""
    return (harmonics + 2) // 3 if harmonics <= 36 else MAX_BANDS


VALUE_BITS, VALUE_STEPS = _bits_and_steps()
"""Bits (int32) and steps (float64) of b_3 .. b_(L+1), per L, (48, 55)."""
HARMONICS: Final = np.array([harmonics_of(p) for p in range(LAST_PITCH + 1)], dtype=np.int32)
"""int32 (208,): L per b_0."""


def _cosines(lengths: int) -> npt.NDArray[np.float64]:
    """Return cos(pi k (j + 1/2) / J) at [J, k, j]."""
    table = np.zeros((lengths + 1, lengths, lengths))
    for size in range(1, lengths + 1):
        k, j = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
        table[size, :size, :size] = np.cos(np.pi * k * (j + 0.5) / size)
    return table


COSINES: Final = _cosines(10)
"""float64 (11, 10, 10): cos(pi k (j + 1/2) / J) at [J, k, j]; k and j count from 0."""

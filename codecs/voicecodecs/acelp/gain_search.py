"""Gains of the encoder: of the adaptive vector, and the pair of both in the gain codebook."""

from typing import Final

from voicecodecs.acelp.analysis import Longs
from voicecodecs.acelp.excitation import PITCH_GAIN_MAX, predict
from voicecodecs.acelp.fixed import MAX32, Words, log2, norm
from voicecodecs.acelp.lpc import SUBFRAME
from voicecodecs.acelp.tables import GAIN
from voicecodecs.compiled import inner

Q12: Final = 12
CODE_GAIN_MAX: Final = 32767
_FAR: Final = 1 << 62


@inner
def fitting_gain(target: Longs, vector: Longs) -> int:
    """Gain of the filtered vector (60,) that fits the target best, in the vector's Q12; 0 and up.

    The sums begin at 1. Where one leaves 32 bits, both are made of products 64 times smaller.
    """
    match = energy = 1
    for n in range(SUBFRAME):
        match += target[n] * vector[n]
        energy += vector[n] * vector[n]
    if abs(match) > MAX32 or energy > MAX32:
        match = energy = 1
        for n in range(SUBFRAME):
            match += (target[n] * vector[n]) >> 6
            energy += (vector[n] * vector[n]) >> 6
    if match <= 0:
        return 0
    above, below = norm(match), norm(energy)
    quotient = ((((match << above) >> 16) >> 1) << 15) // ((energy << below) >> 16)
    shift = above - below + 14 - Q12
    return quotient >> shift if shift >= 0 else quotient << -shift


@inner
def pitch_gain(target: Longs, vector: Longs) -> int:
    """Gain of the filtered adaptive vector (60,), Q12, 0 to 1.2."""
    return min(PITCH_GAIN_MAX, fitting_gain(target, vector))


@inner
def take_away(target: Longs, vector: Longs, gain: int) -> None:
    """Subtract gain (Q12) times vector from the target, in place; rounds down."""
    for n in range(SUBFRAME):
        target[n] = ((target[n] << Q12) - gain * vector[n]) >> Q12


@inner
def code_gain(target: Longs, vector: Longs) -> int:
    """Gain, Q0, of the filtered algebraic vector (60,), Q12."""
    return min(CODE_GAIN_MAX, fitting_gain(target, vector))


@inner
def search_gains(gain: int, code: int, log_pitch: int, log_code: int, last: Words) -> int:
    """Index of the pair nearest to both gains (Q12, Q0), as errors of the prediction, Q8.

    The squares begin at 1, as all sums of the program do (found by the vectors).
    log_pitch, log_code: logarithms (Q8) of the vectors' energies; last: of the last subframe.
    """
    pitch_error = ((log2(gain * gain + 1) - (2 * Q12 << 16)) >> 8) + log_pitch
    pitch_error -= predict(last[0], last[1])
    code_error = (log2(code * code + 1) >> 8) + log_code
    code_error -= predict(last[1], last[0])
    best, index = _FAR, 0
    for row in range(GAIN.shape[0]):
        a, b = pitch_error - GAIN[row, 0], code_error - GAIN[row, 1]
        distance = a * a + b * b
        if distance < best:
            best, index = distance, row
    return index

"""Convolutional codes: encoder, puncturing, and a Viterbi decoder for soft values.

A code has ``2 ** (constraint - 1)`` states and one generator an output; bit i of a generator is the
tap of D^i. The register starts at 0, and 4 zero bits (constraint - 1) at the end bring it back.
Soft values: positive for 0, negative for 1, the size is how sure it is, 0 is "not received".

The mother code of TETRA's speech channel, rate 1/3, constraint 5, generators 0x1F 0x1B 0x15, has
free distance 12: it corrects any 5 wrong bits that lie near one another, and more further apart.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import kernel
from voicecodecs.errors import VoiceError

Bits = npt.NDArray[np.uint8]
Soft = npt.NDArray[np.int32]
WORST: Final = -(1 << 40)


class ConvolutionalCode(NamedTuple):
    """Constraint length and generators."""

    constraint: int
    generators: tuple[int, ...]

    @property
    def rate(self) -> int:
        """Outputs for each bit."""
        return len(self.generators)


TCH_S: Final = ConvolutionalCode(5, (0x1F, 0x1B, 0x15))
"""EN 300 395-2 clause 5: 1+D+D2+D3+D4, 1+D+D3+D4, 1+D2+D4."""


def encode(code: ConvolutionalCode, bits: Bits) -> Bits:
    """Return uint8 (n, rate): the outputs for each of ``bits`` (n,); add the tail yourself."""
    delayed = np.zeros((code.constraint, len(bits)), dtype=np.uint8)
    for delay in range(min(code.constraint, len(bits))):
        delayed[delay, delay:] = bits[: len(bits) - delay]
    taps = np.array([[g >> d & 1 for d in range(code.constraint)] for g in code.generators])
    return ((taps @ delayed) & 1).T.astype(np.uint8)


def expected_signs(code: ConvolutionalCode) -> npt.NDArray[np.int32]:
    """Return int32 (2 * states, rate): +1 or -1 that each register content sends."""
    registers = np.arange(1 << code.constraint)
    signs = np.empty((len(registers), code.rate), dtype=np.int32)
    for output, generator in enumerate(code.generators):
        ones = np.array([int(register & generator).bit_count() for register in registers])
        signs[:, output] = 1 - 2 * (ones & 1)
    return signs


@kernel("void(int32[:,::1], int32[:,::1], uint8[:,::1], uint8[::1])")
def _viterbi(
    soft: Soft, signs: npt.NDArray[np.int32], choices: npt.NDArray[np.uint8], bits: Bits
) -> None:
    """Most likely bits (n,) that start and end in state 0; choices (n, states) is work space."""
    states = choices.shape[1]
    metrics = np.full(states, WORST, np.int64)
    metrics[0] = 0
    renewed = np.empty(states, np.int64)
    for n in range(soft.shape[0]):
        for state in range(states):
            best = 2 * WORST
            for oldest in range(2):
                register = state | (oldest * states)
                metric = metrics[register >> 1]
                for output in range(soft.shape[1]):
                    metric += soft[n, output] * signs[register, output]
                if metric > best:
                    best = metric
                    choices[n, state] = oldest
            renewed[state] = best
        metrics[:] = renewed
    state = 0
    for n in range(soft.shape[0] - 1, -1, -1):
        bits[n] = state & 1
        state = (state | (choices[n, state] * states)) >> 1


def decode(code: ConvolutionalCode, soft: Soft) -> Bits:
    """Return uint8 (n,): the likeliest bits, tail included, for soft values int32 (n, rate)."""
    if soft.ndim != 2 or soft.shape[1] != code.rate:
        raise VoiceError(f"Viterbi: expected soft values (n, {code.rate}), got {soft.shape}")
    states = 1 << (code.constraint - 1)
    bits = np.empty(len(soft), dtype=np.uint8)
    choices = np.empty((len(soft), states), dtype=np.uint8)
    _viterbi(np.ascontiguousarray(soft, dtype=np.int32), expected_signs(code), choices, bits)
    return bits

"""The decoder's compiled loop: packed frames of many channels to samples.

State of a channel is one row of int32 words, cut up by the offsets below; a call takes it up and
leaves it. Scratch arrays are made once a call. EN 300 395-2 annex A.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.excitation import (
    PAST,
    adaptive,
    amplify,
    code_vector,
    decode_gains,
    energies,
    shaping_filter,
)
from voicecodecs.acelp.fixed import Words, sat16
from voicecodecs.acelp.frame import PARAMETERS
from voicecodecs.acelp.lpc import (
    FRAME,
    ORDER,
    SUBFRAME,
    SUBFRAMES,
    decode_lsp,
    expand,
    interpolate,
    synthesize,
)
from voicecodecs.acelp.parameters import (
    EACH,
    FIRST,
    GAIN_INDEX,
    PITCH,
    POSITIONS,
    SHIFT,
    SIGN,
    first_lag,
    later_lag,
    lowest_lag,
    unpack,
)
from voicecodecs.acelp.tables import LSP_START
from voicecodecs.compiled import inner, kernel

GAMMA_3: Final = 24576
"""0.75 in Q15: zeros of the shaping filter."""
GAMMA_4: Final = 27853
"""0.85 in Q15: its poles."""
LAG_START: Final = 60

LSP: Final = 0
PARAMS: Final = LSP + ORDER
LAG: Final = PARAMS + PARAMETERS
STARTED: Final = LAG + 1
GAINS: Final = STARTED + 1
MEMORY: Final = GAINS + 2
EXCITATION: Final = MEMORY + ORDER
STATE_WORDS: Final = EXCITATION + PAST


def fresh_states(channels: int) -> Words:
    """Return the states after a reset, int32 (channels, STATE_WORDS)."""
    states = np.zeros((channels, STATE_WORDS), dtype=np.int32)
    states[:, LSP:PARAMS] = LSP_START
    states[:, LAG] = LAG_START
    return states


@inner
def take_parameters(parameters: Words, bad: int, state: Words, lsp: Words) -> None:
    """Fill the frame's LSP set; a bad frame gets the parameters of the last good one."""
    held = state[LSP:PARAMS]
    if bad:
        lsp[:] = held
        if not state[STARTED]:
            lsp[0] = 0  # the standard's program copies LSP 2 to 10 only, and 1 is still 0 then
        parameters[:] = state[PARAMS:LAG]
    else:
        decode_lsp(parameters[0], parameters[1], parameters[2], held, lsp)
        state[PARAMS:LAG] = parameters
    state[STARTED] = 1


@inner
def decode_frame(
    parameters: Words, bad: int, state: Words, excitation: Words, synthesis: Words
) -> None:
    """Decode one frame's parameters into synthesis[10:250]."""
    lsp = np.empty(ORDER, np.int32)
    a = np.empty((SUBFRAMES, ORDER + 1), np.int32)
    zeros, poles = np.empty(ORDER + 1, np.int32), np.empty(ORDER + 1, np.int32)
    f, code = np.empty(ORDER + SUBFRAME, np.int32), np.empty(SUBFRAME, np.int32)
    take_parameters(parameters, bad, state, lsp)
    interpolate(state[LSP:PARAMS], lsp, a)
    state[LSP:PARAMS] = lsp
    gains = state[GAINS:MEMORY]
    lag, fraction, lowest = state[LAG], 0, 0
    for s in range(SUBFRAMES):
        start = PAST + s * SUBFRAME
        own = parameters[FIRST + EACH * s : FIRST + EACH * (s + 1)]
        if not bad and s == 0:
            lag, fraction = first_lag(own[PITCH])
            lowest = lowest_lag(lag)
        elif not bad:
            lag, fraction = later_lag(own[PITCH], lowest)
        adaptive(excitation, start, lag, fraction)
        expand(a[s], GAMMA_3, zeros)
        expand(a[s], GAMMA_4, poles)
        shaping_filter(zeros, poles, lag, f)
        code_vector(own[POSITIONS], own[SIGN], own[SHIFT], f, code)
        log_pitch, log_code = energies(a[s], excitation, start, code)
        decode_gains(own[GAIN_INDEX], bad, gains)
        amplify(excitation, start, code, gains, log_pitch, log_code)
        synthesize(a[s], excitation[start:], SUBFRAME, synthesis, ORDER + s * SUBFRAME)
    state[LAG] = lag


@kernel("void(uint8[:,:,::1], uint8[:,::1], int32[:,::1], int16[:,::1])")
def decode(
    frames: npt.NDArray[np.uint8],
    bad: npt.NDArray[np.uint8],
    states: Words,
    out: npt.NDArray[np.int16],
) -> None:
    """Decode uint8 (channels, n, 18) with flags uint8 (channels, n) into int16 (channels, n*240).

    states: int32 (channels, STATE_WORDS), changed. A frame whose flag is not 0 is concealed.
    """
    parameters = np.empty(PARAMETERS, np.int32)
    excitation = np.empty(PAST + FRAME, np.int32)
    synthesis = np.empty(ORDER + FRAME, np.int32)
    for channel in range(frames.shape[0]):
        state = states[channel]
        excitation[:PAST] = state[EXCITATION:]
        synthesis[:ORDER] = state[MEMORY:EXCITATION]
        for i in range(frames.shape[1]):
            unpack(frames[channel, i], parameters)
            decode_frame(parameters, bad[channel, i], state, excitation, synthesis)
            for n in range(FRAME):
                out[channel, i * FRAME + n] = sat16(2 * synthesis[ORDER + n])
            for n in range(PAST):
                excitation[n] = excitation[n + FRAME]
            for n in range(ORDER):
                synthesis[n] = synthesis[n + FRAME]
        state[EXCITATION:] = excitation[:PAST]
        state[MEMORY:EXCITATION] = synthesis[:ORDER]

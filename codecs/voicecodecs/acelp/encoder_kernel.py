"""The encoder's compiled loop: samples of many channels to packed frames.

State of a channel is one row of int32 words, cut up by the offsets below; a call takes it up and
leaves it. The encoder decodes along: its excitation and gains are those that a decoder will have.
EN 300 395-2 annex A.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.analysis import autocorrelation, levinson, pre_process
from voicecodecs.acelp.closed_loop import first_window, search_lag
from voicecodecs.acelp.code_search import DN_SIZE, PLACES, search_code
from voicecodecs.acelp.decoder_kernel import GAMMA_3, GAMMA_4
from voicecodecs.acelp.excitation import (
    PAST,
    adaptive,
    amplify,
    code_vector,
    decode_gains,
    energies,
    shaping_filter,
)
from voicecodecs.acelp.fixed import Words
from voicecodecs.acelp.frame import PARAMETERS
from voicecodecs.acelp.gain_search import code_gain, pitch_gain, search_gains, take_away
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
from voicecodecs.acelp.lsp_search import find_lsp, quantise_lsp
from voicecodecs.acelp.open_loop import PAST as WEIGHTED_PAST
from voicecodecs.acelp.open_loop import open_loop, residual, weigh
from voicecodecs.acelp.parameters import (
    EACH,
    FIRST,
    GAIN_INDEX,
    PITCH,
    POSITIONS,
    SHIFT,
    SIGN,
    lowest_lag,
    pack,
)
from voicecodecs.acelp.tables import LSP_START
from voicecodecs.compiled import inner, kernel

AHEAD: Final = 40
"""Newest samples that belong to the next frame."""
SOUND_PAST: Final = 50
"""Samples kept from before: the look-ahead and the filters' memory."""
SOUND: Final = SOUND_PAST + FRAME
WINDOW_START: Final = SOUND - 256
FRAME_START: Final = SOUND_PAST - AHEAD

FILTER: Final = 0
SOUND_KEPT: Final = FILTER + 3
STABLE: Final = SOUND_KEPT + SOUND_PAST
ROOTS: Final = STABLE + ORDER + 1
RAW_LSP: Final = ROOTS + ORDER
LSP: Final = RAW_LSP + ORDER
WEIGHTED: Final = LSP + ORDER
ERROR: Final = WEIGHTED + WEIGHTED_PAST
GAINS: Final = ERROR + ORDER
EXCITATION: Final = GAINS + 2
STATE_WORDS: Final = EXCITATION + PAST


def fresh_states(channels: int) -> Words:
    """Return the states after a reset, int32 (channels, STATE_WORDS)."""
    states = np.zeros((channels, STATE_WORDS), dtype=np.int32)
    states[:, STABLE] = 4096
    for place in (ROOTS, RAW_LSP, LSP):
        states[:, place : place + ORDER] = LSP_START
    return states


@inner
def analyse(sound: Words, state: Words, parameters: Words, raw: Words, quantised: Words) -> None:
    """Fill both sets of polynomials (4, 11) and the LSP indices of a frame from sound (290,)."""
    r = np.empty(ORDER + 1, np.int64)
    a, lsp = np.empty(ORDER + 1, np.int32), np.empty(ORDER, np.int32)
    autocorrelation(sound[WINDOW_START:], r)
    levinson(r, state[STABLE:ROOTS], a)
    find_lsp(a, state[ROOTS:RAW_LSP], lsp)
    interpolate(state[RAW_LSP:LSP], lsp, raw)
    state[RAW_LSP:LSP] = lsp
    quantise_lsp(lsp, parameters)
    decode_lsp(parameters[0], parameters[1], parameters[2], state[LSP:WEIGHTED], lsp)
    interpolate(state[LSP:WEIGHTED], lsp, quantised)
    state[LSP:WEIGHTED] = lsp


@inner
def filtered(poles: Words, x: Words, memory: Words, out: npt.NDArray[np.int64]) -> None:
    """Fill out (60,) with x (60,) through 1/A(z), beginning with ``memory`` (10,)."""
    y = np.empty(ORDER + SUBFRAME, np.int32)
    y[:ORDER] = memory
    synthesize(poles, x, SUBFRAME, y, ORDER)
    for n in range(SUBFRAME):
        out[n] = y[ORDER + n]


@inner
def encode_subframe(
    s: int, lags: Words, a: Words, rest: Words, state: Words, excitation: Words, own: Words
) -> None:
    """Find the five parameters ``own`` of subframe ``s`` and make its excitation.

    lags (2,): first and last lag to try; after the first subframe, those of the others. rest (60,):
    the residual.
    """
    start = PAST + s * SUBFRAME
    zeros, poles = np.empty(ORDER + 1, np.int32), np.empty(ORDER + 1, np.int32)
    nothing, impulse = np.zeros(ORDER, np.int32), np.zeros(SUBFRAME, np.int32)
    target, response = np.empty(SUBFRAME, np.int64), np.empty(SUBFRAME, np.int64)
    vector, shaped = np.empty(SUBFRAME, np.int64), np.empty(SUBFRAME, np.int64)
    dn, rr = np.empty(DN_SIZE, np.int64), np.zeros((PLACES, PLACES), np.int64)
    f, code = np.empty(ORDER + SUBFRAME, np.int32), np.empty(SUBFRAME, np.int32)
    behind = np.empty(SUBFRAME, np.int32)
    expand(a, GAMMA_3, zeros)
    expand(a, GAMMA_4, poles)
    filtered(poles, rest, state[ERROR:GAINS], target)
    impulse[0] = 4096
    filtered(poles, impulse, nothing, response)
    excitation[start : start + SUBFRAME] = rest
    lag, fraction = search_lag(target, response, excitation, start, lags[0], lags[1], s)
    if s == 0:
        own[PITCH] = 3 * lag - 58 + fraction if lag <= 85 - (fraction == 0) else lag + 112
        lags[0] = lowest_lag(lag)
        lags[1] = lags[0] + 9
    else:
        own[PITCH] = 3 * (lag - lags[0]) + 2 + fraction
    adaptive(excitation, start, lag, fraction)
    filtered(poles, excitation[start:], nothing, vector)
    gain = pitch_gain(target, vector)
    take_away(target, vector, gain)
    shaping_filter(zeros, poles, lag, f)
    filtered(poles, f[ORDER:], nothing, shaped)
    own[POSITIONS], own[SIGN], own[SHIFT] = search_code(target, shaped, dn, rr)
    code_vector(own[POSITIONS], own[SIGN], own[SHIFT], f, code)
    f[ORDER:] = shaped
    code_vector(own[POSITIONS], own[SIGN], own[SHIFT], f, behind)
    vector[:] = behind
    log_pitch, log_code = energies(a, excitation, start, code)
    gains = state[GAINS:EXCITATION]
    own[GAIN_INDEX] = search_gains(gain, code_gain(target, vector), log_pitch, log_code, gains)
    decode_gains(own[GAIN_INDEX], 0, gains)
    amplify(excitation, start, code, gains, log_pitch, log_code)
    for n in range(SUBFRAME):
        rest[n] -= excitation[start + n]
    filtered(poles, rest, state[ERROR:GAINS], vector)
    for n in range(ORDER):
        state[ERROR + n] = vector[SUBFRAME - ORDER + n]


@inner
def encode_frame(
    sound: Words, state: Words, weighted: Words, excitation: Words, parameters: Words
) -> None:
    """Fill parameters (23,) of the frame that lies in sound[10:250]."""
    raw = np.empty((SUBFRAMES, ORDER + 1), np.int32)
    quantised = np.empty((SUBFRAMES, ORDER + 1), np.int32)
    rest, lags = np.empty(SUBFRAME, np.int32), np.empty(2, np.int32)
    analyse(sound, state, parameters, raw, quantised)
    weigh(sound, FRAME_START, raw, weighted)
    lags[0], lags[1] = first_window(open_loop(weighted))
    for s in range(SUBFRAMES):
        residual(quantised[s], sound, FRAME_START + s * SUBFRAME, rest)
        own = parameters[FIRST + EACH * s : FIRST + EACH * (s + 1)]
        encode_subframe(s, lags, quantised[s], rest, state, excitation, own)


@kernel("void(int16[:,:,::1], int32[:,::1], uint8[:,:,::1])")
def encode(pcm: npt.NDArray[np.int16], states: Words, frames: npt.NDArray[np.uint8]) -> None:
    """Encode int16 (channels, n, 240) into uint8 (channels, n, 18).

    states: int32 (channels, STATE_WORDS), changed.
    """
    parameters = np.empty(PARAMETERS, np.int32)
    sound = np.empty(SOUND, np.int32)
    weighted = np.empty(WEIGHTED_PAST + FRAME, np.int32)
    excitation = np.empty(PAST + FRAME, np.int32)
    for channel in range(pcm.shape[0]):
        state = states[channel]
        sound[:SOUND_PAST] = state[SOUND_KEPT:STABLE]
        weighted[:WEIGHTED_PAST] = state[WEIGHTED:ERROR]
        excitation[:PAST] = state[EXCITATION:]
        for i in range(pcm.shape[1]):
            pre_process(pcm[channel, i], state[FILTER:SOUND_KEPT], sound[SOUND_PAST:])
            encode_frame(sound, state, weighted, excitation, parameters)
            pack(parameters, frames[channel, i])
            for n in range(SOUND_PAST):
                sound[n] = sound[n + FRAME]
            for n in range(WEIGHTED_PAST):
                weighted[n] = weighted[n + FRAME]
            for n in range(PAST):
                excitation[n] = excitation[n + FRAME]
        state[SOUND_KEPT:STABLE] = sound[:SOUND_PAST]
        state[WEIGHTED:ERROR] = weighted[:WEIGHTED_PAST]
        state[EXCITATION:] = excitation[:PAST]

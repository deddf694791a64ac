"""The encoder's one kernel: sound of many channels to frames, state in one row a channel."""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner, kernel
from voicecodecs.imbe.amplitudes import START_HARMONICS
from voicecodecs.imbe.analysis import LOUDNESS_FLOOR, loudness, measure, refine, spectrum
from voicecodecs.imbe.bits import PLAN
from voicecodecs.imbe.channel import protect
from voicecodecs.imbe.pitch import (
    LATE,
    PERIODS,
    REACH,
    SHORTEST,
    SPAN,
    choose,
    entry_of,
    low_pass,
    nearest_minimum,
    pitch_errors,
)
from voicecodecs.imbe.quantise import quantise_amplitudes
from voicecodecs.imbe.tables import (
    CODED_BITS,
    FRAME_SAMPLES,
    HARMONICS,
    INFO_BITS,
    LAST_PITCH,
    MAX_BANDS,
    MIN_HARMONICS,
    WIDTH,
    Floats,
)

Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Samples = npt.NDArray[np.int16]

# One row of state, float64.
LAST_IN: Final = 0
LAST_OUT: Final = 1
ENTRY: Final = 2
"""Entry of P' in the grid of periods."""
ERROR: Final = 3
EARLIER_ERROR: Final = 4
PEAK: Final = 5
SYNC: Final = 6
COUNT: Final = 7
BANDS: Final = 8
LOG: Final = BANDS + MAX_BANDS + 1
ERRORS: Final = LOG + WIDTH
"""E(P) of the frame to be encoded, and of the two that follow."""
STATE_SIZE: Final = ERRORS + 3 * PERIODS

# One row of sound, float32: high-passed, then low-passed.
HISTORY: Final = 600
AHEAD: Final = REACH + LATE + 2 * FRAME_SAMPLES
"""Samples that must have come after the centre of a frame before it can be encoded: 480."""
CENTRE: Final = HISTORY - AHEAD - 1
SOUND_SIZE: Final = HISTORY + SPAN

STAT_PERIOD: Final = 0
STAT_HARMONICS: Final = 1
STAT_BANDS: Final = 2
STAT_ERROR: Final = 3
STATS: Final = 4
"""One row of statistics, float32: refined period, L, bands voiced, E(P_I)."""

START_ENTRY: Final = entry_of(100.0)
HIGH_PASS: Final = 0.99


def start_state(channels: int) -> tuple[Doubles, Floats]:
    """Return the state before the first sample: float64 and float32, (channels, ...)."""
    state = np.zeros((channels, STATE_SIZE))
    state[:, ENTRY] = START_ENTRY
    state[:, PEAK] = LOUDNESS_FLOOR
    state[:, COUNT] = START_HARMONICS
    state[:, ERRORS:] = 1.0
    return state, np.zeros((channels, SOUND_SIZE), dtype=np.float32)


@inner
def take(pcm: Samples, state: Doubles, sound: Floats, work: Floats) -> None:
    """Filter 160 samples into the history, and measure E(P) of the newest frame.

    work: float32 (460,).
    """
    for index in range(HISTORY - FRAME_SAMPLES):
        sound[index] = sound[index + FRAME_SAMPLES]
    last_in = state[LAST_IN]
    last_out = state[LAST_OUT]
    for index in range(FRAME_SAMPLES):
        value = float(pcm[index])
        last_out = value - last_in + HIGH_PASS * last_out
        last_in = value
        sound[HISTORY - FRAME_SAMPLES + index] = last_out
    state[LAST_IN] = last_in
    state[LAST_OUT] = last_out
    low = sound[HISTORY:]
    for index in range(SPAN - FRAME_SAMPLES):
        low[index] = low[index + FRAME_SAMPLES]
    low_pass(sound, HISTORY - LATE - FRAME_SAMPLES, FRAME_SAMPLES, low, SPAN - FRAME_SAMPLES)
    for index in range(2 * PERIODS):
        state[ERRORS + index] = state[ERRORS + PERIODS + index]
    pitch_errors(low, state[ERRORS + 2 * PERIODS :], work)


@inner
def track(state: Doubles, work: Doubles, ints: Numbers) -> int:
    """Return the entry of the initial pitch; work: float64 (2 * 203,), ints: int32 (203,)."""
    now = state[ERRORS : ERRORS + PERIODS]
    next_one = state[ERRORS + PERIODS : ERRORS + 2 * PERIODS]
    last = state[ERRORS + 2 * PERIODS :]
    third = work[:PERIODS]
    second = work[PERIODS : 2 * PERIODS]
    nearest_minimum(last, third, ints)
    for index in range(PERIODS):
        third[index] += next_one[index]
    nearest_minimum(third, second, ints)
    entry = choose(now, second, int(state[ENTRY]), state[ERROR], state[EARLIER_ERROR])
    state[EARLIER_ERROR] = state[ERROR]
    state[ERROR] = now[entry]
    state[ENTRY] = entry
    return entry


@inner
def write_bits(values: Numbers, harmonics: int, info: Bytes) -> None:
    """Spread b_0 .. b_(L+2) over 88 bits."""
    for index in range(INFO_BITS):
        m, plane = PLAN[harmonics - MIN_HARMONICS, index]
        info[index] = (values[m] >> plane) & 1


@inner
def encode_one(
    state: Doubles,
    sound: Floats,
    values: Numbers,
    stats: Floats,
    work: Doubles,
    floats: Floats,
    ints: Numbers,
) -> int:
    """Write b_0 .. b_(L+2) of the frame in the middle of the history; returns L."""
    entry = track(state, work, ints)
    real = floats[:129]
    imag = floats[129:258]
    spectrum(sound, CENTRE, real, imag, floats[258:])
    period = refine(real, imag, SHORTEST + 0.5 * entry)
    pitch = min(max(int(2.0 * period - 39.0), 0), LAST_PITCH)
    harmonics = int(HARMONICS[pitch])
    state[PEAK], factor = loudness(real, imag, state[PEAK])
    bands = state[BANDS : BANDS + MAX_BANDS + 1]
    amplitude = work[:WIDTH]
    values[0] = pitch
    values[1] = measure(real, imag, period, harmonics, state[ERROR], factor, bands, amplitude)
    old_log = work[WIDTH : 2 * WIDTH]
    log = state[LOG : LOG + WIDTH]
    for index in range(WIDTH):
        old_log[index] = log[index]
    quantise_amplitudes(
        amplitude, harmonics, old_log, int(state[COUNT]), values, log, work[2 * WIDTH :]
    )
    state[COUNT] = harmonics
    values[harmonics + 2] = int(state[SYNC])
    state[SYNC] = 1.0 - state[SYNC]
    stats[STAT_PERIOD] = period
    stats[STAT_HARMONICS] = harmonics
    voiced = 0.0
    for band in range(1, MAX_BANDS + 1):
        voiced += bands[band]
    stats[STAT_BANDS] = voiced
    stats[STAT_ERROR] = state[ERROR]
    return harmonics


@kernel("void(int16[:,::1], float64[:,::1], float32[:,::1], uint8[:,:,::1], float32[:,:,::1])")
def encode_frames(
    pcm: Samples, state: Doubles, sound: Floats, frames: Bytes, stats: Floats
) -> None:
    """Encode sound of several channels; everything but ``pcm`` is written.

    pcm: int16 (channels, frames * 160). state, sound: as made by ``start_state``.
    frames: uint8 (channels, frames, 11 | 18): information, or protected.
    stats: float32 (channels, frames, STATS).
    """
    work = np.zeros(500, dtype=np.float64)
    ints = np.zeros(256, dtype=np.int32)
    values = np.zeros(64, dtype=np.int32)
    floats = np.zeros(560, dtype=np.float32)
    info = np.zeros(INFO_BITS, dtype=np.uint8)
    sent = np.zeros(CODED_BITS, dtype=np.uint8)
    for channel in range(frames.shape[0]):
        for index in range(frames.shape[1]):
            start = index * FRAME_SAMPLES
            block = pcm[channel, start : start + FRAME_SAMPLES]
            take(block, state[channel], sound[channel], floats)
            harmonics = encode_one(
                state[channel], sound[channel], values, stats[channel, index], work, floats, ints
            )
            write_bits(values, harmonics, info)
            bits = info
            if frames.shape[2] * 8 == CODED_BITS:
                protect(info, sent, ints)
                bits = sent
            for octet in range(frames.shape[2]):
                value = 0
                for bit in range(8):
                    value = value << 1 | bits[8 * octet + bit]
                frames[channel, index, octet] = value

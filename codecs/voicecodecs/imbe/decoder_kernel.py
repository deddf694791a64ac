"""The decoder's one kernel: frames of many channels to sound, state in one row a channel."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner, kernel
from voicecodecs.imbe.amplitudes import START_HARMONICS, reconstruct
from voicecodecs.imbe.bits import INFO_BYTES, PLAN
from voicecodecs.imbe.channel import MAX_CONFIDENCE, unprotect
from voicecodecs.imbe.concealment import (
    ERROR_RATE_MEMORY,
    ERROR_RATE_SHARE,
    MUTE_RATE,
    REPEATS_BEFORE_SILENCE,
    START_ENERGY,
    START_LIMIT,
    amplitude_limit,
    enhance,
    smooth,
    voicing_limit,
)
from voicecodecs.imbe.synthesis import (
    NOISE_MODULUS,
    NOISE_SEED,
    add_noise,
    add_voiced,
    noise,
    shape_noise,
    turn_phases,
)
from voicecodecs.imbe.tables import (
    CODED_BITS,
    DFT_SIZE,
    FRAME_SAMPLES,
    HARMONICS,
    INFO_BITS,
    LAST_PITCH,
    MAX_BANDS,
    MAX_VALUES,
    MIN_HARMONICS,
    WIDTH,
    Floats,
)

Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]

# One row of state, float64: scalars, then arrays of WIDTH at index l, then the noise of 256.
FREQUENCY: Final = 0
COUNT: Final = 1
ERROR_RATE: Final = 2
ENERGY: Final = 3
LIMIT: Final = 4
SEED: Final = 5
REPEATS: Final = 6
NOISY: Final = 7
"""1 when the noise of the frame before is not all zero."""
LOG: Final = 16
AMPLITUDE: Final = LOG + WIDTH
VOICED: Final = AMPLITUDE + WIDTH
PSI: Final = VOICED + WIDTH
PHI: Final = PSI + WIDTH
NOISE: Final = PHI + WIDTH
STATE_SIZE: Final = NOISE + DFT_SIZE

# One row of statistics, float32.
STAT_ERRORS: Final = 0
"""Seven entries: bits changed in c_0 .. c_6."""
STAT_TOTAL: Final = 7
STAT_RATE: Final = 8
STAT_REPEAT: Final = 9
STAT_MUTE: Final = 10
STAT_SILENCED: Final = 11
STAT_HARMONICS: Final = 12
STAT_PITCH: Final = 13
"""b_0 of the frame as received."""
STAT_VOICED: Final = 14
"""Harmonics voiced in the synthesis."""
STAT_FREQUENCY: Final = 15
"""w_0 / (2 pi) used by the synthesis, turns a sample."""
STATS: Final = 16

# One row of trace, float32, when asked for.
TRACE_VALUES: Final = 0
TRACE_LOG: Final = MAX_VALUES
TRACE_VOICED: Final = TRACE_LOG + WIDTH
TRACE_BITS: Final = TRACE_VOICED + WIDTH
"""The 88 information bits after error correction."""
TRACE_SIZE: Final = TRACE_BITS + INFO_BITS

SOFT_BYTES: Final = CODED_BITS
START_FREQUENCY: Final = 0.02985 / 2.0
QUIET_NOISE: Final = 5.0
"""Peak of the noise that stands for a muted frame, in 16-bit steps."""

LOWEST_GAIN: Final = 0.4
"""Factor of the amplitudes of a frame whose gain is at its lowest level. An encoder sends that
level for whatever is quieter as well; taken at its word, pauses hiss 32 dB below weak speech
(.05 PESQ at -55 dBFS)."""

# Places of the work space, float64 (2, 400), int32 (480,), float32 (4400,)
_INTS_VALUES = 0
_INTS_ERRORS = 64
_INTS_STRENGTH = 80
_INTS_CHANNEL = 224


def start_state(channels: int) -> Doubles:
    """Return the state before the first frame, float64 (channels, STATE_SIZE)."""
    state = np.zeros((channels, STATE_SIZE))
    state[:, FREQUENCY] = START_FREQUENCY
    state[:, COUNT] = START_HARMONICS
    state[:, ENERGY] = START_ENERGY
    state[:, LIMIT] = START_LIMIT
    state[:, SEED] = NOISE_SEED
    return state


@inner
def read_bits(frame: Bytes, sent: Bytes, strength: Numbers) -> bool:
    """Spread a frame into bits; returns True when it carries confidences (144 signed bytes).

    A soft byte, as a signed number, is positive for 0 and negative for 1; 0 knows nothing.
    """
    if frame.size == SOFT_BYTES:
        for index in range(SOFT_BYTES):
            value = int(frame[index])
            sent[index] = value >> 7
            strength[index] = min(256 - value, MAX_CONFIDENCE) if value > 127 else value
        return True
    for index in range(8 * frame.size):
        sent[index] = (frame[index >> 3] >> (7 - (index & 7))) & 1
    return False


@inner
def read_values(info: Bytes, values: Numbers) -> int:
    """Collect b_0 .. b_(L+2) from 88 bits; returns L, or 0 when b_0 is reserved."""
    pitch = 0
    for index in range(6):
        pitch = pitch << 1 | info[index]
    pitch = pitch << 2 | info[85] << 1 | info[86]
    values[0] = pitch
    if pitch > LAST_PITCH:
        return 0
    harmonics = int(HARMONICS[pitch])
    for index in range(harmonics + 3):
        values[index] = 0
    for index in range(INFO_BITS):
        m, plane = PLAN[harmonics - MIN_HARMONICS, index]
        values[m] |= np.int32(info[index]) << plane
    return harmonics


@inner
def accept(values: Numbers, harmonics: int, state: Doubles, work: Doubles) -> None:
    """Take a good frame's parameters into the state; amplitudes not yet enhanced."""
    old_log = work[:WIDTH]
    for index in range(WIDTH):
        old_log[index] = state[LOG + index]
    log = state[LOG : LOG + WIDTH]
    reconstruct(values, harmonics, old_log, int(state[COUNT]), log, work[WIDTH:])
    bands = min((harmonics + 2) // 3, MAX_BANDS)
    for harmonic in range(1, harmonics + 1):
        band = min((harmonic + 2) // 3, bands)
        state[VOICED + harmonic] = (values[1] >> (bands - band)) & 1
    state[COUNT] = harmonics
    state[FREQUENCY] = 2.0 / (values[0] + 39.5)


@inner
def amplify(state: Doubles, repeat: bool, lowest: bool, work: Doubles) -> float:
    """Set the enhanced amplitudes of the state and return the energy R_M0 before enhancement.

    lowest: the frame's gain is at its lowest level.
    """
    harmonics = int(state[COUNT])
    energy = 0.0
    for harmonic in range(1, harmonics + 1):
        value = math.exp(math.log(2.0) * min(state[LOG + harmonic], 15.0))
        work[harmonic] = value
        energy += value * value
    if not repeat:
        amplitude = state[AMPLITUDE : AMPLITUDE + WIDTH]
        enhance(state[FREQUENCY], harmonics, work, energy, amplitude)
        if lowest:
            for harmonic in range(1, harmonics + 1):
                amplitude[harmonic] *= LOWEST_GAIN
    return energy


@inner
def synthesise(
    state: Doubles, old: Doubles, mute: bool, sound: Floats, work: Doubles, floats: Floats
) -> None:
    """Write 160 samples between the parameters ``old`` (w, L, M, v, phi) and those of the state.

    old: float64 (2 + 3 * 58,). sound: float32 (160,). work: float64 (400,), floats: float32
    (4400,): work space.
    """
    harmonics = int(state[COUNT])
    reach = max(harmonics, int(old[1]))
    voiced = state[VOICED : VOICED + WIDTH]
    amplitude = state[AMPLITUDE : AMPLITUDE + WIDTH]
    if mute:
        amplitude[:] = 0.0
    amplitude[harmonics + 1 :] = 0.0
    voiced[harmonics + 1 :] = 0.0
    unvoiced = 0
    new_voiced = work[:WIDTH]
    old_voiced = work[WIDTH : 2 * WIDTH]
    for harmonic in range(1, reach + 1):
        new_voiced[harmonic] = amplitude[harmonic] * voiced[harmonic]
        old_voiced[harmonic] = old[2 + harmonic] * old[2 + WIDTH + harmonic]
        if harmonic <= harmonics and voiced[harmonic] == 0.0:
            unvoiced += 1
    values = floats[:209]
    state[SEED] = noise(int(state[SEED]), values)
    shaped = floats[512:768]
    before = floats[768:1024]
    for index in range(DFT_SIZE):
        before[index] = state[NOISE + index]
    if unvoiced > 0 and not mute:
        shape_noise(
            state[FREQUENCY], harmonics, amplitude, voiced, values, shaped, floats[1024:2200]
        )
    else:
        shaped[:] = np.float32(0.0)
    add_noise(before, shaped, sound)
    for index in range(DFT_SIZE):
        state[NOISE + index] = shaped[index]
    psi = state[PSI : PSI + WIDTH]
    phi = state[PHI : PHI + WIDTH]
    log = state[LOG : LOG + WIDTH]
    turn_phases(old[0], state[FREQUENCY], harmonics, reach, unvoiced, values, log, psi, phi)
    parts = work[2 * WIDTH : 6 * WIDTH].reshape(4, WIDTH)
    add_voiced(
        old[0],
        state[FREQUENCY],
        reach,
        old_voiced,
        new_voiced,
        old[2 + 2 * WIDTH :],
        phi,
        sound,
        parts,
        floats[1024:],
    )
    if mute:
        for index in range(FRAME_SAMPLES):
            sound[index] += np.float32((values[index] / NOISE_MODULUS - 0.5) * 2.0 * QUIET_NOISE)


@inner
def decide(
    harmonics: int, lost: bool, coded: bool, errors: Numbers, total: int, state: Doubles
) -> bool:
    """Update the error rate and say whether the frame before is to be repeated (96-98)."""
    if coded and not lost:
        state[ERROR_RATE] = ERROR_RATE_MEMORY * state[ERROR_RATE] + ERROR_RATE_SHARE * total
    damaged = coded and errors[0] >= 2 and total >= 10.0 + 40.0 * state[ERROR_RATE]
    repeat = lost or harmonics == 0 or damaged
    state[REPEATS] = state[REPEATS] + 1.0 if repeat else 0.0
    return repeat


@inner
def report(state: Doubles, values: Numbers, info: Bytes, stats: Floats, trace: Floats) -> None:
    """Copy what a caller may want to know from the state, and the trace if it has room."""
    stats[STAT_RATE] = state[ERROR_RATE]
    stats[STAT_HARMONICS] = state[COUNT]
    stats[STAT_FREQUENCY] = state[FREQUENCY]
    voiced = 0.0
    for harmonic in range(1, int(state[COUNT]) + 1):
        voiced += state[VOICED + harmonic]
    stats[STAT_VOICED] = voiced
    if trace.size > 0:
        for index in range(MAX_VALUES):
            trace[TRACE_VALUES + index] = values[index]
        for index in range(WIDTH):
            trace[TRACE_LOG + index] = state[LOG + index]
            trace[TRACE_VOICED + index] = state[VOICED + index]
        for index in range(INFO_BITS):
            trace[TRACE_BITS + index] = info[index]


@inner
def decode_one(
    frame: Bytes,
    lost: bool,
    state: Doubles,
    sound: Floats,
    stats: Floats,
    trace: Floats,
    work: Doubles,
    ints: Numbers,
    bits: Bytes,
    floats: Floats,
) -> None:
    """Decode one frame of one channel into float32 (160,)."""
    values = ints[_INTS_VALUES:_INTS_ERRORS]
    errors = ints[_INTS_ERRORS:_INTS_STRENGTH]
    strength = ints[_INTS_STRENGTH:_INTS_CHANNEL]
    info = bits[:INFO_BITS]
    errors[:] = 0
    total = 0
    coded = frame.size != INFO_BYTES
    if coded:
        sent = bits[INFO_BITS:]
        soft = read_bits(frame, sent, strength)
        total = unprotect(sent, strength, soft, info, errors, ints[_INTS_CHANNEL:])
    else:
        read_bits(frame, info, strength)
    harmonics = read_values(info, values)
    repeat = decide(harmonics, lost, coded, errors, total, state)
    old = work[400 : 402 + 3 * WIDTH]
    old[0] = state[FREQUENCY]
    old[1] = state[COUNT]
    for index in range(WIDTH):
        old[2 + index] = state[AMPLITUDE + index]
        old[2 + WIDTH + index] = state[VOICED + index]
        old[2 + 2 * WIDTH + index] = state[PHI + index]
    if not repeat:
        accept(values, harmonics, state, work)
    energy = amplify(state, repeat, values[2] == 0, work)
    state[ENERGY] = max(10000.0, 0.95 * state[ENERGY] + 0.05 * energy)
    rate = state[ERROR_RATE]
    voicing = voicing_limit(state[ENERGY], rate, total, errors[4])
    state[LIMIT] = amplitude_limit(state[LIMIT], rate, total)
    smooth(
        int(state[COUNT]),
        state[AMPLITUDE : AMPLITUDE + WIDTH],
        state[VOICED : VOICED + WIDTH],
        voicing,
        state[LIMIT],
    )
    mute = rate > MUTE_RATE
    silenced = state[REPEATS] > REPEATS_BEFORE_SILENCE
    synthesise(state, old, mute or silenced, sound, work, floats)
    for index in range(STAT_TOTAL):
        stats[STAT_ERRORS + index] = errors[index]
    stats[STAT_TOTAL] = total
    stats[STAT_REPEAT] = repeat
    stats[STAT_MUTE] = mute
    stats[STAT_SILENCED] = silenced
    stats[STAT_PITCH] = values[0]
    report(state, values, info, stats, trace)


@kernel(
    "void(uint8[:,:,::1], uint8[:,::1], float64[:,::1], int16[:,::1], float32[:,:,::1],"
    " float32[:,:,::1])"
)
def decode_frames(
    frames: Bytes,
    lost: Bytes,
    state: Doubles,
    pcm: npt.NDArray[np.int16],
    stats: Floats,
    trace: Floats,
) -> None:
    """Decode frames of several channels; everything but ``frames`` and ``lost`` is written.

    frames: uint8 (channels, frames, 11 | 18 | 144): information, protected, or confidences.
    lost: uint8 (channels, frames), 1 = never received. state: float64 (channels, STATE_SIZE).
    pcm: int16 (channels, frames * 160). stats: float32 (channels, frames, STATS).
    trace: float32 (channels, frames, TRACE_SIZE or 0).
    """
    work = np.zeros(600, dtype=np.float64)
    ints = np.zeros(560, dtype=np.int32)
    bits = np.zeros(INFO_BITS + CODED_BITS, dtype=np.uint8)
    floats = np.zeros(4400, dtype=np.float32)
    sound = np.zeros(FRAME_SAMPLES, dtype=np.float32)
    for channel in range(frames.shape[0]):
        for index in range(frames.shape[1]):
            decode_one(
                frames[channel, index],
                lost[channel, index] != 0,
                state[channel],
                sound,
                stats[channel, index],
                trace[channel, index],
                work,
                ints,
                bits,
                floats,
            )
            for sample in range(FRAME_SAMPLES):
                value = np.floor(sound[sample] + np.float32(0.5))
                value = min(max(value, np.float32(-32768.0)), np.float32(32767.0))
                pcm[channel, index * FRAME_SAMPLES + sample] = np.int16(value)

"""Level control, one per transmission: speech comes out at -23 dBFS whatever went in.

Theory of operation, sample by sample:

1. a short power (5 ms) and a longer one (20 ms) follow the input;
2. the quietest 20 ms of the last second is the noise; sound that stands 9 dB above it and above
   -55 dBFS is speech;
3. the envelope rises in milliseconds and falls slowly, so that it rides on the syllables; the gain
   that would bring it to the target is taken on at once when it is lower (attack under 20 ms), and
   slowly when it is higher (400 ms), but only while there is speech: noise is never raised;
4. a limiter holds every sample under -3 dBFS.

The kernel is compiled by numba and kept in its cache; the state is one visible array.
"""

from typing import Any, Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from voicecodecs.pcm import (
    FRAME_SAMPLES,
    FULL_SCALE,
    QUIET_DBFS,
    SAMPLE_RATE_HZ,
    Samples,
    level_dbfs,
)

TARGET_DBFS: Final = -23.0
MAX_GAIN_DB: Final = 15.0
MIN_GAIN_DB: Final = -30.0
LIMIT_DBFS: Final = -3.0
RELEASE_MS: Final = 400.0
SPEECH_OVER_NOISE_DB: Final = 9.0
SPEECH_FLOOR_DBFS: Final = -55.0
SILENCE_DBFS: Final = -75.0
"""Below this a block is digital silence and tells nothing about the noise of the channel."""
CREST_DB: Final = 3.0
"""How far the envelope rides above the active level of speech (tuned on the spoken test set)."""
NOISE_WINDOW_BLOCKS: Final = 50
"""Blocks of 20 ms in which the quietest is taken for the noise: one second."""

_ENVELOPE, _GAIN, _LIMITER = 0, 1, 2
_STATE_SIZE = 3


def _per_sample(time_ms: float) -> float:
    """Return the share of a step that a one-pole filter takes on in one sample."""
    return float(1.0 - np.exp(-1000.0 / (time_ms * SAMPLE_RATE_HZ)))


_RISE: Final = _per_sample(3.0)
_FALL: Final = _per_sample(120.0)
_ATTACK: Final = _per_sample(3.0)
_RELEASE: Final = _per_sample(RELEASE_MS)
_LIMITER_RELEASE: Final = _per_sample(50.0)
_TARGET_POWER: Final = 10.0 ** ((TARGET_DBFS + CREST_DB) / 10.0) * FULL_SCALE**2
_MAX_GAIN: Final = 10.0 ** (MAX_GAIN_DB / 20.0)
_MIN_GAIN: Final = 10.0 ** (MIN_GAIN_DB / 20.0)
_LIMIT: Final = 10.0 ** (LIMIT_DBFS / 20.0) * FULL_SCALE


@numba.njit(cache=True)
def level_kernel(
    block: npt.NDArray[np.int16],
    out: npt.NDArray[np.int16],
    state: npt.NDArray[np.float64],
    speech: bool,
) -> bool:
    """Level ``block`` (int16, (n,)) into ``out``; returns whether the limiter acted.

    ``state``: float64, (3,): envelope (power), gain, gain of the limiter.
    """
    envelope, gain, limiter = state[0], state[1], state[2]
    limited = False
    for n in range(len(block)):
        sample = float(block[n])
        power = sample * sample
        if power > envelope:
            envelope += (power - envelope) * _RISE
        else:
            envelope += (power - envelope) * _FALL
        wanted = _MAX_GAIN
        if envelope > 0.0:
            wanted = min(_MAX_GAIN, max(_MIN_GAIN, (_TARGET_POWER / envelope) ** 0.5))
        if wanted < gain:
            gain += (wanted - gain) * _ATTACK
        elif speech:
            gain += (wanted - gain) * _RELEASE
        value = sample * gain
        limiter += (1.0 - limiter) * _LIMITER_RELEASE
        size = abs(value)
        if size * limiter > _LIMIT:
            limiter = _LIMIT / size
            limited = True
        out[n] = np.int16(round(value * limiter))
    state[0], state[1], state[2] = envelope, gain, limiter
    return limited


class Levelled(NamedTuple):
    """One block after level control."""

    samples: Samples
    """int16, (160,), 8 kHz."""
    gain_db: float
    """Level out minus level in: level in = ``level_dbfs - gain_db``."""
    limited: bool
    level_dbfs: float
    """RMS level of the block that came out."""


class LevelControl:
    """Level control of one transmission, in blocks of 20 ms."""

    def __init__(self) -> None:
        """Begin at gain 0 dB."""
        self._state: npt.NDArray[np.float64] = np.array([0.0, 1.0, 1.0])
        self._levels = np.full(NOISE_WINDOW_BLOCKS, np.inf)
        self._blocks = 0

    def apply(self, block: Samples) -> Levelled:
        """Level int16 (160,), 8 kHz; the block that came in is not changed."""
        before = level_dbfs(block)
        speech = self._is_speech(before)
        out = np.empty(FRAME_SAMPLES, dtype=np.int16)
        limited = bool(level_kernel(block, out, self._state, speech))
        after = level_dbfs(out)
        gain_db = after - before if before > QUIET_DBFS < after else self._gain_db()
        return Levelled(out, gain_db, limited, after)

    def _gain_db(self) -> float:
        return float(20.0 * np.log10(self._state[_GAIN] * self._state[_LIMITER]))

    def _is_speech(self, dbfs: float) -> bool:
        if dbfs > SILENCE_DBFS:
            self._levels[self._blocks % NOISE_WINDOW_BLOCKS] = dbfs
            self._blocks += 1
        noise: Any = self._levels.min()  # numpy scalar
        return bool(dbfs > SPEECH_FLOOR_DBFS and dbfs > noise + SPEECH_OVER_NOISE_DB)

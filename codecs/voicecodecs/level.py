"""Level control, one per transmission: speech comes out at -23 dBFS whatever went in.

Theory of operation, in steps of 1 ms:

1. the loudest sample of each step is followed by an envelope that rises in milliseconds and falls
   slowly, so that it rides on the syllables;
2. the quietest 20 ms of the last second is the noise; a block that stands 9 dB above it and above
   -55 dBFS is speech;
3. the gain that would bring the envelope to the target is taken on at once when it is lower
   (attack under 20 ms), and slowly when it is higher (300 ms), but only while there is speech:
   noise is never raised; within a step the gain goes in a straight line;
4. a limiter holds every sample under -3 dBFS.

Written with numpy and 20 turns of plain Python a block, not with a compiled kernel: the compiler's
run time would cost each server 125 MB (``docs/voice.md``).
"""

import math
from operator import mul
from typing import Final, NamedTuple

import numpy as np

from voicecodecs.pcm import FRAME_MS, FRAME_SAMPLES, FULL_SCALE, QUIET_DBFS, Samples, power_dbfs

TARGET_DBFS: Final = -23.0
MAX_GAIN_DB: Final = 15.0
MIN_GAIN_DB: Final = -30.0
LIMIT_DBFS: Final = -3.0
RELEASE_MS: Final = 300.0
SPEECH_OVER_NOISE_DB: Final = 9.0
SPEECH_FLOOR_DBFS: Final = -55.0
SILENCE_DBFS: Final = -75.0
"""Below this a block is digital silence and tells nothing about the noise of the channel."""
CREST_DB: Final = 12.0
"""How far the envelope rides above the active level of speech (tuned on the spoken test set)."""
NOISE_WINDOW_BLOCKS: Final = 50
"""Blocks of 20 ms in which the quietest is taken for the noise: one second."""

STEP_MS: Final = 1
_STEPS: Final = FRAME_MS // STEP_MS
_STEP_SAMPLES: Final = FRAME_SAMPLES // _STEPS
_RAMP: Final = np.arange(1, _STEP_SAMPLES + 1) / _STEP_SAMPLES
# Straight lines between the gains at the ends of the steps: (160, 21) @ (21,), one product.
_LINES: Final = np.kron(np.eye(_STEPS, _STEPS + 1), 1.0 - _RAMP[:, None]) + np.kron(
    np.eye(_STEPS, _STEPS + 1, 1), _RAMP[:, None]
)


def _per_step(time_ms: float) -> float:
    """Return the share of a change that a one-pole filter takes on in one step."""
    return 1.0 - math.exp(-STEP_MS / time_ms)


_RISE: Final = _per_step(3.0)
_FALL: Final = _per_step(120.0)
_ATTACK: Final = _per_step(3.0)
_RELEASE: Final = _per_step(RELEASE_MS)
_LIMITER_RELEASE: Final = _per_step(50.0)
_TARGET_POWER: Final = 10.0 ** ((TARGET_DBFS + CREST_DB) / 10.0) * FULL_SCALE**2
_MAX_GAIN: Final = 10.0 ** (MAX_GAIN_DB / 20.0)
_MIN_GAIN: Final = 10.0 ** (MIN_GAIN_DB / 20.0)
_LIMIT: Final = 10.0 ** (LIMIT_DBFS / 20.0) * FULL_SCALE


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
        self._envelope = 0.0
        """Power, in squared sample values."""
        self._gain = 1.0
        self._limiter = 1.0
        self._levels = [math.inf] * NOISE_WINDOW_BLOCKS
        self._blocks = 0

    def apply(self, block: Samples) -> Levelled:
        """Level int16 (160,), 8 kHz; the block that came in is not changed."""
        sound = block.astype(np.float64)
        before = power_dbfs(float(sound.dot(sound)) / FRAME_SAMPLES)
        steps_of = np.abs(sound).reshape(_STEPS, _STEP_SAMPLES)
        peaks: list[float] = np.maximum.reduce(steps_of, axis=1).tolist()
        start = self._gain * self._limiter
        steps, limited = self._follow(peaks, self._is_speech(before))
        value = _LINES.dot(np.array([start, *steps]))
        value *= sound
        if max(map(mul, peaks, map(max, steps, [start, *steps]))) > _LIMIT:
            # Within a step the gain may stand higher than at the end for which it was limited.
            limited = limited or bool(np.abs(value).max() > _LIMIT)
            value = value.clip(-_LIMIT, _LIMIT)
        np.rint(value, out=value)
        after = power_dbfs(float(value.dot(value)) / FRAME_SAMPLES)
        gain_db = after - before if before > QUIET_DBFS < after else 20.0 * math.log10(steps[-1])
        return Levelled(value.astype(np.int16), gain_db, limited, after)

    def _follow(self, peaks: list[float], speech: bool) -> tuple[list[float], bool]:
        """Return the gain at the end of each step, and whether the limiter acted."""
        envelope, gain, limiter = self._envelope, self._gain, self._limiter
        steps: list[float] = []
        limited = False
        for peak in peaks:
            power = peak * peak
            envelope += (power - envelope) * (_RISE if power > envelope else _FALL)
            wanted = _MAX_GAIN
            if envelope > 0.0:
                wanted = min(_MAX_GAIN, max(_MIN_GAIN, math.sqrt(_TARGET_POWER / envelope)))
            if wanted < gain:
                gain += (wanted - gain) * _ATTACK
            elif speech:
                gain += (wanted - gain) * _RELEASE
            limiter += (1.0 - limiter) * _LIMITER_RELEASE
            if peak * gain * limiter > _LIMIT:
                limiter = _LIMIT / (peak * gain)
                limited = True
            steps.append(gain * limiter)
        self._envelope, self._gain, self._limiter = envelope, gain, limiter
        return steps, limited

    def _is_speech(self, dbfs: float) -> bool:
        if dbfs > SILENCE_DBFS:
            self._levels[self._blocks % NOISE_WINDOW_BLOCKS] = dbfs
            self._blocks += 1
        return dbfs > SPEECH_FLOOR_DBFS and dbfs > min(self._levels) + SPEECH_OVER_NOISE_DB

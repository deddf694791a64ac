"""Tones: made, measured, and found in sound (single tones and DTMF)."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError
from voicecodecs.pcm import FULL_SCALE, QUIET_DBFS, SAMPLE_RATE_HZ, Samples


def sine(
    frequency_hz: float,
    duration_ms: float,
    *,
    level_dbfs: float = -23.0,
    rate_hz: int = SAMPLE_RATE_HZ,
) -> Samples:
    """Return a sine (int16, (n,)) whose RMS is ``level_dbfs`` below a full-scale square wave."""
    count = round(duration_ms * rate_hz / 1000)
    amplitude = FULL_SCALE * 10.0 ** (level_dbfs / 20.0) * np.sqrt(2.0)
    wave = amplitude * np.sin(2.0 * np.pi * frequency_hz * np.arange(count) / rate_hz)
    samples: Samples = np.round(wave).clip(-FULL_SCALE, FULL_SCALE - 1.0).astype(np.int16)
    return samples


def silence(duration_ms: float, *, rate_hz: int = SAMPLE_RATE_HZ) -> Samples:
    """Return digital silence (int16, (n,))."""
    return np.zeros(round(duration_ms * rate_hz / 1000), dtype=np.int16)


class Tone(NamedTuple):
    """What was found of a tone in a piece of sound."""

    frequency_hz: float
    level_dbfs: float
    """RMS of the tone, below a full-scale square wave (a full-scale sine reads -3)."""
    rest_dbfs: float
    """RMS of everything else: hum, noise, harmonics."""


def goertzel(
    sound: Samples, frequencies_hz: Sequence[float], rate_hz: int
) -> npt.NDArray[np.float64]:
    """Return the RMS (float64, (m,), int16 scale) of ``sound`` (int16, (n,)) at each frequency.

    One bin of a discrete Fourier transform each, as Goertzel's recursion gives it, with a Hann
    window: a tone is found within some 4 * rate / n Hz, and others do not leak into it.
    """
    count = len(sound)
    window = np.hanning(count + 2)[1:-1]
    turns = np.outer(np.asarray(frequencies_hz, dtype=np.float64), np.arange(count)) / rate_hz
    bins = np.exp(-2j * np.pi * turns) @ (sound.astype(np.float64) * window)
    return np.asarray(np.sqrt(2.0) * np.abs(bins) / window.sum())


def measure_tone(sound: Samples, near_hz: float, *, rate_hz: int = SAMPLE_RATE_HZ) -> Tone:
    """Return the tone within 3 % of ``near_hz`` in ``sound`` (int16, (n,), at least 0.1 s).

    Raises VoiceError on less sound than that.
    """
    if len(sound) * 10 < rate_hz:
        raise VoiceError(f"tone: expected at least {rate_hz // 10} samples, got {len(sound)}")
    steps = np.linspace(0.97 * near_hz, 1.03 * near_hz, 121)
    frequency_hz = float(steps[int(np.argmax(goertzel(sound, list(steps), rate_hz)))])
    time = np.arange(len(sound)) * (2.0 * np.pi * frequency_hz / rate_hz)
    basis = np.stack((np.cos(time), np.sin(time)), axis=1)
    wide = sound.astype(np.float64)
    fit, *_ = np.linalg.lstsq(basis, wide, rcond=None)
    rest = wide - basis @ fit
    tone_rms = math.hypot(*fit) / math.sqrt(2.0)
    return Tone(frequency_hz, _dbfs(tone_rms), _dbfs(float(np.sqrt(np.mean(rest**2)))))


def _dbfs(rms: float) -> float:
    return max(QUIET_DBFS, 20.0 * math.log10(rms / FULL_SCALE)) if rms > 0 else QUIET_DBFS


DTMF_LOW_HZ: Final = (697.0, 770.0, 852.0, 941.0)
DTMF_HIGH_HZ: Final = (1209.0, 1336.0, 1477.0, 1633.0)
DTMF_KEYS: Final = ("123A", "456B", "789C", "*0#D")
"""Rows by the low, columns by the high tone (ITU-T Q.23; from general knowledge, not read)."""
DTMF_TWIST_DB: Final = 9.0
"""The two tones of a key may differ by so much."""
DTMF_ABOVE_DB: Final = 6.0
"""Each must stand so far above the next tone of its group."""
DTMF_SHARE: Final = 0.6
"""So much of the sound's power must be the two tones: speech is not taken for a key."""
DTMF_BLOCK_MS: Final = 25


def dtmf(key: str, duration_ms: float, *, level_dbfs: float = -23.0) -> Samples:
    """Return a DTMF key (int16, (n,), 8 kHz); raises VoiceError on a key that is none."""
    number = "".join(DTMF_KEYS).find(key)
    if len(key) != 1 or number < 0:
        raise VoiceError(f"DTMF: expected one of {''.join(DTMF_KEYS)}, got {key!r}")
    row, column = divmod(number, 4)
    each_dbfs = level_dbfs - 10.0 * math.log10(2.0)
    low = sine(DTMF_LOW_HZ[row], duration_ms, level_dbfs=each_dbfs)
    high = sine(DTMF_HIGH_HZ[column], duration_ms, level_dbfs=each_dbfs)
    return low + high


class DtmfDetector:
    """Finds DTMF keys in 8 kHz sound of any chunking; a key counts from 50 ms on."""

    def __init__(self) -> None:
        """Begin with silence."""
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._last = ""
        self._told = ""

    def feed(self, sound: Samples) -> str:
        """Take int16 (n,); returns the keys that were newly pressed, in order."""
        block = SAMPLE_RATE_HZ * DTMF_BLOCK_MS // 1000
        self._rest = np.concatenate((self._rest, sound))
        keys = ""
        while len(self._rest) >= block:
            piece, self._rest = self._rest[:block], self._rest[block:]
            keys += self._step(_dtmf_key(piece))
        return keys

    def _step(self, key: str) -> str:
        twice, self._last = key == self._last, key
        if not twice or key == self._told:
            return ""
        self._told = key
        return key


def _dtmf_key(piece: Samples) -> str:
    found = goertzel(piece, (*DTMF_LOW_HZ, *DTMF_HIGH_HZ), SAMPLE_RATE_HZ)
    total = float(np.mean(piece.astype(np.float64) ** 2))
    if total < FULL_SCALE**2 * 10.0**-5:
        return ""
    low, high = int(np.argmax(found[:4])), int(np.argmax(found[4:]))
    powers = found**2
    if powers[low] + powers[4 + high] < DTMF_SHARE * total:
        return ""
    twist_db = abs(20.0 * math.log10(found[low] / found[4 + high]))
    clear = all(
        _clear(found[group], place) for group, place in ((np.s_[:4], low), (np.s_[4:], high))
    )
    return DTMF_KEYS[low][high] if twist_db <= DTMF_TWIST_DB and clear else ""


def _clear(group: npt.NDArray[np.float64], place: int) -> bool:
    others = np.delete(group, place)
    return bool(group[place] >= others.max() * 10.0 ** (DTMF_ABOVE_DB / 20.0))

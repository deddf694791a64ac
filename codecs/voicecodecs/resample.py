"""Sample rates: exact ratios (8, 16, 44.1, 48 kHz) and ratios that follow a drifting clock.

Both kinds are windowed-sinc filters with state: chunks of any length go in, and every output
sample that can be computed comes out at once. There is no block to fill, so the only delay is
that of the filter (``delay_s``, 2.1 ms between 8 and 48 kHz). Sound is float64, (n,), mono, in
the scale of int16 (full scale 32768): ``to_int16`` rounds and clips at the end of a chain.

Passed: up to 0.85 of the lower rate's half (3.4 kHz at 8 kHz), flat within 0.01 dB. Stopped: from
1.15 of it on (4.6 kHz), 80 dB down. Between the two the filter rolls off, 6 dB at the half.
"""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from voicecodecs.errors import VoiceError
from voicecodecs.pcm import FULL_SCALE, Samples

Wave = npt.NDArray[np.float64]
"""float64, (n,), mono, in the scale of int16."""

STOP_DB: Final = 80.0
TRANSITION: Final = 0.3
"""Width of the roll-off, as a share of half the lower rate."""
PHASES: Final = 512
"""Steps of the drifting filter's table; values between two are interpolated (error < -100 dB)."""
MAX_PPM: Final = 5000.0
_KAISER_BETA: Final = 0.1102 * (STOP_DB - 8.7)
"""Kaiser's formula for the window's shape, from the attenuation in dB (above 50)."""
RATES_HZ: Final = (4000, 384_000)


def to_int16(wave: Wave) -> tuple[Samples, int]:
    """Return the wave as int16 (n,), rounded, and how many samples had to be clipped."""
    rounded = np.rint(wave)
    clipped = np.clip(rounded, -FULL_SCALE, FULL_SCALE - 1.0)
    return clipped.astype(np.int16), int(np.count_nonzero(clipped != rounded))


def gain_of(gain_db: float) -> float:
    """Return the factor of a gain in dB."""
    return float(10.0 ** (gain_db / 20.0))


def _check_rate(rate_hz: int) -> None:
    if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        low, high = RATES_HZ
        raise VoiceError(f"sample rate: expected {low} to {high} Hz, got {rate_hz}")


class _Filter:
    """The filter of one pair of rates: a continuous impulse response, read at any phase."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        _check_rate(from_hz)
        _check_rate(to_hz)
        half = min(from_hz, to_hz) / 2.0 / from_hz
        width_rad = 2.0 * math.pi * TRANSITION * half
        self.taps = math.ceil((STOP_DB - 8.0) / (2.285 * width_rad)) + 1
        self.taps += self.taps % 2
        self._half = half

    def table(self, phases: int, rows: int) -> Wave:
        """Return (rows, taps): coefficients at the phases 0, 1/phases, …, oldest sample first."""
        centre = self.taps / 2.0
        age = np.arange(self.taps - 1, -1, -1.0)[None, :] + np.arange(rows)[:, None] / phases
        place = (age - centre) / centre
        window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1.0 - place**2, 0.0, 1.0)))
        window = np.where(np.abs(place) <= 1.0, window / np.i0(_KAISER_BETA), 0.0)
        rows_of = 2.0 * self._half * np.sinc(2.0 * self._half * (age - centre)) * window
        # Each phase passes a constant unchanged, so that no phase is louder than another.
        return np.asarray(rows_of / rows_of.sum(axis=1, keepdims=True))


class Resampler:
    """An exact ratio: n samples in give n * to / from samples out, for ever.

    ``Resampler(8000, 48000).process(block)`` of 160 samples gives 960 samples each time.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Begin with silence; raises VoiceError outside 4 to 384 kHz."""
        shape = _Filter(from_hz, to_hz)
        common = math.gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        self._table = shape.table(self._up, self._up)
        self._taps = shape.taps
        self.delay_s = shape.taps / 2.0 / from_hz
        """What the filter delays, in seconds."""
        self.reset()

    def reset(self) -> None:
        """Forget the sound so far."""
        self._past: Wave = np.zeros(self._taps - 1)
        self._next = 0
        """Place of the next output after the last sample of ``_past``, in 1/up samples."""

    def process(self, wave: Wave) -> Wave:
        """Return what can be computed with these samples (float64, (n,)) and those before."""
        sound = np.concatenate((self._past, wave))
        end = len(wave) * self._up
        places = np.arange(self._next, end, self._down)
        self._next = self._next + len(places) * self._down - end
        self._past = sound[len(sound) - self._taps + 1 :]
        if not len(places):
            return np.zeros(0)
        windows = sliding_window_view(sound, self._taps)[places // self._up]
        return np.asarray(np.einsum("ij,ij->i", windows, self._table[places % self._up]))


class DriftResampler:
    """A ratio that follows a clock: ``ppm`` may be set before each chunk, the phase goes on.

    ``ppm`` > 0 gives so many more samples out in a million. A change is heard as a change of
    pitch by the same share (100 ppm are a sixth of a cent) and as nothing else.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Begin with silence at 0 ppm; raises VoiceError outside 4 to 384 kHz."""
        shape = _Filter(from_hz, to_hz)
        self._taps = shape.taps
        self._table = shape.table(PHASES, PHASES + 1)
        self._steps = np.diff(self._table, axis=0)
        self._ratio = from_hz / to_hz
        self._ppm = 0.0
        self._taken = 0
        self.delay_s = shape.taps / 2.0 / from_hz
        """What the filter delays, in seconds."""
        self.reset()

    def reset(self) -> None:
        """Forget the sound so far; the ratio stays."""
        self._past: Wave = np.zeros(self._taps - 1)
        self._next = 0.0

    @property
    def ppm(self) -> float:
        """How many more samples come out in a million."""
        return self._ppm

    @ppm.setter
    def ppm(self, ppm: float) -> None:
        self._ppm = min(MAX_PPM, max(-MAX_PPM, ppm))

    @property
    def step(self) -> float:
        """Input samples from one output sample to the next."""
        return self._ratio / (1.0 + self._ppm * 1e-6)

    @property
    def position(self) -> float:
        """Place of the next output sample, in input samples since the beginning.

        Its sound is ``delay_s`` older than the input sample of that number.
        """
        return self._taken + self._next

    def process(self, wave: Wave) -> Wave:
        """Return what can be computed with these samples (float64, (n,)) and those before."""
        sound = np.concatenate((self._past, wave))
        self._past = sound[len(sound) - self._taps + 1 :]
        step, first = self.step, self._next
        count = max(0, math.ceil((len(wave) - first) / step))
        self._taken += len(wave)
        self._next = first + count * step - len(wave)
        if not count:
            return np.zeros(0)
        places = first + step * np.arange(count)
        whole = np.minimum(places.astype(np.int64), len(wave) - 1)
        phase = (places - whole) * PHASES
        row = np.minimum(phase.astype(np.int64), PHASES - 1)
        windows = sliding_window_view(sound, self._taps)[whole]
        low = np.einsum("ij,ij->i", windows, self._table[row])
        slope = np.einsum("ij,ij->i", windows, self._steps[row])
        return np.asarray(low + (phase - row) * slope)

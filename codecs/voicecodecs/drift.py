"""Clocks that disagree: how fast a sound card really runs, and the loop that follows it.

A sound card counts samples by its own crystal; the house counts 20 ms by the system's clock. Two
crystals differ by some tens of parts in a million, so that one block of 20 ms a few minutes is too
many or too few. ``SampleClock`` finds out where the card is from observations that jitter;
``DriftLoop`` says by how many ppm to resample so that nothing ever has to be cut or filled.
"""

from dataclasses import dataclass
from typing import Final

WINDOW_S: Final = 30.0
"""What the sample clock remembers: long against jitter, short against the warming of a crystal."""
TRUST_S: Final = 5.0
"""The rate by name counts as much as so many seconds of observations: crystals are nearly right."""
FIRST_OBSERVATIONS: Final = 20
"""No observation counts as wrong before so many."""
OUTLIER_S: Final = 0.02
MAX_OUTLIERS: Final = 10
"""So many wrong ones in a row are a jump of the clock: begin anew."""
BANDWIDTH_RAD_S: Final = 0.1
"""A step of 200 ppm moves the buffer by 0.8 ms at most (step / (bandwidth * e))."""
LIMIT_PPM: Final = 3000.0
"""Far above any crystal; sound servers that resample were seen to be 1600 off."""
SLEW_PPM_S: Final = 100.0
"""A correction changes no faster: what jitter is left never becomes a wow."""
MAX_STEP_S: Final = 0.5


class SampleClock:
    """Tells when a sample was (or will be) played or captured.

    Observations are pairs (number of a sample, time in seconds). The estimate is a straight line:
    at first by least squares over all observations, later over about the last 30 s (a g-h filter
    with a memory that grows to its limit).
    """

    def __init__(self, rate_hz: float, *, window_s: float = WINDOW_S) -> None:
        """Begin without an observation, at the rate by name."""
        self._nominal_s = 1.0 / rate_hz
        self._window_s = window_s
        self.restarts = 0
        """How often the clock jumped so that everything learned was given up."""
        self._at = 0.0
        self._at_s = 0.0
        self._period_s = self._nominal_s
        self._seen = 0
        self._outliers = 0

    @property
    def ready(self) -> bool:
        """Whether there was an observation."""
        return self._seen > 0

    @property
    def ppm(self) -> float:
        """How much faster than its name the card counts, in parts per million."""
        return (self._nominal_s / self._period_s - 1.0) * 1e6

    def time_at(self, sample: float) -> float:
        """Return the time of a sample in seconds."""
        return self._at_s + (sample - self._at) * self._period_s

    def sample_at(self, time_s: float) -> float:
        """Return the number of the sample at a time."""
        return self._at + (time_s - self._at_s) / self._period_s

    def observe(self, sample: float, time_s: float) -> None:
        """Learn that ``sample`` was at ``time_s``."""
        if not self._seen:
            self._begin(sample, time_s)
            return
        gone = sample - self._at
        if gone <= 0:
            return
        expected_s = self.time_at(sample)
        residual_s = time_s - expected_s
        if self._wrong(residual_s):
            if self._outliers >= MAX_OUTLIERS:
                self.restarts += 1
                self._begin(sample, time_s)
            return
        self._outliers = 0
        self._seen += 1
        memory = min(self._seen, max(3.0, self._window_s / (gone * self._nominal_s)))
        alpha = 2.0 * (2.0 * memory - 1.0) / (memory * (memory + 1.0))
        known = memory + TRUST_S / (gone * self._nominal_s)
        beta = 6.0 / (known * (known + 1.0))
        self._at, self._at_s = sample, expected_s + alpha * residual_s
        if self._seen > 2:
            self._period_s += beta * residual_s / gone

    def _wrong(self, residual_s: float) -> bool:
        if self._seen < FIRST_OBSERVATIONS or abs(residual_s) <= OUTLIER_S:
            return False
        self._outliers += 1
        return True

    def _begin(self, sample: float, time_s: float) -> None:
        self._at, self._at_s = sample, time_s
        self._period_s = self._nominal_s
        self._seen = 1
        self._outliers = 0


@dataclass(slots=True)
class DriftLoop:
    """Proportional and integral: brings an error in seconds to zero by a correction in ppm.

    Critically damped. The integral is the drift between the clocks; it is kept from one
    transmission to the next.
    """

    bandwidth_rad_s: float = BANDWIDTH_RAD_S
    limit_ppm: float = LIMIT_PPM
    drift_ppm: float = 0.0
    correction_ppm: float = 0.0

    def update(self, error_s: float, elapsed_s: float) -> float:
        """Return the correction in ppm; ``elapsed_s`` since the update before."""
        elapsed_s = min(MAX_STEP_S, elapsed_s)
        bandwidth = self.bandwidth_rad_s
        proportional = 2.0 * bandwidth * error_s * 1e6
        integral = self.drift_ppm + bandwidth * bandwidth * error_s * elapsed_s * 1e6
        if abs(proportional + integral) < self.limit_ppm:
            self.drift_ppm = integral
        wanted = min(self.limit_ppm, max(-self.limit_ppm, proportional + self.drift_ppm))
        slew = SLEW_PPM_S * elapsed_s
        self.correction_ppm += min(slew, max(-slew, wanted - self.correction_ppm))
        return self.correction_ppm

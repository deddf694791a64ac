"""Sound as this house passes it round: mono, 8 kHz, int16 little-endian, 20 ms a block."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError

SAMPLE_RATE_HZ: Final = 8000
FRAME_MS: Final = 20
FRAME_SAMPLES: Final = SAMPLE_RATE_HZ * FRAME_MS // 1000
FRAME_BYTES: Final = FRAME_SAMPLES * 2
FULL_SCALE: Final = 32768.0
QUIET_DBFS: Final = -96.0
"""What digital silence reads as: below the last bit of 16."""
SILENT_FRAME: Final = bytes(FRAME_BYTES)

_LITTLE: Final = np.dtype("<i2")  # made once: numpy reads the text anew at each call

Samples = npt.NDArray[np.int16]
"""int16, (n,), 8 kHz mono."""


@dataclass(frozen=True, slots=True)
class PcmFrame:
    """A piece of sound with its rate and the time of its first sample."""

    samples: Samples
    """int16, (n,), mono."""
    rate_hz: int = SAMPLE_RATE_HZ
    utc_us: int = 0

    @property
    def duration_ms(self) -> float:
        """Length in milliseconds."""
        return len(self.samples) * 1000 / self.rate_hz

    def tobytes(self) -> bytes:
        """Return the samples as int16 little-endian."""
        return to_bytes(self.samples)


def from_bytes(pcm: bytes) -> Samples:
    """Return int16 (n,) of little-endian bytes; read-only, no copy. VoiceError on odd lengths."""
    if len(pcm) % 2:
        raise VoiceError(f"PCM: expected whole int16 samples, got {len(pcm)} bytes")
    return np.frombuffer(pcm, dtype=_LITTLE).astype(np.int16, copy=False)


def frame_from_bytes(pcm: bytes) -> Samples:
    """Return int16 (160,) of one 20 ms block; VoiceError on another length."""
    if len(pcm) != FRAME_BYTES:
        raise VoiceError(
            f"PCM block: expected {FRAME_BYTES} bytes ({FRAME_SAMPLES} samples int16, 8 kHz), "
            f"got {len(pcm)}"
        )
    return from_bytes(pcm)


def to_bytes(samples: Samples) -> bytes:
    """Return int16 (n,) as little-endian bytes."""
    return samples.astype(_LITTLE, copy=False).tobytes()


def level_dbfs(samples: Samples) -> float:
    """Return the RMS level of int16 (n,) in dB below a full-scale square wave, -96 at silence."""
    if not len(samples):
        return QUIET_DBFS
    wide = samples.astype(np.float64)
    return power_dbfs(float(np.dot(wide, wide)) / len(wide))


def power_dbfs(power: float) -> float:
    """Return the level of a mean square of samples in dB below a full-scale square wave."""
    if power <= 0.0:
        return QUIET_DBFS
    return max(QUIET_DBFS, 10.0 * math.log10(power / FULL_SCALE**2))

"""Measures on sound for benchmarks and tests: alignment, intelligibility, active level.

Arrays are float64, mono, full scale 1.0, unless said otherwise.
"""

import wave
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import correlate, resample_poly

Sound = NDArray[np.float64]
RATE_HZ = 8000
STOI_RATE_HZ = 10_000
ACTIVE_DB = 25.0
"""A 20 ms frame counts as speech when it is at most this far below the loudest frame."""


def read_wav(path: Path) -> Sound:
    """Read a 16-bit mono WAV at 8 kHz."""
    with wave.open(str(path)) as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, RATE_HZ):
            raise ValueError(f"{path}: expected 16 bit mono 8 kHz")
        return from_pcm(file.readframes(file.getnframes()))


def write_wav(path: Path, sound: Sound, rate_hz: int = RATE_HZ) -> None:
    """Write a 16-bit mono WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def from_pcm(pcm: bytes) -> Sound:
    """Return int16 little-endian bytes as floats."""
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32768


def to_8k(sound: Sound, rate_hz: int) -> Sound:
    """Resample to 8 kHz."""
    return np.asarray(resample_poly(sound, RATE_HZ, rate_hz), dtype=np.float64)


def align(original: Sound, received: Sound) -> tuple[Sound, Sound, int]:
    """Cut both to the part they share; returns original, received and the lag in samples."""
    correlation = correlate(received, original, mode="full", method="fft")
    lag = int(np.argmax(np.abs(correlation))) - (len(original) - 1)
    start = max(0, lag)
    piece = received[start : start + len(original)]
    reference = original[max(0, -lag) :][: len(piece)]
    return reference, piece[: len(reference)], lag


def stoi(original: Sound, received: Sound) -> float:
    """Return the short-time objective intelligibility of two aligned sounds."""
    from pystoi import stoi as measure

    return float(measure(original, received, RATE_HZ, extended=False))


def active_dbfs(sound: Sound) -> float:
    """Return the RMS level of the frames that hold speech, in dB of full scale (sine = -3)."""
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    power = np.mean(frames**2, axis=1)
    loud = power[power > power.max() * 10 ** (-ACTIVE_DB / 10)]
    return float(10 * np.log10(loud.mean() + 1e-12))


def clipped_share(sound: Sound) -> float:
    """Return the share of samples at full scale."""
    return float(np.mean(np.abs(sound) >= 0.999))


def compare(original: Sound, received: Sound) -> dict[str, Any]:
    """Return STOI, level and clipping of what came against what was sent."""
    reference, piece, lag = align(original, received)
    return {
        "stoi": stoi(reference, piece),
        "active_dbfs": active_dbfs(piece),
        "clipped_share": clipped_share(piece),
        "lag_ms": lag * 1000 / RATE_HZ,
        "compared_s": len(piece) / RATE_HZ,
    }


def percentiles(values: list[float]) -> dict[str, float]:
    """Return p50, p95, p99, max and count of measured values."""
    array = np.asarray(values)
    return {
        "p50": float(np.percentile(array, 50)),
        "p95": float(np.percentile(array, 95)),
        "p99": float(np.percentile(array, 99)),
        "max": float(array.max()),
        "n": len(values),
    }

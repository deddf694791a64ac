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


def follow(original: Sound, received: Sound, *, reach_s: float = 0.9) -> tuple[Sound, list[float]]:
    """Lay the received sound on the original's time when its delay changes along the way.

    A press buffer works its backlog off by playing faster, so one lag does not fit the whole. For
    each 400 ms of the original the likeness at every lag is measured, and the path of lags that
    fits best as a whole is taken; the pieces are joined by overlapping windows. Returns the sound
    (the original's length) and the lag of each piece in ms.
    """
    size, hop, reach = int(0.4 * RATE_HZ), int(0.2 * RATE_HZ), int(reach_s * RATE_HZ)
    padded = np.concatenate([np.zeros(reach), received, np.zeros(reach + 2 * size)])
    longer = np.concatenate([original, np.zeros(size)])
    starts = range(0, len(original), hop)
    fits = np.stack([_likeness(longer[at : at + size], padded, at, reach) for at in starts])
    lags = _best_path(fits)
    window = np.hanning(size)
    out, weight = np.zeros(len(longer)), np.full(len(longer), 1e-3)
    for at, lag in zip(starts, lags, strict=True):
        out[at : at + size] += padded[at + lag : at + lag + size] * window
        weight[at : at + size] += window
    return (out / weight)[: len(original)], [(lag - reach) * 1000 / RATE_HZ for lag in lags]


def _likeness(piece: Sound, padded: Sound, at: int, reach: int) -> Sound:
    """Return the normalised correlation of a piece at each lag, nought where it is silent."""
    part = padded[at : at + 2 * reach + len(piece)]
    part = np.pad(part, (0, 2 * reach + len(piece) - len(part)))
    energy = float(np.sum(piece**2))
    if energy < len(piece) * 1e-6:
        return np.zeros(2 * reach + 1)
    match = correlate(part, piece, mode="valid", method="fft")
    power = np.convolve(part**2, np.ones(len(piece)), mode="valid")
    return np.asarray(match / np.sqrt(np.maximum(power, 1e-4) * energy))


def _best_path(fits: Sound, *, jump: int = int(0.15 * RATE_HZ), cost: float = 0.3) -> list[int]:
    """Return the lag index of each piece on the best path; a step of ``jump`` costs ``cost``."""
    from scipy.ndimage import maximum_filter1d

    best, came = fits[0].copy(), []
    for row in fits[1:]:
        stay = best
        moved = maximum_filter1d(best, 2 * jump + 1) - cost
        came.append(moved > stay)
        best = np.maximum(stay, moved) + row
    lag = int(np.argmax(best))
    path = [lag]
    for number in range(len(fits) - 2, -1, -1):
        if came[number][lag]:
            low = max(0, lag - jump)
            lag = low + int(np.argmax(_score(fits, number)[low : lag + jump + 1]))
        path.append(lag)
    return path[::-1]


def _score(fits: Sound, upto: int) -> Sound:
    """Return the likeness of the few pieces up to a place, where a path changed its lag."""
    return np.asarray(fits[max(0, upto - 1) : upto + 1].sum(axis=0))


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

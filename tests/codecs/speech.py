"""Speech for the tests of sound: the project's own spoken clips, and made-up syllables."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicecodecs.pcm import FRAME_SAMPLES, FULL_SCALE, SAMPLE_RATE_HZ, Samples

CLIPS = Path(__file__).parents[2] / "hardware" / "sim" / "speech"
NAMES = tuple(sorted(path.stem for path in CLIPS.glob("*.ul")))
ACTIVE_RANGE_DB = 15.9
"""A block counts as active when it is no more than this below the active level."""


def _mulaw_table() -> npt.NDArray[np.int16]:
    octet = ~np.arange(256) & 0xFF
    size = (((octet & 0x0F) << 3) + 132 << ((octet & 0x70) >> 4)) - 132
    return np.where(octet & 0x80, -size, size).astype(np.int16)


def clip(name: str) -> Samples:
    """Return a spoken clip, int16 (n * 160,), 8 kHz, with 100 ms of silence round it."""
    octets = np.frombuffer((CLIPS / f"{name}.ul").read_bytes(), dtype=np.uint8)
    edge = np.zeros(5 * FRAME_SAMPLES, dtype=np.int16)
    sound = np.concatenate((edge, _mulaw_table()[octets], edge))
    return np.concatenate((sound, np.zeros(-len(sound) % FRAME_SAMPLES, dtype=np.int16)))


def syllables(count: int, *, length_ms: int = 160, pause_ms: int = 80, seed: int = 7) -> Samples:
    """Return ``count`` vowel-like bursts of different pitch, int16 (n * 160,), 8 kHz."""
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(count):
        n = length_ms * SAMPLE_RATE_HZ // 1000
        time = np.arange(n) / SAMPLE_RATE_HZ
        pitch = random.uniform(95.0, 210.0)
        wave = sum(np.sin(2 * np.pi * pitch * k * time) / k for k in range(1, 12))
        parts += [np.hanning(n) * wave, np.zeros(pause_ms * SAMPLE_RATE_HZ // 1000)]
    sound = np.concatenate(parts)
    sound = sound / np.abs(sound).max() * 0.25 * FULL_SCALE
    padded = np.concatenate((sound, np.zeros(-len(sound) % FRAME_SAMPLES)))
    return padded.astype(np.int16)


def blocks(sound: Samples) -> list[bytes]:
    """Return the 20 ms blocks of int16 (n * 160,)."""
    return [block.tobytes() for block in sound.reshape(-1, FRAME_SAMPLES)]


def active_level_dbfs(sound: Samples) -> float:
    """Return the level of the active speech in int16 (n,): blocks far below it do not count."""
    whole = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].astype(np.float64)
    power = (whole.reshape(-1, FRAME_SAMPLES) ** 2).mean(axis=1) / FULL_SCALE**2
    active = power[power > 1e-9]
    for _ in range(20):
        level = 10 * np.log10(active.mean())
        active = power[power > 10 ** ((level - ACTIVE_RANGE_DB) / 10)]
    return float(10 * np.log10(active.mean()))


def at_level(sound: Samples, dbfs: float) -> Samples:
    """Return the sound at another active level, clipped where int16 ends."""
    gain = 10 ** ((dbfs - active_level_dbfs(sound)) / 20)
    return np.clip(np.round(sound * gain), -32768, 32767).astype(np.int16)

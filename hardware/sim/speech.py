"""Sounds of the simulated radios: small spoken clips (G.711 mu-law, 8 kHz), tones, silence."""

import array
import functools
import math
import sys
import tomllib
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.model.errors import ConfigError

SAMPLE_RATE_HZ = 8_000
BLOCK_MS = 20
BLOCK_SAMPLES = SAMPLE_RATE_HZ * BLOCK_MS // 1000
BLOCK_BYTES = BLOCK_SAMPLES * 2
SILENT_BLOCK = bytes(BLOCK_BYTES)
FOLDER = Path(__file__).with_name("speech")


@dataclass(frozen=True, slots=True)
class Sound:
    """A number of blocks of 20 ms (160 samples int16 little-endian, 8 kHz), made one by one."""

    blocks: int
    block: Callable[[int], bytes]

    @classmethod
    def silence(cls, length_ms: float) -> "Sound":
        """Return silence."""
        return cls(_blocks(length_ms), lambda _: SILENT_BLOCK)

    @classmethod
    def tone(cls, hz: float, length_ms: float, level_dbfs: float = -20.0) -> "Sound":
        """Return a sine."""
        peak = 32767.0 * 10.0 ** (level_dbfs / 20.0)

        def block(index: int) -> bytes:
            first = index * BLOCK_SAMPLES
            turn = 2.0 * math.pi * hz / SAMPLE_RATE_HZ
            return pcm_bytes(
                [round(peak * math.sin(turn * (first + n))) for n in range(BLOCK_SAMPLES)]
            )

        return cls(_blocks(length_ms), block)

    @classmethod
    def mulaw(cls, data: bytes) -> "Sound":
        """Return G.711 mu-law octets, decoded as they are needed."""

        def block(index: int) -> bytes:
            part = data[index * BLOCK_SAMPLES : (index + 1) * BLOCK_SAMPLES]
            return b"".join([MULAW[octet] for octet in part]).ljust(BLOCK_BYTES, b"\0")

        return cls(-(-len(data) // BLOCK_SAMPLES), block)

    @classmethod
    def pcm(cls, data: bytes) -> "Sound":
        """Return int16 little-endian samples."""

        def block(index: int) -> bytes:
            return data[index * BLOCK_BYTES : (index + 1) * BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")

        return cls(-(-len(data) // BLOCK_BYTES), block)

    @classmethod
    def wav(cls, path: Path) -> "Sound":
        """Return an 8 kHz mono 16-bit WAV file; raises ConfigError for any other."""
        try:
            with wave.open(str(path), "rb") as source:
                form = (source.getframerate(), source.getnchannels(), source.getsampwidth())
                data = source.readframes(source.getnframes())
        except (OSError, EOFError, wave.Error) as error:
            raise ConfigError(f"{path}: expected a WAV file, got: {error}") from None
        if form != (SAMPLE_RATE_HZ, 1, 2):
            raise ConfigError(
                f"{path}: expected 8000 Hz, 1 channel, 2 bytes a sample, got {form}",
                hint="ffmpeg -i IN -ar 8000 -ac 1 -c:a pcm_s16le OUT.wav converts it.",
            )
        return cls.pcm(data)

    @classmethod
    def joined(cls, parts: Sequence["Sound"]) -> "Sound":
        """Return the parts one after the other."""

        def block(index: int) -> bytes:
            for part in parts:
                if index < part.blocks:
                    return part.block(index)
                index -= part.blocks
            return SILENT_BLOCK

        return cls(sum(part.blocks for part in parts), block)


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """One spoken message of the index."""

    id: str
    language: str
    voice: str
    text: str
    seconds: float


@functools.cache
def clip_index() -> dict[str, ClipInfo]:
    """Return the spoken messages that are shipped, by id."""
    path = FOLDER / "index.toml"
    if not path.is_file():
        return {}
    rows = tomllib.loads(path.read_text("utf-8"))["clip"]
    return {row["id"]: ClipInfo(**row) for row in rows}


def clip(name: str) -> Sound:
    """Return a spoken message; raises ConfigError for an unknown one."""
    if name not in clip_index():
        raise ConfigError(f"speech: no clip {name!r}; known: {', '.join(clip_index())}")
    return Sound.mulaw((FOLDER / f"{name}.ul").read_bytes())


def clip_frames(name: str) -> bytes:
    """Return a spoken message as P25 full-rate vocoder frames, 11 octets each; raises ConfigError.

    They are made by ``scripts/make-demo-frames``, so that a simulator needs no vocoder.
    """
    clip(name)
    return (FOLDER / f"{name}.imbe").read_bytes()


def pcm_bytes(samples: Sequence[int]) -> bytes:
    """Return int16 samples as little-endian bytes."""
    values = array.array("h", samples)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def mulaw_value(octet: int) -> int:
    """Return the 16-bit linear value of a G.711 mu-law octet (bits are sent inverted)."""
    bits = ~octet & 0b1111_1111
    exponent, mantissa = bits >> 4 & 0b111, bits & 0b1111
    magnitude = ((mantissa << 3 | 0b1000_0100) << exponent) - 0b1000_0100
    return -magnitude if bits & 0b1000_0000 else magnitude


def _blocks(length_ms: float) -> int:
    return max(1, round(length_ms / BLOCK_MS))


MULAW = tuple(pcm_bytes([mulaw_value(octet)]) for octet in range(256))
"""Little-endian sample of each mu-law octet."""

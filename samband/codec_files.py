"""Files of the ``codec`` command: WAV of 8 kHz mono, and text with one frame of hex a line."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gateway.model.errors import ConfigError

RATE_HZ = 8000
Samples = npt.NDArray[np.int16]


def read_wav(path: Path) -> Samples:
    """Return the int16 samples of a WAV; raises ConfigError unless it is 8 kHz, mono, 16 bit."""
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth() * 8)
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise ConfigError(f"{path}: expected a WAV file, got {error}") from error
    if form != (RATE_HZ, 1, 16):
        rate, channels, bits = form
        raise ConfigError(
            f"{path}: expected 8000 Hz, 1 channel, 16 bit; got {rate} Hz, {channels}, {bits} bit",
            hint="Convert it, for example: ffmpeg -i IN -ar 8000 -ac 1 -sample_fmt s16 OUT.wav",
        )
    return np.frombuffer(data, "<i2").astype(np.int16)


def write_wav(path: Path, samples: Samples) -> None:
    """Write int16 samples as WAV, 8 kHz mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.astype("<i2").tobytes())


def read_frames(path: Path, digits: int) -> list[bytes]:
    """Return the frames of a text file: ``digits`` of hex a line; # begins a comment."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected text with one frame a line, got {error}") from error
    frames, faults = [], []
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            frame = bytes.fromhex(text)
        except ValueError:
            frame = b""
        if len(frame) * 2 != digits:
            faults.append(f"line {number}: expected {digits} digits of hex, got {text[:48]!r}")
        frames.append(frame)
    if faults:
        more = [f"and {len(faults) - 10} more"] if len(faults) > 10 else []
        raise ConfigError(f"{path}: lines that are no frame", faults=(*faults[:10], *more))
    return frames


def write_frames(path: Path, frames: Sequence[bytes]) -> None:
    """Write one frame of hex a line."""
    path.write_text("".join(f"{frame.hex()}\n" for frame in frames), encoding="ascii")


def read_flags(text: str) -> list[bool]:
    """Return bad-frame flags of ``0110…``; raises ConfigError at any other character."""
    if text.strip("01"):
        raise ConfigError(f"--bad: expected only 0 and 1, got {text[:40]!r}")
    return [flag == "1" for flag in text]


def targets(sources: Sequence[Path], out: str, suffix: str) -> list[Path]:
    """Return where each source's result goes.

    ``out`` is a folder when it is one, ends in a slash, or there are several sources; it is made
    when it is not there. Raises ConfigError when two results would get one name.
    """
    folder = Path(out)
    if not (folder.is_dir() or len(sources) > 1 or out.endswith("/")):
        return [folder]
    names = [folder / f"{source.stem}{suffix}" for source in sources]
    if len(set(names)) < len(names):
        raise ConfigError(f"{folder}: two of the files would be written under one name")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: expected a folder, got {error.strerror}") from error
    return names

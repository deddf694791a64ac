"""The vectors in ``tests/vectors/imbe`` (see ORIGIN.md there), read."""

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np

from voicecodecs.imbe import frame_from_hex
from voicecodecs.pcm import Samples

FOLDER = Path(__file__).parents[2] / "vectors" / "imbe"
SPEECH = tuple(sorted(path.stem for path in FOLDER.glob("sp_*.wav") if "." not in path.stem))


def frames(name: str) -> list[bytes]:
    """Return the frames of ``name.hex``."""
    lines = (FOLDER / f"{name}.hex").read_text("ascii").splitlines()
    return [frame_from_hex(line) for line in lines if line and not line.startswith("#")]


def sound(name: str) -> Samples:
    """Return ``name.wav``, int16, 8 kHz."""
    with wave.open(str(FOLDER / f"{name}.wav")) as file:
        return np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)


def rows(name: str) -> list[dict[str, Any]]:  # Any: rows of JSON
    """Return the rows of ``name.jsonl``."""
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("ascii").splitlines()]

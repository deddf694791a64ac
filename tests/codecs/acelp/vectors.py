"""The published codec's own results, from tests/vectors/tetra."""

import json
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.frame import Frames, as_frames
from voicecodecs.pcm import Samples, from_bytes

FOLDER = Path(__file__).parents[2] / "vectors" / "tetra"


def read_json(name: str) -> Any:  # JSON of any shape
    return json.loads((FOLDER / name).read_text())


def read_wav(name: str) -> Samples:
    with wave.open(str(FOLDER / name)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        return from_bytes(sound.readframes(sound.getnframes()))


def read_frames(name: str) -> Frames:
    return as_frames((FOLDER / name).read_bytes())


@dataclass(frozen=True)
class Case:
    name: str
    bits: str
    output: str
    input: str | None = None
    bfi: str | None = None
    bfi_output: str | None = None

    @property
    def frames(self) -> Frames:
        return read_frames(self.bits)

    @property
    def bad(self) -> npt.NDArray[np.uint8]:
        return flags(self.bfi or "")


def flags(digits: str) -> npt.NDArray[np.uint8]:
    return np.array([int(digit) for digit in digits], dtype=np.uint8)


@cache
def cases() -> tuple[Case, ...]:
    keys = ("name", "bits", "output", "input", "bfi", "bfi_output")
    listed = read_json("manifest.json")["cases"]
    return tuple(Case(**{key: case[key] for key in keys if key in case}) for case in listed)


def random_frames(count: int, seed: int) -> Frames:
    made = np.random.default_rng(seed).integers(0, 256, (count, 18), dtype=np.uint8)
    made[:, -1] &= 0x80
    return made

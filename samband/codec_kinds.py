"""The vocoders as the ``codec`` command sees them: samples in, frames out, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


class Coder(Protocol):
    """A stream in one direction each way; a fresh one for each file."""

    def encode(self, samples: Samples) -> list[bytes]:
        """Return the frames that are complete with these samples."""
        ...

    def finish(self) -> list[bytes]:
        """Return what is left, the last frame filled with silence."""
        ...

    def decode(self, frames: Sequence[bytes], bad: Sequence[bool]) -> Samples:
        """Return the sound of frames; those marked bad are concealed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One vocoder. ``digits`` of hex a frame; ``coded_digits`` with error protection, 0 none."""

    name: str
    words: str
    frame_samples: int
    digits: int
    coded_digits: int = 0
    silence: bytes = b""
    """Stands in for a frame that is marked bad and has no bits."""

    def coder(self, *, coded: bool = False) -> Coder:
        """Return a fresh stream; ``coded`` gives frames with error protection."""
        return _Imbe(coded) if self.name == "imbe" else _Acelp()


KINDS = {
    "imbe": Kind(
        name="imbe",
        words="P25 full rate (IMBE), 20 ms a frame",
        frame_samples=160,
        digits=22,
        coded_digits=36,
    ),
    "acelp": Kind(
        name="acelp", words="TETRA speech (ACELP), 30 ms a frame", frame_samples=240, digits=36
    ),
}


class _Imbe:
    def __init__(self, coded: bool) -> None:
        from voicecodecs.imbe import ImbeDecoder, ImbeEncoder

        self._encoder = ImbeEncoder(coded=coded)
        self._decoder = ImbeDecoder()

    def encode(self, samples: Samples) -> list[bytes]:
        return self._encoder.encode(samples)

    def finish(self) -> list[bytes]:
        return self._encoder.flush()

    def decode(self, frames: Sequence[bytes], bad: Sequence[bool]) -> Samples:
        if not frames:
            return np.zeros(0, np.int16)
        return np.concatenate(
            [
                self._decoder.erasure() if lost else self._decoder.decode(frame)
                for frame, lost in zip(frames, bad, strict=True)
            ]
        )


class _Acelp:
    def __init__(self) -> None:
        from voicecodecs.acelp.decoder import AcelpDecoder
        from voicecodecs.acelp.encoder import AcelpEncoder

        self._encoder = AcelpEncoder()
        self._decoder = AcelpDecoder()

    def encode(self, samples: Samples) -> list[bytes]:
        return [frame.tobytes() for frame in self._encoder.encode(samples)]

    def finish(self) -> list[bytes]:
        return [frame.tobytes() for frame in self._encoder.flush()]

    def decode(self, frames: Sequence[bytes], bad: Sequence[bool]) -> Samples:
        return self._decoder.decode(b"".join(frames), np.array(bad, dtype=np.uint8))

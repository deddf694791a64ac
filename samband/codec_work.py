"""Whole recordings through a vocoder, with a bar on a terminal when it takes long."""

import sys
import time
from collections.abc import Sequence

import numpy as np

from samband.codec_kinds import Coder, Kind, Samples

BLOCK_FRAMES = 50
LONG_FRAMES = 1_500
"""A bar is shown for files longer than this (30 s of IMBE)."""


def encode_all(kind: Kind, samples: Samples, *, coded: bool = False, name: str = "") -> list[bytes]:
    """Return the frames of a whole recording, the last one filled with silence."""
    coder = kind.coder(coded=coded)
    frames: list[bytes] = []
    step = kind.frame_samples * BLOCK_FRAMES
    with Bar(name, len(samples) // kind.frame_samples) as bar:
        for at in range(0, len(samples), step):
            frames += coder.encode(samples[at : at + step])
            bar.to(len(frames))
    return frames + coder.finish()


def decode_all(
    coder: Coder, frames: Sequence[bytes], bad: Sequence[bool], name: str = ""
) -> Samples:
    """Return the sound of all frames, with a bar on a terminal when there are many."""
    parts = []
    with Bar(name, len(frames)) as bar:
        for at in range(0, len(frames), BLOCK_FRAMES):
            end = at + BLOCK_FRAMES
            parts.append(coder.decode(frames[at:end], bad[at:end]))
            bar.to(min(end, len(frames)))
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


class Bar:
    """A progress bar on standard error; nothing where no terminal is or the work is short."""

    def __init__(self, name: str, total: int) -> None:
        """``total`` frames are to be done."""
        self._name = name
        self._total = total
        self._shown = total > LONG_FRAMES and sys.stderr.isatty()
        self._last = 0.0

    def __enter__(self) -> "Bar":
        """Begin."""
        return self

    def to(self, done: int) -> None:
        """Show how far it is, ten times a second at most."""
        now = time.monotonic()
        if not self._shown or (now - self._last < 0.1 and done < self._total):
            return
        self._last = now
        width = 30 * min(done, self._total) // self._total
        bar = "█" * width + "·" * (30 - width)
        print(f"\r{self._name} {bar} {done}/{self._total}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        """End the line."""
        if self._shown:
            print(file=sys.stderr)

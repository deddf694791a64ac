"""Compiles every kernel before the first call needs it."""

import numpy as np

from voicecodecs.level import LevelControl
from voicecodecs.pcm import FRAME_SAMPLES
from voicecodecs.timescale import REACH_SAMPLES, cut


def warm() -> tuple[str, ...]:
    """Compile the kernels, or load them from their cache; returns their names."""
    LevelControl().apply(np.zeros(FRAME_SAMPLES, dtype=np.int16))
    cut(np.zeros(REACH_SAMPLES, dtype=np.int16))
    return ("level_kernel", "best_lag", "cross_fade")

"""The P25 full-rate vocoder (TIA-102.BABA), 88 bits of information per 20 ms of 8 kHz sound.

Importing this package loads numba and the compiled kernels (``docs/codecs.md``): only code that is
about to use the vocoder does so.
"""

import numpy as np

from voicecodecs.imbe.bits import (
    CODED_BYTES,
    INFO_BYTES,
    SILENCE,
    frame_from_hex,
    frame_to_hex,
    protect_frame,
)
from voicecodecs.imbe.decoder import (
    BatchDecoder,
    FrameParameters,
    FrameStatistics,
    ImbeDecoder,
    corrected_frames,
    decode_frames,
    frame_parameters,
    frame_statistics,
)
from voicecodecs.imbe.encoder import (
    DELAY_SAMPLES,
    BatchEncoder,
    EncoderStatistics,
    ImbeEncoder,
    encode_pcm,
)
from voicecodecs.imbe.tables import FRAME_SAMPLES


def warm() -> None:
    """Compile the kernels, or read them from the cache, and run each once."""
    ImbeEncoder().encode(np.zeros(FRAME_SAMPLES, np.int16))
    ImbeDecoder().decode(SILENCE)


__all__ = [
    "CODED_BYTES",
    "DELAY_SAMPLES",
    "FRAME_SAMPLES",
    "INFO_BYTES",
    "SILENCE",
    "BatchDecoder",
    "BatchEncoder",
    "EncoderStatistics",
    "FrameParameters",
    "FrameStatistics",
    "ImbeDecoder",
    "ImbeEncoder",
    "corrected_frames",
    "decode_frames",
    "encode_pcm",
    "frame_from_hex",
    "frame_parameters",
    "frame_statistics",
    "frame_to_hex",
    "protect_frame",
    "warm",
]

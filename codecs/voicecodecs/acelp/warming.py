"""Loads or compiles the kernels of this package and runs each once."""

import numpy as np

from voicecodecs.acelp.channel import HALF_SLOT_BITS, decode_half_slot
from voicecodecs.acelp.decoder import AcelpDecoder
from voicecodecs.acelp.encoder import AcelpEncoder
from voicecodecs.acelp.frame import FRAME_BYTES, FRAME_SAMPLES


def run() -> tuple[str, ...]:
    """Run each kernel once; returns their names."""
    AcelpDecoder().decode(np.zeros((1, FRAME_BYTES), dtype=np.uint8))
    AcelpEncoder().encode(np.zeros(FRAME_SAMPLES, dtype=np.int16))
    decode_half_slot(np.zeros(HALF_SLOT_BITS, dtype=np.int32))
    return ("ACELP decoder", "ACELP encoder", "Viterbi decoder")

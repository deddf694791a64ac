"""A second of real Ogg Opus for recordings in tests."""

import math
import struct
from functools import cache

from voicecodecs.ogg import OggOpusWriter
from voicecodecs.opus import OpusEncoder


@cache
def spoken(frames: int = 100) -> bytes:
    """Return 2 s of a 440 Hz tone as a file, quiet in its first half."""
    encoder = OpusEncoder()
    writer = OggOpusWriter(1)
    data = writer.header()
    for frame in range(frames):
        level = 2000 if frame < frames // 2 else 20000
        samples = [
            int(level * math.sin(2 * math.pi * 440 * (frame * 160 + n) / 8000)) for n in range(160)
        ]
        data += writer.write(encoder.encode(struct.pack("<160h", *samples)))
    return data + writer.finish()

"""Listening copies and redacted sound: what is made of a recording, and how it was made."""

import ctypes
import io
import math
import struct
import wave
from functools import cache
from importlib.metadata import version

from voicecodecs import ogg
from voicecodecs.errors import VoiceError
from voicecodecs.opus import LIBRARY, OpusDecoder, OpusEncoder
from voicecodecs.pcm import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ

SAMPLE_BYTES = 2
FRAME_MS = FRAME_SAMPLES * 1000 // SAMPLE_RATE_HZ
TONE_HZ = 1000
TONE_PEAK = 3277
"""-20 dBFS: heard as a mark, hurts nobody."""
EDGE_MS = 100
"""Silence at both ends of a redacted part, so that the tone is not taken for speech."""
METHOD = "silence+tone"


@cache
def library_version() -> str:
    """Return what the Opus library calls itself, as ``libopus 1.5.2``."""
    library = ctypes.CDLL(LIBRARY)
    library.opus_get_version_string.restype = ctypes.c_char_p
    return str(library.opus_get_version_string().decode("ascii"))


def how_made(what: str) -> str:
    """Return tool, version and settings of a copy."""
    return f"samband {version('samband')}, {library_version()}, {what}"


def decoded(data: bytes) -> bytes:
    """Return the sound of an Ogg Opus file: int16 little-endian, 8 kHz, mono. VoiceError if none.

    A packet that cannot be decoded is 20 ms of silence: times stay what they were.
    """
    decoder = OpusDecoder()
    parts = []
    for packet in ogg.read(data).packets:
        try:
            parts.append(decoder.decode(packet))
        except VoiceError:
            parts.append(bytes(FRAME_BYTES))
    return b"".join(parts)


def decoded_ms(data: bytes) -> int:
    """Return how long an Ogg Opus recording is; raises VoiceError when there is no sound in it."""
    return len(ogg.read(data).packets) * FRAME_MS


def wav_of(data: bytes) -> bytes:
    """Return an Ogg Opus recording as WAV: 8 kHz, mono, 16 bits, no level change."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(decoded(data))
    return out.getvalue()


WAV_HOW = "8 kHz mono 16 bit, no level change"


def redacted(data: bytes, spans: list[tuple[int, int]]) -> bytes:
    """Return an Ogg Opus recording with parts (from ms, to ms) made silence and tone.

    As long as the original; the rest is decoded and encoded once more.
    """
    pcm = bytearray(decoded(data))
    for start_ms, end_ms in spans:
        blank(pcm, start_ms, end_ms)
    encoder = OpusEncoder()
    writer = ogg.OggOpusWriter(0, tags={"redacted": METHOD})
    out = [writer.header()]
    for at in range(0, len(pcm), FRAME_BYTES):
        frame = bytes(pcm[at : at + FRAME_BYTES]).ljust(FRAME_BYTES, b"\0")
        out.append(writer.write(encoder.encode(frame), FRAME_MS))
    out.append(writer.finish())
    return b"".join(out)


def blank(pcm: bytearray, start_ms: int, end_ms: int) -> None:
    """Make a part of 8 kHz int16 sound silence and tone."""
    first, last = (
        min(ms * SAMPLE_RATE_HZ // 1000, len(pcm) // SAMPLE_BYTES) for ms in (start_ms, end_ms)
    )
    edge = EDGE_MS * SAMPLE_RATE_HZ // 1000
    for at in range(first, last):
        tone = first + edge <= at < last - edge
        turn = 2 * math.pi * TONE_HZ * at / SAMPLE_RATE_HZ
        value = round(TONE_PEAK * math.sin(turn)) if tone else 0
        struct.pack_into("<h", pcm, at * SAMPLE_BYTES, value)

"""The sound of a test transmission that the engine makes itself: one steady tone."""

from gateway.model.transmit_test import TONE, TransmitTest, term_faults
from gateway.model.voice import FRAME_MS
from voicecodecs.pcm import to_bytes
from voicecodecs.tones import sine


class ToneSource:
    """Blocks of 20 ms (160 samples int16 little-endian, 8 kHz) of a tone, until it is over."""

    def __init__(self, tone_hz: int, level_dbfs: float, duration_ms: int) -> None:
        """Make a tone of whole periods a block, so that the same block can follow itself."""
        self._block = to_bytes(sine(tone_hz, FRAME_MS, level_dbfs=level_dbfs))
        self._left = max(1, duration_ms // FRAME_MS)

    def take(self) -> bytes | None:
        """Return the next block, None when the tone is over."""
        if self._left == 0:
            return None
        self._left -= 1
        return self._block


def tone_of(terms: TransmitTest | None) -> ToneSource | None:
    """Return the tone that terms ask for; None where a microphone is to be heard."""
    if terms is None or terms.sound != TONE or term_faults(terms):
        return None
    return ToneSource(terms.tone_hz, terms.level_dbfs, terms.limit_ms)

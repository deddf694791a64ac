"""The sound of what patches key: decoded and levelled once, given to every member at its own pace.

Each member's link has a buffer as a press has one: what is said before its radio grants waits 600
ms at most, then one block goes out every 20 ms. A source that comes in groups (P25 over a network)
is held back as far as its groups are long, or it would run dry between them.
"""

from dataclasses import dataclass

from gateway.engine.paced_sound import PacedSound, PacedStream
from gateway.model.ids import LinkId, MonoMs, RequestId
from voicecodecs.pcm import SILENT_FRAME
from voicecodecs.press_buffer import PressBuffer

STEADY_MS, STEADY_MOST_MS = 60, 120
"""What waits of a source that gives 20 ms at a time: so much delay of one block goes unheard."""
GROUPED_MS = 240
"""What waits of a source that gives 180 ms at once: one group, and the next one's delay."""


@dataclass(slots=True, eq=False, kw_only=True)
class _Way(PacedStream):
    """The sound of one press on its way to one radio."""

    fill_ms: int
    """Sound that has to be there before a block goes out, at the start and after it ran dry."""
    filled: bool = False
    closed: bool = False


class PatchSound(PacedSound[_Way]):
    """All sound that patches pass on."""

    def open(self, request: RequestId, link: LinkId, *, grouped: bool) -> None:
        """Keep the sound of a press from here on."""
        buffer = PressBuffer(GROUPED_MS if grouped else STEADY_MOST_MS)
        fill_ms = GROUPED_MS if grouped else STEADY_MS
        self._streams[request] = _Way(request=request, link=link, buffer=buffer, fill_ms=fill_ms)

    def push(self, request: RequestId, pcm: bytes) -> None:
        """Add 160 samples (int16 little-endian, 8 kHz) of the source; none after the release."""
        way = self._streams.get(request)
        if way is not None and not way.closed:
            way.buffer.push(pcm)

    def release(self, request: RequestId) -> int:
        """Take no more; returns the milliseconds still to send."""
        way = self._streams.get(request)
        if way is None:
            return 0
        way.closed = True
        way.buffer.finish()
        return way.buffer.left_ms

    def drained(self, request: RequestId) -> bool:
        """Say whether a released press has nothing left to send."""
        way = self._streams.get(request)
        return way is None or (way.closed and way.buffer.left_ms == 0)

    def _block(self, stream: _Way, now: MonoMs) -> bytes | None:
        left_ms = stream.buffer.left_ms
        stream.filled = stream.filled or stream.closed or left_ms >= stream.fill_ms
        block = stream.buffer.take() if stream.filled else None
        if block is None and not stream.closed:
            # Better one gap until some sound is there than a hole in every second block.
            stream.filled = False
            self.underruns += 1
            return SILENT_FRAME
        return block

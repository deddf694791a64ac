"""The sound of what patches key: decoded and levelled once, given to every member at its own pace.

Each member's link has a buffer as a press has one: what is said before its radio grants waits 600
ms at most, then one block goes out every 20 ms. A source that comes in groups (P25 over a network)
is held back as far as its groups are long, or it would run dry between them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.engine.call_state import Transmission
from gateway.engine.context import Context
from gateway.engine.voice_path import VoicePath
from gateway.model.ids import LinkId, MonoMs, RequestId
from gateway.model.voice import FRAME_MS
from voicecodecs.pcm import SILENT_FRAME
from voicecodecs.press_buffer import PressBuffer

MAX_BEHIND_MS = 200
"""When the loop stood still for longer the schedule begins anew instead of catching up."""
STEADY_MS, STEADY_MOST_MS = 60, 120
"""What waits of a source that gives 20 ms at a time: so much delay of one block goes unheard."""
GROUPED_MS = 240
"""What waits of a source that gives 180 ms at once: one group, and the next one's delay."""


@dataclass(slots=True, eq=False)
class _Way:
    """The sound of one press on its way to one radio."""

    link: LinkId
    buffer: PressBuffer
    fill_ms: int
    """Sound that has to be there before a block goes out, at the start and after it ran dry."""
    filled: bool = False
    transmission: Transmission | None = None
    next_ms: MonoMs = field(default=MonoMs(0))
    closed: bool = False


class PatchSound:
    """All sound that patches pass on."""

    def __init__(
        self, ctx: Context, voice: VoicePath, emptied: Callable[[RequestId], None]
    ) -> None:
        """Begin with none; ``emptied`` is called when a released press has nothing left."""
        self._ctx = ctx
        self._voice = voice
        self._emptied = emptied
        self._ways: dict[RequestId, _Way] = {}
        self.underruns = 0
        """Blocks of silence sent because the source was late."""

    def __contains__(self, request: object) -> bool:
        """Say whether it has the sound of a press."""
        return request in self._ways

    def open(self, request: RequestId, link: LinkId, *, grouped: bool) -> None:
        """Keep the sound of a press from here on."""
        buffer = PressBuffer(GROUPED_MS if grouped else STEADY_MOST_MS)
        self._ways[request] = _Way(link, buffer, GROUPED_MS if grouped else STEADY_MS)

    def push(self, request: RequestId, pcm: bytes) -> None:
        """Add 160 samples (int16 little-endian, 8 kHz) of the source; none after the release."""
        way = self._ways.get(request)
        if way is not None and not way.closed:
            way.buffer.push(pcm)

    def grant(self, request: RequestId, transmission: Transmission) -> None:
        """Go on air."""
        way = self._ways.get(request)
        if way is not None:
            way.transmission = transmission
            way.next_ms = self._ctx.now()
            way.buffer.grant()
            self.tick(way.next_ms)

    def release(self, request: RequestId) -> int:
        """Take no more; returns the milliseconds still to send."""
        way = self._ways.get(request)
        if way is None:
            return 0
        way.closed = True
        way.buffer.finish()
        return way.buffer.left_ms

    def drained(self, request: RequestId) -> bool:
        """Say whether a released press has nothing left to send."""
        way = self._ways.get(request)
        return way is None or (way.closed and way.buffer.left_ms == 0)

    def close(self, request: RequestId) -> int:
        """Drop what is left; returns how many ms were never sent."""
        way = self._ways.pop(request, None)
        return 0 if way is None else way.buffer.discard()

    def deadline(self) -> MonoMs | None:
        """Return when the next block is due."""
        due = [way.next_ms for way in self._ways.values() if way.transmission is not None]
        return min(due) if due else None

    def tick(self, now: MonoMs) -> None:
        """Send what is due."""
        for request, way in list(self._ways.items()):
            if way.transmission is not None:
                self._pace(request, way, now)

    def _pace(self, request: RequestId, way: _Way, now: MonoMs) -> None:
        if now - way.next_ms > MAX_BEHIND_MS:
            way.next_ms = now
        while way.next_ms <= now and request in self._ways:
            way.next_ms = MonoMs(way.next_ms + FRAME_MS)
            if not self._send(request, way):
                self._emptied(request)
                return

    def _send(self, request: RequestId, way: _Way) -> bool:
        """Send one block; False when the press was released and nothing is left."""
        way.filled = way.filled or way.closed or way.buffer.left_ms >= way.fill_ms
        block = way.buffer.take() if way.filled else None
        if block is None and way.closed:
            return False
        if block is None:
            # Better one gap until some sound is there than a hole in every second block.
            way.filled = False
            self.underruns += 1
            block = SILENT_FRAME
        self._ctx.links[way.link].send_sound(request, block)
        if way.transmission is not None:
            self._voice.send_own(way.transmission, block, self._ctx.utc())
        return True

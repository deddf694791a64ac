"""Sound of presses on its way to radios: one block every 20 ms from the grant to the last one.

What comes before the grant waits in a press's own buffer. After it the schedule is monotonic: when
the source is late something else is sent in its place, so that a radio's sound never runs dry.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.engine.call_state import Transmission
from gateway.engine.context import Context
from gateway.engine.voice_path import VoicePath
from gateway.model.ids import LinkId, MonoMs, RequestId
from gateway.model.voice import FRAME_MS
from voicecodecs.press_buffer import PressBuffer

MAX_BEHIND_MS = 200
"""When the loop stood still for longer the schedule begins anew instead of catching up."""


@dataclass(slots=True, eq=False, kw_only=True)
class PacedStream:
    """The sound of one press on its way to one radio."""

    request: RequestId
    link: LinkId
    buffer: PressBuffer = field(default_factory=PressBuffer)
    transmission: Transmission | None = None
    """Set from the grant on."""
    next_ms: MonoMs = field(default=MonoMs(0))


S = TypeVar("S", bound=PacedStream)


class PacedSound(ABC, Generic[S]):
    """Streams of one kind, by press."""

    def __init__(
        self, ctx: Context, voice: VoicePath, emptied: Callable[[RequestId], None]
    ) -> None:
        """Begin with none; ``emptied`` is called when a released press has nothing left."""
        self._ctx = ctx
        self._voice = voice
        self._emptied = emptied
        self._streams: dict[RequestId, S] = {}
        self.underruns = 0
        """Blocks of silence sent because the source was late."""

    def __contains__(self, request: object) -> bool:
        """Say whether it has the sound of a press."""
        return request in self._streams

    def grant(self, request: RequestId, transmission: Transmission) -> None:
        """Go on air: the first block goes out at once."""
        stream = self._streams.get(request)
        if stream is not None:
            stream.transmission = transmission
            stream.next_ms = self._ctx.now()
            stream.buffer.grant()
            self._begun(stream)
            self.tick(stream.next_ms)

    def close(self, request: RequestId) -> int:
        """Drop what is left of a press; returns how many ms were never sent."""
        stream = self._streams.pop(request, None)
        return 0 if stream is None else stream.buffer.discard()

    def deadline(self) -> MonoMs | None:
        """Return when the next block is due."""
        due = [one.next_ms for one in self._streams.values() if one.transmission is not None]
        return min(due) if due else None

    def tick(self, now: MonoMs) -> None:
        """Send what is due."""
        for stream in list(self._streams.values()):
            if stream.transmission is not None:
                self._pace(stream, stream.transmission, now)

    def _pace(self, stream: S, transmission: Transmission, now: MonoMs) -> None:
        if now - stream.next_ms > MAX_BEHIND_MS:
            stream.next_ms = now
        while stream.next_ms <= now and stream.request in self._streams:
            stream.next_ms = MonoMs(stream.next_ms + FRAME_MS)
            block = self._block(stream, now)
            if block is None:
                self._emptied(stream.request)
                return
            self._ctx.links[stream.link].send_sound(stream.request, block)
            self._voice.send_own(transmission, block, self._ctx.utc())

    def _begun(self, stream: S) -> None:
        """Take that a stream goes on air now."""
        return

    @abstractmethod
    def _block(self, stream: S, now: MonoMs) -> bytes | None:
        """Return what goes out now (160 samples); None: released, and nothing is left."""

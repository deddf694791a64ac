"""One over that is being heard, and what is known of it so far."""

from gateway.model.ids import MonoMs
from gateway.model.radio import RadioEvent, SignalQuality
from gateway.p25.talk.cipher import Cipher
from gateway.p25.talk.playout import Playout
from gateway.p25.words.service_options import ServiceOptions

CODED_BITS = 144
"""Bits of a voice frame with its error protection."""
QUALITY_FRAMES = 50
"""After as many counted frames, a second, it is told anew how an over is received."""
HIGH_PRIORITY = 5
"""Priorities of the service options from here on are told as high (4 is the default)."""


class OverIn:
    """Filled by ``TalkIn``; told to the engine once group and encryption are known."""

    def __init__(self, now: MonoMs, delay_ms: int) -> None:
        """Begin with nothing known."""
        self.playout = Playout(delay_ms)
        self.playout.held = True
        self.cipher = Cipher()
        self.begun_ms = self.heard_ms = now
        self.group: int | None = None
        self.source: int | None = None
        self.private = False
        self.emergency = False
        self.priority = 4
        self.headed = False
        self.sounded = False
        self.told = False
        self.mute = False
        """Told to nobody: it had no voice."""
        self.changed = False
        self.closed = False
        self.ends_call = False
        self._doubt: tuple[int | None, int | None] | None = None
        self._errors = self._frames = self._told_frames = 0

    @property
    def call_priority(self) -> int:
        """Priority as the engine counts: 0 low, 1 high, 3 emergency."""
        if self.emergency:
            return 3
        return 1 if self.priority >= HIGH_PRIORITY else 0

    def name(self, group: int | None, source: int) -> None:
        """Take group and talker. What is known changes only by two equal words in a row."""
        known = (self.group, self.source)
        heard = (self.group if group is None else group, source or self.source)
        news = any(old not in (None, new) for old, new in zip(known, heard, strict=True))
        if news and self.sounded and heard != self._doubt:
            self._doubt = heard
            return
        self._doubt = None
        if heard != known:
            self.group, self.source = heard
            self.changed = self.told

    def serve(self, service: ServiceOptions) -> None:
        """Take emergency and priority; an emergency does not end within an over."""
        if service.emergency and not self.emergency:
            self.emergency = True
            self.changed = self.told
        self.priority = service.priority

    def start(self, now: MonoMs, spoken_ms: MonoMs | None = None) -> None:
        """Hand out voice from now on; ``spoken_ms``: capture of the last frame of another over."""
        self.told = True
        self.playout.told_ms = spoken_ms
        self.playout.held = False
        self.playout.start(now)

    def close(self, *, ends_call: bool = False) -> None:
        """End it; voice that waits is still handed out."""
        self.closed = True
        self.ends_call = self.ends_call or ends_call
        self.playout.close()

    def count_errors(self, errors: int) -> None:
        """Count the corrected bits of a frame."""
        self._errors += errors
        self._frames += 1

    def quality(self, instance: int, *, every: int = 1) -> list[RadioEvent]:
        """Return how well it was received, where ``every`` more frames say so."""
        if self._frames - self._told_frames < every:
            return []
        self._told_frames = self._frames
        rate = self._errors / (CODED_BITS * self._frames)
        return [SignalQuality(instance=instance, bit_error_rate=rate, frames=self._frames)]

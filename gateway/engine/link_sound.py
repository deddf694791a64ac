"""What the radios are heard to say: one sound for each link, or for each call of a link of many."""

from collections import deque

from gateway.engine.voice_stream import FRAME_US, GAP_US, Block, Heard
from gateway.model.ids import LinkId, MonoMs, UtcUs

MAX_CALLS = 256
"""Calls of one link whose sound is told apart; the oldest that nobody hears is forgotten."""


class LinkSound:
    """What one radio is heard to say."""

    def __init__(self, preroll_frames: int) -> None:
        """Begin with silence."""
        self.preroll: deque[Block] = deque(maxlen=preroll_frames)
        self.heard: Heard | None = None
        self.own = False
        """A desk talks through this radio: what it gives back is no talker."""
        self.last_ms: MonoMs | None = None
        self.missing = 0.0
        """Share of blocks that did not come, over about the last two seconds."""
        self._last_utc = UtcUs(0)

    def note(self, now: MonoMs, utc: UtcUs) -> None:
        """Note that a block came, and what is missing before it."""
        gap_us = utc - self._last_utc - FRAME_US
        lost = min(50, round(gap_us / FRAME_US)) if self._last_utc and gap_us >= GAP_US else 0
        for share in [1.0] * lost + [0.0]:
            self.missing += (share - self.missing) / 100
        self.last_ms, self._last_utc = now, utc


class LinkSounds:
    """The sound of every link. ``instance`` is None on links that carry one call at a time."""

    def __init__(self, preroll_frames: int) -> None:
        """Begin with silence; ``preroll_frames`` are kept while no talker is known."""
        self._preroll_frames = preroll_frames
        self._sounds: dict[LinkId, dict[int | None, LinkSound]] = {}

    def of(self, link: LinkId, instance: int | None) -> LinkSound:
        """Return the sound of a link, or of one of its calls."""
        calls = self._sounds.setdefault(link, {})
        found = calls.get(instance)
        if found is None:
            idle = [key for key, one in calls.items() if one.heard is None and not one.own]
            if len(calls) >= MAX_CALLS and idle:
                del calls[idle[0]]
            found = calls[instance] = LinkSound(self._preroll_frames)
        return found

    def forget(self, link: LinkId) -> None:
        """Drop what waits for a talker."""
        for sound in self._sounds.get(link, {}).values():
            sound.preroll.clear()

    def quality(self, link: LinkId) -> tuple[MonoMs | None, float]:
        """Return when sound of a link came last, and the share that lately did not come."""
        sounds = self._sounds.get(link, {}).values()
        newest = max(sounds, key=lambda sound: sound.last_ms or 0, default=None)
        return (None, 0.0) if newest is None else (newest.last_ms, newest.missing)

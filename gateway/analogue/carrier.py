"""Whether somebody talks: a carrier line without its bounces, or the level of the sound.

No document fixes these times; the defaults are in ``gateway.model.plan.Link`` and their reasons on
the page about donor radios.
"""

from gateway.model.ids import MonoMs

SOUND_LIMIT_MS = 200
"""Without a block of sound for so long there is no level, and so nobody talks."""


class Debounce:
    """A line that has to stand for a while to count, in either direction."""

    def __init__(self, open_ms: int, close_ms: int) -> None:
        """Begin closed. ``open_ms``, ``close_ms``: how long a new state must stand."""
        self._open_ms = open_ms
        self._close_ms = close_ms
        self._raw = False
        self._due: MonoMs | None = None
        self.open = False

    def set(self, raw: bool, now: MonoMs) -> None:
        """Take the state of the line itself."""
        if raw is self._raw:
            return
        self._raw = raw
        pause_ms = self._open_ms if raw else self._close_ms
        self._due = None if raw is self.open else MonoMs(now + pause_ms)
        self.tick(now)

    def tick(self, now: MonoMs) -> None:
        """Let a state count that has stood long enough."""
        if self._due is not None and now >= self._due:
            self._due = None
            self.open = self._raw

    def deadline(self) -> MonoMs | None:
        """When tick() is due next."""
        return self._due

    def force(self, raw: bool) -> None:
        """Take a state at once: at a start, where there is nothing to wait for."""
        self._raw = self.open = raw
        self._due = None


class Vox:
    """A carrier made of sound level, with hysteresis: opens above one level, closes below another.

    Levels are RMS of 20 ms in dBFS.
    """

    def __init__(self, open_dbfs: float, close_dbfs: float) -> None:
        """``close_dbfs`` lies below ``open_dbfs``."""
        self._open_dbfs = open_dbfs
        self._close_dbfs = close_dbfs
        self._heard_ms: MonoMs | None = None
        self.raw = False

    def level(self, dbfs: float, now: MonoMs) -> None:
        """Take the level of one block."""
        self._heard_ms = now
        self.raw = dbfs > (self._close_dbfs if self.raw else self._open_dbfs)

    def tick(self, now: MonoMs) -> None:
        """Close when no sound comes any more."""
        if self._heard_ms is not None and now - self._heard_ms >= SOUND_LIMIT_MS:
            self._heard_ms = None
            self.raw = False

    def deadline(self) -> MonoMs | None:
        """When tick() is due next; only an open one has to be looked after."""
        if not self.raw or self._heard_ms is None:
            return None
        return MonoMs(self._heard_ms + SOUND_LIMIT_MS)

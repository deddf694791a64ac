"""What is watched while a modem is up: its silence, its flags, its mode, and how much it sends."""

from gateway.model.ids import MonoMs
from gateway.p25.modem.replies import MODES, P25_MODE, Flag, Status
from gateway.p25.modem.words import FAULT_FLAGS, flag_words, mode_name

POLL_MS = 250
SILENCE_MS = 2_000
"""A modem that says nothing for so long is lost."""
FLAG_SHOWN_MS = 3_000
"""A fault that lasts a moment is shown for so long, from when it was last seen."""
MODE_AGAIN_MS = 1_000
MAX_MODE_TRIES = 5
FLOOD_FRAMES = 400
"""Frames within ``FLOOD_WINDOW_MS`` that no modem sends: nine answers and air frames a second are
usual, a board that dumps its memory sends some dozens."""
AIR_FRAMES = 40
"""Frames on air that fit in a second: a TSDU of one block takes 37.5 ms."""
FLOOD_WINDOW_MS = 1_000
SEEN_LINES = 50
"""Lines for the engineer's page within a second; more are counted."""


class Watch:
    """Keeps times and counts; what is wrong is in ``trouble``, in words."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.heard_ms = MonoMs(0)
        self.lockout = False
        self._poll_ms: MonoMs | None = None
        self._seen: dict[Flag, MonoMs] = {}
        self._mode_ms = MonoMs(0)
        self._mode_tries = 0
        self._mode_words = ""
        self._window_ms = MonoMs(0)
        self._frames = self._air = self._lines = 0
        self.flooded_ms: MonoMs | None = None
        self._flood_words = ""
        self.dropped = 0
        """Frames of a flood that nobody looked at."""

    # ---- polling

    def begin(self, now: MonoMs) -> None:
        """Poll from now on."""
        self.heard_ms = now
        self._poll_ms = now
        self._seen.clear()
        self.lockout = False
        self._mode_tries, self._mode_words = 0, ""
        self.flooded_ms, self._flood_words = None, ""

    def stop(self) -> None:
        """Poll no more."""
        self._poll_ms = None

    @property
    def polling(self) -> bool:
        """Whether the status is asked for."""
        return self._poll_ms is not None

    def poll_due(self, now: MonoMs) -> bool:
        """Say whether the status is to be asked for now, and note that it is."""
        if self._poll_ms is None or now < self._poll_ms:
            return False
        self._poll_ms = MonoMs(max(self._poll_ms, now - POLL_MS) + POLL_MS)
        return True

    def silent(self, now: MonoMs) -> bool:
        """Say whether the modem is lost."""
        return self.polling and now - self.heard_ms >= SILENCE_MS

    def deadline(self) -> MonoMs | None:
        """Return when something is due."""
        if self._poll_ms is None:
            return None
        return min(self._poll_ms, MonoMs(self.heard_ms + SILENCE_MS))

    # ---- status

    def status(self, status: Status, now: MonoMs) -> bool:
        """Take a status; says whether the mode must be set anew."""
        self.lockout = Flag.LOCKOUT in status.flags
        for flag in status.flags & FAULT_FLAGS:
            self._seen[flag] = now
        if status.mode == P25_MODE:
            self._mode_tries, self._mode_words = 0, ""
            return False
        if now - self._mode_ms < MODE_AGAIN_MS:
            return False
        self._mode_ms = now
        self._mode_tries += 1
        if self._mode_tries > MAX_MODE_TRIES:
            known = mode_name(status.mode) if status.mode in MODES else f"mode {status.mode}"
            self._mode_words = f"the modem stays in {known} instead of P25"
        return True

    def trouble(self, now: MonoMs) -> str:
        """Return what is wrong though the modem answers; empty for nothing."""
        flags = Flag(0)
        for flag, seen_ms in self._seen.items():
            if now - seen_ms < FLAG_SHOWN_MS:
                flags |= flag
        if self.lockout:
            flags |= Flag.LOCKOUT
        flood = self._flood_words if self._is_flooded(now) else ""
        parts = (self._mode_words, flag_words(flags), flood)
        return "; ".join(part for part in parts if part)

    # ---- floods

    def count(self, now: MonoMs, *, air: bool) -> bool:
        """Count a frame; False for one of a flood, which is to be dropped."""
        if now - self._window_ms >= FLOOD_WINDOW_MS:
            self._window_ms = now
            self._frames = self._air = self._lines = 0
        self._frames += 1
        self._air += air
        if self._frames <= FLOOD_FRAMES and self._air <= AIR_FRAMES:
            return True
        self.dropped += 1
        self.flooded_ms = now
        what = "frames on air" if self._air > AIR_FRAMES else "frames"
        self._flood_words = f"the modem sends more {what} than there can be: they are dropped"
        return False

    def line(self) -> bool:
        """Count a line for the engineer's page; False when there were enough in this second."""
        self._lines += 1
        return self._lines <= SEEN_LINES

    def _is_flooded(self, now: MonoMs) -> bool:
        return self.flooded_ms is not None and now - self.flooded_ms < FLAG_SHOWN_MS

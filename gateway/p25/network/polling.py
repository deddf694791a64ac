"""Polls of a client, and whether the reflector sends them back.

A poll leaves each 5 s. One that does not come back within a second is repeated each second, and
after ``MAX_UNANSWERED`` the reflector is gone. While somebody talks polls leave more often, so that
a reflector that goes away in mid-call is told within two seconds; it is no more than a few octets.
"""

from gateway.model.ids import MonoMs

POLL_MS = 5_000
ANSWER_MS = 1_000
BUSY_POLL_MS, BUSY_ANSWER_MS = 300, 300
MAX_UNANSWERED = 5


class Polling:
    """Counts polls and echoes."""

    def __init__(self) -> None:
        """Begin closed."""
        self.alive = False
        """The reflector answers."""
        self.busy = False
        """Somebody talks: polls leave more often."""
        self._doubted = False
        """A poll of a call is not answered: it is asked fast until it is, call or not."""
        self._due: MonoMs | None = None
        self._asked_ms: MonoMs | None = None
        self._unanswered = 0

    @property
    def gone(self) -> bool:
        """Whether the reflector was asked often enough to be sure that it is not there."""
        return self._unanswered >= MAX_UNANSWERED

    def begin(self, now: MonoMs) -> None:
        """Poll from now on."""
        self.alive, self._due, self._asked_ms, self._unanswered = False, now, None, 0
        self._doubted = False

    def end(self) -> None:
        """Poll no more."""
        self.alive, self._due = False, None

    def hurry(self, now: MonoMs) -> None:
        """Poll at once: somebody is about to rely on the reflector."""
        if self._due is not None:
            self._due = min(self._due, now)

    def heard(self, now: MonoMs, *, echo: bool) -> None:
        """Take a sign of life; an echo answers the poll."""
        if self._due is None:
            return
        self.alive = True
        self._unanswered = 0
        if echo and self._asked_ms is not None:
            self._asked_ms, self._doubted = None, False
            self._due = MonoMs(now + (BUSY_POLL_MS if self.busy else POLL_MS))

    def due(self, now: MonoMs) -> bool:
        """Say whether a poll is to leave now, and count it."""
        if self._due is None:
            return False
        if self.busy:
            self._due = min(self._due, MonoMs(now + BUSY_POLL_MS))
        if now < self._due:
            return False
        if self._asked_ms is not None:
            self._unanswered += 1
            self.alive = self.alive and not self.gone
        self._asked_ms = now
        self._doubted = self._doubted or self.busy
        self._due = MonoMs(now + (BUSY_ANSWER_MS if self._doubted else ANSWER_MS))
        return True

    def deadline(self) -> MonoMs | None:
        """Return when the next poll is due."""
        return self._due

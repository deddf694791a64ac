"""What is told of single packets, bounded: a peer that floods us must not flood the desk."""

from gateway.model.ids import MonoMs
from gateway.model.radio import LineSeen, Malformed, RadioEvent

WINDOW_MS = 1_000
MAX_TOLD = 10
"""Packets told of in a second; the rest is counted."""
FLOOD_PACKETS = 1_000
"""Packets in a second, as of 180 calls, from which on only those of running calls are read."""


class Reporter:
    """Counts packets and what was told of them, second by second."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self._window_ms: MonoMs | None = None
        self._packets = self._told = self._untold = 0
        self._last_words = ""
        self.flooded = False
        """Whether the peer sends far more than calls can be."""
        self.words = ""
        """What is to be said of it."""
        self.unread = self.unknown = self.dropped = 0
        """Packets that could not be read, that we do not know, that a flood cost."""

    def packet(self, now: MonoMs) -> bool:
        """Count a packet; says whether it is to be read whatever it is."""
        self._roll(now)
        self._packets += 1
        return self._packets <= FLOOD_PACKETS

    def drop(self) -> None:
        """Count a packet that is not read."""
        self.dropped += 1

    def tell(self, event: LineSeen | Malformed) -> list[RadioEvent]:
        """Return the event, or nothing where enough was told in this second."""
        self._told += 1
        if self._told <= MAX_TOLD:
            return [event]
        self._untold += 1
        self._last_words = event.words if isinstance(event, LineSeen) else event.reason
        return []

    def tick(self, now: MonoMs, *, running: bool) -> list[RadioEvent]:
        """Say what was not told; ``words`` follow whether a flood runs."""
        if self._window_ms is None or now < self._window_ms + WINDOW_MS:
            return []
        events: list[RadioEvent] = []
        if self._untold:
            words = f"{self._untold} more packets within a second; the last: {self._last_words}"
            events.append(LineSeen(outgoing=False, raw="", words=words))
        flooded = self._packets > FLOOD_PACKETS
        if not flooded or not running:
            self.words = ""
        elif not self.flooded:
            self.words = (
                f"the master floods us with {self._packets} packets a second; most are dropped"
            )
        self.flooded = flooded
        self._reset(now if flooded or self._packets else None)
        return events

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        if self._window_ms is None or not (self._untold or self._packets > FLOOD_PACKETS):
            return None if not self.flooded or self._window_ms is None else self._end()
        return self._end()

    def _end(self) -> MonoMs:
        assert self._window_ms is not None  # asked only while a window runs
        return MonoMs(self._window_ms + WINDOW_MS)

    def _roll(self, now: MonoMs) -> None:
        """Begin a second where nothing of the last one is left to be told."""
        begun = self._window_ms
        if begun is None or (now >= begun + WINDOW_MS and self.deadline() is None):
            self._reset(now)

    def _reset(self, now: MonoMs | None) -> None:
        self._window_ms = now
        self._packets = self._told = self._untold = 0

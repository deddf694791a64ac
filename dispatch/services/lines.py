"""The last protocol lines of each link, for the engineer's page."""

from collections import defaultdict, deque

from dispatch.services.rows import Row
from gateway.model import events as ev
from gateway.model.events import Event
from gateway.model.ids import LinkId
from gateway.ports import Clock

KEPT_LINES = 50


class LinkLines:
    """Keeps 50 lines a link, in memory only."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self._lines: defaultdict[LinkId, deque[Row]] = defaultdict(lambda: deque(maxlen=KEPT_LINES))

    def apply(self, event: Event) -> None:
        """Keep a line."""
        if isinstance(event, ev.LinkLineSeen):
            self._lines[event.link].append(
                {
                    "t_utc": self._clock.utc_us(),
                    "outgoing": event.outgoing,
                    "raw": event.raw,
                    "words": event.words,
                    "malformed": event.malformed,
                }
            )

    def last(self, link: LinkId) -> list[Row]:
        """Return the lines of a link, oldest first."""
        return list(self._lines[link])

"""Where a driver shows what passes its port: to nobody, to a trace, to a check of the link."""

import time
from collections.abc import Callable
from typing import NamedTuple

from gateway.model.ids import UtcUs
from gateway.ports import Clock


class Passed(NamedTuple):
    """What passed a port at once: a chunk of bytes, a datagram, the words of a line."""

    mono_ns: int
    utc_us: UtcUs
    data: bytes
    outgoing: bool
    channel: str = ""
    """Name of the socket, on links that have several."""


Taker = Callable[[Passed], None]
"""Called on the event loop; may only put away what it is given."""


class LinkTap:
    """One link's tap. It outlives the driver: a link that is opened anew goes on with its trace."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nobody looking."""
        self._clock = clock
        self._takers: tuple[Taker, ...] = ()
        self.heard_utc: UtcUs | None = None
        """When something last came in."""
        self.in_count = self.out_count = 0
        self.in_bytes = self.out_bytes = 0

    def add(self, taker: Taker) -> None:
        """Show ``taker`` everything from here on."""
        self._takers = (*self._takers, taker)

    def remove(self, taker: Taker) -> None:
        """Show it nothing more; safe twice."""
        self._takers = tuple(one for one in self._takers if one != taker)

    def passed(self, data: bytes, *, outgoing: bool, channel: str = "") -> None:
        """Count what passes, and show it to whoever looks."""
        if outgoing:
            self.out_count += 1
            self.out_bytes += len(data)
        else:
            self.in_count += 1
            self.in_bytes += len(data)
            self.heard_utc = self._clock.utc_us()
        if self._takers:
            one = Passed(time.monotonic_ns(), self._clock.utc_us(), data, outgoing, channel)
            for taker in self._takers:
                taker(one)

"""When the sound was captured that a browser plays, and how long packets took to leave.

A browser names a packet by its RTP time. For each talkgroup the capture times of the last seconds
are kept, one in five packets; what lies between two of them is reckoned from the sample clock.
"""

from collections import OrderedDict, deque
from typing import Final, NamedTuple

from gateway.model.ids import UtcUs
from gateway.model.spread import Spread
from gateway.model.voice import TIMESTAMP_HZ, TIMESTAMP_STEP
from webrtc.rtp_line import RTP_MASK

KEPT_STEP: Final = 5
KEPT: Final = 150
"""15 s: a page reports every 5 s."""
REACH_48K: Final = 2 * KEPT_STEP * TIMESTAMP_STEP
"""A packet is found by the one before it that is kept, at most so far away."""
MAX_TRANSMISSIONS: Final = 256


class Captured(NamedTuple):
    """Capture of one packet."""

    pts: int
    utc_us: UtcUs
    transmission: bytes


class CaptureTimes:
    """Capture times of one talkgroup's packets."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: deque[Captured] = deque(maxlen=KEPT)
        self._number = 0

    def note(self, pts: int, utc_us: UtcUs, transmission: bytes) -> None:
        """Keep one in five, and the first of each transmission."""
        first = not self._kept or self._kept[-1].transmission != transmission
        if first or self._number % KEPT_STEP == 0:
            self._kept.append(Captured(pts, utc_us, transmission))
        self._number = 1 if first else self._number + 1

    def find(self, pts_32: int) -> Captured | None:
        """Return the capture of the sample at ``pts_32`` (modulo 2**32), None when it is gone."""
        for kept in reversed(self._kept):
            ahead = (pts_32 - kept.pts) & RTP_MASK
            if ahead < REACH_48K:
                utc_us = UtcUs(kept.utc_us + ahead * 1_000_000 // TIMESTAMP_HZ)
                return Captured(kept.pts + ahead, utc_us, kept.transmission)
        return None


class LeaveTimes:
    """How long packets took from the bus to RTP, and from their capture, by transmission."""

    def __init__(self) -> None:
        """Begin with none."""
        self._spreads: OrderedDict[bytes, tuple[Spread, Spread]] = OrderedDict()

    def note(self, transmission: bytes, hub_us: int, total_us: int) -> None:
        """Count one packet."""
        found = self._spreads.get(transmission)
        if found is None:
            found = self._spreads[transmission] = (Spread(), Spread())
            if len(self._spreads) > MAX_TRANSMISSIONS:
                self._spreads.popitem(last=False)
        found[0].add(hub_us)
        found[1].add(total_us)

    def take(self) -> dict[bytes, tuple[Spread, Spread]]:
        """Return (bus to RTP, capture to RTP) of each transmission, and begin anew."""
        taken = dict(self._spreads)
        self._spreads.clear()
        return taken

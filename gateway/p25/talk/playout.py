"""Voice frames in order and on time: what networks deliver in bursts, late, twice or not at all.

A frame's place is its number in the superframe (0 to 17), so a burst of nine and a frame each 20 ms
are put in order alike, without any sequence number of the transport.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from gateway.model.ids import MonoMs
from gateway.model.voice import FRAME_MS
from gateway.p25.talk.records import FRAMES_PER_LDU, PLACES

NEAR_MS = 160
"""Frames that come closer than this are of one LDU or of two neighbours."""
PAUSE_MS = 200
"""Less is jitter of the way: the sender's clock went on. More may be a pause of the sender."""
DRAW_MS = 1
"""A frame is reckoned closer to the one before by this, while faster ones show it came too late."""
MAX_WAITING = 150
"""Frames kept at most (3 s): a peer that floods us costs no more."""


@dataclass(slots=True)
class PlayoutCount:
    """What became of the frames of an over."""

    played: int = 0
    lost: int = 0
    late: int = 0
    """Came after their turn, or twice."""
    dropped: int = 0
    """Too many at once."""


class Due(NamedTuple):
    """A frame whose turn it is; None for a hole.

    ``captured_ms``: when it was spoken at the latest, by its number and the fastest of the frames
    that came before the first was handed out. From there on it is even: 20 ms a number, whatever
    the way and the turns do; frames that are faster yet draw it back slowly. It never runs back.
    ``came_ms``: when it came, None of a hole.
    """

    frame: bytes | None
    captured_ms: MonoMs
    came_ms: MonoMs | None


class Playout:
    """Puts the frames of one over in order and hands out one each 20 ms.

    The first waits ``delay_ms``. When frames run dry the turn stands still, so that a burst that is
    late loses nothing; when later frames show that some are missing, the holes are handed out.
    """

    def __init__(self, delay_ms: int) -> None:
        """Begin an over."""
        self._delay_ms = delay_ms
        self._frames: dict[int, bytes | None] = {}
        self._newest_seen: tuple[int | None, MonoMs] = (None, MonoMs(0))
        self._last: dict[int, tuple[int | None, MonoMs]] = {}
        self._turn = 0
        self._turn_ms: MonoMs | None = None
        self._begun = False
        self._dry_ms: MonoMs | None = None
        self._closed = False
        self._came: dict[int, MonoMs] = {}
        """When each waiting frame came."""
        self._least_ms: int | None = None
        """Arrival of frame 0, had every frame come as fast as the fastest of this over."""
        self._origin_ms: int | None = None
        """Capture of frame 0 as it is told; settled when the first frame is handed out."""
        self.told_ms: MonoMs | None = None
        """Capture of the last frame handed out, here or before: later ones were spoken after it."""
        self.held = False
        """Nothing is handed out: nobody knows yet whose call it is."""
        self.count = PlayoutCount()

    @property
    def done(self) -> bool:
        """Whether the over has ended and everything was handed out."""
        return self._closed and not self._frames

    @property
    def dry(self) -> bool:
        """Whether nothing waits."""
        return not self._frames

    def start(self, now: MonoMs) -> None:
        """Hand out from now on; what should have been handed out before is not hurried."""
        if self._turn_ms is not None and self._turn_ms < now:
            self._turn_ms = now

    @property
    def next_ms(self) -> MonoMs | None:
        """When the frame after the last one handed out would be due."""
        return self._turn_ms

    def close(self) -> None:
        """No more frames come; those that wait are still handed out."""
        self._closed = True

    def put(self, place: int, frame: bytes | None, now: MonoMs) -> None:
        """Take the frame of a place; None for one that is known to be lost."""
        number = self._number(place, now)
        newest = self._newest_seen[0]
        if newest is None:
            self._turn, self._turn_ms = number, MonoMs(now + self._delay_ms)
        elif not self._begun and number < self._turn:
            self._turn = number
        if number < self._turn or number in self._frames:
            self.count.late += 1
            return
        if len(self._frames) >= MAX_WAITING:
            self.count.dropped += 1
            return
        self._frames[number] = frame
        self._came[number] = now
        self._last[place % FRAMES_PER_LDU] = number, now
        if newest is None or number > newest:
            self._newest_seen = number, now
        self._resume(now)
        arrival_ms = now - number * FRAME_MS
        self._least_ms = min(arrival_ms, arrival_ms if self._least_ms is None else self._least_ms)

    def take(self, now: MonoMs) -> list[Due]:
        """Return the frames that are due."""
        due: list[Due] = []
        while not self.held and self._frames and self._turn_ms is not None and self._turn_ms <= now:
            self._begun = True
            frame = self._frames.pop(self._turn, None)
            self.count.played += frame is not None
            self.count.lost += frame is None
            self.told_ms = self._captured(self._turn_ms)
            due.append(Due(frame, self.told_ms, self._came.pop(self._turn, None)))
            self._turn += 1
            self._turn_ms = MonoMs(self._turn_ms + FRAME_MS)
        if self._begun and not self._frames and self._dry_ms is None:
            self._dry_ms = self._turn_ms
        return due

    def deadline(self) -> MonoMs | None:
        """Return when the next frame is due."""
        return self._turn_ms if self._frames and not self.held else None

    def _captured(self, turn_ms: MonoMs) -> MonoMs:
        """Return when the frame whose turn it is was spoken at the latest."""
        at_ms = self._turn * FRAME_MS
        latest_ms = turn_ms - at_ms
        least_ms = latest_ms if self._least_ms is None else min(latest_ms, self._least_ms)
        if self._origin_ms is not None:
            self._origin_ms = max(least_ms, self._origin_ms - DRAW_MS)
        elif self.told_ms is None:
            self._origin_ms = least_ms
        else:
            self._origin_ms = min(latest_ms, max(least_ms, self.told_ms + FRAME_MS - at_ms))
        return MonoMs(self._origin_ms + at_ms)

    def _number(self, place: int, now: MonoMs) -> int:
        """Return the frame's number from the over's first superframe on.

        The place gives it up to whole superframes, the clock the rest: counted from the last frame
        with the same place in its LDU, which bursts and single frames deliver at the same moment of
        their LDU. Late or lost by up to 180 ms more or less is told apart.
        """
        index = place % FRAMES_PER_LDU
        before, at_ms = self._last.get(index, self._newest_seen)
        if before is None:
            return place
        if index not in self._last and now - at_ms < NEAR_MS:
            # late in the first LDU: time says nothing within a burst, so the nearest place counts
            back = FRAMES_PER_LDU - 1
            return before + (place - before + back) % PLACES - back
        ahead = (place - before) % PLACES
        passed = (now - at_ms) / FRAME_MS
        ahead += PLACES * math.floor((passed - ahead) / PLACES + 0.5)
        return before + ahead

    def _resume(self, now: MonoMs) -> None:
        """Go on after a dry spell: what it lasted is taken off the holes before the next frame."""
        if self._dry_ms is None or self._turn_ms is None:
            return
        stood_ms = max(0, now - self._dry_ms)
        if stood_ms > PAUSE_MS:
            # the sender may have paused: its numbers tell no time before
            self._least_ms = self._origin_ms = None
        if stood_ms:
            missing = min(self._frames) - self._turn
            passed = min(missing, stood_ms // FRAME_MS)
            self.count.lost += passed
            self._turn += passed
            self._turn_ms = now
        self._dry_ms = None
